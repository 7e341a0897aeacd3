"""JSON read with the place of every value, so that any later message can point at it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kontrakt.errors import Position

Json: TypeAlias = "None | bool | int | float | str | list[Any] | dict[str, Any]"


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
    members: Mapping[str, Node] = field(default_factory=dict[str, "Node"])
    keys: Mapping[str, Position] = field(default_factory=dict[str, Position])
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
