"""The broker, as far as topics go: what there is, what it would take, and doing it, many topics with one request."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import KafkaError, KafkaException

from kontrakt.errors import BusDenied, BusError
from kontrakt.kafka.failures import translated

from .steps import AddPartitions, CreateTopic, SetConfig

if TYPE_CHECKING:
    from .steps import TopicStep

SECONDS: Final = 30.0
"""How long one request may take. A cluster makes a thousand topics in a few seconds."""
PATIENCE: Final = 10.0
"""Seconds for the first answer."""
_HINTS: Final[Mapping[str, str]] = {
    "TOPIC_ALREADY_EXISTS": "somebody made it since it was looked for, or it may not be described: plan again, and see how it differs",
    "POLICY_VIOLATION": "a policy of the brokers refuses it: change what the contract says, or ask whoever runs them",
    "TOPIC_AUTHORIZATION_FAILED": "creating takes the right CREATE, settings ALTER_CONFIGS, partitions ALTER, on the topic",
    "INVALID_REPLICATION_FACTOR": "say another replication in the contract, or leave it out for the brokers' default",
    "INVALID_CONFIG": "look at config in the contract",
}
"""What is left to do, by the name of Kafka's error."""
_MOCK: Final = "mockCluster"
"""How the id of librdkafka's mock cluster begins (``rd_kafka_mock_cluster_new``). It answers none of the requests about topics, so that
each of them would wait until its time is up."""
_ADMIN: Final[Any] = import_module("confluent_kafka.admin")
"""Untyped: its own annotations leave open what it answers."""
_log: Final = logging.getLogger("kontrakt.kafka.client")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTopic:
    """A topic that is there.

    Attributes:
        partitions: How many partitions it has.
        replication: How many copies each partition has; the fewest and the most where they differ.
        config: Its settings with the values that count; None where they may not be read.
    """

    partitions: int
    replication: tuple[int, int]
    config: Mapping[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerState:
    """What a broker has of some topics.

    Attributes:
        servers: Its address.
        cluster: The cluster's id.
        topics: Those that are there, by name.
        limited: Whether it cannot be asked for settings, nor told any: librdkafka's mock cluster.
        denied: Why the settings of a topic may not be read, by topic.
    """

    servers: str
    cluster: str
    topics: Mapping[str, FoundTopic]
    limited: bool
    denied: Mapping[str, str]


class Broker:
    """A broker. One instance serves all threads.

    Args:
        config: What librdkafka is told, by its own names.

    Raises:
        BusError: librdkafka refuses the configuration.
    """

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.servers: Final = str(config.get("bootstrap.servers", ""))
        self._told: list[KafkaError] = []
        try:
            self._admin: Any = _ADMIN.AdminClient({**config, "logger": _log, "error_cb": self._told.append})
        except KafkaException as error:
            raise translated(error, "set up a Kafka client") from error

    @cached_property
    def limited(self) -> bool:
        """Whether it cannot be asked for settings, nor told any.

        Raises:
            BrokerUnavailable: No broker answers.
        """
        return _is_mock(self._metadata())

    def state(self, names: Iterable[str]) -> BrokerState:
        """What there is of some topics.

        Args:
            names: The topics' names.

        Raises:
            BrokerUnavailable: No broker answers.
            BusError: It does not say.
        """
        found = self._metadata()
        there = {name: found.topics[name] for name in names if name in found.topics}
        limited = _is_mock(found)
        configs, denied = self._configs([] if limited else list(there))
        topics: dict[str, FoundTopic] = {}
        for name, one in there.items():
            copies = [len(partition.replicas) for partition in one.partitions.values()] or [0]
            topics[name] = FoundTopic(
                partitions=len(one.partitions),
                replication=(min(copies), max(copies)),
                config=configs.get(name),
            )
        return BrokerState(
            servers=self.servers,
            cluster=str(found.cluster_id or ""),
            topics=topics,
            limited=limited,
            denied=denied,
        )

    def do(self, steps: Sequence[TopicStep], *, only_ask: bool = False) -> Mapping[TopicStep, BusError]:
        """Do steps; those of a kind with one request for all topics.

        Args:
            steps: The steps. Those that set the settings of one topic succeed or fail together.
            only_ask: Whether the broker only says what would come of it, and does nothing.

        Returns:
            The steps that failed, and why.
        """
        if self.limited:
            return {} if only_ask else self._made_up(steps)
        create = [one for one in steps if isinstance(one, CreateTopic)]
        config = [one for one in steps if isinstance(one, SetConfig)]
        partitions = [one for one in steps if isinstance(one, AddPartitions)]
        failed: dict[TopicStep, BusError] = {}
        failed |= self._create(create, only_ask=only_ask)
        failed |= self._set(config, only_ask=only_ask)
        failed |= self._add(partitions, only_ask=only_ask)
        return failed

    def _metadata(self) -> Any:
        """Of all topics: one that is asked for by name, a broker may make up with the wrong settings."""
        doing = "list the topics"
        try:
            return self._admin.list_topics(timeout=PATIENCE)
        except KafkaException as error:
            self._admin.poll(0)  # a connection that was refused is told apart from the request that got no answer
            told = (translated(one, doing, self.servers) for one in self._told)
            denied = next((one for one in told if isinstance(one, BusDenied)), None)
            raise denied or translated(error, doing, self.servers) from error

    def _create(self, steps: Sequence[CreateTopic], *, only_ask: bool) -> Mapping[TopicStep, BusError]:
        new = [
            _ADMIN.NewTopic(
                step.about,
                num_partitions=step.partitions or -1,  # KIP-464: the broker's default
                replication_factor=step.replication or -1,
                config=dict(step.config),
            )
            for step in steps
        ]
        if not new:
            return {}
        answers = self._admin.create_topics(
            new, operation_timeout=SECONDS, request_timeout=SECONDS, validate_only=only_ask
        )
        return self._failed({step: (answers[step.about], f"create the topic {step.about}") for step in steps})

    def _set(self, steps: Sequence[SetConfig], *, only_ask: bool) -> Mapping[TopicStep, BusError]:
        by_topic: dict[str, list[Any]] = {}
        for step in steps:
            entry = _ADMIN.ConfigEntry(step.name, step.after, incremental_operation=_ADMIN.AlterConfigOpType.SET)
            by_topic.setdefault(step.about, []).append(entry)
        resources = {
            name: _ADMIN.ConfigResource(_ADMIN.ResourceType.TOPIC, name, incremental_configs=entries)
            for name, entries in by_topic.items()
        }
        if not resources:
            return {}
        answers = self._admin.incremental_alter_configs(
            list(resources.values()), request_timeout=SECONDS, validate_only=only_ask
        )
        doing = {step: f"set {step.name} of the topic {step.about} to {step.after}" for step in steps}
        return self._failed({step: (answers[resources[step.about]], doing[step]) for step in steps})

    def _add(self, steps: Sequence[AddPartitions], *, only_ask: bool) -> Mapping[TopicStep, BusError]:
        if not steps:
            return {}
        answers = self._admin.create_partitions(
            [_ADMIN.NewPartitions(step.about, step.after) for step in steps],
            operation_timeout=SECONDS,
            request_timeout=SECONDS,
            validate_only=only_ask,
        )
        doing = {step: f"add partitions to the topic {step.about}" for step in steps}
        return self._failed({step: (answers[step.about], doing[step]) for step in steps})

    def _failed(self, asked: Mapping[Any, tuple[Any, str]]) -> Mapping[TopicStep, BusError]:
        failed: dict[TopicStep, BusError] = {}
        for step, (answer, doing) in asked.items():
            try:
                answer.result()
            except KafkaException as error:
                why = translated(error, doing, self.servers)
                hint = _HINTS.get(error.args[0].name(), "")
                failed[step] = type(why)(f"{str(why).rstrip('.')}; {hint}") if hint else why
        return failed

    def _configs(self, names: Sequence[str]) -> tuple[Mapping[str, Mapping[str, str]], Mapping[str, str]]:
        """The settings of topics, and why those of others may not be read."""
        found: dict[str, Mapping[str, str]] = {}
        denied: dict[str, str] = {}
        if not names:
            return found, denied
        resources = [_ADMIN.ConfigResource(_ADMIN.ResourceType.TOPIC, name) for name in names]
        for resource, answer in self._admin.describe_configs(resources, request_timeout=SECONDS).items():
            try:
                entries = answer.result()
            except KafkaException as error:
                why = translated(error, f"read the settings of the topic {resource.name}", self.servers)
                if not isinstance(why, BusDenied):
                    raise why from error
                denied[resource.name] = str(why)
            else:
                found[resource.name] = {name: entry.value or "" for name, entry in entries.items()}
        return found, denied

    def _made_up(self, steps: Sequence[TopicStep]) -> Mapping[TopicStep, BusError]:
        """The mock cluster makes a topic when it is asked about it, with four partitions and no settings."""
        failed: dict[TopicStep, BusError] = {}
        for step in steps:
            try:
                self._admin.list_topics(step.about, timeout=SECONDS)
            except KafkaException as error:
                failed[step] = translated(error, f"create the topic {step.about}", self.servers)
        return failed


def _is_mock(metadata: Any) -> bool:
    return str(metadata.cluster_id or "").startswith(_MOCK)
