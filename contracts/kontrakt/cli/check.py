"""``kontrakt check``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kontrakt.severity import Severity

from .options import AGAINST, FAIL_ON, REGISTRY, SCHEMAS, opened
from .progress import Progress
from .reporting import deliver, reporting

if TYPE_CHECKING:
    from kontrakt.registry import Verdict


@click.command(name="check")
@SCHEMAS
@AGAINST
@FAIL_ON
@REGISTRY
@click.option(
    "--offline-levels", is_flag=True, help="Judge by the levels of the contracts, not by those of the registry."
)
@click.option(
    "--ask-registry", is_flag=True, help="Ask the registry for its own answer too; a difference is a finding."
)
@reporting
def command(
    schemas: Path | None,
    against: str,
    fail_on: str,
    registry: str | None,
    offline_levels: bool,
    ask_registry: bool,
    **report_options: Any,
) -> None:
    """Say whom a change of the contracts breaks, where, why, and what to do instead."""
    from kontrakt.check.compare import compare
    from kontrakt.check.sources import past, verdicts

    settings, folder, contracts = opened(schemas, registry, asks=against == "registry" or ask_registry)
    with Progress() as progress:
        before = past(against, contracts, settings, folder=folder, progress=progress)
        answers: Mapping[str, Verdict | None] = {}
        if ask_registry:
            answers = verdicts(contracts, before, settings, progress)
        report = compare(
            contracts,
            before,
            offline_levels=offline_levels,
            ask=answers.get,
            deprecation_period=settings.deprecation_period,
            progress=progress,
        )
    if against == "registry":
        from kontrakt.pull.behind import behind

        report = replace(report, findings=(*report.findings, *behind(settings)))
    deliver(replace(report, fail_on=Severity(fail_on)), settings, **report_options)
