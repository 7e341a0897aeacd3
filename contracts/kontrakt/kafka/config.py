"""How librdkafka is set up: what kontrakt promises, under what the user says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from kontrakt.errors import BusError

_log: Final = logging.getLogger("kontrakt.kafka.client")
# A bus tells its producer what is meant for its consumers too, and librdkafka says each time that it does not need it.
_log.addFilter(lambda record: "will be ignored by this" not in record.getMessage())

_PRODUCER: Final[Mapping[str, Any]] = {
    "enable.idempotence": True,
    "acks": "all",
    "partitioner": "murmur2_random",
    "compression.type": "lz4",
    "linger.ms": 5,
    "allow.auto.create.topics": False,
}
"""No acknowledged message is lost or doubled, and a key goes to the partition to which Java's clients send it. A topic that the
broker would make up has the wrong settings: what is sent to one that is missing fails."""

_CONSUMER: Final[Mapping[str, Any]] = {
    "enable.auto.commit": True,
    "enable.auto.offset.store": False,
    "enable.partition.eof": True,
    "partition.assignment.strategy": "cooperative-sticky",
}
"""Offsets are committed in the background, but only those of messages that were handled."""

OURS: Final[Mapping[str, str]] = {
    "auto.offset.reset": "say start= where the consumer is made",
    "delivery.report.only.error": "every message has a delivery result",
    "enable.auto.offset.store": "an offset is stored when its message was handled",
    "enable.partition.eof": "until_end() needs it",
    "group.id": "say group= where the consumer is made",
    "logger": "librdkafka logs to the logger kontrakt.kafka.client",
    "transactional.id": "say it where transactions are made: bus.transactions(...)",
}
"""What nobody may set, and why: kontrakt's promises rest on it."""


def producer_config(bus: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a producer.

    Args:
        bus: What the user says for all clients, by librdkafka's names.
    """
    return {**_PRODUCER, **bus, "logger": _log}


def consumer_config(bus: Mapping[str, Any], own: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The configuration of a consumer, without its group.

    Args:
        bus: What the user says for all clients, by librdkafka's names.
        own: What the user says for this one.

    Raises:
        BusError: Something is set on which kontrakt's promises rest.
    """
    said = dict(own or {})
    for name in sorted(OURS.keys() & said.keys()):
        raise BusError(f"{name} cannot be set for a consumer: {OURS[name]}")
    config = {**_CONSUMER, **bus, **said, "logger": _log}
    if config.get("group.protocol") == "consumer" and "partition.assignment.strategy" not in {**bus, **said}:
        del config["partition.assignment.strategy"]  # here the broker assigns partitions
    return config
