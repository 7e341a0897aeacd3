"""Sends what waits in an outbox. Needs ``kontrakt[sql]``."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from sqlalchemy import Connection, Engine, Row, Select, delete, insert, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from kontrakt.errors import (
    BusDenied,
    BusError,
    ClosedError,
    DeliveryError,
    KontraktError,
    OutboxError,
    RegistryDenied,
    RegistryError,
    TransactionFenced,
)

from .outbox import Framer, headers_of
from .policies import Retry
from .stuck import first_of_each_key, of_the_message
from .told import told

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

    from .bus import Bus
    from .outbox import Outbox
    from .transactions import Transactions

_log: Final = logging.getLogger("kontrakt.kafka")

T = TypeVar("T")

SIZE: Final = 500
"""How many messages a batch has at most."""
LEASE: Final = dt.timedelta(seconds=10)
"""After how long without a sign of life another relay takes over."""
ATTEMPTS: Final = 10
"""How often a message is tried that cannot be sent, over about five minutes."""
PAUSE: Final = dt.timedelta(milliseconds=200)
"""How often an empty outbox is looked at."""

_AFTER_FAILURE_SECONDS: Final = 1.0
_CLEAN_UP_SECONDS: Final = 60.0
_WAITS: Final = Retry(attempts=None)
_UNDEFINED_TABLE: Final = "42P01"  # https://www.postgresql.org/docs/current/errcodes-appendix.html
_BEATS: Final = 3
"""How many signs of life are given within a lease."""


class InTransaction(Protocol):
    """Does something in a transaction of a database."""

    def __call__(self, work: Callable[[Connection], T], /) -> T:
        """Do it.

        Args:
            work: Called with a connection on which a transaction has begun; it is committed when this returns.
        """
        ...


class Relay:
    """Sends the messages of an outbox to Kafka: in the order in which they were written, at least once, by one relay at a time.

    Several may run; one works, and the others wait until it stops, or gives no sign of life for the time of a lease. Each batch is
    a transaction of Kafka under an id of the outbox, so that Kafka itself shuts out a relay that was only slow. Rows are deleted
    when their transaction was committed; a relay that dies before that has its successor send them again.

    What hinders all messages is waited for. A message that cannot be sent by itself (its topic or its schema is missing, the topic
    refuses it or its sender) is tried again after waits that grow, up to a minute; what has the same topic and key waits behind it,
    and the others go on. After so many attempts it is parked, and what waits behind it still does, until it is tried again or
    removed (``outbox.stuck``).

    Args:
        outbox: The outbox.
        engine: Its database, or what does something in a transaction of it.
        bus: Where to.
        size: How many messages a batch has at most.
        lease: After how long without a sign of life another relay takes over, by that one's own clock.
        pause: How often an empty outbox is looked at.
        retention: For how long messages that were sent stay in the table; by default they are deleted at once.
        attempts: How often a message is tried that cannot be sent, before it is parked; None for ever.

    Raises:
        ValueError: There is to be no attempt.
    """

    def __init__(
        self,
        outbox: Outbox,
        engine: Engine | InTransaction,
        bus: Bus,
        *,
        size: int = SIZE,
        lease: dt.timedelta = LEASE,
        pause: dt.timedelta = PAUSE,
        retention: dt.timedelta = dt.timedelta(),
        attempts: int | None = ATTEMPTS,
    ) -> None:
        if attempts is not None and attempts < 1:
            raise ValueError(f"attempts must be at least 1 or None, not {attempts}")
        self._attempts = attempts
        self._held: dict[int, float] = {}
        self._failure: KontraktError | None = None
        self._noted = 0
        self._outbox = outbox
        self._messages = outbox.messages
        self._bus = bus
        self._clock = bus.clock
        self._size = size
        self._pause = pause.total_seconds()
        self._retention = retention
        self._within: InTransaction = _within(isolated(engine)) if isinstance(engine, Engine) else engine
        self._lease = Lease(outbox, self._within, lease.total_seconds(), bus.clock.monotonic)
        self._framer = Framer(bus.registry)
        self._transactions: Transactions | None = None
        self._cleaned = 0.0
        self._stopping = False

    def run(self) -> None:
        """Send what waits and what comes, until :meth:`stop` is called. What may pass is logged and tried again.

        Raises:
            OutboxError: The tables are missing.
            BusDenied: The credentials are refused, or lack the right to transactions of the outbox's id.
            RegistryDenied: The registry refuses the credentials.
            ClosedError: The bus was closed.
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
            KontraktError: Something failed; what was not sent still waits. Of messages that cannot be sent, this is what the first
                one failed with; the others were sent.
        """
        sent = 0
        self._held.clear()
        self._failure = None
        try:
            while not self._stopping:
                if not self._working():
                    self._clock.sleep(self._pause)
                    continue
                noted, count = self._noted, self._send()
                sent += count
                if count == 0 and noted == self._noted:
                    break
        except SQLAlchemyError as error:
            raise self._translated(error) from error
        finally:
            self._leave()
        if self._failure is not None:
            raise self._failure
        return sent

    def stop(self) -> None:
        """Let ``run`` end after the batch at hand. May be called from any thread and from a signal handler."""
        self._stopping = True

    def _attempt(self) -> bool:
        """Send a batch; false when there was none, or something failed."""
        noted = self._noted
        try:
            return self._working() and (self._send() > 0 or self._noted > noted)
        except TransactionFenced:
            _log.warning(
                "another relay has taken over the outbox %s", self._outbox.name, extra=told("outbox.taken_over")
            )
            self._stand_by()
        except (BusDenied, ClosedError, RegistryDenied, OutboxError):
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
        """Send the messages that come next, and those that are to be tried again; how many were sent."""
        new, tried = self._within(self._waiting)
        now = self._clock.monotonic()
        self._held = {row.id: self._held.get(row.id, now) for row in tried}
        sent = self._send_rows(new) if new else 0
        sent += self._send_each([row for row in tried if self._held[row.id] <= now])
        self._clean_up()
        return sent

    def _waiting(self, connection: Connection) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]]]:
        """The messages that come next, and those that could not be sent so far."""
        last, stuck = self._outbox.last(connection), self._outbox.stuck
        return self._rows(connection, last, stuck.not_behind), self._rows(connection, last, stuck.tried)

    def _rows(
        self, connection: Connection, last: int | None, which: Callable[[Select[Any]], Select[Any]]
    ) -> Sequence[Row[Any]]:
        of = self._messages.c
        waiting = which(select(self._messages).where(of.sent.is_(None)))
        if last is not None:
            waiting = waiting.where(of.id <= last)
        return connection.execute(waiting.order_by(of.id).limit(self._size)).all()

    def _send_rows(self, rows: Sequence[Row[Any]]) -> int:
        """Send messages in one transaction; where some of them cannot be sent, these are held back, and none is sent."""
        failed = dict[int, KontraktError]()
        try:
            self._transact(rows, failed)
        except (BusError, RegistryError) as error:
            found = {id_: failure for id_, failure in failed.items() if of_the_message(failure)}
            if not found and not of_the_message(error):
                raise
            if self._transactions is not None and self._transactions.sender.broken is not None:
                self._stand_by()  # librdkafka cannot always abort what a broker has refused; the next one takes the id over
            if not found and len(rows) > 1:  # nothing says which
                return self._send_each(rows)
            self._hold(rows, found or {rows[0].id: error})
            return 0
        ids = [row.id for row in rows]
        self._within(lambda connection: self._done(connection, ids))
        return len(rows)

    def _send_each(self, rows: Sequence[Row[Any]]) -> int:
        """Send each message in a transaction of its own; what has the key of one that cannot be sent waits."""
        stuck = set[tuple[str, bytes]]()
        sent = 0
        for row in rows:
            if self._stopping or not self._working():
                break
            if row.key is not None and (row.topic, row.key) in stuck:
                continue
            if self._send_rows([row]):
                sent += 1
            elif row.key is not None:
                stuck.add((row.topic, row.key))
        return sent

    def _transact(self, rows: Sequence[Row[Any]], failed: dict[int, KontraktError]) -> None:
        assert self._transactions is not None
        framed = self._framed(rows, failed)
        sender = self._transactions.sender
        deliveries = sender.deliveries()
        with self._transactions.transaction():
            for row, key, value in framed:

                def note(error: KontraktError, id_: int = row.id) -> None:
                    failed[id_] = error

                try:
                    sender.send(deliveries, row.topic, key, value, headers_of(row.headers), on_failure=note)
                except DeliveryError as error:
                    note(error)
                    raise

    def _framed(
        self, rows: Sequence[Row[Any]], failed: dict[int, KontraktError]
    ) -> list[tuple[Row[Any], bytes | None, bytes | None]]:
        """The messages as they are sent; each schema that is not there is asked for once."""
        missing: dict[str, RegistryError] = {}
        framed: list[tuple[Row[Any], bytes | None, bytes | None]] = []
        for row in rows:
            try:
                if row.schemas not in missing:
                    framed.append((row, *self._framer.framed(row.schemas, row.key, row.value)))
            except RegistryError as error:
                if not of_the_message(error):
                    raise
                missing[row.schemas] = error
            if row.schemas in missing:
                failed[row.id] = missing[row.schemas]
        if missing:
            raise next(iter(missing.values()))
        return framed

    def _hold(self, rows: Sequence[Row[Any]], failed: Mapping[int, KontraktError]) -> None:
        """Note that messages cannot be sent, and when to try them again."""
        for row in first_of_each_key(rows, failed):
            error = failed[row.id]
            self._failure = self._failure or error
            self._noted += 1
            note = partial(self._outbox.stuck.note, row=row, error=error, now=self._clock.now(), most=self._attempts)
            if self._within(note):
                _log.error(
                    "the message %d of the outbox %s is parked, and what has its key waits behind it; see `kontrakt outbox`: %s",
                    row.id,
                    self._outbox.name,
                    error,
                    extra=told("outbox.parked", topic=row.topic),
                )
                continue
            seconds = _WAITS.wait_after(row.attempts + 1)
            self._held[row.id] = self._clock.monotonic() + seconds
            _log.warning(
                "the message %d of the outbox %s waits, and what has its key behind it; tried again in %.1f s: %s",
                row.id,
                self._outbox.name,
                seconds,
                error,
                extra=told("outbox.held", topic=row.topic),
            )

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
        deleted = self._within(
            lambda connection: connection.execute(delete(self._messages).where(self._messages.c.id.in_(old))).rowcount
        )
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
        within: Does something in a transaction of its database.
        seconds: For how long a beat may stand still.
        monotonic: Seconds since some moment.
    """

    def __init__(self, outbox: Outbox, within: InTransaction, seconds: float, monotonic: Callable[[], float]) -> None:
        self._table = outbox.leases
        self._within = within
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
        row = self._within(lambda connection: connection.execute(select(self._table)).one_or_none())
        if row is None:
            self._make()
            return self.held()
        if row.owner not in ("", self._me) and not self._stands_still((row.owner, row.beat), now):
            return False
        mine = self._table.c.owner == row.owner
        beat = update(self._table).where(mine, self._table.c.beat == row.beat).values(owner=self._me, beat=row.beat + 1)
        if self._within(lambda connection: connection.execute(beat).rowcount) != 1:
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
        free = update(self._table).where(self._table.c.owner == self._me).values(owner="")
        self._within(lambda connection: connection.execute(free))

    def _stands_still(self, seen: tuple[str, int], now: float) -> bool:
        if seen != self._seen:
            self._seen, self._since = seen, now
        return now >= self._since + self._seconds

    def _make(self) -> None:
        first = insert(self._table).values(id=1, identity=uuid.uuid4().hex, owner="", beat=0)
        with suppress(IntegrityError):  # another one made it
            self._within(lambda connection: connection.execute(first))


def _says_missing(error: SQLAlchemyError) -> bool:
    """Whether a table is not there."""
    orig = getattr(error, "orig", None)
    codes = (getattr(orig, "sqlstate", None), getattr(orig, "pgcode", None))  # of psycopg and asyncpg, and of psycopg2
    return "no such table" in str(orig) or _UNDEFINED_TABLE in codes


E = TypeVar("E", Engine, "AsyncEngine")


def isolated(engine: E) -> E:
    """An engine as relays need it: the rows have to be those that are there after the bound was found.

    Args:
        engine: The engine, blocking or of SQLAlchemy's asyncio.
    """
    return engine.execution_options(isolation_level="READ COMMITTED") if engine.dialect.name == "postgresql" else engine


def _within(engine: Engine) -> InTransaction:
    def do(work: Callable[[Connection], T]) -> T:
        with engine.begin() as connection:
            return work(connection)

    return do
