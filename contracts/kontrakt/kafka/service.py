"""The service's side of requests: takes them, calls the service, answers."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Self

from kontrakt.errors import (
    DeclaredError,
    DecodeError,
    DeliveryError,
    HandlerError,
    KontraktError,
    RegistryError,
    SchemaNotFound,
)

from .answers import AnswerStore, Once
from .client import MILLISECONDS, PARTITION
from .declared import requests_topic, responses_topic
from .decoding import meta_of
from .failures import located
from .forks import watch
from .intake import Intake
from .messages import EPOCH, RequestMeta
from .policies import DeadLetter, Retry
from .requests import (
    CORRELATION_ID,
    DEADLINE,
    IDEMPOTENCY_KEY,
    REPLY_PARTITION,
    REPLY_TOPIC,
    Operation,
    Requests,
    RequestService,
)
from .serialization import AvroReader, ValueWriter
from .told import told, told_of
from .workers import checked, work

if TYPE_CHECKING:
    from types import TracebackType

    from confluent_kafka import Message

    from .bus import Bus
    from .clock import Clock
    from .delivery import Delivery
    from .lanes import Task
    from .policies import OnError

_log: Final = logging.getLogger("kontrakt.kafka")


@dataclass(frozen=True, slots=True)
class _ReplyTo:
    """Where a requester waits."""

    topic: str
    partition: int
    correlation: bytes


class Answering:
    """An operation of a running service."""

    def __init__(self, bus: Bus, requests: type[Requests], operation: Operation, service: RequestService) -> None:
        self.name = operation.name
        self.handle: Callable[[Any, RequestMeta], Any] = getattr(service, operation.method or operation.name)
        self._make = operation.response
        self._fields: dict[str, Any] = {"error": None}
        self._encode: Callable[[Any], bytes] | None = None
        if operation.response is not None:
            if "response" in operation.response.__annotations__:
                self._fields["response"] = None
            writer = ValueWriter(bus.registry, responses_topic(requests), "topic-record", (operation.response,))
            writer.prepare()  # what cannot be answered must not be started
            self._encode = writer.encode

    @property
    def one_way(self) -> bool:
        """Whether nobody answers."""
        return self._make is None

    def success(self, value: Any) -> bytes:
        """The answer that it went well."""
        return self._answer({"response": value} if "response" in self._fields else {})

    def failure(self, error: DeclaredError | str) -> bytes:
        """The answer that it failed."""
        return self._answer({"error": error})

    def _answer(self, given: Mapping[str, Any]) -> bytes:
        assert self._make is not None
        assert self._encode is not None
        return self._encode(self._make(**{**self._fields, **given}))


class ServiceRunner:
    """A service at work.

    A request's offset is committed when its answer was delivered, and those before it were finished, so a service that crashes answers
    again. One whose deadline has passed, by the clock of the bus, is not started. An error that the protocol declares is answered as
    such; any other exception is logged, and answered with its name and text, as is a request that cannot be read. An answer that cannot
    be delivered is logged: the requester's time runs out.

    Args:
        bus: Where.
        requests: The topics.
        service: What answers.
        group: The consumer group that the instances of the service share.
        on_error: What happens at a request that cannot be read and does not say where to answer. Nothing is tried again: of a
            :class:`~kontrakt.Retry` counts what comes ``then``.
        deduplicate: Remembers answers, so that a request that comes again gets the same one and is not executed again. It is known by
            its idempotency key, or, without one, by its place in the topic.
        workers: How many threads execute requests. With more than one, those of different keys are executed at the same time, and
            those of one key one after the other; requests without a key have no order.
        config: More for librdkafka's consumer, by its own names.

    Raises:
        TypeError: The service is one of another protocol.
        ValueError: There is not at least one worker.
    """

    def __init__(
        self,
        bus: Bus,
        requests: type[Requests],
        service: RequestService,
        *,
        group: str,
        on_error: OnError = "stop",
        deduplicate: AnswerStore | None = None,
        workers: int = 1,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        expected: Any = getattr(requests, "Service", RequestService)
        if not isinstance(service, expected):
            raise TypeError(
                f"{type(service).__name__} is not a service of {requests.__name__}; it must be a subclass of {expected.__qualname__}"
            )
        self._bus = bus
        self._topic = requests_topic(requests)
        self._on_error = on_error.then if isinstance(on_error, Retry) else on_error
        self._answers = None if deduplicate is None else Once(deduplicate, bus.clock)
        self._workers = checked(workers)
        self._clock = bus.clock
        self._sender = bus.sender
        self._deliveries = self._sender.deliveries()
        self._operations = {one.request: Answering(bus, requests, one, service) for one in requests.operations}
        self._requests = AvroReader(bus.registry, tuple(self._operations))
        self._busy = threading.RLock()
        self._thread: threading.Thread | None = None
        self._failure: BaseException | None = None
        self._intake = Intake(
            bus, self._topic, group=group, start="earliest", policies=[on_error], config=config, keyless="alone"
        )
        self._intake.pooled = True  # a request is finished when its answer arrives
        self._fetcher = self._intake.fetcher
        try:
            bus.opened(self)
        except BaseException:  # as for a consumer
            self._intake.close()
            raise
        watch(self)

    def run(self) -> None:
        """Answer requests until :meth:`stop` is called.

        Raises:
            DecodeError: A request cannot be read, and does not say where to answer; its offset stays where it is.
            RegistryError: The schema of a request cannot be fetched.
            BusError: The topic cannot be read any more, or the answers that are to be remembered cannot be stored.
            ClosedError: It is closed already.
        """
        self._fetcher.check()
        with self._busy:
            try:
                work(self._intake, self._serve, self._workers)
            finally:
                self.close()

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop, or is closed: what a long request may look at."""
        return self._fetcher.stopped

    def stop(self) -> None:
        """Let :meth:`run` end after the requests at hand. May be called from any thread and from a signal handler."""
        self._fetcher.stop()

    def close(self) -> None:
        """Finish the requests at hand, deliver the answers, and leave the group."""
        self._fetcher.stop()
        with self._busy:  # whoever runs has ended
            self._bus.ended(self)
            try:
                if not self._fetcher.closed:
                    self._intake.lanes.wait_for_all()  # for the answers that are on their way
            finally:
                self._intake.close()
                if self._answers is not None:
                    self._answers.close()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def after_fork(self) -> None:
        """Note that this is a forked child: requests are the parent's, which also holds the lock where it is held."""
        self._busy = threading.RLock()

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
            _log.exception("the service of %s ended", self._topic, extra=told("service.ended", topic=self._topic))

    # --- one request -------------------------------------------------------------------------------------------------

    def _serve(self, task: Task) -> None:
        try:
            delivery = self._handle(task.message)
        except BaseException:
            self._intake.give_back(task)
            raise
        if delivery is None:
            self._intake.finish(task)
        else:
            self._intake.lanes.release(task)
            delivery.when_done(partial(self._answered, task, delivery))

    def _answered(self, task: Task, delivery: Delivery) -> None:
        """Note that a request is finished, whatever became of its answer. Called by the producer's thread."""
        try:
            delivery.result()
        except DeliveryError:
            _log.exception(
                "an answer was not delivered; the requester's time runs out",
                extra=told("answer.failed", topic=self._topic),
            )
        self._intake.finish(task)

    def _handle(self, message: Message) -> Delivery | None:
        """Call the service; the delivery of its answer, or None where there is none to give."""
        meta = _meta(message, self._clock)
        reply = _reply_to(meta)
        if meta.deadline is not None and meta.deadline < self._clock.now():
            _log.warning(
                "not starting the request %s: its deadline has passed", meta, extra=told_of("request.expired", meta)
            )
            return None
        payload = message.value() or b""
        try:
            kind, request = self._requests.read(payload, meta.headers)
            if kind is None:
                return self._unknown(message, str(request), meta, reply)
        except (DecodeError, SchemaNotFound) as error:
            return self._unreadable(message, self._requests.kind_of(payload, meta.headers), meta, reply, error)
        except RegistryError as error:
            raise located(error, str(meta)) from error
        operation = self._operations[kind]
        with self._bus.instrument.handling((message,), self._fetcher.group):
            if self._answers is None:
                answer, failed = self._executed(operation, request, meta)
            else:
                known_by = f"{self._topic} {operation.name} {_identity(meta)}"
                answer, failed = self._answers.answer(known_by, meta, partial(self._executed, operation, request, meta))
            if not operation.one_way:
                return self._reply(reply, answer, meta)
            if failed is not None and isinstance(self._on_error, DeadLetter):
                what = f"{operation.name} failed: {type(failed).__name__}: {failed}"
                unheard = HandlerError(what, topic=meta.topic, partition=meta.partition, offset=meta.offset)
                unheard.__cause__ = failed
                self._put_aside(message, meta, self._on_error, unheard)
            return None

    def _executed(self, operation: Answering, request: Any, meta: RequestMeta) -> tuple[bytes, Exception | None]:
        """Call the service: the answer, and what failed unless it is an outcome that the contract declares."""
        try:
            result = operation.handle(request, meta)
            return (b"" if operation.one_way else operation.success(result)), None
        except DeclaredError as error:
            failed: Exception = error
            try:
                if not operation.one_way:
                    return operation.failure(error), None
            except Exception:  # noqa: BLE001 - the codec's refusal, or that of the answer's own class
                _log.exception(
                    "%s raised an error on the request %s that it does not declare",
                    operation.name,
                    meta,
                    extra=told_of("request.failed", meta),
                )
                return operation.failure(said(failed)), failed
        except Exception as error:  # noqa: BLE001 - whatever it is, the requester hears of it
            failed = error
        kind = "one-way request" if operation.one_way else "request"
        _log.error(
            "%s failed on the %s %s", operation.name, kind, meta, exc_info=failed, extra=told_of("request.failed", meta)
        )
        return (b"" if operation.one_way else operation.failure(said(failed))), failed

    def _unknown(self, message: Message, name: str, meta: RequestMeta, reply: _ReplyTo | None) -> Delivery | None:
        """Answer an operation that is newer than this service; whoever does not wait for an answer gets none."""
        error = DecodeError(f"it is {name}, which this service was generated without")
        if reply is not None:
            return self._unreadable(message, None, meta, reply, error)
        _log.warning("skipping the request %s: %s", meta, error, extra=told_of("request.skipped", meta))
        return None

    def _unreadable(
        self, message: Message, kind: type[Any] | None, meta: RequestMeta, reply: _ReplyTo | None, error: KontraktError
    ) -> Delivery | None:
        """Answer a request that cannot be read. Where not even its operation is known, any of them can say that it failed."""
        known = [self._operations[kind]] if kind is not None else self._operations.values()
        answering = next((one for one in known if not one.one_way), None)
        if reply is not None and answering is not None:
            _log.error("the request %s cannot be read: %s", meta, error, extra=told_of("request.unreadable", meta))
            return self._reply(reply, answering.failure(f"the request {meta} cannot be read: {error}"), meta)
        if self._on_error == "skip":
            _log.error(
                "skipping the request %s, which cannot be read: %s", meta, error, extra=told_of("request.skipped", meta)
            )
            return None
        if isinstance(self._on_error, DeadLetter):
            self._put_aside(message, meta, self._on_error, error)
            return None
        advice = (
            '; it comes again until it can be read, or a service with on_error="skip" or DeadLetter() passes over it'
        )
        raise DecodeError(f"{meta}: the request cannot be read: {error}{advice}") from error

    def _put_aside(self, message: Message, meta: RequestMeta, policy: DeadLetter, error: KontraktError) -> None:
        """Put a request aside that nobody can be told of; it counts as handled when the broker has acknowledged that."""
        self._intake.letters.send(message, policy, error).result()
        _log.error("putting aside the request %s: %s", meta, error, extra=told_of("message.put_aside", meta))

    def _reply(self, reply: _ReplyTo | None, answer: bytes, meta: RequestMeta) -> Delivery | None:
        if reply is None:
            _log.warning(
                "the request %s does not say where to answer; its answer is dropped",
                meta,
                extra=told_of("answer.dropped", meta),
            )
            return None
        headers = [(CORRELATION_ID, reply.correlation)]
        try:
            return self._sender.send(self._deliveries, reply.topic, None, answer, headers, reply.partition)
        except DeliveryError:
            _log.exception(
                "the answer to %s cannot be sent", meta, extra=told_of("answer.failed", meta)
            )  # the requester named a place that does not exist
            return None


def _reply_to(meta: RequestMeta) -> _ReplyTo | None:
    topic, correlation = meta.header(REPLY_TOPIC), meta.header(CORRELATION_ID)
    if topic is None or correlation is None:
        return None
    partition = meta.header(REPLY_PARTITION)
    known = partition is not None and len(partition) == PARTITION.size
    return _ReplyTo(topic.decode(errors="replace"), PARTITION.unpack(partition or b"")[0] if known else -1, correlation)


def _meta(message: Message, clock: Clock) -> RequestMeta:
    """Where a request stood, and what its own headers say."""
    meta = meta_of(message)
    deadline, key = meta.header(DEADLINE), meta.header(IDEMPOTENCY_KEY)
    return RequestMeta(
        topic=meta.topic,
        partition=meta.partition,
        offset=meta.offset,
        milliseconds=meta.milliseconds,
        headers=meta.headers,
        deadline=None if deadline is None else _moment(deadline),
        idempotency_key=None if key is None else key.decode(errors="replace"),
        clock=clock,
    )


def _moment(data: bytes) -> dt.datetime | None:
    """The moment that a header says in milliseconds; None for what is none, which a stranger may write."""
    if len(data) != MILLISECONDS.size:
        return None
    try:
        return EPOCH + dt.timedelta(milliseconds=MILLISECONDS.unpack(data)[0])
    except OverflowError:
        return None


def _identity(meta: RequestMeta) -> str:
    """What a request is known by. One without a key is the same when it stands at the same place: read again after a crash."""
    if meta.idempotency_key is not None:
        return f"key {meta.idempotency_key}"
    return f"at {meta} {meta.milliseconds}"


def said(error: BaseException) -> str:
    """What the requester hears of a failure that is not declared: its name and text, never its traceback."""
    text = str(error).encode(errors="replace").decode()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
