"""What the rules look at: the contracts, what is set, and what follows from both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from kontrakt.avro import Array, Map, Named, Record, Schema, Union, named_types

if TYPE_CHECKING:
    from kontrakt.avro import Field, Message
    from kontrakt.contract import Contracts, RequestTopics, Topic

    from .options import Options


class World:
    """What the rules look at.

    Args:
        contracts: The contracts.
        options: What is set for lint.

    Attributes:
        contracts: The contracts that this repository owns.
        options: What is set for lint.
    """

    def __init__(self, contracts: Contracts, options: Options) -> None:
        self.contracts = contracts
        self.options = options

    @cached_property
    def types(self) -> tuple[Named, ...]:
        """The named types that stand in this repository's files; those that the contracts derive are not among them."""
        documents, of = self.contracts.documents, self.contracts.document_of
        foreign = {"", *self.contracts.foreign}
        written = {name for name, document in documents.items() if document.file not in foreign}
        types: Iterable[tuple[str, Named]] = self.contracts.types.items()
        return tuple(named for name, named in types if of.get(name) in written)

    @cached_property
    def records(self) -> tuple[Record, ...]:
        """The records and errors among them."""
        return tuple(named for named in self.types if isinstance(named, Record))

    @cached_property
    def fields(self) -> tuple[tuple[Field, str], ...]:
        """The fields of these records, and the parameters of operations, each with the full name of what has it."""
        parts = [(record.fields, record.fullname) for record in self.records]
        parts += [(message.request, f"{protocol}.{message.name}") for message, protocol in self.operations]
        return tuple((field, owner) for fields, owner in parts for field in fields)

    @cached_property
    def operations(self) -> tuple[tuple[Message, str], ...]:
        """The operations of protocols that have topics, each with the full name of its protocol."""
        protocols = {pair.protocol.fullname: pair.protocol for pair in self.contracts.requests}
        return tuple((message, name) for name, protocol in protocols.items() for message in protocol.messages.values())

    @cached_property
    def topics(self) -> tuple[Topic | RequestTopics, ...]:
        """The topics, and the pairs of topics of requests."""
        return (*self.contracts.topics, *self.contracts.requests)

    def reached(self, fullname: str) -> tuple[str, ...]:
        """The names of the topics that a type, or an operation of a protocol, reaches; sorted."""
        return self._reached.get(fullname, ())

    @cached_property
    def _reached(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, set[str]] = {}

        def reach(schema: Schema, *topics: str) -> None:
            for name in named_types(schema):
                found.setdefault(name, set()).update(topics)

        for topic in self.contracts.topics:
            for record in topic.values:
                reach(record, topic.name)
        for pair in self.contracts.requests:
            both = (pair.requests, pair.responses)
            found.setdefault(pair.protocol.fullname, set()).update(both)
            for operation in pair.operations:
                found.setdefault(f"{pair.protocol.fullname}.{operation.name}", set()).update(both)
                reach(operation.request, pair.requests)
                if operation.response is not None:
                    reach(operation.response, pair.responses)
        for projection in self.contracts.projections:
            reach(projection.record, *(topic.name for topic in projection.topics))
        return {name: tuple(sorted(topics)) for name, topics in found.items()}


def unnamed(schema: Schema) -> Iterator[Schema]:
    """A type and what stands inside it as far as that has no name of its own; outer ones first."""
    yield schema
    match schema:
        case Union():
            for branch in schema.branches:
                if isinstance(branch, Array | Map):
                    yield from unnamed(branch)
                elif not isinstance(branch, Named):
                    yield branch
        case Array():
            yield from unnamed(schema.items)
        case Map():
            yield from unnamed(schema.values)
        case _:
            return


def core(schema: Schema) -> Schema:
    """What a field holds: null beside it does not count, nor that there may be many."""
    while True:
        match schema:
            case Union():
                some = [branch for branch in schema.branches if branch.type != "null"]
                if len(some) != 1:
                    return schema
                (schema,) = some
            case Array():
                schema = schema.items
            case _:
                return schema
