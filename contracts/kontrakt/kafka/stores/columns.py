"""Columns of a database whose values are fields of the entities."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from operator import attrgetter, itemgetter
from typing import Any, Final, Literal, TypeAlias
from uuid import UUID

from kontrakt.avro import Enum, Fixed, Record, Schema, Union
from kontrakt.codec import codec_for
from kontrakt.codec.binding import library_of
from kontrakt.errors import StoreError

Kind: TypeAlias = Literal[
    "text",
    "int",
    "long",
    "float",
    "boolean",
    "bytes",
    "decimal",
    "date",
    "time",
    "timestamp",
    "local-timestamp",
    "uuid",
]
Get: TypeAlias = Callable[[Any], Any]

ID: Final = "kontrakt_key"
"""The column with the key's bytes."""
DATA: Final = "kontrakt_value"
"""The column with the value's bytes."""

_PRIMITIVES: Final[Mapping[str, Kind]] = {
    "string": "text",
    "int": "int",
    "long": "long",
    "float": "float",
    "double": "float",
    "boolean": "boolean",
    "bytes": "bytes",
}
_LOGICAL: Final[Mapping[str, Kind]] = {
    "decimal": "decimal",
    "uuid": "uuid",
    "date": "date",
    "time-millis": "time",
    "time-micros": "time",
    "timestamp-millis": "timestamp",
    "timestamp-micros": "timestamp",
    "local-timestamp-millis": "local-timestamp",
    "local-timestamp-micros": "local-timestamp",
}


class Column:
    """A column.

    Attributes:
        name: Its name.
        path: Where its value comes from: a field by its Python name, or one of a record inside, such as ``address.city``.
        kind: What it holds.
        schema: The Avro schema of the field, without null.
        get: Takes the value out of an entity; None where the field, or a record on the way to it, is null.
    """

    __slots__ = ("get", "kind", "name", "path", "schema")

    def __init__(self, name: str, path: str, kind: type[Any]) -> None:
        if not re.fullmatch(r"[A-Za-z_]\w{0,59}", name) or name.lower() in (ID, DATA):
            raise StoreError(f"{name!r} cannot be the name of a column: use letters, digits and _, not {ID} or {DATA}")
        self.name = name
        self.path = path
        self.schema, self.get = _found(kind, path)
        found = _kind(self.schema)
        if found is None:
            raise StoreError(
                f"the field {path} of {kind.__name__} is of the type {self.schema.type}, for which there is no column; "
                "name a field inside it, or write rows of your own with rows="
            )
        self.kind: Kind = found


def columns_of(declared: Mapping[str, str], kind: type[Any]) -> list[Column]:
    """The columns that a store was told of.

    Args:
        declared: The field for each column.
        kind: The generated type of the entities.

    Raises:
        StoreError: There is no such field, or it cannot be a column.
    """
    return [Column(name, path, kind) for name, path in declared.items()]


def values_of(columns: Sequence[Column]) -> Callable[[Any], tuple[Any, ...]]:
    """A function that takes the values of columns out of an entity."""
    gets = [column.get for column in columns]
    return lambda value: tuple([get(value) for get in gets])


def plain_values_of(columns: Sequence[Column]) -> Callable[[Any], tuple[Any, ...]]:
    """The same as SQLite can hold it: decimals, dates, times and UUIDs are text that sorts as they do, times of day in UTC."""
    gets = [_plain(column) for column in columns]
    return lambda value: tuple([get(value) for get in gets])


def _plain(column: Column) -> Get:
    get = column.get
    if column.kind in ("text", "int", "long", "float", "boolean", "bytes"):
        return get

    def plain(value: Any) -> Any:
        found = get(value)
        match found:
            case dt.datetime():
                zoned = found if found.tzinfo is None else found.astimezone(dt.UTC)
                return zoned.isoformat(sep=" ", timespec="microseconds")
            case dt.date() | dt.time():
                return found.isoformat()
            case Decimal() | UUID():
                return str(found)
            case _:
                return found

    return plain


def _found(kind: type[Any], path: str) -> tuple[Schema, Get]:
    """The schema at a path, and how to get there."""
    types = library_of(kind)
    schema: Schema = codec_for(kind).schema
    steps: list[Get] = []
    for name in path.split("."):
        if not isinstance(schema, Record):
            raise StoreError(f"the path {path} leads into a {schema.type}, which has no fields")
        shape = types.shape(schema)
        if name not in shape.fields:
            raise StoreError(f"{schema.fullname} has no field {name!r}; it has {', '.join(shape.fields)}")
        schema = _without_null(schema.fields[shape.fields.index(name)].schema)
        steps.append(itemgetter(name) if shape.kind is dict else attrgetter(name))
    return schema, steps[0] if len(steps) == 1 else _walk(steps)


def _walk(steps: Sequence[Get]) -> Get:
    def get(value: Any) -> Any:
        for step in steps:
            if value is None:
                return None
            value = step(value)
        return value

    return get


def _without_null(schema: Schema) -> Schema:
    if isinstance(schema, Union):
        rest = [branch for branch in schema.branches if branch.type != "null"]
        if len(rest) == 1:
            return rest[0]
    return schema


def _kind(schema: Schema) -> Kind | None:
    if schema.logical is not None:
        name = schema.logical.name
        if name.endswith("-nanos"):
            return "long"
        return _LOGICAL.get(name)
    if isinstance(schema, Enum):
        return "text"
    if isinstance(schema, Fixed):
        return "bytes"
    return _PRIMITIVES.get(schema.type)
