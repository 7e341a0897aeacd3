"""Messages of an outbox that cannot be sent, through no fault of the broker or the registry. Needs ``kontrakt[sql]``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection, Row, Select, and_, delete, exists, select, update

from kontrakt.errors import (
    BusDenied,
    MessageRejected,
    SchemaNotFound,
    SchemaNotRegistered,
    SchemaRejected,
    TopicNotFound,
)

if TYPE_CHECKING:
    from .outbox import Outbox

_OF_THE_MESSAGE: Final = (
    BusDenied,
    MessageRejected,
    SchemaNotFound,
    SchemaNotRegistered,
    SchemaRejected,
    TopicNotFound,
)
"""What concerns one message, or those of one topic or schema, and not all of them."""
_LONGEST_REASON: Final = 2000


@dataclass(frozen=True, slots=True)
class StuckMessage:
    """A message that could not be sent so far.

    Attributes:
        id: The id of its row.
        topic: The topic.
        key: The key bytes, without the frame of a schema; None where it has none.
        attempts: How often it was tried.
        error: Why it could not be sent the last time.
        parked: Since when it is not tried any more; None while it is.
    """

    id: int
    topic: str
    key: bytes | None
    attempts: int
    error: str
    parked: dt.datetime | None


class Stuck:
    """The messages of an outbox that were tried and could not be sent. What has the same topic and key waits behind them.

    .. code-block:: python

        with engine.begin() as connection:
            for one in outbox.stuck.list(connection):
                print(one.id, one.topic, one.error)
            outbox.stuck.retry(connection)

    Args:
        outbox: The outbox.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._table = outbox.messages

    def list(self, connection: Connection) -> list[StuckMessage]:
        """Those that could not be sent so far, in the order in which they were written.

        Args:
            connection: The database.
        """
        of = self._table.c
        rows = connection.execute(
            select(of.id, of.topic, of.key, of.attempts, of.error, of.parked).where(self._tried).order_by(of.id)
        )
        return [StuckMessage(row.id, row.topic, row.key, row.attempts, row.error or "", row.parked) for row in rows]

    def retry(self, connection: Connection, ids: Iterable[int] | None = None) -> int:
        """Have messages tried again, as if they were new; what waits behind them follows them.

        Args:
            connection: The database; its transaction is the caller's.
            ids: Which; all by default.

        Returns:
            How many there were.
        """
        fresh = update(self._table).where(self._chosen(ids)).values(attempts=0, parked=None)
        return connection.execute(fresh).rowcount

    def remove(self, connection: Connection, ids: Iterable[int] | None = None) -> int:
        """Delete messages, which are then never sent; what waits behind them is.

        Args:
            connection: The database; its transaction is the caller's.
            ids: Which; all by default.

        Returns:
            How many there were.
        """
        return connection.execute(delete(self._table).where(self._chosen(ids))).rowcount

    # --- what a relay asks -------------------------------------------------------------------------------------------

    def not_behind(self, waiting: Select[Any]) -> Select[Any]:
        """Messages that were not tried yet, without those that wait behind one of the same topic and key."""
        of = self._table.c
        return waiting.where(of.attempts == 0, ~self._behind)

    def tried(self, waiting: Select[Any]) -> Select[Any]:
        """Messages that were tried and are to be tried again, without those that wait behind another one."""
        of = self._table.c
        return waiting.where(of.attempts > 0, of.parked.is_(None), ~self._behind)

    def note(
        self, connection: Connection, row: Row[Any], error: BaseException, now: dt.datetime, most: int | None
    ) -> bool:
        """Write down that a message could not be sent.

        Args:
            connection: The database.
            row: The message.
            error: Why.
            now: The moment it is.
            most: How often it is tried in all; None for ever.

        Returns:
            Whether it is parked now.
        """
        attempts = row.attempts + 1
        parked = most is not None and attempts >= most
        noted = {"attempts": attempts, "error": str(error)[:_LONGEST_REASON], "parked": now if parked else None}
        connection.execute(update(self._table).where(self._table.c.id == row.id).values(noted))
        return parked

    @property
    def _tried(self) -> Any:
        return and_(self._table.c.sent.is_(None), self._table.c.attempts > 0)

    @property
    def _behind(self) -> Any:
        """Whether an earlier message of the same topic and key was tried and could not be sent."""
        of, first = self._table.c, self._table.alias("first")
        same = and_(first.c.topic == of.topic, first.c.key == of.key, first.c.id < of.id)
        return exists().where(first.c.sent.is_(None), first.c.attempts > 0, same)

    def _chosen(self, ids: Iterable[int] | None) -> Any:
        return self._tried if ids is None else and_(self._tried, self._table.c.id.in_([*ids]))


def of_the_message(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, concerns the message at hand and not all of them."""
    while error is not None:
        if isinstance(error, _OF_THE_MESSAGE):
            return True
        error = error.__cause__
    return False


def first_of_each_key(rows: Sequence[Row[Any]], failed: Iterable[int]) -> list[Row[Any]]:
    """Of the messages that failed, the first of each topic and key: those behind it were not tried by themselves."""
    ids, seen = set(failed), set[tuple[str, bytes]]()
    found: list[Row[Any]] = []
    for row in rows:
        if row.id not in ids:
            continue
        if row.key is None:
            found.append(row)
        elif (row.topic, row.key) not in seen:
            seen.add((row.topic, row.key))
            found.append(row)
    return found
