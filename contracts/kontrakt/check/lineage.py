"""What each subject of the contracts is judged against: the versions before it, the level, and the topics it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from kontrakt.avro import Named
from kontrakt.avro.compatibility import Level
from kontrakt.contract import KeyFormat, SubjectStrategy, value_subject
from kontrakt.contract.subjects import strictest

if TYPE_CHECKING:
    from kontrakt.avro import Schema
    from kontrakt.contract import Contracts, RequestTopics, Subject, Topic

    from .past import Past, Version

DEFAULT_LEVEL: Final = Level.BACKWARD
"""What counts where neither the contracts nor a registry say anything (Confluent's default)."""


class Role(Enum):
    """What a subject is for."""

    VALUE = "value"
    KEY = "key"
    REQUEST = "request"
    RESPONSE = "response"
    SHARED = "shared"


_REQUESTS: Final[Mapping[str, str]] = {
    "the consumers": "{owner} and its clients",
    "consumers": "instances of {owner}",
    "consumer": "{owner}",
    "producers": "clients",
    "producer": "client",
    "messages": "requests",
    "a message": "a request",
    "message": "request",
}
_RESPONSES: Final[Mapping[str, str]] = {
    "the consumers": "{owner} and its clients",
    "consumers": "clients",
    "consumer": "client",
    "producers": "instances of {owner}",
    "producer": "{owner}",
    "messages": "answers",
    "a message": "an answer",
    "message": "answer",
}
_WORDS: Final = re.compile(rf"`[^`]*`|\b(?:{'|'.join(_REQUESTS)})\b")
"""A name, in which no word is replaced, or one of the words."""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """A subject of the contracts with everything that it is judged against.

    Attributes:
        subject: Its name.
        role: What it is for.
        schema: The new schema.
        level: The level that it is judged by.
        said: The level that the contracts give it, or an empty string.
        promised: The level that counted before, or an empty string.
        topics: The topics that it stands for, sorted; of a shared type all that use it.
        owner: The service that writes the topic, or that answers on it; empty for a shared type.
        history: The versions before it, oldest first. Empty where the subject is new, and where it says what the newest
            version says: a registry takes that without a question.
        was: The subject that the history is of: another one where the topic's naming strategy changed.
    """

    subject: str
    role: Role
    schema: Schema
    level: Level
    said: str
    promised: str
    topics: tuple[str, ...]
    owner: str
    history: tuple[Version, ...]
    was: str

    @property
    def judged(self) -> tuple[Version, ...]:
        """The versions that count for the level, the newest first."""
        if self.level is Level.NONE:
            return ()
        return tuple(reversed(self.history)) if self.level.transitive else self.history[-1:]


def spoken(text: str, lineages: Iterable[Lineage]) -> str:
    """A text about consumers, producers and messages, in the words of requests and answers where it is about nothing else.

    Args:
        text: The text. What stands between backticks is left as it is.
        lineages: The subjects that it is about.
    """
    about = {(lineage.role, lineage.owner) for lineage in lineages}
    words = {Role.REQUEST: _REQUESTS, Role.RESPONSE: _RESPONSES}.get(next(iter(about))[0]) if len(about) == 1 else None
    if words is None:
        return text
    ((_, owner),) = about
    return _WORDS.sub(lambda found: words.get(found[0], found[0]).replace("{owner}", owner), text)


def lineages(contracts: Contracts, past: Past, *, offline_levels: bool = False) -> Iterator[Lineage]:
    """Match the subjects of the contracts with what came before them.

    A subject is judged by the stricter of two levels: the one that the contracts give it, and the one that was promised
    before, by the registry for this subject or by the old contracts. A registry's default counts only where the contracts
    say nothing, because registering sets the level of everything that has one.

    Args:
        contracts: The new contracts.
        past: What came before.
        offline_levels: Whether only the levels of the contracts, old and new, count.
    """
    matching = _Matching(contracts, past, offline_levels=offline_levels)
    for subject in contracts.subjects:
        yield matching.lineage(subject)


@dataclass(frozen=True, slots=True)
class _Use:
    """That a subject stands for something on a topic.

    Attributes:
        role: What for.
        topic: The topic.
        owner: Its owner.
        formerly: The names that the subject may have had.
    """

    role: Role
    topic: str
    owner: str
    formerly: tuple[str, ...] = ()


class _Matching:
    def __init__(self, contracts: Contracts, past: Past, *, offline_levels: bool) -> None:
        self._contracts = contracts
        self._past = past
        old = past.contracts.subjects if past.contracts is not None else ()
        self._promised: Mapping[str, str] = {subject.name: subject.compatibility for subject in old}
        if not offline_levels:
            set_there = {subject: level for subject, level in past.levels.items() if level != past.default_level}
            self._promised = {**set_there, **self._promised}
        self._default = DEFAULT_LEVEL if offline_levels or not past.default_level else Level(past.default_level)
        self._reach = reach(contracts)
        self._uses: dict[str, list[_Use]] = {}
        for name, use in _uses(contracts):
            self._uses.setdefault(name, []).append(use)

    def lineage(self, subject: Subject) -> Lineage:
        uses = self._uses.get(subject.name, [])
        schema = self._contracts.schemas[subject.name]
        unchanged = subject.name in self._past.unchanged
        was = subject.name if unchanged else self._former(subject.name, uses, schema)
        promised = self._promised.get(was, "")
        topics = {use.topic for use in uses} if uses else self._reach[subject.document]
        return Lineage(
            subject=subject.name,
            role=uses[0].role if uses else Role.SHARED,
            schema=schema,
            level=Level(strictest((subject.compatibility, promised)) or self._default),
            said=subject.compatibility,
            promised=promised,
            topics=tuple(sorted(topics)),
            owner=uses[0].owner if uses else "",
            history=() if unchanged else self._past.histories.get(was, ()),
            was=was,
        )

    def _former(self, subject: str, uses: Iterable[_Use], schema: Schema) -> str:
        """The subject that came before: the same, or that of another naming strategy which held the same record."""
        if subject in self._past.histories:
            return subject
        for use in uses:
            for name in use.formerly:
                history = self._past.histories.get(name, ()) if isinstance(schema, Named) else ()
                if history and getattr(history[-1].schema, "fullname", "") == getattr(schema, "fullname", None):
                    return name
        return subject


def reach(contracts: Contracts) -> Mapping[str, frozenset[str]]:
    """The topics whose schemas use a document, directly or not, by the document's name."""
    found: dict[str, set[str]] = {name: set() for name in contracts.documents}
    carried: dict[str, set[str]] = {}
    for name, use in _uses(contracts):
        carried.setdefault(name, set()).add(use.topic)
    for subject in contracts.subjects:
        found[subject.document] |= carried.get(subject.name, set())
    for name in reversed(list(contracts.documents)):  # what refers to others comes after them
        for used in contracts.documents[name].references:
            found[used] |= found[name]
    return {name: frozenset(topics) for name, topics in found.items()}


def _uses(contracts: Contracts) -> Iterator[tuple[str, _Use]]:
    for topic in contracts.topics:
        yield from _of_key(topic, topic.name)
        for record in topic.values:
            names = [value_subject(strategy, topic.name, record.fullname) for strategy in SubjectStrategy]
            subject = topic.value_subject(record)
            formerly = tuple(name for name in names if name != subject)
            yield subject, _Use(Role.VALUE, topic.name, topic.owner, formerly)
    for pair in contracts.requests:
        yield from _of_key(pair, pair.requests)
        for operation in pair.operations:
            request, response = operation.request, operation.response
            yield f"{pair.requests}-{request.fullname}", _Use(Role.REQUEST, pair.requests, pair.owner)
            if response is not None:
                yield f"{pair.responses}-{response.fullname}", _Use(Role.RESPONSE, pair.responses, pair.owner)


def _of_key(declared: Topic | RequestTopics, topic: str) -> Iterator[tuple[str, _Use]]:
    if declared.key is not None and declared.key.format is KeyFormat.AVRO:
        yield f"{topic}-key", _Use(Role.KEY, topic, declared.owner)
