"""The values of defaults: what a field that was not written holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from kontrakt.avro import MISSING, Array, Enum, Field, Map, Record, Schema, Union
from kontrakt.avro.defaults import default_value

from . import from_avro
from .misfit import Misfit

if TYPE_CHECKING:
    from .shapes import Types


@dataclass(frozen=True, slots=True)
class Default:
    """A default.

    Attributes:
        make: Makes its value: a new one on every call, unless nobody could change it.
        shared: Whether nobody could change it.
    """

    make: Callable[[], Any]
    shared: bool


MakeDefault: TypeAlias = Callable[[Field], Default]
"""Finds the default of a field; raises ``ValueError`` when it does not fit the field's type."""


def defaults(types: Types) -> MakeDefault:
    """Make what finds the defaults of fields.

    Args:
        types: The classes of the values.
    """

    def find(field: Field) -> Default:
        default_value(field.schema, field.default)  # which refuses what does not fit, and what never ends
        return _make(field.schema, field.default, types)

    return find


def _make(schema: Schema, json: Any, types: Types) -> Default:
    match schema:
        case Union():
            return _make(next(branch for branch in schema.branches if _fits(branch, json)), json, types)
        case Array():
            items = [_make(schema.items, item, types).make for item in json]
            return Default(lambda: [make() for make in items], shared=False)
        case Map():
            members = {key: _make(schema.values, item, types).make for key, item in json.items()}
            return Default(lambda: {key: make() for key, make in members.items()}, shared=False)
        case Record():
            return _record(schema, json, types)
        case Enum():
            return _constant(types.members(schema)[1][json])
        case _:
            return _constant(_meant(schema, default_value(schema, json)))


def _meant(schema: Schema, datum: Any) -> Any:
    convert = from_avro.meaning(schema, schema)
    try:
        return datum if convert is None else convert(datum)
    except Misfit as misfit:
        raise ValueError(f"the default does not fit: {misfit}") from None


def _record(record: Record, json: Any, types: Types) -> Default:
    shape = types.shape(record)
    fields: dict[str, Callable[[], Any]] = {}
    for name, field in zip(shape.fields, record.fields, strict=True):
        given = json.get(field.name, field.default)
        assert given is not MISSING
        fields[name] = _make(field.schema, given, types).make
    construct = shape.make
    return Default(lambda: construct(**{name: make() for name, make in fields.items()}), shared=False)


def _constant(value: Any) -> Default:
    return Default(lambda: value, shared=True)


def _fits(schema: Schema, json: Any) -> bool:
    try:
        default_value(schema, json)
    except ValueError:
        return False
    return True
