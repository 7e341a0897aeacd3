"""A process that fills a table is killed again and again: no message is lost, none is applied twice."""

from __future__ import annotations

import random
import sqlite3
import time
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
import os
import sys
import time
import kontrakt
import sqlalchemy as sa
from kontrakt.kafka import follower
from kontrakt.kafka.stores import SQLiteStore
from kontrakt.kafka.stores.sql import SQLStore
from tests.kafka.new.customers import Customers

topic, name, where, kind, gate = sys.argv[1:]
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
    steps = 0

    def told(progress):
        global steps
        steps += 1
        print(progress.read, flush=True)
        while os.path.getsize(gate) < steps:  # goes on only as far as it is let
            time.sleep(0.001)

    with made.table(bus, store=make(where, table=name, rows=Applied()), on_progress=told) as table:
        table.ready(120)
        print("ready", len(table), flush=True)
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

    gate = tmp_path / "gate"
    for _ in range(KILLS):
        gate.write_bytes(b"")
        with program(FILL, topic.topic, name, where, kind, str(gate), environment=place.environment) as process:
            for _ in range(chosen.randrange(2, 12)):
                while line(process) == "0":
                    let_go(gate)
                let_go(gate)
            time.sleep(chosen.uniform(0, 0.02))
            process.kill()
        counts.append(len(applied(where, name)))
    gate.write_bytes(bytes(10 * MESSAGES))
    with program(FILL, topic.topic, name, where, kind, str(gate), environment=place.environment) as process:
        said, wrong = process.communicate(timeout=120)
        assert said.splitlines()[-1:] == [f"ready {MESSAGES}"], wrong

    assert counts == sorted(counts)
    assert 0 < counts[0] < counts[-1] < MESSAGES, "each was killed in the middle"
    everything = sorted(f"c-{number}" for number in range(MESSAGES))
    assert applied(where, name) == everything


def let_go(gate: Path) -> None:
    """Let a program do its next transaction."""
    with gate.open("ab") as file:
        file.write(b".")


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
