"""Python values to what stands in Avro: numbers, strings and bytes. Strict: nothing is guessed, nothing is lost.

Each function takes a value that should be of its type, and raises :class:`~kontrakt.codec.misfit.Misfit` where it is not. Code
that is written for speed tests for the common case itself and calls the function for all others.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, Inexact, InvalidOperation
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from kontrakt.avro import Fixed, Schema
from kontrakt.values import Duration

from .binary import FLOAT
from .misfit import Misfit, expected, kind_of, shown
from .units import DAY_NANOS, DURATION, EPOCH, EPOCH_DAY, EXACT, LOCAL_EPOCH, NANOS, Convert

if TYPE_CHECKING:
    from kontrakt.avro import Logical

FLOAT_MAX: Final = 3.4028235677973366e38
"""The first number that rounds to infinity as a 32-bit float."""

_BYTES: Final[tuple[Any, ...]] = (bytes, bytearray, memoryview)
_NO_LISTS: Final[tuple[Any, ...]] = (str, *_BYTES)
_SEQUENCES: Final[tuple[Any, ...]] = (Sequence,)
_MAPPINGS: Final[tuple[Any, ...]] = (Mapping,)


def as_null(value: Any) -> None:
    """Null."""
    if value is not None:
        raise expected("None", value)


def as_boolean(value: Any) -> bool:
    """A boolean; 0 and 1 are not."""
    if isinstance(value, bool):
        return value
    raise expected("bool", value)


def _integer(bits: int) -> Convert:
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1

    def as_integer(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise expected("int", value)
        number = int(value)
        if not low <= number <= high:
            raise Misfit(f"int {shown(number)} does not fit into {bits} bits ({low} to {high})")
        return number

    return as_integer


as_int: Final = _integer(32)
as_long: Final = _integer(64)


def as_double(value: Any) -> float:
    """A float, or an int that a float holds exactly."""
    if isinstance(value, float):
        return float(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise expected("float", value)
    try:
        number = float(value)
    except OverflowError:
        number = None
    if number is None or number != value:
        raise Misfit(f"a float does not hold the int {shown(int(value))} exactly")
    return number


def as_float(value: Any) -> float:
    """A float in the range of 32 bits; the bytes hold as much of it as 32 bits can."""
    number = as_double(value)
    if FLOAT_MAX <= abs(number) < float("inf"):
        raise Misfit(f"float {number!r} is out of the range of 32 bits")
    return number


def as_exact_float(value: Any) -> float:
    """A float that 32 bits hold exactly: the choice between float and double."""
    number = as_float(value)
    if number == number and FLOAT.unpack(FLOAT.pack(number))[0] != number:  # noqa: PLR0124 - not a number
        raise Misfit(f"32 bits do not hold the float {number!r} exactly")
    return number


def as_string(value: Any) -> str:
    """Text."""
    if not isinstance(value, str):
        raise expected("str", value)
    return str.__str__(value)


def as_bytes(value: Any) -> bytes:
    """Bytes."""
    if not isinstance(value, _BYTES):
        raise expected("bytes", value)
    data: Any = value
    return bytes(data)


def fixed(size: int) -> Convert:
    """Make the conversion for bytes of one length."""

    def as_fixed(value: Any) -> bytes:
        data = as_bytes(value)
        if len(data) != size:
            raise Misfit(f"expected {size} bytes, got {len(data)}")
        return data

    return as_fixed


def as_list(value: Any) -> list[Any]:
    """The items of an array."""
    if not isinstance(value, _SEQUENCES) or isinstance(value, _NO_LISTS):
        raise expected("list", value)
    return list(value)


def as_dict(value: Any) -> dict[Any, Any]:
    """The members of a map."""
    if not isinstance(value, _MAPPINGS):
        raise expected("dict", value)
    return value if value.__class__ is dict else dict(value)


def as_key(value: Any) -> str:
    """The key of a map."""
    if not isinstance(value, str):
        raise Misfit(f"the key of a map must be a str, got {kind_of(value)}")
    return str.__str__(value)


def _decimal(logical: Logical, size: int | None) -> Convert:
    """Make the conversion for a decimal.

    Args:
        logical: Its precision and scale.
        size: How many bytes it has, or None for as many as it needs.
    """
    precision, scale = logical.precision, logical.scale
    shift, integral = EXACT.scaleb, EXACT.to_integral_exact

    def as_decimal(value: Any) -> bytes:
        if not isinstance(value, Decimal):
            if not isinstance(value, int) or isinstance(value, bool):
                raise expected("Decimal", value, 'write Decimal("1.10")' if isinstance(value, float) else "")
            value = Decimal(int(value))
        if not value.is_finite():
            raise Misfit(f"Decimal {value} is not a number that Avro has")
        if not value:
            return b"\x00" * (1 if size is None else size)
        if value.adjusted() + scale >= precision:
            before = max(precision - scale, 0)
            raise Misfit(f"Decimal {_digits(value)} has more than {before} digits before the point")
        try:
            unscaled = int(integral(shift(value, scale)))
        except (Inexact, InvalidOperation):
            raise Misfit(
                f"Decimal {_digits(value)} has more than {scale} digits after the point; round it first"
            ) from None
        return unscaled.to_bytes((unscaled.bit_length() + 8) // 8 if size is None else size, "big", signed=True)

    return as_decimal


def _digits(value: Decimal) -> str:
    text = str(value)
    return text if len(text) <= 60 else "of more than 60 characters"


def _as_uuid(value: Any) -> UUID:
    if isinstance(value, UUID):
        return value
    raise expected("UUID", value, "write UUID(text)" if isinstance(value, str) else "")


def as_uuid_text(value: Any) -> str:
    """A UUID as text."""
    return str(_as_uuid(value))


def as_uuid_bytes(value: Any) -> bytes:
    """A UUID as 16 bytes."""
    return _as_uuid(value).bytes


def as_date(value: Any) -> int:
    """The days since 1970-01-01."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.toordinal() - EPOCH_DAY
    raise expected("date", value, "write .date()" if isinstance(value, dt.datetime) else "")


def _time(unit: int) -> Convert:
    """Make the conversion for the time of day in a unit of so many nanoseconds; finer times are rounded down."""
    micros = unit // 1000

    def as_time(value: Any) -> int:
        if not isinstance(value, dt.time):
            raise expected("time", value)
        if value.tzinfo is not None:
            raise Misfit("expected a time without a zone, got one with a zone")
        seconds = (value.hour * 60 + value.minute) * 60 + value.second
        return (seconds * 10**6 + value.microsecond) // micros

    return as_time


def _timestamp(unit: int) -> Convert:
    """Make the conversion for an instant in a unit of so many nanoseconds; finer instants are rounded down."""
    micros = unit // 1000

    def as_timestamp(value: Any) -> int:
        if not isinstance(value, dt.datetime):
            raise expected("datetime", value)
        try:
            delta = value - EPOCH
        except TypeError:
            raise Misfit(
                "expected a datetime with a zone, got one without (write datetime.now(UTC), or .replace(tzinfo=...))"
            ) from None
        return ((delta.days * 86_400 + delta.seconds) * 10**6 + delta.microseconds) // micros

    return as_timestamp


def _local_timestamp(unit: int) -> Convert:
    """Make the conversion for a datetime without a zone in a unit of so many nanoseconds; finer ones are rounded down."""
    micros = unit // 1000

    def as_local_timestamp(value: Any) -> int:
        if not isinstance(value, dt.datetime):
            raise expected("datetime", value)
        if value.tzinfo is not None:
            raise Misfit("expected a datetime without a zone, got one with a zone")
        delta = value - LOCAL_EPOCH
        return ((delta.days * 86_400 + delta.seconds) * 10**6 + delta.microseconds) // micros

    return as_local_timestamp


def as_time_nanos(value: Any) -> int:
    """Nanoseconds since midnight."""
    nanos: int = as_long(value)
    if not 0 <= nanos < DAY_NANOS:
        raise Misfit(f"{nanos} nanoseconds are not a time of day")
    return nanos


def as_duration(value: Any) -> bytes:
    """Months, days and milliseconds."""
    if isinstance(value, Duration):
        return DURATION.pack(value.months, value.days, value.milliseconds)
    hint = "write Duration.from_timedelta(...)" if isinstance(value, dt.timedelta) else ""
    raise expected("Duration", value, hint)


def meant(schema: Schema) -> tuple[type, Convert] | None:
    """How a value of a logical type becomes one of the type under it.

    Args:
        schema: A primitive or fixed.

    Returns:
        The exact class of its values, and the conversion; None where the schema has no logical type, or one whose values stay as
        they are.
    """
    if schema.logical is None:
        return None
    kind, _, unit = schema.logical.name.rpartition("-")
    match kind or unit:
        case "decimal":
            return Decimal, _decimal(schema.logical, schema.size if isinstance(schema, Fixed) else None)
        case "uuid":
            return UUID, as_uuid_text if schema.type == "string" else as_uuid_bytes
        case "date":
            return dt.date, as_date
        case "duration":
            return Duration, as_duration
        case "time" if unit == "nanos":
            return int, as_time_nanos
        case _ if unit == "nanos":
            return None
        case "time":
            return dt.time, _time(NANOS[unit])
        case "timestamp":
            return dt.datetime, _timestamp(NANOS[unit])
        case _:
            return dt.datetime, _local_timestamp(NANOS[unit])
