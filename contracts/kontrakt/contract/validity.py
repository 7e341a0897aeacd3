"""The rules that hold for contracts as a whole. Each is a function that yields problems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from kontrakt.avro import MISSING, Record
from kontrakt.avro.resolution import resolve
from kontrakt.errors import Position, Problem

from . import deprecation
from .build import Built, Carried
from .hints import nearest
from .keys import same_type
from .topic import ID_TYPES, TIME_TYPES, Key, Kind, SubjectStrategy, stamped_type

SHARED_WORDS: Final = {
    "kind": "kind",
    "owner": "owner",
    "strategy": "naming of subjects",
    "compatibility": "compatibility",
    "partitions": "number of partitions",
    "replication": "replication",
    "id": "field for the id",
    "time": "field for the time",
    "headers": "list of headers",
    "stability": "stability",
    "deprecated": "reason of being deprecated",
}
"""What the records of one topic must agree about, as far as they say it."""

_APART: Final = "define it in a file of its own, and refer to it by its full name"


def validate(built: Built, problems: list[Problem], foreign: frozenset[str] = frozenset()) -> None:
    """Apply every rule but :func:`projections_fit`, which a check of a change tells in its own words.

    Args:
        built: The model.
        problems: Receives what is wrong.
        foreign: The files that were pulled from other teams.
    """
    problems.extend(foreign_topics_stay_so(built, foreign))
    for rule in (
        one_topic_one_contract,
        one_record_once,
        one_topic_one_key,
        topics_carry_outermost_types,
        one_entity_one_record,
        subjects_can_be_told_apart,
        names_are_free,
        events_can_be_stamped,
        fields_are_deprecated_with_a_day,
    ):
        problems.extend(rule(built))


def foreign_topics_stay_so(built: Built, foreign: frozenset[str]) -> Iterator[Problem]:
    """A topic that was pulled is another team's: nothing here declares it too."""
    for name, carried in built.carried.items():
        theirs = [one for one in carried if one.position.file in foreign]
        for one in carried if theirs else ():
            if one.position.file not in foreign:
                yield Problem(
                    one.position,
                    f"the topic {name} is another team's: it was pulled, and is declared at {theirs[0].position}",
                    "remove the declaration here, or pull it no more",
                )


def one_topic_one_contract(built: Built) -> Iterator[Problem]:
    """The records of a topic agree about its kind, owner and settings, as far as they say something."""
    for name, carried in built.carried.items():
        if len(carried) == 1:
            continue
        said: dict[str, tuple[object, Carried]] = {}
        for one in carried:
            for word, what, value in _said_of(one):
                first_value, first = said.setdefault(word, (value, one))
                if value != first_value:
                    yield Problem(
                        one.declaration.at(*word.split(":")),
                        f"the topic {name} has another {what} than at {first.position}: {value}, there {first_value}",
                        "the records of a topic agree about what is said of it",
                    )


def _said_of(carried: Carried) -> Iterator[tuple[str, str, object]]:
    """What a declaration says: the word, what it means, the value."""
    for attribute, what in SHARED_WORDS.items():
        value = getattr(carried.declaration, attribute)
        if value:
            value = ", ".join(map(str, value)) if attribute == "headers" else value
            yield "subjects" if attribute == "strategy" else attribute, what, value
    for setting, value in carried.declaration.config.items():
        yield f"config:{setting}", setting, value


def one_record_once(built: Built) -> Iterator[Problem]:
    """A record is declared once for a topic."""
    for name, carried in built.carried.items():
        seen: dict[str, Carried] = {}
        for one in carried:
            first = seen.setdefault(one.record.fullname, one)
            if first is not one:
                yield Problem(
                    one.position,
                    f"{one.record.fullname} is declared twice for the topic {name}, first at {first.position}",
                    "remove one of the declarations",
                )


def one_topic_one_key(built: Built) -> Iterator[Problem]:
    """Events that share a topic are keyed alike; only then are they ordered among each other."""
    for name, carried in built.carried.items():
        keyed = [one for one in carried if one.key is not None or one.declaration.key in (None, MISSING)]
        for other in keyed[1:]:
            first = keyed[0]
            if other.record is not first.record and (how := _differs(first.key, other.key)):
                yield Problem(
                    other.declaration.at("key"),
                    f"the topic {name} has another key than at {first.declaration.at('key')}: {how}",
                    "events that share a topic are ordered by the same key; "
                    'where their fields cannot agree, declare the key beside the values: {"schema": ...}',
                )


def topics_carry_outermost_types(built: Built) -> Iterator[Problem]:
    """Records on topics, and projections, are schemas of their own, so they are not defined inside another type."""
    seen: set[str] = set()
    for carried in built.carried.values():
        for one in carried:
            name = one.record.fullname
            if name not in built.outermost and name not in seen:
                seen.add(name)
                yield Problem(
                    one.position,
                    f"{name} has a topic, and is defined inside another type ({one.record.position})",
                    _APART,
                )
    for projection in built.projections:
        if projection.record.fullname not in built.outermost:
            yield Problem(
                projection.position,
                f"{projection.record.fullname} is a projection, and is defined inside another type",
                _APART,
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
    pairs: dict[str, Position] = {}
    hint = "give the requests another name"
    for pair in built.requests:
        if pair.name in pairs:
            yield Problem(pair.position, f"the requests {pair.name} are declared already at {pairs[pair.name]}", hint)
            continue
        pairs[pair.name] = pair.position
        for name in (pair.requests, pair.responses):
            if name in taken:
                yield Problem(pair.position, f"the topic {name} is declared already at {taken[name]}", hint)
            taken.setdefault(name, pair.position)


def events_can_be_stamped(built: Built) -> Iterator[Problem]:
    """The fields that hold an event's id and time are there, of a type that can be filled in."""
    for one in (one for carried in built.carried.values() for one in carried):
        for word, kinds, hint in (
            ("id", ID_TYPES, "take a string or a uuid"),
            ("time", TIME_TYPES, "take a timestamp"),
        ):
            name: str = getattr(one.declaration, word)
            if not name or one.record.position.file in built.broken:
                continue
            field = one.record.field(name)
            if field is None:
                yield Problem(
                    one.declaration.at(word),
                    f'the {word} of events names a field "{name}" that {one.record.fullname} does not have',
                    nearest(name, [known.name for known in one.record.fields]),
                )
            elif stamped_type(field.schema) not in kinds:
                yield Problem(one.declaration.at(word), f'the field "{name}" cannot hold the {word} of an event', hint)


def projections_fit(built: Built) -> Iterator[Problem]:
    """A projection reads what its record says (Avro specification, "Schema Resolution")."""
    for projection in built.projections:
        record, of = projection.record, projection.of
        if {record.position.file, of.position.file} & built.broken:
            continue
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


def fields_are_deprecated_with_a_day(built: Built) -> Iterator[Problem]:
    """A field that is marked deprecated says so in a way that can be understood."""
    derived = {record.fullname for record in built.derived}
    for named in built.types.values():
        if isinstance(named, Record) and named.fullname not in derived:
            for field in named.fields:
                yield from deprecation.problems(field)
    for operation in (operation for pair in built.requests for operation in pair.operations):
        for field in operation.message.request:
            yield from deprecation.problems(field)


def _named_like(record: Record, name: str) -> Record:
    """A projection under the name of the record that it reads, as the reader that is published."""
    return replace(record, fullname=f"{record.namespace}.{name}".lstrip("."))


def _differs(first: Key | None, other: Key | None) -> str:
    """How two keys differ, or an empty string."""
    if first is None or other is None:
        return "" if first is other else "one of the two is null"
    if first.fields != other.fields:
        return f"{_shown(other)}, there {_shown(first)}"
    if first.format is not other.format:
        return f"it is written as {other.format}, there as {first.format}"
    return "" if same_type(first.schema, other.schema) else "it is of another type"


def _shown(key: Key) -> str:
    return ", ".join(key.fields) if key.inside else "beside the value"
