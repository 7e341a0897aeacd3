"""``kontrakt apply``."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .failures import FAILED, FINDINGS
from .planning import Asked, planned, planning, printed, show
from .progress import Progress

if TYPE_CHECKING:
    from kontrakt.apply import Result


@click.command(name="apply")
@click.argument("plan", required=False, type=click.Path(path_type=Path), metavar="[PLAN]")
@planning
@click.option(
    "--result",
    "result_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write what came of it as JSON: subjects with their versions and ids, topics, steps.",
)
@click.option("--quiet", "-q", is_flag=True, help="Print problems only.")
def command(plan: Path | None, result_file: Path | None, quiet: bool, **given: Any) -> None:
    """Make the registry and the broker as the contracts say.

    Without PLAN it makes one and does it. With the file of a plan that kontrakt plan --out saved it does exactly that one, or
    nothing where something moved since. What is done already is not done again, so a run that was interrupted is repaired by
    the next. Nothing is ever deleted but projections that this repository published, and nothing is touched that no contract
    here owns.

    Exit codes: 0 done, 1 something stands against it and nothing was done, 2 a step failed.
    """
    from kontrakt.apply import Outcome, apply
    from kontrakt.apply.results import document, line, summary
    from kontrakt.apply.saved import fits, read

    asked = Asked(**given)
    saved = read(plan) if plan is not None else None
    if saved is not None:
        asked = replace(
            asked,
            only=saved.only or asked.only,
            consumers=(*asked.consumers, *saved.consumers),
            allowed=(*asked.allowed, *saved.allowed),
        )
    with Progress(quiet=quiet) as progress:
        settings, contracts, found = planned(asked, progress, needs_both=True)
    if saved is not None:
        fits(saved, found)
    if found.against:
        show(found, "text")
        click.echo("nothing was done")
        sys.exit(FINDINGS)
    with Progress(quiet=quiet) as progress:

        def told(result: Result, done: int, total: int) -> None:
            if not quiet or result.outcome is not Outcome.DONE:
                progress.clear()
                printed(line(result) + "\n")
            progress(done, total, "applying")

        results = apply(found, contracts, settings, told)
    failed = any(one.outcome is not Outcome.DONE for one in results)
    if failed or not quiet:
        click.echo(summary(results))
    if result_file is not None:
        said = document(found, contracts, settings, results)
        result_file.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8", newline="\n")
    if failed:
        sys.exit(FAILED)
