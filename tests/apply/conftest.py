"""The worlds that plans are made and done in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from kontrakt.registry.embedded import EmbeddedRegistry
from kontrakt.settings import Settings

from tests.registry.served import fresh

if TYPE_CHECKING:
    from tests.real.kafka import Kafka


@dataclass(frozen=True)
class Place:
    """A broker and a registry that tests share, and a name of the test's own.

    Attributes:
        settings: Their addresses.
        name: What topics and subjects of the test begin with.
    """

    settings: Settings
    name: str

    @property
    def environment(self) -> dict[str, str]:
        """The addresses as environment variables."""
        return {
            "KONTRAKT_REGISTRY_URL": self.settings.registry_url,
            "KONTRAKT_BOOTSTRAP_SERVERS": self.settings.bootstrap_servers,
        }


@pytest.fixture(scope="session", params=["embedded", "apicurio3", "apicurio2"])
def any_registry(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of each registry in turn."""
    if request.param == "embedded":
        with EmbeddedRegistry() as registry:
            yield registry.url
        return
    yield request.getfixturevalue(request.param).url


@pytest.fixture
def place(kafka_server: Kafka, any_registry: str) -> Place:
    """Apache Kafka with each registry in turn."""
    addresses = Settings(bootstrap_servers=kafka_server.bootstrap_servers, registry_url=any_registry)
    return Place(addresses, fresh())
