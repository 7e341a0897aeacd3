"""An Avro file as it is written: what stands where, and edits that leave the rest of it byte for byte."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

from kontrakt.avro.placed import decoded, line_starts, read
from kontrakt.errors import Position

if TYPE_CHECKING:
    from kontrakt.avro import Node

_BOM: Final = b"\xef\xbb\xbf"
_PART: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\]]')
_SCALAR: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s,\]}]+')


class Edit(NamedTuple):
    """A piece of a text that something takes the place of.

    Attributes:
        start: The offset at which it begins.
        end: The offset after it.
        text: What takes its place.
    """

    start: int
    end: int
    text: str


class Place(NamedTuple):
    """Where a value stands in the one around it.

    Attributes:
        around: The object or array around it.
        step: Its key, or its index.
    """

    around: Node
    step: str | int

    @property
    def value(self) -> Node:
        """The value."""
        return self.around.members[self.step] if isinstance(self.step, str) else self.around.items[self.step]


class Text:
    """An Avro file as it is written. It is JSON: what is not was told when the contracts were loaded.

    Args:
        data: Its bytes.
        file: Its path, as positions have it.

    Attributes:
        root: Its outermost value.
    """

    def __init__(self, data: bytes, file: str) -> None:
        self._file = file
        self._mark = _BOM if data.startswith(_BOM) else b""
        self._text = decoded(data, file)
        self._starts = line_starts(self._text)
        root, _ = read(data, file)
        assert root is not None
        self.root = root

    def edited(self, edit: Edit) -> bytes:
        """The bytes of the file after an edit."""
        return self._mark + (self._text[: edit.start] + edit.text + self._text[edit.end :]).encode()

    def end_of(self, node: Node) -> Position:
        """The position after the end of a value."""
        offset = self._end(self._offset(node.position))
        line = bisect_right(self._starts, offset)
        return Position(self._file, line, offset - self._starts[line - 1] + 1)

    def places(self, position: Position) -> list[Place]:
        """Where what stands at a position stands: in the value around it, in the one around that, and so on outwards.

        Args:
            position: The position of a value, or of a key.
        """
        stack: list[tuple[Node, list[Place]]] = [(self.root, [])]
        while stack:
            node, around = stack.pop()
            steps: Iterable[tuple[str | int, Node]] = [*node.members.items(), *enumerate(node.items)]
            for step, inner in steps:
                inside = [Place(node, step), *around]
                if position in (inner.position, node.keys.get(step) if isinstance(step, str) else None):
                    return inside
                if isinstance(inner.value, dict | list):
                    stack.append((inner, inside))
        return []

    def with_member(self, around: Node, after: str, member: str) -> Edit:
        """An edit that adds a member to an object, on a line of its own where the one before it has one.

        Args:
            around: The object.
            after: The key of the member that it comes after.
            member: What is added, such as ``"default": null``.
        """
        start, end = self._span(around, after)
        line = self._starts[bisect_right(self._starts, start) - 1]
        indent = self._text[line:start]
        separator = ", "
        if not indent.strip(" \t") and line:
            separator = f",{self._newline(line)}{indent}"
        return Edit(end, end, f"{separator}{member}")

    def without(self, place: Place) -> Edit:
        """An edit that removes a member of an object or an item of an array, with the comma that belongs to it."""
        around, step = place
        steps: list[str | int] = [*around.members, *range(len(around.items))]
        spans = [self._span(around, one) for one in steps]
        index = steps.index(step)
        if index:
            return Edit(spans[index - 1][1], spans[index][1], "")
        return Edit(spans[0][0], spans[1][0] if len(spans) > 1 else spans[0][1], "")

    def _newline(self, line: int) -> str:
        before = self._text[line - 2 : line]
        return before if before == "\r\n" else before[-1:]

    def _span(self, around: Node, step: str | int) -> tuple[int, int]:
        """Where a member, with its key, or an item begins and ends."""
        if isinstance(step, str):
            return self._offset(around.keys[step]), self._end(self._offset(around.members[step].position))
        start = self._offset(around.items[step].position)
        return start, self._end(start)

    def _offset(self, position: Position) -> int:
        return self._starts[position.line - 1] + position.column - 1

    def _end(self, start: int) -> int:
        """Where the value ends that begins at an offset."""
        if self._text[start] not in "{[":
            found = _SCALAR.match(self._text, start)
            assert found is not None
            return found.end()
        depth = 0
        for part in _PART.finditer(self._text, start):
            depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(part[0], 0)
            if not depth:
                return part.end()
        raise AssertionError(start)
