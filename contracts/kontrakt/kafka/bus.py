"""The way to Kafka and the registry, which the clients of a process share."""

from __future__ import annotations

import atexit
import json
import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Self

from kontrakt import settings as found_settings
from kontrakt.errors import ClosedError, KontraktError, Position, Problem, SettingsErrors
from kontrakt.settings import Settings

from .clock import SYSTEM, Clock
from .config import OURS
from .forks import FORKED, watch
from .instrument import SILENT, Instrument
from .told import told

if TYPE_CHECKING:
    from types import TracebackType

    from kontrakt.registry import Registry

    from .destination import Client
    from .requests import Requests
    from .sender import Sender
    from .topics import Topic
    from .transactions import Transactions

_log: Final = logging.getLogger("kontrakt.kafka")
_MINUTE_MS: Final = 60_000
_open: Final[set[Bus]] = set()


class Bus:
    """Kafka and a schema registry. One instance serves all threads; each process needs its own.

    Leaving its ``with`` block closes every client that was made on it; so does the end of the process.

    Args:
        settings: The registry's address and Kafka's, and what else their clients are told.
        kafka: More for librdkafka, by its own names; wins over the settings.
        registry: More for the registry's client, by its own names; wins over the settings.
        instrument: Is told of messages, such as ``kontrakt.kafka.otel.OpenTelemetry()``.
        statistics: Called with librdkafka's statistics, parsed, of each client: every minute, or as ``statistics.interval.ms`` says
            (https://github.com/confluentinc/librdkafka/blob/master/STATISTICS.md).

    Raises:
        SettingsErrors: An address is missing, or something is set on which kontrakt's promises rest.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        kafka: Mapping[str, Any] | None = None,
        registry: Mapping[str, Any] | None = None,
        instrument: Instrument = SILENT,
        statistics: Callable[[Mapping[str, Any]], None] | None = None,
    ) -> None:
        self.kafka: Final[Mapping[str, Any]] = {
            **(_reporting(statistics) if statistics else {}),
            **settings.kafka_config,
            **(kafka or {}),
        }
        """What librdkafka's clients are told, by librdkafka's names."""
        self.clock: Clock = SYSTEM
        """What retries, deadlines and back-off go by; tests may put another one here."""
        self.instrument: Instrument = instrument
        """Is told of messages that are sent and handled."""
        self._registry_config = {**settings.registry_config, **(registry or {})}
        if problems := _problems(settings, self.kafka, self._registry_config):
            raise SettingsErrors(problems)
        self._clients: dict[int, Client] = {}
        self._registry: Registry | None = None
        self._sender: Sender | None = None
        self._lock = threading.RLock()
        self._closed = ""
        _open.add(self)
        watch(self)

    @property
    def bootstrap_servers(self) -> str:
        """The address of the Kafka cluster."""
        return str(self.kafka.get("bootstrap.servers", ""))

    @property
    def registry_url(self) -> str:
        """The address of the schema registry, without credentials."""
        return self.registry.url

    @property
    def registry(self) -> Registry:
        """The client of the schema registry.

        Raises:
            ClosedError: The bus is closed.
        """
        with self._lock:
            self._check()
            if self._registry is None:
                from kontrakt.registry import Registry

                self._registry = Registry(self._registry_config)
            return self._registry

    @property
    def sender(self) -> Sender:
        """The producer that all clients share.

        Raises:
            ClosedError: The bus is closed.
        """
        with self._lock:
            self._check()
            if self._sender is None:
                from .sender import Sender

                self._sender = Sender(self.kafka, instrument=self.instrument)
            return self._sender

    def transactions(self, transactional_id: str, *, config: Mapping[str, Any] | None = None) -> Transactions:
        """Messages that become visible together, or not at all; also with the offsets of what they were made from.

        Args:
            transactional_id: Whose transactions these are. Each instance that runs at the same time needs one of its own, and keeps
                it when it starts again: it takes over from its predecessor, whose open transaction is aborted.
            config: More for librdkafka's producer, by its own names.

        Raises:
            BrokerUnavailable: No broker answers within librdkafka's ``transaction.timeout.ms``, one minute by default.
            BusDenied: The credentials lack the right to the id.
            BusError: librdkafka refuses the configuration.
        """
        from .transactions import Transactions

        return Transactions(self, transactional_id, config=config)

    def register(self, *topics: type[Topic | Requests]) -> None:
        """Register the schemas of generated topics under their subjects. What is registered already stays as it is.

        Producers never do that by themselves. In production ``kontrakt apply`` does it from the contracts, which also sets levels.

        Args:
            topics: Generated topics.

        Raises:
            SchemaRejected: A schema is not compatible with what is registered.
        """
        from .declared import subjects_of

        for topic in topics:
            for subject in subjects_of(topic):
                subject.register(self.registry)

    def ensure_topic(self, topic: str) -> None:
        """Called before a topic is read. Topics of a real cluster are created by ``kontrakt apply``, not by their readers.

        Args:
            topic: Its name.
        """

    def opened(self, client: Client) -> None:
        """Remember a client, to close it with the bus.

        Raises:
            ClosedError: The bus is closed.
        """
        with self._lock:
            self._check()
            self._clients[id(client)] = client

    def ended(self, client: Client) -> None:
        """Forget a client that was closed."""
        with self._lock:
            self._clients.pop(id(client), None)

    def close(self) -> None:
        """Close every client, the newest first, then the connections; what was sent is delivered before.

        Raises:
            DeliveryError: Messages were not acknowledged, and nobody looked at their delivery.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = "the bus is closed"
            clients = list(self._clients.values())
            sender, registry = self._sender, self._registry
        _open.discard(self)
        failures: list[KontraktError] = []

        def attempt(close: Callable[[], None]) -> None:
            try:
                close()
            except KontraktError as failure:
                failures.append(failure)

        with ExitStack() as steps:  # all of them run, whatever happens, the last one first
            for one in (registry, sender, *clients):
                if one is not None:
                    steps.callback(attempt, one.close)
        for other in failures[1:]:
            failures[0].add_note(f"and {other}")
        if failures:
            raise failures[0]

    def _check(self) -> None:
        if self._closed:
            raise ClosedError(self._closed)

    def after_fork(self) -> None:
        """Note that this is a forked child, to which the threads of librdkafka did not follow."""
        self._lock = threading.RLock()
        self._closed = FORKED

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        except KontraktError as failure:
            if error is None:
                raise
            error.add_note(f"and when the bus was closed: {failure}")  # what went wrong first is what counts

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.bootstrap_servers}{' (closed)' if self._closed else ''}>"


def connect(
    settings: Settings | None = None,
    *,
    bootstrap_servers: str = "",
    registry_url: str = "",
    kafka: Mapping[str, Any] | None = None,
    registry: Mapping[str, Any] | None = None,
    instrument: Instrument = SILENT,
    statistics: Callable[[Mapping[str, Any]], None] | None = None,
) -> Bus:
    """Connect to Kafka and to the schema registry.

    Nothing is asked of either yet: the first client does that.

    Args:
        settings: The settings; by default those of ``kontrakt.toml`` and the environment.
        bootstrap_servers: Kafka's address, in place of that of the settings.
        registry_url: The registry's address, in place of that of the settings.
        kafka: More for librdkafka, by its own names; wins over the settings.
        registry: More for the registry's client, by its own names; wins over the settings.
        instrument: Is told of messages, such as ``kontrakt.kafka.otel.OpenTelemetry()``.
        statistics: Called with librdkafka's statistics, parsed, of each client: every minute, or as ``statistics.interval.ms`` says
            (https://github.com/confluentinc/librdkafka/blob/master/STATISTICS.md). It runs where the client polls, so it should
            not take long.

    Raises:
        SettingsErrors: The settings are wrong, an address is missing, or something is set on which kontrakt's promises rest.
    """
    found = found_settings.read() if settings is None else settings
    return Bus(
        replace(
            found,
            bootstrap_servers=bootstrap_servers or found.bootstrap_servers,
            registry_url=registry_url or found.registry_url,
        ),
        kafka=kafka,
        registry=registry,
        instrument=instrument,
        statistics=statistics,
    )


def _reporting(statistics: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """What has librdkafka report its statistics."""

    def report(text: str) -> None:
        try:
            statistics(json.loads(text))
        except Exception:  # noqa: BLE001 - messages go on, whatever it does
            _log.exception("the function that takes librdkafka's statistics failed", extra=told("callback.failed"))

    return {"statistics.interval.ms": _MINUTE_MS, "stats_cb": report}


def _problems(settings: Settings, kafka: Mapping[str, Any], registry: Mapping[str, Any]) -> list[Problem]:
    """What is missing, and what must not be set."""
    nowhere = Position(settings.file or "<settings>", 1, 1)
    problems = [
        Problem(settings.place("kafka", name), f"kafka.{name} cannot be set", OURS[name])
        for name in OURS.keys() & kafka.keys()
    ]
    if not kafka.get("bootstrap.servers"):
        how = "set KONTRAKT_BOOTSTRAP_SERVERS, or bootstrap_servers in kontrakt.toml; kontrakt.embedded() needs none"
        problems.append(Problem(nowhere, "the address of Kafka is not set", how))
    if not registry.get("url"):
        how = "set KONTRAKT_REGISTRY_URL, or url under [registry] in kontrakt.toml; kontrakt.embedded() needs none"
        problems.append(Problem(nowhere, "the address of the schema registry is not set", how))
    return problems


@atexit.register
def _close_all() -> None:
    """Deliver what was sent on a bus that nobody closed."""
    for bus in list(_open):
        try:
            bus.close()
        except KontraktError as error:
            _log.error("at the end of the process: %s", error, extra=told("bus.not_closed"))
