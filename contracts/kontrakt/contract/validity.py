"""The rules that hold for contracts as a whole. Each is a function that yields problems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from kontrakt.avro import Record
from kontrakt.avro.resolution import resolve
from kontrakt.errors import Problem

from .build import Built, Carried
from .topic import Key, Kind, SubjectStrategy

SHARED_WORDS: Final = {
    "kind": "kind",
    "owner": "owner",
    "key_format": "format of the key",
    "strategy": "naming of subjects",
    "compatibility": "compatibility",
    "partitions": "number of partitions",
    "replication": "replication",
    "config": "config",
    "stability": "stability",
}
"""What all records of one topic must agree about."""


def validate(built: Built, problems: list[Problem]) -> None:
    """Apply every rule.

    Args:
        built: The model.
        problems: Receives what is wrong.
    """
    for rule in (
        one_topic_one_contract,
        one_entity_one_record,
        subjects_can_be_told_apart,
        names_are_free,
        projections_fit,
    ):
        problems.extend(rule(built))


def one_topic_one_contract(built: Built) -> Iterator[Problem]:
    """The records of a topic agree about its kind, owner, key and settings."""
    for name, carried in built.carried.items():
        first, *others = carried
        for other in others:
            for attribute, what in SHARED_WORDS.items():
                here, there = getattr(other.declaration, attribute), getattr(first.declaration, attribute)
                if here != there:
                    word = "subjects" if attribute == "strategy" else attribute
                    yield Problem(
                        other.declaration.at(word),
                        f"the topic {name} has another {what} than at {first.position}: {_said(here)}, there {_said(there)}",
                        "the records of a topic agree about everything that is said of it",
                    )
            if other.record is first.record:
                yield Problem(
                    other.position,
                    f"{other.record.fullname} is declared twice for the topic {name}, first at {first.position}",
                )
            elif _differs(first, other):
                yield Problem(
                    other.declaration.at("key"),
                    f"the topic {name} has another key than at {first.declaration.at('key')}",
                    "events that share a topic are ordered by the same key",
                )


def one_entity_one_record(built: Built) -> Iterator[Problem]:
    """An entity topic carries exactly one record."""
    for name, carried in built.carried.items():
        first, *others = carried
        for other in others:
            if other.declaration.kind is Kind.ENTITY and other.record is not first.record:
                yield Problem(
                    other.position,
                    f"the entity topic {name} carries {first.record.fullname} already, see {first.position}",
                    "give each entity a topic of its own",
                )


def subjects_can_be_told_apart(built: Built) -> Iterator[Problem]:
    """Several types on a topic need subjects that name the record."""
    for topic in built.topics:
        if len(topic.values) > 1 and topic.subjects is SubjectStrategy.TOPIC:
            position = built.carried[topic.name][0].declaration.at("subjects")
            yield Problem(
                position,
                f"the topic {topic.name} carries {len(topic.values)} types, which would share the subject {topic.name}-value",
                'write "subjects": "topic-record", or leave it out',
            )


def names_are_free(built: Built) -> Iterator[Problem]:
    """No two contracts claim a topic."""
    taken = {topic.name: topic.position for topic in built.topics}
    for pair in built.requests:
        for name in (pair.requests, pair.responses):
            if name in taken:
                hint = "give the requests another name"
                yield Problem(pair.position, f"the topic {name} is declared already at {taken[name]}", hint)
            taken.setdefault(name, pair.position)


def projections_fit(built: Built) -> Iterator[Problem]:
    """A projection reads what its record says (Avro specification, "Schema Resolution")."""
    for projection in built.projections:
        record, of = projection.record, projection.of
        aliased = of.name == record.name or of.fullname in record.aliases
        plan = resolve(_named_like(record, of.name) if not aliased else record, of)
        for failure in plan.failures:
            name = failure.path.partition(".")[0].removesuffix("[]").removesuffix("{}")
            field = record.field(name)
            yield Problem(
                field.position if field else record.position,
                f"the projection cannot read {of.fullname}: {failure}",
                "take a field that it has (rename it through an alias), of a type that reads it",
            )
        for field in record.fields:
            names = (field.name, *field.aliases)
            if field.has_default and not any(of.field(name) for name in names):
                yield Problem(
                    field.position,
                    f'the projection reads a field "{field.name}" that {of.fullname} does not have',
                    "it would always be the default; remove it, or give the name of the field as an alias",
                )


def _named_like(record: Record, name: str) -> Record:
    """A projection under the name of the record that it reads, as the reader that is published."""
    return replace(record, fullname=f"{record.namespace}.{name}".lstrip("."))


def _differs(first: Carried, other: Carried) -> bool:
    return _key(first.key) != _key(other.key)


def _key(key: Key | None) -> tuple[str, ...] | None:
    if key is None:
        return None
    return (key.format, key.schema.canonical) if len(key.fields) < 2 else (key.format, *key.fields)


def _said(value: object) -> str:
    return "nothing" if value in (None, "") else str(value)
