"""Producers of entity and event topics for asyncio."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Hashable
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, cast

from kontrakt.codec.shapes import TAG
from kontrakt.errors import ClosedError
from kontrakt.kafka.producer import EntityProducer, EventProducer, KeyedEntityProducer, KeyedEventProducer

from .threads import Opened, on_loop

if TYPE_CHECKING:
    from types import TracebackType

    from kontrakt.kafka.delivery import Delivery, Sent
    from kontrakt.kafka.destination import Destination
    from kontrakt.kafka.messages import Headers
    from kontrakt.kafka.topics import Topic

    from .destination import AsyncDestination

K = TypeVar("K")
V = TypeVar("V")
P = TypeVar(
    "P",
    bound="EntityProducer[Any, Any] | KeyedEntityProducer[Any, Any] | EventProducer[Any, Any] | KeyedEventProducer[Any, Any]",
)


class AsyncDelivery:
    """A message on its way: await it, or do not. A failure that nobody looks at is raised when the client closes."""

    __slots__ = ("_delivery",)

    def __init__(self, delivery: Delivery) -> None:
        self._delivery: Final = delivery

    @property
    def topic(self) -> str:
        """The topic."""
        return self._delivery.topic

    @property
    def key(self) -> bytes | None:
        """The key bytes, or None."""
        return self._delivery.key

    @property
    def done(self) -> bool:
        """Whether it is known what became of it."""
        return self._delivery.done

    def __await__(self) -> Generator[Any, None, Sent]:
        """Wait until the broker acknowledged the message.

        Returns:
            Where it stands.

        Raises:
            DeliveryError: It failed; ``__cause__`` says why in other words.
        """
        return self._result().__await__()

    async def _result(self) -> Sent:
        await arrived(self._delivery)
        return self._delivery.result()

    def __repr__(self) -> str:
        return f"<Async{repr(self._delivery)[1:]}"


async def arrived(delivery: Delivery) -> None:
    """Wait until it is known what became of a message."""
    if delivery.done:
        return
    loop = asyncio.get_running_loop()
    told: asyncio.Future[None] = loop.create_future()
    delivery.when_done(lambda: on_loop(loop, _resolve, told))
    await told


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


class _AsyncProducer(ABC, Generic[P]):
    """What all producers have in common. One instance serves all tasks of its loop.

    Leaving its ``async with`` block waits until the broker acknowledged every message, and raises for those that failed. When the
    block itself fails or is cancelled, nobody waits: what was sent is still delivered before the bus is closed.

    Args:
        bus: Where: a bus of asyncio, its transactions, or a database connection of an outbox.
        topic: The topic.
    """

    def __init__(self, bus: AsyncDestination, topic: type[Topic]) -> None:
        self._bus = bus
        self._topic = topic
        self._opened = Opened(lambda: bus.made(self._made))
        self._known: set[Hashable] = set()
        self._closed = False

    async def flush(self) -> None:
        """Wait until the broker acknowledged every message that was sent here; ``asyncio.timeout`` limits it.

        Raises:
            DeliveryError: Messages failed whose delivery nobody looked at. All are listed.
        """
        producer = self._opened.value
        if producer is not None:
            await self._arrived(producer)
            producer.flush(0)

    async def close(self) -> None:
        """Flush, and take no more.

        Raises:
            DeliveryError: Messages failed whose delivery nobody looked at. All are listed.
        """
        self._closed = True
        producer = self._opened.value
        if producer is not None:
            try:
                await self._arrived(producer)
            except BaseException:
                producer.abandon()
                raise
            producer.close(0)

    async def _arrived(self, producer: P) -> None:
        for delivery in producer.unfinished():
            await arrived(delivery)

    async def _send(self, kind: Hashable, send: Callable[[P], Delivery]) -> AsyncDelivery:
        """Send a message of a kind of which the first may need something to be looked up."""
        if self._closed:
            raise ClosedError(f"cannot send to {self._topic.topic}: the producer is closed")
        producer = self._opened.value or await self._opened.get()
        delivery = await self._bus.sent(lambda: send(producer), first=kind not in self._known)
        self._known.add(kind)
        return AsyncDelivery(delivery)

    @abstractmethod
    def _made(self, bus: Destination) -> P:
        """The blocking producer that does the work."""

    async def __aenter__(self) -> Self:
        await self._opened.get()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self.close()
        else:
            self._closed = True
            if self._opened.value is not None:
                self._opened.value.abandon()


class AsyncEntityProducer(_AsyncProducer[EntityProducer[K, V]], Generic[K, V]):
    """Publishes the state of entities whose key is part of the value."""

    def _made(self, bus: Destination) -> EntityProducer[K, V]:
        return EntityProducer(bus, self._topic)

    async def put(self, value: V, *, headers: Headers | None = None) -> AsyncDelivery:
        """Publish the state of an entity from now on. Waits while librdkafka's queue is full.

        Args:
            value: The whole entity.
            headers: Headers of the message: the topic's ``Headers`` where it declares some, or names with values.

        Raises:
            EncodeError: The value does not fit its schema; nothing is sent.
            SchemaNotRegistered: Its schema is not registered; says which command does it.
            DeliveryError: librdkafka does not take the message.
        """
        return await self._send(kind_of(value), lambda producer: producer.put(value, headers=headers))

    async def delete(self, key: K, *, headers: Headers | None = None) -> AsyncDelivery:
        """Delete an entity: its key with a null payload, a tombstone.

        Args:
            key: The entity's key.
            headers: Headers of the message.

        Raises:
            EncodeError: The key is not one of this topic.
            DeliveryError: librdkafka does not take the message.
        """
        return await self._send(None, lambda producer: producer.delete(key, headers=headers))


class AsyncKeyedEntityProducer(_AsyncProducer[KeyedEntityProducer[K, V]], Generic[K, V]):
    """Publishes the state of entities whose key stands beside the value."""

    def _made(self, bus: Destination) -> KeyedEntityProducer[K, V]:
        return KeyedEntityProducer(bus, self._topic)

    async def put(self, key: K, value: V, *, headers: Headers | None = None) -> AsyncDelivery:
        """Publish the state of an entity from now on. Waits while librdkafka's queue is full.

        Args:
            key: The entity's key.
            value: The whole entity.
            headers: Headers of the message: the topic's ``Headers`` where it declares some, or names with values.

        Raises:
            EncodeError: The key or the value does not fit its schema; nothing is sent.
            SchemaNotRegistered: A schema is not registered; says which command does it.
            DeliveryError: librdkafka does not take the message.
        """
        return await self._send(kind_of(value), lambda producer: producer.put(key, value, headers=headers))

    async def delete(self, key: K, *, headers: Headers | None = None) -> AsyncDelivery:
        """Delete an entity: its key with a null payload, a tombstone.

        Args:
            key: The entity's key.
            headers: Headers of the message.

        Raises:
            EncodeError: The key is not one of this topic.
            DeliveryError: librdkafka does not take the message.
        """
        return await self._send(None, lambda producer: producer.delete(key, headers=headers))


class AsyncEventProducer(_AsyncProducer[EventProducer[K, V]], Generic[K, V]):
    """Publishes events whose key is part of them, or that have none."""

    def _made(self, bus: Destination) -> EventProducer[K, V]:
        return EventProducer(bus, self._topic)

    async def send(self, event: V, *, headers: Headers | None = None) -> AsyncDelivery:
        """Publish that something happened. Waits while librdkafka's queue is full.

        Args:
            event: The event.
            headers: Headers of the message: the topic's ``Headers`` where it declares some, or names with values.

        Raises:
            EncodeError: The event does not fit its schema; nothing is sent.
            SchemaNotRegistered: Its schema is not registered; says which command does it.
            DeliveryError: librdkafka does not take the message.
        """
        return await self._send(kind_of(event), lambda producer: producer.send(event, headers=headers))


class AsyncKeyedEventProducer(_AsyncProducer[KeyedEventProducer[K, V]], Generic[K, V]):
    """Publishes events whose key stands beside them."""

    def _made(self, bus: Destination) -> KeyedEventProducer[K, V]:
        return KeyedEventProducer(bus, self._topic)

    async def send(self, key: K, event: V, *, headers: Headers | None = None) -> AsyncDelivery:
        """Publish that something happened. Waits while librdkafka's queue is full.

        Args:
            key: Its key.
            event: The event.
            headers: Headers of the message: the topic's ``Headers`` where it declares some, or names with values.

        Raises:
            EncodeError: The key or the event does not fit its schema; nothing is sent.
            SchemaNotRegistered: A schema is not registered; says which command does it.
            DeliveryError: librdkafka does not take the message.
        """
        return await self._send(kind_of(event), lambda producer: producer.send(key, event, headers=headers))


def kind_of(value: Any) -> Hashable:
    """What decides which schema a value has."""
    kind: Any = type(value)  # pyright: ignore[reportUnknownVariableType]
    return (kind, value.get(TAG)) if kind is dict else cast("Hashable", kind)
