"""Text to tree, for one schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kontrakt.errors import SchemaErrors

from . import source
from .builder import Builder
from .schema import Named, Schema, Unknown, named_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def parse(
    text: str | bytes | Mapping[str, Any] | list[Any],
    *,
    file: str = "<text>",
    strict: bool = True,
    references: Iterable[Schema] = (),
) -> Schema:
    """Read a schema.

    Args:
        text: JSON text, its bytes, or what ``json.loads`` made of it (positions are then all ``1:1``).
        file: The path to show in positions.
        strict: Whether to hold the schema to the specification, as for what people write. Without it, what the Java
            reference lets pass when it reads a registry's schema passes: names, defaults and logical types are not judged.
        references: Schemas whose named types may be used by name.

    Returns:
        The tree.

    Raises:
        SchemaErrors: The schema is not valid; lists every error.
    """
    if isinstance(text, str | bytes):
        node, problems = source.read_plain(text, file, strict=strict)
    else:
        node, problems = source.from_value(text, file)
    if node is None:
        raise SchemaErrors(problems)
    known: dict[str, Named] = {}
    for reference in references:
        known.update(named_types(reference))
    builder = Builder(strict=strict, known=known)
    found: list[Schema] = [Unknown(source=node)]
    builder.build(node, found.append)
    builder.link()
    builder.check()
    problems.extend(builder.problems)
    if problems:
        raise SchemaErrors(problems)
    return found[-1]
