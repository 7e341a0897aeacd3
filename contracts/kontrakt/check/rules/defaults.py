"""Rules about changes that every consumer survives, because a default takes the place of what is missing.

What is read may then be another thing than what was written.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from kontrakt.avro import Field
from kontrakt.check.changes.types import Changed, TypeChange
from kontrakt.check.findings import Finding, Severity
from kontrakt.check.lineage import spoken
from kontrakt.check.words import code, json_text
from kontrakt.contract.deprecation import may_be_removed

from .broken import Place
from .rule import Rule

if TYPE_CHECKING:
    from kontrakt.check.lineage import Lineage


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a change is judged by.

    Attributes:
        today: The day of the check.
        period: How long a field has to be marked deprecated before it goes.
        consumers: The services whose projections read a field, by its place.
    """

    today: date
    period: timedelta
    consumers: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])


class QuietRule(Rule):
    """A rule about one change that breaks nobody."""

    @classmethod
    @abstractmethod
    def judge(cls, change: Changed, lineage: Lineage, circumstances: Circumstances) -> Iterator[Finding]:
        """The finding, if there is one; without its places and topics.

        Args:
            change: The change, from the newest version to the new schema.
            lineage: The subject that was changed.
            circumstances: What it is judged by.
        """


class FieldRemovedWithDefault(QuietRule):
    """A field is gone, and old consumers read its default from now on."""

    id = "field-removed"
    severity = Severity.WARNING
    title = "a field that had a default is gone"
    reason = (
        "Old consumers do not break: in new messages they read the default, as if it had been written. Whoever needs the value "
        "gets a wrong one, and nothing tells it so."
    )
    before = '{"name": "phone", "type": "string", "default": ""}'
    after = "the field is gone"
    ways_out = (
        'mark the field with `"deprecated": {"since": "2026-01-31", "reason": "..."}` first',
        "remove it when it was marked for long enough, and no projection reads it",
    )

    @classmethod
    def judge(cls, change: Changed, lineage: Lineage, circumstances: Circumstances) -> Iterator[Finding]:
        """The finding, unless the field may go."""
        removed = _removed(change, lineage)
        if removed is None:
            return
        consumers = circumstances.consumers.get(change.place, ())
        removal = may_be_removed(removed, today=circumstances.today, period=circumstances.period, consumers=consumers)
        if not removal.allowed:
            obstacles = "".join(f" {obstacle}." for obstacle in removal.obstacles)
            name = change.place.rpartition(".")[0]
            mark = f'"deprecated": {{"since": "{circumstances.today}", "reason": "..."}}'
            yield cls.finding(
                _told(change, name),
                change.place,
                change=str(change.now) and f"-> {change.now}",
                reason=f"In new messages, old consumers read the default {code(json_text(removed.default))} of "
                f"{code(removed.name)}, as if it had been written.{obstacles}",
                ways_out=(f"keep {code(removed.name)} for now, and mark it with {code(mark)}",),
            )


class DeprecatedFieldRemoved(QuietRule):
    """A field is gone that was deprecated for long enough, and that no projection reads."""

    id = "deprecated-field-removed"
    severity = Severity.INFO
    title = "a deprecated field is gone"
    reason = "It was marked deprecated for long enough, no projection reads it, and old consumers read its default."
    before = '{"name": "phone", "type": "string", "default": "", "deprecated": {"since": "2025-01-31"}}'
    after = "the field is gone"

    @classmethod
    def judge(cls, change: Changed, lineage: Lineage, circumstances: Circumstances) -> Iterator[Finding]:
        """The finding, where the field may go."""
        removed = _removed(change, lineage)
        if removed is None:
            return
        consumers = circumstances.consumers.get(change.place, ())
        removal = may_be_removed(removed, today=circumstances.today, period=circumstances.period, consumers=consumers)
        if removal.allowed:
            told = _told(change, change.place.rpartition(".")[0])
            yield cls.finding(told, change.place, change=str(change.now) and f"-> {change.now}")


class DefaultRemoved(QuietRule):
    """A field or an enum that had a default has none."""

    id = "default-removed"
    severity = Severity.INFO
    title = "a default is gone"
    reason = (
        "Nobody breaks now. Without a default, a field can never be removed, and an enum can get no symbol, without breaking "
        "the consumers of this version."
    )
    before = '{"name": "phone", "type": "string", "default": ""}'
    after = '{"name": "phone", "type": "string"}'
    ways_out = ("keep the default",)

    @classmethod
    def judge(cls, change: Changed, lineage: Lineage, circumstances: Circumstances) -> Iterator[Finding]:
        """The finding, if there is one."""
        del lineage, circumstances
        if change.what is TypeChange.DEFAULT_REMOVED:
            yield cls.finding(
                f"{code(change.place)} had the default {code(json_text(change.was))} and has none now",
                change.place,
                change=f"{json_text(change.was)} -> none",
                ways_out=(f"keep the default {code(json_text(change.was))}",),
            )


class DefaultChanged(QuietRule):
    """A default is another one."""

    id = "default-changed"
    severity = Severity.INFO
    title = "a default is another one"
    reason = (
        "Nobody breaks. Old and new consumers read different values where the default takes the place of something: a field "
        "that was not written, or a symbol that is not known."
    )
    before = '{"name": "currency", "type": "string", "default": "EUR"}'
    after = '{"name": "currency", "type": "string", "default": "SEK"}'
    ways_out = ("keep the default",)

    @classmethod
    def judge(cls, change: Changed, lineage: Lineage, circumstances: Circumstances) -> Iterator[Finding]:
        """The finding, if there is one."""
        del lineage, circumstances
        if change.what is TypeChange.DEFAULT_CHANGED:
            was, now = json_text(change.was), json_text(change.now)
            yield cls.finding(
                f"the default of {code(change.place)} was {code(was)} and is {code(now)} now",
                change.place,
                change=f"{was} -> {now}",
                ways_out=(f"keep the default {code(was)}",),
            )


def _removed(change: Changed, lineage: Lineage) -> Field | None:
    """The field with a default that old consumers do not find in new messages."""
    if change.what not in (TypeChange.FIELD_REMOVED, TypeChange.FIELD_RENAMED) or not lineage.level.forward:
        return None
    return change.old if isinstance(change.old, Field) and change.old.has_default else None


def _told(change: Changed, record: str) -> str:
    assert isinstance(change.old, Field)
    how = f"is called {code(change.now)} now" if change.what is TypeChange.FIELD_RENAMED else "is gone"
    return f"the field {code(change.old.name)} of {code(record)} {how}"


RULES: Final[tuple[type[QuietRule], ...]] = (
    FieldRemovedWithDefault,
    DeprecatedFieldRemoved,
    DefaultRemoved,
    DefaultChanged,
)


def quiet(
    changes: Iterable[Changed], lineage: Lineage, circumstances: Circumstances, old_place: Place, new_place: Place
) -> Iterator[Finding]:
    """What these rules find in the changes of a subject.

    Args:
        changes: The changes, from the newest version to the new schema.
        lineage: The subject.
        circumstances: What they are judged by.
        old_place: Where things stand in what came before.
        new_place: Where things stand in the new contracts.
    """
    for change in changes:
        for rule in RULES:
            for finding in rule.judge(change, lineage, circumstances):
                old = old_place(change.old_type, change.old)
                new = new_place(change.new_type, change.new or change.new_type)
                reason = spoken(finding.reason, (lineage,))
                yield replace(finding, reason=reason, old=old, new=new, topics=lineage.topics)
