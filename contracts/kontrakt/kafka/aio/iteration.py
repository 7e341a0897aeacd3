"""An iteration over messages, which knows for how long the body of the loop works on each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Self, TypeVar

T = TypeVar("T")


class Iteration(AsyncIterator[T]):
    """What ``async for`` goes over. Unlike an asynchronous generator it ends at once when the loop is left, in the task that left it.

    Args:
        take: Gives the next one; None at the end.
        handling: What surrounds the work on what was handed out last.
    """

    def __init__(
        self, take: Callable[[], Awaitable[T | None]], handling: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._take = take
        self._handling = handling
        self._open: AbstractContextManager[None] | None = None

    async def aclose(self) -> None:
        """End the iteration now."""
        self._end()

    def _end(self) -> None:
        ended, self._open = self._open, None
        if ended is not None:
            ended.__exit__(None, None, None)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        self._end()
        item = await self._take()
        if item is None:
            raise StopAsyncIteration
        self._open = self._handling()
        self._open.__enter__()
        return item

    def __del__(self) -> None:
        self._end()
