"""The old contracts beside the new ones: which topic is which, and where their declarations stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from kontrakt.contract import RequestTopics, Topic

from .words import code, codes, type_name

if TYPE_CHECKING:
    from kontrakt.avro import Node
    from kontrakt.contract import Contracts, Key, Operation
    from kontrakt.errors import Position

    from .past import Past

Declared: TypeAlias = "Topic | RequestTopics"
_Topic = TypeVar("_Topic", Topic, RequestTopics)


@dataclass(frozen=True)
class Sides:
    """Old and new contracts. A registry knows no old ones: then nothing is on both sides.

    Attributes:
        new: The new contracts.
        past: What came before.
    """

    new: Contracts
    past: Past

    @cached_property
    def topics(self) -> Sequence[tuple[Topic, Topic]]:
        """The entity and event topics that are on both sides, old and new."""
        return tuple(_matched(self.past.contracts.topics, self.new.topics)) if self.past.contracts else ()

    @cached_property
    def requests(self) -> Sequence[tuple[RequestTopics, RequestTopics]]:
        """The request topics that are on both sides, old and new."""
        return tuple(_matched(self.past.contracts.requests, self.new.requests)) if self.past.contracts else ()

    @property
    def declared(self) -> Sequence[tuple[Declared, Declared]]:
        """All topics that are on both sides, old and new."""
        return (*self.topics, *self.requests)

    @cached_property
    def operations(self) -> Sequence[tuple[RequestTopics, Operation, Operation]]:
        """The operations that are on both sides: the new topics, the old operation and the new one."""
        return tuple(
            (new, operation, same)
            for old, new in self.requests
            for operation in old.operations
            if (same := operation_named(new, operation.name)) is not None
        )

    @cached_property
    def removed(self) -> Sequence[Declared]:
        """The old topics whose names are gone."""
        if self.past.contracts is None:
            return ()
        return (
            *_without(self.past.contracts.topics, self.new.topics),
            *_without(self.past.contracts.requests, self.new.requests),
        )

    @cached_property
    def added(self) -> Sequence[Declared]:
        """The new topics whose names were not there."""
        if self.past.contracts is None:
            return ()
        return (
            *_without(self.new.topics, self.past.contracts.topics),
            *_without(self.new.requests, self.past.contracts.requests),
        )

    @cached_property
    def renamed(self) -> Sequence[tuple[Declared, Declared]]:
        """Each removed topic with the added one that carries the same."""
        left = list(self.added)
        found: list[tuple[Declared, Declared]] = []
        for old in self.removed:
            new = next((one for one in left if _carried(one) == _carried(old)), None)
            if new is not None:
                left.remove(new)
                found.append((old, new))
        return tuple(found)


def declared_in(contracts: Contracts) -> tuple[Declared, ...]:
    """All topics of contracts."""
    return (*contracts.topics, *contracts.requests)


def topics_of(declared: Declared) -> tuple[str, ...]:
    """The names on the broker."""
    return (declared.requests, declared.responses) if isinstance(declared, RequestTopics) else (declared.name,)


def key_name(key: Key | None) -> str:
    """What a key is, as messages name it."""
    if key is None:
        return "none"
    return codes(key.fields) if key.inside else f"{code(type_name(key.schema))} beside the value"


def operation_named(pair: RequestTopics, name: str) -> Operation | None:
    """The operation of that name, or None."""
    return next((one for one in pair.operations if one.name == name), None)


def position_of(declared: Declared, word: str = "") -> Position:
    """Where a word of a topic's declaration stands; the declaration itself where the word is left out.

    Args:
        declared: The topic.
        word: Such as ``owner``; an empty string for the declaration.
    """
    nodes = [declared.protocol.source] if isinstance(declared, RequestTopics) else [r.source for r in declared.values]
    for node in _declarations(nodes):
        if node.position == declared.position:
            return node.keys.get(word, node.position)
    return declared.position


def _carried(declared: Declared) -> frozenset[str]:
    if isinstance(declared, RequestTopics):
        return frozenset((declared.protocol.fullname,))
    return frozenset((declared.kind, *(record.fullname for record in declared.values)))


def _declarations(nodes: Iterable[Node]) -> Iterator[Node]:
    for node in nodes:
        said = node.members.get("topic")
        if said is not None:
            yield from said.items or (said,)


def _matched(old: Iterable[_Topic], new: Iterable[_Topic]) -> Iterator[tuple[_Topic, _Topic]]:
    known = {topic.name: topic for topic in old}
    for topic in new:
        if topic.name in known:
            yield known[topic.name], topic


def _without(these: Iterable[_Topic], others: Iterable[_Topic]) -> Iterator[_Topic]:
    names = {topic.name for topic in others}
    return (topic for topic in these if topic.name not in names)
