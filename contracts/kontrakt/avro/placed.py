"""JSON read with the place of every value, so that any later message can point at it.

The standard library's reader gives no positions, takes what JSON has not (``NaN``, duplicate keys) and stops at the first
error with a recursion limit in its way. This one keeps a stack of its own, goes on after mistakes whose meaning is plain (a
missing comma, a comment), and reports everything else with a position.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from json import JSONDecodeError, JSONDecoder
from typing import TYPE_CHECKING, Any, Final

from kontrakt.errors import Position, Problem

from .node import MAX_BYTES, MAX_DEPTH, MAX_DIGITS, MAX_PROBLEMS, NO_KEYS, NO_MEMBERS, Node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def read(data: bytes | str, file: str, *, strict: bool = True) -> tuple[Node | None, list[Problem]]:
    """Read JSON.

    Args:
        data: The file's bytes in UTF-8 (a byte order mark is skipped), or text.
        file: The path to show in positions.
        strict: Whether a key that stands twice in an object is a problem; otherwise its last value counts, as in Java.

    Returns:
        The outermost value and everything that is wrong. The value is None where no reading of the text makes sense;
        with problems and a value, the value is what its author most likely meant.
    """
    if len(data) > MAX_BYTES:
        shown = f"{MAX_BYTES // (1024 * 1024)} MB"
        return None, [Problem(Position(file, 1, 1), f"the file is larger than {shown}", "split it")]
    try:
        text = decoded(data, file)
        reader = _Reader(text, file, strict=strict)
    except GiveUp as given_up:
        return None, [given_up.problem]
    return reader.document(), reader.problems


class GiveUp(Exception):
    """No reading of the rest makes sense."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


_ENCODINGS: Final = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "UTF-16"),
    (b"\xfe\xff", "UTF-16"),
)


def decoded(data: bytes | str, file: str) -> str:
    """The text of a file, without its byte order mark.

    Raises:
        GiveUp: It is none.
    """
    return _decode(data, file) if isinstance(data, bytes) else _checked(data, file)


def _decode(data: bytes, file: str) -> str:
    start = Position(file, 1, 1)
    encoding = next((name for mark, name in _ENCODINGS if data.startswith(mark)), None)
    if encoding is None:  # JSON begins with characters of ASCII
        encoding = {1: "UTF-16" if len(data) == 2 else None, 2: "UTF-16", 3: "UTF-32"}.get(data[:4].count(0))
    if encoding is not None:
        raise GiveUp(Problem(start, f"the file is {encoding}, not UTF-8", "save it as UTF-8"))
    data = data.removeprefix(b"\xef\xbb\xbf")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8")
        message = f"the byte 0x{data[error.start]:02x} is not UTF-8"
        raise GiveUp(Problem(_place(before, len(before), file), message, "save the file as UTF-8")) from None


def _checked(text: str, file: str) -> str:
    text = text.removeprefix("\ufeff")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        message = f"\\u{ord(text[error.start]):04x} is half of a surrogate pair"
        raise GiveUp(Problem(_place(text, error.start, file), message)) from None
    return text


_NEWLINE: Final = re.compile(r"\r\n?|\n")


def line_starts(text: str) -> list[int]:
    """The offset at which each line of a text begins."""
    return [0, *(found.end() for found in _NEWLINE.finditer(text))]


def _place(text: str, offset: int, file: str) -> Position:
    starts = line_starts(text)
    line = bisect_right(starts, offset)
    return Position(file, line, offset - starts[line - 1] + 1)


_BLANK = r"[ \t\n\r]*"
_PLAIN = r'"([^"\\\x00-\x1f]*)"'
_KEY: Final = re.compile(rf"{_BLANK}{_PLAIN}{_BLANK}:").match
_VALUE: Final = re.compile(
    rf"{_BLANK}(?:{_PLAIN}|([{{\[])|(true|false|null)(?![\w.+-])"
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![\w.+-]))"
).match
_STRING, _OPEN, _LITERAL, _NUMBER = range(1, 5)
_AFTER: Final = re.compile(rf"{_BLANK}(?:(,)({_BLANK}[}}\]])?|([}}\]]))").match
_SPACE: Final = re.compile(_BLANK).match
_WORD: Final = re.compile(r"[-+.\w$]+").match
_QUOTED: Final = re.compile(r"'((?:[^'\\\n]|\\.)*)'").match
_COMMENT = r"//[^\n]*|#[^\n]*|/\*.*?\*/"
_COMMENT_HERE: Final = re.compile(_COMMENT, re.DOTALL).match
_STRING_OR_COMMENT: Final = re.compile(rf'"(?:[^"\\\n]|\\.)*"|({_COMMENT})', re.DOTALL)

_CONTROL: Final = re.compile(r"[\x00-\x1f]").finditer
_read_string: Final[Callable[[str, int], tuple[str, int]]] = JSONDecoder(strict=False).raw_decode

_LITERALS: Final[Mapping[str, Any]] = {"true": True, "false": False, "null": None}
_FOREIGN: Final[Mapping[str, Any]] = {
    "NaN": 0.0,
    "Infinity": 0.0,
    "-Infinity": 0.0,
    "True": True,
    "False": False,
    "None": None,
    "undefined": None,
}
"""Words that JSON has not, and a value of the kind that their author meant."""


class _Comments(Exception):
    """The text has comments; they are reported and blanked, and reading starts again."""


class _Reader:
    """Reads one text."""

    def __init__(self, text: str, file: str, *, strict: bool) -> None:
        self.problems: list[Problem] = []
        self._text = text
        self._file = file
        self._strict = strict
        self._starts = line_starts(text)

    def document(self) -> Node | None:
        try:
            return self._document()
        except _Comments:
            self.problems.clear()
            self._text = _STRING_OR_COMMENT.sub(self._blank, self._text)
            return self._document()

    def _document(self) -> Node | None:
        try:
            root, end = self._value()
            end = self._skip(end)
            if end < len(self._text):
                self._report(end, f"{self._shown(end)} after the end of the value", "a file holds one JSON value")
        except GiveUp as given_up:
            self.problems.append(given_up.problem)
            return None
        return root

    def _value(self) -> tuple[Node, int]:
        """The outermost value, and where it ends."""
        text, starts, file = self._text, self._starts, self._file
        # What is open: the plain values, their nodes and, in an object, the places of its keys. The outermost value is
        # read into an array that the text does not have.
        values: Any = []
        nodes: Any = []
        keys: dict[str, Position] | None = None
        key = ""
        around: list[tuple[Any, Any, dict[str, Position] | None, Node]] = []
        offset = 0
        value: Any
        while True:
            found = _VALUE(text, offset)
            if found is None:
                value, start, offset = self._odd_value(offset)
                kind = 0
            else:
                kind = found.lastindex or 0
                start = found.start(kind)
                offset = found.end()
                if kind == _STRING:
                    value = found[1]
                    start -= 1
                elif kind == _OPEN:
                    value = {} if found[2] == "{" else []
                elif kind == _LITERAL:
                    value = _LITERALS[found[3]]
                else:
                    value = self._number(found[4], start)
            line = bisect_right(starts, start)
            node = Node(value, Position(file, line, start - starts[line - 1] + 1), NO_MEMBERS, NO_KEYS)
            if keys is None:
                values.append(value)
                nodes.append(node)
            else:
                values[key] = value
                nodes[key] = node
            if kind == _OPEN:
                if len(around) == MAX_DEPTH:
                    raise self._give_up(start, f"nested deeper than {MAX_DEPTH} levels")
                around.append((values, nodes, keys, node))
                values = value
                if isinstance(value, dict):
                    node.members = nodes = {}
                    node.keys = keys = {}
                else:
                    node.items = nodes = []
                    keys = None
                found = _AFTER(text, offset)
                if found is None or found[3] != ("]" if keys is None else "}"):
                    if keys is not None:
                        key, offset = self._key(offset, keys, node)
                    continue
            while around:
                found = _AFTER(text, offset)
                if found is None:
                    offset = self._no_comma(offset, around[-1][3])
                    break
                offset = found.end()
                if found[1]:
                    if not found[2]:
                        break
                    self._report(found.start(1), "a comma before the end", "remove it")
                if text[offset - 1] != ("]" if keys is None else "}"):
                    raise self._unclosed(offset - 1, around[-1][3])
                values, nodes, keys, _ = around.pop()
            else:
                return nodes[0], offset
            if keys is not None:
                key, offset = self._key(offset, keys, around[-1][3])

    def _key(self, offset: int, keys: dict[str, Position], container: Node) -> tuple[str, int]:
        """The key at an offset, and where its value begins."""
        found = _KEY(self._text, offset)
        if found is not None:
            key, start, end = found[1], found.start(1) - 1, found.end()
        else:
            key, start, end = self._odd_key(offset, container)
        position = self._position(start)
        if key in keys and self._strict:
            first = keys[key]
            self._report(start, f'the key "{key}" stands twice', f"first at line {first.line}, column {first.column}")
        else:
            keys[key] = position
        return key, end

    def _odd_key(self, offset: int, container: Node) -> tuple[str, int, int]:
        text = self._text
        start = self._skip(offset)
        if start == len(text):
            raise self._unclosed(start, container)
        if text[start] == '"':
            key, end = self._string(start)
        elif quoted := _QUOTED(text, start):
            key, end = quoted[1], quoted.end()
            self._report(start, f"the key {quoted[0]} is in single quotes", "JSON takes double quotes")
        elif word := _WORD(text, start):
            key, end = word[0], word.end()
            self._report(start, f"the key {key} is not in double quotes")
        else:
            raise self._give_up(start, f"expected a key, found {self._shown(start)}")
        end = self._skip(end)
        if text[end : end + 1] == ":":
            return key, start, end + 1
        if text[end : end + 1] == "=":
            self._report(end, 'expected ":", found "="')
            return key, start, end + 1
        if _VALUE(text, end) is None:
            raise self._give_up(end, f'expected ":" after the key "{key}", found {self._shown(end)}')
        self._report(end, f'no ":" after the key "{key}"')
        return key, start, end

    def _odd_value(self, offset: int) -> tuple[Any, int, int]:
        """A value that is not a plain one: its value, where it begins and ends."""
        text = self._text
        start = self._skip(offset)
        if start == len(text):
            raise self._give_up(start, "the file is empty" if not text.strip() else "the file ends too early")
        if text[start] == '"':
            value, end = self._string(start)
            return value, start, end
        if quoted := _QUOTED(text, start):
            self._report(start, f"{quoted[0]} is in single quotes", "JSON takes double quotes")
            return quoted[1], start, quoted.end()
        word = _WORD(text, start)
        if word is None:
            raise self._give_up(start, f"expected a value, found {self._shown(start)}")
        shown = word[0]
        if shown in _FOREIGN:
            self._report(start, f"{shown} is not JSON")
            return _FOREIGN[shown], start, word.end()
        if shown[0] in "+-.0123456789":
            self._report(start, f"{_short(shown)} is not a number as JSON writes it")
            return 0, start, word.end()
        self._report(start, f"the word {_short(shown)} is not in double quotes")
        return shown, start, word.end()

    def _no_comma(self, offset: int, container: Node) -> int:
        """Goes on where neither a comma nor an end follows a value."""
        start = self._skip(offset)
        if start == len(self._text):
            raise self._unclosed(start, container)
        if self._text[start] not in '"{[' and not _WORD(self._text, start):
            raise self._give_up(start, f"expected a comma or an end, found {self._shown(start)}")
        self._report(start, f"no comma before {self._shown(start)}")
        return start

    def _string(self, start: int) -> tuple[str, int]:
        """A string with escapes or mistakes, and where it ends."""
        try:
            value, end = _read_string(self._text, start)
        except JSONDecodeError as error:
            if error.msg.startswith("Unterminated"):
                raise self._give_up(start, "the string does not end") from None
            raise self._give_up(error.pos, "not an escape that JSON knows", r"write \\ for a backslash") from None
        for found in _CONTROL(self._text, start, end):
            if found[0] in "\r\n":
                raise self._give_up(start, "the string does not end on its line")
            shown = f"\\u{ord(found[0]):04x}"
            self._report(found.start(), f"the control character {shown} stands in a string", "escape it")
        try:
            value.encode("utf-8")
        except UnicodeEncodeError as error:
            half = f"\\u{ord(value[error.start]):04x}"
            at = self._text.lower().find(half, start)
            self._report(max(at, start), f"{half} is half of a surrogate pair")
            value = value.encode("utf-8", "replace").decode("utf-8")
        return value, end

    def _number(self, text: str, start: int) -> int | float:
        if len(text) > MAX_DIGITS:
            self._report(start, f"a number of {len(text)} characters", f"{MAX_DIGITS} are read")
            return 0
        if text.isdigit() or text[1:].isdigit():
            return int(text)
        value = float(text)
        if not math.isfinite(value):
            self._report(start, f"{_short(text)} is larger than a double")
            return 0.0
        return value

    def _skip(self, offset: int) -> int:
        """Where the next token begins."""
        found = _SPACE(self._text, offset)
        start = found.end() if found else offset
        if _COMMENT_HERE(self._text, start):
            raise _Comments
        return start

    def _blank(self, found: re.Match[str]) -> str:
        if found[1] is None:
            return found[0]
        self._report(found.start(), "a comment; JSON has none", 'put the text into "doc"')
        return re.sub(r"[^\n\r]", " ", found[0])

    def _unclosed(self, offset: int, container: Node) -> GiveUp:
        begin = container.position
        opened, closing = ("{", "}") if isinstance(container.value, dict) else ("[", "]")
        where = f"line {begin.line}, column {begin.column}"
        return self._give_up(offset, f'expected "{closing}" for the "{opened}" of {where}, found {self._shown(offset)}')

    def _shown(self, offset: int) -> str:
        if offset >= len(self._text):
            return "the end of the file"
        word = _WORD(self._text, offset)
        return f'"{_short(word[0])}"' if word else f'"{self._text[offset]}"'.replace('"""', "a string")

    def _position(self, offset: int) -> Position:
        line = bisect_right(self._starts, offset)
        return Position(self._file, line, offset - self._starts[line - 1] + 1)

    def _report(self, offset: int, message: str, hint: str = "") -> None:
        self.problems.append(Problem(self._position(offset), message, hint))
        if len(self.problems) == MAX_PROBLEMS:
            raise self._give_up(offset, "too many mistakes to go on")

    def _give_up(self, offset: int, message: str, hint: str = "") -> GiveUp:
        return GiveUp(Problem(self._position(offset), message, hint))


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
