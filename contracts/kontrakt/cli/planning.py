"""What ``kontrakt plan`` and ``kontrakt apply`` share: their options, and the plan that follows from them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from kontrakt.errors import KontraktError

from .options import BOOTSTRAP_SERVERS, REGISTRY, SCHEMAS, needs_kafka, needs_registry, opened
from .progress import Progress
from .reporting import BASELINE_OPTION, WAIVERS_OPTION, let_pass

if TYPE_CHECKING:
    from kontrakt.apply import Plan
    from kontrakt.contract import Contracts
    from kontrakt.settings import Settings

ONLY: Final = ("registry", "topics", "readers")
"""As :class:`kontrakt.apply.Only`, which ``--help`` need not load."""
ALLOWED: Final = (
    "check-findings",
    "cleanup-policy",
    "durability-lowered",
    "fewer-partitions",
    "level-weakened",
    "partitions-added",
    "replication",
    "retention-lowered",
)
"""Those of :class:`kontrakt.apply.Against` that can be allowed."""

_Command = TypeVar("_Command", bound=Callable[..., Any])

_OPTIONS: Final = (
    SCHEMAS,
    REGISTRY,
    BOOTSTRAP_SERVERS,
    click.option(
        "--only",
        type=click.Choice(ONLY),
        help="Look at the registry only, at topics only, or at published projections only.",
    ),
    click.option(
        "--consumer",
        "consumers",
        metavar="NAME",
        multiple=True,
        help="A consumer whose published projections are this repository's, also where no projection here names it any more.",
    ),
    click.option(
        "--allow",
        "allowed",
        type=click.Choice(ALLOWED),
        multiple=True,
        help="Go on although this stands against it. May be given several times.",
    ),
    WAIVERS_OPTION,
    BASELINE_OPTION,
)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What the command line asks for.

    Attributes:
        schemas: The folder of the contracts.
        registry: The registry.
        bootstrap_servers: Kafka's address.
        only: What to look at.
        consumers: Consumers whose published projections are this repository's.
        allowed: What may stand against it.
        waivers: The file of waivers.
        baseline: The file of the baseline.
    """

    schemas: Path | None
    registry: str | None
    bootstrap_servers: str | None
    only: str | None
    consumers: tuple[str, ...]
    allowed: tuple[str, ...]
    waivers: Path | None
    baseline: Path | None


def planning(command: _Command) -> _Command:
    """Gives a command the options that :class:`Asked` holds."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def planned(asked: Asked, progress: Progress, *, needs_both: bool = False) -> tuple[Settings, Contracts, Plan]:
    """The settings, this repository's own contracts, and the plan for them.

    Args:
        asked: What the command line asks for.
        progress: Told about each step.
        needs_both: Whether an address that is missing is an error rather than a note.

    Raises:
        KontraktError: There is no folder of contracts, or no address.
        RegistryError: The registry cannot be asked.
        BusError: The broker cannot be asked.
    """
    from kontrakt.apply import Against, Only, plan

    settings, _, contracts = opened(asked.schemas, asked.registry, asks=False)
    if asked.bootstrap_servers is not None:
        settings = replace(settings, bootstrap_servers=asked.bootstrap_servers)
    only = Only(asked.only) if asked.only else None
    if only in (Only.REGISTRY, Only.READERS) or (needs_both and only is None):
        needs_registry(settings)
    if only is Only.TOPICS or (needs_both and only is None):
        needs_kafka(settings)
    if not settings.registry_url and not settings.kafka_config.get("bootstrap.servers"):
        raise KontraktError(
            "neither a schema registry nor Kafka is set, so there is nothing to compare with; name them with --registry URL and "
            "--bootstrap-servers ADDRESS, or KONTRAKT_REGISTRY_URL and KONTRAKT_BOOTSTRAP_SERVERS"
        )
    found = plan(
        contracts,
        settings,
        only=only,
        consumers=asked.consumers,
        allowed=[Against(one) for one in asked.allowed],
        let_pass=partial(let_pass, settings=settings, waivers=asked.waivers, baseline=asked.baseline),
        progress=progress,
    )
    return settings, contracts, found


def show(plan: Plan, form: str, *, comment: str = "default", outputs: tuple[tuple[str, Path], ...] = ()) -> None:
    """Prints a plan, and writes it to files.

    Args:
        plan: The plan.
        form: The format that is printed.
        comment: What tells the comment in markdown from others.
        outputs: More formats, and the files for them.
    """
    from kontrakt.apply.reports import render
    from kontrakt.check.reports import View, wants_color

    view = View(comment=comment)
    for name, path in outputs:
        path.write_text(render(name, plan, view), encoding="utf-8", newline="\n")
    printed(render(form, plan, replace(view, color=wants_color(sys.stdout, os.environ))))


def printed(text: str) -> None:
    """Prints a text, whatever the terminal can show."""
    click.echo(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"), nl=False)
