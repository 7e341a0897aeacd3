"""Names: what they may look like, what they mean in a namespace, and which one was probably meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from .schema import PRIMITIVES

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME: Final = "[A-Za-z_][A-Za-z0-9_]*"
FULLNAME: Final = rf"{NAME}(?:\.{NAME})*"

_NAME: Final = re.compile(NAME).fullmatch
_FULLNAME: Final = re.compile(FULLNAME).fullmatch

NAME_RULE: Final = "letters, digits and _, and no digit in front"


def is_name(text: str) -> bool:
    """Whether a text is a name as the specification has it (Avro specification, "Names")."""
    return _NAME(text) is not None


def is_fullname(text: str) -> bool:
    """Whether a text is a name, or names joined by dots."""
    return _FULLNAME(text) is not None


def full(name: str, namespace: str) -> str:
    """The full name that a name means in a namespace.

    Args:
        name: A name; one with dots is a full name already, and a primitive's has no namespace.
        namespace: The namespace around it, or an empty string.
    """
    if not namespace or "." in name or name in PRIMITIVES:
        return name
    return f"{namespace}.{name}"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that was probably meant, or None.

    A name that differs in its namespace only is nearer than one of similar letters; a namespace that two share says nothing.
    """
    from difflib import get_close_matches  # slow to import, and only mistakes need it

    candidates = sorted(set(known) - {name})
    simple = name.rpartition(".")[2]
    same = [candidate for candidate in candidates if candidate.rpartition(".")[2] == simple]
    if same:
        return get_close_matches(name, same, n=1, cutoff=0.0)[0]
    by_simple = {candidate.rpartition(".")[2].lower(): candidate for candidate in reversed(candidates)}
    close = get_close_matches(simple.lower(), by_simple, n=1, cutoff=0.75)
    return by_simple[close[0]] if close else None
