"""Tables: what one reads of an entity topic by key, in each store, and how it goes on where it stopped."""

from __future__ import annotations

import logging
import sqlite3
import threading
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kontrakt import Bus, Change, ClosedError, DecodeError, EncodeError, StoreError, TableError, TableInUse
from kontrakt.codec.framing import KEY_SCHEMA_HEADER, VALUE_SCHEMA_HEADER, read_frame
from kontrakt.kafka.filler import Progress
from kontrakt.kafka.stores import MemoryStore, SQLiteStore

from tests.kafka.conftest import PATIENCE
from tests.kafka.new import billing
from tests.kafka.new.acme import Counter, Reading, Tier
from tests.kafka.new.avro_counters import AvroCounters
from tests.kafka.new.counters import Counters
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.lines import Line, LineKey, Lines
from tests.kafka.new.rooms import Rooms
from tests.kafka.stores import Reopen, in_databases, in_stores, reopener

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Reopen:
    return reopener(request, request.param, tmp_path)


@in_stores
def test_a_table_is_what_the_topic_says(bus: Bus, fresh: Fresh, store: Reopen) -> None:
    topic = fresh(Customers)
    ada = Customer(customer_id="c-1", email="ada@example.org", visits=3, tier=Tier.GOLD, tags=["a"])
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1"))
        customers.put(Customer(customer_id="c-2"))
        customers.put(ada)
        customers.put(Customer(customer_id="å" * 100))
        customers.delete("c-2")
        customers.delete("never")
    with topic.table(bus, store=store()) as table:
        assert table["c-1"] == table.get("c-1") == ada
        assert "c-1" in table
        assert "c-2" not in table
        assert table.get("c-2") is None
        assert table.get("c-2", ada) is ada
        with pytest.raises(KeyError, match="c-2"):
            table["c-2"]
        assert len(table) == 2
        assert sorted(table) == ["c-1", "å" * 100]
        assert dict(table.items()) == {"c-1": ada, "å" * 100: Customer(customer_id="å" * 100)}
        assert ada in table.values()
        assert table.lag().total == 0
        assert table.lag().current is not None
        with pytest.raises(EncodeError, match="key"):
            table.get(1)  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
    with pytest.raises(ClosedError, match="the table is closed"):
        table["c-1"]


@in_stores
def test_a_table_goes_on_where_it_stopped(bus: Bus, fresh: Fresh, store: Reopen) -> None:
    topic = fresh(Customers)
    seen: list[Progress] = []
    with topic.producer(bus) as customers:
        for number in range(30):
            customers.put(Customer(customer_id=f"c-{number}"))
        customers.flush()
        with topic.table(bus, store=store(), on_progress=seen.append) as table:
            assert len(table) == 30
        assert seen[-1] == Progress(30, 30)
        customers.delete("c-0")
        customers.put(Customer(customer_id="c-1", visits=7))
        customers.flush()
        seen.clear()
        with topic.table(bus, store=store(), on_progress=seen.append) as table:
            assert len(table) == 29
            assert table["c-1"].visits == 7
        assert seen[-1] == Progress(2, 2)


@in_stores
def test_a_topic_without_messages_makes_an_empty_table(bus: Bus, fresh: Fresh, store: Reopen) -> None:
    with fresh(Customers).table(bus, store=store()) as table:
        table.ready(PATIENCE)
        assert len(table) == 0
        assert list(table.items()) == []


@in_stores
def test_one_reads_what_one_wrote(bus: Bus, fresh: Fresh, store: Reopen) -> None:
    topic = fresh(Customers)
    with topic.table(bus, store=store()) as table, topic.producer(bus) as customers:
        for visits in range(5):
            table.wait_for(customers.put(Customer(customer_id="c-1", visits=visits)), PATIENCE)
            assert table["c-1"].visits == visits
        table.wait_for(customers.delete("c-1").result(PATIENCE), PATIENCE)
        assert "c-1" not in table
        elsewhere = fresh(Customers)
        with elsewhere.producer(bus) as others, pytest.raises(ValueError, match=f"went to {elsewhere.topic}"):
            table.wait_for(others.put(Customer(customer_id="c-1")), PATIENCE)


def test_waiting_has_an_end(bus: Bus, fresh: Fresh) -> None:
    from kontrakt import Sent

    topic = fresh(Customers)
    with topic.table(bus) as table, pytest.raises(TimeoutError, match="not come to the offset 5 of partition 1"):
        table.wait_for(Sent(topic.topic, 1, 5), 0.01)


@in_stores
def test_changes_are_told_with_what_was_before(bus: Bus, fresh: Fresh, store: Reopen) -> None:
    topic = fresh(Customers)
    seen: list[Change[str, Customer]] = []
    first, second = Customer(customer_id="c-1"), Customer(customer_id="c-1", visits=2)
    with topic.table(bus, store=store()) as table, topic.producer(bus) as customers:

        def broken(_: Change[str, Customer]) -> None:
            raise RuntimeError("is logged")

        table.subscribe(broken)
        cancel = table.subscribe(seen.append)
        for one in (first, second):
            table.wait_for(customers.put(one), PATIENCE)
        for _ in range(2):
            table.wait_for(customers.delete("c-1"), PATIENCE)
        assert seen == [Change("c-1", None, first), Change("c-1", first, second), Change("c-1", second, None)]
        cancel()
        cancel()
        table.wait_for(customers.put(first), PATIENCE)
    assert len(seen) == 3


def test_a_listener_may_read_the_table(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    read: list[int] = []
    with topic.table(bus) as table, topic.producer(bus) as customers:
        table.subscribe(lambda change: read.append(table[change.key].visits))
        table.wait_for(customers.put(Customer(customer_id="c-1", visits=9)), PATIENCE)
    assert read == [9]


def test_a_view_has_a_table_of_its_own(bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    topic = fresh(Customers)
    view = fresh(billing.Customers, like=topic, register=False)
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1", email="ada@example.org"))
    with (
        topic.table(bus, store=SQLiteStore(tmp_path / "t.db")) as whole,
        view.table(bus, store=SQLiteStore(tmp_path / "t.db", table="views")) as views,
    ):
        assert whole["c-1"].email == "ada@example.org"
        assert views["c-1"] == billing.Customer(customer_id="c-1", invoice_email="ada@example.org")


@in_stores
def test_keys_of_every_kind(bus: Bus, fresh: Fresh, store: Reopen) -> None:
    topic = fresh(Lines)
    key = LineKey(order_id="o-1", line=2)
    with topic.producer(bus) as lines:
        lines.put(Line(order_id="o-1", line=2, quantity=5))
        lines.put(Line(order_id="o-1", line=3, quantity=5))
        lines.delete(LineKey(order_id="o-1", line=3))
    with topic.table(bus, store=store()) as table:
        assert table[key].quantity == 5
        assert list(table) == [key]
        assert LineKey(order_id="o-1", line=3) not in table


def test_keys_of_numbers_and_beside_the_value(bus: Bus, fresh: Fresh) -> None:
    for declared in (Counters, AvroCounters):
        topic = fresh(declared)
        with topic.producer(bus) as counters:
            counters.put(Counter(number=-7, count=1))
            counters.put(Counter(number=2**62, count=2))
        with topic.table(bus) as table:
            assert sorted(table) == [-7, 2**62]
            assert table[2**62].count == 2
    beside = fresh(Rooms)
    with beside.producer(bus) as rooms:
        rooms.put("", Reading(celsius=31.5))
    with beside.table(bus) as readings:
        assert readings[""] == Reading(celsius=31.5)


@in_stores
def test_schemas_that_stand_in_headers(place: Place, bus: Bus, fresh: Fresh, store: Reopen) -> None:
    topic, sample = fresh(Lines), fresh(Lines)
    with sample.producer(bus) as lines:
        lines.put(Line(order_id="o-1", line=2, quantity=5))
    (message,) = place.raw(sample.topic, 1)
    key, value = message.key() or b"", message.value() or b""
    with topic.producer(bus) as lines:
        lines.put(Line(order_id="o-9", line=9, quantity=9))  # registers nothing, but warms the ids
    place.send(
        topic.topic,
        value[5:],
        key=key[5:],
        headers=[(KEY_SCHEMA_HEADER, key[:5]), (VALUE_SCHEMA_HEADER, value[:5])],
    )
    with topic.table(bus, store=store()) as table:
        assert table[LineKey(order_id="o-1", line=2)].quantity == 5
        assert len(table) == 2
    assert read_frame(value)[1] == 5


@in_databases
def test_two_cannot_fill_one_store(bus: Bus, fresh: Fresh, store: Reopen) -> None:
    """The later one has it; the earlier one can change nothing any more and says so."""
    topic = fresh(Customers)
    with topic.producer(bus) as customers, topic.table(bus, store=store()) as earlier:
        earlier.wait_for(customers.put(Customer(customer_id="c-1")), PATIENCE)
        with topic.table(bus, store=store()) as later:
            sent = customers.put(Customer(customer_id="c-2"))
            later.wait_for(sent, PATIENCE)
            assert len(later) == 2
            with pytest.raises(TableInUse, match="taken over by another process"):
                earlier.wait_for(sent, PATIENCE)
            with pytest.raises(TableInUse):
                earlier["c-1"]
            later.wait_for(customers.delete("c-1"), PATIENCE)
            assert len(later) == 1


@in_stores
def test_a_store_is_that_of_one_table(bus: Bus, fresh: Fresh, store: Reopen) -> None:
    topic, made = fresh(Customers), store()
    with topic.table(bus, store=made) as table:
        with pytest.raises(TableInUse, match="that of another table"):
            topic.table(bus, store=made)
        assert len(table) == 0
    with topic.table(bus, store=made) as table:
        assert len(table) == 0


@in_stores
def test_another_topic_does_not_get_the_rows(bus: Bus, fresh: Fresh, store: Reopen) -> None:
    one, other = fresh(Customers), fresh(Customers)
    with one.table(bus, store=store(), config={}) as table:
        table.ready(PATIENCE)
    if isinstance(made := store(), SQLiteStore):
        made._named = made._table = table._replica._store._table  # type: ignore[attr-defined] # pyright: ignore
    with pytest.raises(TableError, match=f"the store holds {one.topic}, not {other.topic}"):
        other.table(bus, store=made)


def test_a_table_that_kontrakt_did_not_make_is_left_alone(bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    file = tmp_path / "t.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE precious (a)")
        connection.execute("INSERT INTO precious VALUES (1)")
    connection.close()
    with pytest.raises(StoreError, match="already, which kontrakt did not make; name another one"):
        fresh(Customers).table(bus, store=SQLiteStore(file, table="precious"))
    from kontrakt.kafka.stores.sql import SQLStore

    with pytest.raises(StoreError, match="already, which kontrakt did not make; name another one"):
        fresh(Customers).table(bus, store=SQLStore(f"sqlite:///{file}", table="precious"))
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT a FROM precious").fetchall() == [(1,)]
    connection.close()


def test_a_file_that_cannot_be_used(bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"this is not a database, " * 100)
    for path, said in (
        (broken, "not a database"),
        (tmp_path / "no" / "t.db", "unable to open"),
        (":memory:", "MemoryStore"),
    ):
        with pytest.raises(StoreError, match=said):
            fresh(Customers).table(bus, store=path)


# --- what cannot be read ------------------------------------------------------------------------------------------------


@in_stores
def test_what_cannot_be_read_ends_the_table_and_is_told_to_who_reads(
    place: Place, bus: Bus, fresh: Fresh, store: Reopen
) -> None:
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1"))
    place.send(topic.topic, b"junk", key=b"c-2", partition=1)
    for _ in range(2):  # it is not passed over by starting again
        with topic.table(bus, store=store()) as table:
            for read in (lambda: table["c-1"], lambda: table.ready(PATIENCE), lambda: len(table), table.lag):
                with pytest.raises(DecodeError, match=rf"{topic.topic}\[1\]@.*junk|{topic.topic}\[1\]@.*Confluent"):
                    read()


@in_stores
def test_what_is_passed_over_leaves_nothing_of_its_key(
    place: Place, bus: Bus, fresh: Fresh, store: Reopen, caplog: Any
) -> None:
    """A table that is built anew after compaction would not see what was before it either."""
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        sent = customers.put(Customer(customer_id="c-1")).result(PATIENCE)
        customers.put(Customer(customer_id="c-2"))
    with topic.table(bus, store=store()) as table:
        assert len(table) == 2
    place.send(topic.topic, b"junk", key=b"c-1", partition=sent.partition)
    place.send(topic.topic, b"junk", key=b"\xff", partition=sent.partition)
    place.send(topic.topic, None, key=None, partition=sent.partition)
    with caplog.at_level(logging.ERROR), topic.table(bus, store=store(), on_error="skip") as table:
        assert list(table) == ["c-2"]
    assert sum("passing over" in one.message for one in caplog.records) == 3


def test_a_failure_while_it_runs_wakes_who_waits(place: Place, bus: Bus, fresh: Fresh) -> None:
    from kontrakt import Sent

    topic = fresh(Customers)
    with topic.table(bus) as table:
        table.ready(PATIENCE)
        waiting = threading.Timer(0.1, lambda: place.send(topic.topic, b"junk", key=b"k"))
        waiting.start()
        with pytest.raises(DecodeError):
            table.wait_for(Sent(topic.topic, 0, 99), PATIENCE)
        waiting.join()


def test_closing_the_bus_closes_its_tables(place: Place, fresh: Fresh, tmp_path: Path) -> None:
    topic = fresh(Customers)
    with place.connect() as bus:
        table = topic.table(bus, store=tmp_path / "t.db")
        table.ready(PATIENCE)
    with pytest.raises(ClosedError):
        len(table)


@in_stores
def test_iterating_sees_one_moment(bus: Bus, fresh: Fresh, store: Reopen) -> None:
    topic = fresh(Customers)
    with topic.producer(bus) as customers, topic.table(bus, store=store()) as table:
        last = [customers.put(Customer(customer_id=f"c-{number}")) for number in range(50)]
        for one in last:
            table.wait_for(one, PATIENCE)
        rows = table.items()
        first = next(rows)
        for one in [customers.put(Customer(customer_id=f"c-{number}", visits=1)) for number in range(100)]:
            table.wait_for(one, PATIENCE)
        found = [first, *rows]
        assert len(found) == 50
        assert {value.visits for _, value in found} == {0}
        assert len(table) == 100


def test_a_memory_store_is_forgotten_with_its_table(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1"))
    for store in (None, MemoryStore()):
        seen: list[Progress] = []
        with topic.table(bus, store=store, on_progress=seen.append) as table:
            assert len(table) == 1
        assert seen[-1].total == 1


def test_keys_that_are_uuids_are_found(bus: Bus, fresh: Fresh, tmp_path: Path) -> None:
    from kontrakt import Key

    topic = fresh(Customers)
    keyed: Any = type("Keyed", (topic,), {"key": Key(type=uuid.UUID)})
    number = uuid.uuid4()
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id=str(number)))
    with keyed.table(bus, store=tmp_path / "t.db") as table:
        assert list(table) == [number]
        assert table[number].customer_id == str(number)
