"""What librdkafka reports, in kontrakt's words."""

from __future__ import annotations

from typing import Final

from confluent_kafka import KafkaError, KafkaException

from kontrakt.errors import BrokerUnavailable, BusDenied, BusError, TopicNotFound

# By the names that librdkafka gives its errors; those that begin with an underscore happened on this side.
_ABSENT: Final = frozenset(
    (
        "_ALL_BROKERS_DOWN",
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
_NO_TOPIC: Final = frozenset(
    ("_UNKNOWN_PARTITION", "_UNKNOWN_TOPIC", "TOPIC_EXCEPTION", "UNKNOWN_TOPIC_ID", "UNKNOWN_TOPIC_OR_PART")
)


def is_denied(error: KafkaError) -> bool:
    """Whether the broker refuses who asks."""
    return error.name() in _DENIED


def is_about_topic(error: KafkaError) -> bool:
    """Whether the broker knows no such topic."""
    return error.name() in _NO_TOPIC


def translated(error: KafkaError | KafkaException, doing: str, servers: str = "") -> BusError:
    """The error to raise for one of librdkafka.

    Args:
        error: What librdkafka reports.
        doing: What was tried, such as ``send to shop.customers``.
        servers: The brokers' address, where it is worth showing.
    """
    reported = error.args[0] if isinstance(error, KafkaException) and error.args else error
    if not isinstance(reported, KafkaError):
        return BusError(f"cannot {doing}: {reported}")
    said = reported.str().removeprefix("Broker: ").removeprefix("Local: ")
    name = reported.name()
    if name in _ABSENT:
        at = f" at {servers}" if servers else ""
        return BrokerUnavailable(f"cannot {doing}: no answer from the brokers{at} ({said})")
    if name in _DENIED:
        return BusDenied(f"cannot {doing}: {said}; check the credentials of the Kafka client and their rights")
    if name in _NO_TOPIC:
        return TopicNotFound(f"cannot {doing}: {said}; create the topic first, kontrakt does not do it by itself")
    return BusError(f"cannot {doing}: {said}")


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
