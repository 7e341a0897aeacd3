"""Requests for asyncio: the service's side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, cast

from kontrakt.kafka.requests import RequestService

from .threads import Bridge

if TYPE_CHECKING:
    from types import TracebackType

    from kontrakt.kafka.bus import Bus
    from kontrakt.kafka.requests import Requests
    from kontrakt.kafka.service import ServiceRunner

    from .bus import AsyncBus
    from .handlers import AsyncRequestService


class AsyncServiceRunner:
    """A service at work on an event loop: ``await runner.run()``, or ``async with``, which serves in the background.

    It keeps the promises of :class:`~kontrakt.kafka.service.ServiceRunner`, which does the work in a thread.

    Args:
        bus: Where.
        requests: The topics.
        service: What answers.
        make: Makes the blocking runner.

    Raises:
        TypeError: The service is one of another protocol.
    """

    def __init__(
        self,
        bus: AsyncBus,
        requests: type[Requests],
        service: AsyncRequestService,
        make: Callable[[Bus, RequestService], ServiceRunner],
    ) -> None:
        expected: Any = getattr(requests, "AsyncService", None)
        if expected is None or not isinstance(service, expected):
            raise TypeError(f"{type(service).__name__} is not an asyncio service of {requests.__name__}")
        self._bus = bus
        self._requests = requests
        self._service = service
        self._make = make
        self._worker = bus.worker(f"kontrakt-service {requests.topic}")
        self._runner: ServiceRunner | None = None
        self._bridge: Bridge | None = None
        self._task: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Answer requests until :meth:`stop` is called. A task that is cancelled here cancels the request at hand, which comes again.

        Raises:
            DecodeError: A request cannot be read, and does not say where to answer; its offset stays where it is.
            RegistryError: The schema of a request cannot be fetched.
            BusError: The topic cannot be read any more.
            ClosedError: It is closed already.
        """
        runner, bridge = await self._opened()
        try:
            await bridge.run(self._worker, runner.run, runner.stop)
        finally:
            self._bus.release(self._worker)

    def stop(self) -> None:
        """Let :meth:`run` end after the request at hand. May be called from any thread and from a signal handler."""
        if self._runner is not None:
            self._runner.stop()

    async def close(self) -> None:
        """Finish the request at hand, deliver the answers, and leave the group."""
        self.stop()
        if self._task is not None:
            await asyncio.wait([self._task])

    async def _opened(self) -> tuple[ServiceRunner, Bridge]:
        if self._runner is None or self._bridge is None:
            self._bridge = Bridge()
            self._runner = await self._worker.call(self._make, self._bus.blocking, self._blocking(self._bridge))
        return self._runner, self._bridge

    def _blocking(self, bridge: Bridge) -> RequestService:
        """The blocking form of the service: its methods wait for those of the asyncio one."""
        names = [one.method or one.name for one in self._requests.operations]
        methods = {name: staticmethod(bridge.blocking(getattr(self._service, name))) for name in names}
        base: Any = cast("Any", self._requests).Service
        service: RequestService = type(type(self._service).__name__, (base,), methods)()
        return service

    async def __aenter__(self) -> Self:
        await self._opened()
        self._task = asyncio.create_task(self.run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
        if self._task is not None and error is None:
            with suppress(asyncio.CancelledError):
                self._task.result()
