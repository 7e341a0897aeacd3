"""Python values to what stands in Avro: numbers, strings and bytes. Strict: nothing is guessed, nothing is lost.

Each function takes a value that should be of its type, and raises :class:`~kontrakt.codec.program.Misfit` where it is not. Code
that is written for speed tests for the common case itself and calls the function for all others; :func:`scalar` says how.
"""

from __future__ import annotations

import datetime as dt
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from uuid import UUID

from kontrakt.avro import Enum, Fixed, Schema
from kontrakt.values import Duration

from .program import Misfit, kind_of, shown

if TYPE_CHECKING:
    from kontrakt.avro import Logical

Convert: TypeAlias = Callable[[Any], Any]

EXACT: Final = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])
"""Decimal arithmetic that never rounds."""

UNITS: Final[Mapping[str, int]] = {"millis": 10**6, "micros": 10**3, "nanos": 1}
"""Nanoseconds in the unit that a logical type is named after."""

_BYTES: Final[tuple[Any, ...]] = (bytes, bytearray, memoryview)
_NO_LISTS: Final[tuple[Any, ...]] = (str, *_BYTES)
_SEQUENCES: Final[tuple[Any, ...]] = (Sequence,)
_MAPPINGS: Final[tuple[Any, ...]] = (Mapping,)
_FLOAT_MAX: Final = 3.4028235677973366e38
"""The first number that rounds to infinity as a 32-bit float."""
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LOCAL_EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - local timestamps have no zone
_EPOCH_DAY: Final = dt.date(1970, 1, 1).toordinal()
_DAY_NANOS: Final = 86_400 * 10**9
_FLOAT: Final = struct.Struct("<f")
_DURATION: Final = struct.Struct("<III")


@dataclass(frozen=True, slots=True)
class Scalar:
    """How a value is converted that contains no other.

    Attributes:
        convert: Converts it, or says what is wrong.
        test: A condition on ``{x}``, first used as ``{first}``, under which it needs no conversion; empty when it always does.
        kind: The exact class of the values that it is meant for.
    """

    convert: Convert
    test: str
    kind: type


def expected(what: str, value: object, hint: str = "") -> Misfit:
    """The error for a value of a wrong type."""
    return Misfit(f"expected {what}, got {kind_of(value)}{f' ({hint})' if hint else ''}")


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
    if _FLOAT_MAX <= abs(number) < float("inf"):
        raise Misfit(f"float {number!r} is out of the range of 32 bits")
    return number


def as_exact_float(value: Any) -> float:
    """A float that 32 bits hold exactly: the choice between float and double."""
    number = as_float(value)
    if number == number and _FLOAT.unpack(_FLOAT.pack(number))[0] != number:  # noqa: PLR0124 - not a number
        raise Misfit(f"32 bits do not hold the float {number!r} exactly")
    return number


def as_string(value: Any) -> str:
    """Text that UTF-8 can hold."""
    if not isinstance(value, str):
        raise expected("str", value)
    text = str.__str__(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise Misfit(f"a str with half of a surrogate pair is not text (at character {error.start})") from None
    return text


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


def decimal(logical: Logical, size: int | None) -> Convert:
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


def as_uuid_text(value: Any) -> str:
    """A UUID as text."""
    if isinstance(value, UUID):
        return str(value)
    raise expected("UUID", value, "write UUID(text)" if isinstance(value, str) else "")


def as_uuid_bytes(value: Any) -> bytes:
    """A UUID as 16 bytes."""
    if isinstance(value, UUID):
        return value.bytes
    raise expected("UUID", value, "write UUID(text)" if isinstance(value, str) else "")


def as_date(value: Any) -> int:
    """The days since 1970-01-01."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value.toordinal() - _EPOCH_DAY
    raise expected("date", value, "write .date()" if isinstance(value, dt.datetime) else "")


def time(unit: int) -> Convert:
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


def timestamp(unit: int) -> Convert:
    """Make the conversion for an instant in a unit of so many nanoseconds; finer instants are rounded down."""
    micros = unit // 1000

    def as_timestamp(value: Any) -> int:
        if not isinstance(value, dt.datetime):
            raise expected("datetime", value)
        try:
            delta = value - _EPOCH
        except TypeError:
            raise Misfit(
                "expected a datetime with a zone, got one without (write datetime.now(UTC), or .replace(tzinfo=...))"
            ) from None
        return ((delta.days * 86_400 + delta.seconds) * 10**6 + delta.microseconds) // micros

    return as_timestamp


def local_timestamp(unit: int) -> Convert:
    """Make the conversion for a datetime without a zone in a unit of so many nanoseconds; finer ones are rounded down."""
    micros = unit // 1000

    def as_local_timestamp(value: Any) -> int:
        if not isinstance(value, dt.datetime):
            raise expected("datetime", value)
        if value.tzinfo is not None:
            raise Misfit("expected a datetime without a zone, got one with a zone")
        delta = value - _LOCAL_EPOCH
        return ((delta.days * 86_400 + delta.seconds) * 10**6 + delta.microseconds) // micros

    return as_local_timestamp


def as_time_nanos(value: Any) -> int:
    """Nanoseconds since midnight."""
    nanos: int = as_long(value)
    if not 0 <= nanos < _DAY_NANOS:
        raise Misfit(f"{nanos} nanoseconds are not a time of day")
    return nanos


def as_duration(value: Any) -> bytes:
    """Months, days and milliseconds."""
    if isinstance(value, Duration):
        return _DURATION.pack(value.months, value.days, value.milliseconds)
    hint = "write Duration.from_timedelta(...)" if isinstance(value, dt.timedelta) else ""
    raise expected("Duration", value, hint)


def symbol(enum: Enum, kind: type | None) -> Convert:
    """Make the conversion of an enum's symbol to its index.

    Args:
        enum: The enum.
        kind: Its class, where there is one.
    """
    indexes = {name: index for index, name in enumerate(enum.symbols)}
    what = kind.__name__ if kind else enum.fullname

    def as_symbol(value: Any) -> int:
        if not isinstance(value, str):
            raise expected(what, value)
        text = str.__str__(value)
        if text not in indexes:
            raise Misfit(f"{kind_of(value)} {shown(text)} is not a symbol of {what}")
        return indexes[text]

    return as_symbol


def as_list(value: Any) -> Sequence[Any]:
    """The items of an array."""
    if not isinstance(value, _SEQUENCES) or isinstance(value, _NO_LISTS):
        raise expected("list", value)
    items: Sequence[Any] = value
    return items


def as_dict(value: Any) -> Mapping[Any, Any]:
    """The members of a map."""
    if not isinstance(value, _MAPPINGS):
        raise expected("dict", value)
    members: Mapping[Any, Any] = value
    return members


def as_key(value: Any) -> str:
    """The key of a map."""
    if not isinstance(value, str):
        raise Misfit(f"the key of a map must be a str, got {kind_of(value)}")
    return as_string(value)


_CLASS: Final = "{first}.__class__ is "
_PRIMITIVES: Final[Mapping[str, Scalar]] = {
    "null": Scalar(as_null, "{first} is None", type(None)),
    "boolean": Scalar(as_boolean, _CLASS + "bool", bool),
    "int": Scalar(as_int, _CLASS + f"int and {-(2**31)} <= {{x}} <= {2**31 - 1}", int),
    "long": Scalar(as_long, _CLASS + f"int and {-(2**63)} <= {{x}} <= {2**63 - 1}", int),
    "float": Scalar(as_float, _CLASS + f"float and {-_FLOAT_MAX!r} < {{x}} < {_FLOAT_MAX!r}", float),
    "double": Scalar(as_double, _CLASS + "float", float),
    "bytes": Scalar(as_bytes, _CLASS + "bytes", bytes),
    "string": Scalar(as_string, _CLASS + "str", str),
}


def scalar(schema: Schema) -> Scalar:
    """How a value is converted, by its schema.

    Args:
        schema: A primitive or fixed, with its logical type.
    """
    size = schema.size if isinstance(schema, Fixed) else None
    if schema.logical is not None:
        return _logical(schema.logical, schema.type, size)
    if size is not None:
        return Scalar(fixed(size), _CLASS + f"bytes and len({{x}}) == {size}", bytes)
    return _PRIMITIVES[schema.type]


def _logical(logical: Logical, base: str, size: int | None) -> Scalar:
    kind, _, unit = logical.name.rpartition("-")
    match kind or logical.name:
        case "decimal":
            return Scalar(decimal(logical, size), "", Decimal)
        case "uuid":
            return Scalar(as_uuid_text if base == "string" else as_uuid_bytes, "", UUID)
        case "date":
            return Scalar(as_date, "", dt.date)
        case "duration":
            return Scalar(as_duration, "", Duration)
        case "time" if unit == "nanos":
            return Scalar(as_time_nanos, "", int)
        case _ if unit == "nanos":
            return _PRIMITIVES["long"]
        case "time":
            return Scalar(time(UNITS[unit]), "", dt.time)
        case "timestamp":
            return Scalar(timestamp(UNITS[unit]), "", dt.datetime)
        case _:
            return Scalar(local_timestamp(UNITS[unit]), "", dt.datetime)
