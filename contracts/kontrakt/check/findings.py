"""What a check and lint find: what changed or stands there, whom it breaks, where, and the way out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from kontrakt.severity import Severity

if TYPE_CHECKING:
    from kontrakt.errors import Position


__all__ = ["Finding", "Report", "Severity", "merged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that a check or lint found, however many topics it reaches.

    In its sentences, what stands between backticks is a name or a piece of Avro: "give `email` a default".

    Attributes:
        rule: The id of the rule that found it.
        severity: How bad it is.
        message: What changed, one sentence without a full stop at its end.
        reason: Why that matters, in terms of producers and consumers, old and new; full sentences.
        breaks: Who breaks: services, or kinds of consumers and producers. Empty where nobody does.
        ways_out: What to do instead, each an imperative without a full stop at its end.
        subject_of: What it is about, such as ``shop.customer.Customer.email``; part of its identity.
        change: The change in short, such as ``int -> string``; part of its identity.
        new: Where it stands in the new contracts; of what is gone, where that is which it was taken from (the record of a
            removed field). None where nothing is left of that either.
        old: Where it stood, or None where it is new. The file of a registry's schema is ``<subject> version <n>``.
        topics: The topics that it reaches, sorted.
        example: A value before and after, where one makes it plain; an empty string otherwise.
        waived: Why it is waived, or an empty string.
        compared: Whether it came of comparing old with new; otherwise ``new`` is where it stands, and there is no ``old``.
    """

    rule: str
    severity: Severity
    message: str
    reason: str
    subject_of: str
    change: str = ""
    breaks: tuple[str, ...] = ()
    ways_out: tuple[str, ...] = ()
    new: Position | None = None
    old: Position | None = None
    topics: tuple[str, ...] = ()
    example: str = ""
    waived: str = ""
    compared: bool = True

    @property
    def fingerprint(self) -> str:
        """What identifies the finding: the rule, what it is about and the change; 16 hexadecimal digits.

        It survives edits elsewhere in the file, and reaching one topic more.
        """
        identity = f"{self.rule}\n{self.subject_of}\n{self.change}"
        return hashlib.sha256(identity.encode()).hexdigest()[:16]

    def reaching(self, topics: Iterable[str]) -> Self:
        """The same finding with more topics."""
        return replace(self, topics=tuple(sorted({*self.topics, *topics})))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The outcome of a check, or of lint.

    Attributes:
        against: What the contracts were compared with, such as ``the registry at http://registry:8081`` or ``git main``; empty
            for lint, which looks at them alone.
        findings: The worst first, then by topic and place. Waived ones are among them.
        topics: The topics that were looked at, sorted.
        subjects: How many subjects were looked at.
        notes: What the reader of the report should know about how it came to be, each a sentence without a full stop.
        fail_on: The severity from which findings let the check fail.
    """

    against: str
    findings: tuple[Finding, ...] = ()
    topics: tuple[str, ...] = ()
    subjects: int = 0
    notes: tuple[str, ...] = ()
    fail_on: Severity = Severity.ERROR

    def count(self, severity: Severity) -> int:
        """How many findings of a severity are not waived."""
        return sum(1 for finding in self.open if finding.severity is severity)

    @property
    def command(self) -> str:
        """The command that made it: ``check``, or ``lint``."""
        return "check" if self.against else "lint"

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that are not waived."""
        return tuple(finding for finding in self.findings if not finding.waived)

    @property
    def waived(self) -> tuple[Finding, ...]:
        """The findings that are."""
        return tuple(finding for finding in self.findings if finding.waived)

    @property
    def failed(self) -> bool:
        """Whether a finding that is not waived is as bad as :attr:`fail_on`."""
        return any(finding.severity.at_least(self.fail_on) for finding in self.open)


def merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings of one identity as one, with the topics and the broken of all of them; the worst first."""
    found: dict[str, Finding] = {}
    for finding in findings:
        known = found.get(finding.fingerprint)
        if known is None:
            found[finding.fingerprint] = finding
            continue
        worse = min(known, finding, key=lambda one: one.severity.rank)
        breaks = tuple(dict.fromkeys((*known.breaks, *finding.breaks)))
        found[finding.fingerprint] = replace(worse, breaks=breaks).reaching((*known.topics, *finding.topics))
    return tuple(sorted(found.values(), key=_order))


def _order(finding: Finding) -> tuple[int, Sequence[str], str, tuple[str, int, int], str]:
    place = finding.new or finding.old
    where = (place.file, place.line, place.column) if place else ("", 0, 0)
    return finding.severity.rank, finding.topics[:1], finding.rule, where, finding.change
