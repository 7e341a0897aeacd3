"""What Avro's types are in Python: the table that the codecs and the generator share, and the types that Python lacks.

==================================== ==================================================================
Avro                                 Python
==================================== ==================================================================
null                                 ``None``
boolean                              ``bool``
int, long                            ``int``
float, double                        ``float``
bytes, fixed                         ``bytes``
string                               ``str``
array                                ``list[T]``
map                                  ``dict[str, T]``
enum                                 a subclass of ``enum.StrEnum``
record                               a class
decimal (bytes, fixed)               ``decimal.Decimal``
uuid (string, fixed of 16)           ``uuid.UUID``
date                                 ``datetime.date``
time-millis, time-micros             ``datetime.time``, without a zone
timestamp-millis, timestamp-micros   ``datetime.datetime``, with a zone; UTC when decoded
local-timestamp-millis, -micros      ``datetime.datetime``, without a zone
timestamp-nanos                      :data:`TimestampNanos`
local-timestamp-nanos                :data:`LocalTimestampNanos`
time-nanos                           :data:`TimeNanos`
duration                             :class:`Duration`
==================================== ==================================================================

A time that is finer than its schema is rounded down when it is encoded, as ``Instant.toEpochMilli`` does in Java. Nothing
else is ever rounded, but a ``float`` to the 32 bits of Avro's float: a decimal with more digits than its schema is an error.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, fields
from typing import Final, NewType

__all__ = ["Duration", "LocalTimestampNanos", "TimeNanos", "TimestampNanos"]

TimestampNanos = NewType("TimestampNanos", int)
"""Nanoseconds since 1970-01-01T00:00:00 UTC; ``datetime`` holds no more than microseconds."""

LocalTimestampNanos = NewType("LocalTimestampNanos", int)
"""Nanoseconds since 1970-01-01T00:00:00 of a clock whose zone is not known."""

TimeNanos = NewType("TimeNanos", int)
"""Nanoseconds since midnight."""

_LIMIT: Final = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
    """Avro's duration: three amounts that do not convert into each other, because months and days differ in length.

    Args:
        months: 0 to 2**32 - 1.
        days: 0 to 2**32 - 1.
        milliseconds: 0 to 2**32 - 1.

    Raises:
        TypeError: An amount is not an int.
        ValueError: An amount is out of range.
    """

    months: int = 0
    days: int = 0
    milliseconds: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            amount: object = getattr(self, field.name)
            if not isinstance(amount, int) or isinstance(amount, bool):
                raise TypeError(f"{field.name} of a Duration must be an int, got {type(amount).__name__}")
            if not 0 <= amount < _LIMIT:
                raise ValueError(f"{field.name} of a Duration must be 0 to {_LIMIT - 1}, got {amount}")

    @classmethod
    def from_timedelta(cls, delta: dt.timedelta) -> Duration:
        """Days and milliseconds of a timedelta.

        Args:
            delta: Not negative, and in whole milliseconds.

        Raises:
            ValueError: A Duration cannot hold it.
        """
        if delta < dt.timedelta():
            raise ValueError("a Duration cannot be negative")
        if delta.microseconds % 1000:
            raise ValueError("a Duration holds milliseconds, and this timedelta has microseconds")
        return cls(days=delta.days, milliseconds=delta.seconds * 1000 + delta.microseconds // 1000)

    def to_timedelta(self) -> dt.timedelta:
        """The same length of time, with days of 24 hours.

        Raises:
            ValueError: It has months, whose length is not known, or is longer than a timedelta can be.
        """
        if self.months:
            raise ValueError("a Duration with months has no fixed length; add the months to a date")
        try:
            return dt.timedelta(days=self.days, milliseconds=self.milliseconds)
        except OverflowError:
            raise ValueError(f"{self.days} days are more than a timedelta holds") from None

    def __str__(self) -> str:
        """As ISO 8601 writes it, such as ``P2M10DT3.5S``."""
        date = (f"{self.months}M" if self.months else "") + (f"{self.days}D" if self.days else "")
        seconds, millis = divmod(self.milliseconds, 1000)
        fraction = f".{millis:03}".rstrip("0") if millis else ""
        time = f"T{seconds}{fraction}S" if self.milliseconds or not date else ""
        return f"P{date}{time}"
