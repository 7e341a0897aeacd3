"""Which field of a record became which: by alias, or by what looks like it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import product
from typing import TYPE_CHECKING, Final

from .words import type_name

if TYPE_CHECKING:
    from kontrakt.avro import Field, Record

_ALIKE: Final = 0.6
"""From which similarity two names are taken for one (1 is the same)."""
_WORDS: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|[0-9]+")


def renames(old: Record, new: Record) -> Mapping[str, str]:
    """The fields that were renamed, the old name to the new one.

    An alias says so. Without one, a field that is gone and a new one of the same type are taken for one where their names
    are alike, where their documentation is the same, or where the one stands between the same fields as the other did.

    Args:
        old: The old record.
        new: The new record.
    """
    gone = [field for field in old.fields if new.field(field.name) is None]
    come = [field for field in new.fields if old.field(field.name) is None]
    found = {was: field.name for field in come for was in field.aliases if any(one.name == was for one in gone)}
    guessed = sorted(_guesses(old, new, gone, come), key=lambda guess: -guess[0])
    for _, was, now in guessed:
        if was not in found and now not in found.values():
            found[was] = now
    return found


def _guesses(
    old: Record, new: Record, gone: Sequence[Field], come: Sequence[Field]
) -> Iterator[tuple[float, str, str]]:
    for was, now in product(gone, come):
        if type_name(was.schema) != type_name(now.schema):
            continue
        likeness = _likeness(was, now)
        if _between(old, was) == _between(new, now):
            likeness = max(likeness, _ALIKE)
        if likeness >= _ALIKE:
            yield likeness, was.name, now.name


def _likeness(was: Field, now: Field) -> float:
    """How alike two fields are, from 0 to 1."""
    if was.doc and was.doc == now.doc:
        return 1.0
    words, others = _words(was.name), _words(now.name)
    if words <= others or others <= words:
        return 0.9
    return SequenceMatcher(None, was.name.lower(), now.name.lower()).ratio()


def _between(record: Record, field: Field) -> tuple[str, str]:
    """The fields before and behind a field."""
    names = ["", *(each.name for each in record.fields), ""]
    place = names.index(field.name, 1)
    return names[place - 1], names[place + 1]


def _words(name: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORDS.findall(name))
