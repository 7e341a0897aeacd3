"""Rules about headers that are declared: what stands beside the values of a topic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kontrakt.check.findings import Finding, Severity
from kontrakt.check.sides import Declared, Sides, position_of, topics_of
from kontrakt.check.words import code
from kontrakt.contract import Header

from .topics import TopicRule


class HeaderRemoved(TopicRule):
    """A header is declared no more."""

    id = "header-removed"
    severity = Severity.ERROR
    title = "a declared header is gone"
    reason = "New producers do not send it, and old consumers that ask for the declared headers of a message fail without it."
    before = '"headers": [{"name": "tenant", "type": "uuid"}]'
    after = '"headers": []'
    ways_out = ('mark it as `"optional": true` and go on sending it until no consumer is left that needs it',)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.declared:
            kept = {header.name for header in new.headers}
            for header in (one for one in old.headers if one.name not in kept):
                yield cls.finding(
                    f"the header {code(header.name)} of {code(new.name)} is gone",
                    f"{new.name} {header.name}",
                    severity=Severity.WARNING if header.optional else cls.severity,
                    reason="Old consumers find it no more." if header.optional else cls.reason,
                    breaks=() if header.optional else ("old consumers reading new messages",),
                    **_places(old, new),
                )


class HeaderChanged(TopicRule):
    """A header is written in another way, or may be missing now."""

    id = "header-changed"
    severity = Severity.ERROR
    title = "a declared header is of another type, or became optional"
    reason = "Old consumers that ask for the declared headers of a new message fail: they expect it, as it was written before."
    before = '{"name": "tenant", "type": "uuid"}'
    after = '{"name": "tenant", "type": "string"}'
    ways_out = ("keep the header as it was, and declare another one with a name of its own beside it",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new, before, after in _both(sides):
            retyped = before.type is not after.type
            if not retyped and not (after.optional and not before.optional):
                continue
            yield cls.finding(
                f"the header {code(after.name)} of {code(new.name)} was {_shown(before)} and is {_shown(after)} now",
                f"{new.name} {after.name}",
                change=f"{_shown(before)} -> {_shown(after)}",
                breaks=("old consumers reading new messages",)
                + (("new consumers reading old messages",) if retyped else ()),
                **_places(old, new),
            )


class HeaderRequired(TopicRule):
    """A header that old messages lack must be there."""

    id = "header-required"
    severity = Severity.ERROR
    title = "messages must carry a header that old ones may lack"
    reason = "Consumers that ask for the declared headers of a message fail at those that were written before."
    before = '"headers": []'
    after = '"headers": [{"name": "tenant", "type": "uuid"}]'
    ways_out = ('declare it as `"optional": true`, and let consumers do without it where it is missing',)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.declared:
            sent = {header.name for header in old.headers if not header.optional}
            for header in new.headers:
                if header.optional or header.name in sent:
                    continue
                yield cls.finding(
                    f"messages of {code(new.name)} must carry the header {code(header.name)} now",
                    f"{new.name} {header.name}",
                    breaks=("new consumers reading old messages",),
                    **_places(old, new),
                )


def _both(sides: Sides) -> Iterator[tuple[Declared, Declared, Header, Header]]:
    """The headers that are declared on both sides."""
    for old, new in sides.declared:
        known = {header.name: header for header in old.headers}
        for after in new.headers:
            if after.name in known:
                yield old, new, known[after.name], after


def _shown(header: Header) -> str:
    return f"{'an optional' if header.optional else 'a'} {header.type}"


def _places(old: Declared, new: Declared) -> dict[str, Any]:
    return {
        "old": position_of(old, "headers"),
        "new": position_of(new, "headers"),
        "topics": topics_of(new)[:1],
    }


RULES: Final[tuple[type[TopicRule], ...]] = (HeaderRemoved, HeaderChanged, HeaderRequired)
