"""How librdkafka is set up: what kontrakt promises, under what the user says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

_log: Final = logging.getLogger("kontrakt.kafka.client")

_PRODUCER: Final[Mapping[str, Any]] = {
    "enable.idempotence": True,
    "acks": "all",
    "partitioner": "murmur2_random",
    "compression.type": "lz4",
    "linger.ms": 5,
}
"""No acknowledged message is lost or doubled, and a key goes to the partition to which Java's clients send it."""

_CONSUMER: Final[Mapping[str, Any]] = {
    "enable.auto.commit": True,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "partition.assignment.strategy": "cooperative-sticky",
    "allow.auto.create.topics": False,
}
"""Offsets are committed in the background, but only those of messages that were handled."""

_OURS: Final[Mapping[str, str]] = {
    "enable.auto.offset.store": "offsets are stored when a message was handled",
    "enable.partition.eof": "until_end() needs it",
    "auto.offset.reset": "say start= instead",
    "group.id": "say group= instead",
}
_ONLY_PRODUCER: Final = frozenset(
    (
        "acks",
        "batch.num.messages",
        "batch.size",
        "compression.codec",
        "compression.level",
        "compression.type",
        "delivery.report.only.error",
        "delivery.timeout.ms",
        "enable.gapless.guarantee",
        "enable.idempotence",
        "linger.ms",
        "message.send.max.retries",
        "message.timeout.ms",
        "partitioner",
        "queue.buffering.backpressure.threshold",
        "queue.buffering.max.kbytes",
        "queue.buffering.max.messages",
        "queue.buffering.max.ms",
        "queuing.strategy",
        "request.required.acks",
        "request.timeout.ms",
        "retries",
        "retry.backoff.max.ms",
        "retry.backoff.ms",
        "sticky.partitioning.linger.ms",
        "transaction.timeout.ms",
        "transactional.id",
    )
)
_ONLY_CONSUMER: Final = frozenset(
    (
        "allow.auto.create.topics",
        "auto.commit.interval.ms",
        "auto.offset.reset",
        "check.crcs",
        "coordinator.query.interval.ms",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.partition.eof",
        "fetch.error.backoff.ms",
        "fetch.max.bytes",
        "fetch.message.max.bytes",
        "fetch.min.bytes",
        "fetch.queue.backoff.ms",
        "fetch.wait.max.ms",
        "group.id",
        "group.instance.id",
        "group.protocol",
        "group.protocol.type",
        "group.remote.assignor",
        "heartbeat.interval.ms",
        "isolation.level",
        "max.partition.fetch.bytes",
        "max.poll.interval.ms",
        "partition.assignment.strategy",
        "queued.max.messages.kbytes",
        "queued.min.messages",
        "session.timeout.ms",
    )
)


def producer_config(bus: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a producer.

    Args:
        bus: What the user says for all clients, by librdkafka's names.
    """
    said = {name: value for name, value in bus.items() if name not in _ONLY_CONSUMER}
    return {**_PRODUCER, **said, "logger": _log}


def consumer_config(bus: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The configuration of a consumer.

    Args:
        bus: What the user says for all clients, by librdkafka's names.
        own: What the user says for this one.

    Raises:
        ValueError: Something is set on which kontrakt's promises rest.
    """
    for name, why in _OURS.items():
        if own and name in own:
            raise ValueError(f"{name} cannot be set: {why}")
    said = {name: value for name, value in bus.items() if name not in _ONLY_PRODUCER and name not in _OURS}
    config = {**_CONSUMER, **said, **(own or {})}
    if config.get("group.protocol") == "consumer":  # where the broker assigns partitions
        config.pop("partition.assignment.strategy")
    return {**config, "logger": _log}
