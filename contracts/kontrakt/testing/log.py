"""Everything that stands on a topic."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from confluent_kafka import Message

from kontrakt.kafka.config import consumer_config
from kontrakt.kafka.decoding import EntityDecoder, EventDecoder
from kontrakt.kafka.fetcher import place_of
from kontrakt.kafka.handles import consumer, messages_of, partitions_of, patience
from kontrakt.kafka.topics import EntityView

if TYPE_CHECKING:
    from kontrakt import Bus
    from kontrakt.registry import Registry

    from .shown import Item


def decoder(registry: Registry, topic: Any) -> Callable[[Message], tuple[type[Any], Item] | None]:
    """What decodes the messages of an entity or event topic as a consumer does; an unknown type is an error.

    Args:
        registry: Where writers' schemas are fetched.
        topic: The topic.
    """
    if issubclass(topic, EntityView):
        entities: EntityDecoder[Any, Any] = EntityDecoder(registry, cast("Any", topic))
        return entities.decode
    events: EventDecoder[Any, Any] = EventDecoder(registry, topic, "stop")
    return events.decode


def read(bus: Bus, topic: str) -> list[Message]:
    """The messages of a topic as they are: those of a partition in their order, all in that of their time.

    What was sent on the bus is delivered before.

    Args:
        bus: Where.
        topic: The topic.

    Raises:
        TopicNotFound: There is no such topic.
        BusError: It cannot be read.
    """
    bus.sender.flush()
    bus.ensure_topic(topic)
    nobody = {"group.id": f"kontrakt-testing-{uuid.uuid4()}", "enable.auto.commit": False}
    reader = consumer({**consumer_config(bus.kafka), **nobody})
    try:
        timeout = patience(bus.kafka)
        partitions = partitions_of(reader, topic, timeout, bus.bootstrap_servers)
        found = list(messages_of(reader, topic, partitions, timeout))
    finally:
        reader.close()
    return sorted(found, key=lambda message: (message.timestamp()[1], *place_of(message)))
