"""Remembered answers in a database, through SQLAlchemy: the extra ``sql``."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Final

try:
    import sqlalchemy as sa
except ModuleNotFoundError as error:
    message = "answers in a database need SQLAlchemy; install it with: pip install 'kontrakt[sql]'"
    raise ModuleNotFoundError(message, name=error.name) from error

from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError

from kontrakt.errors import BusError

from .answers import LEASE, seconds

_FORGOTTEN: Final = 1000
"""How many answers whose time is over go at a time."""


class SqlAnswers:
    """Remembers answers in a database: the instances of a service share them, on whichever machine they run.

    Of instances that share it, one executes a request at a time: it claims it, and the others wait for its answer. The tables are
    made when they are not there. Tested on PostgreSQL (with psycopg) and on SQLite; only what every database has is used. The clocks
    of the instances should agree to a fraction of the lease.

    Args:
        engine: An engine, which stays the caller's, or the URL of a database.
        name: The name of the table; that of the claims is ``<name>_claims``.
        keep: For how long.
        lease: After how long without a sign of life another instance executes what one has claimed and not answered.

    Raises:
        BusError: The database cannot be used.
    """

    def __init__(
        self,
        engine: sa.Engine | str,
        *,
        name: str = "kontrakt_answers",
        keep: dt.timedelta = dt.timedelta(hours=24),
        lease: dt.timedelta = LEASE,
    ) -> None:
        self.lease = lease
        self._keep = keep
        self._theirs = not isinstance(engine, str)
        self._engine = sa.create_engine(engine) if isinstance(engine, str) else engine
        tables = sa.MetaData()
        self._answers = sa.Table(
            name,
            tables,
            sa.Column("id", sa.String(64), primary_key=True),
            sa.Column("request", sa.Text, nullable=False),
            sa.Column("until", sa.Double, nullable=False, index=True),
            sa.Column("answer", sa.LargeBinary, nullable=False),
        )
        self._claims = sa.Table(
            f"{name}_claims",
            tables,
            sa.Column("id", sa.String(64), primary_key=True),
            sa.Column("owner", sa.String(32), nullable=False),
            sa.Column("until", sa.Double, nullable=False, index=True),
        )
        try:
            with self._told("open"):
                self._create(tables)
        except BaseException:
            self.close()
            raise

    def find(self, request: str, now: dt.datetime) -> bytes | None:
        """What was answered; None when it is not known, or not any more.

        Raises:
            BusError: The database cannot be read.
        """
        answers = self._answers.c
        asked = sa.select(answers.answer).where(answers.id == _id(request), answers.until > seconds(now))
        with self._told("read"), self._engine.connect() as connection:
            found: bytes | None = connection.execute(asked).scalar_one_or_none()
        return None if found is None else bytes(found)

    def remember(self, request: str, answer: bytes, now: dt.datetime) -> None:
        """Remember an answer, and forget those whose time is over.

        Raises:
            BusError: The database cannot be written.
        """
        row = {"request": request, "answer": answer, "until": seconds(now + self._keep)}
        with self._told("write"):
            self._put(self._answers, _id(request), row)
            for table in (self._answers, self._claims):
                over = sa.select(table.c.id).where(table.c.until <= seconds(now)).limit(_FORGOTTEN)
                with self._engine.begin() as connection:
                    # Two instances that forget the same at the same time do not wait for each other.
                    gone = connection.execute(over.with_for_update(skip_locked=True)).scalars().all()
                    if gone:
                        connection.execute(sa.delete(table).where(table.c.id.in_(gone)))

    def claim(self, request: str, owner: str, now: dt.datetime) -> bool:
        """Claim a request for the time of a lease, or renew one's claim; false while another one holds it.

        Raises:
            BusError: The database cannot be written.
        """
        claims = self._claims.c
        free = (claims.owner == owner) | (claims.until <= seconds(now))
        row = {"owner": owner, "until": seconds(now + self.lease)}
        with self._told("write"):
            return self._put(self._claims, _id(request), row, free)

    def release(self, request: str, owner: str) -> None:
        """Let others execute a request: it was answered, or failed.

        Raises:
            BusError: The database cannot be written.
        """
        claims = self._claims.c
        ended = sa.delete(self._claims).where(claims.id == _id(request), claims.owner == owner)
        with self._told("write"), self._engine.begin() as connection:
            connection.execute(ended)

    def close(self) -> None:
        """Give the connections back; those of an engine of the caller's stay open."""
        if not self._theirs:
            self._engine.dispose()

    def _put(
        self, table: sa.Table, id_: str, row: Mapping[str, object], replaced: sa.ColumnElement[bool] | None = None
    ) -> bool:
        """Write a row, in place of the one that is there where a condition holds. Says whether it was written."""
        one = sa.true() if replaced is None else replaced
        for attempt in (1, 2):
            try:
                with self._engine.begin() as connection:
                    changed = connection.execute(sa.update(table).where(table.c.id == id_, one).values(row))
                    if changed.rowcount != 1:
                        connection.execute(sa.insert(table).values(id=id_, **row))
            except IntegrityError:  # it is there: it was not to be replaced, or another instance was quicker
                if attempt == 2 or replaced is not None:
                    return False
            else:
                return True
        raise AssertionError

    def _create(self, tables: sa.MetaData) -> None:
        try:
            tables.create_all(self._engine)
        except (IntegrityError, OperationalError, ProgrammingError):  # another instance may make the same now
            tables.create_all(self._engine)

    @contextmanager
    def _told(self, doing: str) -> Generator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            said = str(error.__cause__ or error).strip().partition("\n")[0]
            where = self._engine.url.render_as_string(hide_password=True)
            raise BusError(f"cannot {doing} the remembered answers in {where}: {said}") from error


def _id(request: str) -> str:
    """A request may be longer than what a database takes for a key."""
    return hashlib.sha256(request.encode()).hexdigest()
