"""A broker and a registry in memory, for tests, development and demos.

The broker is librdkafka's own mock cluster. It speaks Kafka's protocol on loopback, so clients of other processes can use it: topics
(created when a producer first uses them, with 4 partitions), consumer groups. It takes the requests of transactions and
isolates nothing, has no compaction, no retention and no access control, cannot create topics through Kafka's admin interface, keeps
nothing on disk, and ends with the process.

Clients should know its ways (:data:`QUICK`), as those of :func:`embedded` do: a consumer group of the classic protocol takes 3 seconds to
start, one in which the broker assigns partitions starts at once; and a consumer that waits for messages is answered only when the time
is up for which it would wait at most. A second member of a group waits for the next heartbeat, 3 seconds, with both protocols.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from confluent_kafka import KafkaException, Producer

from kontrakt.errors import BrokerUnavailable, ClosedError
from kontrakt.settings import Settings

from .bus import Bus
from .forks import keep, watch

if TYPE_CHECKING:
    from kontrakt.registry.embedded import EmbeddedRegistry

    from .requests import Requests
    from .topics import Topic

QUICK: Final[Mapping[str, str]] = {
    "group.protocol": "consumer",
    "fetch.wait.max.ms": "10",
    "allow.auto.create.topics": "true",
}
"""What librdkafka's clients are told so that the mock cluster answers soon, and makes the topics that nobody else can."""

_PATIENCE: Final = 10.0
_PAUSE: Final = 0.02


class EmbeddedBroker:
    """A broker in memory; use it as a context manager, or call :meth:`start` and :meth:`close`."""

    def __init__(self) -> None:
        self._holder: Producer | None = None
        self._servers = ""
        watch(self)

    @property
    def bootstrap_servers(self) -> str:
        """The address, as ``host:port``.

        Raises:
            ClosedError: It is not running.
        """
        if self._holder is None:
            raise ClosedError("the embedded broker is not running; start() it first")
        return self._servers

    def start(self) -> None:
        """Starts the broker; does nothing when it runs.

        Raises:
            BrokerUnavailable: It did not come up, for instance because no local port could be opened.
        """
        if self._holder is not None:
            return
        holder = Producer(
            {
                "test.mock.num.brokers": 1,
                "test.mock.broker.rtt": 0,
                "allow.auto.create.topics": True,
                "log_level": 0,
            }
        )
        self._servers = _address(holder)
        self._holder = holder

    def create_topics(self, *names: str) -> None:
        """Creates topics now rather than when they are first used; they have 4 partitions.

        Args:
            names: Their names; those that exist stay as they are.

        Raises:
            BrokerUnavailable: The broker did not answer.
            ClosedError: It is not running.
        """
        if self._holder is None:
            raise ClosedError("the embedded broker is not running; start() it first")
        for name in names:
            try:
                self._holder.list_topics(name, timeout=_PATIENCE)  # the mock cluster creates what is asked about
            except KafkaException as error:
                raise BrokerUnavailable(f"the embedded broker did not create the topic {name}: {error}") from error

    def close(self) -> None:
        """Ends the broker and everything in it; does nothing when it does not run."""
        self._holder = None
        self._servers = ""

    def after_fork(self) -> None:
        """Note that this is a forked child: the broker is the parent's."""
        keep(self._holder)
        self._holder = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class EmbeddedBus(Bus):
    """A bus to a broker and a registry in memory. Made by :func:`embedded`.

    Args:
        broker: The broker, which ends with the bus.
        registry: The registry.
        kafka: More for librdkafka, by its own names.
        own_registry: Whether the registry ends with the bus too.
    """

    def __init__(
        self,
        broker: EmbeddedBroker,
        registry: EmbeddedRegistry,
        kafka: Mapping[str, Any],
        *,
        own_registry: bool = True,
    ) -> None:
        self._broker = broker
        self._registry_server = registry if own_registry else None
        super().__init__(
            Settings(bootstrap_servers=broker.bootstrap_servers, registry_url=registry.url), kafka={**QUICK, **kafka}
        )

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables with which ``kontrakt.connect()`` of another process joins."""
        return {
            "KONTRAKT_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "KONTRAKT_REGISTRY_URL": self.registry_url,
            **{f"KONTRAKT_KAFKA_{name.upper().replace('.', '_')}": str(self.kafka[name]) for name in QUICK},
        }

    def create_topics(self, *topics: type[Topic | Requests] | str) -> None:
        """Create topics now; they have 4 partitions.

        Args:
            topics: Names, or generated topics.
        """
        from .declared import names_of

        for topic in topics:
            self._broker.create_topics(*([topic] if isinstance(topic, str) else names_of(topic)))

    def register(self, *topics: type[Topic | Requests]) -> None:
        """Register the schemas of generated topics, and create the topics.

        Args:
            topics: Generated topics.
        """
        super().register(*topics)
        self.create_topics(*topics)

    def ensure_topic(self, topic: str) -> None:
        """Create a topic before it is read: here nobody else does."""
        self._broker.create_topics(topic)

    def close(self) -> None:
        """Close every client, then end the broker and the registry, with everything in them."""
        if self._closed:
            return  # or this is a forked child, and they are the parent's
        try:
            super().close()
        finally:
            if self._registry_server is not None:
                self._registry_server.stop()
            self._broker.close()


def embedded(
    *topics: type[Topic | Requests],
    registry_port: int = 0,
    level: str = "BACKWARD",
    kafka: Mapping[str, Any] | None = None,
) -> EmbeddedBus:
    """Start a broker and a registry in memory, and connect to them. They end when the bus is closed.

    ::

        with kontrakt.embedded(Customers, OrderEvents) as bus:
            Customers.producer(bus).put(Customer(customer_id="c-1", email="ada@example.org"))

    The module says what the broker lacks (:mod:`kontrakt.kafka.embedded`).

    Args:
        topics: Generated topics whose schemas are registered and that are created.
        registry_port: The registry's port; 0 for a free one.
        level: The registry's compatibility level.
        kafka: More for librdkafka, by its own names.

    Raises:
        BrokerUnavailable: The broker did not come up.
        RegistryError: The registry's port is taken.
    """
    from kontrakt.registry.embedded import EmbeddedRegistry

    broker = EmbeddedBroker()
    broker.start()
    try:
        registry = EmbeddedRegistry(port=registry_port, level=level)
        registry.start()
    except BaseException:
        broker.close()
        raise
    bus = EmbeddedBus(broker, registry, kafka or {})
    try:
        bus.register(*topics)
    except BaseException:
        bus.close()
        raise
    return bus


def _address(holder: Producer) -> str:
    """The address of the mock cluster that a client holds; it opens its port in the background."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            brokers = holder.list_topics(timeout=1.0).brokers.values()
        except KafkaException as error:
            raise BrokerUnavailable(f"the embedded broker did not start: {error}") from error
        if addresses := [f"{broker.host}:{broker.port}" for broker in brokers]:
            return ",".join(addresses)
        time.sleep(_PAUSE)
    raise BrokerUnavailable(f"the embedded broker did not start within {_PATIENCE:.0f} s")
