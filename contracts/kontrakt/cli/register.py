"""``kontrakt register``."""

from __future__ import annotations

from pathlib import Path

import click

from .options import REGISTRY, SCHEMAS, needs_registry, schemas_folder, settings_with
from .progress import Progress


@click.command(name="register")
@SCHEMAS
@REGISTRY
@click.option("--only-readers", is_flag=True, help="Publish the projections, and register nothing else.")
@click.option("--quiet", "-q", is_flag=True, help="Print problems only.")
def command(schemas: Path | None, registry: str | None, only_readers: bool, quiet: bool) -> None:
    """Register the schemas of the contracts in the schema registry.

    References come first; a subject that the contracts give a level gets it. What is registered already stays as it is.

    Projections are published as <value subject>.readers.<consumer>, so that the check of who owns a topic sees which fields
    are read. --only-readers publishes these alone, from a repository that has copies of the contracts of others.
    """
    from kontrakt.contract import load
    from kontrakt.registry import Registry, publish, register

    settings = settings_with(registry_url=registry)
    needs_registry(settings)
    contracts = load(schemas_folder(settings, schemas), settings).own
    with Registry(settings.registry_config) as client, Progress(quiet=quiet) as progress:
        registered = [] if only_readers else register(contracts, client, progress)
        registered += publish(contracts, client, progress)
    if not quiet:
        for entry in registered:
            click.echo(f"{entry.subject}  version {entry.version}, id {entry.id}")
