"""What comes out of a topic: changes of entities, events, and where each message stood."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

K = TypeVar("K")
V = TypeVar("V")

HeaderValue: TypeAlias = "str | bytes | None"
Headers: TypeAlias = "Mapping[str, HeaderValue] | Sequence[tuple[str, HeaderValue]]"
"""Headers as they are given to a producer; text is written as UTF-8. A name may occur more than once."""


@dataclass(slots=True, kw_only=True)
class Meta:
    """Where a message stood, and what was said beside it.

    Attributes:
        topic: The topic.
        partition: The partition.
        offset: The offset.
        milliseconds: When it was written, in milliseconds since 1970; None when nobody said.
        headers: The headers in their order. A name may occur more than once.
    """

    topic: str = ""
    partition: int = -1
    offset: int = -1
    milliseconds: int | None = None
    headers: Sequence[tuple[str, bytes | None]] = ()

    @property
    def timestamp(self) -> dt.datetime | None:
        """When it was written, by the producer's clock or the broker's as the topic is configured."""
        if self.milliseconds is None:
            return None
        return _EPOCH + dt.timedelta(milliseconds=self.milliseconds)

    def header(self, name: str) -> bytes | None:
        """The value of a header; of several the last one, as Kafka's Java client takes it."""
        for key, value in reversed(self.headers):
            if key == name:
                return value
        return None

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


@dataclass(slots=True)
class Put(Generic[K, V]):
    """An entity was created or changed.

    Attributes:
        key: Its key.
        value: Its state from now on.
        meta: Where the message stood.
    """

    key: K
    value: V
    meta: Meta


@dataclass(slots=True)
class Delete(Generic[K]):
    """An entity was deleted.

    Attributes:
        key: Its key.
        meta: Where the message, a tombstone, stood.
    """

    key: K
    meta: Meta


@dataclass(slots=True)
class Event(Generic[K, V]):
    """Something happened.

    Attributes:
        key: The key; None on topics without one.
        value: The event.
        meta: Where the message stood.
    """

    key: K
    value: V
    meta: Meta


_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
