"""``kontrakt relay``."""

from __future__ import annotations

import datetime as dt
import logging
import signal
from types import FrameType

import click


@click.command(name="relay")
@click.option(
    "--database",
    required=True,
    envvar="KONTRAKT_RELAY_DATABASE",
    metavar="URL",
    help="The database, as SQLAlchemy names it.  [default: KONTRAKT_RELAY_DATABASE]",
)
@click.option("--table", default="kontrakt_outbox", show_default=True, help="The table of the outbox.")
@click.option("--database-schema", metavar="NAME", help="The schema of the database that the table stands in.")
@click.option(
    "--keep", type=click.FloatRange(0), default=0, metavar="DAYS", help="For how long messages that were sent stay."
)
def command(database: str, table: str, database_schema: str | None, keep: float) -> None:
    """Send what waits in an outbox, until it is told to stop.

    Several may run: one works, and another one takes over when it stops or dies. Ctrl-C and SIGTERM end it after the batch at
    hand. Kafka and the registry are those of the settings.
    """
    from sqlalchemy import create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    from kontrakt.errors import KontraktError
    from kontrakt.kafka.bus import connect
    from kontrakt.kafka.outbox import Outbox
    from kontrakt.kafka.relay import Relay

    try:
        engine = create_engine(database)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        known = "" if isinstance(error, ArgumentError) else f": {error}"  # the first may repeat a password
        raise KontraktError(f"SQLAlchemy cannot use the URL of the database{known}") from None
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with connect() as bus:
        relay = Relay(Outbox(name=table, schema=database_schema), engine, bus, retention=dt.timedelta(days=keep))

        def end(_signal: int, _frame: FrameType | None) -> None:
            relay.stop()

        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, end)
        relay.run()
