"""Tables for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, overload

from kontrakt.errors import ClosedError
from kontrakt.kafka.table import EntityTable

from .producer import AsyncDelivery
from .threads import Opened, Worker, in_thread, on_loop

if TYPE_CHECKING:
    from types import TracebackType

    from kontrakt.kafka.bus import Bus
    from kontrakt.kafka.delivery import Sent
    from kontrakt.kafka.filler import Lag
    from kontrakt.kafka.replica import Change

    from .bus import AsyncBus

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")
R = TypeVar("R")

_SLICE_SECONDS: Final = 0.2
"""For so long a task that is cancelled waits at most for the thread that waits for the table."""
_CHUNK: Final = 500
"""Rows that are read in the thread at once."""


class AsyncEntityTable(Generic[K, V]):
    """A local copy of an entity topic, which goes on where it stopped; see :class:`~kontrakt.EntityTable`. All tasks may read it.

    Use it in ``async with``: it is opened at the beginning of the block, and closed at its end.

    Args:
        bus: Where.
        topic: The name of the topic.
        make: Makes the blocking table.
    """

    def __init__(self, bus: AsyncBus, topic: str, make: Callable[[Bus], EntityTable[K, V]]) -> None:
        self._bus = bus
        self._worker: Final[Worker] = bus.worker(f"kontrakt-table-reader {topic}")
        self._topic = topic
        self._table = Opened(lambda: in_thread(lambda: make(bus.blocking)))
        self._closed = False

    @overload
    async def get(self, key: K) -> V | None: ...
    @overload
    async def get(self, key: K, default: D) -> V | D: ...
    async def get(self, key: K, default: Any = None) -> Any:
        """The entity of a key.

        Args:
            key: The key.
            default: What is given when there is none.

        Raises:
            EncodeError: It is not a key of this topic.
            KontraktError: The table cannot go on, or its row cannot be read.
            ClosedError: The table is closed.
        """
        return await self._read(lambda table: table.get(key, default))

    async def count(self) -> int:
        """How many entities there are.

        Raises:
            KontraktError: The table cannot go on.
        """
        return await self._read(len)

    def __aiter__(self) -> AsyncIterator[K]:
        """All keys, as they were at one moment between two transactions. In no particular order.

        Raises:
            KontraktError: The table cannot go on.
        """
        return self._each(iter)

    async def items(self) -> AsyncGenerator[tuple[K, V]]:
        """All keys with their entities, as they were at one moment between two transactions. In no particular order.

        Raises:
            KontraktError: The table cannot go on, or a row cannot be read.
        """
        async for item in self._each(lambda table: table.items()):
            yield item

    async def ready(self) -> None:
        """Wait until the table has caught up with where the topic ended when it was opened; ``asyncio.timeout`` limits it.

        Raises:
            KontraktError: The table cannot go on.
        """
        await self._patiently(lambda table, seconds: table.ready(seconds))

    async def wait_for(self, delivery: AsyncDelivery | Sent) -> None:
        """Wait until a message is in the table: read what you wrote. ``asyncio.timeout`` limits it.

        Args:
            delivery: What ``put`` or ``delete`` returned, or its result.

        Raises:
            ValueError: The message went to another topic.
            DeliveryError: It was not delivered.
            KontraktError: The table cannot go on.
        """
        sent = await delivery if isinstance(delivery, AsyncDelivery) else delivery
        await self._patiently(lambda table, seconds: table.wait_for(sent, seconds))

    async def lag(self) -> Lag:
        """How far the table is behind its topic. The broker is asked every 10 seconds.

        Raises:
            KontraktError: The table cannot go on.
        """
        table = await self._opened()
        return table.lag()

    async def subscribe(self, listener: Callable[[Change[K, V]], None]) -> Callable[[], None]:
        """Be told of each entity that a transaction changed, after it. Of several changes in one transaction the last counts.

        Args:
            listener: Called on the event loop.

        Returns:
            A function that ends the subscription.
        """
        loop = asyncio.get_running_loop()
        table = await self._opened()
        return table.subscribe(lambda change: on_loop(loop, listener, change))

    async def close(self) -> None:
        """Stop after the transaction that is on its way, and let the store go. What was read stays in it."""
        self._closed = True
        try:
            if self._table.value is not None:
                await self._worker.call(self._table.value.close)
        finally:
            self._bus.release(self._worker)

    async def _opened(self) -> EntityTable[K, V]:
        if self._closed:
            raise ClosedError(f"cannot read the table of {self._topic}: it is closed")
        return await self._table.get()

    async def _read(self, read: Callable[[EntityTable[K, V]], R]) -> R:
        table = await self._opened()
        await self.ready()
        return await self._worker.call(read, table)

    async def _each(self, begin: Callable[[EntityTable[K, V]], Iterator[R]]) -> AsyncGenerator[R]:
        rows: Iterator[R] = await self._read(begin)
        while chunk := await self._worker.call(lambda: list(islice(rows, _CHUNK))):
            for row in chunk:
                yield row

    async def _patiently(self, wait: Callable[[EntityTable[K, V], float], None]) -> None:
        """Wait in the thread, a little at a time, so that who is cancelled and who reads need not wait for long."""
        table = await self._opened()
        waited = False
        while not waited:
            with suppress(TimeoutError):
                await self._worker.call(wait, table, _SLICE_SECONDS)
                waited = True

    async def __aenter__(self) -> Self:
        await self._opened()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
