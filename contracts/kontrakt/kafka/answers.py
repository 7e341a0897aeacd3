"""What a service remembers of the requests that it has answered, so that one that comes again is not executed again."""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from kontrakt.errors import BusError

from .messages import EPOCH
from .told import told, told_of

if TYPE_CHECKING:
    from .clock import Clock
    from .messages import RequestMeta

_log: Final = logging.getLogger("kontrakt.kafka")
_SECOND: Final = dt.timedelta(seconds=1)
LEASE: Final = dt.timedelta(seconds=10)
"""After how long without a sign of life another instance executes what one has claimed."""
_SIGNS: Final = 3
"""How many signs of life are given within a lease."""
_LOOK_SECONDS: Final = 0.05


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


@runtime_checkable
class ClaimStore(AnswerStore, Protocol):
    """A store that several instances of a service share: each claims a request before it executes it.

    Attributes:
        lease: For how long a claim holds that is not renewed, because whoever made it has died.
    """

    lease: dt.timedelta

    def claim(self, request: str, owner: str, now: dt.datetime) -> bool:
        """Claim a request for the time of a lease, or renew one's claim; false while another one holds it.

        Args:
            request: What the request is known by.
            owner: Who claims it.
            now: The moment it is.
        """
        ...

    def release(self, request: str, owner: str) -> None:
        """Let others execute a request: it was answered, or failed.

        Args:
            request: What the request is known by.
            owner: Who claimed it.
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

    Of instances that share it, one executes a request at a time: it claims it, and the others wait for its answer.

    Args:
        path: The file; it is made when it is not there.
        keep: For how long.
        timeout: Seconds to wait while another process writes.
        lease: After how long without a sign of life another instance executes what one has claimed and not answered.

    Raises:
        BusError: The file cannot be opened, or is none of SQLite.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        keep: dt.timedelta = dt.timedelta(hours=24),
        timeout: float = 30.0,
        lease: dt.timedelta = LEASE,
    ) -> None:
        self.lease = lease
        self._path = path
        self._keep = keep
        self._lock = threading.Lock()
        try:
            self._connection = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise self._failure("open", error) from error
        try:
            self._connection.executescript(_TABLE)
        except sqlite3.Error as error:
            self._connection.close()
            raise self._failure("open", error) from error

    def find(self, request: str, now: dt.datetime) -> bytes | None:
        """What was answered; None when it is not known, or not any more.

        Raises:
            BusError: The file cannot be read.
        """
        question = "SELECT answer FROM kontrakt_answers WHERE request = ? AND until > ?"
        with self._lock:
            try:
                with closing(self._connection.execute(question, (request, seconds(now)))) as rows:
                    row: tuple[bytes] | None = rows.fetchone()
            except sqlite3.Error as error:
                raise self._failure("read", error) from error
        return None if row is None else row[0]

    def remember(self, request: str, answer: bytes, now: dt.datetime) -> None:
        """Remember an answer, and forget those whose time is over.

        Raises:
            BusError: The file cannot be written.
        """
        until = seconds(now + self._keep)
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    for table in ("kontrakt_answers", "kontrakt_claims"):
                        self._connection.execute(f"DELETE FROM {table} WHERE until <= ?", (seconds(now),))  # noqa: S608
                    self._connection.execute(
                        "INSERT OR REPLACE INTO kontrakt_answers VALUES (?, ?, ?)", (request, until, answer)
                    )
                    self._connection.execute("COMMIT")
                except BaseException:
                    self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise self._failure("write", error) from error

    def claim(self, request: str, owner: str, now: dt.datetime) -> bool:
        """Claim a request for the time of a lease, or renew one's claim; false while another one holds it.

        Raises:
            BusError: The file cannot be written.
        """
        until = seconds(now + self.lease)
        with self._lock:
            try:
                with closing(self._connection.execute(_CLAIM, (request, owner, until, seconds(now)))) as made:
                    return made.rowcount == 1
            except sqlite3.Error as error:
                raise self._failure("write", error) from error

    def release(self, request: str, owner: str) -> None:
        """Let others execute a request: it was answered, or failed.

        Raises:
            BusError: The file cannot be written.
        """
        ended = "DELETE FROM kontrakt_claims WHERE request = ? AND owner = ?"
        with self._lock:
            try:
                self._connection.execute(ended, (request, owner))
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
        self._claims = _Claims(store, clock) if isinstance(store, ClaimStore) else None

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
            self._executing.add(request)
        try:
            known = self._known(request)
            if known is None:
                known = self._claimed(request, meta)
            if known is not None:
                _log.info(
                    "the request %s was executed before; its answer is sent again",
                    meta,
                    extra=told_of("request.repeated", meta),
                )
                return known, None
            answer, failed = execute()
            if failed is None:
                with self._changed:
                    self._store.remember(request, answer, self._clock.now())
        finally:
            with self._changed:
                self._executing.discard(request)
                self._changed.notify_all()
                if self._claims is not None:
                    self._claims.release(request)
        return answer, failed

    def close(self) -> None:
        """Claim nothing any more."""
        if self._claims is not None:
            self._claims.close()

    def _known(self, request: str) -> bytes | None:
        with self._changed:
            return self._store.find(request, self._clock.now())

    def _claimed(self, request: str, meta: RequestMeta) -> bytes | None:
        """Wait until no other instance executes a request: its answer, or None where this one is to execute it."""
        if self._claims is None:
            return None
        said = False
        while True:
            with self._changed:
                mine = self._claims.claim(request)
                known = self._store.find(
                    request, self._clock.now()
                )  # after the claim: it may have been answered before
            if mine or known is not None:
                return known
            if not said:
                said = True
                _log.info(
                    "another instance executes the request %s; its answer is waited for",
                    meta,
                    extra=told_of("request.claimed", meta),
                )
            time.sleep(_LOOK_SECONDS)


class _Claims:
    """The claims of one service, which are renewed for as long as it executes.

    Args:
        store: Where they stand.
        clock: What tells the time.
    """

    def __init__(self, store: ClaimStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._owner = uuid.uuid4().hex
        self._held: set[str] = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def claim(self, request: str) -> bool:
        with self._lock:
            mine = self._store.claim(request, self._owner, self._clock.now())
            if mine:
                self._held.add(request)
                if self._thread is None:
                    self._thread = threading.Thread(target=self._renew, name="kontrakt-claims", daemon=True)
                    self._thread.start()
        return mine

    def release(self, request: str) -> None:
        with self._lock:
            if request in self._held:
                self._held.discard(request)
                self._store.release(request, self._owner)

    def close(self) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _renew(self) -> None:
        while not self._ended.wait(self._store.lease.total_seconds() / _SIGNS):
            with self._lock:
                for request in self._held:
                    try:
                        self._store.claim(request, self._owner, self._clock.now())
                    except BusError as error:
                        _log.warning("a claim was not renewed: %s", error, extra=told("request.not_renewed"))


_TABLE: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS kontrakt_answers (request TEXT PRIMARY KEY, until REAL NOT NULL, answer BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS kontrakt_answers_until ON kontrakt_answers (until);
CREATE TABLE IF NOT EXISTS kontrakt_claims (request TEXT PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
"""
_CLAIM: Final = """
INSERT INTO kontrakt_claims VALUES (?1, ?2, ?3)
ON CONFLICT (request) DO UPDATE SET owner = ?2, until = ?3 WHERE owner = ?2 OR until <= ?4
"""


def seconds(moment: dt.datetime) -> float:
    """A moment as databases keep it here: seconds since 1970."""
    return (moment - EPOCH) / _SECOND
