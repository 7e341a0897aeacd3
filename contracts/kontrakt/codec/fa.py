"""fastavro, as far as it is used, with types. It is imported when the first value is encoded or decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from io import BytesIO

WireSchema: TypeAlias = dict[str, Any]
"""The JSON of a record's schema."""


def prepare(schema: WireSchema) -> WireSchema:
    """Parse a schema once, for :func:`write` and :func:`read`."""
    import fastavro

    return cast("WireSchema", fastavro.parse_schema(schema))


def write(out: BytesIO, schema: WireSchema, datum: Any) -> None:
    """Append a datum; a branch of a union is a tuple of its name and its value."""
    import fastavro

    fastavro.schemaless_writer(out, schema, datum)


def read(source: BytesIO, schema: WireSchema) -> Any:
    """Read a datum; a record or fixed in a union is a tuple of its name and its value."""
    import fastavro

    return fastavro.schemaless_reader(source, schema, None, return_named_type=True)
