"""The client's side of requests: sends them, and gives each answer to whoever waits for it."""

from __future__ import annotations

import datetime as dt
import logging
import secrets
import struct
import threading
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from confluent_kafka import TopicPartition

from kontrakt.errors import (
    BrokerUnavailable,
    BusError,
    ClosedError,
    DeclaredError,
    KontraktError,
    RequestFailed,
    RequestTimeout,
)

from .clock import SYSTEM, Clock
from .config import consumer_config
from .declared import requests_topic, responses_topic
from .failures import is_final, translated
from .forks import FORKED, keep, watch
from .handles import consumer, ends_of, partitions_of, patience
from .headers import checked_headers
from .messages import EPOCH
from .requests import (
    CORRELATION_ID,
    DEADLINE,
    IDEMPOTENCY_KEY,
    REPLY_PARTITION,
    REPLY_TOPIC,
    Operation,
    Requests,
)
from .serialization import AvroReader, ValueWriter, key_of, key_writer
from .told import told

if TYPE_CHECKING:
    from confluent_kafka import Message

    from .bus import Bus
    from .delivery import Delivery
    from .headers import DeclaredHeaders
    from .messages import HeaderValue

_log: Final = logging.getLogger("kontrakt.kafka")

_SLICE_SECONDS: Final = 0.2
PARTITION: Final = struct.Struct(">i")
MILLISECONDS: Final = struct.Struct(">q")
_MILLISECOND: Final = dt.timedelta(milliseconds=1)


class Waiting(ABC):
    """Somebody who waits for an answer."""

    message: Message | None = None
    failure: KontraktError | None = None

    def answer(self, message: Message) -> None:
        """Take the answer."""
        self.message = message
        self.tell()

    def fail(self, failure: KontraktError) -> None:
        """Hear that there will be none."""
        self.failure = failure
        self.tell()

    @abstractmethod
    def tell(self) -> None:
        """Wake who waits. Called by other threads."""


class _Thread(Waiting):
    """A thread that waits for an answer."""

    def __init__(self) -> None:
        self.answered = threading.Event()

    def tell(self) -> None:
        self.answered.set()


@dataclass(eq=False, slots=True, kw_only=True)
class Call:
    """A request that was sent, and whose answer is waited for.

    Attributes:
        deadline: Until when, by the monotonic clock of the bus.
    """

    caller: Caller
    operation: Operation
    answers: Answers
    correlation: bytes
    waiting: Waiting
    delivery: Delivery
    seconds: float
    deadline: float

    def late(self) -> RequestTimeout:
        """What to raise when no answer came in time."""
        acted = "the service may still have acted" if self.delivery.done else "no broker has acknowledged it yet"
        name = f"{self.caller.name}.{self.operation.name}"
        return RequestTimeout(f"no answer to {name} within {self.seconds:g} s; {acted}")

    def forget(self) -> None:
        """Note that nobody waits any more."""
        self.answers.forget(self.correlation)

    def result(self) -> Any:
        """What was answered.

        Raises:
            DeclaredError: The service answered with an error that the protocol declares.
            RequestFailed: The service failed in another way, or its answer cannot be read.
            KontraktError: The request was not sent, or answers are not read any more.
        """
        if self.waiting.failure is not None:
            raise self.waiting.failure
        assert self.waiting.message is not None
        return self.caller.read(self.operation, self.waiting.message)


class Answers:
    """Reads one partition of answers, in a thread of its own, from where it ended when this began.

    Other clients may answer to the same partition; what belongs to them is dropped, as is what comes late or twice.

    Args:
        config: What the user says of Kafka clients, by librdkafka's names.
        topic: The topic of the answers.
        timeout: Seconds that the brokers may take to say where it ends.

    Raises:
        TopicNotFound: There is no such topic.
        BrokerUnavailable: No broker answers.
    """

    def __init__(self, config: Mapping[str, Any], topic: str, timeout: float) -> None:
        self.topic = topic
        # Offsets are never committed, so there is no group; librdkafka wants a name anyway.
        nobody = {"group.id": f"kontrakt-answers-{uuid.uuid4()}", "enable.auto.commit": False}
        self._consumer = consumer({**consumer_config(config), **nobody, "enable.partition.eof": False})
        try:
            servers = str(config.get("bootstrap.servers", ""))
            self.partition = secrets.randbelow(partitions_of(self._consumer, topic, timeout, servers))
            # Asked for rather than left to librdkafka, which would look only when it first fetches.
            _, end = ends_of(self._consumer, topic, self.partition, timeout)
            self._consumer.assign([TopicPartition(topic, self.partition, end)])
        except BaseException:
            self._consumer.close()
            raise
        self._waiting: dict[bytes, Waiting] = {}
        self._broken: KontraktError | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._read, name=f"kontrakt-answers {topic}", daemon=True)
        self._thread.start()
        watch(self)

    @property
    def broken(self) -> bool:
        """Whether answers are not read any more."""
        return self._broken is not None

    def expect(self, correlation: bytes, waiting: Waiting) -> None:
        """Note that somebody waits."""
        self._waiting[correlation] = waiting
        if self._broken is not None:  # and nobody else would tell
            waiting.fail(self._broken)

    def forget(self, correlation: bytes) -> None:
        """Note that nobody waits any more."""
        self._waiting.pop(correlation, None)

    def close(self) -> None:
        """Stop reading; whoever waits gets a ``ClosedError``."""
        self._closed = True
        self._thread.join()

    def after_fork(self) -> None:
        """Note that this is a forked child: answers go to the parent."""
        self._broken = ClosedError(FORKED)
        keep(self._consumer)

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
        for waiting in list(self._waiting.values()):
            waiting.fail(failure)
        self._consumer.close()

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is not None:
            if is_final(error):
                raise translated(error, f"read answers from {self.topic}")
            _log.warning(
                "reading answers from %s: %s", self.topic, error.str(), extra=told("consumer.error", topic=self.topic)
            )
            return
        headers: Any = message.headers()
        correlation: bytes | None = next((value for name, value in headers or () if name == CORRELATION_ID), None)
        waiting = None if correlation is None else self._waiting.pop(correlation, None)
        if waiting is None:
            _log.debug(
                "an answer in %s[%d] that nobody here waits for",
                self.topic,
                self.partition,
                extra=told("answer.unexpected", topic=self.topic, partition=self.partition),
            )
        else:
            waiting.answer(message)


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
        self.name: Final = requests.topic
        self._sender = bus.sender
        self._deliveries = self._sender.deliveries()
        self._encode = {
            one.name: ValueWriter(bus.registry, self._topic, "topic-record", (one.request,)).encode
            for one in requests.operations
        }
        self._key: Callable[[Any], bytes | None] = lambda _request: None
        if requests.key is not None:
            write, take = key_writer(bus.registry, self._topic, requests.key), key_of(requests.key)
            self._key = lambda request: write(take(request))
        answered = tuple(one.response for one in requests.operations if one.response is not None)
        self._decode = AvroReader(bus.registry, answered).read
        self._operations = {one.name: one for one in requests.operations}
        self._answers: Answers | None = None
        self._lock = threading.Lock()
        self._closed = False
        bus.opened(self)
        watch(self)

    def call(
        self,
        operation: str,
        request: Any,
        timeout: dt.timedelta | None = None,
        idempotency_key: str | None = None,
        headers: DeclaredHeaders | None = None,
    ) -> Any:
        """Send a request and wait for its answer.

        Args:
            operation: The operation's name.
            request: Its request record.
            timeout: How long to wait; the protocol's own when left out.
            idempotency_key: Says of several requests that they are the same one, sent again.
            headers: The headers that the protocol declares.

        Returns:
            What the operation answers.

        Raises:
            DeclaredError: The service answered with an error that the protocol declares.
            RequestFailed: The service failed in another way, or its answer cannot be read.
            RequestTimeout: No answer came in time.
            DeliveryError: The request was not sent.
            BusError: The topic of the answers cannot be read.
            ClosedError: The client is closed, or was while this waited.
        """
        waiting = _Thread()
        call = self.begin(operation, request, timeout, idempotency_key, headers, waiting)
        try:
            if not _answered(waiting, self._bus.clock, call.deadline):
                raise call.late()
        finally:
            call.forget()
        return call.result()

    def begin(
        self,
        operation: str,
        request: Any,
        timeout: dt.timedelta | None,
        idempotency_key: str | None,
        headers: DeclaredHeaders | None,
        waiting: Waiting,
    ) -> Call:
        """Send a request. Whoever waits for its answer forgets it in the end.

        Args:
            operation: The operation's name.
            request: Its request record.
            timeout: How long its answer is waited for; the protocol's own when None.
            idempotency_key: Says of several requests that they are the same one, sent again.
            headers: The headers that the protocol declares.
            waiting: Gets the answer.

        Raises:
            RequestTimeout: No broker answered in that time.
            DeliveryError: The request was not sent.
            BusError: The topic of the answers cannot be read.
            ClosedError: The client is closed.
        """
        seconds = min((self._requests.timeout if timeout is None else timeout).total_seconds(), threading.TIMEOUT_MAX)
        clock = self._bus.clock
        deadline = clock.monotonic() + seconds
        until = (clock.now() - EPOCH) // _MILLISECOND + int(seconds * 1000)
        payload, key = self._encoded(operation, request, idempotency_key)
        beside = self._beside(idempotency_key, headers)
        try:
            answers = self._reading(seconds)
        except BrokerUnavailable as error:
            if clock.monotonic() < deadline:
                raise
            late = f"no answer to {self.name}.{operation} within {seconds:g} s; it was not sent: {error}"
            raise RequestTimeout(late) from error
        correlation = uuid.uuid4().bytes
        answers.expect(correlation, waiting)
        try:
            sent: list[tuple[str, HeaderValue]] = [
                *beside,
                (CORRELATION_ID, correlation),
                (REPLY_TOPIC, answers.topic),
                (REPLY_PARTITION, PARTITION.pack(answers.partition)),
                (DEADLINE, MILLISECONDS.pack(until)),
            ]
            delivery = self._sender.send(self._deliveries, self._topic, key, payload, sent, on_failure=waiting.fail)
        except BaseException:
            answers.forget(correlation)
            raise
        return Call(
            caller=self,
            operation=self._operations[operation],
            answers=answers,
            correlation=correlation,
            waiting=waiting,
            delivery=delivery,
            seconds=seconds,
            deadline=deadline,
        )

    def notify(
        self,
        operation: str,
        request: Any,
        idempotency_key: str | None = None,
        headers: DeclaredHeaders | None = None,
    ) -> None:
        """Send a one-way request. Nothing is waited for; a failure to deliver is raised when the client closes.

        Args:
            operation: The operation's name.
            request: Its request record.
            idempotency_key: Says of several requests that they are the same one, sent again.
            headers: The headers that the protocol declares.

        Raises:
            DeliveryError: librdkafka does not take it.
            ClosedError: The client is closed.
        """
        payload, key = self._encoded(operation, request, idempotency_key)
        self._sender.send(self._deliveries, self._topic, key, payload, self._beside(idempotency_key, headers))

    def close(self) -> None:
        """Deliver what was sent, then stop waiting for answers.

        Raises:
            DeliveryError: A one-way request was not delivered.
        """
        with self._lock:
            closed, self._closed = self._closed, True
        try:
            if not closed:
                self._deliveries.wait(None)
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Stop without waiting for anything; what of the one-way requests is not delivered is logged."""
        with self._lock:
            self._closed = True
            answers, self._answers = self._answers, None
        self._bus.ended(self)
        self._deliveries.abandon()
        if answers is not None:
            answers.close()

    def after_fork(self) -> None:
        """Note that this is a forked child: the thread that held the lock may not exist here."""
        self._lock = threading.Lock()

    def _encoded(self, operation: str, request: Any, idempotency_key: str | None) -> tuple[bytes, bytes | None]:
        if self._closed:
            raise ClosedError(f"cannot ask {self._requests.topic}: the client is closed")
        self._sender.check()
        key = self._key(request)
        if key is None and idempotency_key is not None:
            key = (
                idempotency_key.encode()
            )  # requests that are the same one go to the same partition, and so to one instance
        return self._encode[operation](request), key

    def _beside(self, idempotency_key: str | None, headers: DeclaredHeaders | None) -> list[tuple[str, HeaderValue]]:
        """The headers of a request, whether somebody waits for its answer or not."""
        declared = checked_headers(self._requests, headers)
        return [*(declared or ()), *([(IDEMPOTENCY_KEY, idempotency_key)] if idempotency_key is not None else [])]

    def _reading(self, timeout: float) -> Answers:
        with self._lock:
            if self._closed:
                raise ClosedError(f"cannot ask {self._requests.topic}: the client is closed")
            if self._answers is not None and self._answers.broken:
                self._answers.close()
                self._answers = None
            if self._answers is None:
                topic = responses_topic(self._requests)
                self._bus.ensure_topic(topic)
                self._answers = Answers(self._bus.kafka, topic, min(timeout, patience(self._bus.kafka)))
            return self._answers

    def read(self, operation: Operation, message: Message) -> Any:
        """What an answer says; see :meth:`Call.result`."""
        name = f"{self._requests.topic}.{operation.name}"
        payload = message.value()
        try:
            headers: Any = message.headers()
            kind, answer = self._decode(payload if payload is not None else b"", headers or ())
        except KontraktError as error:
            raise RequestFailed(f"the answer to {name} cannot be read: {error}") from error
        if kind is None:
            raise RequestFailed(f"the answer to {name} is {answer}, which this package was generated without")
        failure, response = _parts(answer)
        if isinstance(failure, DeclaredError):
            raise failure
        if failure is not None:
            raise RequestFailed(f"{name} failed: {failure}")
        if kind is not operation.response:
            raise RequestFailed(f"{name} was answered as another operation, with {kind.__name__}")
        return response


def _answered(waiting: _Thread, clock: Clock, deadline: float) -> bool:
    """Wait for an answer, or until the clock says that the time is up; another clock than the machine's is asked again and again."""
    while (left := deadline - clock.monotonic()) > 0:
        if waiting.answered.wait(left if clock is SYSTEM else _SLICE_SECONDS):
            return True
    return waiting.answered.is_set()


def _parts(answer: Any) -> tuple[Any, Any]:
    """The error and the response of an answer, in any style."""
    if isinstance(answer, dict):
        fields = cast("dict[str, Any]", answer)
        return fields.get("error"), fields.get("response")
    return answer.error, getattr(answer, "response", None)
