"""What does not fit: an error without its place, which the program that met it knows."""

from __future__ import annotations

from typing import NoReturn


class Misfit(Exception):
    """A value, or data, that does not fit; its text says how."""


class TooDeep(Misfit):
    """Records inside records without an end: what no other branch of a union would mend."""


def expected(what: str, value: object, hint: str = "") -> Misfit:
    """The error for a value of a wrong type."""
    return Misfit(f"expected {what}, got {kind_of(value)}{f' ({hint})' if hint else ''}")


def not_text(error: UnicodeEncodeError) -> str:
    """What is wrong with a string that UTF-8 cannot hold."""
    return f"a str with half of a surrogate pair is not text (at character {error.start})"


def shown(value: object) -> str:
    """A value in a message: short, and without running code of its class, which may fail."""
    if type(value) is int and abs(value) >= 10**40:
        return "a number of more than 40 digits"
    if type(value) not in (int, str, bytes, float, bool):
        return kind_of(value)
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def kind_of(value: object) -> str:
    """The type of a value, as a message names it."""
    return "None" if value is None else type(value).__name__


class Refuse:
    """Raises a reason that was known before, whenever it is called."""

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def __call__(self) -> NoReturn:
        """Raise it."""
        raise Misfit(self._reason)
