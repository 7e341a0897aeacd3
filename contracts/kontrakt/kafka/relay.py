"""Sends what waits in an outbox. Needs ``kontrakt[sql]``."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from kontrakt.errors import (
    BusDenied,
    BusError,
    OutboxError,
    RegistryDenied,
    RegistryError,
    TransactionFenced,
)

from .outbox import Framer, headers_of
from .told import told

if TYPE_CHECKING:
    from .bus import Bus
    from .outbox import Outbox
    from .transactions import Transactions

_log: Final = logging.getLogger("kontrakt.kafka")

LEASE: Final = dt.timedelta(seconds=10)
"""After how long without a sign of life another relay takes over."""
PAUSE: Final = dt.timedelta(milliseconds=200)
"""How often an empty outbox is looked at."""

_AFTER_FAILURE_SECONDS: Final = 1.0
_CLEAN_UP_SECONDS: Final = 60.0
_BEATS: Final = 3
"""How many signs of life are given within a lease."""


class Relay:
    """Sends the messages of an outbox to Kafka: in the order in which they were written, at least once, by one relay at a time.

    Several may run; one works, and the others wait until it stops, or gives no sign of life for the time of a lease. Each batch is
    a transaction of Kafka under an id of the outbox, so that Kafka itself shuts out a relay that was only slow. Rows are deleted
    when their transaction was committed; a relay that dies before that has its successor send them again.

    A message that cannot be sent is tried again until it can be, and those behind it wait. So nothing overtakes it.

    Args:
        outbox: The outbox.
        engine: Its database.
        bus: Where to.
        size: How many messages a batch has at most.
        lease: After how long without a sign of life another relay takes over, by that one's own clock.
        pause: How often an empty outbox is looked at.
        retention: For how long messages that were sent stay in the table; by default they are deleted at once.
    """

    def __init__(
        self,
        outbox: Outbox,
        engine: Engine,
        bus: Bus,
        *,
        size: int = 500,
        lease: dt.timedelta = LEASE,
        pause: dt.timedelta = PAUSE,
        retention: dt.timedelta = dt.timedelta(),
    ) -> None:
        self._outbox = outbox
        self._messages = outbox.messages
        self._bus = bus
        self._clock = bus.clock
        self._size = size
        self._pause = pause.total_seconds()
        self._retention = retention
        # The rows have to be those that are there after the bound was found.
        level = "READ COMMITTED" if engine.dialect.name == "postgresql" else None
        self._engine = engine.execution_options(isolation_level=level) if level else engine
        self._lease = Lease(outbox, self._engine, lease.total_seconds(), bus.clock.monotonic)
        self._framer = Framer(bus.registry)
        self._transactions: Transactions | None = None
        self._cleaned = 0.0
        self._stopping = False

    def run(self) -> None:
        """Send what waits and what comes, until :meth:`stop` is called. What may pass is logged and tried again.

        Raises:
            OutboxError: The tables are missing.
            BusDenied: The credentials lack the right to the topics, or to transactions of the outbox's id.
            RegistryDenied: The registry refuses the credentials.
        """
        try:
            while not self._stopping:
                if not self._attempt():
                    self._clock.sleep(self._pause)
        finally:
            self._leave()

    def run_until_empty(self) -> int:
        """Send what waits, and end: for jobs and tests. Waits for the relay that works, if there is another one.

        Returns:
            How many messages were sent.

        Raises:
            KontraktError: Something failed; what was not sent still waits.
        """
        sent = 0
        try:
            while not self._stopping:
                if not self._working():
                    self._clock.sleep(self._pause)
                elif (count := self._send()) == 0:
                    break
                else:
                    sent += count
        except SQLAlchemyError as error:
            raise self._translated(error) from error
        finally:
            self._leave()
        return sent

    def stop(self) -> None:
        """Let ``run`` end after the batch at hand. May be called from any thread and from a signal handler."""
        self._stopping = True

    def _attempt(self) -> bool:
        """Send a batch; false when there was none, or something failed."""
        try:
            return self._working() and self._send() > 0
        except TransactionFenced:
            _log.warning(
                "another relay has taken over the outbox %s", self._outbox.name, extra=told("outbox.taken_over")
            )
            self._stand_by()
        except (BusDenied, RegistryDenied, OutboxError):
            raise
        except (BusError, RegistryError) as error:
            _log.error("the messages of the outbox %s wait: %s", self._outbox.name, error, extra=told("outbox.waiting"))
            self._stand_by()
            self._clock.sleep(_AFTER_FAILURE_SECONDS)
        except SQLAlchemyError as error:
            failure = self._translated(error)
            if not isinstance(error, DBAPIError) or _says_missing(error):
                raise failure from error
            _log.error("%s", failure, extra=told("outbox.waiting"))
            self._clock.sleep(_AFTER_FAILURE_SECONDS)
        return False

    def _working(self) -> bool:
        """Whether it is this relay's turn; the first time, others are shut out."""
        if not self._lease.held():
            self._stand_by()
            return False
        if self._transactions is None:
            self._transactions = self._bus.transactions(f"{self._outbox.name}-{self._lease.identity}")
            _log.info("sending what waits in the outbox %s", self._outbox.name, extra=told("outbox.relaying"))
        return True

    def _send(self) -> int:
        with self._engine.begin() as connection:
            rows = self._waiting(connection)
        if rows:
            self._send_rows(rows)
            with self._engine.begin() as connection:
                self._done(connection, [row.id for row in rows])
        self._clean_up()
        return len(rows)

    def _waiting(self, connection: Connection) -> Sequence[Row[Any]]:
        """The messages that come next."""
        last = self._outbox.last(connection)
        query = select(self._messages).where(self._messages.c.sent.is_(None))
        if last is not None:
            query = query.where(self._messages.c.id <= last)
        return connection.execute(query.order_by(self._messages.c.id).limit(self._size)).all()

    def _send_rows(self, rows: Sequence[Row[Any]]) -> None:
        assert self._transactions is not None
        sender = self._transactions.sender
        deliveries = sender.deliveries()
        with self._transactions.transaction():
            for row in rows:
                key, value = self._framer.framed(row.schemas, row.key, row.value)
                sender.send(deliveries, row.topic, key, value, headers_of(row.headers))

    def _done(self, connection: Connection, ids: Sequence[int]) -> None:
        these = self._messages.c.id.in_(ids)
        if self._retention:
            connection.execute(update(self._messages).where(these).values(sent=self._clock.now()))
        else:
            connection.execute(delete(self._messages).where(these))

    def _clean_up(self) -> None:
        """Delete, a batch at a time, what was kept long enough."""
        now = self._clock.monotonic()
        if not self._retention or now < self._cleaned + _CLEAN_UP_SECONDS:
            return
        before = self._clock.now() - self._retention
        old = select(self._messages.c.id).where(self._messages.c.sent < before).limit(self._size)
        with self._engine.begin() as connection:
            deleted = connection.execute(delete(self._messages).where(self._messages.c.id.in_(old))).rowcount
        if deleted < self._size:
            self._cleaned = now

    def _stand_by(self) -> None:
        """Send no more until it is this relay's turn again."""
        transactions, self._transactions = self._transactions, None
        if transactions is not None:
            transactions.close()

    def _leave(self) -> None:
        """Let another relay begin at once."""
        self._stand_by()
        with suppress(SQLAlchemyError):
            self._lease.release()

    def _translated(self, error: SQLAlchemyError) -> OutboxError:
        said = str(error.orig if isinstance(error, DBAPIError) else error).partition("\n")[0]
        advice = "; create its tables: outbox.create(engine), or a migration" if _says_missing(error) else ""
        return OutboxError(f"the outbox {self._outbox.name} cannot be read: {said}{advice}")


class Lease:
    """Which of several relays works. No clock is compared with another one: who waits looks whether the other's beat goes on.

    Args:
        outbox: The outbox.
        engine: Its database.
        seconds: For how long a beat may stand still.
        monotonic: Seconds since some moment.
    """

    def __init__(self, outbox: Outbox, engine: Engine, seconds: float, monotonic: Callable[[], float]) -> None:
        self._table = outbox.leases
        self._engine = engine
        self._seconds = seconds
        self._monotonic = monotonic
        self._me = uuid.uuid4().hex
        self._until_beat = 0.0
        self._seen: tuple[str, int] = ("", -1)
        self._since = 0.0
        self.identity = ""
        """What tells this outbox from those of other databases; known when the lease was held once."""

    def held(self) -> bool:
        """Whether this relay works; gives a sign of life when it is time to."""
        now = self._monotonic()
        if now < self._until_beat:
            return True
        self._until_beat = 0.0
        with self._engine.begin() as connection:
            row = connection.execute(select(self._table)).one_or_none()
        if row is None:
            self._make()
            return self.held()
        if row.owner not in ("", self._me) and not self._stands_still((row.owner, row.beat), now):
            return False
        mine = self._table.c.owner == row.owner
        beat = update(self._table).where(mine, self._table.c.beat == row.beat).values(owner=self._me, beat=row.beat + 1)
        with self._engine.begin() as connection:
            if connection.execute(beat).rowcount != 1:
                return False  # another one was quicker
        if row.owner not in ("", self._me):
            _log.warning(
                "taking over from a relay that gave no sign of life for %g s",
                self._seconds,
                extra=told("outbox.taken_over"),
            )
        self.identity = row.identity
        self._until_beat = now + self._seconds / _BEATS
        return True

    def release(self) -> None:
        """Let others work at once."""
        self._until_beat = 0.0
        with self._engine.begin() as connection:
            connection.execute(update(self._table).where(self._table.c.owner == self._me).values(owner=""))

    def _stands_still(self, seen: tuple[str, int], now: float) -> bool:
        if seen != self._seen:
            self._seen, self._since = seen, now
        return now >= self._since + self._seconds

    def _make(self) -> None:
        with suppress(IntegrityError), self._engine.begin() as connection:  # another one made it
            connection.execute(insert(self._table).values(id=1, identity=uuid.uuid4().hex, owner="", beat=0))


def _says_missing(error: SQLAlchemyError) -> bool:
    """Whether a table is not there."""
    said = str(error.orig if isinstance(error, DBAPIError) else error)
    return "no such table" in said or "UndefinedTable" in type(getattr(error, "orig", None)).__name__
