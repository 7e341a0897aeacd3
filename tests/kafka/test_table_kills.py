"""A process that fills a table is killed again and again: no message is lost, none is applied twice."""

from __future__ import annotations

import random
import sqlite3
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from kontrakt import Bus

from tests.kafka.new.customers import Customer, Customers
from tests.kafka.programs import line, program

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place

MESSAGES = 6000
KILLS = 3

FILL = """
import sys
import kontrakt
import sqlalchemy as sa
from kontrakt.kafka import follower
from kontrakt.kafka.stores import SQLiteStore
from kontrakt.kafka.stores.sql import SQLStore
from tests.kafka.new.customers import Customers

topic, name, where, kind = sys.argv[1:]
follower.BATCH = 50

class Applied:
    version = "1"

    def run(self, connection, text):
        connection.execute(text if kind == "sqlite" else sa.text(text))

    def put(self, connection, key, value):
        self.run(connection, f"INSERT INTO applied_{name} VALUES ('{key}')")

    def delete(self, connection, key):
        pass

    def clear(self, connection):
        self.run(connection, f"CREATE TABLE applied_{name} (who VARCHAR(50))")

make = SQLiteStore if kind == "sqlite" else SQLStore
made = type("Made", (Customers,), {"topic": topic})
with kontrakt.connect() as bus:
    told = lambda progress: print(progress.read, flush=True)
    with made.table(bus, store=make(where, table=name, rows=Applied()), on_progress=told) as table:
        table.ready(120)
        print("ready", len(table), flush=True)
        sys.stdin.read()
"""


@pytest.mark.parametrize(
    ("place", "kind"),
    [("embedded", "sqlite"), pytest.param("apicurio3", "postgres", marks=pytest.mark.real)],
    indirect=["place"],
)
def test_a_table_whose_process_is_killed(
    place: Place, bus: Bus, fresh: Fresh, tmp_path: Path, kind: str, request: pytest.FixtureRequest
) -> None:
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        for number in range(MESSAGES):
            customers.put(Customer(customer_id=f"c-{number}", visits=number))
    name = f"t_{uuid.uuid4().hex[:12]}"
    where = str(tmp_path / "t.db") if kind == "sqlite" else request.getfixturevalue("postgres_server").url
    chosen = random.Random(5)
    counts: list[int] = []

    for _ in range(KILLS):
        with program(FILL, topic.topic, name, where, kind, environment=place.environment) as process:
            for _ in range(chosen.randrange(2, 12)):
                if line(process).startswith("ready"):
                    break
            process.kill()
        counts.append(len(applied(where, name)))
    with program(FILL, topic.topic, name, where, kind, environment=place.environment) as process:
        said = line(process)
        while not said.startswith("ready"):
            said = line(process)
        assert said == f"ready {MESSAGES}"
        process.communicate("", timeout=60)

    assert counts == sorted(counts)
    assert 0 < counts[0] < MESSAGES, "the first was killed before anything happened, or after everything had"
    everything = sorted(f"c-{number}" for number in range(MESSAGES))
    assert applied(where, name) == everything


def applied(where: str, name: str) -> list[str]:
    """What was applied, each as many times as it was."""
    text = f"SELECT who FROM applied_{name}"
    if "://" not in where:
        connection = sqlite3.connect(where)
        found = sorted(who for (who,) in connection.execute(text))
        connection.close()
        return found
    engine = sa.create_engine(where)
    with engine.connect() as reader:
        rows = sorted(row[0] for row in reader.execute(sa.text(text)))
    engine.dispose()
    return rows
