"""Entity topics: put, delete, and what a consumer sees of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import kontrakt
import pytest
from confluent_kafka import Consumer as RawConsumer
from kontrakt import Bus, Delete, EncodeError, Meta, Put

from tests.kafka.acme.records import Counter, Customer, Line, LineKey, Placed, Reading, Tier
from tests.kafka.acme.topics import AvroCounters, Counters, Customers, CustomersView, Lines, Rooms

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place


def test_what_is_put_and_deleted_comes_back_typed_and_in_order(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    ada = Customer(customer_id="c-1", email="ada@example.org", visits=3, tier=Tier.GOLD, tags=["a", "b"])
    with topic.producer(bus) as customers:
        sent = customers.put(ada, headers={"trace": "1", "raw": b"\x00", "none": None}).result(60)
        customers.put(Customer(customer_id="c-1", email=None))
        customers.delete("c-1")

    with topic.consumer(bus, group="billing") as changes:
        first, second, third = changes.until_end()

    assert isinstance(first, Put)
    assert (first.key, first.value) == ("c-1", ada)
    assert (first.meta.topic, first.meta.partition, first.meta.offset) == (topic.topic, sent.partition, sent.offset)
    assert first.meta.headers == [("trace", b"1"), ("raw", b"\x00"), ("none", None)]
    assert first.meta.header("trace") == b"1"
    assert first.meta.timestamp is not None
    assert isinstance(second, Put)
    assert second.value.email is None
    assert isinstance(third, Delete)
    assert third.key == "c-1"


def test_a_delete_is_a_null_payload_and_not_an_empty_one(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        customers.delete("c-1")
    raw = RawConsumer(
        {"bootstrap.servers": place.bootstrap_servers, "group.id": "raw", "auto.offset.reset": "earliest"} | place.kafka
    )
    try:
        raw.subscribe([topic.topic])
        message = raw.poll(60)
        assert message is not None
        assert message.error() is None
        assert message.key() == b"c-1"
        assert message.value() is None
    finally:
        raw.close()


def test_groups_read_independently_and_a_view_reads_the_same(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    view = fresh(CustomersView, like=topic)
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1"))
    for group in ("g1", "g2"):
        with view.consumer(bus, group=group) as changes:
            assert [change.key for change in changes.until_end()] == ["c-1"]
    with view.consumer(bus, group="g1") as changes:
        assert list(changes.until_end()) == []


def test_a_composite_key_is_made_of_the_fields(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Lines)
    with topic.producer(bus) as lines:
        lines.put(Line(order_id="o-1", line=2, quantity=5))
        lines.delete(LineKey(order_id="o-1", line=2))
    with topic.consumer(bus, group="g") as changes:
        put, delete = changes.until_end()
    assert put.key == delete.key == LineKey(order_id="o-1", line=2)
    assert isinstance(delete, Delete)


def test_keys_of_numbers(bus: Bus, fresh: Fresh) -> None:
    for declared in (Counters, AvroCounters):
        topic = fresh(declared)
        with topic.producer(bus) as counters:
            counters.put(Counter(number=-7, count=1))
            counters.delete(2**62)
        with topic.consumer(bus, group="g") as changes:
            assert sorted(change.key for change in changes.until_end()) == [-7, 2**62]


def test_a_key_beside_the_value(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Rooms)
    with topic.producer(bus) as rooms:
        rooms.put("attic", Reading(celsius=31.5))
        rooms.delete("attic")
        rooms.put("", Reading(celsius=0.0))
    with topic.consumer(bus, group="g") as changes:
        got = {type(change): change.key for change in changes.until_end() if change.key}
    assert got == {Put: "attic", Delete: "attic"}


def test_a_value_that_does_not_fit_is_refused_before_it_is_sent(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        with pytest.raises(EncodeError, match="visits"):
            customers.put(Customer(customer_id="c-1", visits="many"))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        with pytest.raises(EncodeError, match="carries Customer, not a Placed"):
            customers.put(Placed(order_id="o", total=1))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        with pytest.raises(EncodeError, match="needs a key"):
            customers.delete(None)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    with topic.consumer(bus, group="g") as changes:
        assert list(changes.until_end()) == []


def test_a_schema_that_nobody_registered_says_which_command_does_it(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers, register=False)
    with topic.producer(bus) as customers:
        with pytest.raises(kontrakt.SchemaNotRegistered, match=f"{topic.topic}-value.*kontrakt register"):
            customers.put(Customer(customer_id="c-1"))
        bus.register(topic)
        customers.put(Customer(customer_id="c-1"))


def test_a_message_has_no_timestamp_where_nobody_said_one() -> None:
    assert Meta().timestamp is None
    assert Meta(headers=[("a", b"1"), ("a", b"2")]).header("a") == b"2"
    assert Meta().header("a") is None
    assert str(Meta(topic="t", partition=1, offset=2)) == "t[1]@2"
