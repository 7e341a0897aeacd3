"""Hints: what was probably meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

from kontrakt.avro import names

_SHOWN: Final = 12


def nearest_type(name: str, known: Iterable[str]) -> str:
    """A hint that names the type which was probably meant."""
    near = names.nearest(name, known)
    return f'did you mean "{near}"?' if near else "write its full name, and check that its file is in the folder"


def nearest(word: str, known: Sequence[str]) -> str:
    """A hint that names the known word which is nearest to one that is not."""
    near = get_close_matches(word, known, n=1)
    if near:
        return f'did you mean "{near[0]}"?'
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f"known are {', '.join(known[:_SHOWN])}{more}" if known else ""
