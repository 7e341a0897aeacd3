"""The one producer of a bus, which all its clients share."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaError, KafkaException

from kontrakt.errors import ClosedError

from .config import producer_config
from .delivery import Deliveries, Delivery, Waiting
from .forks import FORKED, keep, watch
from .handles import producer
from .instrument import SILENT, Instrument
from .messages import pairs_of
from .told import told

if TYPE_CHECKING:
    from kontrakt.errors import DeliveryError

    from .messages import Headers

_log: Final = logging.getLogger("kontrakt.kafka")

_POLL_SECONDS: Final = 0.1
_ROOM_SECONDS: Final = 0.05
_DEFAULT_TIMEOUT_MS: Final = 300_000
_PURGE_SECONDS: Final = 5.0
_REASON_SECONDS: Final = 5.0


class Sender:
    """Sends bytes. Deliveries are reported by one thread, whoever sends.

    Args:
        config: What the user says of Kafka clients, by librdkafka's names.
        own: What this producer needs beside that.
        instrument: Is told of each message.

    Raises:
        BusError: librdkafka refuses the configuration.
    """

    def __init__(
        self, config: Mapping[str, Any], own: Mapping[str, Any] | None = None, instrument: Instrument = SILENT
    ) -> None:
        whole = {**producer_config(config), **(own or {})}
        self._instrument = instrument
        self._producer = producer(whole)
        self._patience = _patience(whole)
        self._waiting = Waiting()
        self._closed = ""
        self._broken = threading.Event()
        self._thread = threading.Thread(target=self._report, name="kontrakt-deliveries", daemon=True)
        self._thread.start()
        watch(self)

    def deliveries(self) -> Deliveries:
        """Keeps what a new client has on its way."""
        return Deliveries(self._waiting)

    def check(self) -> None:
        """Raise when nothing can be sent any more.

        Raises:
            ClosedError: The bus is closed.
        """
        if self._closed:
            raise ClosedError(self._closed)

    def send(
        self,
        deliveries: Deliveries,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
        partition: int = -1,
        on_failure: Callable[[DeliveryError], None] | None = None,
        *,
        wait: bool = True,
    ) -> Delivery:
        """Hand a message to librdkafka. Waits while its queue is full.

        Args:
            deliveries: The client's.
            topic: The topic.
            key: The key, or None.
            value: The payload; None for a tombstone.
            headers: The headers.
            partition: The partition; -1 for that of the key.
            on_failure: Called by the producer's thread when it is known that it failed; without it, the failure is kept for the client.
            wait: Whether to wait; otherwise a full queue is an error.

        Raises:
            BufferError: The queue is full, and this was not to wait.
            DeliveryError: librdkafka does not take it.
            ClosedError: The bus is closed.
        """
        self.check()
        headers, ended = self._instrument.sending(topic, key, value, headers)
        delivery = Delivery(deliveries, topic, key, on_failure, ended)
        given: Any = None if headers is None else pairs_of(headers)
        deliveries.pending.add(delivery)
        try:
            try:
                self._producer.produce(topic, value, key, partition, delivery.arrived, headers=given)
            except BufferError:
                if not wait:
                    raise
                self._produce_when_there_is_room(topic, value, key, partition, delivery, given)
        except KafkaException as error:
            deliveries.pending.discard(delivery)
            if error.args[0].name() == "_FATAL":
                self._broken.wait(_REASON_SECONDS)
            failure = delivery.refused(error.args[0])
            raise failure from failure.__cause__
        except BaseException:
            deliveries.pending.discard(delivery)
            raise
        if self._closed:  # by another thread meanwhile, whose flush may have been over before this message came
            self.flush()
        return delivery

    def make_room(self) -> None:
        """Wait a moment for deliveries to make room in the queue."""
        self._serve(self._producer.poll, _ROOM_SECONDS)

    def close(self) -> None:
        """Deliver what was sent, and stop. What is not delivered in the time that a message may take has failed."""
        if self._closed:
            return
        self._closed = "the bus is closed"
        self.flush()
        self._thread.join()

    def after_fork(self) -> None:
        """Note that this is a forked child: what is on its way is the parent's."""
        self._closed = FORKED
        self._waiting.after_fork()
        keep(self._producer)

    def flush(self) -> None:
        """Wait until the broker has answered for everything that was sent, by whichever client."""
        if self._patience is None:
            self._serve(self._producer.flush)
        elif self._serve(self._producer.flush, self._patience):
            self._producer.purge()  # tells those who wait
            self._serve(self._producer.flush, _PURGE_SECONDS)

    def _produce_when_there_is_room(
        self, topic: str, value: bytes | None, key: bytes | None, partition: int, delivery: Delivery, headers: Any
    ) -> None:
        """Wait for deliveries to make room, at most as long as a message may take."""
        deadline = None if self._patience is None else time.monotonic() + self._patience
        while True:
            self.check()
            self.make_room()
            try:
                self._producer.produce(topic, value, key, partition, delivery.arrived, headers=headers)
            except BufferError:
                if deadline is not None and time.monotonic() > deadline:
                    full = "the queue stayed full for as long as a message may take"
                    raise KafkaException(KafkaError(KafkaError._TIMED_OUT_QUEUE, full)) from None  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            else:
                return

    def _serve(self, serve: Callable[..., int], *seconds: float) -> int:
        """Let librdkafka call back. It raises here, once, why its producer is done for; whatever fails from then on does so for that."""
        while True:
            try:
                return serve(*seconds)
            except KafkaException as error:
                if not error.args[0].fatal():
                    raise
                self._waiting.fatal = error.args[0]
                self._broken.set()

    def _report(self) -> None:
        """Let librdkafka call back; that of each delivery wakes whoever waits for it."""
        while not self._closed:
            serve = self._producer.flush if self._waiting.flushing else self._producer.poll
            try:
                self._serve(serve, _POLL_SECONDS)
            except Exception:  # noqa: BLE001 - deliveries go on being reported, whatever a callback of the user's does
                _log.exception("a callback of the Kafka producer failed", extra=told("callback.failed"))


def _patience(config: Mapping[str, Any]) -> float | None:
    """How many seconds a message may take; None for ever."""
    said = config.get("delivery.timeout.ms", config.get("message.timeout.ms", _DEFAULT_TIMEOUT_MS))
    return float(said) / 1000 or None
