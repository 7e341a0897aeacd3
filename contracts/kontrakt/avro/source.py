"""JSON read quickly: by the standard library, with the places of values found when they are asked for."""

from __future__ import annotations

import math
import re
from functools import cached_property, partial
from json import JSONDecoder
from typing import TYPE_CHECKING, Any, Final, cast

from kontrakt.errors import Position, Problem

from .node import MAX_BYTES, MAX_DEPTH, MAX_DIGITS, NO_MEMBERS, Node
from .placed import GiveUp, decoded, read
from .shapes import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Callable


def read_plain(data: bytes | str, file: str, *, strict: bool = True) -> tuple[Node | None, list[Problem]]:
    """Read JSON as :func:`read` does, in a fraction of the time.

    The standard library reads it, and the nodes are made where they are looked at. The text is read again, with positions,
    when the first position is asked for, and at once when something in it is not plain JSON or might nest too deeply.

    Args:
        data: As for :func:`read`.
        file: As for :func:`read`.
        strict: As for :func:`read`.

    Returns:
        As :func:`read`.
    """
    if len(data) <= MAX_BYTES:
        try:
            text = decoded(data, file)
            if text.count("{") + text.count("[") <= MAX_DEPTH and _SURROGATE(text) is None:
                return _Unplaced((_load if strict else _load_leniently)(text), _Text(text, file), ""), []
        except (GiveUp, ValueError, RecursionError):
            pass
    return read(data, file, strict=strict)


_SURROGATE: Final = re.compile(r"\\u[dD]").search


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(text)
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if len(text) > MAX_DIGITS or not math.isfinite(value):
        raise ValueError(text)
    return value


def _no_constant(text: str) -> None:
    raise ValueError(text)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a key stands twice")
    return members


_plain: Final = partial(JSONDecoder, parse_int=_whole, parse_float=_finite, parse_constant=_no_constant)
_load: Final[Callable[[str], Any]] = _plain(object_pairs_hook=_distinct).decode
_load_leniently: Final[Callable[[str], Any]] = _plain().decode


class _Text:
    """A text that was read without positions."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._text = text

    @cached_property
    def placed(self) -> Node:
        """Its value with positions."""
        node, _ = read(self._text, self.file, strict=False)
        return Node(None, Position(self.file, 1, 1)) if node is None else node


class _Unplaced(Node):
    """A node that finds out what is below it, and where it stands, when that is asked for.

    The slots that are not set yet are those that Python calls ``__getattr__`` for.
    """

    __slots__ = ("above", "key", "text")

    def __init__(self, value: Any, text: _Text, key: str | int, above: _Unplaced | None = None) -> None:
        self.value = value
        self.text = text
        self.key = key
        self.above = above

    if not TYPE_CHECKING:  # every attribute is declared

        def __getattr__(self, name: str) -> Any:
            if name == "members":
                made = NO_MEMBERS
                if type(self.value) is dict:
                    text = self.text
                    made = {key: _Unplaced(item, text, key, self) for key, item in self.value.items()}
                self.members = made
            elif name == "items":
                made = ()
                if type(self.value) is list:
                    made = [_Unplaced(item, self.text, at, self) for at, item in enumerate(self.value)]
                self.items = made
            elif name == "position":
                made = self.position = _Later(self)
            elif name == "keys":
                made = self.keys = self.placed().keys
            else:
                raise AttributeError(name)
            return made

    def placed(self) -> Node:
        """The same node with its position."""
        path: list[str | int] = []
        node = self
        while node.above is not None:
            path.append(node.key)
            node = node.above
        found = self.text.placed
        for step in reversed(path):
            found = found.members[step] if isinstance(step, str) else found.items[step]
        return found


class _Later(Position):
    """The position of a node, found when its line or column is asked for."""

    __slots__ = ("_node",)

    def __init__(self, node: _Unplaced) -> None:
        object.__setattr__(self, "file", node.text.file)
        object.__setattr__(self, "_node", node)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> int:
            if name not in ("line", "column"):
                raise AttributeError(name)
            found = self._node.placed().position
            object.__setattr__(self, "line", found.line)
            object.__setattr__(self, "column", found.column)
            return getattr(found, name)

    def __reduce__(self) -> tuple[type[Position], tuple[str, int, int]]:
        return Position, (self.file, self.line, self.column)


def from_value(value: Any, file: str) -> tuple[Node | None, list[Problem]]:
    """Wrap a value that did not come from a text; every position is then ``file:1:1``.

    Args:
        value: What ``json.loads`` could have given.
        file: The path to show in positions.

    Returns:
        The outermost node and everything that JSON cannot say, as :func:`read` does.
    """
    position = Position(file, 1, 1)
    problems: list[Problem] = []
    root = Node(value, position)
    stack = [(root, 0)]
    while stack:
        node, depth = stack.pop()
        inner: Any = node.value
        if depth > MAX_DEPTH:
            return None, [*problems, Problem(position, f"nested deeper than {MAX_DEPTH} levels")]
        if is_object(inner):
            members: dict[str, Node] = {}
            for key, member in cast("dict[object, Any]", inner).items():
                if isinstance(key, str):
                    members[key] = Node(member, position)
                else:
                    problems.append(Problem(position, f"the key {key!r} is not a string"))
            node.members = members
            node.keys = dict.fromkeys(members, position)
            stack.extend((child, depth + 1) for child in members.values())
        elif is_array(inner):
            node.items = [Node(item, position) for item in inner]
            stack.extend((child, depth + 1) for child in node.items)
        elif isinstance(inner, float) and not math.isfinite(inner):
            problems.append(Problem(position, f"JSON has no {inner}"))
        elif not (inner is None or isinstance(inner, bool | int | float | str)):
            problems.append(Problem(position, f"JSON has no {type(inner).__name__}"))
    return root, problems
