"""Each test runs on the embedded parts, and on Apache Kafka with each registry that we did not write."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import kontrakt
import pytest
from kontrakt.kafka.embedded import QUICK

if TYPE_CHECKING:
    from kontrakt import Bus, EmbeddedBus

PARTITIONS = 4
PATIENCE = 60.0

T = TypeVar("T", bound=type[Any])


class Fresh(Protocol):
    """Gives topics names of their own, so that tests do not see each other's messages."""

    def __call__(self, topic: T, /, *, like: type[Any] | None = None, register: bool = True) -> T: ...


@dataclass(kw_only=True)
class Place:
    """A broker and a registry."""

    bootstrap_servers: str
    registry_url: str
    kafka: dict[str, Any] = field(default_factory=dict[str, Any])
    create: Callable[[str], None]

    def connect(self, **kafka: Any) -> Bus:
        """A bus of its own."""
        options = {name.replace("_", "."): value for name, value in kafka.items()}
        return kontrakt.connect(
            bootstrap_servers=self.bootstrap_servers, registry_url=self.registry_url, kafka={**self.kafka, **options}
        )


@pytest.fixture(scope="session")
def embedded_parts() -> Iterator[EmbeddedBus]:
    with kontrakt.embedded(level="NONE") as bus:
        yield bus


@pytest.fixture(
    params=[
        "embedded",
        pytest.param("apicurio3", marks=pytest.mark.real),
        pytest.param("apicurio2", marks=pytest.mark.real),
    ]
)
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "embedded":
        parts: EmbeddedBus = request.getfixturevalue("embedded_parts")
        return Place(
            bootstrap_servers=parts.bootstrap_servers,
            registry_url=parts.registry_url,
            kafka=dict(QUICK),
            create=parts.create_topics,
        )
    kafka: Any = request.getfixturevalue("kafka_server")
    registry: Any = request.getfixturevalue(request.param)
    return Place(
        bootstrap_servers=kafka.bootstrap_servers,
        registry_url=registry.url,
        create=lambda name: create_on_broker(kafka.bootstrap_servers, name),
    )


@pytest.fixture
def bus(place: Place) -> Iterator[Bus]:
    with place.connect() as bus:
        yield bus


@pytest.fixture
def fresh(place: Place) -> Iterator[Fresh]:
    """Topics of a test's own: created, and their schemas registered."""
    with ExitStack() as stack:
        registering = stack.enter_context(place.connect())

        def make(topic: T, /, *, like: type[Any] | None = None, register: bool = True) -> T:
            name = like.topic if like is not None else f"{topic.topic}-{uuid.uuid4().hex[:8]}"
            made = cast("T", type(topic.__name__, (topic,), {"topic": name}))
            if like is None:
                names = [f"{name}.requests", f"{name}.responses"] if hasattr(topic, "operations") else [name]
                for one in names:
                    place.create(one)
            if register and hasattr(made, "topic"):
                registering.register(made)
            return made

        yield make


def create_on_broker(bootstrap_servers: str, name: str) -> None:
    from confluent_kafka.admin import AdminClient
    from confluent_kafka.cimpl import NewTopic

    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    create: Any = getattr(admin, "create_topics")  # noqa: B009 - its annotations are incomplete
    create([NewTopic(name, PARTITIONS, 1)])[name].result(PATIENCE)
