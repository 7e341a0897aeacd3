"""``kontrakt plan``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

import click

from .failures import FINDINGS
from .planning import Asked, planned, planning, show
from .progress import Progress
from .reporting import written_to

FORMATS: Final = ("text", "json", "markdown")
"""As :data:`kontrakt.apply.reports.FORMATS`, which ``--help`` need not load."""
FAIL_ON: Final = ("obstacles", "drift", "changes")
"""As :class:`kontrakt.apply.FailOn`."""


def _json_schema(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from kontrakt.apply.reports.json import schema

        click.echo(schema(), nl=False)
        ctx.exit()


@click.command(name="plan")
@planning
@click.option(
    "--fail-on",
    type=click.Choice(FAIL_ON),
    default="obstacles",
    help="What makes the exit code 1, beside what stands against the plan.  [default: obstacles]",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Save the plan, for kontrakt apply FILE.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="text", help="How to print it.  [default: text]")
@click.option(
    "--output",
    "outputs",
    metavar="FORMAT=FILE",
    multiple=True,
    callback=written_to(FORMATS),
    help="Write it to a file too, such as markdown=plan.md. May be given several times.",
)
@click.option(
    "--comment",
    metavar="KEY",
    default="default",
    help="What tells the comment in markdown from those of other plans on a pull request.",
)
@click.option(
    "--json-schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_json_schema,
    help="Print the JSON Schema of the format json.",
)
def command(
    fail_on: str,
    out: Path | None,
    form: str,
    outputs: tuple[tuple[str, Path], ...],
    comment: str,
    **asked: Any,
) -> None:
    """Show what would make the registry and the broker as the contracts say.

    Also what stands against it. Nothing is written. Subjects and versions to register, levels to set, topics to create or to change, projections to publish:
    like a diff. The exit code is 1 where something stands against the plan.
    """
    from kontrakt.apply import FailOn

    with Progress() as progress:
        _, _, found = planned(Asked(**asked), progress)
    show(found, form, comment=comment, outputs=(*outputs, *([("json", out)] if out else [])))
    if found.fails(FailOn(fail_on)):
        sys.exit(FINDINGS)
