"""Two brokers that hold every message twice, and a registry."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import kontrakt
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from tests.faults.story import PARTITIONS, PATIENCE, Changes
from tests.real.apicurio import ApicurioServer
from tests.real.kafka import KafkaServer
from tests.real.start import apicurio, kafka

_SETTINGS: Final = {"offsets.topic.replication.factor": "2", "replica.lag.time.max.ms": "3000"}


@dataclass(frozen=True)
class Cluster:
    """What the processes of a run talk to.

    Attributes:
        first: A broker, which is also the controller.
        second: Another one.
        registry: The registry; it forgets everything when it is killed.
    """

    first: KafkaServer
    second: KafkaServer
    registry: ApicurioServer

    @property
    def bootstrap_servers(self) -> str:
        """Where the brokers are."""
        return f"{self.first.bootstrap_servers},{self.second.bootstrap_servers}"

    @property
    def environment(self) -> dict[str, str]:
        """What the processes need to know."""
        return {
            "KONTRAKT_BOOTSTRAP_SERVERS": self.bootstrap_servers,
            "KONTRAKT_REGISTRY_URL": self.registry.url,
            "KONTRAKT_KAFKA_RECONNECT_BACKOFF_MAX_MS": "500",
            "KONTRAKT_KAFKA_LOG_LEVEL": "0",
        }

    def connect(self) -> kontrakt.Bus:
        """A bus."""
        return kontrakt.connect(
            bootstrap_servers=self.bootstrap_servers,
            registry_url=self.registry.url,
            kafka={"reconnect.backoff.max.ms": 500, "log_level": 0},
        )

    def register(self) -> None:
        """Register the topic's schemas."""
        with self.connect() as bus:
            bus.register(Changes)

    def create_topic(self) -> None:
        """Create the topic, on both brokers."""
        create: Any = getattr(self._admin(), "create_topics")  # noqa: B009 - its annotations are incomplete
        create([NewTopic(Changes.topic, PARTITIONS, 2)])[Changes.topic].result(PATIENCE)

    def await_both(self) -> None:
        """Wait until both brokers hold everything.

        Raises:
            AssertionError: They do not in time.
        """
        await_that(self._in_sync, "both brokers hold everything")

    def _in_sync(self) -> bool:
        metadata = self._admin().list_topics(timeout=PATIENCE)
        return len(metadata.brokers) == 2 and all(
            len(partition.isrs) == 2 for topic in metadata.topics.values() for partition in topic.partitions.values()
        )

    def _admin(self) -> AdminClient:
        return AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})


@contextmanager
def cluster() -> Generator[Cluster]:
    """Start everything, with the topic in place.

    Raises:
        PartMissingError: Something cannot be had here.
    """
    with kafka(_SETTINGS) as first, kafka(_SETTINGS, joining=first) as second, apicurio(3) as registry:
        found = Cluster(first, second, registry)
        found.create_topic()
        found.register()
        yield found


def await_that(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds.

    Args:
        holds: Whether it does.
        what: It, in words.

    Raises:
        AssertionError: It does not in time.
    """
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"not within {PATIENCE:.0f} s: {what}"
        time.sleep(0.05)
