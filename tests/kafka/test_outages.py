"""Apache Kafka goes away and comes back: nothing acknowledged is lost, and errors are typed."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import kontrakt
import pytest
from confluent_kafka.admin import AdminClient
from kontrakt import BrokerUnavailable, Bus, DeliveryError, Put, RequestTimeout, TopicNotFound

from tests.kafka.bank import Bank
from tests.kafka.conftest import PATIENCE, create_on_broker, in_thread
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.payments import Payments

if TYPE_CHECKING:
    from kontrakt import EmbeddedBus

    from tests.real.kafka import KafkaServer

pytestmark = pytest.mark.real

IMPATIENT = {
    "delivery.timeout.ms": 6000,
    "socket.connection.setup.timeout.ms": 3000,
    "reconnect.backoff.max.ms": 500,
    "topic.metadata.refresh.interval.ms": 1000,
    "session.timeout.ms": 6000,  # for so long a consumer that closes tries to commit
    "heartbeat.interval.ms": 500,
    "log_level": 0,
}


@pytest.fixture
def broker(disposable_kafka: KafkaServer) -> KafkaServer:
    for topic in ("customers", "payments.requests", "payments.responses"):
        create_on_broker(disposable_kafka.bootstrap_servers, topic)
    return disposable_kafka


@pytest.fixture
def patient(broker: KafkaServer, embedded_parts: EmbeddedBus) -> Iterator[Bus]:
    """A bus that waits for its broker for as long as librdkafka does by itself."""
    with kontrakt.connect(
        bootstrap_servers=broker.bootstrap_servers,
        registry_url=embedded_parts.registry_url,
        kafka={"reconnect.backoff.max.ms": 500, "log_level": 0},
    ) as bus:
        bus.register(Customers, Payments)
        yield bus


@pytest.fixture
def impatient(broker: KafkaServer, embedded_parts: EmbeddedBus) -> Iterator[Bus]:
    """A bus that gives messages up after 6 seconds."""
    with kontrakt.connect(
        bootstrap_servers=broker.bootstrap_servers, registry_url=embedded_parts.registry_url, kafka=IMPATIENT
    ) as bus:
        bus.register(Customers, Payments)
        yield bus


def test_nothing_acknowledged_is_lost_when_the_broker_is_killed(broker: KafkaServer, patient: Bus) -> None:
    """A producer and a consumer at work, a broker that is killed twice: each message comes, in the order of its key."""
    ended = threading.Event()
    acknowledged: list[int] = []
    seen: list[int] = []

    def produce() -> None:
        with Customers.producer(patient) as customers:
            n = 0
            while not ended.is_set():
                deliveries = [customers.put(Customer(customer_id="c-1", visits=n + i)) for i in range(50)]
                n += 50
                for delivery in deliveries:
                    delivery.result(PATIENCE)
                    acknowledged.append(len(acknowledged))

    def consume() -> None:
        with Customers.consumer(patient, group="g") as changes:
            while not ended.is_set():
                change = changes.poll(0.2)
                if change is not None:
                    assert isinstance(change, Put)
                    seen.append(change.value.visits)

    with in_thread(produce), in_thread(consume):
        for _ in range(2):
            before = len(acknowledged), len(seen)
            while len(acknowledged) < before[0] + 200 or len(seen) < before[1] + 100:
                time.sleep(0.05)
            broker.kill()
            time.sleep(1)
            broker.start()
        before = len(acknowledged), len(seen)
        while len(acknowledged) < before[0] + 200 or len(seen) < before[1] + 100:
            time.sleep(0.05)
        ended.set()
    with Customers.consumer(patient, group="audit") as changes:
        written = [change.value.visits for change in changes.until_end() if isinstance(change, Put)]
    assert written == list(range(len(written)))  # each once, in order
    assert len(written) >= len(acknowledged) >= 600
    first_seen = list(dict.fromkeys(seen))  # a consumer may see some again
    assert first_seen == written[: len(first_seen)]


def test_messages_that_a_dead_broker_never_takes_are_told(broker: KafkaServer, impatient: Bus) -> None:
    with Customers.producer(impatient) as customers:
        customers.put(Customer(customer_id="c-0")).result(PATIENCE)
        broker.kill()
        with pytest.raises(DeliveryError, match="the key 'c-1' was not acknowledged") as failed:
            customers.put(Customer(customer_id="c-1")).result(PATIENCE)
        assert isinstance(failed.value.__cause__, BrokerUnavailable)
        with pytest.raises(DeliveryError, match="2 messages not acknowledged"):
            customers.put(Customer(customer_id="c-2"))
            customers.put(Customer(customer_id="c-3"))
            customers.flush()
        broker.start()
        customers.put(Customer(customer_id="c-4")).result(PATIENCE)  # and the same producer goes on
    with Customers.consumer(impatient, group="g") as changes:
        assert sorted(change.key for change in changes.until_end()) == ["c-0", "c-4"]


def test_a_consumer_waits_for_its_broker_and_goes_on(broker: KafkaServer, impatient: Bus) -> None:
    with Customers.producer(impatient) as customers, Customers.consumer(impatient, group="g") as changes:
        customers.put(Customer(customer_id="c-0"))
        first = changes.poll(PATIENCE)
        assert first is not None
        changes.commit()
        broker.kill()
        assert changes.poll(3) is None
        broker.start()
        customers.put(Customer(customer_id="c-1")).result(PATIENCE)
        second = changes.poll(PATIENCE)
        assert second is not None
        assert [first.key, second.key] == ["c-0", "c-1"]


def test_everything_closes_while_the_broker_is_dead(broker: KafkaServer, impatient: Bus) -> None:
    """In the time that messages may take, and with what was not delivered; a commit says that it cannot."""
    changes = Customers.consumer(impatient, group="g")
    customers = Customers.producer(impatient)
    customers.put(Customer(customer_id="c-0")).result(PATIENCE)
    assert changes.poll(PATIENCE) is not None
    runner = Payments.serve(impatient, Bank(), group="bank")
    payments = Payments.client(impatient)
    with in_thread(runner.run):
        payments.authorize(order_id="o-1", amount=1)
        broker.kill()
        customers.put(Customer(customer_id="c-1"))
        payments.settled(order_id="o-1")
        with pytest.raises(DeliveryError) as failed:
            impatient.close()
    said = "\n".join([str(failed.value), *failed.value.__notes__])
    assert "a message to payments.requests" in said
    assert "a message to customers" in said


def test_a_request_client_outlives_its_broker(broker: KafkaServer, impatient: Bus) -> None:
    with Payments.serve(impatient, Bank(), group="bank"), Payments.client(impatient) as payments:
        assert payments.authorize(order_id="o-1", amount=1)
        broker.kill()
        with pytest.raises(RequestTimeout, match="no broker has acknowledged it yet"):
            payments.authorize(order_id="o-2", amount=1, timeout=dt.timedelta(seconds=1))
        with pytest.raises(DeliveryError, match="the key 'o-3' was not acknowledged"):
            payments.authorize(order_id="o-3", amount=1)
        broker.start()
        assert payments.authorize(order_id="o-4", amount=1).authorization_id == "a-o-4-1SEK"


def test_a_topic_that_is_deleted_ends_its_consumer(broker: KafkaServer, impatient: Bus) -> None:
    with Customers.consumer(impatient, group="g") as changes:
        assert changes.poll(0.5) is None
        delete(broker, "customers")
        with pytest.raises(TopicNotFound, match=r"read customers as a member of the group g: .*create the topic first"):
            for _ in range(10):
                changes.poll(PATIENCE / 10)


def test_a_client_recovers_when_the_topic_of_its_answers_was_made_anew(broker: KafkaServer, impatient: Bus) -> None:
    with Payments.serve(impatient, Bank(), group="bank"), Payments.client(impatient) as payments:
        payments.authorize(order_id="o-1", amount=1)
        delete(broker, "payments.responses")
        with pytest.raises(RequestTimeout):
            payments.authorize(order_id="o-2", amount=1, timeout=dt.timedelta(seconds=1))
        create_on_broker(broker.bootstrap_servers, "payments.responses")
        answer = None
        for _ in range(int(PATIENCE)):
            with contextlib.suppress(RequestTimeout):
                answer = payments.authorize(order_id="o-3", amount=1, timeout=dt.timedelta(seconds=1))
                break
        assert answer is not None


def delete(broker: KafkaServer, *topics: str) -> None:
    admin: Any = AdminClient({"bootstrap.servers": broker.bootstrap_servers})
    for future in admin.delete_topics(list(topics)).values():
        future.result(PATIENCE)
