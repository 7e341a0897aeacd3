"""The outbox for asyncio: messages written through a connection or session of SQLAlchemy's asyncio, and a relay on an event loop."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Engine
from sqlalchemy.ext.asyncio import AsyncConnection

from kontrakt.kafka.relay import ATTEMPTS, LEASE, PAUSE, SIZE, InTransaction, Relay, isolated

from .destination import AsyncDestination
from .threads import Bridge

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
    from sqlalchemy.orm import Session

    from kontrakt.kafka.delivery import Delivery
    from kontrakt.kafka.destination import Destination
    from kontrakt.kafka.outbox import Outbox

    from .bus import AsyncBus

T = TypeVar("T")


class AsyncOutboxConnection(AsyncDestination):
    """Where asyncio producers write into an outbox. Made by :meth:`kontrakt.Outbox.on`.

    Args:
        outbox: The outbox.
        connection: The caller's, who commits.
    """

    def __init__(self, outbox: Outbox, connection: AsyncConnection | AsyncSession) -> None:
        self._outbox = outbox
        self._connection = connection

    async def made(self, make: Callable[[Destination], T]) -> T:
        """A blocking producer that writes through the caller's connection.

        Raises:
            OutboxError: The database is neither PostgreSQL nor SQLite.
        """
        return await self._run(lambda connection: make(self._outbox.on(connection)))

    async def sent(self, send: Callable[[], Delivery], *, first: bool) -> Delivery:  # noqa: ARG002 - nothing is looked up
        """Write a message."""

        def write(_connection: object) -> Delivery:
            return send()

        return await self._run(write)

    async def _run(self, work: Callable[[Connection | Session], T]) -> T:
        """Let SQLAlchemy run blocking code on the loop; where that waits for the database, so does this task."""
        if isinstance(self._connection, AsyncConnection):
            return await self._connection.run_sync(work)
        return await self._connection.run_sync(work)


class AsyncRelay:
    """Sends the messages of an outbox to Kafka, in a program of asyncio; see :class:`~kontrakt.Relay`, whose promises it keeps.

    .. code-block:: python

        async with kontrakt.aio.connect() as bus, asyncio.TaskGroup() as tasks:
            tasks.create_task(AsyncRelay(outbox, engine, bus).run())

    It works in a thread of its own; the database is asked on the loop, through its asyncio driver.

    Args:
        outbox: The outbox.
        engine: Its database, an engine of SQLAlchemy's asyncio or a blocking one.
        bus: Where to.
        size: How many messages a batch has at most.
        lease: After how long without a sign of life another relay takes over, by that one's own clock.
        pause: How often an empty outbox is looked at.
        retention: For how long messages that were sent stay in the table; by default they are deleted at once.
        attempts: How often a message is tried that cannot be sent, before it is parked; None for ever.
    """

    def __init__(
        self,
        outbox: Outbox,
        engine: AsyncEngine | Engine,
        bus: AsyncBus,
        *,
        size: int = SIZE,
        lease: dt.timedelta = LEASE,
        pause: dt.timedelta = PAUSE,
        retention: dt.timedelta = dt.timedelta(),
        attempts: int | None = ATTEMPTS,
    ) -> None:
        self._name = outbox.name
        self._engine = engine
        self._bus = bus
        self._relay: Relay | None = None
        self._stopping = False

        def make(database: Engine | InTransaction) -> Relay:
            return Relay(
                outbox,
                database,
                bus.blocking,
                size=size,
                lease=lease,
                pause=pause,
                retention=retention,
                attempts=attempts,
            )

        self._make = make

    async def run(self) -> None:
        """Send what waits and what comes, until :meth:`stop` is called. What may pass is logged and tried again.

        A task that is cancelled here ends when the batch at hand is sent, and hands over to another relay.

        Raises:
            OutboxError: The tables are missing.
            BusDenied: The credentials lack the right to the topics, or to transactions of the outbox's id.
            RegistryDenied: The registry refuses the credentials.
            ClosedError: The bus was closed.
            ValueError: There is to be no attempt.
        """
        await self._until_ended(Relay.run)

    async def run_until_empty(self) -> int:
        """Send what waits, and end: for jobs and tests. Waits for the relay that works, if there is another one.

        Returns:
            How many messages were sent.

        Raises:
            KontraktError: Something failed; what was not sent still waits.
        """
        return await self._until_ended(Relay.run_until_empty)

    def stop(self) -> None:
        """Let ``run`` end after the batch at hand. May be called from any thread and from a signal handler."""
        self._stopping = True
        if self._relay is not None:
            self._relay.stop()

    async def _until_ended(self, work: Callable[[Relay], T]) -> T:
        worker = self._bus.worker(f"kontrakt-relay {self._name}")
        try:
            relay = self._relay = await worker.call(self._make, self._database())
            if self._stopping:
                relay.stop()
            return await worker.run(lambda: work(relay), relay.stop)
        finally:
            self._bus.release(worker)

    def _database(self) -> Engine | InTransaction:
        if isinstance(self._engine, Engine):
            return self._engine
        engine = isolated(self._engine)

        async def do(work: Callable[[Connection], Any]) -> Any:
            async with engine.begin() as connection:
                return await connection.run_sync(work)

        return Bridge().blocking(do)
