"""The registries that the tests of this folder run on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kontrakt.registry import Registry
from kontrakt.registry.embedded import EmbeddedRegistry

from tests.registry.served import Served, dialect_of, fresh

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(
    scope="session",
    params=[
        "embedded",
        pytest.param("apicurio3", marks=pytest.mark.real),
        pytest.param("apicurio2", marks=pytest.mark.real),
    ],
)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    """Each registry in turn: ours, and two that we did not write."""
    if request.param == "embedded":
        with EmbeddedRegistry() as registry:
            yield Served("embedded", registry.url, "confluent")
        return
    server = request.getfixturevalue(request.param)
    yield Served(server.name, server.url, dialect_of(server.url))


@pytest.fixture
def embedded() -> Iterator[Served]:
    """An embedded registry of the test's own."""
    with EmbeddedRegistry() as registry:
        yield Served("embedded", registry.url, "confluent")


@pytest.fixture
def registry(served: Served) -> Iterator[Registry]:
    """Our client on each registry in turn."""
    with Registry(served.url) as client:
        yield client


@pytest.fixture
def name() -> str:
    """A name of the test's own, for subjects and namespaces."""
    return fresh()
