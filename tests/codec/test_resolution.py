"""Every rule of schema resolution, run: what one schema wrote is read as another (Avro specification, "Schema Resolution")."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from kontrakt.avro.shapes import is_object
from kontrakt.codec import MAX_DEPTH, Style
from kontrakt.errors import DecodeError, UnresolvableError
from kontrakt.values import Duration

from tests.codec.implementations import each_codec, plain, tree, written
from tests.codec.packages import STYLES, array, enum, fixed, logical, mapping, package, record

if TYPE_CHECKING:
    from kontrakt.codec import MakeCodec

each_style = pytest.mark.parametrize("style", STYLES, ids=str)

DAY = logical("int", "date")
MILLIS = logical("long", "timestamp-millis")
MICROS = logical("long", "timestamp-micros")
NANOS = logical("long", "timestamp-nanos")
INSTANT = dt.datetime(2024, 2, 29, 12, 0, 0, 123000, tzinfo=dt.UTC)
MILLISECONDS = 1_709_208_000_123
POINT = record("Point", x="int", y=("int", {"default": 0}))


def named(name: str, /, *aliases: str, **schema: Any) -> Any:
    return {**schema, "name": name, "aliases": list(aliases)}


READ: list[tuple[str, Any, Any, Any, Any]] = [
    # what, writer, reader, datum, value
    ("the same", "int", "int", 5, 5),
    # promotions
    ("int as long", "int", "long", -(2**31), -(2**31)),
    ("int as float", "int", "float", 5, 5.0),
    ("int as float, rounded", "int", "float", 2**24 + 1, float(2**24)),
    ("int as float, to even", "int", "float", 2**24 + 3, float(2**24 + 4)),
    ("int as double", "int", "double", 2**31 - 1, 2147483647.0),
    ("long as float", "long", "float", 2**60, float(2**60)),
    # Over a double it would be a tie, and go the other way.
    ("long as float, rounded once", "long", "float", 2**62 + 2**38 + 1, float(2**62 + 2**39)),
    ("long as float, negative", "long", "float", -(2**62 + 2**38 + 1), -float(2**62 + 2**39)),
    ("long as float, the largest", "long", "float", 2**63 - 1, float(2**63)),
    ("long as double", "long", "double", 2**63 - 1, float(2**63)),
    ("float as double", "float", "double", 0.5, 0.5),
    ("string as bytes", "string", "bytes", "ä", "ä".encode()),
    ("bytes as string", "bytes", "string", "ä".encode(), "ä"),
    ("promotions in containers", array(mapping("int")), array(mapping("double")), [{"a": 1}], [{"a": 1.0}]),
    # logical types: the writer's unit and scale say what the number means
    ("int as date", "int", DAY, 19782, dt.date(2024, 2, 29)),
    ("date as int", DAY, "int", dt.date(2024, 2, 29), 19782),
    ("long as instant", "long", MILLIS, MILLISECONDS, INSTANT),
    ("int as instant", "int", MILLIS, 1000, dt.datetime(1970, 1, 1, 0, 0, 1, tzinfo=dt.UTC)),
    ("instant as long", MILLIS, "long", INSTANT, MILLISECONDS),
    ("millis as micros", MILLIS, MICROS, INSTANT, INSTANT),
    ("micros as millis", MICROS, MILLIS, INSTANT.replace(microsecond=123456), INSTANT.replace(microsecond=123456)),
    ("millis as nanos", MILLIS, NANOS, INSTANT, MILLISECONDS * 10**6),
    (
        "micros as local millis",
        MICROS,
        logical("long", "local-timestamp-millis"),
        INSTANT,
        INSTANT.replace(tzinfo=None),
    ),
    (
        "time as time",
        logical("int", "time-millis"),
        logical("long", "time-micros"),
        dt.time(1, 2, 3, 4000),
        dt.time(1, 2, 3, 4000),
    ),
    ("time as nanos", logical("int", "time-millis"), logical("long", "time-nanos"), dt.time(0, 0, 1), 10**9),
    (
        "a decimal of another scale",
        logical("bytes", "decimal", precision=9, scale=4),
        logical("bytes", "decimal", precision=9, scale=2),
        Decimal("1.2345"),
        Decimal("1.2345"),
    ),
    ("bytes as decimal", "bytes", logical("bytes", "decimal", precision=4, scale=2), b"\x04\xd2", Decimal("12.34")),
    ("decimal as bytes", logical("bytes", "decimal", precision=4, scale=2), "bytes", Decimal("12.34"), b"\x04\xd2"),
    ("string as uuid", "string", logical("string", "uuid"), str(UUID(int=7)), UUID(int=7)),
    ("bytes as uuid", "bytes", logical("string", "uuid"), str(UUID(int=7)).encode(), UUID(int=7)),
    ("fixed as uuid", fixed("U", 16), logical(fixed("U", 16), "uuid"), bytes(15) + b"\x07", UUID(int=7)),
    (
        "fixed as duration",
        fixed("U", 12),
        logical(fixed("U", 12), "duration"),
        b"\x01" + bytes(11),
        Duration(months=1),
    ),
    # records: by name, in another order, renamed, with fields that one side lacks
    (
        "another order",
        record("R", a="int", b="string"),
        record("R", b="string", a="int"),
        {"a": 1, "b": "x"},
        {"b": "x", "a": 1},
    ),
    ("another namespace", record("x.R", a="int"), record("y.R", a="int"), {"a": 1}, {"a": 1}),
    (
        "an alias of the record",
        record("x.Old", a="int"),
        named("y.New", "x.Old", **record("", a="int")),
        {"a": 1},
        {"a": 1},
    ),
    (
        "an alias of a field",
        record("R", old="int"),
        record("R", new=("int", {"aliases": ["older", "old"]})),
        {"old": 1},
        {"new": 1},
    ),
    (
        "a name before an alias",
        record("R", a="int", b="int"),
        record("R", b=("int", {"aliases": ["a"]})),
        {"a": 1, "b": 2},
        {"b": 2},
    ),
    (
        "names that swap",
        record("R", a="int", b="int"),
        record("R", a2=("int", {"aliases": ["b"]}), b2=("int", {"aliases": ["a"]})),
        {"a": 1, "b": 2},
        {"a2": 2, "b2": 1},
    ),
    (
        "a nested record renamed",
        record("R", p=record("Old", x="int")),
        record("R", p=named("New", "Old", **record("", x="long"))),
        {"p": {"x": 1}},
        {"p": {"x": 1}},
    ),
    (
        "recursion",
        record("L", v="int", n=["null", "L"]),
        record("L", n=["null", "L"], v="double"),
        {"v": 1, "n": {"v": 2, "n": None}},
        {"n": {"n": None, "v": 2.0}, "v": 1.0},
    ),
    ("nothing is read", record("R", a="int", b=array("string")), record("R"), {"a": 1, "b": ["x"]}, {}),
    # enums and fixed
    ("another order of symbols", enum("E", "A", "B"), enum("E", "B", "C", "A"), "B", "B"),
    ("the default of an enum", enum("E", "A", "B"), enum("E", "A", "O", default="O"), "B", "O"),
    ("an alias of an enum", enum("x.Old", "A"), named("New", "x.Old", **enum("", "A")), "A", "A"),
    ("an enum that lacks a symbol which was not written", enum("E", "A", "B"), enum("E", "A"), "A", "A"),
    ("an alias of a fixed", fixed("Old", 2), named("New", "Old", **fixed("", 2)), b"ab", b"ab"),
    ("the bare name of a fixed", fixed("x.F", 2), fixed("y.F", 2), b"ab", b"ab"),
    # unions on either side
    ("into a union", "string", ["null", "string"], "a", "a"),
    ("into a union, the same type before a promotion", "int", ["long", "int"], 5, 5),
    ("into a union, promoted", "int", ["string", "double"], 5, 5.0),
    ("into a union, the first promotion", "int", ["double", "long"], 5, 5.0),
    ("into a union, bytes", "bytes", ["null", "string"], b"a", "a"),
    ("out of a union", ["null", "int"], "int", 5, 5),
    ("out of a union, promoted", ["int", "string"], "bytes", "a", b"a"),
    ("between unions", ["null", "int", "string"], ["string", "long", "null"], 5, 5),
    ("between unions, null", ["null", "int", "string"], ["string", "long", "null"], None, None),
    ("between unions, with nothing for some", ["null", "int", "string"], ["null", "string"], "a", "a"),
    (
        "nested unions",
        array(["null", mapping(["int", "string"])]),
        array([mapping(["string", "double"]), "null"]),
        [None, {"a": 1, "b": "x"}],
        [None, {"a": 1.0, "b": "x"}],
    ),
    (
        "a record into a union",
        record("R", a="int"),
        ["null", record("Q", a="int"), record("R", a="long")],
        {"a": 1},
        {"a": 1},
    ),
    (
        "a record into a union, by alias",
        record("R", a="int"),
        ["null", named("Q", "R", **record("", a="int"))],
        {"a": 1},
        {"a": 1},
    ),
    ("an enum into a union", enum("E", "A"), ["string", enum("E", "B", "A")], "A", "A"),
    ("an array into a union", array("int"), ["null", array("long")], [1], [1]),
    ("logical types between unions", ["null", MILLIS], [MICROS, "null"], INSTANT, INSTANT),
]


@each_codec
@pytest.mark.parametrize(
    ("writer", "reader", "datum", "value"), [row[1:] for row in READ], ids=[row[0] for row in READ]
)
def test_what_was_written_is_read(make: MakeCodec, writer: Any, reader: Any, datum: Any, value: Any) -> None:
    read = plain(make, reader).reader(tree(writer))
    data = written(writer, datum)
    assert repr(read(data, 0)) == repr(value)
    # the same among other fields, which shows that it ends where it should
    outer = plain(make, record("Outer", after="string", value=reader)).reader(
        tree(record("Outer", skipped="string", value=writer, after="string"))
    )
    assert repr(outer(b"\x02s" + data + b"\x02x", 0)) == repr({"after": "x", "value": value})


DEFAULTS: list[tuple[Any, Any, Any]] = [
    ("null", None, None),
    ("boolean", True, True),
    ("int", -5, -5),
    ("long", 2**62, 2**62),
    ("float", 1.5, 1.5),
    ("double", 3, 3.0),
    ("string", "ä", "ä"),
    ("bytes", "\u00ff\u0001", b"\xff\x01"),
    (fixed("F", 2), "\u00ff\u0001", b"\xff\x01"),
    (enum("E", "A", "B"), "B", "B"),
    (array("int"), [], []),
    (array("int"), [1, 2], [1, 2]),
    (array(array("bytes")), [["\u00ff"], []], [[b"\xff"], []]),
    (mapping("double"), {"a": 1}, {"a": 1.0}),
    (POINT, {"x": 1, "y": 2}, {"x": 1, "y": 2}),
    (POINT, {"x": 1}, {"x": 1, "y": 0}),
    (array(POINT), [{"x": 1}], [{"x": 1, "y": 0}]),
    (record("O", inner=(POINT, {"default": {"x": 7}})), {}, {"inner": {"x": 7, "y": 0}}),
    (["null", "string"], None, None),
    (["string", "null"], "a", "a"),
    ([POINT, "null"], {"x": 1}, {"x": 1, "y": 0}),
    ([logical("bytes", "decimal", precision=4, scale=2), "null"], "\u0004\u00d2", Decimal("12.34")),
    (logical("bytes", "decimal", precision=4, scale=2), "\u0004\u00d2", Decimal("12.34")),
    (logical(fixed("D", 2), "decimal", precision=4, scale=2), "\u0004\u00d2", Decimal("12.34")),
    (logical("string", "uuid"), str(UUID(int=7)), UUID(int=7)),
    (DAY, 19782, dt.date(2024, 2, 29)),
    (logical("int", "time-millis"), 1000, dt.time(0, 0, 1)),
    (MILLIS, MILLISECONDS, INSTANT),
    (NANOS, 5, 5),
    (logical(fixed("P", 12), "duration"), "\u0001" + "\u0000" * 11, Duration(months=1)),
    (mapping(MILLIS), {"k": MILLISECONDS}, {"k": INSTANT}),
]


@each_codec
@each_style
@pytest.mark.parametrize(("schema", "default", "value"), DEFAULTS)
def test_defaults_of_every_type(make: MakeCodec, style: Style, schema: Any, default: Any, value: Any) -> None:
    made = package(record("R", before="int", added=(schema, {"default": default}), after="int"), style=style)
    read = made.codec(make, "R").reader(tree(record("R", after="int", before="int")))
    first, second = read(b"\x04\x02", 0), read(b"\x04\x02", 0)
    expected = _of_classes(made, schema, value)
    assert (made.get(first, "before"), made.get(first, "added"), made.get(first, "after")) == (1, expected, 2)
    assert type(made.get(first, "added")) is type(expected)
    if isinstance(value, list | dict):
        assert made.get(first, "added") is not made.get(second, "added")


def _of_classes(made: Any, schema: Any, value: Any) -> Any:
    """A default as the package's classes have it."""
    if isinstance(schema, list):
        return _of_classes(made, schema[0], value)
    if not is_object(schema):
        return value
    match schema["type"]:
        case "record":
            types = {field["name"]: field["type"] for field in schema["fields"]}
            return made.make(
                schema["name"], **{name: _of_classes(made, types[name], item) for name, item in value.items()}
            )
        case "enum":
            return getattr(made, schema["name"])(value)
        case "array":
            return [_of_classes(made, schema["items"], item) for item in value]
        case _:
            return value


@each_codec
def test_what_defaults_hold_is_not_shared(make: MakeCodec) -> None:
    inner = record("In", list=(array("int"), {"default": [1]}))
    read = plain(
        make, record("R", a=(inner, {"default": {}}), m=(mapping(array("int")), {"default": {"k": []}}))
    ).reader(tree(record("R")))
    first = read(b"", 0)
    first["a"]["list"].append(2)
    first["m"]["k"].append(2)
    first["m"]["l"] = []
    assert read(b"", 0) == {"a": {"list": [1]}, "m": {"k": []}}


SKIPPED: list[tuple[Any, Any]] = [
    ("null", None),
    ("boolean", True),
    ("int", 2**31 - 1),
    ("long", -(2**63)),
    ("float", 1.5),
    ("double", 1.5),
    ("string", "a" * 200),
    ("bytes", b"a" * 200),
    (fixed("F", 5), b"abcde"),
    (fixed("F", 0), b""),
    (enum("E", *(f"S{index}" for index in range(100))), "S99"),
    (array("int"), [1, 2**30]),
    (array("null"), [None] * 50),
    (array(array("string")), [["a"], []]),
    (mapping("double"), {"a": 1.5, "b": 2.5}),
    (mapping("null"), {"a": None}),
    (["null", "string", array("int")], None),
    (["null", "string", array("int")], [1, 2]),
    (record("S", a="string", b=record("T", c=["null", "int"])), {"a": "x", "b": {"c": 5}}),
    (
        record("L", v="int", n=["null", "L"], m=mapping("L")),
        {"v": 1, "n": {"v": 2, "n": None, "m": {}}, "m": {"k": {"v": 3, "n": None, "m": {}}}},
    ),
    (logical("bytes", "decimal", precision=4, scale=2), Decimal("1.50")),
    (logical("string", "uuid"), UUID(int=1)),
]


@each_codec
@pytest.mark.parametrize(("schema", "datum"), SKIPPED)
def test_fields_of_every_type_are_skipped(make: MakeCodec, schema: Any, datum: Any) -> None:
    writer = record("R", before="int", skipped=schema, more=array(["null", "string"]), after="string")
    data = written(writer, {"before": 1, "skipped": datum, "more": ["x", None], "after": "y"})
    read = plain(make, record("R", before="int", after="string")).reader(tree(writer))
    assert read(data, 0) == {"before": 1, "after": "y"}
    for end in range(len(data)):
        with pytest.raises(DecodeError):
            read(data[:end], 0)


@each_codec
def test_what_is_skipped_is_not_looked_into(make: MakeCodec) -> None:
    """Only its size matters: text that is not UTF-8, a date in the year 1,000,000, a symbol that there is not."""
    writer = record("R", text="string", day=DAY, symbol=enum("E", "A"), after="int")
    data = b"\x02\xff" + written("int", 2**30) + b"\x10" + b"\x02"
    assert plain(make, record("R", after="int")).reader(tree(writer))(data, 0) == {"after": 1}
    with pytest.raises(DecodeError):
        plain(make, writer).reader()(data, 0)


@each_codec
def test_what_is_skipped_has_a_path_and_a_limit(make: MakeCodec) -> None:
    tree_of_it = record("T", inner=array("T"))
    writer = record("R", skipped=array(record("S", t=tree_of_it, text="string")), after="int")
    read = plain(make, record("R", after="int")).reader(tree(writer))
    with pytest.raises(DecodeError) as raised:
        read(b"\x04\x00\x00\x00\x08", 0)
    assert raised.value.path == "skipped[1].text"
    with pytest.raises(DecodeError, match=f"more than {MAX_DEPTH} records inside each other"):
        read(b"\x02" * 10_000, 0)


# --- what cannot be read -----------------------------------------------------------------------------------------------

UNREADABLE: list[tuple[str, Any, Any, str]] = [
    ("a long as int", "long", "int", "the producer wrote long, the consumer expects int"),
    ("a string as int", "string", "int", "the producer wrote string, the consumer expects int"),
    ("a double as float", "double", "float", "double"),
    ("null as int", "null", "int", "null"),
    ("a fixed of another size", fixed("F", 2), fixed("F", 3), "F has 2 bytes, the consumer expects 3"),
    ("a fixed of another name", fixed("F", 2), fixed("G", 2), "fixed F"),
    ("an enum of another name", enum("E", "A"), enum("F", "A"), "enum E"),
    ("a record of another name", record("R"), record("S"), "record R"),
    ("an array as a map", array("int"), mapping("int"), "array"),
    (
        "a field without a default",
        record("R"),
        record("R", a="int", b="int"),
        "  a: the producer does not write it (R), and it has no default\n",
    ),
    ("items", array(record("R", a="string")), array(record("R", a="int")), "[].a: the producer wrote string"),
    ("a union of which nothing can be read", ["int", "string"], "boolean", "boolean"),
    (
        "a type that no branch reads",
        "string",
        ["int", "null"],
        "the consumer takes [int, null], none of which reads string",
    ),
]


@each_codec
@pytest.mark.parametrize(
    ("writer", "reader", "message"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE]
)
def test_what_no_data_would_help(make: MakeCodec, writer: Any, reader: Any, message: str) -> None:
    with pytest.raises(UnresolvableError) as raised:
        plain(make, reader).reader(tree(writer))
    assert "as it was written cannot be read as" in str(raised.value)
    assert message in str(raised.value)


@each_codec
def test_a_default_that_does_not_fit(make: MakeCodec) -> None:
    with pytest.raises(UnresolvableError, match="default"):
        plain(make, record("R", a=("int", {"default": "x"}))).reader(tree(record("R")))


@each_codec
def test_defaults_deeper_than_the_stack(make: MakeCodec) -> None:
    schema: Any = record("R0")
    for level in range(1, 600):
        schema = record(f"R{level}", f=(schema, {"default": {}}))
    with pytest.raises(UnresolvableError, match="its defaults are nested deeper than Python has room for"):
        plain(make, record("Top", f=(schema, {"default": {}}))).reader(tree(record("Top")))


REFUSED: list[tuple[str, Any, Any, Any, str]] = [
    (
        "a symbol",
        enum("E", "A", "B"),
        enum("E", "A"),
        "B",
        "the producer wrote the symbol B of E; the consumer's schema has neither it nor a default",
    ),
    ("a branch", ["null", "int", "string"], ["null", "string"], 5, "int"),
    ("a branch out of a union", ["null", "int"], "int", None, "null"),
    ("a record of a union", [record("A"), record("B")], [record("A")], ("B", {}), "record B"),
    (
        "a record that lacks a field",
        [record("A"), record("B")],
        [record("A"), record("B", x="int")],
        ("B", {}),
        "B has no x, which the consumer needs",
    ),
    ("bytes that are no text", "bytes", "string", b"\xff", "not UTF-8 (invalid start byte)"),
    ("text that is no UUID", "string", logical("string", "uuid"), "x", "'x' is not a UUID"),
    ("a number that is no date", "int", DAY, 2**30, "not in the years 1 to 9999"),
    ("nanoseconds that are too many", MILLIS, NANOS, dt.datetime(9999, 1, 1, tzinfo=dt.UTC), "do not fit into 64 bits"),
]


@each_codec
@pytest.mark.parametrize(
    ("writer", "reader", "datum", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_data_that_the_reader_cannot_take(make: MakeCodec, writer: Any, reader: Any, datum: Any, message: str) -> None:
    outer = record("Outer", list=array(writer))
    read = plain(make, record("Outer", list=array(reader))).reader(tree(outer))
    with pytest.raises(DecodeError) as raised:
        read(written(outer, {"list": [datum]}), 0)
    assert message in str(raised.value)
    assert raised.value.path == "list[0]"
    assert raised.value.position is not None
    assert read(written(outer, {"list": []}), 0) == {"list": []}


# --- classes -----------------------------------------------------------------------------------------------------------


@each_codec
@each_style
def test_a_projection(make: MakeCodec, style: Style) -> None:
    """The consumer's own view: some fields, one renamed, one added, in classes of its own."""
    writer = record(
        "shop.Customer",
        id="string",
        email="string",
        home=record("shop.Address", street="string", city="string"),
        tier=enum("shop.Tier", "BASIC", "GOLD", "PLATINUM"),
        history=array("shop.Address"),
    )
    reader = record(
        "billing.Customer",
        invoice_email=("string", {"aliases": ["email"]}),
        home=named("billing.Home", "shop.Address", **record("", city="string")),
        tier=enum("billing.Tier", "OTHER", "GOLD", default="OTHER"),
        note=(["null", "string"], {"default": None}),
    )
    made = package(reader, style=style)
    read = made.codec(make, "Customer").reader(tree(writer))
    home = {"street": "Main 1", "city": "Lund"}
    for wrote, tier in (("GOLD", made.Tier.GOLD), ("PLATINUM", made.Tier.OTHER)):
        data = written(writer, {"id": "c-1", "email": "a@b.c", "home": home, "tier": wrote, "history": [home, home]})
        expected = made.make(
            "Customer", invoice_email="a@b.c", home=made.make("Home", city="Lund"), tier=tier, note=None
        )
        assert read(data, 0) == expected


@each_codec
def test_readers_do_not_disturb_each_other(make: MakeCodec) -> None:
    codec = plain(make, record("R", a=("long", {"default": 0}), b=("string", {"default": "-"})))
    readers = [
        codec.reader(tree(schema))
        for schema in (record("R", a="int"), record("R", b="string"), record("R", b="bytes", a="int"))
    ]
    readers.append(codec.reader())
    data = [b"\x02", b"\x02x", b"\x02y\x04", b"\x06\x02z"]
    values = [(1, "-"), (0, "x"), (2, "y"), (3, "z")]
    for _ in range(2):
        assert [tuple(read(part, 0).values()) for read, part in zip(readers, data, strict=True)] == values
