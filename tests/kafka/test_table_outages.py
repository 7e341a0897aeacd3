"""What a table does when its database goes away, and when its topic gets more partitions."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import admin
from kontrakt import Bus, Retry, StoreError
from kontrakt.kafka import filler
from kontrakt.kafka.stores.sql import SQLStore

from tests.kafka.conftest import PARTITIONS, PATIENCE, Place
from tests.kafka.new.customers import Customer, Customers
from tests.real.plugin import or_missing
from tests.real.postgres import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.kafka.conftest import Fresh
    from tests.real.postgres import PostgresServer

pytestmark = pytest.mark.real

SOON = dt.timedelta(milliseconds=50)
_admin: Any = admin  # its annotations are incomplete


@pytest.fixture
def database() -> Iterator[PostgresServer]:
    """A server of the test's own."""
    with or_missing(postgres) as server:
        yield server


@pytest.mark.parametrize("place", ["embedded"], indirect=True)
def test_a_table_under_retry_outlives_its_database(
    place: Place, bus: Bus, fresh: Fresh, database: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Killed while the table stands still, and stopped in good order while it fills: no row is lost, none is applied twice."""
    topic = fresh(Customers)
    policy = Retry(attempts=None, first=SOON, longest=SOON)
    told: list[int] = []
    with topic.producer(bus) as customers, topic.table(bus, store=SQLStore(database.url), on_error=policy) as table:
        table.wait_for(customers.put(Customer(customer_id="c-0")), PATIENCE)
        table.subscribe(lambda change: told.append(0 if change.new is None else change.new.visits))
        for visits, end in enumerate((database.kill, database.stop), start=1):
            caplog.clear()
            end()
            sent = [customers.put(Customer(customer_id=f"c-{one}", visits=visits)) for one in range(3)]
            for one in sent:
                one.result(PATIENCE)
            with pytest.raises(StoreError, match="cannot read the table"):
                table.get("c-0")
            while f"the table of {topic.topic} tries again" not in caplog.text:
                time.sleep(0.01)
            with pytest.raises(TimeoutError):
                table.wait_for(sent[0], 0)
            database.start()
            for one in sent:
                table.wait_for(one, PATIENCE)
            assert {key: value.visits for key, value in table.items()} == {f"c-{one}": visits for one in range(3)}
    assert sorted(told) == [1] * 3 + [2] * 3
    with topic.table(bus, store=SQLStore(database.url)) as again:
        again.ready(PATIENCE)
        assert len(again) == 3


@pytest.mark.parametrize("place", ["apicurio3"], indirect=True)
def test_partitions_that_are_added_are_read_by_a_table_that_runs(
    place: Place, bus: Bus, fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filler, "_HORIZON_SECONDS", 0.1)
    topic = fresh(Customers)
    store = tmp_path / "customers.db"
    with topic.table(bus, store=store) as table:
        with topic.producer(bus) as customers:
            for number in range(50):
                customers.put(Customer(customer_id=f"c-{number}", visits=1))
        table.ready(PATIENCE)
        more = _admin.AdminClient({"bootstrap.servers": place.bootstrap_servers})
        more.create_partitions([_admin.NewPartitions(topic.topic, PARTITIONS + 2)])[topic.topic].result(PATIENCE)
        with place.connect() as later, topic.producer(later) as customers:  # whose metadata are not those of before
            sent = [customers.put(Customer(customer_id=f"c-{number}", visits=2)) for number in range(100)]
            for one in sent:
                table.wait_for(one, PATIENCE)
        assert {one.result().partition for one in sent} == set(range(PARTITIONS + 2))
        whole = {f"c-{number}": 2 for number in range(100)}
        assert {key: value.visits for key, value in table.items()} == whole
    with topic.table(bus, store=store) as table:  # and it goes on where it stopped, in all of them
        table.ready(PATIENCE)
        assert {key: value.visits for key, value in table.items()} == whole
        assert table.lag().total == 0
