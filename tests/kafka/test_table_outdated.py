"""Tables whose topic is not what it was, and tables that are not what they were: nothing stale remains."""

from __future__ import annotations

import datetime as dt
import json
import sqlite3
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from kontrakt import Bus, Change, Delivery, TableError, TableOutdated, TopicNotFound
from kontrakt.kafka import filler
from kontrakt.kafka.clock import SystemClock
from kontrakt.kafka.filler import Progress
from kontrakt.kafka.stores import SQLiteStore

from tests.kafka.conftest import PARTITIONS, PATIENCE, create_on_broker
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.old.customers import Customers as OldCustomers

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place

real = pytest.mark.parametrize("place", [pytest.param("apicurio3", marks=pytest.mark.real)], indirect=True)


class Later(SystemClock):
    """A clock that is ahead."""

    def __init__(self, ahead: dt.timedelta) -> None:
        self.ahead = ahead

    def now(self) -> dt.datetime:
        return super().now() + self.ahead


def filled(bus: Bus, topic: Any, store: Path, *keys: str) -> list[Delivery]:
    """Have a table with some entities, and close it."""
    with topic.producer(bus) as customers:
        sent = [customers.put(Customer(customer_id=key)) for key in keys]
    with topic.table(bus, store=store) as table:
        assert set(keys) <= set(table)
    return sent


def change_state(file: Path, **changes: Any) -> None:
    connection = sqlite3.connect(file)
    ((text,),) = connection.execute("SELECT state FROM kontrakt_tables").fetchall()
    connection.execute("UPDATE kontrakt_tables SET state = ?", (json.dumps(json.loads(text) | changes),))
    connection.commit()
    connection.close()


def state_of(file: Path) -> dict[str, Any]:
    connection = sqlite3.connect(file)
    ((text,),) = connection.execute("SELECT state FROM kontrakt_tables").fetchall()
    connection.close()
    found: dict[str, Any] = json.loads(text)
    return found


def begins_anew(bus: Bus, topic: Any, store: Path, said: str, keys: set[str]) -> None:
    """A table refuses to go on where it is told to; otherwise it reads everything again."""
    with pytest.raises(TableOutdated, match=f"{said}.*outdated=.rebuild."):
        topic.table(bus, store=store, outdated="stop")
    seen: list[Progress] = []
    with topic.table(bus, store=store, on_progress=seen.append) as table:
        assert set(table) == keys
    assert seen[-1].read == seen[-1].total
    with topic.table(bus, store=store, outdated="stop") as table:  # and goes on from there
        assert set(table) == keys


def test_a_log_that_ends_before_the_stored_offset(bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    topic = fresh(Customers)
    filled(bus, topic, tmp_path / "t.db", "c-1", "c-2")
    change_state(tmp_path / "t.db", offsets=dict.fromkeys(range(PARTITIONS), 1000))
    begins_anew(bus, topic, tmp_path / "t.db", r"ends at \d, and the table had read up to 1000", {"c-1", "c-2"})


def test_tombstones_that_may_be_gone(place: Place, fresh: Fresh, tmp_path: Path) -> None:
    """Compaction forgets a tombstone after a day (delete.retention.ms): who was away for longer does not learn of it."""
    topic = fresh(Customers)
    with place.connect() as bus:
        filled(bus, topic, tmp_path / "t.db", "c-1")
        bus.clock = Later(dt.timedelta(hours=23))
        with topic.table(bus, store=tmp_path / "t.db", outdated="stop") as table:
            assert len(table) == 1
    with place.connect() as bus:  # that is when it was current last
        bus.clock = Later(dt.timedelta(hours=48))
        begins_anew(bus, topic, tmp_path / "t.db", "tombstones may be gone", {"c-1"})


@real
def test_a_topic_that_keeps_tombstones_for_less(place: Place, bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    topic = fresh(Customers)
    filled(bus, topic, tmp_path / "t.db", "c-1")
    admin: Any = AdminClient({"bootstrap.servers": place.bootstrap_servers})
    from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType  # type: ignore[attr-defined] # pyright: ignore[reportPrivateImportUsage]

    entry = ConfigEntry("delete.retention.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic.topic, incremental_configs=[entry])
    for future in admin.incremental_alter_configs([resource]).values():
        future.result(PATIENCE)
    change_state(tmp_path / "t.db", current=dt.datetime.now(dt.UTC).timestamp() - 5)
    begins_anew(bus, topic, tmp_path / "t.db", "tombstones may be gone after 1 s", {"c-1"})


@real
def test_a_topic_that_was_made_anew(place: Place, bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    """Even where it has as many messages as the old one had, and more."""
    topic = fresh(Customers)
    filled(bus, topic, tmp_path / "t.db", "c-1", "c-2")
    assert state_of(tmp_path / "t.db")["topic_id"]
    delete(place, topic.topic)
    create_again(place, topic.topic)
    with topic.producer(bus) as customers:
        for number in range(20):
            customers.put(Customer(customer_id=f"new-{number}"))
    begins_anew(bus, topic, tmp_path / "t.db", "deleted and made anew", {f"new-{number}" for number in range(20)})


@real
def test_a_topic_that_is_made_anew_while_a_table_reads_it(
    place: Place, bus: Bus, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table ends, or has only what is in the new one; nothing of the old one is ever read again."""
    monkeypatch.setattr(filler, "_HORIZON_SECONDS", 0.2)
    topic = fresh(Customers)
    told: list[Change[str, Customer]] = []
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id="old"))
    with topic.table(bus) as table:
        table.subscribe(told.append)
        assert "old" in table
        delete(place, topic.topic)
        create_again(place, topic.topic)
        new = Customer(customer_id="new")
        with topic.producer(bus) as customers:
            sent = customers.put(new).result(PATIENCE)
        with suppress(TopicNotFound):  # who looks just when there is none is told so
            while "old" in table:
                table.wait_for(sent, PATIENCE)
            assert dict(table.items()) == {"new": new}
            assert [change.key for change in told if change.new is None] == ["old"]


@real
def test_a_topic_that_is_deleted_ends_its_table(
    place: Place, bus: Bus, fresh: Fresh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filler, "_HORIZON_SECONDS", 0.2)
    topic = fresh(Customers)
    with topic.table(bus) as table:
        table.ready(PATIENCE)
        delete(place, topic.topic)
        from kontrakt import Sent

        with pytest.raises(TopicNotFound, match=topic.topic):
            table.wait_for(Sent(topic.topic, 0, 99), PATIENCE)
        with pytest.raises(TopicNotFound):
            len(table)
    with pytest.raises(TopicNotFound):
        topic.table(bus)


@real
def test_messages_that_were_deleted_before_they_were_read(place: Place, bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    topic = fresh(Customers)
    filled(bus, topic, tmp_path / "t.db", "c-1")
    with topic.producer(bus) as customers:
        sent = [customers.put(Customer(customer_id=f"new-{number}")) for number in range(20)]
        ends = {one.partition: one.offset + 1 for one in (delivery.result(PATIENCE) for delivery in sent)}
        customers.put(Customer(customer_id="last"))
    admin: Any = AdminClient({"bootstrap.servers": place.bootstrap_servers})
    gone = [TopicPartition(topic.topic, partition, offset) for partition, offset in ends.items()]
    for future in admin.delete_records(gone).values():
        future.result(PATIENCE)
    begins_anew(bus, topic, tmp_path / "t.db", r"begins at \d+, and the table had read up to", {"last"})


@real
def test_messages_that_are_deleted_while_a_table_is_behind(
    place: Place, bus: Bus, fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the broker answers when it is asked for them is noticed too, not only when the table is opened."""
    topic = fresh(Customers)
    filled(bus, topic, tmp_path / "t.db", *(f"c-{number}" for number in range(20)))
    change_state(tmp_path / "t.db", offsets=dict.fromkeys(range(PARTITIONS), 1000))

    def not_looked_at(*_: object) -> str:
        return ""

    monkeypatch.setattr(filler.Filler, "_stale", not_looked_at)
    with topic.table(bus, store=tmp_path / "t.db", outdated="stop") as table:
        from kontrakt import Sent

        with pytest.raises(TableOutdated, match="cannot be read on"):
            table.wait_for(Sent(topic.topic, 0, 10_000), PATIENCE)
    with topic.table(bus, store=tmp_path / "t.db") as table, topic.producer(bus) as customers:
        table.wait_for(customers.put(Customer(customer_id="new")), PATIENCE)
        assert len(table) == 21


# --- the type, the store ------------------------------------------------------------------------------------------------


def test_rows_of_an_older_type_are_read_as_the_new_one(bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    """Rows keep the bytes and the schema's id, as messages do: they are resolved when they are read."""
    topic = fresh(Customers)
    old = fresh(OldCustomers, like=topic, register=False)
    filled(bus, topic, tmp_path / "t.db", "c-1")
    seen: list[Progress] = []
    with old.table(bus, store=tmp_path / "t.db", outdated="stop", on_progress=seen.append) as table:
        assert table["c-1"].customer_id == "c-1"
        assert type(table["c-1"]) is old.value
    assert seen[-1].total == 0


def test_a_new_type_may_read_what_was_passed_over(place: Place, bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    topic = fresh(Customers)
    filled(bus, topic, tmp_path / "t.db", "c-1")
    place.send(topic.topic, b"junk", key=b"k")
    with topic.table(bus, store=tmp_path / "t.db", on_error="skip") as table:
        assert len(table) == 1
    change_state(tmp_path / "t.db", types="another")
    with pytest.raises(TableOutdated, match="messages were passed over that it may be able to read"):
        topic.table(bus, store=tmp_path / "t.db", outdated="stop")


def test_columns_of_another_type_begin_anew(bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    topic = fresh(Customers)
    filled(bus, topic, tmp_path / "t.db", "c-1")
    with pytest.raises(TableOutdated, match="keeps other columns"):
        topic.table(bus, store=SQLiteStore(tmp_path / "t.db", columns={"mail": "email"}), outdated="stop")
    with topic.table(bus, store=SQLiteStore(tmp_path / "t.db", columns={"mail": "email"})) as table:
        assert len(table) == 1
    change_state(tmp_path / "t.db", types="another")
    with pytest.raises(TableOutdated, match="its type has changed"):
        topic.table(bus, store=SQLiteStore(tmp_path / "t.db", columns={"mail": "email"}), outdated="stop")


def test_a_state_that_is_none(bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    topic = fresh(Customers)
    filled(bus, topic, tmp_path / "t.db", "c-1")
    change_state(tmp_path / "t.db", offsets=[])
    with pytest.raises(TableError, match="not that of a table"):
        topic.table(bus, store=tmp_path / "t.db")


def delete(place: Place, topic: str) -> None:
    admin: Any = AdminClient({"bootstrap.servers": place.bootstrap_servers})
    for future in admin.delete_topics([topic]).values():
        future.result(PATIENCE)


def create_again(place: Place, topic: str) -> None:
    """Make a topic anew as soon as the old one is gone."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            create_on_broker(place.bootstrap_servers, topic)
        except KafkaException:
            if time.monotonic() > deadline:
                raise
        else:
            return
