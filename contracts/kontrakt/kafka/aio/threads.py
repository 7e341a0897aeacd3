"""Between the event loop and the threads in which blocking code runs."""

from __future__ import annotations

import asyncio
import concurrent.futures
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Generic, ParamSpec, TypeVar

from kontrakt.errors import ClosedError

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
        self._name = name.removeprefix("kontrakt-")
        self._ended = False

    async def call(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Do something, and wait for it, also when the caller is cancelled meanwhile."""
        return await to_the_end(self.begin(work, *args, **kwargs))

    def begin(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Do something.

        Raises:
            ClosedError: The thread has ended.
        """
        if self._ended:
            raise ClosedError(f"the {self._name} is closed")
        return asyncio.wrap_future(self._executor.submit(work, *args, **kwargs))

    async def run(self, work: Callable[[], T], stop: Callable[[], None]) -> T:
        """Do something that goes on until it is told to stop. When the caller is cancelled, it is told so, and waited for.

        Args:
            work: What is done.
            stop: Lets it end soon.
        """
        running = self.begin(work)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            stop()
            await to_the_end(asyncio.wait([running]))
            if not running.cancelled():
                running.exception()  # nobody else will look
            raise

    def end(self) -> None:
        """Take nothing more; the thread ends when what was begun is done."""
        self._ended = True
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
    """What is made when it is first needed, once for all tasks.

    Args:
        make: Makes it.

    Attributes:
        value: It, or None before.
    """

    def __init__(self, make: Callable[[], Awaitable[T]]) -> None:
        self._make = make
        self._lock = asyncio.Lock()
        self.value: T | None = None

    async def get(self) -> T:
        """It, made now unless it was before."""
        if self.value is None:
            async with self._lock:
                if self.value is None:
                    self.value = await self._make()
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

        def cancel() -> None:
            stop()
            self._cancelled = True
            for future in list(self._running):
                future.cancel()

        try:
            await worker.run(work, cancel)
        except Cancelled:
            raise asyncio.CancelledError from None
