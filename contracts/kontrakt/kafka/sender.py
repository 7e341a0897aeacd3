"""The one producer of a bus, which all its clients share."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaError, KafkaException, Producer

from kontrakt.errors import BusError, ClosedError

from .config import producer_config
from .delivery import Delivery, Outbox, Waiting
from .failures import translated

if TYPE_CHECKING:
    from kontrakt.errors import DeliveryError

    from .messages import Headers

_POLL_SECONDS: Final = 0.1
_ROOM_SECONDS: Final = 0.05
_DEFAULT_TIMEOUT_MS: Final = 300_000


class Sender:
    """Sends bytes. Deliveries are reported by one thread, whoever sends.

    Args:
        config: What the user says of Kafka clients, by librdkafka's names.

    Raises:
        BusError: librdkafka refuses the configuration.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        whole = producer_config(config)
        try:
            self._producer = Producer(whole)
        except (KafkaException, TypeError, ValueError) as error:
            raise configuration_error("producer", error) from error
        self._patience = (
            float(whole.get("delivery.timeout.ms") or whole.get("message.timeout.ms") or _DEFAULT_TIMEOUT_MS) / 1000
        )
        self._waiting = Waiting()
        self._closed = False
        self._thread = threading.Thread(target=self._report, name="kontrakt-deliveries", daemon=True)
        self._thread.start()

    def outbox(self) -> Outbox:
        """An outbox for a new client."""
        return Outbox(self._waiting)

    def send(
        self,
        outbox: Outbox,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
        partition: int = -1,
        on_failure: Callable[[DeliveryError], None] | None = None,
    ) -> Delivery:
        """Hand a message to librdkafka. Waits while its queue is full.

        Args:
            outbox: The client's.
            topic: The topic.
            key: The key, or None.
            value: The payload; None for a tombstone.
            headers: The headers.
            partition: The partition; -1 for that of the key.
            on_failure: Called by the producer's thread when it is known that it failed.

        Raises:
            DeliveryError: librdkafka does not take it.
            ClosedError: The bus is closed.
        """
        if self._closed:
            raise ClosedError(f"cannot send to {topic}: the bus is closed")
        delivery = Delivery(outbox, topic, key, on_failure)
        outbox.pending.add(delivery)
        given: Any = headers if headers is None or isinstance(headers, dict) else list(_pairs(headers))
        try:
            try:
                self._producer.produce(topic, value, key, partition, delivery.arrived, headers=given)
            except BufferError:
                self._produce_when_there_is_room(topic, value, key, partition, delivery, given)
        except KafkaException as error:
            outbox.pending.discard(delivery)
            failure = delivery.fail(error.args[0])
            outbox.failed.pop(delivery, None)
            raise failure from failure.__cause__
        except BaseException:
            outbox.pending.discard(delivery)
            raise
        return delivery

    def partitions(self, topic: str, timeout: float) -> int:
        """How many partitions a topic has.

        Raises:
            TopicNotFound: There is no such topic.
            BrokerUnavailable: No broker answers.
        """
        return partitions_of(self._producer, topic, timeout)

    def close(self, timeout: float | None = None) -> None:
        """Flush, and stop. Messages that are not delivered by then are given up; their outboxes say so."""
        if self._closed:
            return
        self._closed = True
        self._producer.flush(self._patience if timeout is None else timeout)
        self._thread.join()

    def after_fork(self) -> None:
        """Note that this is a child process, in which librdkafka's threads do not exist."""
        self._closed = True

    def _produce_when_there_is_room(
        self, topic: str, value: bytes | None, key: bytes | None, partition: int, delivery: Delivery, headers: Any
    ) -> None:
        """Wait for deliveries to make room, at most as long as a message may take."""
        deadline = time.monotonic() + self._patience
        while not self._closed:
            self._producer.poll(_ROOM_SECONDS)
            try:
                self._producer.produce(topic, value, key, partition, delivery.arrived, headers=headers)
            except BufferError:
                if time.monotonic() > deadline:
                    full = "the queue stayed full for as long as a message may take"
                    raise KafkaException(KafkaError(KafkaError._TIMED_OUT_QUEUE, full)) from None  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            else:
                return
        raise ClosedError(f"cannot send to {topic}: the bus was closed")

    def _report(self) -> None:
        """Let librdkafka call back; that of each delivery wakes whoever waits for it."""
        while not self._closed:
            self._producer.poll(_POLL_SECONDS)


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
    try:
        found = client.list_topics(topic, timeout=timeout).topics[topic]
    except KafkaException as error:
        raise translated(error, doing, servers) from error
    if found.error is not None:
        raise translated(found.error, doing, servers)
    return len(found.partitions)


def configuration_error(client: str, error: Exception) -> BusError:
    """The error for a configuration that librdkafka refuses. It names settings, never their values."""
    reported = error.args[0] if error.args else error
    said = reported.str() if isinstance(reported, KafkaError) else str(reported)
    return BusError(f"librdkafka refuses the configuration of a {client}: {said}")


def _pairs(headers: Headers) -> Any:
    return headers.items() if isinstance(headers, Mapping) else headers
