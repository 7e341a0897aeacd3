"""All partitions of a topic, read from given offsets without a consumer group, and where they end."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Message,
    TopicCollection,
    TopicPartition,
    admin,
)

from kontrakt.errors import TableOutdated

from .config import consumer_config
from .failures import is_final, is_passing, translated
from .fetcher import place_of
from .handles import consumer, partitions_of, patience
from .told import told

_log: Final = logging.getLogger("kontrakt.kafka")

BATCH: Final = 1000
"""Messages that are taken at once, and changed in one transaction."""

_ADMIN: Final[Any] = admin  # its annotations are incomplete
_EOF: Final = "_PARTITION_EOF"
_RESET: Final = "_AUTO_OFFSET_RESET"
_NO_GROUP: Final = "GROUP_AUTHORIZATION_FAILED"
"""librdkafka looks for the coordinator of a group that a table never joins; who may not have one needs none."""
_PAUSE_SECONDS: Final = 0.05
_LEADERS_SECONDS: Final = 1.0
_RETENTION: Final = "delete.retention.ms"


@dataclass(slots=True)
class Batch:
    """What was read.

    Attributes:
        messages: The messages, those of each partition in their order.
        ends: Partitions that have been read to their end, which what nobody sees may lie before: the markers of transactions.
    """

    messages: list[Message] = field(default_factory=list[Message])
    ends: dict[int, int] = field(default_factory=dict[int, int])


@dataclass(frozen=True, slots=True)
class Described:
    """What the broker says of the topic.

    Attributes:
        id: The id that it gave the topic when it was made (KIP-516); empty where it has none.
        partitions: How many partitions the topic has.
    """

    id: str
    partitions: int


class Asked:
    """Questions to the broker that are on their way.

    Attributes:
        moment: When they were asked.
    """

    def __init__(self, moment: float, ends: Mapping[int, Future[Any]], topic: Future[Any] | None) -> None:
        self.moment: Final = moment
        self._ends = ends
        self._topic = topic

    @property
    def done(self) -> bool:
        """Whether they are answered."""
        return all(one.done() for one in self._ends.values()) and (self._topic is None or self._topic.done())

    def ends(self) -> dict[int, int]:
        """Where the partitions ended; raises what the broker answered instead."""
        return {partition: one.result().offset for partition, one in self._ends.items()}

    def topic(self) -> Described | None:
        """What the topic is, if that was asked; raises what the broker answered instead."""
        return None if self._topic is None else _described(self._topic)


class Follower:
    """The messages of a topic. One thread uses it.

    Args:
        config: What the user says of Kafka clients, by librdkafka's names.
        topic: The topic.
        own: What the user says of this consumer.

    Raises:
        TopicNotFound: There is no such topic.
        BrokerUnavailable: No broker answers within librdkafka's ``socket.connection.setup.timeout.ms``.
        BusError: librdkafka refuses the configuration.
    """

    def __init__(self, config: Mapping[str, Any], topic: str, own: Mapping[str, Any] | None = None) -> None:
        self.topic: Final = topic
        whole = {
            **consumer_config(config, own),
            "group.id": f"kontrakt-table-{topic}",
            "auto.offset.reset": "error",
            "enable.auto.commit": False,
        }
        self._patience = patience(whole)
        self._servers = str(whole.get("bootstrap.servers", ""))
        self._consumer: Consumer = consumer(whole)
        self._admin: Any = None
        try:
            self._admin = _ADMIN.AdminClient({**config, "logger": whole["logger"]})
            self.partitions = partitions_of(self._consumer, topic, self._patience, self._servers)
        except BaseException:
            self._consumer.close()
            raise

    @property
    def handles(self) -> tuple[object, ...]:
        """Librdkafka's clients."""
        return self._consumer, self._admin

    def start(self, offsets: Mapping[int, int]) -> None:
        """Read on from offsets.

        Args:
            offsets: The offset of the next message of each partition; the first that there is where none is named.
        """
        self._consumer.assign(
            [TopicPartition(self.topic, one, offsets.get(one, OFFSET_BEGINNING)) for one in range(self.partitions)]
        )

    def take(self, timeout: float) -> Batch:
        """What librdkafka has; waits for the first message.

        Args:
            timeout: Seconds.

        Raises:
            TableOutdated: The next message is not there any more, or the log ends before it.
            TopicNotFound: The topic was deleted.
            BusDenied: The credentials lack the right.
            BusError: The consumer cannot go on.
        """
        batch = Batch()
        try:
            first = self._consumer.poll(timeout)
            found = [] if first is None else [first, *self._consumer.consume(BATCH - 1, 0)]
        except KafkaException as error:
            raise translated(error, f"read {self.topic}") from error
        for message in found:
            wrong = message.error()
            if wrong is None:
                batch.messages.append(message)
            else:
                self._note(message, wrong, batch)
        return batch

    def _note(self, message: Message, error: KafkaError, batch: Batch) -> None:
        name = error.name()
        if name == _EOF:
            _, partition, offset = place_of(message)
            batch.ends[partition] = offset
        elif name == _RESET:
            raise TableOutdated(f"{self.topic}[{message.partition()}] cannot be read on: {error.str()}")
        elif name == _NO_GROUP:
            pass
        elif is_final(error):
            raise translated(error, f"read {self.topic}")
        else:
            _log.warning("reading %s: %s", self.topic, error.str(), extra=told("consumer.error", topic=self.topic))

    # --- questions to the broker -------------------------------------------------------------------------------------

    def ask(self, moment: float, *, ends: bool = True, topic: bool) -> Asked:
        """Ask where the partitions end, and which topic it is; the answers come later.

        Args:
            moment: When it is, to remember.
            ends: Whether the ends are asked for.
            topic: Whether the topic is asked for. The embedded broker does not answer that.
        """
        asked = self._ask_offsets(_ADMIN.OffsetSpec.latest()) if ends else {}
        return Asked(moment, asked, self._ask_topic() if topic else None)

    def bounds(self) -> dict[int, tuple[int, int]]:
        """The offset of each partition's first message, and the one behind its last.

        Raises:
            BusError: The broker does not say.
        """

        def ask() -> dict[int, tuple[int, int]]:
            lows, highs = self._ask_offsets(_ADMIN.OffsetSpec.earliest()), self._ask_offsets(_ADMIN.OffsetSpec.latest())
            return {one: (lows[one].result().offset, highs[one].result().offset) for one in lows}

        found: dict[int, tuple[int, int]] = self._answered(ask, f"find the ends of {self.topic}")
        return found

    def topic_id(self) -> str:
        """The topic's id, for which it is waited.

        Raises:
            BusError: The broker does not say.
        """
        found: Described = self._answered(lambda: _described(self._ask_topic()), f"describe the topic {self.topic}")
        return found.id

    def tombstones_last(self, otherwise: float) -> float:
        """For how many seconds tombstones are kept at least: the topic's ``delete.retention.ms``.

        Args:
            otherwise: What is given where the broker does not say, for instance because it may not be asked.
        """
        resource = _ADMIN.ConfigResource(_ADMIN.ResourceType.TOPIC, self.topic)
        try:
            (asked,) = self._admin.describe_configs([resource], request_timeout=self._patience).values()
            return int(asked.result()[_RETENTION].value) / 1000
        except (KafkaException, KeyError, ValueError, TypeError) as error:
            _log.info(
                "%s: %s is not known: %s", self.topic, _RETENTION, error, extra=told("consumer.error", topic=self.topic)
            )
            return otherwise

    def look_for_leaders(self) -> None:
        """Ask the brokers who leads the partitions. Without it the admin client asks those that led them before, for minutes."""
        with suppress(KafkaException):
            self._admin.list_topics(self.topic, timeout=_LEADERS_SECONDS)

    def close(self) -> None:
        """Read no more."""
        self._consumer.close()

    def _ask_offsets(self, which: Any) -> dict[int, Future[Any]]:
        places = {TopicPartition(self.topic, one): which for one in range(self.partitions)}
        asked: Mapping[TopicPartition, Future[Any]] = self._admin.list_offsets(
            places, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=self._patience
        )
        return {place.partition: future for place, future in asked.items()}

    def _ask_topic(self) -> Future[Any]:
        asked: Future[Any]
        (asked,) = self._admin.describe_topics(TopicCollection([self.topic]), request_timeout=self._patience).values()
        return asked

    def _answered(self, ask: Callable[[], Any], doing: str) -> Any:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return ask()
            except KafkaException as error:
                if time.monotonic() > deadline or not is_passing(error):
                    raise translated(error, doing, self._servers) from error
            time.sleep(_PAUSE_SECONDS)
            self.look_for_leaders()


def _described(asked: Future[Any]) -> Described:
    found = asked.result()
    return Described("" if found.topic_id is None else str(found.topic_id), len(found.partitions))
