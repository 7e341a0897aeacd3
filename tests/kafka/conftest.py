"""Each test runs on the embedded parts, and on Apache Kafka with a registry that we did not write."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import kontrakt
import pytest
from confluent_kafka import Consumer as RawConsumer
from confluent_kafka import Message, TopicPartition
from confluent_kafka import Producer as RawProducer
from kontrakt.kafka.embedded import QUICK

from tests.real.server import free_ports

if TYPE_CHECKING:
    from kontrakt import Bus, EmbeddedBus

PARTITIONS = 4
PATIENCE = 60.0

PLACES = [
    "embedded",
    pytest.param("apicurio3", marks=pytest.mark.real),
    pytest.param("apicurio2", marks=pytest.mark.real),
]
"""The embedded parts, and Apache Kafka with each generation of the registry: for what depends on the registry."""

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
        options = {name if name.endswith("_cb") else name.replace("_", "."): value for name, value in kafka.items()}
        return kontrakt.connect(
            bootstrap_servers=self.bootstrap_servers, registry_url=self.registry_url, kafka={**self.kafka, **options}
        )

    @property
    def quick_to_give_up(self) -> dict[str, Any]:
        """How a consumer says that its group may do without it after 6 seconds, where the consumer has a say."""
        return {} if "group.protocol" in self.kafka else {"session.timeout.ms": 6000, "heartbeat.interval.ms": 500}

    @property
    def environment(self) -> dict[str, str]:
        """What ``kontrakt.connect()`` of another process needs to know."""
        return {
            "KONTRAKT_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "KONTRAKT_REGISTRY_URL": self.registry_url,
            **{f"KONTRAKT_KAFKA_{name.upper().replace('.', '_')}": str(value) for name, value in self.kafka.items()},
        }

    def send(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = b"k",
        partition: int = 0,
        headers: list[tuple[str, str | bytes | None]] | None = None,
    ) -> None:
        """Write a message as it is, as a program without kontrakt would."""
        producer = RawProducer({"bootstrap.servers": self.bootstrap_servers})
        producer.produce(topic, value, key, partition, headers=headers)
        assert producer.flush(PATIENCE) == 0

    def raw(self, topic: str, count: int) -> list[Message]:
        """The first messages of a topic as they are, those of each partition in their order."""
        consumer = RawConsumer({"bootstrap.servers": self.bootstrap_servers, "group.id": uuid.uuid4().hex} | self.kafka)
        try:
            consumer.assign([TopicPartition(topic, number, 0) for number in range(PARTITIONS)])
            found: list[Message] = []
            while len(found) < count:
                message = consumer.poll(PATIENCE)
                assert message is not None, f"{len(found)} of {count} messages"
                assert message.error() is None
                found.append(message)
        finally:
            consumer.close()
        return found

    def count(self, topic: str) -> int:
        """How many messages a topic has."""
        consumer = RawConsumer({"bootstrap.servers": self.bootstrap_servers, "group.id": uuid.uuid4().hex})
        try:
            places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            bounds = [consumer.get_watermark_offsets(place, timeout=PATIENCE) for place in places]
            return sum(high - low for low, high in bounds)
        finally:
            consumer.close()

    def committed(self, topic: str, group: str) -> int:
        """How many messages of a topic a group has behind it."""
        consumer = RawConsumer({"bootstrap.servers": self.bootstrap_servers, "group.id": group})
        try:
            places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
            return sum(max(0, one.offset) for one in consumer.committed(places, timeout=PATIENCE))
        finally:
            consumer.close()


@pytest.fixture(scope="session")
def embedded_parts() -> Iterator[EmbeddedBus]:
    with kontrakt.embedded(level="NONE") as bus:
        yield bus


@pytest.fixture(params=["embedded", pytest.param("apicurio3", marks=pytest.mark.real)])
def place(request: pytest.FixtureRequest) -> Place:
    return placed(request)


def placed(request: pytest.FixtureRequest) -> Place:
    """The place that a fixture's parameter names."""
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


def nobody_listens() -> str:
    """An address without a broker. Its port is none that systems give to connections, so that nothing meets itself there."""
    (port,) = free_ports(1)
    return f"127.0.0.1:{port}"


@contextmanager
def in_thread(work: Callable[[], object]) -> Generator[threading.Thread]:
    """Run something beside the test; what it raises is raised at the end."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - raised again below
            raised.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield thread
    thread.join(PATIENCE)
    assert not thread.is_alive()
    if raised:
        raise raised[0]
