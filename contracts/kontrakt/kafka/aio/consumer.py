"""Consumers of entity and event topics for asyncio."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, cast

from kontrakt.errors import ClosedError
from kontrakt.kafka.consumer import Consumer, EntityConsumer, EventConsumer
from kontrakt.kafka.messages import Delete, Event, Put
from kontrakt.kafka.topics import EventHandler

from .handlers import AsyncEventHandler
from .iteration import Iteration
from .threads import Bridge, to_the_end

if TYPE_CHECKING:
    import asyncio
    from types import TracebackType

    from kontrakt.kafka.bus import Bus

    from .bus import AsyncBus

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")
R = TypeVar("R")
C = TypeVar("C", bound="Consumer[Any]")

_SLICE_SECONDS: Final = 0.2
"""For so long a task that is cancelled waits at most for the thread that waits for messages."""


class _AsyncConsumer(Generic[C, T]):
    """The messages of a topic, typed, for one member of a consumer group.

    A message counts as handled when the next one is asked for, and at the end of an ``async with`` block that did not fail; only then
    may its offset be committed. A task that is cancelled while it waits takes no message with it: the next one gets it. Use it from one
    task at a time. It joins its group when the first message is asked for, and leaves it at the end of its ``async with`` block or
    with the bus.

    Args:
        bus: Where.
        topic: The name of the topic.
        make: Makes the blocking consumer, whose policies hold.
    """

    def __init__(self, bus: AsyncBus, topic: str, make: Callable[[Bus], C]) -> None:
        self._bus = bus
        self._make = make
        self._worker = bus.worker(f"kontrakt-consumer {topic}")
        self._consumer: C | None = None
        self._stopped = False

    @property
    def blocking(self) -> C:
        """The blocking consumer underneath.

        Raises:
            ClosedError: Nothing was read yet, and no ``async with`` block was entered.
        """
        if self._consumer is None:
            raise ClosedError("the consumer has not joined its group; use it in: async with")
        return self._consumer

    def __aiter__(self) -> Iteration[T]:
        """Every message, for ever; ends after :meth:`stop`.

        Raises:
            DecodeError: A message cannot be read; it names topic, partition and offset. It comes again when one goes on.
            RegistryError: Its schema cannot be fetched; the same holds.
            BusError: The topic cannot be read any more.
            ClosedError: The consumer is closed already.
        """

        async def take() -> T | None:
            consumer = await self._opened()
            while not self._stopped:
                item: T | None = await self._taken(partial(consumer.poll, _SLICE_SECONDS))
                if item is not None:
                    return item
            return None

        return self._iteration(take)

    async def poll(self, timeout: float = 0.0) -> T | None:  # noqa: ASYNC109 - as the blocking one
        """The next message, or None when there is none in time.

        Args:
            timeout: Seconds to wait.

        Raises:
            KontraktError: As when one iterates.
        """
        consumer = await self._opened()
        until = time.monotonic() + timeout
        while True:
            left = max(0.0, until - time.monotonic())
            item: T | None = await self._taken(partial(consumer.poll, min(left, _SLICE_SECONDS)))
            if item is not None or left <= _SLICE_SECONDS or self._stopped:
                return item

    def until_end(self) -> Iteration[T]:
        """Every message up to where the topic ended when this began: to catch up, in tests and in jobs.

        Raises:
            KontraktError: As when one iterates.
        """
        items: Iterator[T] | None = None

        async def take() -> T | None:
            nonlocal items
            consumer = await self._opened()
            found = items = items or consumer.up_to_end()
            return await self._taken(lambda: next(found, None))

        return self._iteration(take)

    def batches(self, size: int = 500, timeout: float = 1.0) -> Iteration[list[T]]:
        """Messages in lists, for ever. All of a list count as handled when the next one is asked for.

        Args:
            size: The most that a list holds.
            timeout: For how many seconds to wait for more after the first.

        Raises:
            KontraktError: As when one iterates; what came before the message that cannot be read is handed out first.
        """

        def gather(consumer: C) -> list[T]:
            if consumer.poll(_SLICE_SECONDS) is None:
                return []
            consumer.give_back()
            found: list[T] = consumer.batch(size, timeout)
            return found

        async def take() -> list[T] | None:
            consumer = await self._opened()
            while not self._stopped:
                if batch := await self._taken(partial(gather, consumer)):
                    return batch
            return None

        return self._iteration(take)

    async def run_batches(
        self,
        handle: Callable[[list[T]], Awaitable[None]],
        size: int = 500,
        timeout: float = 1.0,  # noqa: ASYNC109
    ) -> None:
        """Handle messages in lists until :meth:`stop` is called.

        Args:
            handle: A coroutine function, called with each list. When it fails and the policy is not to stop, it is called with each
                message of that list alone, and the policy is asked about those that fail again.
            size: The most that a list holds.
            timeout: For how many seconds to wait for more after the first.

        Raises:
            HandlerError: It failed, and the policy is to stop; ``__cause__`` is what it raised.
            DecodeError: A message cannot be read, and the policy is to stop.
        """
        bridge = Bridge()
        await self.run_blocking(bridge, lambda consumer: consumer.run_batches(bridge.blocking(handle), size, timeout))

    async def commit(self) -> None:
        """Count the message that was handed out last as handled, and commit now rather than within the next seconds.

        Raises:
            BusError: The offsets could not be committed.
        """
        consumer = await self._opened()
        await self._worker.call(consumer.commit)

    def stop(self) -> None:
        """Let the iteration end soon. May be called from any thread and from a signal handler."""
        self._stopped = True
        if self._consumer is not None:
            self._consumer.stop()

    async def close(self) -> None:
        """Commit what was handled and leave the group; a task that is cancelled meanwhile hears of it afterwards."""
        await self._closed(None)

    def _iteration(self, take: Callable[[], Awaitable[R | None]]) -> Iteration[R]:
        return Iteration(take, self._handling)

    def _handling(self) -> AbstractContextManager[None]:
        return self.blocking.handling()

    async def _opened(self) -> C:
        if self._consumer is None:
            self._consumer = await self._worker.call(self._make, self._bus.blocking)
            if self._stopped:
                self._consumer.stop()
        return self._consumer

    async def _taken(self, take: Callable[[], R]) -> R:
        """Take a message in the thread. Who is cancelled meanwhile gives it back."""
        consumer = await self._opened()
        taking: asyncio.Future[R] = self._worker.begin(take)
        try:
            return await to_the_end(taking)
        except BaseException:
            if taking.done() and not taking.cancelled() and taking.exception() is None:
                await self._worker.call(consumer.give_back)
            raise

    async def run_blocking(self, bridge: Bridge, run: Callable[[C], None]) -> None:
        """Let blocking code use the consumer in its thread until it ends; see :meth:`Bridge.run`.

        Args:
            bridge: By which it calls coroutine functions.
            run: The blocking code. It ends when the consumer is stopped.
        """
        consumer = await self._opened()
        await bridge.run(self._worker, lambda: run(consumer), consumer.stop)

    async def _closed(self, error: BaseException | None) -> None:
        self.stop()
        try:
            if self._consumer is not None:
                kind = None if error is None else type(error)
                await self._worker.call(self._consumer.__exit__, kind, error, None)
        finally:
            self._bus.release(self._worker)

    async def __aenter__(self) -> Self:
        await self._opened()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._closed(error)


class AsyncEntityConsumer(_AsyncConsumer[EntityConsumer[K, V], "Put[K, V] | Delete[K]"], Generic[K, V]):
    """The changes of entities: ``Put`` and ``Delete``."""

    async def run(self, handle: Callable[[Put[K, V] | Delete[K]], Awaitable[None]], *, workers: int = 1) -> None:
        """Handle every change until :meth:`stop` is called.

        A task that is cancelled here cancels the handlers at work; their messages come again.

        Args:
            handle: A coroutine function, called with each change. Its offset may be committed when it has returned.
            workers: How many may be at work. With more than one, changes of different keys are handled at the same time, those of one
                key one after the other; an offset may be committed when everything before it was handled too.

        Raises:
            HandlerError: It failed, and the policy is to stop; ``__cause__`` is what it raised.
            DecodeError: A message cannot be read, and the policy is to stop.
            DeliveryError: A dead letter was not acknowledged; its message comes again.
        """
        bridge = Bridge()
        await self.run_blocking(bridge, lambda consumer: consumer.run(bridge.blocking(handle), workers=workers))


class AsyncEventConsumer(_AsyncConsumer[EventConsumer[K, V], Event[K, V]], Generic[K, V]):
    """Events as they happened."""

    async def run(
        self, handler: AsyncEventHandler | Callable[[Event[K, V]], Awaitable[None]], *, workers: int = 1
    ) -> None:
        """Handle every event until :meth:`stop` is called.

        A task that is cancelled here cancels the handlers at work; their messages come again.

        Args:
            handler: An instance of a subclass of the topic's ``AsyncHandler``, whose method for the type of event is called; or a
                coroutine function that takes every event. An event's offset may be committed when that has returned.
            workers: How many may be at work. With more than one, events with different keys are handled at the same time, those with
                one key one after the other; an offset may be committed when everything before it was handled too.

        Raises:
            HandlerError: It failed, and the policy is to stop; ``__cause__`` is what it raised.
            DecodeError: A message cannot be read, and the policy is to stop.
            DeliveryError: A dead letter was not acknowledged; its message comes again.
            TypeError: The handler is one of another topic.
        """
        bridge = Bridge()
        given: Any = bridged(handler, bridge)
        await self.run_blocking(bridge, lambda consumer: consumer.run(given, workers=workers))


def bridged(
    handler: AsyncEventHandler | Callable[[Any], Awaitable[None]], bridge: Bridge
) -> EventHandler | Callable[[Any], None]:
    """The blocking form of a handler: it waits, or its methods do, for what the asyncio one does.

    Args:
        handler: An asyncio handler, or a coroutine function.
        bridge: Calls it on the loop.
    """
    if not isinstance(handler, AsyncEventHandler):
        return bridge.blocking(handler)
    methods = {name: staticmethod(bridge.blocking(getattr(handler, name))) for name in handler.handles.values()}
    made = type(type(handler).__name__, (EventHandler,), {"handles": handler.handles, **methods})
    return cast("EventHandler", made())
