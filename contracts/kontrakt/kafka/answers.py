"""What a service remembers of the requests that it has answered, so that one that comes again is not executed again."""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from kontrakt.errors import BusError

from .messages import EPOCH
from .told import told_of

if TYPE_CHECKING:
    from .clock import Clock
    from .messages import RequestMeta

_log: Final = logging.getLogger("kontrakt.kafka")
_SECOND: Final = dt.timedelta(seconds=1)


class AnswerStore(Protocol):
    """Remembers the answers of a service by the request. Called by one thread at a time of those of a service."""

    def find(self, request: str, now: dt.datetime) -> bytes | None:
        """What was answered; None when it is not known, or not any more.

        Args:
            request: What the request is known by.
            now: The moment it is.
        """
        ...

    def remember(self, request: str, answer: bytes, now: dt.datetime) -> None:
        """Remember an answer from now on.

        Args:
            request: What the request is known by.
            answer: What was answered.
            now: The moment it is.
        """
        ...


class MemoryAnswers:
    """Remembers answers in memory: they are gone when the process ends, and other instances do not know them.

    Args:
        keep: For how long.
        most: How many at most; beyond that the oldest are forgotten.
    """

    def __init__(self, *, keep: dt.timedelta = dt.timedelta(hours=1), most: int = 100_000) -> None:
        self._keep = keep
        self._most = most
        self._answers: OrderedDict[str, tuple[dt.datetime, bytes]] = OrderedDict()

    def find(self, request: str, now: dt.datetime) -> bytes | None:
        """What was answered; None when it is not known, or not any more."""
        until, answer = self._answers.get(request, (now, None))
        return answer if now < until else None

    def remember(self, request: str, answer: bytes, now: dt.datetime) -> None:
        """Remember an answer, and forget those whose time is over."""
        self._answers.pop(request, None)
        self._answers[request] = (now + self._keep, answer)
        while self._answers:
            oldest = next(iter(self._answers))
            if len(self._answers) <= self._most and now < self._answers[oldest][0]:
                return
            del self._answers[oldest]


class SqliteAnswers:
    """Remembers answers in a file of SQLite: they outlive the process, and the instances of one machine can share the file.

    Args:
        path: The file; it is made when it is not there.
        keep: For how long.
        timeout: Seconds to wait while another process writes.

    Raises:
        BusError: The file cannot be opened, or is none of SQLite.
    """

    def __init__(self, path: str | Path, *, keep: dt.timedelta = dt.timedelta(hours=24), timeout: float = 30.0) -> None:
        self._path = path
        self._keep = keep
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
            self._connection.executescript(_TABLE)
        except sqlite3.Error as error:
            raise self._failure("open", error) from error

    def find(self, request: str, now: dt.datetime) -> bytes | None:
        """What was answered; None when it is not known, or not any more.

        Raises:
            BusError: The file cannot be read.
        """
        question = "SELECT answer FROM kontrakt_answers WHERE request = ? AND until > ?"
        with self._lock:
            try:
                with closing(self._connection.execute(question, (request, _seconds(now)))) as rows:
                    row: tuple[bytes] | None = rows.fetchone()
            except sqlite3.Error as error:
                raise self._failure("read", error) from error
        return None if row is None else row[0]

    def remember(self, request: str, answer: bytes, now: dt.datetime) -> None:
        """Remember an answer, and forget those whose time is over.

        Raises:
            BusError: The file cannot be written.
        """
        until = _seconds(now + self._keep)
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    self._connection.execute("DELETE FROM kontrakt_answers WHERE until <= ?", (_seconds(now),))
                    self._connection.execute(
                        "INSERT OR REPLACE INTO kontrakt_answers VALUES (?, ?, ?)", (request, until, answer)
                    )
                    self._connection.execute("COMMIT")
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._failure("write", error) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _failure(self, what: str, error: sqlite3.Error) -> BusError:
        return BusError(f"cannot {what} the remembered answers in {self._path}: {error}")


class Once:
    """Has the requests of a service executed that were not answered before.

    Args:
        store: Remembers the answers.
        clock: What tells the time.
    """

    def __init__(self, store: AnswerStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._executing: set[str] = set()
        self._changed = threading.Condition()

    def answer(
        self, request: str, meta: RequestMeta, execute: Callable[[], tuple[bytes, Exception | None]]
    ) -> tuple[bytes, Exception | None]:
        """The answer to a request, remembered or new. What the contract does not declare as an outcome is not remembered.

        Args:
            request: What the request is known by. Where another thread executes one that is the same, this waits for it.
            meta: Where it stands.
            execute: Gives the answer, and what failed unless that is a declared outcome.
        """
        with self._changed:
            self._changed.wait_for(lambda: request not in self._executing)
            known = self._store.find(request, self._clock.now())
            if known is None:
                self._executing.add(request)
        if known is not None:
            _log.info(
                "the request %s was executed before; its answer is sent again",
                meta,
                extra=told_of("request.repeated", meta),
            )
            return known, None
        try:
            answer, failed = execute()
            if failed is None:
                with self._changed:
                    self._store.remember(request, answer, self._clock.now())
        finally:
            with self._changed:
                self._executing.discard(request)
                self._changed.notify_all()
        return answer, failed


_TABLE: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS kontrakt_answers (request TEXT PRIMARY KEY, until REAL NOT NULL, answer BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kontrakt_answers_until ON kontrakt_answers (until);
"""


def _seconds(moment: dt.datetime) -> float:
    return (moment - EPOCH) / _SECOND
