"""A TOML file with the place of everything in it, and the words for what is wrong there."""

from __future__ import annotations

import os
import re
import tomllib
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from kontrakt.errors import Position, Problem, SettingsErrors

from .places import Places

if TYPE_CHECKING:
    from collections.abc import Iterable

_TOML_PLACE: Final = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


class File:
    """A TOML file, or the absence of one.

    Args:
        path: Where it is; None for the absence.
        text: What it says.
        prefix: The table in it that counts.
        name: What the user knows it as, where it is not on disk.

    Attributes:
        shown: Its path from the current folder, or its name; empty for the absence.
        folder: The folder it is in.
        table: What it says; a table, unless something else stands at the prefix.

    Raises:
        SettingsErrors: It is not TOML.
    """

    def __init__(
        self, path: Path | None = None, text: str = "", prefix: tuple[str, ...] = (), *, name: str = ""
    ) -> None:
        self.shown = name or (shown(path) if path else "")
        self.folder = path.parent if path and name else Path(self.shown).parent
        self._text = text
        self._prefix = prefix
        table: object = _toml(text, self.shown)
        for key in prefix:
            table = cast("dict[str, object]", table).get(key, {}) if isinstance(table, dict) else {}
        self.table = table

    @cached_property
    def _places(self) -> Places:
        return Places(self._text, self.shown)

    def place(self, *path: str | int) -> Position:
        """Where a key stands; where the nearest one above it does when there is none of its own."""
        return self._places.at(*self._prefix, *path) if self.shown else Position("<settings>", 1, 1)


def text_of(path: Path) -> str | None:
    """The text of a file; None where there is no such file.

    Raises:
        SettingsErrors: It is not UTF-8, or cannot be read.
    """
    try:
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise SettingsErrors(
            [
                Problem(
                    Position(shown(path), 1, 1), f"the file cannot be read: {error.strerror}", "check its permissions"
                )
            ]
        ) from error
    return decoded(data, shown(path))


def decoded(data: bytes, name: str) -> str:
    """The text that a file's bytes are.

    Args:
        data: The bytes.
        name: What the user knows the file as.

    Raises:
        SettingsErrors: They are not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsErrors([Problem(Position(name, 1, 1), "the file is not UTF-8", "save it as UTF-8")]) from None


def shown(path: Path) -> str:
    """The path from the current folder, as one would type it."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # another drive
        return path.as_posix()
    return Path(relative).as_posix() if len(relative) <= len(str(path)) else path.as_posix()


def _toml(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        place = _TOML_PLACE.search(message)
        line, column = (int(place[1]), int(place[2])) if place and place[1] else (text.count("\n") + 1, 1)
        message = _TOML_PLACE.sub("", message)
        raise SettingsErrors(
            [Problem(Position(file, line, column), f"this is not TOML: {message[:1].lower()}{message[1:]}")]
        ) from None


def instead(wrong: str, known: Iterable[str]) -> str:
    """A hint that names the nearest known word, or all of them."""
    names = list(known)
    near = get_close_matches(wrong.lower(), names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names)}"


def described(value: Any) -> str:
    """What kind of value it is."""
    match value:
        case bool():
            return "true" if value else "false"
        case dict():
            return "a table"
        case list():
            return "a list"
        case str():
            return "text"
        case int() | float():
            return "a number"
        case _:
            return "a date or time"
