"""``kontrakt schema``."""

from __future__ import annotations

import json

import click


@click.command(name="schema")
@click.argument("what", type=click.Choice(["contracts", "settings"]), default="contracts")
def command(what: str) -> None:
    """Print the JSON Schema of contracts, or of kontrakt.toml, for editors.

    WHAT is contracts (.avsc and .avpr files, the default) or settings (kontrakt.toml).
    """
    from kontrakt.editor import contracts_schema, settings_schema

    click.echo(json.dumps(contracts_schema() if what == "contracts" else settings_schema(), indent=2))
