"""Names taken apart into words, and the styles that they are written in."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

PASCAL: Final = re.compile(r"[A-Z][A-Za-z0-9]*").fullmatch
SNAKE: Final = re.compile(r"_?[a-z][a-z0-9]*(_[a-z0-9]+)*").fullmatch
CAMEL: Final = re.compile(r"_?[a-z][A-Za-z0-9]*").fullmatch
UPPER: Final = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*").fullmatch
NAMESPACE: Final = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*").fullmatch


@lru_cache(maxsize=65_536)
def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: ``createdAt`` and ``created_at`` give ``created`` and ``at``.

    Args:
        name: A name without a namespace.
    """
    return tuple(word.lower() for word in _WORD.findall(name))


def snake(name: str) -> str:
    """A name in snake_case."""
    return "_".join(words(name))


def camel(name: str) -> str:
    """A name in camelCase."""
    first, *others = words(name) or ("",)
    return first + "".join(word.capitalize() for word in others)


def pascal(name: str) -> str:
    """A name in PascalCase."""
    return "".join(word.capitalize() for word in words(name))
