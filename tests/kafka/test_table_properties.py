"""A table that stopped, crashed and went on at any point is the one that is built from scratch, whatever happened on the topic."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kontrakt import Bus, StoreError
from kontrakt.kafka import follower
from kontrakt.kafka.stores import Row, SQLiteStore

from tests.kafka.conftest import PATIENCE
from tests.kafka.new.customers import Customer, Customers

if TYPE_CHECKING:
    import pytest

    from tests.kafka.conftest import Fresh

Step = tuple[str, int | None]
Crash = tuple[int, str]

KEYS = st.sampled_from(["", "a", "b", "c", "å", "long" * 50])
STEPS: st.SearchStrategy[list[Step]] = st.lists(st.tuples(KEYS, st.none() | st.integers(0, 9)), max_size=12)
CRASHES: st.SearchStrategy[Crash | None] = st.none() | st.tuples(
    st.integers(0, 3), st.sampled_from(["before", "after"])
)


class Crashing(SQLiteStore):
    """Dies at a transaction: before it, or after it was committed and before anybody learned of it."""

    def __init__(self, path: Path, crash: Crash | None) -> None:
        super().__init__(path, rows=Counted())
        self._crash = crash

    def write(self, rows: Sequence[Row], state: str) -> None:
        left, when = self._crash or (99, "")
        if left == 0 and when == "before":
            raise StoreError("dead")
        super().write(rows, state)
        if self._crash is not None:
            self._crash = (left - 1, "before" if when == "before" else "after")
            if left == 0:
                raise StoreError("dead")


class Counted:
    """How many times a row was written: a row that is applied twice is found out."""

    version = "1"

    def put(self, connection: Any, key: str, value: Customer) -> None:
        connection.execute("INSERT INTO applied VALUES (?)", (value.email,))

    def delete(self, connection: Any, key: str) -> None:
        pass

    def clear(self, connection: Any) -> None:
        connection.execute("CREATE TABLE applied (message PRIMARY KEY)")


@settings(max_examples=7, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(parts=st.lists(st.tuples(STEPS, CRASHES), min_size=1, max_size=4))
def test_a_table_that_crashed_is_the_one_that_is_built_from_scratch(
    bus: Bus,
    fresh: Fresh,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    parts: list[tuple[list[Step], Crash | None]],
) -> None:
    monkeypatch.setattr(follower, "BATCH", 3)
    topic, file = fresh(Customers), tmp_path / f"{uuid.uuid4().hex}.db"
    model: dict[str, int] = {}
    with topic.producer(bus) as customers:
        for steps, crash in parts:
            for key, visits in steps:
                if visits is None:
                    customers.delete(key)
                    model.pop(key, None)
                else:
                    # The key of "applied": a message that is applied a second time fails.
                    customers.put(Customer(customer_id=key, visits=visits, email=uuid.uuid4().hex))
                    model[key] = visits
            customers.flush()
            with topic.table(bus, store=Crashing(file, crash)) as table:
                try:
                    table.ready(PATIENCE)
                except StoreError as error:
                    assert str(error) == "dead"  # noqa: PT017 - it need not be raised
    with topic.table(bus, store=Crashing(file, None)) as went_on, topic.table(bus) as from_scratch:
        assert dict(went_on.items()) == dict(from_scratch.items())
        assert {key: value.visits for key, value in went_on.items()} == model
        assert len(went_on) == len(model)
