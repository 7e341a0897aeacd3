"""What the bulk start of a table costs: rows a second from the beginning of a topic into each store.

    python benchmarks/tables.py [--rows 100000] [--postgres URL]

The broker is the embedded one, in this process, unless KONTRAKT_BOOTSTRAP_SERVERS and KONTRAKT_REGISTRY_URL name others; the embedded one
forgets what exceeds 5 MB a partition, so there are at most 100,000 rows. PostgreSQL is started as tests start it unless one is named;
where it is missing, it is left out. Reading the same messages with a consumer is measured first: no table can be faster.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

import kontrakt  # noqa: E402
from kontrakt.kafka.stores import MemoryStore, SQLiteStore, Store  # noqa: E402
from kontrakt.kafka.stores.sql import SQLStore  # noqa: E402
from shop.customers import Customer, Customers  # noqa: E402

from tests.real.errors import PartMissingError  # noqa: E402
from tests.real.postgres import postgres  # noqa: E402

COLUMNS = {"email": "email", "city": "address.city"}
PATIENCE = 600


def fill(bus: kontrakt.Bus, rows: int) -> None:
    with Customers.producer(bus) as customers:
        for number in range(rows):
            customers.put(Customer(customer_id=f"customer-{number}", email=f"customer-{number}@example.org"))


def measure(name: str, bus: kontrakt.Bus, rows: int, store: Store) -> None:
    began = time.perf_counter()
    with Customers.table(bus, store=store) as table:
        table.ready(PATIENCE)
        seconds = time.perf_counter() - began
        assert len(table) == rows
        keys = [f"customer-{number}" for number in range(0, rows, max(1, rows // 1000))]
        began = time.perf_counter()
        for key in keys:
            table[key]
        each = (time.perf_counter() - began) / len(keys)
    print(f"{name:28} {rows / seconds:10,.0f} rows/s {each * 1e6:8.0f} us to read one")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--postgres", default="")
    given = parser.parse_args()
    rows: int = given.rows
    with ExitStack() as stack:
        real = "KONTRAKT_BOOTSTRAP_SERVERS" in os.environ
        bus = stack.enter_context(kontrakt.connect() if real else kontrakt.embedded(Customers))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        url: str = given.postgres
        if not url:
            try:
                url = stack.enter_context(postgres()).url
            except PartMissingError as error:
                print(error)
        fill(bus, rows)

        began = time.perf_counter()
        with Customers.consumer(bus, group="benchmark") as changes:
            count = sum(1 for _ in changes.until_end())
        print(f"{'a consumer, no table':28} {count / (time.perf_counter() - began):10,.0f} rows/s")

        measure("memory", bus, rows, MemoryStore())
        measure("SQLite", bus, rows, SQLiteStore(f"{folder}/a.db"))
        measure("SQLite, two columns", bus, rows, SQLiteStore(f"{folder}/b.db", columns=COLUMNS))
        if url:
            measure("PostgreSQL", bus, rows, SQLStore(url, table="bench_plain"))
            measure("PostgreSQL, two columns", bus, rows, SQLStore(url, table="bench_columns", columns=COLUMNS))


if __name__ == "__main__":
    main()
