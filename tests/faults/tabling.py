"""A process that keeps a table of the topic in SQLite, and in the same transactions a list of what came."""

from __future__ import annotations

import signal
import sqlite3
import sys
import threading
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Final

import kontrakt
from kontrakt.kafka.stores import SQLiteStore

from tests.faults.story import Changes
from tests.kafka.new.customers import Customer

_COPY: Final = "customers"
_NUMBER: Final = "visits"


class Arrivals:
    """Rows that are only ever added: one that is written twice stands there twice."""

    version = "1"

    def put(self, connection: sqlite3.Connection, key: str, value: Customer) -> None:
        """Add a row."""
        connection.execute("INSERT INTO arrivals VALUES (?, ?)", (key, value.visits))

    def delete(self, connection: sqlite3.Connection, key: str) -> None:
        """Nothing is ever deleted here."""
        raise AssertionError(f"{key} was deleted, which nobody asked for: {connection}")

    def clear(self, connection: sqlite3.Connection) -> None:
        """Begin anew."""
        connection.execute("CREATE TABLE IF NOT EXISTS arrivals (key TEXT, number INTEGER)")
        connection.execute("DELETE FROM arrivals")


def main(file: Path) -> None:
    """Keep the table until asked to end.

    Args:
        file: SQLite's.
    """
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.set())
    store = SQLiteStore(file, table=_COPY, columns={_NUMBER: _NUMBER}, rows=Arrivals())
    with kontrakt.connect() as bus, Changes.table(bus, store=store, on_error=kontrakt.Retry(attempts=None)) as table:
        table.ready()
        while not ended.wait(0.2):
            sys.stdout.write(f"{len(table)}\n")  # which raises why where the table cannot go on
            sys.stdout.flush()


def newest(file: Path) -> Mapping[str, int]:
    """The newest number of each key, as the table has it."""
    with closing(sqlite3.connect(file)) as connection:
        return dict(connection.execute(f"SELECT CAST(kontrakt_key AS TEXT), {_NUMBER} FROM {_COPY}"))


def doubled(file: Path) -> list[str]:
    """Keys of which the same number, or an older one after a newer one, came into the table."""
    seen: dict[str, int] = {}
    wrong: dict[str, None] = {}
    with closing(sqlite3.connect(file)) as connection:
        for key, number in connection.execute("SELECT key, number FROM arrivals ORDER BY rowid"):
            if number <= seen.get(key, -1):
                wrong[key] = None
            seen[key] = number
    return list(wrong)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
