"""The innermost reasons, also where the reference hides them."""

from __future__ import annotations

from typing import Any

import pytest
from kontrakt.avro import Field, Named, Schema
from kontrakt.avro.compatibility import Cause, check

from tests.avro.compatibility.cases import CASES, R, S
from tests.avro.compatibility.shapes import array, enum, field, fixed, mapping, record


def told(cause: Cause) -> tuple[str, str, str, tuple[str, ...]]:
    return cause.kind.value, cause.path, cause.location, cause.detail


ADDRESS = record("x.Address", field("city", "string"))

TABLE: list[tuple[Any, Any, list[tuple[str, str, str, tuple[str, ...]]]]] = [
    ("int", "string", [("type", "", "/", ("int", "string"))]),
    (record("y.S", field("a")), R, [("name", "", "/name", ("y.S", "x.R"))]),
    (fixed("F", 2), fixed("F", 3), [("fixed-size", "", "/size", ("2", "3"))]),
    (
        fixed("G", 2),
        fixed("F", 3),
        [("name", "", "/name", ("G", "F")), ("fixed-size", "", "/size", ("2", "3"))],
    ),
    (enum("E", "A"), enum("E", "CBA"), [("enum-symbols", "", "/symbols", ("B", "C"))]),
    (
        record("R", field("a"), field("b")),
        record("R"),
        [
            ("field-without-default", "a", "/fields/0", ()),
            ("field-without-default", "b", "/fields/1", ()),
        ],
    ),
    # What the reference calls a missing branch at the union
    (
        record("T", field("r", ["null", record("x.R", field("a", "string"), field("n"))])),
        record("T", field("r", ["null", R])),
        [
            ("type", "r.a", "/fields/0/type/1/fields/0/type", ("string", "int")),
            ("field-without-default", "r.n", "/fields/0/type/1/fields/1", ()),
        ],
    ),
    (
        record("T", field("lines", array(["null", mapping(["string", S])]))),
        record("T", field("lines", array(["null", mapping([record("x.S", field("n"))])]))),
        [("field-without-default", "lines[]{}.a", "/fields/0/type/items/1/values/1/fields/0", ())],
    ),
    (
        [R, S],
        [record("x.S", field("n", "string")), R],
        [
            ("field-without-default", "a", "/1/fields/0", ()),
            ("type", "n", "/1/fields/1/type", ("int", "string")),
        ],
    ),
    # A branch that is missing, and one that was renamed
    (["null", "int"], "string", [("union-branch", "", "/", ("null", "int"))]),
    (["null"], ["null", R], [("union-branch", "", "/", ("null",))]),
    (["null", ADDRESS], ["null", ADDRESS, R], [("union-branch", "", "/", ("null", "record x.Address"))]),
    (["null", ADDRESS], ["null", R], [("name", "", "/1/name", ("x.Address", "x.R"))]),
    (["null", ADDRESS], R, [("name", "", "/1/name", ("x.Address", "x.R"))]),
    (
        ["null", ADDRESS],
        ["null", R, S],
        [
            ("union-branch", "", "/", ("null", "record x.Address")),
            ("union-branch", "", "/", ("null", "record x.Address")),
        ],
    ),
    # A union that becomes a type
    (
        record("T", field("a")),
        record("T", field("a", ["null", "int", "string"])),
        [
            ("type", "a", "/fields/0/type", ("int", "null")),
            ("type", "a", "/fields/0/type", ("int", "string")),
        ],
    ),
    # The branch of the full name is the one that was meant
    (
        [record("y.R", field("q")), record("x.R", field("a"), field("z"))],
        R,
        [("field-without-default", "z", "/1/fields/1", ())],
    ),
    # Each once, wherever the type stands
    (
        record("T", field("a", record("P", field("v"))), field("b", array("P")), field("c", ["null", "P"])),
        record("T", field("a", record("P", field("v", "string"))), field("b", array("P")), field("c", ["null", "P"])),
        [("type", "a.v", "/fields/0/type/fields/0/type", ("int", "string"))],
    ),
    # Types that contain themselves
    (
        record("Tree", field("children", array("Tree")), field("v")),
        record("Tree", field("children", array("Tree")), field("v", "string")),
        [("type", "v", "/fields/1/type", ("int", "string"))],
    ),
    # Several fields of the writer could be one of the reader, the second of them only where the reference looks
    (
        record("R", field("b", aliases=["a"])),
        record("R", field("a"), field("b")),
        [("ambiguous-field", "b", "/fields/0", ("b", "a"))],
    ),
    (
        [record("y.R", field("b", aliases=["a"])), record("x.R", field("a"))],
        record("x.R", field("a"), field("b")),
        [("ambiguous-field", "b", "/fields/0", ("b", "a"))],
    ),
    (CASES["a new field of an enum with a default"][0], record("R"), [("field-without-default", "e", "/fields/0", ())]),
]


@pytest.mark.parametrize(("reader", "writer", "causes"), TABLE)
def test_causes(reader: Any, writer: Any, causes: list[tuple[str, str, str, tuple[str, ...]]]) -> None:
    result = check(reader, writer)
    assert not result.compatible
    assert list(map(told, result.causes)) == causes


@pytest.mark.parametrize("name", [name for name, pair in CASES.items() if check(*pair).compatible])
def test_a_compatible_pair_has_none(name: str) -> None:
    assert check(*CASES[name]).causes == ()


def test_a_cause_knows_what_is_around_it() -> None:
    reader = record("x.Order", field("to", ["null", record("x.Address", field("city"), field("zip"))]))
    writer = record("x.Order", field("to", ["null", record("x.Address", field("city", "string"))]))
    city, zip_code = check(reader, writer).causes
    assert isinstance(city.reader, Schema)
    assert isinstance(city.writer, Schema)
    assert (city.reader.type, city.writer.type) == ("int", "string")
    for cause in (city, zip_code):
        assert isinstance(cause.reader_record, Named)
        assert isinstance(cause.writer_record, Named)
        assert cause.reader_record.fullname == cause.writer_record.fullname == "x.Address"
    assert (city.field_reader and city.field_reader.name, city.field_writer and city.field_writer.name) == (
        "city",
        "city",
    )
    assert isinstance(zip_code.reader, Field)
    assert zip_code.reader is zip_code.field_reader
    assert (zip_code.reader.name, zip_code.writer, zip_code.field_writer) == ("zip", None, None)
    assert str(city.reader.position) == "<text>:1:1"
