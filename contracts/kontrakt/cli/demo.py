"""``kontrakt demo``."""

from __future__ import annotations

import click


@click.command(name="demo")
def command() -> None:
    """Show all three kinds of topic at work, on the embedded parts.

    Generates clients for the example shop, starts a broker and a registry in memory, and lets five services talk to each
    other in processes of their own.
    """
    from kontrakt_codegen.demo import run

    run(click.echo)
