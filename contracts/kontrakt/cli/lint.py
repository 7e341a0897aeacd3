"""``kontrakt lint``."""

from __future__ import annotations

from pathlib import Path

import click

from kontrakt.errors import KontraktError
from kontrakt.files import SUFFIXES

from .options import SCHEMAS, schemas_folder, settings_with


@click.command(name="lint")
@SCHEMAS
@click.option("--quiet", "-q", is_flag=True, help="Print problems only.")
def command(schemas: Path | None, quiet: bool) -> None:
    """Read the contracts and show everything that is wrong with them.

    Each problem is one line that begins with file:line:column, and below it what to do.
    """
    from kontrakt.contract import load

    settings = settings_with()
    folder = schemas_folder(settings, schemas)
    contracts = load(folder, settings)
    if not contracts.files:
        raise KontraktError(f"{folder}: no {' or '.join(SUFFIXES)} file is in this folder")
    if not quiet:
        counts = (
            (len(contracts.files), "file"),
            (len(contracts.topics), "topic"),
            (len(contracts.requests), "request pair"),
            (len(contracts.projections), "projection"),
            (len(contracts.subjects), "subject"),
        )
        said = ", ".join(f"{count} {what}{'' if count == 1 else 's'}" for count, what in counts)
        click.echo(f"{folder}: {said}; no problems")
