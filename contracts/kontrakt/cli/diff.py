"""``kontrakt diff``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .options import AGAINST, REGISTRY, SCHEMAS, opened
from .progress import Progress

_FORMATS = ("text", "json", "markdown")
"""As :data:`kontrakt.check.changes.formats.FORMATS`, which ``--help`` need not load."""


@click.command(name="diff")
@SCHEMAS
@AGAINST
@REGISTRY
@click.option("--format", "form", type=click.Choice(_FORMATS), default="text", help="How to print it.  [default: text]")
def command(schemas: Path | None, against: str, registry: str | None, form: str) -> None:
    """Tell in words what changed in the contracts.

    It says what breaks someone, and which step semantic versioning asks of a generated package: major, minor or patch. The
    exit code is 0 whatever changed; kontrakt check is what fails.
    """
    from kontrakt.check.changes.compare import diff
    from kontrakt.check.changes.formats import FORMATS
    from kontrakt.check.compare import compare
    from kontrakt.check.sources import past

    settings, folder, contracts = opened(schemas, registry, asks=against == "registry")
    with Progress() as progress:
        before = past(against, contracts, settings, folder=folder, progress=progress)
        report = compare(contracts, before, deprecation_period=settings.deprecation_period, progress=progress)
        difference = diff(contracts, before, report)
    text = FORMATS[form](difference)
    click.echo(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"), nl=False)
