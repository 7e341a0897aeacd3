"""What a raw message says: the change of an entity, or an event. Knows nothing of where messages come from."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from kontrakt.errors import DecodeError, UnknownEvent

from .fetcher import place_of
from .messages import Delete, Event, Meta, Put
from .serialization import AvroReader, field_of, key_reader, types_of
from .told import told

if TYPE_CHECKING:
    from confluent_kafka import Message

    from kontrakt.registry import Registry

    from .policies import OnError
    from .topics import EntityView, EventsView

_log: Final = logging.getLogger("kontrakt.kafka")

K = TypeVar("K")
V = TypeVar("V")


class EntityDecoder(Generic[K, V]):
    """Reads the messages of an entity topic.

    Args:
        registry: Where writers' schemas are fetched.
        topic: The topic.
    """

    def __init__(self, registry: Registry, topic: type[EntityView[K, V]]) -> None:
        self._values = AvroReader(registry, types_of(topic))
        self._read_key = key_reader(registry, topic.key)
        self._type = topic.value

    def decode(self, message: Message) -> tuple[type[Any], Put[K, V] | Delete[K]]:
        """The record of the topic, and what a message says of an entity.

        Raises:
            DecodeError: It cannot be read.
            RegistryError: Its schema cannot be fetched.
        """
        meta = meta_of(message)
        key: K = self._read_key(message.key(), meta.headers)
        data = message.value()
        if data is None:
            return self._type, Delete(key, meta)
        kind, value = self._values.known(data, meta.headers)
        return kind, Put(key, value, meta)


class EventDecoder(Generic[K, V]):
    """Reads the messages of an event topic.

    Args:
        registry: Where writers' schemas are fetched.
        topic: The topic.
        unknown: What happens at an event of a type that this package was generated without.
    """

    def __init__(self, registry: Registry, topic: type[EventsView[K, V]], unknown: OnError = "skip") -> None:
        self._values = AvroReader(registry, types_of(topic))
        self._read_key = key_reader(registry, topic.key)
        self._topic = topic.topic
        self._id, self._time = topic.id, topic.time
        self._unknown = unknown
        self._skipped: set[str] = set()

    def decode(self, message: Message) -> tuple[type[Any], Event[K, V]] | None:
        """The type of an event, and the event; None for one to pass over.

        Raises:
            UnknownEvent: It is of a type that this package was generated without, and these are not skipped.
            DecodeError: It cannot be read.
            RegistryError: Its schema cannot be fetched.
        """
        meta = meta_of(message)
        data = message.value()
        if data is None:
            raise DecodeError("a message without a payload is not an event")
        kind, value = self._values.read(data, meta.headers)
        if kind is None:
            self._pass_over(value)
            return None
        key: K = self._read_key(message.key(), meta.headers)
        meta.event_id = field_of(value, self._id) if self._id else None
        meta.event_time = field_of(value, self._time) if self._time else None
        return kind, Event(key, value, meta)

    def _pass_over(self, name: str) -> None:
        """Skip an event of a type that this package was generated without, unless another policy was given."""
        if self._unknown != "skip":
            raise UnknownEvent(f"it is {name}, which this package was generated without; generate it again")
        if name not in self._skipped:
            self._skipped.add(name)
            _log.warning(
                "skipping %s on %s, which this package was generated without",
                name,
                self._topic,
                extra=told("event.unknown", topic=self._topic),
            )


def meta_of(message: Message) -> Meta:
    """Where a message stood."""
    topic, partition, offset = place_of(message)
    kind, milliseconds = message.timestamp()
    headers: Any = message.headers()
    return Meta(
        topic=topic,
        partition=partition,
        offset=offset,
        milliseconds=milliseconds if kind else None,
        headers=headers or (),
    )
