"""Entity topics: put, delete, and what a consumer sees of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import kontrakt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kontrakt import Bus, Delete, EncodeError, Put

from tests.kafka.conftest import PLACES
from tests.kafka.new import billing
from tests.kafka.new.acme import Counter, Reading, Tier
from tests.kafka.new.avro_counters import AvroCounters
from tests.kafka.new.counters import Counters
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.lines import Line, LineKey, Lines
from tests.kafka.new.orders import Placed
from tests.kafka.new.rooms import Rooms

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place

pytestmark = pytest.mark.parametrize("place", PLACES, indirect=True)


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
        customers.delete("c-1", headers={"why": "asked"})
    (message,) = place.raw(topic.topic, 1)
    assert message.key() == b"c-1"
    assert message.value() is None
    assert message.headers() == [("why", b"asked")]


def test_groups_read_independently_and_a_projection_reads_the_same(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    view = fresh(billing.Customers, like=topic, register=False)
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1", email="ada@example.org"))
        customers.delete("c-1")
    for group in ("g1", "g2"):
        with view.consumer(bus, group=group) as changes:
            put, delete = changes.until_end()
            assert isinstance(put, Put)
            assert put.value == billing.Customer(customer_id="c-1", invoice_email="ada@example.org")
            assert isinstance(delete, Delete)
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
        with pytest.raises(kontrakt.SchemaNotRegistered, match=f"{topic.topic}-value.*kontrakt apply"):
            customers.put(Customer(customer_id="c-1"))
        bus.register(topic)
        customers.put(Customer(customer_id="c-1"))


def test_a_group_that_is_new_may_start_at_the_end(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1"))
        customers.flush()
        with topic.consumer(bus, group="late", start="latest") as changes:
            assert list(changes.until_end()) == []
            customers.put(Customer(customer_id="c-2"))
            change = changes.poll(60)
    assert change is not None
    assert change.key == "c-2"


KEYS = st.sampled_from(["", "a", "b", "c", "å", "long" * 50])
STEPS = st.lists(st.tuples(KEYS, st.none() | st.integers(-(2**63), 2**63 - 1)), max_size=40)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_a_consumer_saw_last_of_each_key_is_its_state(
    place: Place, bus: Bus, fresh: Fresh, steps: list[tuple[str, int | None]]
) -> None:
    """Whatever is put and deleted, one who reads it all ends with what a dictionary would hold."""
    topic = fresh(Customers)
    model: dict[str, int] = {}
    with topic.producer(bus) as customers:
        for key, visits in steps:
            if visits is None:
                customers.delete(key)
                model.pop(key, None)
            else:
                customers.put(Customer(customer_id=key, visits=visits))
                model[key] = visits
    state: dict[str, int] = {}
    with topic.consumer(bus, group="state") as changes:
        for change in changes.until_end():
            match change:
                case Put(key=key, value=customer):
                    state[key] = customer.visits
                case Delete(key=key):
                    state.pop(key, None)
    assert state == model
