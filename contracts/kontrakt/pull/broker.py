"""What a broker says of its topics."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from kontrakt.kafka.failures import translated

if TYPE_CHECKING:
    from kontrakt.settings import Settings

SECONDS: Final = 15.0
"""How long a broker has for an answer."""
_OF_TOPIC: Final = 1
"""``DYNAMIC_TOPIC_CONFIG``: a setting that was made for the topic (Kafka's protocol, DescribeConfigs)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnBroker:
    """A topic as it is on the broker.

    Attributes:
        partitions: How many it has.
        policies: What its ``cleanup.policy`` says; None where the broker does not tell settings.
        config: The settings that were made for the topic itself.
    """

    partitions: int
    policies: frozenset[str] | None = None
    config: Mapping[str, str] = field(default_factory=dict[str, str])


def topics_of(settings: Settings) -> dict[str, OnBroker]:
    """The topics of the broker, but for Kafka's own.

    The embedded broker tells no settings: of its topics, only the partitions are known.

    Args:
        settings: The settings, for the broker's address and what else its client is told.

    Raises:
        BrokerUnavailable: No broker answers.
        BusDenied: The credentials are refused, or lack the right.
        BusError: The broker cannot be asked for another reason.
    """
    from confluent_kafka import KafkaException, admin

    admin_: Any = admin  # whose annotations leave out most of what it has
    untyped = admin_.AdminClient(settings.kafka_config)
    try:
        metadata: Any = untyped.list_topics(timeout=SECONDS)
    except KafkaException as error:
        raise translated(error, "list the topics") from error
    found = {
        name: OnBroker(partitions=len(topic.partitions))
        for name, topic in metadata.topics.items()
        if not name.startswith("__")
    }
    if metadata.controller_id not in metadata.brokers:  # librdkafka's mock cluster has no one to ask
        return found
    asked = [admin_.ConfigResource(admin_.ConfigResource.Type.TOPIC, name) for name in found]
    answers: dict[Any, Future[Any]] = untyped.describe_configs(asked, request_timeout=SECONDS) if asked else {}
    for resource, answer in answers.items():
        try:
            entries = answer.result()
        except KafkaException as error:
            raise translated(error, f"ask for the settings of the topic {resource.name}") from error
        found[resource.name] = OnBroker(
            partitions=found[resource.name].partitions,
            policies=frozenset(str(entries["cleanup.policy"].value).split(",")),
            config={name: str(one.value) for name, one in entries.items() if one.source == _OF_TOPIC},
        )
    return found
