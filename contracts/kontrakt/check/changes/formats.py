"""A difference as text, as JSON, or as Markdown for a changelog."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from kontrakt.check.reports.markdown import prose
from kontrakt.check.reports.text import wrapped
from kontrakt.check.reports.view import counted, one_line, some

from .entries import Difference, Entry, Section, Step

if TYPE_CHECKING:
    from kontrakt.errors import Position

VERSION: Final = 1
"""Of the JSON: what is there stays with its meaning as long as this does; new members may come."""
_LABEL: Final = 14


def text(difference: Difference) -> str:
    """A difference for people at a terminal: by topic, in 80 columns."""
    return "\n".join(_text(difference)) + "\n"


def as_json(difference: Difference) -> str:
    """A difference for programs."""
    document = {
        "version": VERSION,
        "against": difference.against,
        "step": difference.step.value,
        "reason": difference.reason,
        "breaking": len(difference.breaking),
        "notes": list(difference.notes),
        "changes": [_entry(entry) for entry in difference.entries],
    }
    return json.dumps(document, indent=2) + "\n"


def markdown(difference: Difference) -> str:
    """A difference for a changelog: sections as those of https://keepachangelog.com, breaking changes first."""
    return "\n".join(_markdown(difference)).rstrip("\n") + "\n"


FORMATS: Final[Mapping[str, Callable[[Difference], str]]] = {"text": text, "json": as_json, "markdown": markdown}
"""Every format by its name."""


def _text(difference: Difference) -> Iterator[str]:
    groups: dict[str, list[Entry]] = {}
    for entry in difference.entries:
        groups.setdefault(some(entry.topics, "topic") or "no topic", []).append(entry)
    for heading, entries in groups.items():
        yield from wrapped(heading)
        for entry in entries:
            label = f"  {entry.section.value}".ljust(_LABEL)
            for line in wrapped(one_line(entry.message), 80 - _LABEL, ""):
                yield f"{label}{line}"
                label = " " * _LABEL
            if entry.breaks:
                for line in wrapped(f"breaks {', '.join(map(one_line, entry.breaks))}", 80 - _LABEL):
                    yield f"{' ' * _LABEL}{line}"
        yield ""
    yield from wrapped(_summary(difference))
    yield from wrapped(_step(difference))
    for note in difference.notes:
        yield from wrapped(f"note: {one_line(note)}")


def _summary(difference: Difference) -> str:
    if not difference.entries:
        return f"nothing changed since {one_line(difference.against)}"
    breaking = f", {len(difference.breaking):,} of them breaking" if difference.breaking else ", none of them breaking"
    return f"{counted(len(difference.entries), 'change')} since {one_line(difference.against)}{breaking}"


def _step(difference: Difference) -> str:
    if difference.step is Step.NONE:
        return "a generated package stays as it is"
    return f"a generated package takes a {difference.step.value} step: {one_line(difference.reason)}"


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "what": entry.section.value,
        "about": entry.about,
        "message": entry.message,
        "breaking": bool(entry.breaks),
        "breaks": list(entry.breaks),
        "step": entry.step.value,
        "why": entry.why,
        "topics": list(entry.topics),
        "old": _place(entry.old),
        "new": _place(entry.new),
    }


def _place(place: Position | None) -> dict[str, Any] | None:
    return None if place is None else {"file": place.file, "line": place.line, "column": place.column}


def _markdown(difference: Difference) -> Iterator[str]:
    if not difference.entries:
        yield f"{prose(_summary(difference))}."
        return
    if difference.breaking:
        yield from ("### Breaking", "")
        for entry in difference.breaking:
            yield f"- {prose(entry.message)} ({prose(_where(entry))}); breaks {prose(', '.join(entry.breaks))}"
        yield ""
    for section in Section:
        entries = [entry for entry in difference.entries if entry.section is section and not entry.breaks]
        if entries:
            yield from (f"### {section.value.capitalize()}", "")
            yield from (f"- {prose(entry.message)} ({prose(_where(entry))})" for entry in entries)
            yield ""
    step = _step(difference)
    yield f"{prose(step[:1].upper() + step[1:])}."


def _where(entry: Entry) -> str:
    return some(entry.topics, "topic") or "no topic"
