"""What the processes of a run agree on."""

from __future__ import annotations

from typing import Final

from tests.kafka.new.customers import Customers

PATIENCE: Final = 180.0
"""Seconds after which something that must happen has not."""

GROUP: Final = "readers"
PARTITIONS: Final = 6
_KEYS: Final = 200


class Changes(Customers):
    """The topic."""

    topic = "faults.customers"


def key_of(name: str, sent: int) -> tuple[str, int]:
    """The key and the number of a producer's message.

    Args:
        name: The producer.
        sent: How many it sent before.
    """
    return f"{name}-{sent % _KEYS}", sent // _KEYS
