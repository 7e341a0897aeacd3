"""librdkafka's clients: made, and asked about topics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Producer, TopicPartition

from kontrakt.errors import BrokerUnavailable, BusDenied, BusError

from .failures import is_final, is_passing, translated

if TYPE_CHECKING:
    from confluent_kafka import Message

T = TypeVar("T")

_EOF: Final = "_PARTITION_EOF"

_SETUP_MS: Final = 30_000
_SLICE_SECONDS: Final = 1.0
_PAUSE_SECONDS: Final = 0.05
_NEW_SECONDS: Final = 2.0
"""For so long a topic may be unknown to a broker after another one has created it."""


def producer(config: Mapping[str, Any]) -> Producer:
    """A producer of librdkafka.

    Raises:
        BusDenied: The user's ``oauth_cb`` failed.
        BusError: It refuses the configuration.
    """
    return _made("producer", Producer, config)


def consumer(config: Mapping[str, Any]) -> Consumer:
    """A consumer of librdkafka.

    Raises:
        BusDenied: The user's ``oauth_cb`` failed.
        BusError: It refuses the configuration.
    """
    return _made("consumer", Consumer, config)


def _made(client: str, make: Callable[[dict[str, Any]], T], config: Mapping[str, Any]) -> T:
    given = dict(config)
    raised: list[Exception] = []
    if callable(token := config.get("oauth_cb")):

        def noting(said: str) -> object:
            try:
                return token(said)
            except Exception as error:
                raised.append(error)
                raise

        given["oauth_cb"] = noting
    try:
        return make(given)
    except Exception as error:
        reported = error.args[0] if error.args else error
        said = reported.str() if isinstance(reported, KafkaError) else str(reported)
        if raised or (isinstance(reported, KafkaError) and reported.code() == KafkaError.SASL_AUTHENTICATION_FAILED):
            why = f"{type(raised[-1]).__name__}: {raised[-1]}" if raised else said
            raise BusDenied(f"cannot make a {client}: oauth_cb gave no token: {why}") from (raised or [error])[-1]
        if not isinstance(error, KafkaException | TypeError | ValueError):
            raise
        # It names settings, never their values.
        raise BusError(f"librdkafka refuses the configuration of a {client}: {said}") from error


def patience(config: Mapping[str, Any]) -> float:
    """How many seconds the first answer of a broker may take: librdkafka's ``socket.connection.setup.timeout.ms``."""
    return float(config.get("socket.connection.setup.timeout.ms", _SETUP_MS)) / 1000


def partitions_of(client: Any, topic: str, timeout: float, servers: str = "") -> int:
    """How many partitions a topic has.

    Args:
        client: Any of librdkafka's clients.
        topic: The topic.
        timeout: Seconds.
        servers: The brokers' address, to show.

    Raises:
        TopicNotFound: There is no such topic.
        BrokerUnavailable: No broker answers.
    """
    doing = f"find the topic {topic}"
    new_until = time.monotonic() + min(timeout, _NEW_SECONDS)
    while True:
        found = _asked(
            lambda seconds: client.list_topics(topic, timeout=seconds).topics[topic], timeout, doing, servers
        )
        if found.error is None:
            return len(found.partitions)
        if time.monotonic() > new_until:
            raise translated(found.error, doing, servers)
        time.sleep(_PAUSE_SECONDS)


def ends_of(client: Consumer, topic: str, partition: int, timeout: float) -> tuple[int, int]:
    """The offset of a partition's first message, and the one behind its last.

    Raises:
        BusError: The broker does not say.
    """
    place = TopicPartition(topic, partition)
    doing = f"find the end of {topic}[{partition}]"
    return _asked(lambda seconds: client.get_watermark_offsets(place, timeout=seconds), timeout, doing)


def messages_of(client: Consumer, topic: str, partitions: int, timeout: float) -> Iterator[Message]:
    """Every message of a topic, up to where it ends now: those of each partition in their order.

    Args:
        client: A consumer whose setting ``enable.partition.eof`` is on. It is assigned the topic.
        topic: The topic.
        partitions: How many partitions it has.
        timeout: Seconds for which nothing may come.

    Raises:
        BrokerUnavailable: No broker answers.
        BusError: It cannot be read.
    """
    doing = f"read {topic}"
    left = set(range(partitions))
    heard = time.monotonic()
    try:
        client.assign([TopicPartition(topic, number, OFFSET_BEGINNING) for number in left])
        while left:
            message = client.poll(_SLICE_SECONDS)
            if message is None:
                if time.monotonic() - heard > timeout:
                    raise BrokerUnavailable(f"cannot {doing}: no answer from the brokers")
                continue
            heard = time.monotonic()
            error = message.error()
            if error is None:
                if message.partition() in left:
                    yield message
            elif error.name() == _EOF:
                left.discard(message.partition() or 0)
            elif is_final(error):
                raise translated(error, doing)
    except KafkaException as error:
        raise translated(error, doing) from error


def _asked(ask: Callable[[float], T], timeout: float, doing: str, servers: str = "") -> T:
    """Ask until there is an answer. A signal is heard between two attempts, which librdkafka would not do."""
    deadline = time.monotonic() + timeout
    while True:
        remaining = deadline - time.monotonic()
        try:
            return ask(max(0.001, min(_SLICE_SECONDS, remaining)))
        except KafkaException as error:
            if remaining <= _SLICE_SECONDS or not is_passing(error):
                raise translated(error, doing, servers) from error
        time.sleep(_PAUSE_SECONDS)
