"""Where the messages of asyncio producers go: to Kafka, into a transaction of Kafka, or into an outbox."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from kontrakt.kafka.destination import Destination

if TYPE_CHECKING:
    from kontrakt.errors import DeliveryError
    from kontrakt.kafka.clock import Clock
    from kontrakt.kafka.delivery import Deliveries, Delivery
    from kontrakt.kafka.destination import Client, SchemaIds
    from kontrakt.kafka.messages import Headers
    from kontrakt.kafka.sender import Sender

T = TypeVar("T")


class AsyncDestination(ABC):
    """What generated asyncio producers are made on: a bus of asyncio, its transactions, or a database connection of an outbox."""

    @abstractmethod
    async def made(self, make: Callable[[Destination], T]) -> T:
        """A blocking producer, which does the work.

        Args:
            make: Makes it.
        """

    @abstractmethod
    async def sent(self, send: Callable[[], Delivery], *, first: bool) -> Delivery:
        """Have a blocking producer send a message.

        Args:
            send: Has it do so.
            first: Whether it is the first of its kind, for which something may have to be looked up.
        """


class SharedProducer(Destination, Protocol):
    """A bus, or transactions."""

    @property
    def sender(self) -> Sender:
        """The producer."""
        ...


class KafkaDestination(AsyncDestination):
    """A producer of librdkafka. What needs nothing to be looked up is handed to it on the loop, which does not block."""

    @property
    @abstractmethod
    def blocking(self) -> SharedProducer:
        """The blocking form underneath."""

    async def made(self, make: Callable[[Destination], T]) -> T:
        """A blocking producer that never waits for room in the queue."""
        from .threads import in_thread

        return await in_thread(lambda: make(_Prompt(self.blocking)))

    async def sent(self, send: Callable[[], Delivery], *, first: bool) -> Delivery:
        """Send on the loop, or in a thread; wait in a thread while the queue is full."""
        from .threads import in_thread

        while True:
            try:
                return await in_thread(send) if first else send()
            except BufferError:
                await in_thread(self.blocking.sender.make_room)


class _Prompt:
    """A destination whose sender never waits: where the queue is full, it says so."""

    def __init__(self, bus: SharedProducer) -> None:
        self._bus = bus
        self._sender = bus.sender

    @property
    def clock(self) -> Clock:
        return self._bus.clock

    @property
    def registry(self) -> SchemaIds:
        return self._bus.registry

    @property
    def sender(self) -> Self:
        return self

    def opened(self, client: Client) -> None:
        self._bus.opened(client)

    def ended(self, client: Client) -> None:
        self._bus.ended(client)

    def deliveries(self) -> Deliveries:
        return self._sender.deliveries()

    def check(self) -> None:
        self._sender.check()

    def send(
        self,
        deliveries: Deliveries,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
        partition: int = -1,
        on_failure: Callable[[DeliveryError], None] | None = None,
    ) -> Delivery:
        return self._sender.send(deliveries, topic, key, value, headers, partition, on_failure, wait=False)
