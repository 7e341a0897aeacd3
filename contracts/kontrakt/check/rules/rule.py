"""What every rule says of itself, and how it makes its findings."""

from __future__ import annotations

from abc import ABC
from typing import Any, ClassVar

from kontrakt.check.findings import Finding, Severity


class Rule(ABC):
    """A kind of finding. Its id never changes.

    Attributes:
        id: Its id, such as ``field-added``.
        severity: How bad its findings are.
        title: What it finds, in a few words.
        reason: Why it matters: whom it breaks, and how; full sentences.
        before: An example of old Avro or of an old declaration.
        after: What it became.
        ways_out: What to do instead, each an imperative without a full stop.
        command: The command that finds it.
    """

    id: ClassVar[str]
    severity: ClassVar[Severity]
    title: ClassVar[str]
    reason: ClassVar[str]
    before: ClassVar[str] = ""
    after: ClassVar[str] = ""
    ways_out: ClassVar[tuple[str, ...]] = ()
    command: ClassVar[str] = "check"

    @classmethod
    def finding(cls, message: str, subject_of: str, **more: Any) -> Finding:
        """A finding of this rule.

        Args:
            message: What changed.
            subject_of: What it is about.
            more: The other attributes of a :class:`~kontrakt.check.findings.Finding`. What is left out of the reason, the
                severity and the ways out is what the rule says of itself.
        """
        said: dict[str, Any] = {"severity": cls.severity, "reason": cls.reason, "ways_out": cls.ways_out}
        return Finding(rule=cls.id, message=message, subject_of=subject_of, **(said | more))
