"""``kontrakt init``."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

import click

from kontrakt.errors import KontraktError
from kontrakt.files import shown


@click.command(name="init")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option(
    "--owner", metavar="NAME", help="The service that owns the topics.  [default: asked for, or the folder's name]"
)
@click.option("--namespace", metavar="NAME", help="The namespace of the records, and what topics begin with.")
@click.option("--requests", is_flag=True, help="Also begin a request and response protocol.")
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab", "none"]),
    help="Whose pipelines to write files for.  [default: github]",
)
@click.option("--quiet", "-q", is_flag=True, help="Print problems only.")
def command(
    folder: Path, owner: str | None, namespace: str | None, requests: bool, ci: str | None, quiet: bool
) -> None:
    """Begin a repository of contracts.

    Writes settings, an entity and an event to start from, their generated clients, pipelines that check, plan and apply, hooks
    for pre-commit and settings for editors. What is there already is never overwritten.

    On a terminal it asks for what is not given; in a pipeline it never asks.
    """
    from kontrakt.start import Start, first_files, write
    from kontrakt.start.files import namespace_of, owner_of

    asks = sys.stdin.isatty() and not os.environ.get("CI")

    def given(value: str | None, question: str, otherwise: str, choices: click.Choice[str] | None = None) -> str:
        if value is not None or not asks:
            return value if value is not None else otherwise
        answer: str = click.prompt(question, default=otherwise, type=choices)
        return answer

    owner = given(owner, "The service that owns the topics", owner_of(folder.absolute().name))
    start = Start(owner=owner, namespace=namespace or namespace_of(owner), requests=requests)
    namespace = given(namespace, "The namespace of its records", start.namespace)
    ci = given(ci, "Whose pipelines to write files for", "github", click.Choice(["github", "gitlab", "none"]))
    start = replace(start, namespace=namespace, ci=ci)
    _importable(namespace)
    for one in write(folder, first_files(start)):
        if not quiet:
            place = shown(folder / one.path)
            click.echo(f"{one.outcome:<9} {place}" + (f" ({one.why})" if one.why else ""))
    _generate(folder, quiet=quiet)


def _importable(namespace: str) -> None:
    """Sees that the generated package hides no other.

    Raises:
        KontraktError: It would.
    """
    from kontrakt_codegen.naming import RESERVED_PACKAGES

    first = namespace.partition(".")[0]
    if first in RESERVED_PACKAGES:
        raise KontraktError(
            f"the package {first} would hide Python's or another one of that name; begin the namespace with another word"
        )


def _generate(folder: Path, *, quiet: bool) -> None:
    """Writes the clients of what is there, with the settings that are there."""
    from kontrakt_codegen import run

    from kontrakt import settings as all_settings

    settings = all_settings.read(folder)
    result = run(shown(settings.schemas_folder), shown(settings.output_folder), settings)
    if not quiet:
        click.echo(f"{shown(settings.output_folder)}: {result.summary}")
