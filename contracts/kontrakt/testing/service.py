"""A service that is called directly. What passes between it and its client passes through Avro all the same."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from confluent_kafka import Message

from kontrakt.errors import DeclaredError, RequestFailed
from kontrakt.kafka.client import Caller
from kontrakt.kafka.headers import checked_headers
from kontrakt.kafka.messages import RequestMeta, raw_pairs_of
from kontrakt.kafka.requests import RequestClient, Requests, RequestService
from kontrakt.kafka.serialization import AvroReader
from kontrakt.kafka.service import Answering, said

from .bench import Bench, schemas

if TYPE_CHECKING:
    from kontrakt import Bus
    from kontrakt.kafka.headers import DeclaredHeaders

C_co = TypeVar("C_co", bound=RequestClient, covariant=True)


class HasClient(Protocol[C_co]):
    """The generated topics of a protocol."""

    def client(self, bus: Bus) -> C_co:
        """A client on a bus."""
        ...


def client(requests: HasClient[C_co], service: RequestService) -> C_co:
    """A client that calls a service directly, without any broker.

    Requests and answers pass through Avro: what cannot be sent fails here too.

    Args:
        requests: The generated topics of the protocol, such as ``Payments``.
        service: What answers: an instance of a subclass of its ``Service``.

    Returns:
        A generated client. Errors that the protocol declares are raised as such, any other as ``RequestFailed``, whose ``__cause__``
        is what the service raised; what a one-way operation raises is raised. There are no deadlines.

    Raises:
        TypeError: The service is one of another protocol.
    """
    declared: Any = requests
    if not isinstance(service, declared.Service):
        raise TypeError(f"{type(service).__name__} is not a service of {declared.__name__}")
    bus = cast("Bus", Bench(schemas()))  # what a client asks of its bus before it sends, a bench has
    made: C_co = declared.Client(bus, declared)
    made._caller = _Direct(bus, declared, service)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    return made


class _Direct(Caller):
    """Calls a service where others send a request and wait."""

    def __init__(self, bus: Bus, requests: type[Requests], service: RequestService) -> None:
        super().__init__(bus, requests)
        self._served = {one.name: Answering(bus, requests, one, service) for one in requests.operations}
        self._readers = {one.name: AvroReader(bus.registry, (one.request,)) for one in requests.operations}
        self._count = 0

    def call(
        self,
        operation: str,
        request: Any,
        timeout: dt.timedelta | None = None,  # noqa: ARG002 - nobody waits
        idempotency_key: str | None = None,
        headers: DeclaredHeaders | None = None,
    ) -> Any:
        """Call the service, and return or raise what it answers."""
        served = self._served[operation]
        try:
            answer = served.success(self._handled(operation, request, idempotency_key, headers))
        except _Refused as refused:
            raise refused.error from None
        except DeclaredError as error:
            try:
                answer = served.failure(error)
            except Exception:  # noqa: BLE001 - one that the operation does not declare
                raise self._failure(operation, error) from error
        except Exception as error:
            raise self._failure(operation, error) from error
        return self.read(self._operations[operation], Message(value=answer))

    def notify(
        self,
        operation: str,
        request: Any,
        idempotency_key: str | None = None,
        headers: DeclaredHeaders | None = None,
    ) -> None:
        """Call the service; a test hears of what it raises."""
        try:
            self._handled(operation, request, idempotency_key, headers)
        except _Refused as refused:
            raise refused.error from None

    def _handled(
        self, operation: str, request: Any, idempotency_key: str | None, headers: DeclaredHeaders | None
    ) -> Any:
        """What the service's method returns for a request as it arrives."""
        try:
            payload, _ = self._encoded(operation, request, idempotency_key)
            beside = checked_headers(self._requests, headers)
        except Exception as error:
            raise _Refused(error) from error
        self._count += 1
        meta = RequestMeta(
            topic=self._topic,
            partition=0,
            offset=self._count - 1,
            headers=raw_pairs_of(beside),
            idempotency_key=idempotency_key,
        )
        return self._served[operation].handle(self._readers[operation].read(payload)[1], meta)

    def _failure(self, operation: str, error: Exception) -> RequestFailed:
        return RequestFailed(f"{self.name}.{operation} failed: {said(error)}")


class _Refused(Exception):
    """A request that could not be sent."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error
