"""What changed in declarations, in words: topics, keys, settings, events and operations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from kontrakt.check.sides import Declared, Sides, key_name, operation_named, position_of, topics_of
from kontrakt.check.words import code
from kontrakt.contract import Kind, RequestTopics, Topic

from .entries import Entry, Section, Step

if TYPE_CHECKING:
    from kontrakt.contract import Operation

_ATTRIBUTES: Final[tuple[tuple[str, str, str, Step, str], ...]] = (
    ("kind", "kind", "kind", Step.MAJOR, "its client has other methods"),
    ("owner", "owner", "owner", Step.PATCH, ""),
    ("partitions", "partitions", "number of partitions", Step.PATCH, ""),
    ("replication", "replication", "replication", Step.PATCH, ""),
    ("compatibility", "compatibility", "compatibility level", Step.PATCH, ""),
    ("request_compatibility", "compatibility", "compatibility level of requests", Step.PATCH, ""),
    ("response_compatibility", "compatibility", "compatibility level of responses", Step.PATCH, ""),
    ("subjects", "subjects", "naming of subjects", Step.PATCH, ""),
    ("timeout", "timeout", "timeout", Step.PATCH, ""),
    ("stability", "stability", "stability", Step.PATCH, ""),
)
"""Attribute, word of the declaration, name in sentences, step, why."""

_RULES: Final[Mapping[str, frozenset[str]]] = {
    "name": frozenset(("topic-removed", "topic-renamed")),
    "kind": frozenset(("kind-changed",)),
    "partitions": frozenset(("partitions-lowered",)),
    "config": frozenset(("compaction-changed",)),
    "key": frozenset(("key-changed", "key-format-changed", "key-schema-changed")),
    "events": frozenset(("event-removed",)),
    "messages": frozenset(("operation-removed", "one-way-changed", "error-added")),
}
"""The rules that tell whom a change of a word breaks."""


def topic_entries(sides: Sides) -> Iterator[Entry]:
    """What changed in the declarations of topics. A registry knows none.

    Args:
        sides: The old and the new contracts.
    """
    moved = {name for pair in sides.renamed for name in (pair[0].name, pair[1].name)}
    for old, new in sides.renamed:
        message = f"the {_what(old)} {code(old.name)} {_are(old)} called {code(new.name)} now"
        yield _entry(Section.RENAMED, message, Step.MAJOR, "its client has another name", old, new, "name")
    for old in sides.removed:
        if old.name not in moved:
            message = f"the {_what(old)} {code(old.name)} {_are(old)} gone"
            yield _entry(Section.REMOVED, message, Step.MAJOR, "its client is gone", old, None, "name")
    for new in sides.added:
        if new.name not in moved:
            message = f"the {_what(new)} {code(new.name)} {_are(new)} new, owned by {new.owner}"
            yield _entry(Section.ADDED, message, Step.MINOR, "there is a client more", None, new, "name")
    for old, new in (*sides.declared, *sides.renamed):
        yield from _attributes(old, new)
        yield from _key(old, new)
        if isinstance(old, Topic) and isinstance(new, Topic):
            yield from _events(old, new)
        elif isinstance(old, RequestTopics) and isinstance(new, RequestTopics):
            yield from _operations(old, new)


def _attributes(old: Declared, new: Declared) -> Iterator[Entry]:
    for attribute, word, name, step, why in _ATTRIBUTES:
        was, now = getattr(old, attribute, None), getattr(new, attribute, None)
        if was != now:
            message = f"the {name} of {code(new.name)} was {_shown(was)} and is {_shown(now)} now"
            yield _entry(Section.CHANGED, message, step, why, old, new, word)
    for setting in sorted({*old.config, *new.config}):
        was, now = old.config.get(setting), new.config.get(setting)
        if was != now:
            message = f"the setting {code(setting)} of {code(new.name)} was {_shown(was)} and is {_shown(now)} now"
            yield _entry(Section.CHANGED, message, Step.PATCH, "", old, new, "config", f"{new.name}.{setting}")
    if new.deprecated and not old.deprecated:
        message = f"the {_what(new)} {code(new.name)} {_are(new)} deprecated: {new.deprecated}"
        yield _entry(Section.DEPRECATED, message, Step.MINOR, "", old, new, "deprecated")


def _key(old: Declared, new: Declared) -> Iterator[Entry]:
    was, now = key_name(old.key), key_name(new.key)
    about = f"{new.name} key"
    if was != now:
        message = f"the key of {code(new.name)} was {was} and is {now} now"
        yield _entry(Section.CHANGED, message, Step.MAJOR, "producers are given another key", old, new, "key", about)
    elif old.key is not None and new.key is not None and old.key.format is not new.key.format:
        message = f"the key of {code(new.name)} was written as {old.key.format} and is written as {new.key.format} now"
        yield _entry(Section.CHANGED, message, Step.PATCH, "", old, new, "key", about)


def _events(old: Topic, new: Topic) -> Iterator[Entry]:
    if old.kind is not Kind.EVENT or new.kind is not Kind.EVENT:
        return
    known, now = ({record.fullname for record in topic.values} for topic in (old, new))
    for name in sorted(now - known):
        message = f"the topic {code(new.name)} carries the new event {code(name)}"
        yield _entry(
            Section.ADDED, message, Step.MAJOR, "handlers have to handle it", old, new, "events", f"{new.name} {name}"
        )
    for name in sorted(known - now):
        message = f"the topic {code(new.name)} carries the event {code(name)} no more"
        yield _entry(
            Section.REMOVED, message, Step.MAJOR, "its handler is gone", old, new, "events", f"{new.name} {name}"
        )


def _operations(old: RequestTopics, new: RequestTopics) -> Iterator[Entry]:
    for operation in old.operations:
        same = operation_named(new, operation.name)
        about = f"{new.protocol.fullname}.{operation.name}"
        if same is None:
            message = f"the operation {code(operation.name)} of {code(new.name)} is gone"
            yield _entry(Section.REMOVED, message, Step.MAJOR, "its method is gone", old, new, "messages", about)
        else:
            yield from _operation(operation, same, old, new, about)
    for operation in new.operations:
        if operation_named(old, operation.name) is None:
            message = f"{code(new.name)} has the new operation {code(operation.name)}"
            about = f"{new.protocol.fullname}.{operation.name}"
            yield _entry(
                Section.ADDED, message, Step.MAJOR, "the service has to answer it", old, new, "messages", about
            )


def _operation(was: Operation, now: Operation, old: RequestTopics, new: RequestTopics, about: str) -> Iterator[Entry]:
    of = f"the operation {code(now.name)} of {code(new.name)}"
    if was.message.one_way != now.message.one_way:
        how = "is one-way now" if now.message.one_way else "is answered now"
        yield _entry(
            Section.CHANGED, f"{of} {how}", Step.MAJOR, "its method returns something else", old, new, "messages", about
        )
    before, after = ({error.fullname for error in one.errors} for one in (was, now))
    for name in sorted(after - before):
        why = "clients may meet another exception"
        # The check tells it of the record that carries the answer.
        carrier = now.response.fullname if now.response else about
        yield _entry(
            Section.ADDED, f"{of} declares the error {code(name)}", Step.MINOR, why, old, new, "messages", carrier
        )
    for name in sorted(before - after):
        why = "nobody raises that exception any more"
        message = f"{of} declares the error {code(name)} no more"
        yield _entry(Section.REMOVED, message, Step.MINOR, why, old, new, "messages", about)


def _entry(
    section: Section,
    message: str,
    step: Step,
    why: str,
    old: Declared | None,
    new: Declared | None,
    word: str,
    about: str = "",
) -> Entry:
    one = old if old is not None and section in (Section.REMOVED, Section.RENAMED) else new
    assert one is not None
    topics = {name for declared in (old, new) if declared is not None for name in topics_of(declared)}
    return Entry(
        section=section,
        about=about or one.name,
        message=message,
        step=step,
        why=why,
        topics=tuple(sorted(topics)),
        old=position_of(old, word) if old is not None else None,
        new=position_of(new, word) if new is not None else None,
        rules=_RULES.get(word, frozenset()),
    )


def _shown(value: Any) -> str:
    return "not said" if value is None else str(value)


def _what(declared: Declared) -> str:
    if isinstance(declared, RequestTopics):
        return "requests"
    return f"{declared.kind} topic"


def _are(declared: Declared) -> str:
    return "are" if isinstance(declared, RequestTopics) else "is"
