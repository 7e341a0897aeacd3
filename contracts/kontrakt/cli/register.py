"""``kontrakt register``."""

from __future__ import annotations

from pathlib import Path

import click

from .options import REGISTRY, SCHEMAS, needs_registry, schemas_folder, settings_with
from .progress import Progress


@click.command(name="register")
@SCHEMAS
@REGISTRY
@click.option("--quiet", "-q", is_flag=True, help="Print problems only.")
def command(schemas: Path | None, registry: str | None, quiet: bool) -> None:
    """Register the schemas of the contracts in the schema registry.

    References come first; a subject that the contracts give a level gets it. What is registered already stays as it is.
    """
    from kontrakt.contract import load
    from kontrakt.registry import Registry, register

    settings = settings_with(registry_url=registry)
    needs_registry(settings)
    contracts = load(schemas_folder(settings, schemas), settings)
    with Registry(settings.registry_config) as client, Progress(quiet=quiet) as progress:
        registered = register(contracts, client, progress)
    if not quiet:
        for entry in registered:
            click.echo(f"{entry.subject}  version {entry.version}, id {entry.id}")
