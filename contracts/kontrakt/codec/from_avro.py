"""What stands in Avro to Python values, by the schema that wrote it and the schema that reads it.

A logical type of the reader is applied to what the writer wrote, as in Java, with one difference: where both have a logical type
of the same kind, the *writer's* says what the number means. So timestamp-millis read as timestamp-micros is the same instant, and
a decimal written with scale 4 keeps its value whatever the reader's scale is; Java gives 1000 times too little, and 123.45 for
1.2345.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from kontrakt.values import Duration

from .binary import FLOAT
from .misfit import Misfit, shown
from .units import DAY_NANOS, DURATION, EPOCH, EPOCH_DAY, EXACT, LOCAL_EPOCH, NANOS, Convert

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kontrakt.avro import Logical, Schema

_DAY_MICROS: Final = DAY_NANOS // 1000
_LONGEST_DECIMAL: Final = 1024
"""Bytes; a longer one, where the precision does not call for it, would only cost time."""


def as_float(value: int) -> float:
    """An integer that is read as a float of 32 bits: the nearest one, rounded once, as Java does."""
    excess = max(abs(value).bit_length() - 50, 0)
    kept = abs(value) >> excess
    if kept << excess != abs(value):
        kept |= 1  # so that what was cut off still decides a tie
    nearest: float = FLOAT.unpack(FLOAT.pack(math.ldexp(kept, excess)))[0]
    return math.copysign(nearest, value)


def _decimal(scale: int, precision: int) -> Convert:
    """Make the conversion of a two's complement number to a decimal.

    Args:
        scale: How many digits stand after the point.
        precision: How many digits its schema allows.
    """
    longest = max(_LONGEST_DECIMAL, precision)
    unit = Decimal((0, (1,), -scale))
    multiply = EXACT.multiply

    def to_decimal(value: bytes) -> Decimal:
        if len(value) > longest:
            raise Misfit(f"{len(value)} bytes are not a decimal of {precision} digits")
        return multiply(int.from_bytes(value, "big", signed=True), unit)

    return to_decimal


def to_uuid(value: str) -> UUID:
    """A UUID from text."""
    try:
        return UUID(value)
    except ValueError:
        raise Misfit(f"{shown(value)} is not a UUID") from None


def uuid_from_bytes(value: bytes) -> UUID:
    """A UUID from 16 bytes."""
    return UUID(bytes=value)


def to_date(value: int) -> dt.date:
    """A date from the days since 1970-01-01."""
    try:
        return dt.date.fromordinal(value + EPOCH_DAY)
    except (ValueError, OverflowError):
        raise Misfit(f"day {value} since 1970 is not in the years 1 to 9999") from None


def _time(unit: int) -> Convert:
    """Make the conversion to a time of day, from a unit of so many nanoseconds."""

    def to_time(value: int) -> dt.time:
        micros = value * unit // 1000
        if not 0 <= micros < _DAY_MICROS:
            raise Misfit(f"{value} is not a time of day")
        seconds, micros = divmod(micros, 10**6)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        return dt.time(hours, minutes, seconds, micros)

    return to_time


def _timestamp(unit: int, epoch: dt.datetime) -> Convert:
    """Make the conversion to a datetime, from a unit of so many nanoseconds since an epoch."""
    delta = dt.timedelta

    def to_datetime(value: int) -> dt.datetime:
        try:
            return epoch + delta(0, 0, value * unit // 1000)
        except OverflowError:
            raise Misfit(f"{value} is a time that is not in the years 1 to 9999") from None

    return to_datetime


def _nanos(unit: int, *, day: bool) -> Convert:
    """Make the conversion to nanoseconds, from a unit of so many nanoseconds."""

    def to_nanos(value: int) -> int:
        result = value * unit
        if day and not 0 <= result < DAY_NANOS:
            raise Misfit(f"{value} is not a time of day")
        if not -(2**63) <= result < 2**63:
            raise Misfit(f"{result} nanoseconds do not fit into 64 bits")
        return result

    return to_nanos


def to_duration(value: bytes) -> Duration:
    """A duration from its 12 bytes."""
    months, days, milliseconds = DURATION.unpack(value)
    return Duration(months=months, days=days, milliseconds=milliseconds)


class Members(dict[int, Any]):
    """What each index of a writer's enum, as it stands in the bytes, is read as.

    Args:
        fullname: The enum's name.
        symbols: The writer's symbols.
        members: What those are that the reader can read.
    """

    def __init__(self, fullname: str, symbols: Sequence[str], members: Mapping[str, Any]) -> None:
        super().__init__({2 * index: members[name] for index, name in enumerate(symbols) if name in members})
        self._fullname = fullname
        self._symbols = symbols

    def __missing__(self, number: int) -> Any:
        index = (number >> 1) ^ -(number & 1)
        if 0 <= index < len(self._symbols):
            raise Misfit(
                f"the producer wrote the symbol {self._symbols[index]} of {self._fullname}; "
                "the consumer's schema has neither it nor a default"
            )
        raise Misfit(f"index {index} is not one of the {len(self._symbols)} symbols of {self._fullname}")


def promotion(writer: str, reader: str) -> Convert | None:
    """How a number becomes another; None where it stays as it is, as all but integers do.

    Args:
        writer: The type that was written.
        reader: The type that is read; one that the writer's may be read as.
    """
    if writer not in ("int", "long"):
        return None
    return as_float if reader == "float" else float if reader == "double" else None


def meaning(writer: Schema, reader: Schema) -> Convert | None:
    """What a value means after its promotion; None where it is what it is.

    Args:
        writer: The schema that wrote it.
        reader: The schema that reads it: a primitive or fixed, with its logical type.
    """
    wants = reader.logical
    if wants is None:
        return None
    kind, _, unit = wants.name.rpartition("-")
    if not kind:
        return _plain(writer, reader, wants)
    written = unit_written(writer, reader)
    if unit == "nanos":
        day = kind == "time"
        return _nanos(written, day=day) if day or written > 1 else None
    if kind == "time":
        return _time(written)
    return _timestamp(written, EPOCH if kind == "timestamp" else LOCAL_EPOCH)


def unit_written(writer: Schema, reader: Schema) -> int:
    """How many nanoseconds one of what was written is, of a reader's time or timestamp."""
    kind, _, unit = _parts(reader)
    written_kind, _, written_unit = _parts(writer)
    alike = written_kind.removeprefix("local-") == kind.removeprefix("local-")
    return NANOS[written_unit if alike else unit]


def decimal_meant(writer: Schema, reader: Schema) -> Logical:
    """The precision and scale of what was written, of a reader's decimal."""
    wrote = writer.logical
    means = wrote if wrote is not None and wrote.name == "decimal" else reader.logical
    assert means is not None
    return means


def _parts(schema: Schema) -> tuple[str, str, str]:
    return schema.logical.name.rpartition("-") if schema.logical else ("", "", "")


def _plain(writer: Schema, reader: Schema, wants: Logical) -> Convert:
    match wants.name:
        case "decimal":
            means = decimal_meant(writer, reader)
            return _decimal(means.scale, means.precision)
        case "uuid":
            return to_uuid if reader.type == "string" else uuid_from_bytes
        case "date":
            return to_date
        case _:
            return to_duration
