"""What a value means to the schema that wrote it and to the one that reads it: logical types and promotions.

Avro's resolution looks at types only. What is found here is compatible to every registry, and read wrongly, or differently by
different readers.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from kontrakt.avro.schema import Fixed, Logical, Schema
from kontrakt.severity import Severity


class AdvisoryKind(StrEnum):
    """What kind of danger."""

    DECIMAL_SCALE = "decimal-scale"
    """A decimal is read with another scale than it was written with."""
    DECIMAL_PRECISION = "decimal-precision"
    """A decimal may have more digits than its reader's type."""
    TIME_UNIT = "time-unit"
    """A time is read in another unit than it was written in."""
    LOGICAL_ADDED = "logical-added"
    """A plain value is read as one of a logical type."""
    LOGICAL_DROPPED = "logical-dropped"
    """A value of a logical type is read as a plain one."""
    LOGICAL_CHANGED = "logical-changed"
    """A value of one logical type is read as one of another."""
    LOSSY_PROMOTION = "lossy-promotion"
    """A whole number is read as a floating point number that cannot hold all of them."""
    BYTES_AS_STRING = "bytes-as-string"
    """Bytes that need not be text are read as text."""
    UNUSABLE_DEFAULT = "unusable-default"
    """A field that was not written has a default that some or all readers refuse."""
    DEFAULT_DIFFERS = "default-differs"
    """A field that was not written has a default that readers take for different values."""
    RENAMED_WITHOUT_ALIAS = "renamed-without-alias"
    """A type moved to another namespace, and the reader has no alias for it."""
    UNION_CHOICE = "union-choice"
    """Several branches of the reader's union have the name of a type; readers choose differently."""
    SHARED_FIELD = "shared-field"
    """Two fields of the reader are meant for one of the writer's; readers fill one of them."""
    SYMBOL_AS_DEFAULT = "symbol-as-default"
    """A symbol that the reader's enum lacks is read as the enum's default."""
    ORDER_DEPENDENT = "order-dependent"
    """The verdict is wrong: it holds in this order of fields only, and some data cannot be read."""


class Note(NamedTuple):
    """A danger, without the place of it.

    Attributes:
        kind: What kind.
        severity: How bad it is.
        explanation: What happens, in full sentences, in terms of producer and consumer.
        before: A value as the producer means it.
        after: What becomes of it.
    """

    kind: AdvisoryKind
    severity: Severity
    explanation: str
    before: str = ""
    after: str = ""


_Raw: TypeAlias = "int | float | bytes | str"

_NANOS: Final[Mapping[str, int]] = {"millis": 10**6, "micros": 10**3, "nanos": 1}
_UNITS: Final[Mapping[str, str]] = {"millis": "milliseconds", "micros": "microseconds", "nanos": "nanoseconds"}
_DAY: Final = 24 * 60 * 60 * 10**9
_LEAP_DAY: Final = dt.date(2024, 2, 29)
_NOON: Final = _DAY // 2
_EPOCH: Final = dt.date(1970, 1, 1)
_EXAMPLE: Final = UUID("6f1c64a2-2f0b-4e0e-9a41-2f6c1a7d9f10")
_LARGEST: Final[Mapping[tuple[str, str], int]] = {
    ("int", "float"): 2**24 + 1,
    ("long", "float"): 2**24 + 1,
    ("long", "double"): 2**53 + 1,
}
"""The first whole number that a promotion loses."""


def misread(reader: Schema, writer: Schema) -> Iterator[Note]:
    """The dangers of reading a primitive or fixed as another, which Avro allows.

    Args:
        reader: The type that is read.
        writer: The type that was written.
    """
    wrote, reads = writer.logical, reader.logical
    if wrote is not None and reads is not None:
        yield from _both(reader, writer, reads, wrote)
    elif wrote is not None:
        explanation = f"The producer writes {_a(wrote)}, the consumer reads a plain {reader.type}."
        yield _note(AdvisoryKind.LOGICAL_DROPPED, Severity.WARNING, explanation, reader, writer, _written(writer))
    elif reads is not None:
        explanation = (
            f"The producer writes a plain {writer.type}, the consumer takes it for {_a(reads)}, which it need not be."
        )
        yield _note(AdvisoryKind.LOGICAL_ADDED, Severity.WARNING, explanation, reader, writer, _plain(writer))
    if lost := _LARGEST.get((writer.type, reader.type)):
        explanation = (
            f"The producer writes {writer.type}, the consumer reads {reader.type}, which does not hold every whole number "
            f"from {lost} on."
        )
        plain = Logical("")
        yield Note(
            AdvisoryKind.LOSSY_PROMOTION,
            Severity.WARNING,
            explanation,
            _shown(writer.type, plain, lost),
            _shown(reader.type, plain, lost),
        )
    if (writer.type, reader.type) == ("bytes", "string"):
        explanation = (
            "The producer writes any bytes, the consumer reads text. Bytes that are not UTF-8 are an error to some readers; "
            "Java puts replacement characters in their place."
        )
        yield Note(AdvisoryKind.BYTES_AS_STRING, Severity.WARNING, explanation, "ff fe", "an error, or \ufffd\ufffd")


def _both(reader: Schema, writer: Schema, reads: Logical, wrote: Logical) -> Iterator[Note]:
    raw = _written(writer)
    if wrote.name == reads.name == "decimal":
        if wrote.scale != reads.scale:
            explanation = (
                f"The producer writes a decimal with scale {wrote.scale}, the consumer reads it with scale {reads.scale}. Avro "
                "stores the digits only; readers that go by the consumer's schema, such as Java's, move the point."
            )
            yield _note(AdvisoryKind.DECIMAL_SCALE, Severity.ERROR, explanation, reader, writer, raw)
        elif reads.precision < wrote.precision:
            explanation = (
                f"The producer writes decimals of up to {wrote.precision} digits, the consumer's type has {reads.precision}. "
                "Readers hand on what they find; it cannot be written again with the consumer's schema."
            )
            largest = str(Decimal("9" * wrote.precision).scaleb(-wrote.scale))
            after = f"{largest}, which has more than {reads.precision} digits"
            yield Note(AdvisoryKind.DECIMAL_PRECISION, Severity.WARNING, explanation, largest, after)
        return
    kind, _, unit = wrote.name.rpartition("-")
    read_kind, _, read_unit = reads.name.rpartition("-")
    if wrote.name != reads.name and not (kind and kind == read_kind):
        instants = {kind, read_kind} == {"timestamp", "local-timestamp"}
        explanation = f"The producer writes {_a(wrote)}, the consumer takes it for {_a(reads)}."
        severity = Severity.WARNING if instants else Severity.ERROR
        yield _note(AdvisoryKind.LOGICAL_CHANGED, severity, explanation, reader, writer, raw)
        if not instants:
            return
    if unit != read_unit:
        factor = max(_NANOS[unit], _NANOS[read_unit]) // min(_NANOS[unit], _NANOS[read_unit])
        explanation = (
            f"The producer counts {_UNITS[unit]}, the consumer {_UNITS[read_unit]}. Avro stores the number only; readers that go "
            f"by the consumer's schema, such as Java's, are wrong by a factor of {factor:,}."
        )
        yield _note(AdvisoryKind.TIME_UNIT, Severity.ERROR, explanation, reader, writer, raw)


def _note(kind: AdvisoryKind, severity: Severity, explanation: str, reader: Schema, writer: Schema, raw: _Raw) -> Note:
    """A note with an example: a value as it was written, shown by both schemas."""
    plain = Logical("")
    before = _shown(writer.type, writer.logical or plain, raw)
    return Note(kind, severity, explanation, before, _shown(reader.type, reader.logical or plain, raw))


def _a(logical: Logical) -> str:
    """A logical type with its article."""
    return f"a {logical.name}"


# Examples: a value as it stands in the data, and what it means to a type.


def _written(writer: Schema) -> _Raw:
    """What a producer with a logical type writes."""
    logical = writer.logical
    assert logical is not None
    kind, _, unit = logical.name.rpartition("-")
    match kind or logical.name:
        case "decimal":
            digits = int("12345"[: logical.precision])
            size = writer.size if isinstance(writer, Fixed) else (digits.bit_length() // 8 + 1)
            return digits.to_bytes(size, "big", signed=True)
        case "uuid":
            return str(_EXAMPLE) if writer.type == "string" else _EXAMPLE.bytes
        case "date":
            return (_LEAP_DAY - _EPOCH).days
        case "time":
            return _NOON // _NANOS[unit]
        case "duration":
            return struct.pack("<III", 1, 2, 3000)
        case _:
            return ((_LEAP_DAY - _EPOCH).days * _DAY + _NOON) // _NANOS[unit]


def _plain(writer: Schema) -> _Raw:
    """What a producer without a logical type may write."""
    match writer:
        case Fixed():
            return bytes(range(1, writer.size + 1)) if writer.size < 256 else bytes(writer.size)
        case Schema(type="bytes"):
            return b"\x04\xd2"
        case Schema(type="string"):
            return "c-1"
        case _:
            return -7


def _shown(kind: str, logical: Logical, raw: _Raw) -> str:
    """A value as a type means it."""
    if kind == "string":
        return _text(logical, raw.decode(errors="replace") if isinstance(raw, bytes) else str(raw))
    if isinstance(raw, str | bytes):
        return _bytes(logical, raw.encode() if isinstance(raw, str) else raw)
    if kind in ("float", "double"):
        return f"{struct.unpack('f', struct.pack('f', raw))[0] if kind == 'float' else float(raw):.0f}"
    return _number(logical, int(raw))


def _text(logical: Logical, raw: str) -> str:
    if logical.name != "uuid":
        return raw if raw.isprintable() else repr(raw)
    try:
        return str(UUID(raw))
    except ValueError:
        return "an error: it is no UUID"


def _bytes(logical: Logical, raw: bytes) -> str:
    match logical.name:
        case "decimal":
            return str(Decimal(int.from_bytes(raw, "big", signed=True)).scaleb(-logical.scale))
        case "uuid":
            return str(UUID(bytes=raw))
        case "duration":
            months, days, millis = struct.unpack("<III", raw)
            return f"{months} months, {days} days, {millis} ms"
        case _:
            return raw.hex(" ")


def _number(logical: Logical, raw: int) -> str:
    kind, _, unit = logical.name.rpartition("-")
    match kind or logical.name:
        case "date":
            return _moment(raw * _DAY, "date")
        case "time":
            return _moment(raw * _NANOS[unit], "time")
        case "timestamp":
            return _moment(raw * _NANOS[unit], "timestamp") + " UTC"
        case "local-timestamp":
            return _moment(raw * _NANOS[unit], "timestamp")
        case _:
            return str(raw)


def _moment(nanos: int, kind: str) -> str:
    days, rest = divmod(nanos, _DAY)
    if kind == "time" and days:
        return "an error: it is no time of day"
    seconds, fraction = divmod(rest, 10**9)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    if fraction:
        clock += f".{fraction:09}".rstrip("0")
    if kind == "time":
        return clock
    try:
        day = (_EPOCH + dt.timedelta(days)).isoformat()
    except OverflowError:
        return f"a day in the year {1970 + days * 400 // 146_097:,}"
    return day if kind == "date" else f"{day} {clock}"
