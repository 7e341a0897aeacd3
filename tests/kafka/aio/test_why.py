"""Why the asyncio clients do not build on confluent-kafka's own asyncio classes. Where one of these fails, it is time to look again."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.aio import AIOConsumer, AIOProducer

from tests.kafka.conftest import PATIENCE

if TYPE_CHECKING:
    from kontrakt import EmbeddedBus


def test_its_producer_refuses_headers(embedded_parts: EmbeddedBus) -> None:
    async def main() -> None:
        producer: Any = AIOProducer({"bootstrap.servers": embedded_parts.bootstrap_servers})
        with pytest.raises(NotImplementedError, match="[Hh]eaders"):
            await producer.produce("topic", b"value", headers=[("correlation", b"1")])
        await producer.close()

    asyncio.run(main())


def test_a_call_of_its_consumer_that_is_cancelled_loses_its_message(embedded_parts: EmbeddedBus) -> None:
    topic = f"lost-{uuid.uuid4().hex[:8]}"
    embedded_parts.create_topics(topic)

    async def main() -> None:
        settings = {"bootstrap.servers": embedded_parts.bootstrap_servers, "group.id": uuid.uuid4().hex}
        consumer: Any = AIOConsumer(settings | {"fetch.wait.max.ms": 10})
        await consumer.assign([TopicPartition(topic, 0, 0)])
        waiting = asyncio.create_task(consumer.poll(PATIENCE))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.wait([waiting])
        sender = embedded_parts.sender
        deliveries = sender.deliveries()
        for value in (b"first", b"second"):
            sender.send(deliveries, topic, None, value, partition=0).result(PATIENCE)
        message = await consumer.poll(PATIENCE)
        assert message.value() == b"second"
        await consumer.close()

    asyncio.run(main())
