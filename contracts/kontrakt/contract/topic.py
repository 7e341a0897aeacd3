"""The contract model: topics, their kinds, keys and owners, and the views that consumers keep of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any, Final

from kontrakt.avro import Message, Protocol, Record, Schema, Union
from kontrakt.errors import Position

from .headers import Header


class Kind(StrEnum):
    """What a topic means."""

    ENTITY = "entity"
    """The current state of something; the newest message of a key counts."""
    EVENT = "event"
    """Something happened."""
    REQUEST = "request"
    """A pair of topics: do something, and what came of it."""


CLEANUP: Final = "cleanup.policy"
"""The setting of a topic that says how the broker deletes (https://kafka.apache.org/documentation/#topicconfigs_cleanup.policy)."""
CLEANUP_OF: Final[Mapping[Kind, str]] = {Kind.ENTITY: "compact", Kind.EVENT: "delete", Kind.REQUEST: "delete"}
"""What follows from the kind where a contract says nothing: the newest state of every entity stays for ever, events and requests go
by retention. A broker's own default is ``delete``, by which an entity topic loses state that did not change lately."""


class KeyFormat(StrEnum):
    """How a key is written: what Java's serializers of these names write."""

    STRING = "string"
    """UTF-8 (StringSerializer). A uuid is written in its text form."""
    LONG = "long"
    """8 bytes, big-endian (LongSerializer)."""
    INT = "int"
    """4 bytes, big-endian (IntegerSerializer)."""
    AVRO = "avro"
    """Framed Avro under the subject ``<topic>-key`` (KafkaAvroSerializer)."""


class SubjectStrategy(StrEnum):
    """The registry's three naming strategies for value subjects."""

    TOPIC = "topic"
    """``<topic>-value`` (TopicNameStrategy)."""
    TOPIC_RECORD = "topic-record"
    """``<topic>-<record>`` (TopicRecordNameStrategy)."""
    RECORD = "record"
    """``<record>`` (RecordNameStrategy)."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """The key of a topic.

    Attributes:
        schema: Its Avro type. For a composite key, a record derived from the fields.
        format: How it is written.
        fields: The fields of the value that make it up; empty when the key stands beside the value.
        position: Where it is declared.
    """

    schema: Schema
    format: KeyFormat
    fields: tuple[str, ...]
    position: Position

    @property
    def inside(self) -> bool:
        """Whether the key is part of the value."""
        return bool(self.fields)


@dataclass(frozen=True, kw_only=True)
class Topic:
    """A topic that carries records: an entity topic or an event topic.

    Attributes:
        name: The topic's name on the broker.
        kind: ``Kind.ENTITY`` or ``Kind.EVENT``.
        owner: The one service that writes it.
        key: Its key; None where events are sent without one.
        values: The records that travel on it: one for an entity, one or more for events, sorted by full name.
        subjects: How the value subjects are named.
        compatibility: The level that the registry is told.
        partitions: How many, or None for the broker's default.
        replication: How many copies, or None for the broker's default.
        config: Topic settings that the contract pins, as text.
        stability: ``stable`` unless said otherwise (``experimental``, ``beta``).
        deprecated: Why it should no longer be used, or an empty string.
        position: Where it is declared.
        id: The field that holds an event's id; an empty string where none is declared. Not every type of event needs to have it.
        time: The field that says when an event happened; the same holds.
        headers: The headers that its messages carry, as far as they are declared.
    """

    name: str
    kind: Kind
    owner: str
    key: Key | None
    values: tuple[Record, ...]
    subjects: SubjectStrategy
    compatibility: str
    position: Position
    id: str = ""
    time: str = ""
    headers: tuple[Header, ...] = ()
    partitions: int | None = None
    replication: int | None = None
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    stability: str = "stable"
    deprecated: str = ""

    def value_subject(self, record: Record) -> str:
        """The subject of a record on this topic."""
        return value_subject(self.subjects, self.name, record.fullname)

    def stamped(self, record: Record) -> frozenset[str]:
        """The fields of a record that hold an event's id and time, and are filled in when they are left out."""
        fields = ((record.field(name), kinds) for name, kinds in ((self.id, ID_TYPES), (self.time, TIME_TYPES)))
        return frozenset(field.name for field, kinds in fields if field and stamped_type(field.schema) in kinds)

    @property
    def key_subject(self) -> str:
        """The subject of the key, where it is written as Avro."""
        return f"{self.name}-key"


def value_subject(strategy: SubjectStrategy, topic: str, record: str) -> str:
    """The subject of a value (Confluent's documentation, "Subject name strategy").

    Args:
        strategy: How subjects are named.
        topic: The topic's name.
        record: The record's full name.
    """
    match strategy:
        case SubjectStrategy.TOPIC:
            return f"{topic}-value"
        case SubjectStrategy.TOPIC_RECORD:
            return f"{topic}-{record}"
        case SubjectStrategy.RECORD:
            return record


ID_TYPES: Final = frozenset(("string", "uuid"))
"""What may hold the id of an event, so that it can be filled in."""
TIME_TYPES: Final = frozenset(("timestamp-millis", "timestamp-micros", "timestamp-nanos"))
"""What may hold the time of an event, so that it can be filled in."""


def stamped_type(schema: Schema) -> str:
    """The logical type, or the type, of a field that may hold an id or a time; null beside it does not count."""
    if isinstance(schema, Union):
        some = [branch for branch in schema.branches if branch.type != "null"]
        return stamped_type(some[0]) if len(some) == 1 else "union"
    return schema.logical.name if schema.logical is not None else schema.type


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of a protocol, and the two records that carry it.

    The request record ``<Operation>Request`` holds the parameters. The response record ``<Operation>Response`` holds
    ``response`` (null unless it went well) and ``error`` (null when it went well; otherwise one of the declared errors, or
    the string that the Avro specification implies for every undeclared failure).

    Attributes:
        message: The message as the protocol declares it.
        request: What travels on ``<name>.requests``.
        response: What travels on ``<name>.responses``; None for a one-way operation.
        errors: The errors that it declares.
    """

    message: Message
    request: Record
    response: Record | None
    errors: tuple[Record, ...]

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.message.name


@dataclass(frozen=True, kw_only=True)
class RequestTopics:
    """The pair of topics of a protocol. Its owner is the service that answers.

    Attributes:
        name: The name that both topics begin with.
        owner: The one service that answers.
        protocol: The protocol.
        operations: In the order written.
        key: The key of the requests, or None.
        timeout: How long a client waits unless it says otherwise.
        headers: The headers that requests carry, as far as they are declared.
        request_compatibility: The level for the subjects of ``<name>.requests``.
        response_compatibility: The level for the subjects of ``<name>.responses``.
        partitions: How many, or None for the broker's default.
        replication: How many copies, or None for the broker's default.
        config: Topic settings that the contract pins, as text.
        stability: ``stable`` unless said otherwise.
        deprecated: Why it should no longer be used, or an empty string.
        position: Where it is declared.
    """

    name: str
    owner: str
    protocol: Protocol
    operations: tuple[Operation, ...]
    key: Key | None
    timeout: timedelta
    request_compatibility: str
    response_compatibility: str
    position: Position
    headers: tuple[Header, ...] = ()
    partitions: int | None = None
    replication: int | None = None
    config: Mapping[str, str] = field(default_factory=dict[str, str])
    stability: str = "stable"
    deprecated: str = ""

    kind: Kind = Kind.REQUEST

    @property
    def requests(self) -> str:
        """The topic of the requests."""
        return f"{self.name}.requests"

    @property
    def responses(self) -> str:
        """The topic of the answers."""
        return f"{self.name}.responses"


@dataclass(frozen=True, kw_only=True)
class Projection:
    """A consumer's own view of a record that travels on a topic.

    Attributes:
        record: The reader's schema: a subset of the fields, renamed through aliases.
        of: The record that it reads.
        consumer: The service that reads it.
        topics: The topics that carry ``of``, sorted by name.
        position: Where it is declared.
    """

    record: Record
    of: Record
    consumer: str
    topics: tuple[Topic, ...]
    position: Position


@dataclass(frozen=True, kw_only=True)
class Document:
    """One schema as the registry holds it.

    Attributes:
        name: The full name of its outermost type (of a union or array of types: of the first).
        text: The JSON as written, without ``topic``, ``projection`` and ``waive``.
        references: The names of the documents that it refers to, sorted.
        subject: The subject under which others refer to it.
        defines: The full names of the types that it defines.
        file: The file it comes from, or an empty string for a derived one (request, response, key).
    """

    name: str
    text: str
    references: tuple[str, ...]
    subject: str
    defines: tuple[str, ...]
    file: str


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A subject that the contracts own.

    Attributes:
        name: The subject.
        document: The name of the document that is registered under it.
        compatibility: Its level; an empty string for the registry's default (subjects of shared types get the strictest
            level of the topics that use them).
        topic: The topic that it belongs to, or an empty string for a shared type.
    """

    name: str
    document: str
    compatibility: str
    topic: str


@dataclass(frozen=True, kw_only=True)
class Contracts:
    """Everything that a folder of schemas declares.

    Attributes:
        topics: Entity and event topics, sorted by name.
        requests: Request topics, sorted by name.
        projections: Sorted by the record's full name.
        documents: Every document by name, each after those that it refers to.
        subjects: Every subject, each after those that it refers to: the order of registration.
        types: Every named type by full name, the derived records of operations and composite keys among them.
        files: The files that were read, sorted.
        document_of: The name of the document that defines a type, by the type's full name.
        foreign: The files among them that were pulled from other teams. What they declare makes clients, and nothing here
            plans, applies or judges it.
    """

    topics: Sequence[Topic]
    requests: Sequence[RequestTopics]
    projections: Sequence[Projection]
    documents: Mapping[str, Document]
    subjects: Sequence[Subject]
    types: Mapping[str, Any]
    files: Sequence[str]
    document_of: Mapping[str, str]
    foreign: frozenset[str] = frozenset()

    @cached_property
    def own(self) -> Contracts:
        """These contracts without the topics, requests, subjects and projections of other teams.

        Types and documents stay whole, because what is own may refer to what was pulled.
        """
        if not self.foreign:
            return self
        topics = [topic for topic in self.topics if topic.position.file not in self.foreign]
        requests = [pair for pair in self.requests if pair.position.file not in self.foreign]
        names = {topic.name for topic in topics} | {name for p in requests for name in (p.requests, p.responses)}
        values = {topic.value_subject(record) for topic in topics for record in topic.values}

        def is_own(subject: Subject) -> bool:
            if subject.topic:
                return subject.topic in names or subject.name in values
            return self.documents[subject.document].file not in self.foreign

        return replace(
            self,
            topics=topics,
            requests=requests,
            projections=[one for one in self.projections if one.position.file not in self.foreign],
            subjects=[subject for subject in self.subjects if is_own(subject)],
        )

    @cached_property
    def schemas(self) -> Mapping[str, Schema]:
        """The schema of each subject, by the subject's name."""
        keys = {topic.key_subject: topic.key for topic in self.topics}
        keys |= {f"{pair.requests}-key": pair.key for pair in self.requests}
        found: dict[str, Schema] = {}
        for subject in self.subjects:
            key = keys.get(subject.name)
            avro_key = key is not None and key.format is KeyFormat.AVRO
            found[subject.name] = key.schema if key and avro_key else self.types[subject.document]
        return found

    @property
    def topic_names(self) -> tuple[str, ...]:
        """The names of all topics on the broker, both of a request pair among them."""
        pairs = (name for pair in self.requests for name in (pair.requests, pair.responses))
        return (*(topic.name for topic in self.topics), *pairs)
