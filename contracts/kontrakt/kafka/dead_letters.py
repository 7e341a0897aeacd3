"""Messages that could not be handled, on a topic of their own: with their bytes, key and headers, and the reason.

The reason stands in headers behind those that the message had: under the names and in the encodings of Spring Kafka's
``DeadLetterPublishingRecoverer`` (``kafka_dlt-*``), and as text under those of Kafka Connect (``__connect.errors.*``, KIP-298).
"""

from __future__ import annotations

import struct
import traceback
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME

from .fetcher import place_of

if TYPE_CHECKING:
    from confluent_kafka import Message

    from .bus import Bus
    from .delivery import Delivery

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
        group: The consumer group.
    """

    def __init__(self, bus: Bus, group: str) -> None:
        self._group = group
        self._sender = bus.sender
        self._deliveries = self._sender.deliveries()

    def send(self, message: Message, topic: str, error: BaseException) -> Delivery:
        """Put a message aside.

        Args:
            message: The message.
            topic: The topic for dead letters.
            error: Why.

        Returns:
            Its delivery. Until that is acknowledged, the message counts as unhandled.

        Raises:
            DeliveryError: It cannot be sent.
        """
        headers = [*headers_of(message), *reason(message, self._group, error)]
        return self._sender.send(self._deliveries, topic, message.key(), message.value(), headers)


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


def _name_of(error: BaseException) -> str:
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
