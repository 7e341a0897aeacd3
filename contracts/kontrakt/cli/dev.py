"""``kontrakt dev``."""

from __future__ import annotations

import gc
import signal
import threading
from pathlib import Path
from types import FrameType

import click

from .options import SCHEMAS, schemas_folder, settings_with


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
    from kontrakt.kafka.embedded import embedded
    from kontrakt.registry import register

    settings = settings_with()
    contracts = None
    if schemas is not None or settings.schemas_folder.is_dir():
        contracts = load(schemas_folder(settings, schemas), settings)
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, _end)
    with embedded(registry_port=registry_port) as bus:
        if contracts is not None:
            register(contracts, bus.registry)
            bus.create_topics(*contracts.topic_names)
        click.echo("In memory, gone when this ends (Ctrl-C). In another terminal:\n")
        for name, value in bus.environment.items():
            click.echo(f"export {name}={value}")
        if contracts is not None:
            click.echo(f"\n{len(contracts.subjects)} subjects are registered.")
        gc.enable()
        threading.Event().wait()


def _end(_signal: int, _frame: FrameType | None) -> None:
    """End from wherever the command is, and close what it has open."""
    raise SystemExit(0)
