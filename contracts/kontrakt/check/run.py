"""A check from its beginning to its report: read what came before, compare, and let pass what people let pass."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from kontrakt.settings.model import BASELINE, WAIVERS

from . import baseline, waivers
from .compare import Ask, Progress, compare
from .findings import Report, Severity
from .sources import past

if TYPE_CHECKING:
    from kontrakt.contract import Contracts
    from kontrakt.settings import Settings


def check(
    contracts: Contracts,
    against: str,
    settings: Settings,
    *,
    folder: Path | None = None,
    fail_on: Severity = Severity.ERROR,
    offline_levels: bool = False,
    ask_registry: bool = False,
    today: date | None = None,
    progress: Progress | None = None,
) -> Report:
    """Check contracts against what came before them, with the waivers and the baseline of the settings.

    Args:
        contracts: The contracts as they are now.
        against: ``registry``, ``git:REF``, or the path of a folder or an archive.
        settings: The settings.
        folder: The folder of the contracts as the user knows it, where it is not the one of the settings.
        fail_on: The severity from which findings let the check fail.
        offline_levels: Whether the levels that a registry has set do not count, only those of the contracts.
        ask_registry: Whether to ask the registry for its own answer, too.
        today: The day of the check, for waivers and deprecated fields; today by default, in UTC.
        progress: Told about long steps.

    Raises:
        SourceError: There is nothing to compare with.
        RegistryError: The registry cannot be asked, or none is set.
        SettingsErrors: The file of waivers or the baseline is wrong.
    """
    today = today or datetime.now(tz=UTC).date()
    before = past(against, contracts, settings, folder=folder, progress=progress)
    with ExitStack() as stack:
        ask: Ask | None = None
        if ask_registry:
            from kontrakt.registry import Registry

            ask = stack.enter_context(Registry(settings.registry_config)).compatible
        report = compare(
            contracts,
            before,
            offline_levels=offline_levels,
            ask=ask,
            today=today,
            deprecation_period=settings.deprecation_period,
            progress=progress,
        )
    said = waivers.read(settings.waivers_file, required=settings.waivers != WAIVERS)
    known = baseline.read(settings.baseline_file, required=settings.baseline != BASELINE)
    report = waivers.applied(report, said, today)
    return replace(baseline.applied(report, known, settings.baseline), fail_on=fail_on)
