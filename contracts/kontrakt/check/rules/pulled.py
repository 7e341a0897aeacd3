"""The rule about contracts that were pulled from other teams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kontrakt.check.findings import Finding, Severity
from kontrakt.check.words import code

from .rule import Rule

if TYPE_CHECKING:
    from kontrakt.errors import Position


class DependencyBehind(Rule):
    """What was pulled is not the newest."""

    id = "dependency-behind"
    severity = Severity.INFO
    title = "a contract that was pulled has a newer version"
    reason = "The clients here are made of the version that was pulled; what the owner added since then is not in them."
    before = "version 3 of shop.customers-value, which was pulled"
    after = "version 4"
    ways_out = ("move on with `kontrakt pull --update`, which shows what changes",)

    @classmethod
    def found(cls, dependency: str, subject: str, pulled: int, newest: int, place: Position) -> Finding:
        """The finding.

        Args:
            dependency: What it is called in the settings.
            subject: The subject.
            pulled: The version that was pulled.
            newest: The one that is there.
            place: The file that was pulled.
        """
        return cls.finding(
            f"version {newest} of {code(subject)} is registered, and version {pulled} was pulled",
            subject,
            change=f"{pulled} -> {newest}",
            ways_out=(f"move on with `kontrakt pull --update {dependency}`, which shows what changes",),
            new=place,
        )
