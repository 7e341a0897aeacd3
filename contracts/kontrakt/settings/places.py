"""Where each key of a TOML file stands.

The standard library's reader tells no positions, and the packages that keep a file's layout do not either. This index
walks a text that :mod:`tomllib` has accepted already, so it need not judge: it finds the keys and skips the values.
"""

from __future__ import annotations

import re
import tomllib
from typing import Final, TypeAlias

from kontrakt.errors import Position

Path: TypeAlias = "tuple[str | int, ...]"

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_HEADER: Final = re.compile(r"\[\[?[ \t]*")
_KEY: Final = re.compile(
    r"""(?P<bare>[A-Za-z0-9_-]+)|(?P<quoted>"(?:\\.|[^"\\\n])*"|'[^'\n]*')""",
)
_REST_OF_LINE: Final = re.compile(r"[^\n]*")
_DOT: Final = re.compile(r"[ \t]*\.[ \t]*")
_VALUE: Final = re.compile(
    r'''"""(?:\\[\s\S]|(?!""")[^\\])*"{3,5}|\'\'\'(?:(?!\'\'\')[\s\S])*\'{3,5}'''
    r"""|"(?:\\.|[^"\\\n])*"|'[^'\n]*'|#[^\n]*|[^"'#\[\]{}\n]+|[\[\]{}\n]"""
)


class Places:
    """The positions of a TOML file's tables and keys.

    Args:
        text: The file's text, which :mod:`tomllib` accepts.
        file: The path to show.
    """

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self._text = text
        self._line, self._line_start, self._counted = 1, 0, 0
        self._found: dict[Path, Position] = {}
        self._lengths: dict[Path, int] = {}
        self._index()

    def at(self, *path: str | int) -> Position:
        """The position of a key or table; that of the nearest one above it where the path ends early."""
        for end in range(len(path), 0, -1):
            if (found := self._found.get(path[:end])) is not None:
                return found
        return Position(self.file, 1, 1)

    def _index(self) -> None:
        cursor = 0
        table: Path = ()
        while (cursor := self._skip(_BLANK, cursor)) < len(self._text):
            position = self._position(cursor)
            if header := _HEADER.match(self._text, cursor):
                keys, cursor = self._keys(header.end())
                table = self._table(keys, repeated=header[0].startswith("[["))
                self._found.setdefault(table, position)
                cursor = self._skip(_REST_OF_LINE, cursor)
            else:
                keys, cursor = self._keys(cursor)
                for end in range(1, len(keys) + 1):
                    self._found.setdefault(table + keys[:end], position)
                cursor = self._after_value(cursor)

    def _skip(self, pattern: re.Pattern[str], cursor: int) -> int:
        match = pattern.match(self._text, cursor)
        return match.end() if match else cursor

    def _keys(self, cursor: int) -> tuple[tuple[str, ...], int]:
        keys: list[str] = []
        while match := _KEY.match(self._text, cursor):
            keys.append(match["bare"] or tomllib.loads(f"key = {match['quoted']}")["key"])
            dot = _DOT.match(self._text, match.end())
            cursor = dot.end() if dot else match.end()
            if not dot:
                break
        return tuple(keys), cursor

    def _table(self, keys: tuple[str, ...], *, repeated: bool) -> Path:
        path: Path = ()
        for number, key in enumerate(keys, 1):
            path = (*path, key)
            if repeated and number == len(keys):
                self._lengths[path] = self._lengths.get(path, 0) + 1
            if path in self._lengths:
                path = (*path, self._lengths[path] - 1)
        return path

    def _after_value(self, cursor: int) -> int:
        depth = 0
        while match := _VALUE.match(self._text, cursor):
            cursor = match.end()
            match match[0]:
                case "[" | "{":
                    depth += 1
                case "]" | "}":
                    depth -= 1
                case "\n" if depth == 0:
                    return cursor
                case _:
                    pass
        return len(self._text)

    def _position(self, cursor: int) -> Position:
        newlines = self._text.count("\n", self._counted, cursor)
        if newlines:
            self._line += newlines
            self._line_start = self._text.rfind("\n", 0, cursor) + 1
        self._counted = cursor
        return Position(self.file, self._line, cursor - self._line_start + 1)
