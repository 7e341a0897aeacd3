"""Documentation of schemas as docstrings that mean the same text, whatever it contains."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import Final

WIDTH: Final = 100
"""The length of a line of generated code."""


def docstring(text: str, *, indent: int = 4, width: int = WIDTH) -> str:
    """A docstring.

    Args:
        text: Any text.
        indent: How far in it stands.
        width: Where its lines end; a longer word keeps a line of its own.

    Returns:
        The literal; its first line without the indentation, the others with it. An empty string where there is no text.
    """
    lines = _lines(text, width - indent)
    if not lines:
        return ""
    if len(lines) == 1 and len(only := _closed(lines[0])) + 6 <= width - indent:
        return f'"""{only}"""'
    margin = " " * indent
    body = "\n".join(margin + _escaped(line) if line else "" for line in lines).lstrip()
    return f'"""{body}\n{margin}"""'


def summary(text: str) -> str:
    """The first paragraph of a text, on one line."""
    return " ".join(text.strip().split("\n\n")[0].split())


def listed(words: Iterable[str]) -> str:
    """A list in words: ``a``, ``a and b``, ``a, b and c``."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def reads(consumers: Iterable[str], topics: Iterable[str]) -> str:
    """The sentence for what consumers read of topics."""
    names = list(dict.fromkeys(consumers))
    shown = (f"``{topic}``" for topic in dict.fromkeys(topics))
    return f"What {listed(names)} read{'s' if len(names) == 1 else ''} of {listed(shown)}."


def _lines(text: str, width: int) -> list[str]:
    lines: list[str] = []
    # splitlines() would also break at characters that Avro's readers take for part of a line
    for line in text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(4).split("\n"):
        stripped = line.rstrip()
        room = width - (3 if not lines else 0)
        if len(stripped) <= room:
            lines.append(stripped)
            continue
        margin = stripped[: len(stripped) - len(stripped.lstrip())]
        lines.extend(
            textwrap.wrap(
                stripped,
                width,
                initial_indent="" if lines else "   ",
                subsequent_indent=f"{margin}    " if margin else "",
                break_long_words=False,
                break_on_hyphens=False,
                replace_whitespace=False,
            )
        )
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    if lines:
        lines[0] = lines[0].lstrip()
        rest = textwrap.dedent("\n".join(lines[1:])).split("\n") if len(lines) > 1 else []
        lines = [lines[0], *rest]
    return lines


def _escaped(line: str) -> str:
    """A line of a docstring in source form, wherever in it the line stands."""
    shown = line.replace("\\", "\\\\")
    if not shown.isprintable():
        shown = "".join(map(_character, shown))
    shown = shown.replace('"""', '\\"\\"\\"')
    return f"\\{shown}" if shown.startswith('"') else shown


def _character(character: str) -> str:
    """A character, escaped where it is invisible, turns the direction of text, or is no character at all."""
    if character.isprintable():
        return character
    if (
        "\ud800" <= character <= "\udfff"
    ):  # names of files may have halves of pairs, Python 3.13 takes none in docstrings
        return "\ufffd"
    return character.encode("unicode_escape").decode("ascii")


def _closed(line: str) -> str:
    """A line in source form that does not run into the quotes after it."""
    return f'{_escaped(line[:-1])}\\"' if line.endswith('"') else _escaped(line)
