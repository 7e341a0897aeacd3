"""Everything that stands on a topic."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, cast

from confluent_kafka import OFFSET_BEGINNING, KafkaException, Message, TopicPartition

from kontrakt.errors import BusError
from kontrakt.kafka.config import consumer_config
from kontrakt.kafka.decoding import EntityDecoder, EventDecoder
from kontrakt.kafka.failures import translated
from kontrakt.kafka.fetcher import place_of
from kontrakt.kafka.handles import consumer, partitions_of, patience
from kontrakt.kafka.topics import EntityView

if TYPE_CHECKING:
    from kontrakt import Bus
    from kontrakt.registry import Registry

    from .shown import Item

_END: Final = "_PARTITION_EOF"


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
        unread = set(range(partitions_of(reader, topic, timeout, bus.bootstrap_servers)))
        reader.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in unread])
        found: list[Message] = []
        while unread:
            some = reader.consume(len(unread), timeout)
            if not some:
                raise BusError(f"cannot read {topic}: nothing came within {timeout:g} s")
            for message in some:
                error = message.error()
                if error is None:
                    found.append(message)
                elif error.name() == _END:
                    unread.discard(message.partition() or 0)
                else:
                    raise translated(error, f"read {topic}")
    except KafkaException as error:
        raise translated(error, f"read {topic}") from error
    finally:
        reader.close()
    return sorted(found, key=lambda message: (message.timestamp()[1], *place_of(message)))
