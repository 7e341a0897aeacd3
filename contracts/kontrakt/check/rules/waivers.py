"""The file of waivers itself."""

from __future__ import annotations

from kontrakt.check.findings import Severity

from .rule import Rule


class WaiverExpired(Rule):
    """A waiver whose last day is over, for a finding that is still there."""

    id = "waiver-expired"
    severity = Severity.WARNING
    title = "a waiver has expired"
    reason = (
        "A waiver lets one change pass until a day that its author chose. "
        "That day is over and the finding is still there, so it counts again."
    )
    before = """[[waivers]]
fingerprint = "3f1c5a7be9d20846"
rule = "field-removed"
reason = "billing-service reads contact since its release of January"
expires = 2026-01-31"""
    ways_out = (
        "repair what the finding says",
        "ask those who agreed to the waiver for a later day, and write it into `expires`",
    )


class WaiverUnused(Rule):
    """A waiver that no finding needs."""

    id = "waiver-unused"
    severity = Severity.INFO
    title = "a waiver matches no finding"
    reason = (
        "The change that it was written for is merged, repaired or was made differently. A waiver that stays would let "
        "the same change pass when somebody makes it again."
    )
    before = WaiverExpired.before
    ways_out = ("remove the waiver",)
