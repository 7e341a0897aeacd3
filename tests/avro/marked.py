"""Schemas with marks: « stands before each token that a problem must point at."""

from __future__ import annotations

from kontrakt.errors import Position

MARK = "«"


def unmarked(text: str, file: str = "<text>") -> tuple[str, list[Position]]:
    """The text without its marks, and where they stood."""
    positions: list[Position] = []
    line, column = 1, 1
    for character in text:
        if character == MARK:
            positions.append(Position(file, line, column))
        elif character == "\n":
            line, column = line + 1, 1
        else:
            column += 1
    return text.replace(MARK, ""), positions
