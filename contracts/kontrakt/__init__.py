"""kontrakt: declare your Kafka topics in Avro; get typed clients, and pull requests that cannot break a consumer.

::

    import kontrakt
    from shop.customers import Customer, Customers

    with kontrakt.connect() as bus, Customers.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1", email="a@b.c"))

Importing it is cheap: each name loads its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from ._version import __version__
from .errors import IncompatibleRuntimeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from . import aio as aio  # loaded when it is first used, as are the names below
    from . import testing as testing
    from .codec import decode, encode
    from .errors import (
        BrokerUnavailable,
        BusDenied,
        BusError,
        ClosedError,
        CodecError,
        ContractErrors,
        DeclaredError,
        DecodeError,
        DeliveryError,
        EncodeError,
        GenerateError,
        HandlerError,
        KontraktError,
        MessageRejected,
        OutboxError,
        PlanError,
        Position,
        Problem,
        ProblemsError,
        RegistryDenied,
        RegistryError,
        RegistryUnavailable,
        RequestError,
        RequestFailed,
        RequestTimeout,
        SchemaErrors,
        SchemaNotFound,
        SchemaNotRegistered,
        SchemaRejected,
        SettingsErrors,
        SourceError,
        StoreError,
        TableError,
        TableInUse,
        TableOutdated,
        TopicNotFound,
        TransactionAborted,
        TransactionFenced,
        UnknownEvent,
        UnresolvableError,
    )
    from .kafka.aio.bus import AsyncBus
    from .kafka.aio.handlers import AsyncEventHandler, AsyncRequestService
    from .kafka.aio.outbox import AsyncRelay
    from .kafka.aio.requests import AsyncRequestClient
    from .kafka.aio.transactions import AsyncTransactions
    from .kafka.answers import AnswerStore, ClaimStore, MemoryAnswers, SqliteAnswers
    from .kafka.bus import Bus, connect
    from .kafka.delivery import Delivery, Sent
    from .kafka.embedded import EmbeddedBus, embedded
    from .kafka.headers import DeclaredHeaders
    from .kafka.messages import Delete, Event, Meta, Put, RequestMeta
    from .kafka.outbox import Outbox
    from .kafka.policies import DeadLetter, OnError, Retry
    from .kafka.relay import Relay
    from .kafka.replica import Change
    from .kafka.requests import Operation, RequestClient, Requests, RequestService
    from .kafka.signals import stop_on_signals
    from .kafka.sql_answers import SqlAnswers
    from .kafka.table import EntityTable
    from .kafka.topics import Entity, EntityView, EventHandler, Events, EventsView, Key, KeyedEntity, KeyedEvents
    from .kafka.transactions import Transactions
    from .stamps import EventStamp
    from .values import Duration, LocalTimestampNanos, TimeNanos, TimestampNanos

__all__ = [
    "AnswerStore",
    "AsyncBus",
    "AsyncEventHandler",
    "AsyncRelay",
    "AsyncRequestClient",
    "AsyncRequestService",
    "AsyncTransactions",
    "BrokerUnavailable",
    "Bus",
    "BusDenied",
    "BusError",
    "Change",
    "ClaimStore",
    "ClosedError",
    "CodecError",
    "ContractErrors",
    "DeadLetter",
    "DeclaredError",
    "DeclaredHeaders",
    "DecodeError",
    "Delete",
    "Delivery",
    "DeliveryError",
    "Duration",
    "EmbeddedBus",
    "EncodeError",
    "Entity",
    "EntityTable",
    "EntityView",
    "Event",
    "EventHandler",
    "EventStamp",
    "Events",
    "EventsView",
    "GenerateError",
    "HandlerError",
    "IncompatibleRuntimeError",
    "Key",
    "KeyedEntity",
    "KeyedEvents",
    "KontraktError",
    "LocalTimestampNanos",
    "MemoryAnswers",
    "MessageRejected",
    "Meta",
    "OnError",
    "Operation",
    "Outbox",
    "OutboxError",
    "PlanError",
    "Position",
    "Problem",
    "ProblemsError",
    "Put",
    "RegistryDenied",
    "RegistryError",
    "RegistryUnavailable",
    "Relay",
    "RequestClient",
    "RequestError",
    "RequestFailed",
    "RequestMeta",
    "RequestService",
    "RequestTimeout",
    "Requests",
    "Retry",
    "SchemaErrors",
    "SchemaNotFound",
    "SchemaNotRegistered",
    "SchemaRejected",
    "Sent",
    "SettingsErrors",
    "SourceError",
    "SqlAnswers",
    "SqliteAnswers",
    "StoreError",
    "TableError",
    "TableInUse",
    "TableOutdated",
    "TimeNanos",
    "TimestampNanos",
    "TopicNotFound",
    "TransactionAborted",
    "TransactionFenced",
    "Transactions",
    "UnknownEvent",
    "UnresolvableError",
    "__version__",
    "connect",
    "decode",
    "embedded",
    "encode",
    "requires",
    "stop_on_signals",
]

_NAMES: Final[Mapping[str, str]] = {
    "codec": "decode encode",
    "kafka.aio.bus": "AsyncBus",
    "kafka.aio.handlers": "AsyncEventHandler AsyncRequestService",
    "kafka.aio.outbox": "AsyncRelay",
    "kafka.aio.requests": "AsyncRequestClient",
    "kafka.aio.transactions": "AsyncTransactions",
    "kafka.answers": "AnswerStore ClaimStore MemoryAnswers SqliteAnswers",
    "kafka.bus": "Bus connect",
    "kafka.delivery": "Delivery Sent",
    "kafka.embedded": "EmbeddedBus embedded",
    "kafka.headers": "DeclaredHeaders",
    "kafka.messages": "Delete Event Meta Put RequestMeta",
    "kafka.outbox": "Outbox",
    "kafka.policies": "DeadLetter OnError Retry",
    "kafka.relay": "Relay",
    "kafka.replica": "Change",
    "kafka.requests": "Operation RequestClient RequestService Requests",
    "kafka.signals": "stop_on_signals",
    "kafka.sql_answers": "SqlAnswers",
    "kafka.table": "EntityTable",
    "kafka.topics": "Entity EntityView EventHandler Events EventsView Key KeyedEntity KeyedEvents",
    "kafka.transactions": "Transactions",
    "stamps": "EventStamp",
    "values": "Duration LocalTimestampNanos TimeNanos TimestampNanos",
}
_MODULES: Final = frozenset(("aio", "testing"))
_HOME: Final = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    """Load the module of a name when it is first used; what no other module has is an error of kontrakt."""
    if name in _MODULES:
        return import_module(f".{name}", __name__)
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME.get(name, 'errors')}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """All public names, loaded or not."""
    return sorted({*globals(), *__all__})


def requires(generator: str, package: str = "") -> None:
    """Refuse to go on when this runtime does not fit a generated package.

    A package runs on the version of kontrakt that generated it and on later ones of the same series: the same major version, and
    while that is 0 the same minor version.

    Args:
        generator: The version of the generator that wrote the package.
        package: The package.

    Raises:
        IncompatibleRuntimeError: This runtime is older, or of another series.
    """
    wanted, here = _numbers(generator), _numbers(__version__)
    series = 1 if wanted[0] else 2
    if here[:series] == wanted[:series] and here >= wanted:
        return
    upper = ".".join(map(str, (*wanted[: series - 1], wanted[series - 1] + 1)))
    raise IncompatibleRuntimeError(
        f"the generated package {package or '(unnamed)'} was written by kontrakt {generator} and does not fit kontrakt "
        f"{__version__}, which is installed; install 'kontrakt>={generator},<{upper}', or generate the package again with "
        "the installed version: kontrakt generate"
    )


def _numbers(version: str) -> tuple[int, int, int]:
    """The numbers of a version: ``0.1`` is ``(0, 1, 0)``, ``1.2.3rc1`` is ``(1, 2, 3)``."""
    found = [0, 0, 0]
    for place, part in enumerate(version.split(".")[:3]):
        digits = "".join(c for c in part[: len(part) - len(part.lstrip("0123456789"))] if c.isdigit())
        found[place] = int(digits or 0)
    return found[0], found[1], found[2]
