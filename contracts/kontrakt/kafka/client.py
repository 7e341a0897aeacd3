"""The client's side of requests: sends them, and gives each answer to whoever waits for it."""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import struct
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from confluent_kafka import OFFSET_END, Consumer, KafkaException, TopicPartition

from kontrakt.errors import (
    BusError,
    ClosedError,
    DeclaredError,
    KontraktError,
    RequestFailed,
    RequestTimeout,
)

from .config import consumer_config
from .declared import requests_topic, responses_topic
from .failures import is_about_topic, is_denied, translated
from .requests import CORRELATION_ID, DEADLINE, REPLY_PARTITION, REPLY_TOPIC, Operation, Requests
from .sender import configuration_error, partitions_of
from .serialization import AvroReader, ValueWriter, key_of, key_writer

if TYPE_CHECKING:
    from confluent_kafka import Message

    from .bus import Bus
    from .messages import Headers, HeaderValue

_log: Final = logging.getLogger("kontrakt.kafka")

_SLICE_SECONDS: Final = 0.2
_PATIENCE: Final = 30.0
PARTITION: Final = struct.Struct(">i")
MILLISECONDS: Final = struct.Struct(">q")


@dataclass(eq=False, slots=True)
class _Waiting:
    """Somebody who waits for an answer."""

    answered: threading.Event = field(default_factory=threading.Event)
    message: Message | None = None
    failure: KontraktError | None = None

    def answer(self, message: Message) -> None:
        self.message = message
        self.answered.set()

    def fail(self, failure: KontraktError) -> None:
        self.failure = failure
        self.answered.set()


class Answers:
    """Reads one partition of answers, in a thread of its own, from where it ended when this began.

    Other clients may answer to the same partition; what belongs to them is dropped, as is what comes late or twice.

    Args:
        config: What the user says of Kafka clients, by librdkafka's names.
        topic: The topic of the answers.

    Raises:
        TopicNotFound: There is no such topic.
        BrokerUnavailable: No broker answers.
    """

    def __init__(self, config: Mapping[str, Any], topic: str) -> None:
        self.topic = topic
        # Offsets are never committed, so there is no group; librdkafka wants a name anyway.
        own = {"group.id": f"kontrakt-answers-{uuid.uuid4()}", "enable.auto.commit": False}
        try:
            self._consumer = Consumer({**consumer_config(config), **own})
        except (KafkaException, TypeError, ValueError) as error:
            raise configuration_error("consumer", error) from error
        try:
            partitions = partitions_of(self._consumer, topic, _PATIENCE, str(config.get("bootstrap.servers", "")))
            self.partition = secrets.randbelow(partitions)
            self._consumer.assign([self._end()])
        except BaseException:
            self._consumer.close()
            raise
        self._waiting: dict[bytes, _Waiting] = {}
        self._broken: KontraktError | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._read, name=f"kontrakt-answers {topic}", daemon=True)
        self._thread.start()

    def expect(self, correlation: bytes) -> _Waiting:
        """Note that somebody waits.

        Raises:
            BusError: Answers cannot be read any more.
        """
        waiting = self._waiting[correlation] = _Waiting()
        if self._broken is not None:
            del self._waiting[correlation]
            raise self._broken
        return waiting

    def forget(self, correlation: bytes) -> None:
        """Note that nobody waits any more."""
        self._waiting.pop(correlation, None)

    def close(self) -> None:
        """Stop reading; whoever waits gets a ``ClosedError``."""
        self._closed = True
        self._thread.join()

    def _end(self) -> TopicPartition:
        """Where the partition ends now. Asked for rather than left to librdkafka, which would look only when it first fetches."""
        place = TopicPartition(self.topic, self.partition, OFFSET_END)
        try:
            _, high = self._consumer.get_watermark_offsets(place, timeout=_PATIENCE)
        except KafkaException as error:
            raise translated(error, f"find the end of {self.topic}") from error
        return TopicPartition(self.topic, self.partition, high)

    def _read(self) -> None:
        try:
            while not self._closed:
                message = self._consumer.poll(_SLICE_SECONDS)
                if message is not None:
                    self._take(message)
            failure: KontraktError = ClosedError("the client was closed while it waited for an answer")
        except KontraktError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - whoever waits must hear of it
            failure = BusError(f"cannot read answers from {self.topic}: {type(error).__name__}: {error}")
        self._broken = failure
        while self._waiting:
            self._waiting.popitem()[1].fail(failure)
        self._consumer.close()

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is not None:
            if error.fatal() or is_denied(error) or is_about_topic(error):
                raise translated(error, f"read answers from {self.topic}")
            return
        headers: Any = message.headers()
        correlation: bytes | None = next((value for name, value in headers or () if name == CORRELATION_ID), None)
        waiting = None if correlation is None else self._waiting.pop(correlation, None)
        if waiting is None:
            _log.debug("an answer in %s[%d] that nobody here waits for", self.topic, self.partition)
        else:
            waiting.answer(message)


class _Sending:
    """How the requests of an operation are sent, and its answers read."""

    def __init__(self, bus: Bus, requests: type[Requests], operation: Operation) -> None:
        self.operation = operation
        self.encode = ValueWriter(bus.registry, requests_topic(requests), "topic-record", (operation.request,)).encode
        self.answers = AvroReader(bus.registry, (operation.response,)) if operation.response is not None else None


class Caller:
    """Sends requests and waits for answers. One instance serves all threads.

    Answers are read from the first request on that has one.

    Args:
        bus: Where.
        requests: The topics.
    """

    def __init__(self, bus: Bus, requests: type[Requests]) -> None:
        self._bus = bus
        self._requests = requests
        self._topic = requests_topic(requests)
        self._sender = bus.sender
        self._outbox = self._sender.outbox()
        self._operations = {one.name: _Sending(bus, requests, one) for one in requests.operations}
        self._key: Callable[[Any], bytes] | None = None
        if requests.key is not None:
            write, take = key_writer(bus.registry, self._topic, requests.key), key_of(requests.key)
            self._key = lambda request: write(take(request))
        self._answers: Answers | None = None
        self._lock = threading.Lock()
        self._closed = False
        bus.opened(self)

    def call(
        self, operation: str, request: Any, timeout: dt.timedelta | None = None, headers: Headers | None = None
    ) -> Any:
        """Send a request and wait for its answer.

        Args:
            operation: The operation's name.
            request: Its request record.
            timeout: How long to wait; the protocol's own when left out.
            headers: More headers.

        Returns:
            What the operation answers.

        Raises:
            DeclaredError: The service answered with an error that the protocol declares.
            RequestFailed: The service failed in another way, or its answer cannot be read.
            RequestTimeout: No answer came in time.
            DeliveryError: The request was not sent.
        """
        sending = self._operations[operation]
        patience = self._requests.timeout if timeout is None else timeout
        deadline = time.monotonic() + patience.total_seconds()
        until = time.time_ns() // 1_000_000 + int(patience.total_seconds() * 1000)
        payload, key = self._encoded(sending, request)
        answers = self._reading()
        correlation = uuid.uuid4().bytes
        waiting = answers.expect(correlation)
        try:
            self._sender.send(
                self._outbox,
                self._topic,
                key,
                payload,
                [
                    (CORRELATION_ID, correlation),
                    (REPLY_TOPIC, answers.topic),
                    (REPLY_PARTITION, PARTITION.pack(answers.partition)),
                    (DEADLINE, MILLISECONDS.pack(until)),
                    *_pairs(headers),
                ],
                on_failure=waiting.fail,
            )
            if not waiting.answered.wait(max(0.0, deadline - time.monotonic())):
                raise RequestTimeout(
                    f"no answer to {self._requests.topic}.{operation} within {patience.total_seconds():g} s; "
                    "the service may still have acted"
                )
        finally:
            answers.forget(correlation)
        if waiting.failure is not None:
            raise waiting.failure
        assert waiting.message is not None
        return self._answer(sending, waiting.message)

    def notify(self, operation: str, request: Any, headers: Headers | None = None) -> None:
        """Send a one-way request. Nothing is waited for; a failure to deliver is raised when the client closes.

        Args:
            operation: The operation's name.
            request: Its request record.
            headers: Headers.
        """
        payload, key = self._encoded(self._operations[operation], request)
        self._sender.send(self._outbox, self._topic, key, payload, list(_pairs(headers)))

    def close(self) -> None:
        """Stop waiting for answers; what was sent one-way is delivered first.

        Raises:
            DeliveryError: A one-way request was not delivered.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = True
            answers = self._answers
        self._bus.ended(self)
        try:
            self._outbox.wait(None)
        finally:
            if answers is not None:
                answers.close()

    def _encoded(self, sending: _Sending, request: Any) -> tuple[bytes, bytes | None]:
        if self._closed:
            raise ClosedError(f"cannot ask {self._requests.topic}: the client is closed")
        return sending.encode(request), self._key(request) if self._key is not None else None

    def _reading(self) -> Answers:
        with self._lock:
            if self._closed:
                raise ClosedError(f"cannot ask {self._requests.topic}: the client is closed")
            if self._answers is None:
                topic = responses_topic(self._requests)
                self._bus.ensure_topic(topic)
                self._answers = Answers(self._bus.kafka, topic)
            return self._answers

    def _answer(self, sending: _Sending, message: Message) -> Any:
        name = f"{self._requests.topic}.{sending.operation.name}"
        payload = message.value()
        assert sending.answers is not None
        try:
            headers: Any = message.headers()
            found = sending.answers.read(payload if payload is not None else b"", headers or ())
        except KontraktError as error:
            raise RequestFailed(f"the answer to {name} cannot be read: {error}") from error
        if found is None:
            raise RequestFailed(f"{name} was answered as another operation: the service could not read the request")
        failure, response = _parts(found[1])
        if failure is None:
            return response
        if isinstance(failure, DeclaredError):
            raise failure
        raise RequestFailed(f"{name} failed: {failure}")


def _parts(answer: Any) -> tuple[Any, Any]:
    """The error and the response of an answer, in any style."""
    if isinstance(answer, dict):
        fields = cast("dict[str, Any]", answer)
        return fields.get("error"), fields.get("response")
    return answer.error, getattr(answer, "response", None)


def _pairs(headers: Headers | None) -> list[tuple[str, HeaderValue]]:
    if headers is None:
        return []
    return list(headers.items() if isinstance(headers, Mapping) else headers)
