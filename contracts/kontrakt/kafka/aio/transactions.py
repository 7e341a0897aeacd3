"""Transactions for asyncio."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from kontrakt.errors import ClosedError
from kontrakt.kafka.transactions import SIZE, Message, Transactions

from .consumer import bridged
from .destination import KafkaDestination
from .handlers import AsyncEventHandler
from .threads import Bridge, Opened, in_thread

if TYPE_CHECKING:
    from types import TracebackType

    from kontrakt.kafka.messages import Delete, Event, Put

    from .bus import AsyncBus
    from .consumer import AsyncEntityConsumer, AsyncEventConsumer

K = TypeVar("K")
V = TypeVar("V")


class AsyncTransactions(KafkaDestination):
    """Sends in transactions of Kafka; see :class:`~kontrakt.Transactions`. Generated producers are made on it as on a bus.

    .. code-block:: python

        async with bus.transactions("billing-1") as work, Invoices.producer(work) as invoices:
            async with work.transaction():
                await invoices.put(first)
                await invoices.put(second)

    It is a producer of its own, with one transaction at a time. Made by ``bus.transactions()``, and used in ``async with``.

    Args:
        bus: Where.
        transactional_id: Whose transactions these are. Each instance that runs at the same time needs one of its own, and keeps it
            when it starts again.
        config: More for librdkafka's producer, by its own names.
    """

    def __init__(self, bus: AsyncBus, transactional_id: str, *, config: Mapping[str, Any] | None = None) -> None:
        self._bus = bus
        self._id = transactional_id
        self._worker = bus.worker(f"kontrakt-transactions {transactional_id}")
        self._opened = Opened(
            lambda: self._worker.call(lambda: bus.blocking.transactions(transactional_id, config=config))
        )

    @property
    def blocking(self) -> Transactions:
        """The blocking form underneath.

        Raises:
            ClosedError: The ``async with`` block was not entered.
        """
        if self._opened.value is None:
            raise ClosedError(
                f"the transactions of {self._id} have not begun; use them as: async with bus.transactions({self._id!r}) as work"
            )
        return self._opened.value

    @asynccontextmanager
    async def transaction(
        self,
        consumer: AsyncEntityConsumer[Any, Any] | AsyncEventConsumer[Any, Any] | None = None,
        handled: Iterable[Message] = (),
    ) -> AsyncGenerator[None]:
        """A transaction: committed at the end of the block, aborted when the block fails or its task is cancelled.

        .. code-block:: python

            async for batch in orders.batches():
                async with work.transaction(orders, batch):
                    for order in batch:
                        await invoices.put(invoice_for(order))

        A task that is cancelled while the transaction is being committed hears of it afterwards.

        Args:
            consumer: Whose group's offsets are committed with it.
            handled: What was read from that consumer, and counts as handled when the transaction is committed.

        Raises:
            TransactionAborted: It was aborted, and nothing of it will ever be visible. Do it again, in a new transaction.
            TransactionFenced: Another instance works under the id. This one must end.
            BrokerUnavailable: No broker answered in time, and it is not known whether it was committed. Whoever takes the id next
                knows: make new ``transactions``, and read the group's offsets again.
            BusError: There is a transaction already, or librdkafka cannot go on.
        """
        reading = None if consumer is None else consumer.blocking
        blocking = self.blocking.transaction(reading, handled)
        begun = False

        def begin() -> None:
            nonlocal begun
            blocking.__enter__()
            begun = True

        try:
            await self._worker.call(begin)
            yield
        except BaseException as error:
            if begun:
                await self._worker.call(blocking.__exit__, type(error), error, error.__traceback__)
            raise
        await self._worker.call(blocking.__exit__, None, None, None)

    @overload
    async def run(
        self,
        consumer: AsyncEntityConsumer[K, V],
        handle: Callable[[Put[K, V] | Delete[K]], Awaitable[None]],
        *,
        size: int = SIZE,
    ) -> None: ...
    @overload
    async def run(
        self,
        consumer: AsyncEventConsumer[K, V],
        handle: AsyncEventHandler | Callable[[Event[K, V]], Awaitable[None]],
        *,
        size: int = SIZE,
    ) -> None: ...
    async def run(
        self,
        consumer: AsyncEntityConsumer[Any, Any] | AsyncEventConsumer[Any, Any],
        handle: AsyncEventHandler | Callable[[Any], Awaitable[None]],
        *,
        size: int = SIZE,
    ) -> None:
        """Handle every message until the consumer is stopped; what the handler sends, and the offset, take effect exactly once.

        What has arrived is handled in one transaction. When the handler fails, the transaction is aborted; then the consumer's
        policy holds, and those messages are handled again, each in a transaction of its own. A task that is cancelled here cancels
        the handler at work, and aborts the transaction; its messages come again.

        Args:
            consumer: A consumer of entities or events, which was not iterated yet.
            handle: As for the consumer's own ``run``. What it sends through producers that were made here belongs to the
                transaction; what it does elsewhere does not, and may happen again.
            size: How many messages a transaction takes at most. All of them have to be handled within librdkafka's
                ``transaction.timeout.ms``, one minute by default.

        Raises:
            HandlerError: The handler failed, and the policy is to stop; ``__cause__`` is what it raised.
            TransactionAborted: A transaction could not be committed; its messages come again.
            TransactionFenced: Another instance works under the id. This one must end.
            BusError: As for :meth:`transaction`, and as when one iterates.
        """
        work, bridge = self.blocking, Bridge()
        given: Any = bridged(handle, bridge)
        await consumer.run_blocking(bridge, lambda reading: work.run(reading, given, size=size))

    async def close(self) -> None:
        """Abort the transaction that is open, if any, and give the id free for others."""
        try:
            if self._opened.value is not None:
                await in_thread(self._opened.value.close)
        finally:
            self._bus.release(self._worker)

    async def __aenter__(self) -> Self:
        await self._opened.get()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._id} on {self._bus!r}>"
