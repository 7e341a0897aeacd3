"""Requests for asyncio: the client's side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    import datetime as dt
    from types import TracebackType

    from kontrakt.kafka.headers import DeclaredHeaders
    from kontrakt.kafka.requests import Requests

    from .bus import AsyncBus
    from .caller import AsyncCaller


class AsyncRequestClient:
    """Base of the generated asyncio clients. One instance serves all tasks of its loop.

    Leaving its ``async with`` block, or closing the bus, ends it; what was sent one-way is delivered first. Its own names begin with
    an underscore, because operations may have any other.

    Args:
        bus: Where.
        requests: The topics.
    """

    def __init__(self, bus: AsyncBus, requests: type[Requests]) -> None:
        from .caller import AsyncCaller

        self._caller: AsyncCaller = AsyncCaller(bus, requests)

    async def _call(
        self,
        operation: str,
        request: Any,
        timeout: dt.timedelta | None = None,  # noqa: ASYNC109 - it travels with the request
        idempotency_key: str | None = None,
        headers: DeclaredHeaders | None = None,
    ) -> Any:
        """Send a request and wait for its answer; a task that is cancelled meanwhile waits no longer.

        Returns:
            What the operation answers (the field ``response`` of its response record).

        Raises:
            DeclaredError: The service answered with an error that the protocol declares.
            RequestFailed: The service failed in another way.
            RequestTimeout: No answer came in time.
            DeliveryError: The request was not sent.
        """
        return await self._caller.call(operation, request, timeout, idempotency_key, headers)

    async def _notify(
        self,
        operation: str,
        request: Any,
        idempotency_key: str | None = None,
        headers: DeclaredHeaders | None = None,
    ) -> None:
        """Send a one-way request; nobody answers, and nothing is waited for."""
        await self._caller.notify(operation, request, idempotency_key, headers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._caller.close(abandon=error is not None)
