"""What fills in the id and the time of an event that leaves them out."""

from __future__ import annotations

import datetime as dt
import time
from uuid import UUID, uuid4

from .values import TimestampNanos


class EventStamp:
    """What generated events take as their id and their time when they are made without.

    An event has its id from the moment that it is made, so one that is sent again is known as the same. The time is as fine as its
    schema, so what is read equals what was sent.
    """

    @staticmethod
    def uuid() -> UUID:
        """A new id: random, version 4 (RFC 9562)."""
        return uuid4()

    @staticmethod
    def text() -> str:
        """A new id as text, such as ``9f8b2c64-...``."""
        return str(uuid4())

    @staticmethod
    def millis() -> dt.datetime:
        """Now in UTC, to the millisecond."""
        now = dt.datetime.now(dt.UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    @staticmethod
    def micros() -> dt.datetime:
        """Now in UTC, to the microsecond."""
        return dt.datetime.now(dt.UTC)

    @staticmethod
    def nanos() -> TimestampNanos:
        """Now, in nanoseconds since 1970."""
        return TimestampNanos(time.time_ns())
