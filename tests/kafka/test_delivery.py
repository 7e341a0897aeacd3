"""What became of messages: back-pressure, delivery results, failures that nobody looked at, flush and close."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import kontrakt
import pytest
from kontrakt import BrokerUnavailable, Bus, ClosedError, DeliveryError, TopicNotFound
from kontrakt.kafka.delivery import KEPT

from tests.kafka.conftest import PATIENCE, in_thread, nobody_listens
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Placed

if TYPE_CHECKING:
    from kontrakt import EmbeddedBus

    from tests.kafka.conftest import Fresh, Place

BROKERLESS = {"delivery.timeout.ms": 1000, "log_level": 0}
"""For a producer whose broker has gone."""


@pytest.fixture
def cut_off(embedded_parts: EmbeddedBus) -> Iterator[Bus]:
    """A bus that has a registry and whose broker is gone; the schemas are registered."""
    with kontrakt.connect(
        bootstrap_servers=nobody_listens(), registry_url=embedded_parts.registry_url, kafka=BROKERLESS
    ) as bus:
        bus.register(Customers, Orders)
        yield bus


def test_a_full_queue_makes_the_producer_wait(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with place.connect(queue_buffering_max_messages=10) as bus:
        with topic.producer(bus) as customers:
            deliveries = [customers.put(Customer(customer_id="c-1", visits=n)) for n in range(500)]
        assert all(delivery.done for delivery in deliveries)
        assert [delivery.result().offset for delivery in deliveries] == list(range(500))


def test_threads_share_a_producer(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with place.connect(queue_buffering_max_messages=20) as bus, topic.producer(bus) as customers:

        def put(thread: int) -> None:
            for n in range(100):
                customers.put(Customer(customer_id=f"c-{thread}", visits=n))

        with in_thread(lambda: put(0)), in_thread(lambda: put(1)), in_thread(lambda: put(2)):
            pass
        customers.flush()
        with topic.consumer(bus, group="g") as changes:
            seen: dict[str, list[int]] = {}
            for change in changes.until_end():
                assert isinstance(change, kontrakt.Put)
                seen.setdefault(change.key, []).append(change.value.visits)
    assert seen == {f"c-{thread}": list(range(100)) for thread in range(3)}  # each key in its order


def test_a_delivery_says_where_the_message_stands(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        first, second = (customers.put(Customer(customer_id="c-1")) for _ in range(2))
        sent = second.result(PATIENCE)
        assert (sent.topic, sent.offset) == (topic.topic, 1)
        assert first.result() == kontrakt.Sent(topic=topic.topic, partition=sent.partition, offset=0)
        assert (first.topic, first.key) == (topic.topic, b"c-1")
        assert repr(first) == f"<Delivery to {topic.topic}, key 'c-1': {first.result()!r}>"


def test_flush_lets_nothing_linger_and_waits_for_the_messages_of_its_own_client(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with place.connect(linger_ms=60_000) as slow:
        customers = topic.producer(slow)
        deliveries = [customers.put(Customer(customer_id=f"c-{n}")) for n in range(100)]
        customers.flush(30)
        assert all(delivery.done for delivery in deliveries)
        customers.flush(0)


def test_closing_the_bus_delivers_what_was_sent(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with place.connect(linger_ms=60_000) as slow:  # nothing leaves by itself while the test runs
        customers = topic.producer(slow)
        delivery = customers.put(Customer(customer_id="c-1"))
        assert not delivery.done
        assert "on its way" in repr(delivery)
    assert delivery.result().offset == 0
    with pytest.raises(ClosedError, match=f"{topic.topic}.*the producer is closed"):
        customers.put(Customer(customer_id="c-2"))
    customers.close()
    with topic.consumer(bus, group="g") as changes:
        assert [change.key for change in changes.until_end()] == ["c-1"]


def test_a_block_that_fails_does_not_wait_and_loses_nothing(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with place.connect(linger_ms=60_000) as slow:
        with pytest.raises(RuntimeError, match="first"), topic.producer(slow) as customers:
            customers.put(Customer(customer_id="c-1"))
            raise RuntimeError("first")
    with topic.consumer(bus, group="g") as changes:
        assert [change.key for change in changes.until_end()] == ["c-1"]


def test_a_message_that_is_too_large_is_refused_at_once(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        with pytest.raises(
            DeliveryError, match=f"a message to {topic.topic} with the key 'c-1' .*too large"
        ) as refused:
            customers.put(Customer(customer_id="c-1", tags=["x" * 2_000_000]))
        assert (refused.value.topic, refused.value.key) == (topic.topic, b"c-1")
        customers.put(Customer(customer_id="c-1"))
    with topic.consumer(bus, group="g") as changes:
        assert len(list(changes.until_end())) == 1


def test_a_topic_that_is_missing_is_not_made_up(place: Place) -> None:
    class Misspelt(Customers):
        topic = "kontrakt-misspelt"

    with place.connect(allow_auto_create_topics="false", topic_metadata_propagation_max_ms=1000) as bus:
        bus.register(Misspelt)
        with pytest.raises(DeliveryError, match="kontrakt-misspelt.*create the topic first") as failed:
            with Misspelt.producer(bus) as customers:
                customers.put(Customer(customer_id="c-1"))
        assert isinstance(failed.value.__cause__, TopicNotFound)
        with pytest.raises(TopicNotFound, match=r"kontrakt-misspelt.*create the topic first"):
            Misspelt.consumer(bus, group="g")


def test_a_failure_that_somebody_looked_at_is_raised_once(cut_off: Bus) -> None:
    with Customers.producer(cut_off) as customers:
        delivery = customers.put(Customer(customer_id="c-1"))
        with pytest.raises(TimeoutError, match=r"customers is still on its way after 0\.01 s"):
            delivery.result(0.01)
        for _ in range(2):
            with pytest.raises(DeliveryError, match="the key 'c-1' was not acknowledged: .*no answer from") as failed:
                delivery.result(PATIENCE)
            assert isinstance(failed.value.__cause__, BrokerUnavailable)


def test_failures_that_nobody_looked_at_are_raised_together_when_the_producer_closes(cut_off: Bus) -> None:
    with (
        pytest.raises(DeliveryError, match="7 messages not acknowledged") as failed,
        Customers.producer(cut_off) as customers,
    ):
        for n in range(7):
            customers.put(Customer(customer_id=f"c-{n}"))
    lines = str(failed.value).splitlines()
    assert [line for line in lines if "the key 'c-0'" in line]
    assert lines[-1] == "  ... and 2 more"
    assert failed.value.topic == "customers"


def test_closing_the_bus_raises_failures_that_nobody_looked_at(cut_off: Bus) -> None:
    Customers.producer(cut_off).put(Customer(customer_id="c-1"))
    Orders.producer(cut_off).send(Placed(order_id="o-1", total=1))
    with pytest.raises(DeliveryError) as failed:
        cut_off.close()
    assert "a message to orders" in str(failed.value)  # the newest client is closed first
    assert "a message to customers" in failed.value.__notes__[0]


def test_an_error_of_the_block_is_not_hidden_by_what_was_not_delivered(cut_off: Bus) -> None:
    with pytest.raises(RuntimeError, match="first") as raised, cut_off:
        Customers.producer(cut_off).put(Customer(customer_id="c-1"))
        raise RuntimeError("first")
    assert "when the bus was closed: a message to customers" in raised.value.__notes__[0]


def test_a_block_that_fails_logs_what_is_not_delivered_later(cut_off: Bus, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "kontrakt.kafka"):
        with pytest.raises(RuntimeError, match="first"), Customers.producer(cut_off) as customers:
            with pytest.raises(DeliveryError):
                customers.put(Customer(customer_id="looked-at")).result(PATIENCE)
            customers.put(Customer(customer_id="before"))
            threading.Event().wait(1.5)
            customers.put(Customer(customer_id="after"))
            raise RuntimeError("first")
        cut_off.close()
    assert [
        name for record in caplog.records for name in ("before", "after", "looked-at") if name in record.getMessage()
    ] == [
        "before",
        "after",
    ]


def test_what_is_still_on_its_way_when_the_time_is_up_is_counted(cut_off: Bus) -> None:
    customers = Customers.producer(cut_off)
    for n in range(3):
        customers.put(Customer(customer_id=f"c-{n}"))
    with pytest.raises(DeliveryError, match=r"3 still on their way after 0 s: 3 to customers"):
        customers.flush(0)
    with pytest.raises(DeliveryError, match="3 still on their way"):
        customers.close(0)


def test_an_outage_does_not_fill_the_memory(cut_off: Bus, caplog: pytest.LogCaptureFixture) -> None:
    customers = Customers.producer(cut_off)
    with caplog.at_level(logging.ERROR, "kontrakt.kafka"):
        for n in range(KEPT + 5):
            customers.put(Customer(customer_id=f"c-{n}"))
        with pytest.raises(DeliveryError, match=f"{KEPT} messages not acknowledged"):
            customers.flush()
    assert len(caplog.records) == 5


def test_a_queue_that_stays_full_ends_in_an_error(embedded_parts: EmbeddedBus, monkeypatch: pytest.MonkeyPatch) -> None:
    with kontrakt.connect(
        bootstrap_servers=nobody_listens(),
        registry_url=embedded_parts.registry_url,
        kafka={**BROKERLESS, "queue.buffering.max.messages": 2},
    ) as bus:
        bus.register(Customers)
        with pytest.raises(DeliveryError, match="2 messages not"), Customers.producer(bus) as customers:
            customers.put(Customer(customer_id="c-1"))
            customers.put(Customer(customer_id="c-2"))
            # As if others took the place of each message that makes room:
            monkeypatch.setattr(bus.sender, "_patience", 0.1)
            with pytest.raises(DeliveryError, match="the queue stayed full"):
                customers.put(Customer(customer_id="c-3"))


def test_a_callback_of_the_users_that_fails_does_not_keep_deliveries_from_being_reported(
    place: Place, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Customers)
    called = threading.Event()

    def broken(_: str) -> None:
        called.set()
        raise ValueError("statistics")

    with place.connect(statistics_interval_ms=50, stats_cb=broken) as bus, topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1"))
        assert called.wait(PATIENCE)
        while "a callback of the Kafka producer failed" not in caplog.text:
            threading.Event().wait(0.01)
        assert customers.put(Customer(customer_id="c-1")).result(PATIENCE).offset == 1


def test_headers_are_text_bytes_or_nothing_and_may_come_twice(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c"), headers=[("a", "å"), ("a", b"\xff"), ("b", None)])
        customers.delete("c", headers={})
        wrong: Any = {"n": 1}
        with pytest.raises(TypeError):
            customers.delete("c", headers=wrong)
    first, second = place.raw(topic.topic, 2)
    assert first.headers() == [("a", "å".encode()), ("a", b"\xff"), ("b", None)]
    assert not second.headers()
