"""Every type and logical type, in every style: its bytes are those of fastavro, and it comes back as it went in."""

from __future__ import annotations

import datetime as dt
import struct
from collections import UserList
from decimal import Decimal
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from kontrakt.codec import Style
from kontrakt.errors import DecodeError, EncodeError
from kontrakt.values import Duration

from tests.codec.implementations import each_codec, plain, written
from tests.codec.packages import STYLES, array, enum, fixed, logical, mapping, package, record

if TYPE_CHECKING:
    from kontrakt.codec import MakeCodec

each_style = pytest.mark.parametrize("style", STYLES, ids=str)

ID = UUID("12345678-1234-5678-1234-567812345678")
NOON = dt.datetime(2024, 2, 29, 12, 0, 0, 123000, tzinfo=dt.UTC)
EARLY = dt.datetime(1583, 10, 15, 1, 2, 3, 999000, tzinfo=dt.UTC)

ROUND_TRIPS: list[tuple[Any, Any]] = [
    ("null", None),
    ("boolean", True),
    ("boolean", False),
    *[("int", value) for value in (0, -1, 63, 64, -64, -65, 2**31 - 1, -(2**31))],
    *[("long", value) for value in (0, 2**31, -(2**31) - 1, 2**63 - 1, -(2**63))],
    *[("float", value) for value in (0.0, -0.5, 1.5, float("inf"), float("-inf"), 3.4028234663852886e38)],
    *[("double", value) for value in (0.0, 0.1, 1e308, 5e-324, float("-inf"))],
    *[("bytes", value) for value in (b"", b"\x00\xff", bytes(70))],
    *[("string", value) for value in ("", "a", "ä€𝄞", "\x00", "x" * 200)],
    (fixed("F", 3), b"abc"),
    (fixed("F", 0), b""),
    (array("int"), []),
    (array("int"), [1, -2, 3]),
    (array(array("string")), [["a"], [], ["b", "c"]]),
    (mapping("long"), {}),
    (mapping("long"), {"a": 1, "ä": -1}),
    (mapping(array("null")), {"a": [None, None]}),
    *[
        (logical("bytes", "decimal", precision=9, scale=2), Decimal(text))
        for text in ("0.00", "1.10", "-1.10", "0.01", "-0.01", "1.27", "1.28", "-1.28", "-1.29", "9999999.99")
    ],
    (logical("bytes", "decimal", precision=4), Decimal(1234)),
    (logical("bytes", "decimal", precision=60, scale=30), Decimal("1" * 30 + "." + "9" * 30)),
    (logical(fixed("D", 6), "decimal", precision=12, scale=4), Decimal("-12345678.1234")),
    (logical("string", "uuid"), ID),
    *[(logical("int", "date"), dt.date(*day)) for day in ((1970, 1, 1), (1, 1, 1), (9999, 12, 31), (2024, 2, 29))],
    (logical("int", "time-millis"), dt.time(23, 59, 59, 999000)),
    (logical("long", "time-micros"), dt.time(23, 59, 59, 999999)),
    (logical("long", "timestamp-millis"), NOON),
    (logical("long", "timestamp-millis"), EARLY),
    (logical("long", "timestamp-micros"), NOON.replace(microsecond=123456)),
    (logical("long", "timestamp-micros"), dt.datetime(1, 1, 1, tzinfo=dt.UTC)),
    (logical("long", "timestamp-micros"), dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)),
    (logical("long", "local-timestamp-millis"), NOON.replace(tzinfo=None)),
    (logical("long", "local-timestamp-micros"), EARLY.replace(tzinfo=None)),
]

RAW: list[tuple[Any, Any, Any]] = [
    (logical(fixed("U", 16), "uuid"), ID, ID.bytes),
    (logical("long", "timestamp-nanos"), 2**62, 2**62),
    (logical("long", "local-timestamp-nanos"), -1, -1),
    (logical("long", "time-nanos"), 86_399_999_999_999, 86_399_999_999_999),
    (
        logical(fixed("P", 12), "duration"),
        Duration(months=1, days=2, milliseconds=2**32 - 1),
        struct.pack("<III", 1, 2, 2**32 - 1),
    ),
    (enum("E", "A", "B"), "B", "B"),
]


@each_codec
@each_style
@pytest.mark.parametrize(("schema", "value"), ROUND_TRIPS)
def test_bytes_are_those_of_fastavro(make: MakeCodec, style: Style, schema: Any, value: Any) -> None:
    outer = record("R", before="int", value=schema, after="string")
    made = package(outer, style=style)
    codec = made.codec(make, "R")
    data = written(outer, {"before": 1, "value": value, "after": "x"})
    record_of_it = made.make("R", before=1, value=value, after="x")
    assert codec.encode(record_of_it) == data
    back = codec.reader()(data, 0)
    assert back == record_of_it
    assert type(back) is type(record_of_it)
    assert type(made.get(back, "value")) is type(value)


@each_codec
@pytest.mark.parametrize(("schema", "value"), ROUND_TRIPS)
def test_types_by_themselves(make: MakeCodec, schema: Any, value: Any) -> None:
    codec = plain(make, schema)
    data = written(schema, value)
    assert codec.encode(value) == data
    assert codec.encode(value, b"prefix") == b"prefix" + data
    assert codec.reader()(b"prefix" + data, 6) == value


@each_codec
@each_style
@pytest.mark.parametrize(("schema", "value", "datum"), RAW)
def test_types_that_fastavro_lacks(make: MakeCodec, style: Style, schema: Any, value: Any, datum: Any) -> None:
    made = package(record("R", value=schema), style=style)
    codec = made.codec(make, "R")
    data = written(
        record("R", value={key: item for key, item in schema.items() if key != "logicalType"}), {"value": datum}
    )
    assert codec.encode(made.make("R", value=value)) == data
    assert codec.reader()(data, 0) == made.make("R", value=value)


@each_codec
def test_a_number_that_is_none(make: MakeCodec) -> None:
    made = package(record("R", a="float", b="double"))
    codec = made.codec(make, "R")
    nan = float("nan")
    data = codec.encode(made.R(a=nan, b=nan))
    assert data == written(record("R", a="float", b="double"), {"a": nan, "b": nan})
    back = codec.reader()(data, 0)
    assert back.a != back.a
    assert back.b != back.b


@each_codec
def test_negative_zero_keeps_its_sign(make: MakeCodec) -> None:
    made = package(record("R", a="float", b="double"))
    codec = made.codec(make, "R")
    back = codec.reader()(codec.encode(made.R(a=-0.0, b=-0.0)), 0)
    assert (str(back.a), str(back.b)) == ("-0.0", "-0.0")


@each_codec
def test_enums_are_members(make: MakeCodec) -> None:
    made = package(record("R", e=enum("Color", "RED", "GREEN")))
    codec = made.codec(make, "R")
    back = codec.reader()(codec.encode(made.R(e=made.Color.GREEN)), 0)
    assert back.e is made.Color.GREEN
    assert codec.encode(made.R(e="GREEN")) == b"\x02"


@each_codec
def test_an_enum_by_itself(make: MakeCodec) -> None:
    made = package(enum("Color", "RED", "GREEN"))
    codec = made.codec(make, "Color")
    assert codec.encode(made.Color.GREEN) == b"\x02"
    assert codec.reader()(b"\x00", 0) is made.Color.RED


@each_codec
def test_an_enum_of_many_symbols(make: MakeCodec) -> None:
    """The index takes one, two and three bytes."""
    schema = enum("E", *(f"S{index}" for index in range(10_000)))
    codec = plain(make, schema)
    for symbol in ("S0", "S63", "S64", "S1023", "S1024", "S8191", "S8192", "S9999"):
        data = codec.encode(symbol)
        assert data == written(schema, symbol)
        assert codec.reader()(data, 0) == symbol


@each_codec
@pytest.mark.parametrize("length", [0, 1, 63, 64, 1023, 1024, 8191, 8192, 100_000])
def test_lengths_of_all_sizes(make: MakeCodec, length: int) -> None:
    schema = record("R", text="string", data="bytes", list=array("int"), map=mapping("null"))
    datum = {
        "text": "x" * length,
        "data": bytes(length),
        "list": [1] * length,
        "map": {str(index): None for index in range(length)},
    }
    codec = plain(make, schema)
    data = codec.encode(datum)
    assert data == written(schema, datum)
    assert codec.reader()(data, 0) == datum


@each_codec
@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("timestamp-millis", NOON.replace(microsecond=1999), NOON.replace(microsecond=1000)),
        ("timestamp-millis", EARLY.replace(microsecond=1999), EARLY.replace(microsecond=1000)),
        (
            "local-timestamp-millis",
            NOON.replace(microsecond=999, tzinfo=None),
            NOON.replace(microsecond=0, tzinfo=None),
        ),
        ("time-millis", dt.time(1, 2, 3, 4999), dt.time(1, 2, 3, 4000)),
    ],
)
def test_finer_times_are_rounded_down(make: MakeCodec, name: str, value: Any, expected: Any) -> None:
    codec = plain(make, logical("int" if name == "time-millis" else "long", name))
    assert codec.reader()(codec.encode(value), 0) == expected


@each_codec
def test_a_zone_is_an_instant(make: MakeCodec) -> None:
    codec = plain(make, logical("long", "timestamp-micros"))
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    back = codec.reader()(codec.encode(NOON.astimezone(zone)), 0)
    assert back == NOON
    assert back.tzinfo is dt.UTC


REFUSED: list[tuple[Any, Any, str]] = [
    ("null", 0, "expected None, got int"),
    ("boolean", 1, "expected bool, got int"),
    ("int", True, "expected int, got bool"),
    ("int", 1.0, "expected int, got float"),
    ("int", 2**31, "int 2147483648 does not fit into 32 bits"),
    ("long", -(2**63) - 1, "does not fit into 64 bits"),
    ("long", "1", "expected int, got str"),
    ("float", 1e39, "out of the range of 32 bits"),
    ("float", "1", "expected float, got str"),
    ("double", True, "expected float, got bool"),
    ("double", 2**53 + 1, "does not hold the int 9007199254740993 exactly"),
    ("double", 10**400, "exactly"),
    ("bytes", "a", "expected bytes, got str"),
    ("string", b"a", "expected str, got bytes"),
    ("string", "a\ud800", "half of a surrogate pair is not text (at character 1)"),
    (fixed("F", 3), b"ab", "expected 3 bytes, got 2"),
    (fixed("F", 3), "abc", "expected bytes, got str"),
    (array("int"), 1, "expected list, got int"),
    (array("string"), "abc", "expected list, got str"),
    (array("string"), {"a"}, "expected list, got set"),
    (mapping("int"), [], "expected dict, got list"),
    (mapping("int"), {1: 1}, "the key of a map must be a str, got int"),
    (mapping("int"), {"\udc00": 1}, "surrogate"),
    (enum("E", "A"), "B", "str 'B' is not a symbol of E"),
    (enum("E", "A"), 0, "expected E, got int"),
    (enum("E", "A"), [], "expected E, got list"),
    (
        logical("bytes", "decimal", precision=4, scale=2),
        Decimal("1.234"),
        "more than 2 digits after the point; round it",
    ),
    (logical("bytes", "decimal", precision=4, scale=2), Decimal("123.4"), "more than 2 digits before the point"),
    (logical("bytes", "decimal", precision=4, scale=2), Decimal("1E+999999"), "before the point"),
    (logical("bytes", "decimal", precision=4, scale=2), Decimal("1E-999999"), "after the point"),
    (logical("bytes", "decimal", precision=4, scale=2), Decimal("NaN"), "Decimal NaN is not a number that Avro has"),
    (logical("bytes", "decimal", precision=4, scale=2), Decimal("Infinity"), "not a number"),
    (logical("bytes", "decimal", precision=4, scale=2), 1.1, 'expected Decimal, got float (write Decimal("1.10"))'),
    (logical("bytes", "decimal", precision=4, scale=2), "1.1", "expected Decimal, got str"),
    (logical(fixed("D", 2), "decimal", precision=4, scale=2), Decimal("123.4"), "before the point"),
    (logical("string", "uuid"), str(ID), "expected UUID, got str (write UUID(text))"),
    (logical("int", "date"), NOON, "expected date, got datetime (write .date())"),
    (logical("int", "date"), "2024-01-01", "expected date, got str"),
    (logical("int", "time-millis"), dt.time(1, tzinfo=dt.UTC), "without a zone"),
    (logical("long", "time-micros"), 5, "expected time, got int"),
    (logical("long", "time-nanos"), 86_400 * 10**9, "not a time of day"),
    (
        logical("long", "timestamp-millis"),
        NOON.replace(tzinfo=None),
        "expected a datetime with a zone, got one without",
    ),
    (logical("long", "timestamp-millis"), 5, "expected datetime, got int"),
    (logical("long", "timestamp-millis"), dt.date(2024, 1, 1), "expected datetime, got date"),
    (logical("long", "local-timestamp-micros"), NOON, "without a zone, got one with a zone"),
    (logical("long", "timestamp-nanos"), 2**63, "64 bits"),
    (
        logical(fixed("P", 12), "duration"),
        dt.timedelta(1),
        "expected Duration, got timedelta (write Duration.from_timedelta(...))",
    ),
]


@each_codec
@each_style
@pytest.mark.parametrize(("schema", "value", "message"), REFUSED)
def test_values_that_do_not_fit(make: MakeCodec, style: Style, schema: Any, value: Any, message: str) -> None:
    made = package(record("R", value=schema), style=style)
    given = made.bare("R", value=value)
    with pytest.raises(EncodeError) as raised:
        made.codec(make, "R").encode(given)
    assert str(raised.value).startswith("value: ")
    assert message in str(raised.value)
    assert raised.value.path == "value"


@each_codec
def test_a_huge_number_is_not_written_out(make: MakeCodec) -> None:
    with pytest.raises(EncodeError, match="a number of more than 40 digits does not fit into 64 bits"):
        plain(make, "long").encode(10**5000)


class Text(str):
    """A string of a class of its own."""

    __slots__ = ()


class Amount(Decimal):
    """A decimal of a class of its own."""


class Suit(StrEnum):
    """Text of a class of its own."""

    HEARTS = "hearts"


class Level(IntEnum):
    """An int of a class of its own."""

    HIGH = 3


class Lines(UserList[int]):
    """A list that is none."""


ACCEPTED: list[tuple[Any, Any, Any]] = [
    ("string", Text("a"), "a"),
    ("string", Suit.HEARTS, "hearts"),
    ("int", Level.HIGH, 3),
    ("long", Level.HIGH, 3),
    ("double", Level.HIGH, 3.0),
    ("double", -(2**53), -(2.0**53)),
    (fixed("F", 2), bytearray(b"ab"), b"ab"),
    (array("int"), Lines([1, 2]), [1, 2]),
    (array("int"), range(3), [0, 1, 2]),
    (mapping("int"), MappingProxyType({"a": 1}), {"a": 1}),
    (mapping("int"), {Text("a"): 1}, {"a": 1}),
    (enum("E", "A", "B"), Text("B"), "B"),
    (logical("bytes", "decimal", precision=4, scale=2), Amount("1.5"), Decimal("1.50")),
    ("double", 3, 3.0),
    ("float", 3, 3.0),
    ("bytes", bytearray(b"a"), b"a"),
    ("bytes", memoryview(b"ab"), b"ab"),
    (array("int"), (1, 2), [1, 2]),
    (logical("bytes", "decimal", precision=4, scale=2), 7, Decimal("7.00")),
    (logical("bytes", "decimal", precision=4, scale=2), Decimal("1.5000"), Decimal("1.50")),
    (logical("bytes", "decimal", precision=4, scale=2), Decimal("1E+1"), Decimal("10.00")),
    (logical("bytes", "decimal", precision=4, scale=2), Decimal("0E+99"), Decimal("0.00")),
    (logical("bytes", "decimal", precision=4, scale=2), Decimal("-0.00"), Decimal("0.00")),
]


@each_codec
@pytest.mark.parametrize(("schema", "value", "expected"), ACCEPTED)
def test_values_that_lose_nothing(make: MakeCodec, schema: Any, value: Any, expected: Any) -> None:
    codec = plain(make, schema)
    back = codec.reader()(codec.encode(value), 0)
    assert (back, type(back), str(back)) == (expected, type(expected), str(expected))


UNREADABLE: list[tuple[Any, Any, Any, str]] = [
    (logical("int", "date"), "int", 2**31 - 1, "day 2147483647 since 1970 is not in the years 1 to 9999"),
    (logical("long", "timestamp-millis"), "long", 2**62, "years 1 to 9999"),
    (logical("long", "timestamp-micros"), "long", -(2**63), "years 1 to 9999"),
    (logical("int", "time-millis"), "int", -1, "-1 is not a time of day"),
    (logical("int", "time-millis"), "int", 86_400_000, "not a time of day"),
    (logical("string", "uuid"), "string", "no uuid", "'no uuid' is not a UUID"),
    (logical("bytes", "decimal", precision=4), "bytes", bytes(5000), "5000 bytes are not a decimal of 4 digits"),
]


@each_codec
@pytest.mark.parametrize(("schema", "base", "datum", "message"), UNREADABLE)
def test_data_that_means_nothing(make: MakeCodec, schema: Any, base: Any, datum: Any, message: str) -> None:
    data = written(record("R", list=array(base)), {"list": [datum]})
    with pytest.raises(DecodeError) as raised:
        plain(make, record("R", list=array(schema))).reader()(data, 0)
    assert message in str(raised.value)
    assert raised.value.path == "list[0]"
