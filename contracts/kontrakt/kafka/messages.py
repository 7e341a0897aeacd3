"""What comes out of a topic: changes of entities, events, and where each message stood."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from .clock import SYSTEM, Clock

if TYPE_CHECKING:
    from uuid import UUID

    from .headers import DeclaredHeaders

K = TypeVar("K")
V = TypeVar("V")

HeaderValue: TypeAlias = "str | bytes | None"
Headers: TypeAlias = "DeclaredHeaders | Mapping[str, HeaderValue] | Sequence[tuple[str, HeaderValue]]"
"""Headers as they are given to a producer: a topic's own ``Headers``, or names with values. Text is written as UTF-8, and a name may
occur more than once."""


def pairs_of(headers: Headers | None) -> list[tuple[str, HeaderValue]]:
    """The names and values of headers, however they were given."""
    return list(headers.items() if isinstance(headers, Mapping) else headers or ())


def raw_pairs_of(headers: Headers | None) -> list[tuple[str, bytes | None]]:
    """The names of headers with the bytes that are written."""
    return [(name, value.encode() if isinstance(value, str) else value) for name, value in pairs_of(headers)]


@dataclass(slots=True, kw_only=True)
class Meta:
    """Where a message stood, and what was said beside it.

    Attributes:
        topic: The topic.
        partition: The partition.
        offset: The offset.
        milliseconds: When it was written, in milliseconds since 1970; None when nobody said.
        headers: The headers in their order. A name may occur more than once.
        event_id: The event's own id, where the contract says which field holds it.
        event_time: When the event happened, where the contract says which field holds that.
    """

    topic: str = ""
    partition: int = -1
    offset: int = -1
    milliseconds: int | None = None
    headers: Sequence[tuple[str, bytes | None]] = ()
    event_id: UUID | str | None = None
    event_time: dt.datetime | int | None = None

    @property
    def timestamp(self) -> dt.datetime | None:
        """When it was written, by the producer's clock or the broker's as the topic is configured."""
        if self.milliseconds is None:
            return None
        return EPOCH + dt.timedelta(milliseconds=self.milliseconds)

    def header(self, name: str) -> bytes | None:
        """The value of a header; of several the last one, as Kafka's Java client takes it."""
        for key, value in reversed(self.headers):
            if key == name:
                return value
        return None

    def __str__(self) -> str:
        return f"{self.topic}[{self.partition}]@{self.offset}"


@dataclass(slots=True, kw_only=True)
class RequestMeta(Meta):
    """Where a request stood, and how long its requester waits.

    Attributes:
        deadline: Until when the requester waits; None when it does not say.
        idempotency_key: Says of several requests that they are the same one, sent again; None when the requester gave none.
    """

    deadline: dt.datetime | None = None
    idempotency_key: str | None = None
    clock: Clock = field(default=SYSTEM, repr=False, compare=False)

    @property
    def time_left(self) -> dt.timedelta | None:
        """How long the requester still waits, not below zero, by this machine's clock; None when it does not say."""
        if self.deadline is None:
            return None
        return max(dt.timedelta(), self.deadline - self.clock.now())


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
    meta: Meta = field(default_factory=Meta)


@dataclass(slots=True)
class Delete(Generic[K]):
    """An entity was deleted.

    Attributes:
        key: Its key.
        meta: Where the message, a tombstone, stood.
    """

    key: K
    meta: Meta = field(default_factory=Meta)


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
    meta: Meta = field(default_factory=Meta)


EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
