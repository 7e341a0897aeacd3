"""The JSON Schema of what kontrakt adds to Avro: ``topic``, ``projection``, ``waive`` and ``deprecated``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kontrakt.avro.compatibility import Level
from kontrakt.contract.declaration import LONGEST, PROJECTION_WORDS, STABILITIES, TIMEOUT, TOPIC_NAME, WORDS
from kontrakt.contract.headers import TAKEN, HeaderType
from kontrakt.contract.topic import KeyFormat, Kind, SubjectStrategy
from kontrakt.lint.rules import RULES as LINTED

from .words import JsonSchema, closed, described, listed, one_of, ref, said, text, when, where, without

if TYPE_CHECKING:
    from collections.abc import Mapping

KINDS: Final[Mapping[Kind, str]] = {
    Kind.ENTITY: "The current state of something. The newest message of a key counts, and a tombstone deletes.",
    Kind.EVENT: "Something happened.",
    Kind.REQUEST: "Do something, and what came of it: a pair of topics, declared in a protocol (.avpr).",
}
FORMATS: Final[Mapping[KeyFormat, str]] = {
    KeyFormat.AVRO: "Avro under the subject <topic>-key.",
    KeyFormat.STRING: "UTF-8, as Java's StringSerializer writes it.",
    KeyFormat.LONG: "8 bytes, as Java's LongSerializer writes them.",
    KeyFormat.INT: "4 bytes, as Java's IntegerSerializer writes them.",
}
STRATEGIES: Final[Mapping[SubjectStrategy, str]] = {
    SubjectStrategy.TOPIC: "<topic>-value: the default where a topic carries one type.",
    SubjectStrategy.TOPIC_RECORD: "<topic>-<record>: the default where a topic carries several types.",
    SubjectStrategy.RECORD: "The record's full name.",
}
LEVELS: Final[Mapping[Level, str]] = {
    Level.NONE: "Nothing is compared.",
    Level.BACKWARD: "New consumers read what the last schema wrote.",
    Level.BACKWARD_TRANSITIVE: "New consumers read what every earlier schema wrote.",
    Level.FORWARD: "Consumers of the last schema read what the new one writes.",
    Level.FORWARD_TRANSITIVE: "Consumers of every earlier schema read what the new one writes.",
    Level.FULL: "Both directions, with the last schema.",
    Level.FULL_TRANSITIVE: "Both directions, with every earlier schema.",
}
HEADER_TYPES: Final[Mapping[HeaderType, str]] = {
    HeaderType.STRING: "UTF-8.",
    HeaderType.UUID: "A UUID in its text form.",
    HeaderType.INT: "4 bytes, big-endian.",
    HeaderType.LONG: "8 bytes, big-endian.",
    HeaderType.BYTES: "Bytes as they are.",
}
CONFIG: Final[Mapping[str, str]] = {
    "cleanup.policy": "compact, delete, or both: follows from the kind.",
    "retention.ms": "For how long messages stay, in milliseconds; -1 for ever.",
    "retention.bytes": "How large a partition may become before its oldest messages go; -1 for any size.",
    "min.insync.replicas": "How many replicas have a message before it is acknowledged.",
    "max.message.bytes": "How large a batch of messages may be.",
    "compression.type": "How the broker compresses: producer keeps what the producer chose.",
    "segment.ms": "After how long a segment is closed, so that it can be compacted or deleted.",
    "delete.retention.ms": "For how long compaction keeps tombstones.",
    "min.compaction.lag.ms": "For how long a message is safe from compaction.",
    "max.compaction.lag.ms": "After how long a message is compacted at the latest.",
    "message.timestamp.type": "CreateTime, or LogAppendTime.",
}
"""Topic settings that are often set (https://kafka.apache.org/documentation/#topicconfigs); every other one may be, too."""


def definitions() -> dict[str, JsonSchema]:
    """The definitions that the schemas of files refer to. They refer to ``type``, which is Avro's."""
    return {
        "recordTopic": topic(Kind.ENTITY, Kind.EVENT),
        "requestTopic": topic(Kind.REQUEST),
        "key": _key(),
        "header": _header(),
        "config": _config(),
        "projection": _projection(),
        "deprecated": _deprecated(),
        "waive": {
            "description": "Lets findings of kontrakt lint pass here: the id of each rule, and why.",
            **closed({rule.id: said(f"Why it may pass that {rule.title}.") for rule in LINTED.values()}),
        },
    }


def topic(*kinds: Kind, outside: bool = False) -> JsonSchema:
    """The schema of a declaration.

    Args:
        kinds: The kinds that it may be of.
        outside: Whether it stands in the settings, which name the record or protocol, and where a key may be left out.
    """
    requests = kinds == (Kind.REQUEST,)
    rules: list[JsonSchema] = []
    if Kind.REQUEST in kinds:
        answered = where("kind", Kind.REQUEST.value)
        rules.append(when(answered, {"properties": {"subjects": {"const": SubjectStrategy.TOPIC_RECORD.value}}}))
    if len(kinds) > 1:
        rules += [
            when(where("kind", *(kind.value for kind in Kind if kind is not Kind.REQUEST)), without("timeout")),
            when(where("kind", *(kind.value for kind in Kind if kind is not Kind.EVENT)), without("id", "time")),
            when(
                where("kind", Kind.ENTITY.value),
                {"required": ["key"], "properties": {"key": {"not": {"type": "null"}}}},
            ),
        ]
    elif requests:
        rules.append(without("id", "time"))
    if not outside:
        rules.append(when(where("key", None), without("key_format")))
    properties = _properties(kinds)
    required = ["kind", "name", "owner", "key"]
    if outside:
        required = ["name", "owner"]
        properties = {
            "record": said("The full name of the record that it is about."),
            "protocol": said("The full name of the protocol that it is about; its kind is request."),
            **properties,
        }
        rules.append({"oneOf": [{"required": ["record", "kind"]}, {"required": ["protocol"]}]})
    return closed(properties, required, description="What the topic is.", allOf=rules)


def _properties(kinds: tuple[Kind, ...]) -> JsonSchema:
    """What a declaration may say, word by word."""
    levels = one_of(
        {level.value: doc for level, doc in LEVELS.items()},
        "The level that the registry is told. By default FULL_TRANSITIVE for entities and events, BACKWARD_TRANSITIVE for "
        "requests and FORWARD_TRANSITIVE for responses.",
    )
    if Kind.REQUEST in kinds:
        each = closed({"request": levels, "response": levels})
        levels = {"description": levels["description"], "anyOf": [*levels["anyOf"], each]}
    name = text(
        f"Its name: 1 to {LONGEST} letters, digits, dots, underscores and hyphens.",
        rf"(?!\.{{1,2}}$){TOPIC_NAME.pattern}",
    )
    if kinds == (Kind.REQUEST,):
        name["maxLength"] = LONGEST - len(".responses")
    return {
        "kind": one_of({kind.value: KINDS[kind] for kind in kinds}, "What the topic is."),
        "name": {
            "description": "The topic; a list where one record travels on several topics that share everything else.",
            "anyOf": [name, listed(name, least=1, unique=True)],
        },
        "owner": said("The one service that writes it, or that answers requests."),
        "key": ref("key"),
        "key_format": one_of({one.value: doc for one, doc in FORMATS.items()}, "How keys are written."),
        "subjects": one_of(
            {one.value: doc for one, doc in STRATEGIES.items()}, "What subjects are called on the registry."
        ),
        "compatibility": levels,
        "partitions": {"description": "How many partitions; by default the broker's.", "type": "integer", "minimum": 1},
        "replication": {"description": "How many replicas; by default the broker's.", "type": "integer", "minimum": 1},
        "config": ref("config"),
        "timeout": text(
            'Of requests: how long a client waits, such as "30s" or "500ms".', rf"(?=.*[1-9]){TIMEOUT.pattern}"
        ),
        "id": said("Of events: the field that holds the id of an event, a string or a uuid; it is filled in."),
        "time": said("Of events: the field that says when it happened, a timestamp; it is filled in."),
        "headers": listed(ref("header"), "The headers that messages carry. Those are typed; others stay bytes."),
        "stability": {
            "description": "How much consumers may rely on it; stable by default.",
            "enum": list(STABILITIES),
        },
        "deprecated": {"description": "Why it should no longer be used.", "type": ["string", "boolean"]},
        "guessed": listed(
            {"enum": list(WORDS)}, "What kontrakt pull guessed; remove a word when what it names is right."
        ),
    }


def _key() -> JsonSchema:
    beside = closed(
        {"schema": described("type", "Its type: a full name, or any Avro type.")},
        ["schema"],
        description="A key that is not part of the value.",
    )
    return {
        "description": "What decides the partition, and on a compacted topic which message replaces which.",
        "anyOf": [
            text("A field."),
            listed({"type": "string"}, "Several fields: a composite key.", least=1, unique=True),
            beside,
            {"description": "No key; entities need one.", "type": "null"},
        ],
    }


def _header() -> JsonSchema:
    taken = "|".join(map(re.escape, TAKEN))
    properties = {
        "name": said("Its name on the message.") | {"not": {"pattern": f"^(?:{taken})"}},
        "type": one_of({one.value: doc for one, doc in HEADER_TYPES.items()}, "How it is written."),
        "optional": {"description": "Whether a message may lack it.", "type": "boolean"},
        "doc": text("What it is for."),
    }
    return closed(properties, ["name", "type"], description="A header.")


def _config() -> JsonSchema:
    value: list[JsonSchema] = [{"type": ["string", "number", "boolean"]}, ref("config")]
    return {
        "description": "Topic settings, by Kafka's names.",
        "type": "object",
        "properties": {name: {"description": doc, "anyOf": value} for name, doc in CONFIG.items()},
        "additionalProperties": {"anyOf": value},
    }


def _projection() -> JsonSchema:
    docs = {"of": "The record that it reads, by its full name.", "consumer": "The service that reads it."}
    return closed(
        {word: said(docs[word]) for word in PROJECTION_WORDS},
        PROJECTION_WORDS,
        description="A consumer's own view of a record: some of its fields, renamed through aliases.",
    )


def _deprecated() -> JsonSchema:
    day = text(
        "The day from which it counts, as in 2026-01-31.", r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    )
    form = closed({"since": day, "reason": said("Why, and what to use instead.")}, ["since"])
    return {
        "description": "That the field should no longer be used: since when, and why.",
        "anyOf": [{"type": "boolean"}, said("Why, and what to use instead."), form],
    }
