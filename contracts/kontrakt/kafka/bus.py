"""The way to Kafka and the registry, which the clients of a process share."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from kontrakt import settings as found_settings
from kontrakt.errors import ClosedError, Position, Problem, SettingsErrors
from kontrakt.settings import Options, Settings

if TYPE_CHECKING:
    from types import TracebackType

    from kontrakt.registry import Registry

    from .requests import Requests
    from .sender import Sender
    from .topics import Topic

_buses: Final[weakref.WeakSet[Bus]] = weakref.WeakSet()


class Client(Protocol):
    """What a bus closes."""

    def close(self) -> None:
        """Ends it; may raise what went wrong unseen."""
        ...


class Bus:
    """Kafka and a schema registry. One instance serves all threads; each process needs its own.

    Leaving its ``with`` block closes every client that was made on it.

    Args:
        settings: The registry's address and Kafka's, and what else their clients are told.
    """

    def __init__(self, settings: Settings) -> None:
        self.kafka: Final[Mapping[str, Any]] = settings.kafka_config
        """What librdkafka's clients are told, by librdkafka's names."""
        self._settings = settings
        self._clients: dict[int, Client] = {}
        self._registry: Registry | None = None
        self._sender: Sender | None = None
        self._lock = threading.RLock()
        self._closed = ""
        _buses.add(self)

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

                self._registry = Registry(self._settings.registry_config)
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

                self._sender = Sender(self.kafka)
            return self._sender

    def register(self, *topics: type[Topic | Requests]) -> None:
        """Register the schemas of generated topics under their subjects. What is registered already stays as it is.

        Producers never do that by themselves. In production ``kontrakt register`` does it from the contracts, which also sets levels.

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
            clients = list(self._clients.values())
        with ExitStack() as steps:  # all of them run, whichever fails
            steps.callback(self._disconnect)
            for client in clients:
                steps.callback(client.close)

    def _disconnect(self) -> None:
        with self._lock:
            self._closed = self._closed or "the bus is closed"
            sender, registry = self._sender, self._registry
            self._sender = self._registry = None
        with ExitStack() as steps:
            if registry is not None:
                steps.callback(registry.close)
            if sender is not None:
                steps.callback(sender.close)

    def _check(self) -> None:
        if self._closed:
            raise ClosedError(self._closed)

    def after_fork(self) -> None:
        """Note that this is a child process, to which the threads of librdkafka did not follow."""
        self._lock = threading.RLock()
        self._closed = "the bus was opened before the process forked; connect again in the child"
        if self._sender is not None:
            self._sender.after_fork()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.bootstrap_servers}{' (closed)' if self._closed else ''}>"


def connect(
    settings: Settings | None = None,
    *,
    bootstrap_servers: str = "",
    registry_url: str = "",
    kafka: Mapping[str, Any] | None = None,
    registry: Mapping[str, Any] | None = None,
) -> Bus:
    """Connect to Kafka and to the schema registry.

    Nothing is asked of either yet: the first client does that.

    Args:
        settings: The settings; by default those of ``kontrakt.toml`` and the environment.
        bootstrap_servers: Kafka's address, in place of that of the settings.
        registry_url: The registry's address, in place of that of the settings.
        kafka: More for librdkafka, by its own names; wins over the settings.
        registry: More for the registry's client, by its own names; wins over the settings.

    Raises:
        SettingsErrors: The settings are wrong, or an address is missing.
    """
    found = found_settings.read() if settings is None else settings
    found = replace(
        found,
        bootstrap_servers=bootstrap_servers or found.bootstrap_servers,
        registry_url=registry_url or found.registry_url,
        kafka=Options({**found.kafka, **(kafka or {})}),
        registry=Options({**found.registry, **(registry or {})}),
    )
    missing = [
        Problem(Position(found.file or "<settings>", 1, 1), f"{what} is not set", f"set {variable}, or {where}")
        for address, what, variable, where in (
            (
                found.kafka_config.get("bootstrap.servers"),
                "the address of Kafka",
                "KONTRAKT_BOOTSTRAP_SERVERS",
                "bootstrap_servers in kontrakt.toml; kontrakt.embedded() needs none",
            ),
            (
                found.registry_config.get("url"),
                "the address of the schema registry",
                "KONTRAKT_REGISTRY_URL",
                "url under [registry] in kontrakt.toml; kontrakt.embedded() needs none",
            ),
        )
        if not address
    ]
    if missing:
        raise SettingsErrors(missing)
    return Bus(found)


def _after_fork() -> None:
    for bus in list(_buses):
        bus.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
