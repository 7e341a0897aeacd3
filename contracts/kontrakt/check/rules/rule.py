"""What every rule says of itself."""

from __future__ import annotations

from typing import ClassVar

from kontrakt.check.findings import Severity


class Rule:
    """A kind of finding. Its id never changes.

    Attributes:
        id: Its id, such as ``field-added``.
        severity: How bad its findings are.
        title: What it finds, in a few words.
        reason: Why it matters: whom it breaks, and how; full sentences.
        before: An example of old Avro or of an old declaration.
        after: What it became.
        ways_out: What to do instead, each an imperative without a full stop.
    """

    id: ClassVar[str]
    severity: ClassVar[Severity]
    title: ClassVar[str]
    reason: ClassVar[str]
    before: ClassVar[str] = ""
    after: ClassVar[str] = ""
    ways_out: ClassVar[tuple[str, ...]] = ()
