"""A difference between contracts: what changed in words, whom that breaks, and the step that a generated package takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kontrakt.errors import Position


class Step(StrEnum):
    """The step that semantic versioning asks of a package generated from the contracts (https://semver.org)."""

    MAJOR = "major"
    """Code that uses the package has to change."""
    MINOR = "minor"
    """There is more that code may use."""
    PATCH = "patch"
    """Nothing that code sees."""
    NONE = "none"
    """Nothing changed."""

    @property
    def rank(self) -> int:
        """0 for the largest."""
        return list(Step).index(self)


class Section(StrEnum):
    """What kind of change; the names are those of a changelog (https://keepachangelog.com)."""

    REMOVED = "removed"
    RENAMED = "renamed"
    CHANGED = "changed"
    ADDED = "added"
    DEPRECATED = "deprecated"
    DOCUMENTED = "documented"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One change.

    Attributes:
        section: What kind.
        about: What it is about, as findings name it: ``shop.customer.Customer.email``, ``shop.customers``.
        message: What changed, one sentence without a full stop at its end; names stand between backticks.
        step: The step that it asks of a generated package.
        why: Why it asks that, as the end of a sentence; empty for the smallest.
        breaks: Who breaks, as the check says it; empty where nobody does.
        topics: The topics that it reaches, sorted.
        old: Where it stood, or None.
        new: Where it stands, or None.
        rules: The rules of the check that tell whom such a change breaks, with a finding about the same.
        symbol: Of an enum: the symbol that it is about.
    """

    section: Section
    about: str
    message: str
    step: Step
    why: str = ""
    breaks: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    old: Position | None = None
    new: Position | None = None
    rules: frozenset[str] = frozenset()
    symbol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that changed.

    Attributes:
        against: What the contracts were compared with.
        entries: The changes: by topic, breaking ones first.
        notes: What the reader should know about how it came to be, each a sentence without a full stop.
    """

    against: str
    entries: tuple[Entry, ...]
    notes: tuple[str, ...] = ()

    @property
    def step(self) -> Step:
        """The step that a generated package takes."""
        return min((entry.step for entry in self.entries), key=lambda step: step.rank, default=Step.NONE)

    @property
    def reason(self) -> str:
        """Why it takes that step: the change that asks for it; empty where nothing changed."""
        first = next((entry for entry in self.entries if entry.step is self.step), None)
        if first is None:
            return ""
        return f"{first.message}; {first.why}" if first.why else first.message

    @property
    def breaking(self) -> tuple[Entry, ...]:
        """The changes that break someone."""
        return tuple(entry for entry in self.entries if entry.breaks)
