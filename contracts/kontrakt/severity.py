"""How bad something is, wherever it was found."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """Somebody breaks."""
    WARNING = "warning"
    """Nobody breaks, and what is read may still be wrong."""
    INFO = "info"
    """Worth knowing."""

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)

    def at_least(self, other: Severity) -> bool:
        """Whether it is as bad as another, or worse."""
        return self.rank <= other.rank
