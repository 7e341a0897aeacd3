"""What moving a dependency on changes for those who use it here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kontrakt.check.changes.compare import diff
from kontrakt.check.compare import compare
from kontrakt.check.sources.snapshot import from_files as past_of
from kontrakt.contract import salvage

if TYPE_CHECKING:
    from kontrakt.check.changes.entries import Difference
    from kontrakt.check.findings import Report
    from kontrakt.settings import Settings

    from .bring import Result


def changes(result: Result, settings: Settings) -> tuple[Difference, Report]:
    """Compare what was pulled with what was pulled before, as its owner would, with the projections of this repository.

    Args:
        result: What was pulled.
        settings: The settings.

    Returns:
        What changed, in words, and whom it breaks.
    """
    own = frozenset(result.before.keys() - result.foreign)
    whole, _ = salvage(result.after, settings, foreign=own)
    theirs = replace(whole.own, projections=whole.projections)
    before = past_of("what was pulled before", result.before, settings, theirs, foreign=own)
    before = replace(before, notes=[])  # of what is wrong here, lint tells
    report = compare(theirs, before, deprecation_period=settings.deprecation_period)
    return diff(theirs, before, report), report
