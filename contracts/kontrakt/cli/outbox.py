"""``kontrakt outbox``, and the options of a database that it shares with ``kontrakt relay``."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from kontrakt.errors import KontraktError

if TYPE_CHECKING:
    from collections.abc import Generator

    from sqlalchemy import Connection, Engine

    from kontrakt.kafka.outbox import Outbox
    from kontrakt.kafka.stuck import StuckMessage

F = TypeVar("F", bound=Callable[..., Any])

_DATABASE: Final = click.option(
    "--database",
    required=True,
    envvar="KONTRAKT_RELAY_DATABASE",
    metavar="URL",
    help="The database, as SQLAlchemy names it.  [default: KONTRAKT_RELAY_DATABASE]",
)
_TABLE: Final = click.option("--table", default="kontrakt_outbox", show_default=True, help="The table of the outbox.")
_SCHEMA: Final = click.option(
    "--database-schema", metavar="NAME", help="The schema of the database that the table stands in."
)
_IDS: Final = click.argument("ids", nargs=-1, type=int, metavar="[ID]...")


def of_an_outbox(command: F) -> F:
    """Give a command the options that say which outbox is meant."""
    return _DATABASE(_TABLE(_SCHEMA(command)))


@click.group(name="outbox")
def command() -> None:
    """Look at messages of an outbox that cannot be sent, have them tried again, and remove them.

    What has the topic and key of one of them waits behind it.
    """


@command.command(name="list")
@of_an_outbox
@click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How to print it."
)
def list_messages(database: str, table: str, database_schema: str | None, form: str) -> None:
    """List them: where they go, their key, how often they were tried, and why they could not be sent."""
    with _opened(database, table, database_schema) as (outbox, connection):
        found = outbox.stuck.list(connection)
    if form == "json":
        click.echo(json.dumps({"outbox": table, "messages": [_summary(one) for one in found]}, indent=2))
        return
    from kontrakt.kafka.failures import shown_key

    for one in found:
        tried = f"{one.attempts} attempt{'' if one.attempts == 1 else 's'}"
        since = f", parked since {one.parked.isoformat(timespec='seconds')}" if one.parked else ""
        click.echo(f"{one.id}  {one.topic}  key {shown_key(one.key)}  {tried}{since}")
        click.echo(f"    {one.error.partition(chr(10))[0]}")
    click.echo(f"{_counted(len(found))} of {table} cannot be sent")


@command.command(name="retry")
@_IDS
@of_an_outbox
@click.option("--all", "every", is_flag=True, help="All of them.")
def retry(ids: tuple[int, ...], database: str, table: str, database_schema: str | None, every: bool) -> None:
    """Have messages tried again as if they were new: once a relay looks, at once."""
    chosen = _chosen(ids, every)
    with _opened(database, table, database_schema) as (outbox, connection):
        count = _all_there(chosen, outbox.stuck.retry(connection, chosen))
    click.echo(f"{_counted(count)} {'is' if count == 1 else 'are'} tried again")


@command.command(name="remove")
@_IDS
@of_an_outbox
@click.option("--all", "every", is_flag=True, help="All of them.")
def remove(ids: tuple[int, ...], database: str, table: str, database_schema: str | None, every: bool) -> None:
    """Remove messages: they are never sent, and what waits behind them is."""
    chosen = _chosen(ids, every)
    with _opened(database, table, database_schema) as (outbox, connection):
        count = _all_there(chosen, outbox.stuck.remove(connection, chosen))
    click.echo(f"{_counted(count)} removed")


def engine_of(database: str) -> Engine:
    """The database of a URL.

    Raises:
        KontraktError: SQLAlchemy cannot use it; the password is not shown.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        return create_engine(database)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        known = "" if isinstance(error, ArgumentError) else f": {error}"  # the first may repeat a password
        raise KontraktError(f"SQLAlchemy cannot use the URL of the database{known}") from None


@contextmanager
def _opened(database: str, table: str, schema: str | None) -> Generator[tuple[Outbox, Connection]]:
    from sqlalchemy.exc import DBAPIError

    from kontrakt.kafka.outbox import Outbox

    engine = engine_of(database)
    try:
        with engine.begin() as connection:
            yield Outbox(name=table, schema=schema), connection
    except DBAPIError as error:
        said = str(error.orig).partition("\n")[0]
        raise KontraktError(
            f"the outbox {table} cannot be read: {said}; is it the right --database and --table?"
        ) from None
    finally:
        engine.dispose()


def _chosen(ids: tuple[int, ...], every: bool) -> list[int] | None:
    if bool(ids) == every:
        raise KontraktError("say which messages: their IDS, or --all")
    return None if every else sorted(set(ids))


def _all_there(chosen: list[int] | None, count: int) -> int:
    """The count, where it is that of what was asked for; otherwise nothing is changed."""
    if chosen is not None and count != len(chosen):
        raise KontraktError(
            f"{len(chosen) - count} of these are not there, so nothing was changed; see: kontrakt outbox list"
        )
    return count


def _counted(count: int) -> str:
    return f"{count} message{'' if count == 1 else 's'}"


def _summary(one: StuckMessage) -> dict[str, Any]:
    try:
        key = None if one.key is None else one.key.decode()
    except UnicodeDecodeError:
        key = None
    return {
        "id": one.id,
        "topic": one.topic,
        "key": key,
        "key_base64": None if one.key is None else base64.b64encode(one.key).decode(),
        "attempts": one.attempts,
        "error": one.error,
        "parked": None if one.parked is None else one.parked.isoformat(),
    }
