"""Rules about entities: the current state of something, one record a key."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kontrakt.avro import Enum
from kontrakt.check.findings import Finding, Severity
from kontrakt.check.words import code, codes
from kontrakt.contract import Kind, Topic
from kontrakt.lint.names import words
from kontrakt.lint.world import core

from .rule import AnyTopic, LintRule, TopicRule, WholeRule

if TYPE_CHECKING:
    from kontrakt.avro import Field, Record
    from kontrakt.lint.world import World

_GONE: Final = frozenset(("deleted", "removed", "tombstone", "tombstoned"))
_AROUND_GONE: Final = frozenset(("is", "was", "at", "on", "by", "date", "time", "flag", "soft", "timestamp"))
_COLUMNS: Final = frozenset(
    (
        *("row version", "rowversion", "row id", "rowid", "lock version", "optlock", "xmin", "ctid", "pk", "db id"),
        *("created by", "updated by", "modified by", "last modified by", "last updated by", "hibernate version"),
    )
)


class EntityRule(TopicRule):
    """A rule about the record of each entity topic."""

    @classmethod
    def judge(cls, topic: AnyTopic) -> Iterator[Finding]:
        """Everything that the rule finds."""
        if isinstance(topic, Topic) and topic.kind is Kind.ENTITY:
            for record in topic.values:
                yield from cls.judge_entity(record, topic)

    @classmethod
    @abstractmethod
    def judge_entity(cls, record: Record, topic: Topic) -> Iterator[Finding]:
        """Everything that the rule finds about the record of one topic."""


class SoftDelete(EntityRule):
    """An entity has a field that says that it is gone."""

    id = "soft-delete"
    severity = Severity.WARNING
    title = "an entity is marked as deleted instead of deleted"
    reason = (
        "On an entity topic, a null value deletes: compaction then forgets the key, and every consumer's copy does. What is only "
        "marked stays for ever, and each consumer has to know of the mark; one that does not goes on with what is gone."
    )
    before = (
        '{"name": "deleted_at", "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}], "default": null}'
    )
    after = "no such field: a producer calls `customers.delete(customer_id)`"
    ways_out = (
        "remove the field, and delete with a tombstone",
        "waive it where the state goes on to mean something, such as an account that can be restored",
    )

    @classmethod
    def judge_entity(cls, record: Record, topic: Topic) -> Iterator[Finding]:
        """Everything that the rule finds about the record of one topic."""
        for field in record.fields:
            said = words(field.name)
            about = f"{record.fullname}.{field.name}"
            if _GONE.intersection(said) and not set(said) - _GONE - _AROUND_GONE:
                told = f"{code(about)} marks an entity as deleted"
                yield cls.found(told, about, field.position, topics=(topic.name,))
            elif said[-1:] in (("status",), ("state",)) and (symbols := _gone_symbols(field)):
                told = f"{code(about)} marks an entity as {codes(symbols, 'or')}"
                yield cls.found(told, about, field.position, topics=(topic.name,))


def _gone_symbols(field: Field) -> list[str]:
    held = core(field.schema)
    return [symbol for symbol in held.symbols if symbol.lower() in _GONE] if isinstance(held, Enum) else []


class EntityOfManyFields(WholeRule):
    """An entity has very many fields."""

    id = "entity-of-many-fields"
    severity = Severity.WARNING
    title = "an entity has very many fields"
    reason = (
        "A field is easily added later, since whoever owns an entity can publish all of it again. To take one away, every consumer "
        "has to be asked. `most_fields` under `[lint]` says how many there may be."
    )
    before = '{"type": "record", "name": "Customer", "fields": [... 60 of them ...]}'
    after = "a record of what other teams asked for, and further entities with keys of their own"
    ways_out = ("publish what somebody reads, and nothing else", "make entities of parts that change on their own")

    @classmethod
    def judge(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds."""
        most = world.options.most_fields
        for topic in world.contracts.topics:
            (record, *_) = topic.values
            if topic.kind is Kind.ENTITY and len(record.fields) > most:
                told = f"the entity {code(record.fullname)} has {len(record.fields)} fields, more than {most}"
                yield cls.found(told, record.fullname, record.source.at("fields"), topics=(topic.name,))


class DatabaseColumn(EntityRule):
    """An entity publishes the bookkeeping of a database."""

    id = "database-column"
    severity = Severity.INFO
    title = "an entity publishes the bookkeeping of a database"
    reason = (
        "The schema of a topic is a contract, not the mirror of a table. What a database keeps for itself means nothing to a "
        "consumer, and ties the contract to the table: the one cannot change without the other."
    )
    before = '{"name": "row_version", "type": "long"}, {"name": "updated_by", "type": "string"}'
    after = "neither"
    ways_out = ("leave it out", "waive it where it means something to consumers, such as who is to be asked")

    @classmethod
    def judge_entity(cls, record: Record, topic: Topic) -> Iterator[Finding]:
        """Everything that the rule finds about the record of one topic."""
        for field in record.fields:
            if " ".join(words(field.name)) in _COLUMNS:
                about = f"{record.fullname}.{field.name}"
                told = f"{code(about)} is what a database keeps for itself"
                yield cls.found(told, about, field.position, topics=(topic.name,))


RULES: Final[tuple[type[LintRule], ...]] = (SoftDelete, EntityOfManyFields, DatabaseColumn)
