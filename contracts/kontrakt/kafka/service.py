"""The service's side of requests: takes them, calls the service, answers."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Self

from kontrakt.errors import DeclaredError, DecodeError, DeliveryError, EncodeError, SchemaNotFound

from .client import MILLISECONDS, PARTITION
from .consumer import meta_of
from .declared import requests_topic, responses_topic
from .fetcher import Fetcher
from .requests import CORRELATION_ID, DEADLINE, REPLY_PARTITION, REPLY_TOPIC, Operation, Requests, RequestService
from .serialization import AvroReader, ValueWriter

if TYPE_CHECKING:
    from types import TracebackType

    from confluent_kafka import Message

    from .bus import Bus
    from .delivery import Delivery
    from .messages import Meta

_log: Final = logging.getLogger("kontrakt.kafka")

IN_FLIGHT: Final = 1000
"""Answers that may be on their way before the service waits for the oldest."""
_SLICE_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class _ReplyTo:
    """Where a requester waits."""

    topic: str
    partition: int
    correlation: bytes


class _Answering:
    """An operation of a running service."""

    def __init__(self, bus: Bus, requests: type[Requests], operation: Operation, service: RequestService) -> None:
        self.name = operation.name
        self.handle: Callable[[Any, Meta], Any] = getattr(service, operation.method or operation.name)
        self._response: type[Any] | None = operation.response
        self._has_value = _has_field(operation.response, "response")
        self._encode: Callable[[Any], bytes] | None = None
        if operation.response is not None:
            self._encode = ValueWriter(
                bus.registry, responses_topic(requests), "topic-record", (operation.response,)
            ).encode

    @property
    def one_way(self) -> bool:
        """Whether nobody answers."""
        return self._response is None

    def success(self, value: Any) -> bytes:
        """The answer that it went well."""
        return self._answer({"response": value} if self._has_value else {})

    def failure(self, error: DeclaredError | str) -> bytes:
        """The answer that it failed."""
        return self._answer({"error": error})

    def _answer(self, given: Mapping[str, Any]) -> bytes:
        assert self._response is not None
        assert self._encode is not None
        fields = {"error": None, **({"response": None} if self._has_value else {}), **given}
        return self._encode(self._response(**fields))


class ServiceRunner:
    """A service at work.

    A request's offset is committed when its answer was delivered, so a service that crashes answers again. One whose deadline has
    passed is not started. An error that the protocol declares is answered as such; any other exception is logged, and answered with
    its name and text, as is a request that cannot be read. An answer that cannot be delivered is logged: the requester's time runs out.

    Args:
        bus: Where.
        requests: The topics.
        service: What answers.
        group: The consumer group that the instances of the service share.
        config: More for librdkafka's consumer, by its own names.

    Raises:
        TypeError: The service is one of another protocol.
    """

    def __init__(
        self,
        bus: Bus,
        requests: type[Requests],
        service: RequestService,
        *,
        group: str,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        expected: Any = getattr(requests, "Service", RequestService)
        if not isinstance(service, expected):
            raise TypeError(
                f"{type(service).__name__} is not a service of {requests.__name__}; it must be a subclass of {expected.__qualname__}"
            )
        self._bus = bus
        self._topic = requests_topic(requests)
        self._sender = bus.sender
        self._outbox = self._sender.outbox()
        self._operations = {one.request: _Answering(bus, requests, one, service) for one in requests.operations}
        self._requests = AvroReader(bus.registry, tuple(self._operations))
        self._unanswered: deque[tuple[Message, Delivery | None]] = deque()
        self._busy = threading.RLock()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        bus.ensure_topic(self._topic)
        self._fetcher = Fetcher(bus.kafka, self._topic, group=group, own=config, before_revoke=self._settle)
        bus.opened(self)

    def run(self) -> None:
        """Answer requests until :meth:`stop` is called.

        Raises:
            DecodeError: A request cannot be read, and does not say where to answer; its offset stays where it is.
            RegistryError: The schema of a request cannot be fetched.
        """
        with self._busy:
            try:
                while not self._fetcher.stopped:
                    message = self._fetcher.take(self._patience())
                    if message is not None:
                        self._serve(message)
                    self._advance()
            finally:
                self.close()

    def stop(self) -> None:
        """Let :meth:`run` end after the request at hand. May be called from any thread and from a signal handler."""
        self._fetcher.stop()

    def close(self) -> None:
        """Finish the request at hand, deliver the answers, and leave the group."""
        self._fetcher.stop()
        with self._busy:  # whoever runs has ended
            self._bus.ended(self)
            try:
                if not self._fetcher.closed:
                    self._settle()
            finally:
                self._fetcher.close()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def __enter__(self) -> Self:
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._run_in_thread, name=f"kontrakt-serve {self._topic}", daemon=True
            )
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if kind is None and self._failure is not None:
            raise self._failure

    def _run_in_thread(self) -> None:
        try:
            self.run()
        except BaseException as error:  # noqa: BLE001 - raised where the runner was started
            self._failure = error
            _log.exception("the service of %s ended", self._topic)

    def _patience(self) -> float:
        """How long to wait for a request: not long while answers are on their way, whose offsets want to be noted."""
        return 0.01 if self._unanswered else _SLICE_SECONDS

    # --- one request -------------------------------------------------------------------------------------------------

    def _serve(self, message: Message) -> None:
        try:
            delivery = self._handle(message)
        except BaseException:
            self._fetcher.give_back(message)
            raise
        self._unanswered.append((message, delivery))

    def _handle(self, message: Message) -> Delivery | None:
        """Call the service; the delivery of its answer, or None where there is none to give."""
        meta = meta_of(message)
        reply = _reply_to(meta)
        if _expired(meta):
            _log.warning("not starting the request %s: its deadline has passed", meta)
            return None
        payload = message.value()
        try:
            found = self._requests.read(payload if payload is not None else b"", meta.headers)
        except (DecodeError, SchemaNotFound) as error:
            return self._unreadable(payload or b"", meta, reply, error)
        if found is None:
            return None  # an operation that this service was generated without; said in the log
        operation = self._operations[found[0]]
        if operation.one_way:
            self._one_way(operation, found[1], meta)
            return None
        return self._reply(reply, self._answer(operation, found[1], meta), meta)

    def _one_way(self, operation: _Answering, request: Any, meta: Meta) -> None:
        try:
            operation.handle(request, meta)
        except Exception:  # noqa: BLE001 - nobody waits; said in the log
            _log.exception("%s failed on the one-way request %s", operation.name, meta)

    def _answer(self, operation: _Answering, request: Any, meta: Meta) -> bytes:
        try:
            return operation.success(operation.handle(request, meta))
        except DeclaredError as error:
            try:
                return operation.failure(error)
            except EncodeError:
                _log.exception("%s raised an error on %s that it does not declare", operation.name, meta)
                return operation.failure(_said(error))
        except Exception as error:  # noqa: BLE001 - whatever it is, the requester hears of it
            _log.exception("%s failed on the request %s", operation.name, meta)
            return operation.failure(_said(error))

    def _unreadable(self, payload: bytes, meta: Meta, reply: _ReplyTo | None, error: Exception) -> Delivery | None:
        """Answer a request that cannot be read. Where not even its operation is known, any of them can say that it failed."""
        kind = self._requests.kind_of(payload, meta.headers)
        known = [self._operations[kind]] if kind is not None else self._operations.values()
        answering = next((one for one in known if not one.one_way), None)
        if reply is None or answering is None:
            raise DecodeError(f"{meta}: the request cannot be read: {error}") from error
        _log.error("the request %s cannot be read: %s", meta, error)
        return self._reply(reply, answering.failure(f"the request cannot be read: {error}"), meta)

    def _reply(self, reply: _ReplyTo | None, answer: bytes, meta: Meta) -> Delivery | None:
        if reply is None:
            _log.warning("the request %s does not say where to answer; its answer is dropped", meta)
            return None
        headers = [(CORRELATION_ID, reply.correlation)]
        try:
            return self._sender.send(self._outbox, reply.topic, None, answer, headers, reply.partition)
        except DeliveryError:
            _log.exception("the answer to %s cannot be sent", meta)  # the requester named a place that does not exist
            return None

    # --- offsets -----------------------------------------------------------------------------------------------------

    def _advance(self) -> None:
        """Note as handled what was answered, in order: nothing behind an answer that is still on its way."""
        while self._unanswered:
            message, delivery = self._unanswered[0]
            if delivery is not None:
                if not delivery.done and len(self._unanswered) <= IN_FLIGHT:
                    return
                try:
                    delivery.result()
                except DeliveryError:
                    _log.exception("an answer was not delivered; the requester's time runs out")
            self._fetcher.handled(message)
            self._unanswered.popleft()

    def _settle(self) -> None:
        """Wait for the answers that are on their way, and note their requests as handled."""
        for _, delivery in self._unanswered:
            if delivery is not None:
                try:
                    delivery.result()
                except DeliveryError:
                    continue
        self._advance()


def _reply_to(meta: Meta) -> _ReplyTo | None:
    topic, correlation = meta.header(REPLY_TOPIC), meta.header(CORRELATION_ID)
    if topic is None or correlation is None:
        return None
    partition = meta.header(REPLY_PARTITION)
    known = partition is not None and len(partition) == PARTITION.size
    return _ReplyTo(topic.decode(errors="replace"), PARTITION.unpack(partition or b"")[0] if known else -1, correlation)


def _expired(meta: Meta) -> bool:
    deadline = meta.header(DEADLINE)
    if deadline is None or len(deadline) != MILLISECONDS.size:
        return False
    until: int = MILLISECONDS.unpack(deadline)[0]
    return until < time.time_ns() // 1_000_000


def _said(error: BaseException) -> str:
    """What the requester hears of a failure that is not declared: its name and text, never its traceback."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _has_field(kind: type[Any] | None, name: str) -> bool:
    return kind is not None and name in getattr(kind, "__annotations__", {})
