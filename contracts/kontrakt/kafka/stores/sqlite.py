"""A store in a file of SQLite, by the standard library alone."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

from kontrakt.errors import StoreError, TableInUse

from .base import Row, Rows, change_rows, shape_of, table_name, taken
from .columns import DATA, ID, Column, columns_of, plain_values_of

if TYPE_CHECKING:
    from kontrakt.kafka.topics import EntityView

_STATES: Final = (
    "CREATE TABLE IF NOT EXISTS kontrakt_tables (name TEXT PRIMARY KEY, epoch INTEGER NOT NULL, state TEXT)"
)
_BUSY_SECONDS: Final = 30.0
_TYPES: Final[Mapping[str, str]] = {
    "int": "INTEGER",
    "long": "INTEGER",
    "boolean": "INTEGER",
    "float": "REAL",
    "bytes": "BLOB",
}
"""All others are text, in a form that sorts as they do; decimals are text so that nothing of them is lost."""


class SQLiteStore:
    """Keeps rows in a file of SQLite, which other processes may read meanwhile. A file may hold many tables.

    The file is kept in SQLite's WAL mode; after a loss of power the last transactions may be missing, and are read again.

    Args:
        path: The file; it is made when there is none.
        table: The name of the table in it; by default that of the topic, with ``kontrakt_`` in front.
        columns: Columns beside the key's and the value's bytes, for queries: the field for each, by its Python name, or one of a
            record inside, such as ``{"email": "email", "city": "address.city"}``.
        rows: The caller's own rows, changed in the same transactions. Their connection is a :class:`sqlite3.Connection`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        table: str = "",
        columns: Mapping[str, str] | None = None,
        rows: Rows[sqlite3.Connection, Any, Any] | None = None,
    ) -> None:
        self._path = os.fspath(path)
        self._named = table
        self._table = table
        self._declared = dict(columns or {})
        self._own = rows
        self._columns: Sequence[Column] = ()
        self._values = plain_values_of(())
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._reading = threading.Lock()
        self._epoch = 0

    @property
    def shape(self) -> str:
        """Its columns, and the version of the caller's own rows."""
        return shape_of(self._declared.items(), self._own)

    def open(self, topic: type[EntityView[Any, Any]]) -> str | None:
        """Take the table over, from whoever had it.

        Args:
            topic: The topic whose entities are kept.

        Raises:
            TableInUse: This store is that of another table in this process.
            StoreError: The file cannot be used, or a column is wrong.
        """
        if self._writer is not None:
            raise TableInUse(f"{self} is that of another table, which must be closed first")
        if self._path in ("", ":memory:"):
            raise StoreError("a store of SQLite needs a file; in memory there is MemoryStore")
        self._table = self._named or table_name(topic.topic)
        self._columns = columns_of(self._declared, topic.value)
        self._values = plain_values_of(self._columns)
        try:
            with self._told("open"):
                self._writer = self._connect()
                self._reader = self._connect()
                self._writer.execute("PRAGMA journal_mode=WAL")
                with self._transaction() as connection:
                    connection.execute(_STATES)
                    connection.execute(
                        "INSERT INTO kontrakt_tables VALUES (?, 1, NULL) ON CONFLICT DO UPDATE SET epoch = epoch + 1",
                        (self._table,),
                    )
                    (self._epoch, state), *_ = connection.execute(
                        "SELECT epoch, state FROM kontrakt_tables WHERE name = ?", (self._table,)
                    )
                    if state is None:
                        self._must_be_free(connection)
        except BaseException:
            self.close()
            raise
        found: str | None = state
        return found

    def write(self, rows: Sequence[Row], state: str) -> None:
        """Change rows and the state in one transaction."""
        gone = [(row.id,) for row in rows if row.data is None]
        values = self._values
        there = [(row.id, row.data, *values(row.value)) for row in rows if row.data is not None]
        with self._told("write to"), self._transaction() as connection:
            self._note(connection, state)
            if gone:
                connection.executemany(f'DELETE FROM "{self._table}" WHERE {ID} = ?', gone)  # noqa: S608 - our names
            if there:
                marks = ", ".join("?" * len(there[0]))
                connection.executemany(f'INSERT OR REPLACE INTO "{self._table}" VALUES ({marks})', there)  # noqa: S608
            if self._own is not None:
                change_rows(self._own, connection, rows)

    def clear(self, state: str) -> None:
        """Remove all rows and begin with a state, in one transaction."""
        own = "".join(f', "{column.name}" {_TYPES.get(column.kind, "TEXT")}' for column in self._columns)
        with self._told("clear"), self._transaction() as connection:
            self._note(connection, state)
            connection.execute(f'DROP TABLE IF EXISTS "{self._table}"')
            connection.execute(
                f'CREATE TABLE "{self._table}" ({ID} BLOB PRIMARY KEY, {DATA} BLOB NOT NULL{own}) WITHOUT ROWID'
            )
            if self._own is not None:
                self._own.clear(connection)

    def get(self, id: bytes) -> bytes | None:  # noqa: A002 - the protocol calls it so
        """The value's bytes of a row, or None."""
        with self._told("read"), self._reading:
            reader = self._opened(self._reader)
            found = reader.execute(f'SELECT {DATA} FROM "{self._table}" WHERE {ID} = ?', (id,)).fetchone()  # noqa: S608
        return None if found is None else found[0]

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """The bytes of all keys and values, as they were when the first was asked for."""
        with self._told("read"), closing(self._connect()) as connection:
            yield from connection.execute(f'SELECT {ID}, {DATA} FROM "{self._table}"')  # noqa: S608

    def count(self) -> int:
        """How many rows there are."""
        with self._told("read"), self._reading:
            reader = self._opened(self._reader)
            found: int = reader.execute(f'SELECT count(*) FROM "{self._table}"').fetchone()[0]  # noqa: S608
        return found

    def close(self) -> None:
        """Close the file."""
        with self._reading:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._reader = self._writer = None

    def __str__(self) -> str:
        return f"the table {self._table} in {self._path}" if self._table else f"the store {self._path}"

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous=NORMAL")
        except BaseException:  # it is no database
            connection.close()
            raise
        return connection

    def _opened(self, connection: sqlite3.Connection | None) -> sqlite3.Connection:
        if connection is None:
            raise StoreError(f"{self} is closed")
        return connection

    def _must_be_free(self, connection: sqlite3.Connection) -> None:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (self._table,)).fetchone() is not None:
            raise taken(self)

    def _note(self, connection: sqlite3.Connection, state: str) -> None:
        """Write the state, unless another process has taken the table over."""
        noted = connection.execute(
            "UPDATE kontrakt_tables SET state = ? WHERE name = ? AND epoch = ?", (state, self._table, self._epoch)
        )
        if noted.rowcount != 1:
            raise TableInUse(f"{self} was taken over by another process; give each instance a store of its own")

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        connection = self._opened(self._writer)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    @contextmanager
    def _told(self, doing: str) -> Generator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(f"cannot {doing} {self}: {error}") from error
