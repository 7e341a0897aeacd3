"""Transactions: visible together or not at all, with the offsets of what was read; one instance an id.

The embedded broker takes the requests of transactions and isolates nothing: it shows what was aborted, shuts nobody out, and keeps no
offset. What it can show runs there too.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import kontrakt
import pytest
from kontrakt import Bus, BusError, ClosedError, DeliveryError, TransactionAborted, TransactionFenced

from tests.kafka.conftest import PATIENCE, Place
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Placed

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh

real = pytest.mark.parametrize("place", [pytest.param("apicurio3", marks=pytest.mark.real)], indirect=True)


@pytest.fixture
def work(bus: Bus) -> Iterator[kontrakt.Transactions]:
    with bus.transactions(uuid.uuid4().hex) as work:
        yield work


def visible(bus: Bus, topic: type[Customers]) -> list[str]:
    """The keys that a consumer sees which was told nothing about transactions."""
    with topic.consumer(bus, group=uuid.uuid4().hex) as changes:
        return [change.key for change in changes.until_end()]


def test_what_was_committed_is_visible(bus: Bus, fresh: Fresh, work: kontrakt.Transactions) -> None:
    customers, orders = fresh(Customers), fresh(Orders)
    put, send = customers.producer(work), orders.producer(work)
    for number in range(3):
        with work.transaction():
            delivery = put.put(Customer(customer_id=f"c-{number}"))
            send.send(Placed(order_id="o-1", total=number))
        assert delivery.result(PATIENCE).topic == customers.topic
    assert sorted(visible(bus, customers)) == ["c-0", "c-1", "c-2"]
    with orders.consumer(bus, group="g") as events:
        assert [event.value for event in events.until_end()] == [Placed(order_id="o-1", total=n) for n in range(3)]


@real
def test_what_was_aborted_never_is(bus: Bus, fresh: Fresh, work: kontrakt.Transactions) -> None:
    topic = fresh(Customers)
    with topic.producer(work) as customers:
        with pytest.raises(ZeroDivisionError), work.transaction():
            customers.put(Customer(customer_id="never")).result(PATIENCE)  # it stands in the log
            raise ZeroDivisionError
        with work.transaction():
            customers.put(Customer(customer_id="c-1"))
        assert visible(bus, topic) == ["c-1"]
        with pytest.raises(KeyboardInterrupt), work.transaction():
            customers.put(Customer(customer_id="never"))  # it does not even leave
            raise KeyboardInterrupt
    assert visible(bus, topic) == ["c-1"]


@real
def test_what_is_open_is_not_visible_and_ends_with_the_bus(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with place.connect() as other:
        work = other.transactions(uuid.uuid4().hex)
        customers = topic.producer(work)
        transaction = work.transaction()
        transaction.__enter__()
        customers.put(Customer(customer_id="open")).result(PATIENCE)
        assert visible(bus, topic) == []
    with topic.producer(bus) as plain:
        plain.put(Customer(customer_id="c-1"))
    assert visible(bus, topic) == ["c-1"]
    with pytest.raises(ClosedError):
        customers.put(Customer(customer_id="late"))


def test_nothing_is_sent_outside_of_a_transaction_and_there_is_one_at_a_time(
    fresh: Fresh, work: kontrakt.Transactions
) -> None:
    topic = fresh(Customers)
    customers = topic.producer(work)
    with pytest.raises(BusError, match=r"no transaction of \w+ has begun: send within"):
        customers.put(Customer(customer_id="c-1"))
    with pytest.raises(BusError, match="is open already; there is one at a time"), work.transaction():
        with work.transaction():
            pass
    with work.transaction():
        customers.put(Customer(customer_id="c-1"))
    work.close()
    with pytest.raises(ClosedError), work.transaction():
        pass


@real
def test_whoever_takes_an_id_over_shuts_the_earlier_instance_out(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    name = uuid.uuid4().hex
    with place.connect() as one, place.connect() as two:
        first = one.transactions(name)
        old = topic.producer(first)
        transaction = first.transaction()
        transaction.__enter__()
        old.put(Customer(customer_id="never")).result(PATIENCE)
        second = two.transactions(name)
        with pytest.raises(TransactionFenced, match=f"{name}.*give each instance an id of its own"):
            transaction.__exit__(None, None, None)
        with pytest.raises(TransactionFenced), first.transaction():  # it stays so
            pass
        with second.transaction():
            topic.producer(second).put(Customer(customer_id="c-1"))
    assert visible(bus, topic) == ["c-1"]


@real
def test_a_message_that_is_not_delivered_aborts_its_transaction(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)

    class Missing(Customers):
        topic = "kontrakt-missing"

    bus.register(Missing)
    config = {"topic.metadata.propagation.max.ms": 500}
    with bus.transactions(uuid.uuid4().hex, config=config) as work, topic.producer(work) as customers:
        with pytest.raises(TransactionAborted, match="nothing of it is visible: do it again") as aborted:
            with work.transaction():
                customers.put(Customer(customer_id="never"))
                Missing.producer(work).put(Customer(customer_id="nowhere"))
        assert isinstance(aborted.value.__cause__, DeliveryError)
        assert not aborted.value.rebalanced
        with work.transaction():
            customers.put(Customer(customer_id="c-1"))
    assert visible(bus, topic) == ["c-1"]


@real
def test_a_message_that_is_refused_aborts_its_transaction_too(
    bus: Bus, fresh: Fresh, work: kontrakt.Transactions
) -> None:
    topic = fresh(Customers)
    customers = topic.producer(work)
    with pytest.raises(DeliveryError, match="too large"), work.transaction():
        customers.put(Customer(customer_id="never"))
        customers.put(Customer(customer_id="c-1", tags=["x" * 2_000_000]))
    with work.transaction():
        customers.put(Customer(customer_id="c-1"))
    assert visible(bus, topic) == ["c-1"]


def test_without_a_broker_nobody_takes_an_id_over(place: Place) -> None:
    with kontrakt.connect(
        bootstrap_servers="127.0.0.1:1", registry_url=place.registry_url, kafka={"log_level": 0}
    ) as bus:
        with pytest.raises(kontrakt.BrokerUnavailable, match="cannot take over the transactions of t-1: no answer"):
            bus.transactions("t-1", config={"transaction.timeout.ms": 1000})


def test_a_configuration_that_librdkafka_refuses(bus: Bus) -> None:
    with pytest.raises(BusError, match="enable.idempotence"):
        bus.transactions("t-1", config={"enable.idempotence": False})
