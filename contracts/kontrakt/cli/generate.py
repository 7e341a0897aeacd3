"""``kontrakt generate``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kontrakt.files import shown

from .options import SCHEMAS, schemas_folder, settings_with
from .progress import Progress


@click.command(name="generate")
@SCHEMAS
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The folder that receives the package.  [default: generated]",
)
@click.option(
    "--style",
    type=click.Choice(["dataclass", "msgspec", "pydantic", "typeddict"]),
    help="What records are.  [default: dataclass]",
)
@click.option("--package", metavar="NAME", help="Put everything under one package of this name.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 and show a diff when the output is stale.")
@click.option("--quiet", "-q", is_flag=True, help="Print problems only.")
def command(
    schemas: Path | None, output: Path | None, style: str | None, package: str | None, check: bool, quiet: bool
) -> None:
    """Write typed Python clients for the contracts.

    Only files that change are written, and files of contracts that are gone are removed. What a person wrote is never
    touched.
    """
    from kontrakt_codegen import run

    settings = settings_with(style=style, package=package)
    folder = schemas_folder(settings, schemas)
    target = output if output is not None else shown(settings.output_folder)
    with Progress(quiet=quiet) as progress:
        result = run(folder, target, settings, check=check, progress=progress)
    if check and result.stale:
        for diff in result.diffs:
            click.echo(diff, nl=False)
        click.echo(f"\n{target} is stale: {result.summary}. Run: kontrakt generate", err=True)
        sys.exit(1)
    if not quiet:
        click.echo(f"{target}: {result.summary}")
        for other in result.others:
            click.echo(
                f"{target / other}: left as it is, of a run with another package; remove it where nobody imports it"
            )
