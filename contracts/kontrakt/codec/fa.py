"""fastavro, as far as it is used, with types. It is imported when the first value is encoded or decoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BytesIO

WireSchema: TypeAlias = dict[str, Any]
"""The JSON of a record's schema."""


@dataclass(frozen=True, slots=True)
class Mover:
    """Moves the data of one schema.

    Attributes:
        schema: What fastavro made of the schema.
        write: Appends a datum of a schema; a branch of a union is a tuple of its name and its value.
        read: Reads a datum of a schema, without a reader's schema, with the option ``return_named_type``: a record or fixed in a
            union is a tuple of its name and its value.
    """

    schema: WireSchema
    write: Callable[[BytesIO, WireSchema, Any], None]
    read: Callable[[BytesIO, WireSchema, None, bool, bool, str, bool], Any]


def mover(schema: WireSchema) -> Mover:
    """Parse a schema once.

    Args:
        schema: A record's schema.
    """
    import fastavro

    fast: Any = fastavro
    return Mover(cast("WireSchema", fast.parse_schema(schema)), fast.schemaless_writer, fast.schemaless_reader)
