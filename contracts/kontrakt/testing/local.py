"""Handlers and services at work without a broker and without a registry. What they are given passes through Avro all the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar, overload

from kontrakt.kafka.handlers import handling
from kontrakt.kafka.messages import Delete, Event, Put
from kontrakt.kafka.producer import EntityProducer, EventProducer, KeyedEntityProducer, KeyedEventProducer
from kontrakt.kafka.topics import EntityView, EventHandler, EventsView

from .bench import Bench, schemas
from .log import decoder
from .shown import value_of

if TYPE_CHECKING:
    from kontrakt.kafka.messages import Headers

_PRODUCERS: Final = {
    (True, False): EntityProducer,
    (True, True): KeyedEntityProducer,
    (False, False): EventProducer,
    (False, True): KeyedEventProducer,
}
"""By whether the topic is one of entities, and whether its key stands beside the value."""

K = TypeVar("K")
V = TypeVar("V")


@overload
def feed(
    topic: type[EntityView[K, V]],
    handler: Callable[[Put[K, V] | Delete[K]], object],
    /,
    *changes: V | Put[K, V] | Delete[K],
    headers: Headers | None = None,
) -> None: ...
@overload
def feed(
    topic: type[EventsView[K, V]],
    handler: EventHandler | Callable[[Event[K, V]], object],
    /,
    *events: V | Event[K, V],
    headers: Headers | None = None,
) -> None: ...
def feed(topic: type[Any], handler: Any, /, *messages: Any, headers: Headers | None = None) -> None:
    """Hand messages to a handler, without any broker.

    They are encoded as a producer does, and decoded as a consumer does: what cannot be sent fails here too. Where they stood is made
    up: partition 0, offsets from 0 on.

    Args:
        topic: A generated topic.
        handler: A function that takes a change or an event; of event topics also an instance of a subclass of its ``Handler``.
        messages: Values of the topic; ``Put`` or ``Event`` where the key stands beside the value, ``Delete`` for a tombstone.
        headers: The headers of each.

    Raises:
        EncodeError: A message does not fit its schema.
        TypeError: The handler is one of another topic.
        Exception: What the handler raises.
    """
    bench = Bench(schemas())
    for message in messages:
        _send(bench, topic, message, headers)
    handle = handling(handler, topic.types if isinstance(handler, EventHandler) else ())
    decode = decoder(bench.registry, topic)
    for raw in bench.messages:
        if (found := decode(raw)) is not None:
            handle(*found)


def _send(bench: Bench, topic: type[Any], message: Any, headers: Headers | None) -> None:
    """Send a message the way in which its topic is keyed."""
    entity = issubclass(topic, EntityView)
    given = [value_of(message)]
    beside = topic.key is not None and not topic.key.fields
    if beside:
        if not isinstance(message, Put | Event | Delete):
            raise TypeError(
                f"the key of {topic.topic} stands beside the value: give {'Put' if entity else 'Event'}(key, value)"
            )
        given.insert(0, message.key)  # pyright: ignore[reportUnknownMemberType]
    producers: Any = _PRODUCERS[entity, beside]
    producer = producers(bench, topic)
    if isinstance(message, Delete):
        producer.delete(message.key, headers=headers)  # pyright: ignore[reportUnknownMemberType]
    else:
        (producer.put if entity else producer.send)(*given, headers=headers)
