"""What is asked of the registry while messages flow: each id and each schema once, and what happens when it does not answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from kontrakt import Bus, RegistryUnavailable, RequestFailed, SchemaNotRegistered
from kontrakt.codec.framing import read_frame

from tests.kafka.bank import Bank
from tests.kafka.between import Between, between
from tests.kafka.conftest import PATIENCE, PLACES, in_thread
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Paid, Placed
from tests.kafka.new.payments import Payments
from tests.kafka.new.readings import Readings

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place

pytestmark = pytest.mark.parametrize("place", PLACES, indirect=True)


@pytest.fixture
def proxy(place: Place) -> Iterator[Between]:
    with between(place.registry_url) as proxy:
        yield proxy


@pytest.fixture
def counted(place: Place, proxy: Between) -> Iterator[Bus]:
    """A bus whose requests to the registry are counted."""
    with replace(place, registry_url=proxy.url).connect() as bus:
        yield bus


def test_each_id_is_looked_up_once_for_all_producers_and_threads(counted: Bus, proxy: Between, fresh: Fresh) -> None:
    customers_topic, orders_topic = fresh(Customers), fresh(Orders)

    def send() -> None:
        for _ in range(3):
            with customers_topic.producer(counted) as customers, orders_topic.producer(counted) as orders:
                for n in range(20):
                    customers.put(Customer(customer_id=f"c-{n}"))
                    orders.send(Placed(order_id="o-1", total=n))
                    orders.send(Paid(order_id="o-1", total=n))

    with in_thread(send), in_thread(send), in_thread(send):
        pass
    asked = Counter(one for one in proxy.asked if one.startswith("POST"))
    assert asked == {
        f"POST /subjects/{customers_topic.topic}-value": 1,
        "POST /subjects/acme.Tier": 1,  # what it refers to
        f"POST /subjects/{orders_topic.topic}-acme.Placed": 1,
        f"POST /subjects/{orders_topic.topic}-acme.Paid": 1,
    }


def test_each_schema_is_fetched_once_for_all_consumers(counted: Bus, proxy: Between, fresh: Fresh) -> None:
    topic = fresh(Orders)
    with topic.producer(counted) as orders:
        for n in range(20):
            orders.send(Placed(order_id=f"o-{n}", total=n))
            orders.send(Paid(order_id=f"o-{n}", total=n))
    proxy.asked.clear()
    for group in ("a", "b"):
        with topic.consumer(counted, group=group) as events:
            assert len(list(events.until_end())) == 40
    asked = Counter(proxy.asked)
    assert len(asked) == 2
    assert set(asked.values()) == {1}
    assert all(one.startswith("GET /schemas/ids/") for one in asked)


def test_a_message_carries_the_id_of_its_subject(place: Place, bus: Bus, fresh: Fresh) -> None:
    """Not its version; under the subject that the strategy says."""
    topic = fresh(Orders)
    with topic.producer(bus) as orders:
        orders.send(Placed(order_id="o-1", total=1))
    (message,) = place.raw(topic.topic, 1)
    version = bus.registry.latest(f"{topic.topic}-acme.Placed")
    assert version is not None
    value = message.value()
    assert value is not None
    assert read_frame(value) == (version.id, 5)


@pytest.mark.parametrize(
    ("declared", "subject"),
    [
        (Customers, "{topic}-value"),
        (Orders, "{topic}-acme.Placed"),
        (Readings, "{topic}-key"),
        (Payments, "{topic}.requests-"),
    ],
)
def test_what_nobody_registered_names_the_subject_and_the_command(
    place: Place, bus: Bus, fresh: Fresh, declared: type[Customers | Orders | Readings | Payments], subject: str
) -> None:
    topic = fresh(declared, register=False)
    said = f"under the subject {subject.format(topic=topic.topic)}.*kontrakt apply --registry {place.registry_url}"
    with pytest.raises(SchemaNotRegistered, match=said):
        use(bus, topic)
    bus.register(topic)
    use(bus, topic)  # and the same process goes on


def use(bus: Bus, topic: type[Customers | Orders | Readings | Payments]) -> None:
    from tests.kafka.new.acme import Reading, SensorKey

    if issubclass(topic, Customers):
        with topic.producer(bus) as customers:
            customers.put(Customer(customer_id="c-1"))
    elif issubclass(topic, Orders):
        with topic.producer(bus) as orders:
            orders.send(Placed(order_id="o-1", total=1))
    elif issubclass(topic, Readings):
        with topic.producer(bus) as readings:
            readings.send(SensorKey(building="b", sensor=1), Reading(celsius=0))
    else:
        with topic.client(bus) as payments:
            payments.settled(order_id="o-1")


def test_a_registry_that_does_not_answer_stops_who_needs_it_and_nobody_else(
    counted: Bus, proxy: Between, fresh: Fresh
) -> None:
    topic = fresh(Orders)
    with topic.producer(counted) as orders:
        orders.send(Placed(order_id="o-1", total=1)).result(PATIENCE)
        proxy.failing = True
        orders.send(Placed(order_id="o-1", total=2)).result(PATIENCE)  # its id is known
        with pytest.raises(RegistryUnavailable, match=f"{topic.topic}-acme.Paid.*{proxy.url}"):
            orders.send(Paid(order_id="o-1", total=1))
        proxy.failing = False
        orders.send(Paid(order_id="o-1", total=1))


def test_a_consumer_that_cannot_fetch_a_schema_says_at_which_message_and_goes_on_later(
    counted: Bus, proxy: Between, fresh: Fresh
) -> None:
    topic = fresh(Orders)
    with topic.producer(counted) as orders:
        sent = orders.send(Placed(order_id="o-1", total=1)).result(PATIENCE)
    with topic.consumer(counted, group="g", on_error="skip") as events:  # an outage is no reason to skip
        proxy.failing = True
        with pytest.raises(RegistryUnavailable) as failed:
            events.poll(PATIENCE)
        assert str(failed.value).startswith(f"{topic.topic}[{sent.partition}]@{sent.offset}: cannot fetch schema id ")
        assert failed.value.status == 503
        proxy.failing = False
        event = events.poll(PATIENCE)
    assert event is not None
    assert event.meta.offset == sent.offset


def test_a_service_that_cannot_fetch_a_schema_ends_and_the_request_comes_again(
    place: Place, counted: Bus, bus: Bus, proxy: Between, fresh: Fresh
) -> None:
    topic = fresh(Payments)
    bank = Bank()
    with in_thread(lambda: ask(bus, topic)):
        runner = topic.serve(counted, bank, group="bank")
        proxy.failing = True
        with pytest.raises(RegistryUnavailable, match=rf"^{topic.topic}\.requests\[\d\]@0: cannot fetch schema id"):
            runner.run()
        assert place.committed(f"{topic.topic}.requests", "bank") == 0
        with topic.serve(bus, bank, group="bank"):
            assert bank.begun.wait(PATIENCE)
    assert bank.asked == ["o-1"]


def ask(bus: Bus, topic: type[Payments]) -> None:
    with topic.client(bus) as payments:
        assert payments.authorize(order_id="o-1", amount=5).authorization_id == "a-o-1-5SEK"


def test_a_client_that_cannot_fetch_the_schema_of_its_answer_says_so(
    counted: Bus, bus: Bus, proxy: Between, fresh: Fresh
) -> None:
    topic = fresh(Payments)

    def fail(_: object) -> None:
        proxy.failing = True
        raise RuntimeError

    with topic.serve(bus, Bank(instead=fail), group="bank"), topic.client(counted) as payments:
        with pytest.raises(RequestFailed, match=f"the answer to {topic.topic}.authorize cannot be read: .*{proxy.url}"):
            payments.authorize(order_id="o-1", amount=5)
