"""``kontrakt.encode`` and ``kontrakt.decode``, and how a class finds its codec."""

from __future__ import annotations

import gc
import json
import sys
import threading
import weakref
from types import MappingProxyType
from typing import Any

import kontrakt
import pytest
from kontrakt import avro
from kontrakt.codec import Style, codec_for, codec_for_schema, document_of, full_name
from kontrakt.codec.python import PythonCodec
from kontrakt.errors import DecodeError, EncodeError, KontraktError, SchemaErrors, UnresolvableError

from tests.codec.implementations import plain, written
from tests.codec.packages import STYLES, array, enum, package, record

each_style = pytest.mark.parametrize("style", STYLES, ids=str)

R = record("x.R", a="int", b="string")
OLD = record("x.R", b="string", a="int", c="long")
DATA = b"\x02\x02x"
OLD_DATA = b"\x02x\x02\x04"


@each_style
def test_there_and_back(style: Style) -> None:
    made = package(R, style=style)
    value = made.make("R", a=1, b="x")
    assert kontrakt.encode(value, made.R) == DATA
    assert kontrakt.decode(made.R, DATA) == value
    if style is not Style.TYPEDDICT:
        assert kontrakt.encode(value) == DATA


@pytest.mark.parametrize("data", [bytearray(DATA), memoryview(DATA), memoryview(b"_" + DATA + b"_")[1:-1]])
def test_data_that_is_not_bytes(data: Any) -> None:
    made = package(R)
    assert kontrakt.decode(made.R, data) == made.R(a=1, b="x")


@pytest.mark.parametrize("data", ["text", 5, None])
def test_data_that_is_no_data(data: Any) -> None:
    made = package(R)
    with pytest.raises(TypeError, match="bytes-like"):
        kontrakt.decode(made.R, data)


@pytest.mark.parametrize(
    "writer",
    [
        json.dumps(OLD),
        json.dumps(OLD).encode(),
        OLD,
        avro.parse(OLD),
        avro.parse(json.dumps(OLD)),
        {**OLD, "unknown": "attribute"},
    ],
    ids=["text", "bytes", "dict", "tree", "tree of a text", "more"],
)
def test_writers_in_every_form(writer: Any) -> None:
    made = package(R)
    for _ in range(2):
        assert kontrakt.decode(made.R, OLD_DATA, writer=writer) == made.R(a=1, b="x")


def test_a_writer_that_is_a_union_or_a_name() -> None:
    made = package(R, enum("E", "A", "B"))
    assert kontrakt.decode(made.R, b"\x02" + DATA, writer=["null", R]) == made.R(a=1, b="x")
    with pytest.raises(DecodeError, match="null"):
        kontrakt.decode(made.R, b"\x00", writer=["null", R])
    with pytest.raises(UnresolvableError, match="the producer wrote string"):
        kontrakt.decode(made.R, DATA, writer='"string"')


@pytest.mark.parametrize(
    "writer",
    [
        "",
        "{",
        "int",
        '"nothing"',
        b"\xff",
        {},
        {"type": "record"},
        {"type": "array", "items": "X"},
        {"type": Ellipsis},
        {5: "int"},
        {"type": float("nan")},
        MappingProxyType({"type": "int"}),
        ["int", "int"],
    ],
    ids=repr,
)
def test_writers_that_are_no_schemas(writer: Any) -> None:
    made = package(R)
    with pytest.raises(SchemaErrors) as raised:
        kontrakt.decode(made.R, DATA, writer=writer)
    assert raised.value.problems


def test_a_writer_that_contains_itself() -> None:
    writer: dict[str, Any] = {"type": "array"}
    writer["items"] = writer
    made = package(R)
    with pytest.raises(SchemaErrors, match="nested deeper"):
        kontrakt.decode(made.R, DATA, writer=writer)


def test_a_writer_that_cannot_be_read() -> None:
    made = package(R)
    with pytest.raises(UnresolvableError) as raised:
        kontrakt.decode(made.R, DATA, writer=record("x.R", a="string"))
    assert str(raised.value).splitlines() == [
        "x.R as it was written cannot be read as x.R:",
        "  b: the producer does not write it (x.R), and it has no default",
        "  a: the producer wrote string, the consumer expects int",
    ]
    assert issubclass(UnresolvableError, DecodeError)


def test_enums_and_errors() -> None:
    made = package(enum("E", "A", "B"), {**record("Err", why="string"), "type": "error"})
    assert kontrakt.encode(made.E.B) == b"\x02"
    assert kontrakt.decode(made.E, b"\x02") is made.E.B
    assert kontrakt.decode(made.E, b"\x04", writer=enum("E", "Z", "A", "B")) is made.E.B
    assert kontrakt.encode(made.Err(why="x")) == b"\x02x"


# --- which class -------------------------------------------------------------------------------------------------------


def test_a_tagged_dictionary_says_what_it_is() -> None:
    made = package(record("only.here.T", a="int"), style=Style.TYPEDDICT, tagged=True)
    value = {"-type": "only.here.T", "a": 1}
    assert kontrakt.encode(value) == b"\x02"
    other = package(record("only.here.T", a="int"), style=Style.TYPEDDICT, tagged=True)
    with pytest.raises(KontraktError, match=f"{made.bundle.package} and {other.bundle.package} generated only.here.T"):
        kontrakt.encode(value)
    assert kontrakt.encode(value, as_type=made.T) == b"\x02"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"a": 1}, "a dictionary does not say what it is; encode it with as_type="),
        ({"-type": 5}, "a dictionary does not say what it is"),
        ({"-type": "no.such.Thing"}, "no imported package generated no.such.Thing"),
        (5, "builtins.int is not a generated type; kontrakt encodes and decodes the classes that it generates"),
        (None, "builtins.NoneType is not a generated type"),
        ([], "builtins.list is not a generated type"),
    ],
)
def test_values_of_no_generated_type(value: Any, message: str) -> None:
    with pytest.raises(KontraktError) as raised:
        kontrakt.encode(value)
    assert message in str(raised.value)


class Local:
    """Not generated."""


@pytest.mark.parametrize("kind", [Local, int, list[int], "R", None, 5, Any], ids=repr)
def test_types_that_were_not_generated(kind: Any) -> None:
    with pytest.raises(KontraktError, match="is not a generated type"):
        kontrakt.decode(kind, b"")
    with pytest.raises(KontraktError, match="is not a generated type"):
        full_name(kind)


def test_a_derived_class_has_no_codec_of_its_own() -> None:
    made = package(R)
    assert kontrakt.encode(made.R(a=1, b="x"))
    derived = type("Derived", (made.R,), {})
    with pytest.raises(KontraktError, match="Derived is not a generated type"):
        kontrakt.encode(derived(a=1, b="x"))
    assert kontrakt.encode(derived(a=1, b="x"), made.R) == DATA


def test_a_package_that_is_older_than_its_classes() -> None:
    made = package(record("S", e=enum("E", "A", "B"), r=record("T", x="int")))
    del made.E._member_map_["B"], made.E._member_names_[1]
    with pytest.raises(KontraktError, match="lacks B of E; generate the package again"):
        kontrakt.encode(made.S(e=made.E.A, r=made.T(x=1)))
    made = package(record("S", r=record("T", x="int")))
    delattr(sys.modules[made.bundle.package], "T")
    with pytest.raises(KontraktError, match="has no T for T; generate package_[0-9]+ again"):
        kontrakt.decode(made.S, b"\x02")


def test_documents_and_names() -> None:
    made = package(record("x.A", a="int"), record("x.B", a="x.A"), record("x.C", b="x.B"))
    assert full_name(made.C) == "x.C"
    document, references = document_of(made.C)
    assert document.name == "x.C"
    assert [reference.name for reference in references] == ["x.A", "x.B"]
    assert kontrakt.encode(made.C(b=made.B(a=made.A(a=5)))) == b"\x0a"


def test_a_schema_without_a_class() -> None:
    codec = codec_for_schema('{"type": "record", "name": "K", "fields": [{"name": "id", "type": "long"}]}')
    assert codec.encode({"id": 5}) == b"\x0a"
    assert codec.reader()(b"\x0a", 0) == {"id": 5}
    assert codec_for_schema('"long"') is codec_for_schema('"long"')
    with pytest.raises(SchemaErrors):
        codec_for_schema('"lonk"')


# --- what is kept ------------------------------------------------------------------------------------------------------


def test_a_class_has_one_codec_and_a_writer_one_reader() -> None:
    made = package(R)
    assert codec_for(made.R) is codec_for(made.R)
    text = json.dumps(OLD)
    kontrakt.decode(made.R, OLD_DATA, writer=text)
    bound = made.R.__dict__["__kontrakt_bound__"]
    assert bound.reader(text) is bound.reader(OLD)
    assert bound.reader(None) is bound.reader(None)


def test_readers_of_many_writers_are_not_all_kept() -> None:
    made = package(R)
    bound: Any = None
    first = weakref.ref(lambda: None)
    for number in range(200):
        kontrakt.decode(made.R, OLD_DATA, writer={**OLD, "doc": str(number)})
        bound = made.R.__dict__["__kontrakt_bound__"]
        if number == 0:
            first = weakref.ref(bound.reader(json.dumps({**OLD, "doc": "0"})))
    gc.collect()
    assert first() is None


@each_style
def test_codecs_go_with_their_classes(style: Style) -> None:
    """A package that is imported anew leaves nothing of the old one behind."""
    made = package(record("S", r=record("T", x=["null", "int", "string"]), l=array("T")), style=style)
    value = made.make("S", r=made.make("T", x=5), l=[])
    data = kontrakt.encode(value, made.S)
    assert kontrakt.decode(made.S, data) == value
    assert kontrakt.decode(made.S, data, writer=made.bundle.documents[0].text) == value
    with pytest.raises(DecodeError):
        kontrakt.decode(made.S, b"")
    with pytest.raises(EncodeError):
        kontrakt.encode(made.bare("S", r=None, l=[]), made.S)
    codec = weakref.ref(codec_for(made.S))
    kinds = [weakref.ref(made.S), weakref.ref(made.T)]
    del made, value
    gc.collect()
    assert codec() is None
    if style is not Style.PYDANTIC:  # which keeps its classes in caches of its own
        assert [kind() for kind in kinds] == [None, None]


def test_programs_in_python_leave_no_lines_behind() -> None:
    import linecache

    def kept() -> int:
        return sum(name.startswith("<kontrakt") for name in linecache.cache)

    gc.collect()
    before = kept()
    codec = plain(PythonCodec, R)
    read = codec.reader()
    codec.encode({"a": 1, "b": "x"})
    assert kept() == before + 2
    del codec, read
    gc.collect()
    assert kept() == before


@each_style
def test_threads_share_codecs(style: Style) -> None:
    """All begin at once, with a package that nobody used before."""
    schema = record("S", r=record("T", x=["null", "int", "string"], e=enum("E", "A")), l=array("T"))
    made = package(schema, style=style, tagged=True)
    inner = made.make("T", x=5, e=made.E.A)
    value = made.make("S", r=inner, l=[inner] * 3)
    datum = {"x": 5, "e": "A"}
    data = written(schema, {"r": datum, "l": [datum] * 3})
    count = 8
    start = threading.Barrier(count)
    codecs: list[Any] = []
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            start.wait()
            for turn in range(30):
                assert kontrakt.encode(value, made.S) == data
                assert kontrakt.decode(made.S, data) == value
                writer = {**schema, "doc": str((number + turn) % 4)}
                assert kontrakt.decode(made.S, data, writer=writer) == value
                with pytest.raises(EncodeError) as raised:
                    kontrakt.encode(made.bare("S", r=inner, l=[inner, 5]), made.S)
                assert raised.value.path == "l[1]"
            codecs.append(codec_for(made.S))
        except BaseException as error:  # noqa: BLE001 - shown by the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failures == []
    assert len(set(map(id, codecs))) == 1
