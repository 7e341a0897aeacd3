"""``kontrakt pull``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kontrakt.errors import KontraktError
from kontrakt.files import SUFFIXES, read_files, shown

from .options import BOOTSTRAP_SERVERS, REGISTRY, SCHEMAS, needs_registry, settings_with
from .progress import Progress

if TYPE_CHECKING:
    from kontrakt.pull.bring import Folder
    from kontrakt.pull.whole import Whole
    from kontrakt.settings import Settings


@click.command(name="pull")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--update", is_flag=True, help="Move on to what is there now, and show what changes; of NAMEs only.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 and say what fell behind or was edited.")
@click.option("--discard-edits", is_flag=True, help="Bring files back that were edited since they were pulled.")
@click.option("--all", "everything", is_flag=True, help="Make contracts of everything that the registry holds.")
@click.option("--prefix", "prefixes", metavar="TEXT", multiple=True, help="With --all: only subjects that begin so.")
@click.option("--owner", metavar="SERVICE", default="", help="With --all: the owner of the topics.")
@click.option("--outside", is_flag=True, help="With --all: declare the topics in kontrakt.toml, not in the schemas.")
@SCHEMAS
@REGISTRY
@BOOTSTRAP_SERVERS
@click.option("--quiet", "-q", is_flag=True, help="Print problems only.")
def command(
    names: tuple[str, ...],
    update: bool,
    check: bool,
    discard_edits: bool,
    everything: bool,
    prefixes: tuple[str, ...],
    owner: str,
    outside: bool,
    schemas: Path | None,
    registry: str | None,
    bootstrap_servers: str | None,
    quiet: bool,
) -> None:
    """Bring contracts of other teams as the lock file has them, or begin with an existing registry.

    Which ones, and from where, is said under [[dependencies]] in kontrakt.toml. They stand in a folder of their own, make clients,
    and nothing here registers, applies or edits them.

    --all makes a new folder of contracts of a whole registry instead.
    """
    settings = settings_with(
        registry_url=registry,
        bootstrap_servers=bootstrap_servers,
        schemas=None if schemas is None else str(schemas.absolute()),
    )
    if everything:
        if names or update or check or discard_edits:
            raise click.UsageError("--all stands alone: it begins a folder of contracts, and follows nothing")
        _begin(settings, prefixes, owner=owner, outside=outside, quiet=quiet)
        return
    if prefixes or owner or outside:
        raise click.UsageError("--prefix, --owner and --outside are for --all")
    if names and not update:
        raise click.UsageError("name dependencies with --update only")
    from kontrakt.pull.bring import Folder

    with Progress(quiet=quiet) as progress:
        folder = Folder(settings, progress)
        if folder.empty:
            raise KontraktError(
                "no dependency is declared; write [[dependencies]] in kontrakt.toml, or begin with a registry: "
                "kontrakt pull --all"
            )
        if check:
            _check(folder, quiet=quiet)
        else:
            _pull(folder, settings, names, update=update, discard=discard_edits, quiet=quiet)


def _check(folder: Folder, *, quiet: bool) -> None:
    found = list(folder.behind())
    for line in found:
        click.echo(line)
    if found:
        click.echo("\nbring it with: kontrakt pull, or kontrakt pull --update", err=True)
        sys.exit(1)
    if not quiet:
        click.echo(f"{len(folder.dependencies)} pulled, nothing fell behind")


def _pull(
    folder: Folder, settings: Settings, names: tuple[str, ...], *, update: bool, discard: bool, quiet: bool
) -> None:
    result = folder.pull(update=names if update else None, discard=discard)
    breaks = False
    if update and (result.written or result.removed):
        from kontrakt.check.changes.formats import text
        from kontrakt.pull.changes import changes
        from kontrakt.severity import Severity

        difference, report = changes(result, settings)
        breaks = bool(report.count(Severity.ERROR))
        if not quiet or breaks:
            _echo(text(difference))
            for finding in report.findings:
                if finding.rule.startswith("projection-"):
                    _echo(f"{finding.severity.value}: {finding.message.replace('`', '')}\n")
            click.echo()
    if not quiet:
        for guess in result.guesses:
            click.echo(f"guessed  {guess}")
        for path in result.written:
            click.echo(f"written  {path}")
        for path in result.removed:
            click.echo(f"removed  {path}")
        counts = {"written": len(result.written), "removed": len(result.removed), "unchanged": result.unchanged}
        said = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing is pulled"
        click.echo(f"{shown(settings.pulled_folder)}: {said}")
    for problem in result.problems:
        click.echo(f"{problem}", err=True)
    if breaks or result.problems:
        sys.exit(1)


def _begin(settings: Settings, prefixes: tuple[str, ...], *, owner: str, outside: bool, quiet: bool) -> None:
    from kontrakt.pull.broker import topics_of
    from kontrakt.pull.whole import whole, write
    from kontrakt.registry import Registry

    needs_registry(settings)
    folder = shown(settings.schemas_folder)
    if folder.exists() and read_files(folder):
        raise KontraktError(
            f"{folder}: there are {' or '.join(SUFFIXES)} files in this folder already; pull into a new one: --schemas DIR"
        )
    on_broker = topics_of(settings) if settings.bootstrap_servers else None
    with Registry(settings.registry_config) as registry, Progress(quiet=quiet) as progress:
        made = whole(registry, on_broker, prefixes=prefixes, owner=owner, outside=outside, progress=progress)
    if not made.files:
        left = "".join(f"\n  {name}: {why}" for name, why in made.left.items())
        raise KontraktError(f"the registry at {registry.url} holds nothing that contracts can be made of{left}")
    write(made, folder, settings)
    if not quiet:
        _tell(made, folder)


def _tell(made: Whole, folder: Path) -> None:
    for one in made.topics:
        for word, why in one.why.items():
            value = one.said[word]
            click.echo(f"guessed  {one.name}: {word} {'null' if value is None else value}, because {why}")
    for name, why in made.left.items():
        click.echo(f"left     {name}: {why}")
    for note in made.notes:
        click.echo(f"note     {note}")
    click.echo(
        f"{folder}: {len(made.files)} files, {len(made.topics)} topics, {made.subjects} subjects; "
        f"{len(made.left)} left in the registry"
    )


def _echo(text: str) -> None:
    click.echo(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"), nl=False)
