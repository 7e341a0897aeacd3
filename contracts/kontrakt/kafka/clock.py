"""The time that retries, deadlines and back-off go by, so that tests can put a clock of their own in its place."""

from __future__ import annotations

import datetime as dt
import time
from typing import Final, Protocol


class Clock(Protocol):
    """What tells the time. A bus has one: ``bus.clock``."""

    def now(self) -> dt.datetime:
        """The moment it is, with UTC as its zone."""
        ...

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return when so many seconds have passed."""
        ...


class SystemClock:
    """The clock of this machine."""

    def now(self) -> dt.datetime:
        """The moment it is, with UTC as its zone."""
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        """Seconds since some moment; never goes back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return when so many seconds have passed."""
        time.sleep(seconds)


SYSTEM: Final[Clock] = SystemClock()
"""The clock of this machine."""
