"""What sends requests and waits for answers on an event loop."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from kontrakt.kafka.client import Call, Caller, Waiting
from kontrakt.kafka.clock import SYSTEM

from .threads import Opened, in_thread, on_loop

if TYPE_CHECKING:
    from kontrakt.kafka.headers import DeclaredHeaders
    from kontrakt.kafka.requests import Requests

    from .bus import AsyncBus

_SLICE_SECONDS: Final = 0.2


class _Told(Waiting):
    """A task that waits for an answer, which a thread has."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()
        self.event = asyncio.Event()

    def tell(self) -> None:
        on_loop(self._loop, self.event.set)


class AsyncCaller:
    """Sends requests and waits for answers. A request that waits costs no thread.

    Args:
        bus: Where.
        requests: The topics.
    """

    def __init__(self, bus: AsyncBus, requests: type[Requests]) -> None:
        self._bus = bus
        self._opened = Opened(lambda: in_thread(lambda: Caller(bus.blocking, requests)))

    async def call(
        self,
        operation: str,
        request: Any,
        timeout: dt.timedelta | None,  # noqa: ASYNC109 - it travels with the request
        idempotency_key: str | None,
        headers: DeclaredHeaders | None,
    ) -> Any:
        """Send a request and wait for its answer."""
        caller = await self._opened.get()
        told = _Told()
        begun = asyncio.ensure_future(
            asyncio.to_thread(caller.begin, operation, request, timeout, idempotency_key, headers, told)
        )
        try:
            call = await asyncio.shield(begun)
        except asyncio.CancelledError:
            begun.add_done_callback(_forget)
            raise
        try:
            if not await self._answered(call, told):
                raise call.late()
        finally:
            call.forget()
        return call.result()

    async def notify(
        self, operation: str, request: Any, idempotency_key: str | None, headers: DeclaredHeaders | None
    ) -> None:
        """Send a one-way request."""
        caller = await self._opened.get()
        await in_thread(caller.notify, operation, request, idempotency_key, headers)

    async def close(self, *, abandon: bool) -> None:
        """Deliver what was sent one-way, unless it is abandoned, then stop waiting for answers."""
        caller = self._opened.value
        if caller is not None:
            await in_thread(caller.abandon if abandon else caller.close)

    async def _answered(self, call: Call, told: _Told) -> bool:
        """Wait for an answer until the clock says that the time is up; another clock than the machine's is asked again and again."""
        clock = self._bus.clock
        while (left := call.deadline - clock.monotonic()) > 0:
            with suppress(TimeoutError):
                await asyncio.wait_for(told.event.wait(), left if clock is SYSTEM else _SLICE_SECONDS)
                return True
        return told.event.is_set()


def _forget(begun: asyncio.Future[Call]) -> None:
    """Forget a request whose task was cancelled before it was sent."""
    if not begun.cancelled() and begun.exception() is None:
        begun.result().forget()
