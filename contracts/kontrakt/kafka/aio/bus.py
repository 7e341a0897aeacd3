"""The way to Kafka and the registry for asyncio."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self

from kontrakt.errors import ClosedError

from .destination import KafkaDestination

if TYPE_CHECKING:
    from types import TracebackType

    from kontrakt.kafka.bus import Bus
    from kontrakt.kafka.clock import Clock
    from kontrakt.kafka.requests import Requests
    from kontrakt.kafka.topics import Topic
    from kontrakt.settings import Settings

    from .threads import Worker
    from .transactions import AsyncTransactions


class AsyncBus(KafkaDestination):
    """Kafka and a schema registry, for the tasks of one event loop. Generated topics that are given one give asyncio clients.

    Use it in ``async with``; leaving the block closes every client that was made on it. Made by :func:`kontrakt.aio.connect` and
    :func:`kontrakt.aio.embedded`.

    Args:
        connect: Makes the blocking bus underneath; called when the block is entered.
    """

    def __init__(self, connect: Callable[[], Bus]) -> None:
        self._connect = connect
        self._bus: Bus | None = None
        self._workers: list[Worker] = []

    @property
    def blocking(self) -> Bus:
        """The blocking bus underneath; its clients can be used in threads beside the asyncio ones.

        Raises:
            ClosedError: The ``async with`` block was not entered.
        """
        if self._bus is None:
            raise ClosedError("the bus is not connected; use it as: async with kontrakt.aio.connect() as bus")
        return self._bus

    @property
    def clock(self) -> Clock:
        """What deadlines and back-off go by; see :attr:`kontrakt.Bus.clock`."""
        return self.blocking.clock

    @clock.setter
    def clock(self, clock: Clock) -> None:
        self.blocking.clock = clock

    @property
    def bootstrap_servers(self) -> str:
        """The address of the Kafka cluster."""
        return self.blocking.bootstrap_servers

    def transactions(self, transactional_id: str, *, config: Mapping[str, Any] | None = None) -> AsyncTransactions:
        """Messages that become visible together, or not at all; to be used in ``async with``. See :meth:`kontrakt.Bus.transactions`.

        Args:
            transactional_id: Whose transactions these are. Each instance that runs at the same time needs one of its own, and keeps
                it when it starts again: it takes over from its predecessor, whose open transaction is aborted.
            config: More for librdkafka's producer, by its own names.

        Raises:
            BrokerUnavailable: When the block is entered: no broker answers within librdkafka's ``transaction.timeout.ms``.
            BusDenied: When the block is entered: the credentials lack the right to the id.
            BusError: When the block is entered: librdkafka refuses the configuration.
        """
        from .transactions import AsyncTransactions

        return AsyncTransactions(self, transactional_id, config=config)

    async def register(self, *topics: type[Topic | Requests]) -> None:
        """Register the schemas of generated topics; see :meth:`kontrakt.Bus.register`.

        Args:
            topics: Generated topics.

        Raises:
            SchemaRejected: A schema is not compatible with what is registered.
        """
        from .threads import in_thread

        await in_thread(self.blocking.register, *topics)

    async def close(self) -> None:
        """Close every client, then the connections; what was sent is delivered before.

        Raises:
            DeliveryError: Messages were not acknowledged, and nobody looked at their delivery.
        """
        from .threads import in_thread

        try:
            if self._bus is not None:
                await in_thread(self._bus.close)
        finally:
            for worker in self._workers:
                worker.end()
            self._workers.clear()

    def worker(self, name: str) -> Worker:
        """A thread for a client; it ends with the bus at the latest.

        Args:
            name: Its name.
        """
        from .threads import Worker

        worker = Worker(name)
        self._workers.append(worker)
        return worker

    def release(self, worker: Worker) -> None:
        """End the thread of a client that was closed."""
        worker.end()
        if worker in self._workers:
            self._workers.remove(worker)

    async def __aenter__(self) -> Self:
        from .threads import in_thread

        if self._bus is None:
            self._bus = await in_thread(self._connect)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from kontrakt.errors import KontraktError

        try:
            await self.close()
        except KontraktError as failure:
            if error is None:
                raise
            error.add_note(f"and when the bus was closed: {failure}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._bus!r}>"


def connect(
    settings: Settings | None = None,
    *,
    bootstrap_servers: str = "",
    registry_url: str = "",
    kafka: Mapping[str, Any] | None = None,
    registry: Mapping[str, Any] | None = None,
) -> AsyncBus:
    """A bus for asyncio, to be used in ``async with``. The arguments are those of :func:`kontrakt.connect`.

    Args:
        settings: The settings; by default those of ``kontrakt.toml`` and the environment.
        bootstrap_servers: Kafka's address, in place of that of the settings.
        registry_url: The registry's address, in place of that of the settings.
        kafka: More for librdkafka, by its own names; wins over the settings.
        registry: More for the registry's client, by its own names; wins over the settings.

    Raises:
        SettingsErrors: When the block is entered: the settings are wrong, or an address is missing.
    """

    def open_bus() -> Bus:
        from kontrakt.kafka.bus import connect as connected

        return connected(
            settings, bootstrap_servers=bootstrap_servers, registry_url=registry_url, kafka=kafka, registry=registry
        )

    return AsyncBus(open_bus)


def embedded(
    *topics: type[Topic | Requests], level: str = "BACKWARD", kafka: Mapping[str, Any] | None = None
) -> AsyncBus:
    """A broker and a registry in memory for asyncio, to be used in ``async with``. They end with the block.

    Args:
        topics: Generated topics whose schemas are registered and that are created.
        level: The registry's compatibility level.
        kafka: More for librdkafka, by its own names.

    Raises:
        BrokerUnavailable: When the block is entered: the broker did not come up.
    """

    def start() -> Bus:
        from kontrakt.kafka.embedded import embedded as started

        return started(*topics, level=level, kafka=kafka)

    return AsyncBus(start)
