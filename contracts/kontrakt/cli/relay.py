"""``kontrakt relay``."""

from __future__ import annotations

import datetime as dt
import logging

import click

from .outbox import engine_of, of_an_outbox


@click.command(name="relay")
@of_an_outbox
@click.option(
    "--attempts",
    type=click.IntRange(1),
    default=10,
    show_default=True,
    metavar="N",
    help="How often a message is tried that cannot be sent, before it is parked.",
)
@click.option(
    "--keep", type=click.FloatRange(0), default=0, metavar="DAYS", help="For how long messages that were sent stay."
)
def command(database: str, table: str, database_schema: str | None, attempts: int, keep: float) -> None:
    """Send what waits in an outbox, until it is told to stop.

    Several may run: one works, and another one takes over when it stops or dies. Ctrl-C and SIGTERM end it after the batch at
    hand, a second one at once. Kafka and the registry are those of the settings.
    """
    from kontrakt.kafka.bus import connect
    from kontrakt.kafka.outbox import Outbox
    from kontrakt.kafka.relay import Relay
    from kontrakt.kafka.signals import stop_on_signals

    engine = engine_of(database)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    with connect() as bus:
        outbox = Outbox(name=table, schema=database_schema)
        relay = Relay(outbox, engine, bus, retention=dt.timedelta(days=keep), attempts=attempts)
        with stop_on_signals(relay):
            relay.run()
