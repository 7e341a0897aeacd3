"""Embedded parts for many tests: one registry for all, a broker for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from kontrakt.errors import SchemaNotRegistered
from kontrakt.kafka.embedded import EmbeddedBroker, EmbeddedBus
from kontrakt.registry import Registry
from kontrakt.registry.embedded import EmbeddedRegistry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from kontrakt.registry import Document


class CleanParts:
    """Buses that know nothing of each other's messages; use it as a context manager.

    They share a schema registry, since a schema means the same to all. A broker in memory starts in milliseconds, so each bus has
    its own: topics, offsets and consumer groups are fresh.

    Args:
        level: The registry's compatibility level.

    Raises:
        RegistryError: No local port could be opened.
    """

    def __init__(self, level: str = "BACKWARD") -> None:
        self._server: Final = EmbeddedRegistry(level=level).start()
        self._registry: Final = _Learning(self._server.url)

    def bus(self, *, kafka: Mapping[str, Any] | None = None) -> EmbeddedBus:
        """A bus to a new broker. Leaving its ``with`` block ends the broker.

        Args:
            kafka: More for librdkafka, by its own names.

        Raises:
            BrokerUnavailable: The broker did not come up.
        """
        broker = EmbeddedBroker()
        broker.start()
        return _CleanBus(broker, self._server, self._registry, kafka or {})

    def close(self) -> None:
        """End the registry."""
        self._registry.close()
        self._server.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Learning(Registry):
    """Registers a schema when somebody first writes with it, which in production ``kontrakt apply`` has done before."""

    def schema_id(self, subject: str, document: Document, documents: Mapping[str, Document]) -> int:
        """The id of a schema under a subject; registered when it is not.

        Raises:
            SchemaRejected: It is not compatible with what is registered.
            RegistryError: The registry cannot be asked.
        """
        try:
            return super().schema_id(subject, document, documents)
        except SchemaNotRegistered:
            for one in documents.values():
                if one.name != document.name:
                    self.register(one.subject, one, documents)
            return self.register(subject, document, documents).id


class _CleanBus(EmbeddedBus):
    def __init__(
        self, broker: EmbeddedBroker, server: EmbeddedRegistry, registry: Registry, kafka: Mapping[str, Any]
    ) -> None:
        super().__init__(broker, server, kafka, own_registry=False)
        self._shared = registry

    @property
    def registry(self) -> Registry:
        """The client of the schema registry, which the buses share."""
        self._check()
        return self._shared
