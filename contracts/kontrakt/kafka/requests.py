"""What generated packages declare of requests and responses: operations, a client and a service.

Two topics carry a protocol, ``<name>.requests`` and ``<name>.responses``. The headers are those that Spring Kafka's reply template
understands: ``kafka_correlationId``, ``kafka_replyTopic``, ``kafka_replyPartition``; ``kontrakt_deadline`` says until when the
requester waits (milliseconds since 1970, 8 bytes, big-endian), and ``kontrakt_idempotencyKey`` that several requests are the same
one (UTF-8).
"""

from __future__ import annotations

import datetime as dt
from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, overload

from .aio.bus import AsyncBus

if TYPE_CHECKING:
    from types import TracebackType

    from .aio.handlers import AsyncRequestService
    from .aio.service import AsyncServiceRunner
    from .answers import AnswerStore
    from .bus import Bus
    from .client import Caller
    from .headers import DeclaredHeaders
    from .policies import OnError
    from .service import ServiceRunner
    from .topics import Key

CORRELATION_ID: Final = "kafka_correlationId"
REPLY_TOPIC: Final = "kafka_replyTopic"
REPLY_PARTITION: Final = "kafka_replyPartition"
DEADLINE: Final = "kontrakt_deadline"
IDEMPOTENCY_KEY: Final = "kontrakt_idempotencyKey"


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a protocol.

    Args:
        name: Its name, as the protocol has it.
        request: The record that carries the parameters.
        response: The record that carries the answer; None for a one-way operation.
        method: The name of the service's method; the operation's own when left out.
    """

    name: str
    request: type[Any]
    response: type[Any] | None = None
    method: str = ""


class Requests:
    """A pair of topics: do something, and what came of it.

    Attributes:
        topic: The name that both topics begin with.
        key: How requests are keyed; None where they have no key.
        timeout: How long a client waits unless it says otherwise.
        operations: The operations.
    """

    topic: ClassVar[str]
    key: ClassVar[Key | None] = None
    timeout: ClassVar[dt.timedelta] = dt.timedelta(seconds=30)
    operations: ClassVar[tuple[Operation, ...]]

    @overload
    @classmethod
    def serve(
        cls,
        bus: Bus,
        service: RequestService,
        *,
        group: str,
        on_error: OnError = "stop",
        deduplicate: AnswerStore | None = None,
        workers: int = 1,
        config: Mapping[str, Any] | None = None,
    ) -> ServiceRunner: ...
    @overload
    @classmethod
    def serve(
        cls,
        bus: AsyncBus,
        service: AsyncRequestService,
        *,
        group: str,
        on_error: OnError = "stop",
        deduplicate: AnswerStore | None = None,
        workers: int = 1,
        config: Mapping[str, Any] | None = None,
    ) -> AsyncServiceRunner: ...
    @classmethod
    def serve(
        cls,
        bus: Bus | AsyncBus,
        service: Any,
        *,
        group: str,
        on_error: OnError = "stop",
        deduplicate: AnswerStore | None = None,
        workers: int = 1,
        config: Mapping[str, Any] | None = None,
    ) -> ServiceRunner | AsyncServiceRunner:
        """Answer requests.

        Args:
            bus: Where.
            service: What answers: an instance of a subclass of this protocol's ``Service``.
            group: The consumer group. Instances of one service share a group, and with it the requests.
            on_error: What happens at a request that cannot be read and does not say where to answer: ``stop`` raises and
                leaves the offset where it is, ``skip`` logs it and goes on, a :class:`~kontrakt.DeadLetter` puts it
                aside, and one-way requests too on which the service failed. Nothing is tried again, as requesters do not wait for that: of a :class:`~kontrakt.Retry` counts what comes ``then``.
            deduplicate: Remembers answers, ``MemoryAnswers``, ``SqliteAnswers`` or ``SqlAnswers``: a request that comes again gets the same answer, and is
                not executed again. Without it every request is executed as often as it comes.
            workers: How many requests may be at work. With more than one, requests with different keys are executed at the same time,
                those with one key one after the other, and those without a key in any order. A blocking service has so many threads.
            config: More for librdkafka's consumer, by its own names.

        Returns:
            A runner: call ``run()``, or use it as a context manager, which serves in the background.

        Raises:
            SchemaNotRegistered: The schema of an answer is not registered; says which command does it.
            TopicNotFound: There is no such topic.
            BrokerUnavailable: No broker answers.
            TypeError: The service is one of another protocol.
            ValueError: There is not at least one worker.
        """
        from .service import ServiceRunner

        def make(bus: Bus, service: RequestService) -> ServiceRunner:
            return ServiceRunner(
                bus,
                cls,
                service,
                group=group,
                on_error=on_error,
                deduplicate=deduplicate,
                workers=workers,
                config=config,
            )

        if not isinstance(bus, AsyncBus):
            return make(bus, service)
        from .aio.service import AsyncServiceRunner

        return AsyncServiceRunner(bus, cls, service, make)


class RequestClient:
    """Base of the generated clients. One instance serves all threads.

    Leaving its ``with`` block, or closing the bus, ends it; what was sent one-way is delivered first. Its own names begin with an
    underscore, because operations may have any other.

    Args:
        bus: Where.
        requests: The topics.
    """

    def __init__(self, bus: Bus, requests: type[Requests]) -> None:
        from .client import Caller

        self._caller: Caller = Caller(bus, requests)

    def _call(
        self,
        operation: str,
        request: Any,
        timeout: dt.timedelta | None = None,
        idempotency_key: str | None = None,
        headers: DeclaredHeaders | None = None,
    ) -> Any:
        """Send a request and wait for its answer.

        Returns:
            What the operation answers (the field ``response`` of its response record).

        Raises:
            DeclaredError: The service answered with an error that the protocol declares.
            RequestFailed: The service failed in another way.
            RequestTimeout: No answer came in time.
            DeliveryError: The request was not sent.
        """
        return self._caller.call(operation, request, timeout, idempotency_key, headers)

    def _notify(
        self,
        operation: str,
        request: Any,
        idempotency_key: str | None = None,
        headers: DeclaredHeaders | None = None,
    ) -> None:
        """Send a one-way request; nobody answers, and nothing is waited for."""
        self._caller.notify(operation, request, idempotency_key, headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._caller.close()
        else:
            self._caller.abandon()


class RequestService(ABC):  # noqa: B024 - its methods are generated
    """Base of the generated services: a method for each operation."""
