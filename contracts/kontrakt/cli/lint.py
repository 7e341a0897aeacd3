"""``kontrakt lint``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from difflib import unified_diff
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kontrakt.errors import KontraktError
from kontrakt.files import SUFFIXES, Files, project_files
from kontrakt.severity import Severity

from .options import FAIL_ON, SCHEMAS, schemas_folder, settings_with
from .reporting import deliver, reporting, waivers_for

if TYPE_CHECKING:
    from kontrakt.check.findings import Finding, Report
    from kontrakt.contract import Contracts
    from kontrakt.lint.options import Options
    from kontrakt.settings import Settings


@click.command(name="lint")
@SCHEMAS
@click.option("--fix", is_flag=True, help="Repair what can be repaired with certainty, and show what changed.")
@FAIL_ON
@reporting
def command(schemas: Path | None, fix: bool, fail_on: str, **report_options: Any) -> None:
    """Show what is wrong with the contracts, and what their owners or consumers will regret.

    What is wrong is told one problem a line, which begins with file:line:column, and below it what to do. Where nothing is, the
    findings of the rules of lint are told.
    """
    from kontrakt.lint.fix import repaired
    from kontrakt.lint.options import options
    from kontrakt.lint.rules import RULES

    settings = settings_with()
    chosen = options(settings, RULES)
    folder = schemas_folder(settings, schemas)
    files = project_files(folder, settings.pulled_folder)
    if not files.all:
        raise KontraktError(f"{folder}: no {' or '.join(SUFFIXES)} file is in this folder")
    judge = partial(_judged, foreign=files.foreign, settings=settings, options=chosen)
    contracts, report = judge(files.all)
    if fix:
        waived = {waiver.fingerprint for waiver in waivers_for(report.command, settings, report_options["waivers"])}
        after, report, findings = repaired(contracts, files.all, report, judge, waived)
        _write(files, after, findings)
    deliver(replace(report, fail_on=Severity(fail_on)), settings, **report_options)


def _judged(
    files: Mapping[str, bytes], *, foreign: frozenset[str], settings: Settings, options: Options
) -> tuple[Contracts, Report]:
    from kontrakt.contract import from_files
    from kontrakt.lint.run import lint

    contracts = from_files(files, settings, foreign=foreign)
    return contracts, lint(contracts, files, options)


def _write(before: Files, after: Mapping[str, bytes], findings: list[Finding]) -> None:
    """Writes the files that changed, and shows how."""
    for file, data in before.all.items():
        if after[file] != data:
            Path(file).write_bytes(after[file])
            old, new = (text.decode().splitlines() for text in (data, after[file]))
            for line in unified_diff(old, new, file, file, "before", "after", n=0, lineterm=""):
                click.echo(line, err=True)
    count = len(findings)
    click.echo(f"{count} finding{'' if count == 1 else 's'} repaired", err=True)
