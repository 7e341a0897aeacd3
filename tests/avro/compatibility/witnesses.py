"""What three readers make of data that is compatible and unsafe: kontrakt, fastavro and Avro's Java reference."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any, Final

import fastavro
from kontrakt.avro import parse
from kontrakt.avro.compatibility import AdvisoryKind
from kontrakt.codec import codec_for_schema
from kontrakt.errors import KontraktError
from kontrakt.severity import Severity

from tests.avro.compatibility import shapes
from tests.avro.compatibility.cases import UNSOUND
from tests.avro.compatibility.shapes import enum, record

Kind = AdvisoryKind
ERROR, WARNING, INFO = Severity


@dataclass(frozen=True)
class Witness:
    """A danger, and who falls into it.

    Attributes:
        kind: The danger.
        severity: How bad it is.
        reader: What the field ``v`` is read as.
        java: What Java reads, as text.
        fastavro: What fastavro reads, or the name of its error.
        kontrakt: What kontrakt reads, or the name of the error.
        writer: What it was written as; None where it was not written.
        data: The field as it was written, in hexadecimal.
        before: The example of the advisory.
        after: What becomes of it.
        more: Further attributes of the reader's field.
    """

    kind: AdvisoryKind
    severity: Severity
    reader: Any
    java: str
    fastavro: str
    kontrakt: str
    writer: Any = None
    data: str = ""
    before: str = ""
    after: str = ""
    more: dict[str, Any] = field(default_factory=dict[str, Any])

    @property
    def pair(self) -> tuple[Any, Any]:
        """The reader's and the writer's record."""
        wrote = [] if self.writer is None else [shapes.field("v", self.writer)]
        return record("Top", shapes.field("v", self.reader, **self.more)), record("Top", *wrote)


def logical(base: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": base, "logicalType": name, **more}


def decimal(precision: int, scale: int) -> dict[str, Any]:
    return logical("bytes", "decimal", precision=precision, scale=scale)


MILLIS, MICROS = logical("long", "timestamp-millis"), logical("long", "timestamp-micros")
NOON: Final = "80d8e2cbbe63"
"""2024-02-29 12:00 UTC in milliseconds."""
AT_NOON: Final = "datetime.datetime(2024, 2, 29, 12, 0, tzinfo=datetime.timezone.utc)"

WITNESSES: Final = (
    Witness(
        Kind.DECIMAL_SCALE,
        ERROR,
        reader=decimal(9, 2),
        writer=decimal(9, 4),
        data="043039",
        java="123.45",
        fastavro="Decimal('1.2345')",
        kontrakt="Decimal('1.2345')",
        before="1.2345",
        after="123.45",
    ),
    Witness(
        Kind.DECIMAL_PRECISION,
        WARNING,
        reader=decimal(4, 0),
        writer=decimal(9, 0),
        data="083b9ac9ff",
        java="999999999",
        fastavro="Decimal('999999999')",
        kontrakt="Decimal('999999999')",
        before="999999999",
        after="999999999, which has more than 4 digits",
    ),
    Witness(
        Kind.TIME_UNIT,
        ERROR,
        reader=MICROS,
        writer=MILLIS,
        data=NOON,
        java='"1970-01-20T18:46:48Z"',
        fastavro=AT_NOON,
        kontrakt=AT_NOON,
        before="2024-02-29 12:00:00 UTC",
        after="1970-01-20 18:46:48 UTC",
    ),
    Witness(
        Kind.TIME_UNIT,
        ERROR,
        reader=logical("long", "time-micros"),
        writer=logical("int", "time-millis"),
        data="80b89929",
        java='"00:00:43.200"',
        fastavro="datetime.time(12, 0)",
        kontrakt="datetime.time(12, 0)",
        before="12:00:00",
        after="00:00:43.2",
    ),
    Witness(
        Kind.LOGICAL_DROPPED,
        WARNING,
        reader="long",
        writer=MILLIS,
        data=NOON,
        java="1709208000000",
        fastavro=AT_NOON,
        kontrakt="1709208000000",
        before="2024-02-29 12:00:00 UTC",
        after="1709208000000",
    ),
    Witness(
        Kind.LOGICAL_DROPPED,
        WARNING,
        reader="bytes",
        writer=decimal(4, 2),
        data="0404d2",
        java='"\\u0004\u00d2"',
        fastavro="Decimal('12.34')",
        kontrakt=r"b'\x04\xd2'",
        before="12.34",
        after="04 d2",
    ),
    Witness(
        Kind.LOGICAL_ADDED,
        WARNING,
        reader=logical("string", "uuid"),
        writer="string",
        data="06632d31",
        java="error: Invalid UUID string: c-1",
        fastavro="'c-1'",
        kontrakt="DecodeError",
        before="c-1",
        after="an error: it is no UUID",
    ),
    Witness(
        Kind.LOGICAL_ADDED,
        WARNING,
        reader=logical("int", "date"),
        writer="int",
        data="0d",
        java='"1969-12-25"',
        fastavro="-7",
        kontrakt="datetime.date(1969, 12, 25)",
        before="-7",
        after="1969-12-25",
    ),
    Witness(
        Kind.LOGICAL_CHANGED,
        ERROR,
        reader=logical("int", "time-millis"),
        writer=logical("int", "date"),
        data="8cb502",
        java='"00:00:19.782"',
        fastavro="datetime.date(2024, 2, 29)",
        kontrakt="datetime.time(0, 0, 19, 782000)",
        before="2024-02-29",
        after="00:00:19.782",
    ),
    Witness(
        Kind.LOGICAL_CHANGED,
        WARNING,
        reader=logical("long", "local-timestamp-millis"),
        writer=MILLIS,
        data=NOON,
        java='"2024-02-29T12:00"',
        fastavro=AT_NOON,
        kontrakt="datetime.datetime(2024, 2, 29, 12, 0)",
        before="2024-02-29 12:00:00 UTC",
        after="2024-02-29 12:00:00",
    ),
    Witness(
        Kind.LOSSY_PROMOTION,
        WARNING,
        reader="float",
        writer="int",
        data="82808010",
        java="1.6777216E7",
        fastavro="16777217.0",
        kontrakt="16777216.0",
        before="16777217",
        after="16777216",
    ),
    Witness(
        Kind.LOSSY_PROMOTION,
        WARNING,
        reader="float",
        writer="long",
        data="82808010",
        java="1.6777216E7",
        fastavro="16777217.0",
        kontrakt="16777216.0",
        before="16777217",
        after="16777216",
    ),
    Witness(
        Kind.LOSSY_PROMOTION,
        WARNING,
        reader="double",
        writer="long",
        data="8280808080808020",
        java="9.007199254740992E15",
        fastavro="9007199254740992.0",
        kontrakt="9007199254740992.0",
        before="9007199254740993",
        after="9007199254740992",
    ),
    Witness(
        Kind.BYTES_AS_STRING,
        WARNING,
        reader="string",
        writer="bytes",
        data="04fffe",
        java='"\ufffd\ufffd"',
        fastavro="UnicodeDecodeError",
        kontrakt="DecodeError",
        before="ff fe",
        after="an error, or \ufffd\ufffd",
    ),
    Witness(
        Kind.UNUSABLE_DEFAULT,
        ERROR,
        reader="int",
        more={"default": "x"},
        java='error: Non-numeric default value for int: "x"',
        fastavro="SchemaParseException",
        kontrakt="UnresolvableError",
        after="an error",
    ),
    Witness(
        Kind.UNUSABLE_DEFAULT,
        ERROR,
        reader=logical("string", "uuid"),
        more={"default": "none"},
        java="error: Invalid UUID string: none",
        fastavro="'none'",
        kontrakt="UnresolvableError",
        after="an error",
    ),
    Witness(
        Kind.DEFAULT_DIFFERS,
        INFO,
        reader=record("Q", shapes.field("q", default=2)),
        more={"default": {}},
        java='{"q": 2}',
        fastavro="{}",
        kontrakt="{'q': 2}",
        after="with or without q",
    ),
    Witness(
        Kind.DEFAULT_DIFFERS,
        INFO,
        reader="bytes",
        more={"default": "\u00ff"},
        java='"\u00ff"',
        fastavro="'\u00ff'",
        kontrakt=r"b'\xff'",
        after="bytes, or text",
    ),
    Witness(
        Kind.RENAMED_WITHOUT_ALIAS,
        ERROR,
        reader=["null", enum("y.E", "AB")],
        writer=enum("x.E", "AB"),
        data="02",
        java="error: Found x.E, expecting union[null, E]",
        fastavro="'B'",
        kontrakt="'B'",
        before="x.E",
        after="y.E",
    ),
    Witness(
        Kind.UNION_CHOICE,
        WARNING,
        reader=[record("x.R", shapes.field("q", default=7)), record("y.R", shapes.field("a"))],
        writer=record("y.R", shapes.field("a")),
        data="02",
        java='{"a": 1}',
        fastavro="{'q': 7}",
        kontrakt="{'a': 1}",
        before="y.R",
        after="y.R, or x.R",
    ),
    Witness(
        Kind.SHARED_FIELD,
        ERROR,
        reader=record("S", shapes.field("c", default=7), shapes.field("d", aliases=["c"], default=8)),
        writer=record("S", shapes.field("c")),
        data="02",
        java='{"c": 7, "d": 1}',
        fastavro="{'c': 1, 'd': 8}",
        kontrakt="{'c': 7, 'd': 1}",
        before="c",
        after="d, or c",
    ),
    Witness(
        Kind.SHARED_FIELD,
        ERROR,
        reader=record("S", shapes.field("c"), shapes.field("d", aliases=["c"])),
        writer=record("S", shapes.field("c")),
        data="02",
        java="error: Found S, expecting S, missing required field c",
        fastavro="SchemaResolutionError",
        kontrakt="UnresolvableError",
        before="c",
        after="d, or c",
    ),
    Witness(
        Kind.SYMBOL_AS_DEFAULT,
        INFO,
        reader=enum("E", "AU", default="U"),
        writer=enum("E", "AB"),
        data="02",
        java='"U"',
        fastavro="'U'",
        kontrakt="'U'",
        before="B",
        after="U",
    ),
    Witness(
        Kind.ORDER_DEPENDENT,
        ERROR,
        reader=UNSOUND[0],
        writer=UNSOUND[1],
        data="000a02000a",
        java="error: Found int, expecting string",
        fastavro="SchemaResolutionError",
        kontrakt="DecodeError",
    ),
)


def by_fastavro(reader: Any, writer: Any, data: bytes) -> str:
    fast: Any = fastavro
    try:
        return repr(fast.schemaless_reader(io.BytesIO(data), fast.parse_schema(writer), fast.parse_schema(reader))["v"])
    except Exception as error:  # noqa: BLE001 - whatever it raises is the answer
        return type(error).__name__


def by_kontrakt(reader: Any, writer: Any, data: bytes) -> str:
    try:
        read = codec_for_schema(json.dumps(reader)).reader(parse(json.dumps(writer), strict=False))
        return repr(read(data, 0)["v"])
    except KontraktError as error:
        return type(error).__name__
