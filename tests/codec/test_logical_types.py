"""Every type and logical type: its bytes are those of fastavro, and it comes back as it went in."""

from __future__ import annotations

import datetime as dt
import io
import struct
from decimal import Decimal
from typing import Any
from uuid import UUID

import fastavro
import kontrakt.codec as kontrakt
import pytest
from kontrakt.errors import DecodeError, EncodeError
from kontrakt.values import Duration

from tests.codec.packages import array, enum, fixed, logical, mapping, package, record

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


def written(schema: Any, datum: Any) -> bytes:
    """What fastavro writes."""
    out = io.BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema), datum)  # pyright: ignore[reportUnknownMemberType]
    return out.getvalue()


@pytest.mark.parametrize(("schema", "value"), ROUND_TRIPS)
def test_bytes_are_those_of_fastavro(schema: Any, value: Any) -> None:
    outer = record("R", before="int", value=schema, after="string")
    made = package(outer)
    data = written(outer, {"before": 1, "value": value, "after": "x"})
    assert kontrakt.encode(made.R(before=1, value=value, after="x")) == data
    back = kontrakt.decode(made.R, data)
    assert back == made.R(before=1, value=value, after="x")
    assert type(back.value) is type(value)


@pytest.mark.parametrize(("schema", "value", "datum"), RAW)
def test_types_that_fastavro_lacks(schema: Any, value: Any, datum: Any) -> None:
    outer = record("R", value=schema)
    plain = {key: item for key, item in schema.items() if key != "logicalType"}
    made = package(outer)
    data = written(record("R", value=plain), {"value": datum})
    assert kontrakt.encode(made.R(value=value)) == data
    assert kontrakt.decode(made.R, data).value == value


def test_a_number_that_is_none() -> None:
    made = package(record("R", a="float", b="double"))
    nan = float("nan")
    back = kontrakt.decode(made.R, kontrakt.encode(made.R(a=nan, b=nan)))
    assert back.a != back.a
    assert back.b != back.b


def test_enums_are_members() -> None:
    made = package(record("R", e=enum("Color", "RED", "GREEN")))
    back = kontrakt.decode(made.R, kontrakt.encode(made.R(e=made.Color.GREEN)))
    assert back.e is made.Color.GREEN
    assert kontrakt.encode(made.R(e="GREEN")) == b"\x02"


def test_an_enum_by_itself() -> None:
    made = package(enum("Color", "RED", "GREEN"))
    assert kontrakt.encode(made.Color.GREEN) == b"\x02"
    assert kontrakt.decode(made.Color, b"\x00") is made.Color.RED


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
    ],
)
def test_finer_times_are_rounded_down(name: str, value: Any, expected: Any) -> None:
    made = package(record("R", t=logical("long", name)))
    assert kontrakt.decode(made.R, kontrakt.encode(made.R(t=value))).t == expected


def test_a_zone_is_an_instant() -> None:
    made = package(record("R", t=logical("long", "timestamp-micros")))
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    back = kontrakt.decode(made.R, kontrakt.encode(made.R(t=NOON.astimezone(zone))))
    assert back.t == NOON
    assert back.t.tzinfo is dt.UTC


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


@pytest.mark.parametrize(("schema", "value", "message"), REFUSED)
def test_values_that_do_not_fit(schema: Any, value: Any, message: str) -> None:
    made = package(record("R", value=schema))
    with pytest.raises(EncodeError) as raised:
        kontrakt.encode(made.R(value=value))
    assert message in str(raised.value)
    assert raised.value.path == "value"


def test_a_huge_number_is_not_written_out() -> None:
    made = package(record("R", value="long"))
    with pytest.raises(EncodeError, match="a number of more than 40 digits does not fit into 64 bits"):
        kontrakt.encode(made.R(value=10**5000))


ACCEPTED: list[tuple[Any, Any, Any]] = [
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


@pytest.mark.parametrize(("schema", "value", "expected"), ACCEPTED)
def test_values_that_lose_nothing(schema: Any, value: Any, expected: Any) -> None:
    made = package(record("R", value=schema))
    back = kontrakt.decode(made.R, kontrakt.encode(made.R(value=value))).value
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


@pytest.mark.parametrize(("schema", "base", "datum", "message"), UNREADABLE)
def test_data_that_means_nothing(schema: Any, base: Any, datum: Any, message: str) -> None:
    made = package(record("R", list=array(schema)))
    data = written(record("R", list=array(base)), {"list": [datum]})
    with pytest.raises(DecodeError) as raised:
        kontrakt.decode(made.R, data)
    assert message in str(raised.value)
    assert raised.value.path == "list[0]"
