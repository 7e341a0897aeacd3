"""The broker in memory, used by clients that know only its address."""

from __future__ import annotations

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from kontrakt.errors import ClosedError
from kontrakt.kafka.embedded import EmbeddedBroker


def test_messages_and_tombstones_come_back_in_order() -> None:
    with EmbeddedBroker() as broker:
        producer = Producer({"bootstrap.servers": broker.bootstrap_servers, "enable.idempotence": True})
        for number in range(20):
            producer.produce("letters", key=b"k", value=str(number).encode())
        producer.produce("letters", key=b"k", value=None)
        assert producer.flush(20) == 0
        consumer = Consumer(
            {"bootstrap.servers": broker.bootstrap_servers, "group.id": "g", "auto.offset.reset": "earliest"}
        )
        consumer.subscribe(["letters"])
        try:
            got: list[bytes | None] = []
            while len(got) < 21:
                message = consumer.poll(20)
                assert message is not None
                assert message.error() is None
                got.append(message.value())
        finally:
            consumer.close()
        assert got == [*(str(number).encode() for number in range(20)), None]


def test_topics_are_created_and_kept_when_asked_again() -> None:
    with EmbeddedBroker() as broker:
        broker.create_topics("a", "b")
        broker.create_topics("a")
        topics = AdminClient({"bootstrap.servers": broker.bootstrap_servers}).list_topics(timeout=20).topics
        assert {name: len(topics[name].partitions) for name in ("a", "b")} == {"a": 4, "b": 4}


def test_a_broker_that_does_not_run_says_so() -> None:
    broker = EmbeddedBroker()
    with pytest.raises(ClosedError, match="not running"):
        _ = broker.bootstrap_servers
    with broker:
        assert broker.bootstrap_servers.startswith("127.0.0.1:")
        broker.start()
    with pytest.raises(ClosedError):
        broker.create_topics("a")
