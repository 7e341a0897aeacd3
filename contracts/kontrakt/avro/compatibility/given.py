"""What callers give as a schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from kontrakt.avro.parser import parse
from kontrakt.avro.schema import PRIMITIVES, Schema

Given: TypeAlias = "Schema | str | bytes | Mapping[str, Any] | list[Any]"
"""A tree, JSON text, or what ``json.loads`` made of it."""


def tree(given: Given) -> Schema:
    """The tree of a schema, read as leniently as a registry reads what it holds.

    Raises:
        SchemaErrors: It is not a schema.
    """
    if isinstance(given, Schema):
        return given
    if isinstance(given, str) and given in PRIMITIVES:
        given = f'"{given}"'
    return parse(given, strict=False)
