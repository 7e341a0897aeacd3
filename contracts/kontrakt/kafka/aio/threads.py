"""Between the event loop and the threads in which blocking code runs."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Cancelled(BaseException):
    """What a coroutine was waiting for in a thread was cancelled: like Ctrl-C, and unlike a failure, it is not handled."""


class Worker:
    """A thread that does what blocks, one thing after the other.

    Args:
        name: The thread's name.
    """

    def __init__(self, name: str) -> None:
        self._executor: Final = concurrent.futures.ThreadPoolExecutor(1, name)

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something, and wait for it, also when the caller is cancelled meanwhile."""
        return await to_the_end(self.begin(work, *args, **kwargs))

    def begin(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Do something."""
        return asyncio.wrap_future(self._executor.submit(work, *args, **kwargs))

    def end(self) -> None:
        """Take nothing more; the thread ends when what was begun is done."""
        self._executor.shutdown(wait=False)


async def in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do something that blocks for a moment, and wait for it, also when the caller is cancelled meanwhile."""
    return await to_the_end(asyncio.to_thread(work, *args, **kwargs))


async def to_the_end(work: Awaitable[T]) -> T:
    """Wait for something that must not be left half done. Who is cancelled meanwhile hears of it afterwards."""
    future = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        if not future.cancelled():
            future.exception()  # nobody else will look
        raise cancelled
    return future.result()


def on_loop(loop: asyncio.AbstractEventLoop, call: Callable[..., object], *args: Any) -> None:
    """Call something on an event loop soon, from another thread; nothing when the loop has ended, where nobody waits any more."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call, *args)


class Opened(Generic[T]):
    """What is made in a thread when it is first needed, once for all tasks.

    Args:
        make: Makes it; may block.

    Attributes:
        value: It, or None before.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = asyncio.Lock()
        self.value: T | None = None

    async def get(self) -> T:
        """It, made now unless it was before."""
        if self.value is None:
            async with self._lock:
                if self.value is None:
                    self.value = await in_thread(self._make)
        return self.value


class Bridge:
    """Lets blocking code in threads call coroutine functions on the event loop."""

    def __init__(self) -> None:
        self._loop: Final = asyncio.get_running_loop()
        self._running: set[concurrent.futures.Future[Any]] = set()
        self._cancelled = False

    def blocking(self, function: Callable[P, Awaitable[T]]) -> Callable[P, T]:
        """A function that waits in its thread for what a coroutine function gives.

        Args:
            function: The coroutine function; it runs on the loop.
        """

        async def run(args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
            return await function(*args, **kwargs)

        def call(*args: P.args, **kwargs: P.kwargs) -> T:
            future = asyncio.run_coroutine_threadsafe(run(args, kwargs), self._loop)
            self._running.add(future)
            if self._cancelled:
                future.cancel()
            try:
                return future.result()
            except concurrent.futures.CancelledError:
                raise Cancelled from None
            finally:
                self._running.discard(future)

        return call

    async def run(self, worker: Worker, work: Callable[[], None], stop: Callable[[], None]) -> None:
        """Let blocking code run until it ends. When the caller is cancelled, so is every coroutine that it waits for.

        Args:
            worker: Where.
            work: The blocking code.
            stop: Lets it end soon.
        """
        running = worker.begin(work)
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            stop()
            self._cancelled = True
            for future in list(self._running):
                future.cancel()
            await to_the_end(asyncio.wait([running]))
            if not running.cancelled():
                running.exception()
            raise
        except Cancelled:
            raise asyncio.CancelledError from None
