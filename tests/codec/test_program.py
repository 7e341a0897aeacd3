"""What generated programs make of names, whoever wrote them; and where their errors are."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontrakt.codec.program import Program, following, index, key
from kontrakt.errors import DecodeError, EncodeError

from tests.codec.implementations import each_codec, plain, tree
from tests.codec.packages import package, record

if TYPE_CHECKING:
    from kontrakt.codec import MakeCodec

NAMES = [
    *(
        "value",
        "data",
        "out",
        "p",
        "n",
        "q",
        "end",
        "depth",
        "empty",
        "i",
        "key",
        "item",
        "text",
        "encode",
        "decode",
        "_",
    ),
    *(
        "value_",
        "line",
        "line_",
        "line_2",
        "line__2",
        "line_2_",
        "Line",
        "1",
        "1a",
        "a-b",
        "a b",
        "a_b",
        "a.b",
        "ä",
        "",
        " ",
    ),
    *(
        "class",
        "None",
        "__class__",
        "__init__",
        "import os",
        "x = 1\nimport os",
        "'''",
        '"',
        "\\",
        "{}",
        "#",
        "R",
        "as_R",
        "VARINTS",
    ),
]
"""Names of fields that a registry may hold, although not all of them are Avro's."""


@each_codec
def test_names_of_every_kind(make: MakeCodec) -> None:
    schema = {"type": "record", "name": "R", "fields": [{"name": name, "type": "int"} for name in NAMES]}
    codec = plain(make, schema)
    datum = {name: number for number, name in enumerate(NAMES)}
    data = bytes(2 * number for number in range(len(NAMES)))
    assert codec.encode(datum) == data
    assert codec.reader()(data, 0) == datum
    only = plain(make, record("R", line_2="int")).reader(tree(schema))
    assert only(data, 0) == {"line_2": datum["line_2"]}
    for name in NAMES:
        with pytest.raises(EncodeError) as raised:
            codec.encode({**datum, name: "x"})
        assert raised.value.path == name.removeprefix(".")
        with pytest.raises(DecodeError):
            codec.reader()(data[: datum[name]], 0)


@each_codec
@pytest.mark.parametrize("name", NAMES)
def test_names_of_types_of_every_kind(make: MakeCodec, name: str) -> None:
    fullname = f"x.{name}"
    schema = {
        "type": "record",
        "name": fullname,
        "fields": [{"name": "again", "type": ["null", fullname, {"type": "array", "items": fullname}]}],
    }
    codec = plain(make, schema)
    value = {"again": {"again": [{"again": None}]}}
    assert codec.encode(value) == b"\x02\x04\x02\x00\x00"
    assert codec.reader()(b"\x02\x04\x02\x00\x00", 0) == value


@given(st.lists(st.text(max_size=4) | st.sampled_from(NAMES), max_size=30))
def test_no_name_is_given_twice(hints: list[str]) -> None:
    program = Program("test", "value")
    names = [program.name(hint) for hint in hints]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and name.isascii() and name[-1] in "_0123456789" for name in names)


def test_the_path_is_that_of_the_line() -> None:
    program = Program("test", "value")

    def body() -> None:
        with program.at(".lines"), program.block("for i, one in enumerate(value):"), program.at(index("i")):
            program.line("done = []")
            with program.block("for k, v in one.items():"), program.at(key("k")):
                program.line("v + 1")
            with program.at(".done"), program.at(following("done")):
                program.line("done.append(1)", "done.append(2)", "done[one['at']]")

    compiled = program.compile(program.function(program, "check", body))
    assert compiled.run([{"at": 0}, {"at": 1}]) is None

    def place(value: Any) -> tuple[str, bool]:
        with pytest.raises((TypeError, IndexError)) as raised:
            compiled.run(value)
        found = compiled.locate(raised.value)
        return found.path, found.own

    assert place([{"at": 0}, {"at": "x"}]) == ("lines[1]['at']", True)
    assert place([{"at": 5}]) == ("lines[0].done[2]", True)
    assert place(5) == ("lines", True)


@each_codec
def test_an_error_of_foreign_code_shows_its_lines(make: MakeCodec) -> None:
    made = package(record("R", a="int"))

    class Derived(made.R):  # type: ignore[misc, name-defined] # made by the test
        @property
        def a(self) -> int:
            raise LookupError("no luck")

    with pytest.raises(EncodeError) as raised:
        made.codec(make, "R").encode(object.__new__(Derived))
    shown = "".join(traceback.format_exception(raised.value))
    assert 'raise LookupError("no luck")' in shown
    with pytest.raises(EncodeError) as raised:
        made.codec(make, "R").encode(made.R(a="x"))
    assert "During handling" not in "".join(traceback.format_exception(raised.value))
