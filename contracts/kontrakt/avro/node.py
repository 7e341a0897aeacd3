"""A JSON value and where it stands, and how large a text may be to become one."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kontrakt.errors import Position

Json: TypeAlias = "bool | int | float | str | list[Any] | dict[str, Any] | None"

MAX_BYTES: Final = 16 * 1024 * 1024
"""The largest file that is read."""
MAX_DEPTH: Final = 2_000
"""How deeply objects and arrays may nest (a record in a record takes three levels)."""
MAX_DIGITS: Final = 1_000
"""The longest number that is read."""
MAX_PROBLEMS: Final = 100
"""After how many mistakes a file is given up."""


# Most values have neither, and share these.
NO_MEMBERS: Final[Mapping[str, Node]] = MappingProxyType({})
NO_KEYS: Final[Mapping[str, Position]] = MappingProxyType({})


@dataclass(eq=False, slots=True)
class Node:
    """A JSON value and where it stands.

    Attributes:
        value: The plain value, as ``json.loads`` gives it.
        position: Where it begins.
        members: Of an object: the nodes of its values by key.
        keys: Of an object: where each key stands.
        items: Of an array: the nodes of its items.
    """

    value: Any
    position: Position
    members: Mapping[str, Node] = field(default_factory=lambda: NO_MEMBERS)
    keys: Mapping[str, Position] = field(default_factory=lambda: NO_KEYS)
    items: Sequence[Node] = ()

    def at(self, *path: str | int) -> Position:
        """The position of a value below this one; that of the nearest one above it where the path ends early."""
        node = self
        for step in path:
            if isinstance(step, str):
                found = node.members.get(step)
            else:
                found = node.items[step] if step < len(node.items) else None
            if found is None:
                break
            node = found
        return node.position
