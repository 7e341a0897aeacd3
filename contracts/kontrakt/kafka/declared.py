"""What generated topics need in the registry and on the broker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from kontrakt.codec import document_of, full_name

from .requests import Requests
from .serialization import Subject, key_subject, types_of, value_subject

if TYPE_CHECKING:
    from .topics import Key, Subjects, Topic


def subjects_of(topic: type[Topic | Requests]) -> list[Subject]:
    """The subjects of a generated topic, each with its schema."""
    if not issubclass(topic, Requests):
        return _subjects(topic.topic, topic.key, topic.subjects, types_of(topic))
    asked = [operation.request for operation in topic.operations]
    answered = [operation.response for operation in topic.operations if operation.response is not None]
    return [
        *_subjects(requests_topic(topic), topic.key, "topic-record", asked),
        *_subjects(responses_topic(topic), None, "topic-record", answered),
    ]


def names_of(topic: type[Topic | Requests]) -> tuple[str, ...]:
    """The names on the broker that a generated topic stands for."""
    return (requests_topic(topic), responses_topic(topic)) if issubclass(topic, Requests) else (topic.topic,)


def requests_topic(requests: type[Requests]) -> str:
    """The topic that carries the requests."""
    return f"{requests.topic}.requests"


def responses_topic(requests: type[Requests]) -> str:
    """The topic that carries the answers."""
    return f"{requests.topic}.responses"


def _subjects(topic: str, key: Key | None, subjects: Subjects, types: Sequence[type[Any]]) -> list[Subject]:
    found = [Subject(value_subject(subjects, topic, full_name(kind)), *document_of(kind)) for kind in types]
    if key is not None and key.format == "avro":
        found.insert(0, key_subject(topic, key))
    return found
