"""A clock that a test moves."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Final

_START: Final = dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)
_NOTHING: Final = dt.timedelta()


class FakeClock:
    """A clock that stands still until it is moved. Put it into ``bus.clock`` before clients are made.

    .. code-block:: python

        clock = FakeClock(tick=timedelta(seconds=1))
        bus.clock = clock

    Args:
        start: The moment it begins at.
        tick: By how much it moves each time that somebody looks how long they have waited. With it retries, back-off and deadlines
            pass by themselves, in no time; without it they wait for :meth:`advance`, which another thread has to call.

    Attributes:
        tick: The same; may be changed at any time.

    Raises:
        ValueError: The start has no time zone.
    """

    def __init__(self, start: dt.datetime = _START, *, tick: dt.timedelta = _NOTHING) -> None:
        if start.tzinfo is None:
            raise ValueError(f"the start of a clock needs a time zone: {start}")
        self._start = start.astimezone(dt.UTC)
        self._passed = _NOTHING
        self._lock = threading.Lock()
        self.tick = tick

    def now(self) -> dt.datetime:
        """The moment it is, with UTC as its zone."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Seconds since it began; each look is a ``tick`` later."""
        with self._lock:
            self._passed += self.tick
            return self._passed.total_seconds()

    def sleep(self, seconds: float) -> None:
        """Return at once, so many seconds later."""
        self.advance(dt.timedelta(seconds=seconds))

    def advance(self, by: dt.timedelta) -> None:
        """Move it forward.

        Args:
            by: By how much.

        Raises:
            ValueError: It would go back.
        """
        if by < _NOTHING:
            raise ValueError(f"a clock does not go back: {by}")
        with self._lock:
            self._passed += by
