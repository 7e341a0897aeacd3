"""Nodes that refer to each other by number, on their way to the codec in C."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Node: TypeAlias = tuple[Any, ...]
"""A node: its name, and what ``native/program.c`` says belongs to one of that name."""

Description: TypeAlias = tuple[int, tuple[Node, ...]]
"""A program: the number of its first node, and all nodes."""


class Graph:
    """Collects nodes. One may refer to others that are not made yet, and so to itself; none is made inside the making of another."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._known: dict[int, int] = {}
        self._to_make: list[tuple[int, Callable[[], Node]]] = []

    def at(self, of: object, make: Callable[[], Node]) -> int:
        """The number of the node for something, which is made later.

        Args:
            of: What it is for; it must live as long as the graph.
            make: Makes it.
        """
        known = self._known.get(id(of))
        if known is None:
            known = self._known[id(of)] = self.add()
            self._to_make.append((known, make))
        return known

    def add(self, *node: Any) -> int:
        """The number of a new node."""
        self._nodes.append(node)
        return len(self._nodes) - 1

    def describe(self, root: int) -> Description:
        """Make what is still to be made.

        Args:
            root: The number of the first node.
        """
        while self._to_make:
            number, make = self._to_make.pop()
            self._nodes[number] = make()
        return root, tuple(self._nodes)
