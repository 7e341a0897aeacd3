"""Messages that could not be handled, on a topic of their own: with their bytes, key and headers, and the reason.

The reason stands in headers behind those that the message had: under the names and in the encodings of Spring Kafka's
``DeadLetterPublishingRecoverer`` (``kafka_dlt-*``), and as text under those of Kafka Connect (``__connect.errors.*``, KIP-298).
"""

from __future__ import annotations

import struct
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME

from kontrakt.errors import TopicNotFound

from .fetcher import place_of
from .policies import letters_of

if TYPE_CHECKING:
    from confluent_kafka import Message

    from .bus import Bus
    from .delivery import Deliveries, Delivery
    from .fetcher import Fetcher
    from .policies import DeadLetter, OnError

RawHeader = tuple[str, bytes | None]

_INT: Final = struct.Struct(">i")
_LONG: Final = struct.Struct(">q")

SPRING: Final = "kafka_dlt-"
CONNECT: Final = "__connect.errors."

_LONGEST_MESSAGE: Final = 2_000
_LONGEST_TRACE: Final = 8_000
"""Characters that are kept of a reason: a dead letter must fit where the message did."""


class DeadLetters:
    """Puts messages aside for one consumer group.

    Args:
        bus: Where.
        fetcher: Where the messages come from.
        policies: The policies that may ask for it.

    Raises:
        TopicNotFound: A topic for dead letters is missing. Found out before the first message is read.
        BrokerUnavailable: No broker answers.
    """

    def __init__(self, bus: Bus, fetcher: Fetcher, policies: Iterable[OnError]) -> None:
        self._topic = fetcher.topic
        self._group = fetcher.group
        for topic in sorted({one.topic_for(self._topic, self._group) for one in map(letters_of, policies) if one}):
            bus.ensure_topic(topic)
            try:
                fetcher.partitions_of(topic)
            except TopicNotFound as error:
                raise TopicNotFound(
                    f"{error}; dead letters of the group {self._group} go there, unless DeadLetter(topic=...) names another"
                ) from error
        self._bus = bus
        self._deliveries: Deliveries | None = None

    def send(self, message: Message, policy: DeadLetter, error: BaseException) -> Delivery:
        """Put a message aside.

        Args:
            message: The message.
            policy: Says on which topic.
            error: Why.

        Returns:
            Its delivery. Until that is acknowledged, the message counts as unhandled.

        Raises:
            DeliveryError: It cannot be sent.
        """
        headers = [*headers_of(message), *reason(message, self._group, error)]
        sender = self._bus.sender
        if self._deliveries is None:
            self._deliveries = sender.deliveries()
        topic = policy.topic_for(self._topic, self._group)
        return sender.send(self._deliveries, topic, message.key(), message.value(), headers)


def headers_of(message: Message) -> list[RawHeader]:
    """The headers of a message."""
    found: Any = message.headers()
    return list(found or ())


def reason(message: Message, group: str, error: BaseException) -> list[RawHeader]:
    """The headers that say where a message stood and why it was put aside.

    Args:
        message: The message.
        group: The consumer group that could not handle it.
        error: Why.
    """
    topic, partition, offset = place_of(message)
    kind, milliseconds = message.timestamp()
    said = str(error)[:_LONGEST_MESSAGE]
    cause = error.__cause__
    root = _name_of(cause if cause is not None else error)
    trace = "".join(traceback.format_exception(error))[-_LONGEST_TRACE:]
    texts = {
        f"{SPRING}original-topic": topic,
        f"{SPRING}original-consumer-group": group,
        f"{SPRING}original-timestamp-type": "LogAppendTime" if kind == TIMESTAMP_LOG_APPEND_TIME else "CreateTime",
        f"{SPRING}exception-fqcn": _name_of(error),
        f"{SPRING}exception-cause-fqcn": root,
        f"{SPRING}exception-message": said,
        f"{SPRING}exception-stacktrace": trace,
        f"{CONNECT}topic": topic,
        f"{CONNECT}partition": str(partition),
        f"{CONNECT}offset": str(offset),
        f"{CONNECT}exception.class.name": root,
        f"{CONNECT}exception.message": said,
    }
    return [
        *((name, text.encode(errors="replace")) for name, text in texts.items()),
        (f"{SPRING}original-partition", _INT.pack(partition)),
        (f"{SPRING}original-offset", _LONG.pack(offset)),
        (f"{SPRING}original-timestamp", _LONG.pack(milliseconds)),
    ]


@dataclass(frozen=True, slots=True)
class Reason:
    """Where a dead letter stood, and why it was put aside, as its headers say; empty where they do not.

    Attributes:
        topic: The topic.
        partition: The partition; -1 where nothing is said.
        offset: The offset; -1 where nothing is said.
        group: The consumer group that could not handle it.
        error: The name of what went wrong, such as ``ValueError``.
        message: What went wrong, in words.
        stacktrace: Where in the program.
    """

    topic: str = ""
    partition: int = -1
    offset: int = -1
    group: str = ""
    error: str = ""
    message: str = ""
    stacktrace: str = ""


def reason_of(headers: Sequence[RawHeader]) -> Reason:
    """The reason that headers of Spring Kafka, Kafka Connect or kontrakt give.

    Args:
        headers: The headers of a dead letter.
    """
    found = {name: value for name, value in headers if value is not None}

    def text(*names: str) -> str:
        return next((found[name].decode(errors="replace") for name in names if name in found), "")

    def number(spring: str, connect: str) -> int:
        value = found.get(spring, b"")
        if len(value) in (_INT.size, _LONG.size):
            return int.from_bytes(value, "big", signed=True)
        said = text(connect)
        return int(said) if said.isdecimal() else -1

    return Reason(
        topic=text(f"{SPRING}original-topic", f"{CONNECT}topic"),
        partition=number(f"{SPRING}original-partition", f"{CONNECT}partition"),
        offset=number(f"{SPRING}original-offset", f"{CONNECT}offset"),
        group=text(f"{SPRING}original-consumer-group"),
        error=text(f"{SPRING}exception-cause-fqcn", f"{SPRING}exception-fqcn", f"{CONNECT}exception.class.name"),
        message=text(f"{SPRING}exception-message", f"{CONNECT}exception.message"),
        stacktrace=text(f"{SPRING}exception-stacktrace", f"{CONNECT}exception.stacktrace"),
    )


def without_reason(headers: Sequence[RawHeader]) -> list[RawHeader]:
    """The headers that a message had before it was put aside the last time: those of the reason stand behind them.

    Args:
        headers: The headers of a dead letter.
    """
    kept = list(headers)
    seen: set[str] = set()
    while kept and kept[-1][0].startswith((SPRING, CONNECT)) and kept[-1][0] not in seen:
        seen.add(kept.pop()[0])
    return kept


def _name_of(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
