"""``kontrakt check``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from kontrakt.severity import Severity

from .options import SCHEMAS, schemas_folder, settings_with
from .progress import Progress

_FORMATS = ("text", "json", "github", "gitlab", "junit", "sarif", "markdown")


@click.command(name="check")
@SCHEMAS
@click.option(
    "--against",
    required=True,
    metavar="WHAT",
    help="registry, git:REF (git:REF... for where REF and HEAD parted), or the path of a folder or archive.",
)
@click.option("--format", "name", type=click.Choice(_FORMATS), default="text", help="[default: text]")
@click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the report to a file."
)
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.ERROR.value,
    help="From which severity on the exit code is 1.  [default: error]",
)
@click.option("--registry", metavar="URL", help="The schema registry.  [default: KONTRAKT_REGISTRY_URL]")
@click.option(
    "--offline-levels", is_flag=True, help="Judge by the levels of the contracts alone, not by the registry's."
)
@click.option(
    "--ask-registry", is_flag=True, help="Ask the registry for its own answer, too; a difference is a finding."
)
@click.option(
    "--comment", metavar="NAME", default="default", help="Of markdown: which comment of a pull request it is."
)
@click.option(
    "--write-baseline", is_flag=True, help="Write what is found to the baseline: it no longer lets a check fail."
)
@click.option("--quiet", "-q", is_flag=True, help="Print the report only where the check fails.")
def command(
    schemas: Path | None,
    against: str,
    name: str,
    output: Path | None,
    fail_on: str,
    registry: str | None,
    offline_levels: bool,
    ask_registry: bool,
    comment: str,
    write_baseline: bool,
    quiet: bool,
) -> None:
    """Say whom a change of the contracts breaks, where, why, and what to do instead."""
    from kontrakt.check.reports import View, render, repository, wants_color
    from kontrakt.check.run import check
    from kontrakt.contract import load

    settings = settings_with(registry_url=registry)
    folder = schemas_folder(settings, schemas)
    contracts = load(folder, settings)
    with Progress(quiet=quiet) as progress:
        report = check(
            contracts,
            against,
            settings,
            folder=folder,
            fail_on=Severity(fail_on),
            offline_levels=offline_levels,
            ask_registry=ask_registry,
            progress=progress,
        )
    if write_baseline:
        from kontrakt.check.baseline import written

        settings.baseline_file.write_text(written(report), encoding="utf-8")
        click.echo(f"{settings.baseline_file}: {len(report.findings)} findings")
        return
    color = name == "text" and output is None and wants_color(sys.stdout, os.environ)
    here = Path.cwd()
    text = render(name, report, View(color=color, root=repository(here), folder=str(here), comment=comment))
    if output is not None:
        output.write_text(text, encoding="utf-8")
    elif report.failed or not quiet:
        click.echo(text, nl=False, color=color)
    if report.failed:
        sys.exit(1)
