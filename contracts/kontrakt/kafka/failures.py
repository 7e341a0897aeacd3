"""What librdkafka reports, in kontrakt's words."""

from __future__ import annotations

import copy
from typing import Final, TypeVar

from confluent_kafka import KafkaError, KafkaException

from kontrakt.errors import BrokerUnavailable, BusDenied, BusError, KontraktError, MessageRejected, TopicNotFound

E = TypeVar("E", bound=KontraktError)

# By the names that librdkafka gives its errors; those that begin with an underscore happened on this side.
_ABSENT: Final = frozenset(
    (
        "_ALL_BROKERS_DOWN",
        "_DESTROY_BROKER",
        "_MSG_TIMED_OUT",
        "_RESOLVE",
        "_TIMED_OUT",
        "_TIMED_OUT_QUEUE",
        "_TRANSPORT",
        "BROKER_NOT_AVAILABLE",
        "COORDINATOR_NOT_AVAILABLE",
        "NETWORK_EXCEPTION",
        "REQUEST_TIMED_OUT",
    )
)
_MOVING: Final = frozenset(
    (
        "_NOENT",  # no partition has a leader now
        "FENCED_LEADER_EPOCH",
        "LEADER_NOT_AVAILABLE",
        "NOT_LEADER_FOR_PARTITION",
        "OFFSET_NOT_AVAILABLE",
        "UNKNOWN_LEADER_EPOCH",
    )
)
_DENIED: Final = frozenset(
    (
        "_AUTHENTICATION",
        "_SSL",
        "CLUSTER_AUTHORIZATION_FAILED",
        "GROUP_AUTHORIZATION_FAILED",
        "ILLEGAL_SASL_STATE",
        "SASL_AUTHENTICATION_FAILED",
        "SECURITY_DISABLED",
        "TOPIC_AUTHORIZATION_FAILED",
        "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
        "UNSUPPORTED_SASL_MECHANISM",
    )
)
_FENCED: Final = frozenset(("_FENCED", "INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED"))
_REBALANCED: Final = frozenset(
    (
        "FENCED_INSTANCE_ID",
        "FENCED_MEMBER_EPOCH",
        "ILLEGAL_GENERATION",
        "REBALANCE_IN_PROGRESS",
        "STALE_MEMBER_EPOCH",
        "UNKNOWN_MEMBER_ID",
    )
)
_NO_TOPIC: Final = frozenset(
    ("_UNKNOWN_PARTITION", "_UNKNOWN_TOPIC", "TOPIC_EXCEPTION", "UNKNOWN_TOPIC_ID", "UNKNOWN_TOPIC_OR_PART")
)


_REJECTED: Final = frozenset(
    (
        "INVALID_MSG",
        "INVALID_MSG_SIZE",
        "INVALID_RECORD",
        "INVALID_TIMESTAMP",
        "MSG_SIZE_TOO_LARGE",
        "POLICY_VIOLATION",
        "RECORD_LIST_TOO_LARGE",
        "UNSUPPORTED_FOR_MESSAGE_FORMAT",
    )
)


def is_passing(error: KafkaException) -> bool:
    """Whether asking again may help: no broker answered, or the partition is moving to another leader."""
    return _reported(error).name() in _ABSENT | _MOVING


def is_final(error: KafkaError) -> bool:
    """Whether it does not go away by itself: the client is done for, the broker refuses who asks, or there is no such topic."""
    return error.fatal() or error.name() in _DENIED or error.name() in _NO_TOPIC


def is_fencing(error: KafkaError) -> bool:
    """Whether another producer took the transactional id over."""
    return error.name() in _FENCED


def is_of_group(error: KafkaError) -> bool:
    """Whether the group gave the partitions to another member meanwhile."""
    return error.name() in _REBALANCED


def translated(error: KafkaError | KafkaException, doing: str, servers: str = "") -> BusError:
    """The error to raise for one of librdkafka.

    Args:
        error: What librdkafka reports.
        doing: What was tried, such as ``send to shop.customers``.
        servers: The brokers' address, where it is worth showing.
    """
    reported = _reported(error)
    said = reported.str().removeprefix("Broker: ").removeprefix("Local: ")
    name = reported.name()
    over = "; this client cannot go on, close its bus and connect again" if reported.fatal() else ""
    if name in _ABSENT:
        at = f" at {servers}" if servers else ""
        return BrokerUnavailable(
            f"cannot {doing}: no answer from the brokers{at} ({said}); check that Kafka runs there, and the address"
        )
    if name in _DENIED:
        return BusDenied(f"cannot {doing}: {said}; check the credentials of the Kafka client and their rights{over}")
    if name in _NO_TOPIC:
        return TopicNotFound(f"cannot {doing}: {said}; create the topic first, kontrakt does not do it by itself")
    if name in _REJECTED:
        return MessageRejected(
            f"cannot {doing}: {said}; make it smaller or valid, or let the client (message.max.bytes) and the topic "
            f"(max.message.bytes) take it{over}"
        )
    return BusError(f"cannot {doing}: {said}{over}")


def _reported(error: KafkaError | KafkaException) -> KafkaError:
    found: object = error.args[0] if isinstance(error, KafkaException) and error.args else error
    return found if isinstance(found, KafkaError) else KafkaError(KafkaError.UNKNOWN, str(error))


def located(error: E, place: str, advice: str = "") -> E:
    """The same error with the place of the message that it is about.

    Args:
        error: The error.
        place: Topic, partition and offset.
        advice: What to do about it.
    """
    found = copy.copy(error)
    found.args = (f"{place}: {error}{advice}",)
    return found


def shown_key(key: bytes | None) -> str:
    """The bytes of a key in a message for people."""
    if key is None:
        return "None"
    try:
        text = key.decode()
    except UnicodeDecodeError:
        text = ""
    shown = repr(text) if text.isprintable() and (text or not key) else repr(key)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
