"""What a schema makes possible in data that nothing but a limit would stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kontrakt.avro import Array, Fixed, Record, Schema, children


class Limits:
    """What the limits of a schema's data ask for. Functions hand on two variables where they need them.

    ``depth`` is how many records of recursive types the value stands in, ``empty`` a list with the count of items without bytes.

    Args:
        root: The schema.
    """

    def __init__(self, root: Schema) -> None:
        every = list(parts(root))
        empty = without_bytes(root)
        self.recursive: Final = recursive(root)
        """The records that may contain another of themselves, by ``id``."""
        self.uncounted: Final = {id(part) for part in every if isinstance(part, Array) and id(part.items) in empty}
        """The arrays whose items take no bytes, by ``id``."""
        self.variables: Final = (", depth" if self.recursive else "") + (", empty" if self.uncounted else "")
        self.start: Final = (", 0" if self.recursive else "") + (", [0]" if self.uncounted else "")
        """What the variables are for a whole value."""


def parts(root: Schema) -> Iterator[Schema]:
    """A schema and all that is inside it, each once."""
    seen: set[int] = set()
    stack = [root]
    while stack:
        schema = stack.pop()
        if id(schema) not in seen:
            seen.add(id(schema))
            yield schema
            stack.extend(children(schema))


def recursive(root: Schema) -> frozenset[int]:
    """The records that may contain another of themselves, by ``id``."""
    inside = {id(schema): list(map(id, children(schema))) for schema in parts(root)}
    around: dict[int, list[int]] = {part: [] for part in inside}
    for outer, inner in inside.items():
        for part in inner:
            around[part].append(outer)
    # What has nothing inside it is on no circle; nor is then what has only such things inside it. The same from the outside.
    left = set(inside)
    for down, up in ((inside, around), (around, inside)):
        count = {part: sum(other in left for other in down[part]) for part in left}
        ends = [part for part in left if not count[part]]
        while ends:
            part = ends.pop()
            left.discard(part)
            for other in up[part]:
                if other in left:
                    count[other] -= 1
                    if not count[other]:
                        ends.append(other)
    return frozenset(id(schema) for schema in parts(root) if id(schema) in left and isinstance(schema, Record))


def without_bytes(root: Schema) -> frozenset[int]:
    """The schemas whose values take no bytes, by ``id``."""
    found: set[int] = set()
    every = list(parts(root))[::-1]  # what is inside others mostly comes first, and one round is enough
    while True:
        before = len(found)
        found.update(id(schema) for schema in every if _takes_none(schema, found))
        if len(found) == before:
            return frozenset(found)


def _takes_none(schema: Schema, known: set[int]) -> bool:
    match schema:
        case Record():
            return all(id(field.schema) in known for field in schema.fields)
        case Fixed():
            return not schema.size
        case _:
            return schema.type == "null"
