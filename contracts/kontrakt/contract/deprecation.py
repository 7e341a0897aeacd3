"""Fields on their way out: since when, why, and whether they may go.

``deprecated`` is an attribute of a field. It stays in the schema that a registry gets, so that every team sees it:

::

    {"name": "phone", "type": "string", "default": "", "deprecated": {"since": "2026-01-01", "reason": "use `contact`"}}

``"deprecated": true`` and ``"deprecated": "why"`` mark a field too, without a date from which time could run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from kontrakt.avro import Field
from kontrakt.avro.shapes import is_object
from kontrakt.errors import Problem

from .hints import nearest

ATTRIBUTE: Final = "deprecated"
WORDS: Final = ("since", "reason")
_FORM: Final = '{"since": "2026-01-31", "reason": "use another field"}'


@dataclass(frozen=True, slots=True)
class Deprecation:
    """That a field should no longer be used.

    Attributes:
        since: The day from which it counts, or None where none is said.
        reason: Why, and what to use instead; empty where nothing is said.
    """

    since: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Removal:
    """Whether a field may be removed.

    Attributes:
        obstacles: What stands against it, each a sentence without a full stop at its end.
    """

    obstacles: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether nothing stands against it."""
        return not self.obstacles


def deprecation(field: Field) -> Deprecation | None:
    """How a field is marked.

    What makes no sense is taken for a mark without a date: a registry may hold it, and nobody can correct it there.

    Args:
        field: Any field, old or new.

    Returns:
        The mark, or None where the field has none.
    """
    said = field.props.get(ATTRIBUTE, False)
    if said is False:
        return None
    if is_object(said):
        reason = said.get("reason")
        return Deprecation(_day(said.get("since")), reason if isinstance(reason, str) else "")
    return Deprecation(None, said if isinstance(said, str) else "")


def may_be_removed(field: Field, *, today: date, period: timedelta, consumers: Iterable[str] = ()) -> Removal:
    """Whether a field may be removed: it was marked for long enough, and no projection reads it.

    Args:
        field: The field as the old contracts have it.
        today: The day on which it would go.
        period: How long it has to be marked before.
        consumers: The services whose projections read it.
    """
    obstacles = [f"`{field.name}` is read by {consumer}" for consumer in consumers]
    marked = deprecation(field)
    if marked is None:
        obstacles.append(f"`{field.name}` was not marked deprecated for {_days(period)} before")
    elif marked.since is None:
        obstacles.append(f"`{field.name}` is marked deprecated without a day from which {_days(period)} could run")
    elif (left := period - (today - marked.since)) > timedelta(0):
        obstacles.append(f"`{field.name}` is marked deprecated since {marked.since}; it may go in {_days(left)}")
    return Removal(tuple(obstacles))


def problems(field: Field) -> Iterator[Problem]:
    """What is wrong with the mark of a field that people can edit.

    Args:
        field: A field of the contracts.
    """
    said = field.props.get(ATTRIBUTE, False)
    at = field.source.at
    if isinstance(said, bool) or (isinstance(said, str) and said.strip()):
        return
    if not is_object(said):
        yield Problem(at(ATTRIBUTE), f'"{ATTRIBUTE}" of a field must be true, a text or an object', f"such as {_FORM}")
        return
    for word in said:
        if word not in WORDS:
            yield Problem(at(ATTRIBUTE, word), f'"{ATTRIBUTE}" has no "{word}"', nearest(word, WORDS))
    if _day(said.get("since")) is None:
        what = f"{said['since']!r} is not a day" if "since" in said else f'"{ATTRIBUTE}" does not say since when'
        yield Problem(at(ATTRIBUTE, "since"), what, f"write the day as 2026-01-31, such as {_FORM}")
    reason = said.get("reason", "")
    if not isinstance(reason, str) or ("reason" in said and not reason.strip()):
        yield Problem(at(ATTRIBUTE, "reason"), '"reason" must be a text that is not empty', f"such as {_FORM}")


def _day(said: Any) -> date | None:
    """A day as ISO 8601 writes it with hyphens, which is the form that everybody reads alike."""
    try:
        day = date.fromisoformat(said) if isinstance(said, str) else None
    except ValueError:
        return None
    return day if day and day.isoformat() == said else None


def _days(period: timedelta) -> str:
    return f"{period.days} day{'' if period.days == 1 else 's'}"
