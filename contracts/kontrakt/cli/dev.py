"""``kontrakt dev``."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .options import SCHEMAS, schemas_folder, settings_with

if TYPE_CHECKING:
    from kontrakt.contract import Contracts


@click.command(name="dev")
@SCHEMAS
@click.option(
    "--registry-port", type=click.IntRange(0, 65535), default=0, help="Port of the registry.  [default: free]"
)
def command(schemas: Path | None, registry_port: int) -> None:
    """Hold an embedded broker and registry open on local ports.

    The schemas of the contracts are registered, where there is a folder of them. Everything is in memory and gone when this
    command ends: for development, tests and demos.
    """
    from kontrakt.contract import load
    from kontrakt.kafka.embedded import EmbeddedBroker
    from kontrakt.registry import Registry, register
    from kontrakt.registry.embedded import EmbeddedRegistry

    settings = settings_with()
    contracts = None
    if schemas is not None or settings.schemas_folder.is_dir():
        contracts = load(schemas_folder(settings, schemas), settings)
    with EmbeddedBroker() as broker, EmbeddedRegistry(port=registry_port) as registry:
        if contracts is not None:
            with Registry({"url": registry.url}) as client:
                register(contracts, client)
            broker.create_topics(*topic_names(contracts))
        click.echo("In memory, gone when this ends (Ctrl-C). In another terminal:\n")
        click.echo(f"export KONTRAKT_BOOTSTRAP_SERVERS={broker.bootstrap_servers}")
        click.echo(f"export KONTRAKT_REGISTRY_URL={registry.url}")
        if contracts is not None:
            click.echo(f"\n{len(contracts.subjects)} subjects are registered.")
        ended = threading.Event()
        signal.signal(signal.SIGTERM, lambda _signal, _frame: ended.set())
        try:
            ended.wait()
        except KeyboardInterrupt:
            click.echo()


def topic_names(contracts: Contracts) -> list[str]:
    """The names of all topics of the contracts."""
    return [
        *(topic.name for topic in contracts.topics),
        *(name for pair in contracts.requests for name in (pair.requests, pair.responses)),
    ]
