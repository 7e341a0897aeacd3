"""The fields that log records carry for structured logging, beside their text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .messages import Meta


def told(
    event: str, *, topic: str = "", partition: int | None = None, offset: int | None = None, group: str = ""
) -> dict[str, object]:
    """What a log record is given as ``extra``.

    Args:
        event: What happened, by the name that docs/observability.md lists.
        topic: The topic.
        partition: The partition.
        offset: The offset.
        group: The consumer group.
    """
    found: dict[str, object] = {"event": event}
    if topic:
        found["topic"] = topic
    if partition is not None:
        found["partition"] = partition
    if offset is not None:
        found["offset"] = offset
    if group:
        found["group"] = group
    return found


def told_of(event: str, meta: Meta) -> dict[str, object]:
    """What a log record about a message is given as ``extra``."""
    return told(event, topic=meta.topic, partition=meta.partition, offset=meta.offset)
