"""A broker in memory: librdkafka's own mock cluster, for tests, development and demos.

It speaks Kafka's protocol on loopback, so clients of other processes can use it: topics (created when first used), consumer
groups, transactions. It has no compaction and no retention, keeps nothing on disk, and ends with the process.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Final, Self

from confluent_kafka import KafkaException, Producer

from kontrakt.errors import BrokerUnavailable, ClosedError

_PATIENCE: Final = 10.0
_PAUSE: Final = 0.02


class EmbeddedBroker:
    """A broker in memory; use it as a context manager, or call :meth:`start` and :meth:`close`."""

    def __init__(self) -> None:
        self._holder: Producer | None = None
        self._servers = ""

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

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


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
