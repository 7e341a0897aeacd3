"""Defaults: the Python expression that makes the value which a schema's default means."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from kontrakt.avro import MISSING, Array, Enum, Field, Fixed, Map, Record, Schema, Union
from kontrakt.avro.defaults import branch_of

from .scope import DEEPEST, Scope, leaf

Names = Callable[[Record | Enum], Mapping[str, str]]
"""The Python names of the fields of a record or the symbols of an enum, by their Avro names."""


class Unrepresentable(Exception):
    """A default that no Python value can mean: a day in the year 20000, a uuid that is none."""


@dataclass(frozen=True, slots=True)
class Default:
    """A default.

    Args:
        expression: What makes it.
        mutable: Whether its value can change, so that no two owners may share one.
        schema: Its type; of a union the branch that it is of.
    """

    expression: str
    mutable: bool
    schema: Schema


class Defaults:
    """Writes the defaults of a module.

    Args:
        scope: The module's scope; what a default uses is imported.
        names: The Python names of fields and symbols.
        records: Whether records are made by calling their class with what the default says. (A TypedDict has no defaults to
            fill in the rest.)
    """

    def __init__(self, scope: Scope, names: Names, *, records: bool = True) -> None:
        self._scope = scope
        self._names = names
        self._records = records

    def of(self, field: Field) -> Default | None:
        """The default of a field; None where it has none, or none that Python can say."""
        if field.default is MISSING:
            return None
        try:
            expression, mutable = self._expression(field.schema, field.default, 0)
        except Unrepresentable:
            return None
        return Default(expression, mutable, branch_of(field.schema, field.default))

    def _expression(self, schema: Schema, value: Any, depth: int) -> tuple[str, bool]:
        """The expression, and whether its value can change."""
        if depth > DEEPEST:
            raise Unrepresentable
        if schema.logical is not None:
            return self._logical(schema, value), False
        match schema:
            case Union():
                return self._expression(branch_of(schema, value), value, depth)
            case Array():
                items = [self._expression(schema.items, item, depth + 1)[0] for item in value]
                return f"[{', '.join(items)}]", True
            case Map():
                members = [
                    f"{_text(key)}: {self._expression(schema.values, item, depth + 1)[0]}"
                    for key, item in value.items()
                ]
                return f"{{{', '.join(members)}}}", True
            case Record():
                if not self._records:
                    raise Unrepresentable
                names = self._names(schema)
                arguments = [
                    f"{names[field.name]}={self._expression(field.schema, value[field.name], depth + 1)[0]}"
                    for field in schema.fields
                    if field.name in value
                ]
                for field in schema.fields:  # the class leaves it to the caller, or has no default that Python can say
                    if field.name not in value:
                        self._expression(field.schema, field.default, depth + 1)
                return f"{self._scope.use(schema.fullname)}({', '.join(arguments)})", True
            case Enum():
                return f"{self._scope.use(schema.fullname)}.{self._names(schema)[value]}", False
            case _:
                return _plain(schema, value), False

    def _logical(self, schema: Schema, value: Any) -> str:
        assert schema.logical is not None
        write = _WRITERS[schema.logical.name]
        try:
            expression = write(schema, value)
        except (ValueError, OverflowError, ArithmeticError) as error:
            raise Unrepresentable from error
        found = leaf(schema)
        assert found is not None
        self._scope.leaf(found)
        return expression


def _plain(schema: Schema, value: Any) -> str:
    match schema.type:
        case "float" | "double":
            number = float(value) if abs(value) < 2**1024 else float("inf")
            return repr(number) if number - number == 0 else f'float("{number}")'
        case "bytes" | "fixed":
            return _bytes(value)
        case "string":
            return _text(value)
        case _:
            return repr(value)


def _text(value: str) -> str:
    """A string literal that any file can hold."""
    if value.isprintable():
        return repr(value)
    return ascii(value)


def _bytes(value: str) -> str:
    return repr(value.encode("latin-1"))


# --- logical types ----------------------------------------------------------------------------------------------------

_EPOCH: Final = dt.datetime(1970, 1, 1)  # noqa: DTZ001  naive on purpose: it is only counted from


def _decimal(schema: Schema, value: str) -> str:
    assert schema.logical is not None
    unscaled = int.from_bytes(value.encode("latin-1"), "big", signed=True)
    digits = tuple(int(digit) for digit in str(abs(unscaled)))
    if len(digits) > schema.logical.precision:
        raise ValueError("too many digits")
    return f'Decimal("{Decimal((int(unscaled < 0), digits, -schema.logical.scale))}")'


def _uuid(schema: Schema, value: str) -> str:
    found = UUID(bytes=value.encode("latin-1")) if isinstance(schema, Fixed) else UUID(value)
    return f'UUID("{found}")'


def _date(_: Schema, value: int) -> str:
    day = dt.date(1970, 1, 1) + dt.timedelta(days=value)
    return f"dt.date({day.year}, {day.month}, {day.day})"


def _time(unit: int) -> Callable[[Schema, int], str]:
    """Writes a time of day. Args: unit: How many microseconds a unit has."""

    def write(_: Schema, value: int) -> str:
        moment = _EPOCH + dt.timedelta(microseconds=value * unit)
        if moment.date() != _EPOCH.date():
            raise ValueError("not within a day")
        return f"dt.time({_clock(moment)})"

    return write


def _timestamp(unit: int, zone: str) -> Callable[[Schema, int], str]:
    """Writes a moment. Args: unit: How many microseconds a unit has. zone: What its arguments end with."""

    def write(_: Schema, value: int) -> str:
        moment = _EPOCH + dt.timedelta(microseconds=value * unit)
        parts = [str(moment.year), str(moment.month), str(moment.day)]
        if moment.time() != dt.time():
            parts.append(_clock(moment))
        return f"dt.datetime({', '.join(parts)}{zone})"

    return write


def _clock(moment: dt.datetime) -> str:
    parts = [moment.hour, moment.minute, moment.second, moment.microsecond]
    while len(parts) > 2 and not parts[-1]:
        parts.pop()
    return ", ".join(map(str, parts))


def _nanos(name: str) -> Callable[[Schema, int], str]:
    def write(_: Schema, value: int) -> str:
        return f"{name}({value})"

    return write


def _duration(_: Schema, value: str) -> str:
    data = value.encode("latin-1")
    months, days, millis = (int.from_bytes(data[at : at + 4], "little") for at in (0, 4, 8))
    return f"Duration(months={months}, days={days}, milliseconds={millis})"


_WRITERS: Final[Mapping[str, Callable[[Schema, Any], str]]] = {
    "date": _date,
    "decimal": _decimal,
    "duration": _duration,
    "local-timestamp-micros": _timestamp(1, ""),
    "local-timestamp-millis": _timestamp(1000, ""),
    "local-timestamp-nanos": _nanos("LocalTimestampNanos"),
    "time-micros": _time(1),
    "time-millis": _time(1000),
    "time-nanos": _nanos("TimeNanos"),
    "timestamp-micros": _timestamp(1, ", tzinfo=dt.UTC"),
    "timestamp-millis": _timestamp(1000, ", tzinfo=dt.UTC"),
    "timestamp-nanos": _nanos("TimestampNanos"),
    "uuid": _uuid,
}
