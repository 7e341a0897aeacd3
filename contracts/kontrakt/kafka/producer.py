"""Producers of entity and event topics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from kontrakt.errors import ClosedError, EncodeError

from .headers import checked_headers
from .serialization import ValueWriter, key_of, key_writer, types_of

if TYPE_CHECKING:
    from types import TracebackType

    from .delivery import Delivery
    from .destination import Destination
    from .messages import Headers
    from .topics import Topic

K = TypeVar("K")
V = TypeVar("V")


class _Producer:
    """What all producers have in common. One instance serves all threads.

    Leaving its ``with`` block waits until the broker acknowledged every message, and raises for those that failed. When the block
    itself fails, nobody waits: what was sent is still delivered before the bus is closed, and what cannot be is logged.

    Args:
        bus: Where: a bus, its transactions, or a database connection of an outbox.
        topic: The topic.
    """

    def __init__(self, bus: Destination, topic: type[Topic]) -> None:
        self._declared = topic
        self._topic = topic.topic
        self._sender = bus.sender
        self._deliveries = self._sender.deliveries()
        self._values = ValueWriter(bus.registry, topic.topic, topic.subjects, types_of(topic))
        self._encode_key: Callable[[Any], bytes] | None = None
        self._key_of: Callable[[Any], Any] | None = None
        if topic.key is not None:
            self._encode_key = key_writer(bus.registry, topic.topic, topic.key)
            if topic.key.fields:
                self._key_of = key_of(topic.key)
        self._closed = False
        self._bus = bus
        bus.opened(self)

    def flush(self, timeout: float | None = None) -> None:
        """Wait until the broker acknowledged every message that was sent here.

        Args:
            timeout: Seconds; without it, as long as librdkafka tries (``delivery.timeout.ms``).

        Raises:
            DeliveryError: Messages failed whose delivery nobody looked at, or are still on their way. All are listed.
        """
        self._deliveries.wait(timeout)

    def close(self, timeout: float | None = None) -> None:
        """Flush, and take no more.

        Args:
            timeout: Seconds; without it, as long as librdkafka tries.

        Raises:
            DeliveryError: Messages failed whose delivery nobody looked at, or are still on their way. All are listed.
        """
        if not self._closed:
            self._closed = True
            self._bus.ended(self)
            try:
                self.flush(timeout)
            finally:
                self._deliveries.abandon()

    def abandon(self) -> None:
        """Take no more, and wait for nothing: what was sent is delivered before the bus is closed, and what cannot be is logged."""
        self._closed = True
        self._bus.ended(self)
        self._deliveries.abandon()

    def unfinished(self) -> list[Delivery]:
        """What was sent here and is still on its way."""
        return list(self._deliveries.pending)

    def _check(self) -> None:
        if self._closed:
            raise ClosedError(f"cannot send to {self._topic}: the producer is closed")
        self._sender.check()

    def _send(self, key: bytes | None, value: bytes | None, headers: Headers | None) -> Delivery:
        return self._sender.send(self._deliveries, self._topic, key, value, checked_headers(self._declared, headers))

    def _key_bytes(self, key: Any) -> bytes | None:
        if self._encode_key is None:
            return None
        if key is None:
            raise EncodeError(f"a message to {self._topic} needs a key", path="key")
        return self._encode_key(key)

    def _key_inside(self, value: Any) -> bytes | None:
        """The key that is part of a value."""
        if self._key_of is None:
            return None
        try:
            key = self._key_of(value)
        except (AttributeError, KeyError) as error:
            self._values.encode(value)  # says better what is wrong with a value of another type
            raise EncodeError(f"a message to {self._topic} needs its key {error}", path="key") from error
        return self._key_bytes(key)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.abandon()


class _EntityProducer(_Producer, Generic[K]):
    def delete(self, key: K, *, headers: Headers | None = None) -> Delivery:
        """Delete an entity: its key with a null payload, a tombstone.

        Args:
            key: The entity's key.
            headers: Headers of the message: the topic's ``Headers`` where it declares some, or names with values.

        Raises:
            EncodeError: The key is not one of this topic.
            DeliveryError: librdkafka does not take the message.
        """
        self._check()
        return self._send(self._key_bytes(key), None, headers)


class EntityProducer(_EntityProducer[K], Generic[K, V]):
    """Publishes the state of entities whose key is part of the value."""

    def put(self, value: V, *, headers: Headers | None = None) -> Delivery:
        """Publish the state of an entity from now on.

        Args:
            value: The whole entity.
            headers: Headers of the message: the topic's ``Headers`` where it declares some, or names with values.

        Raises:
            EncodeError: The value does not fit its schema; nothing is sent.
            SchemaNotRegistered: Its schema is not registered; says which command does it.
            DeliveryError: librdkafka does not take the message.
        """
        self._check()
        key = self._key_inside(value)
        return self._send(key, self._values.encode(value), headers)


class KeyedEntityProducer(_EntityProducer[K], Generic[K, V]):
    """Publishes the state of entities whose key stands beside the value."""

    def put(self, key: K, value: V, *, headers: Headers | None = None) -> Delivery:
        """Publish the state of an entity from now on.

        Args:
            key: The entity's key.
            value: The whole entity.
            headers: Headers of the message: the topic's ``Headers`` where it declares some, or names with values.

        Raises:
            EncodeError: The key or the value does not fit its schema; nothing is sent.
            SchemaNotRegistered: A schema is not registered; says which command does it.
            DeliveryError: librdkafka does not take the message.
        """
        self._check()
        return self._send(self._key_bytes(key), self._values.encode(value), headers)


class EventProducer(_Producer, Generic[K, V]):
    """Publishes events whose key is part of them, or that have none."""

    def send(self, event: V, *, headers: Headers | None = None) -> Delivery:
        """Publish that something happened.

        Args:
            event: The event.
            headers: Headers of the message: the topic's ``Headers`` where it declares some, or names with values.

        Raises:
            EncodeError: The event does not fit its schema; nothing is sent.
            SchemaNotRegistered: Its schema is not registered; says which command does it.
            DeliveryError: librdkafka does not take the message.
        """
        self._check()
        key = self._key_inside(event)
        return self._send(key, self._values.encode(event), headers)


class KeyedEventProducer(_Producer, Generic[K, V]):
    """Publishes events whose key stands beside them."""

    def send(self, key: K, event: V, *, headers: Headers | None = None) -> Delivery:
        """Publish that something happened.

        Args:
            key: Its key.
            event: The event.
            headers: Headers of the message: the topic's ``Headers`` where it declares some, or names with values.

        Raises:
            EncodeError: The key or the event does not fit its schema; nothing is sent.
            SchemaNotRegistered: A schema is not registered; says which command does it.
            DeliveryError: librdkafka does not take the message.
        """
        self._check()
        return self._send(self._key_bytes(key), self._values.encode(event), headers)
