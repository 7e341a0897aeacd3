"""From declarations to the model: topics, request topics and projections, bound to their schemas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kontrakt.avro import Documents, Field, Named, Protocol, Record
from kontrakt.errors import Position, Problem

from .declaration import Declaration, nearest
from .keys import Keys
from .operations import operation
from .topic import Key, Kind, Operation, Projection, RequestTopics, SubjectStrategy, Topic

_LEVEL = {Kind.ENTITY: "FULL_TRANSITIVE", Kind.EVENT: "FULL_TRANSITIVE"}


@dataclass
class Declared:
    """What is declared, in the order found.

    Attributes:
        topics: The declarations of topics.
        projections: Each record that is a projection, what it is of, and its consumer.
    """

    topics: list[Declaration] = field(default_factory=list[Declaration])
    projections: list[tuple[Record, str, str]] = field(default_factory=list["tuple[Record, str, str]"])


@dataclass(frozen=True)
class Carried:
    """A record on a topic: one declaration, one of its names.

    Attributes:
        name: The topic.
        declaration: What is said of it.
        record: The record.
        key: Its key, or None.
    """

    name: str
    declaration: Declaration
    record: Record
    key: Key | None

    @property
    def position(self) -> Position:
        """Where it is declared."""
        return self.declaration.at()


class Built:
    """The model, before it is judged as a whole.

    Args:
        parsed: The files.
        problems: Receives what is wrong.
        declared: The declarations.
    """

    def __init__(self, parsed: Documents, problems: list[Problem], declared: Declared) -> None:
        self._problems = problems
        self.types: dict[str, Named] = dict(parsed.types)
        self._protocols = {protocol.fullname: protocol for protocol in parsed.protocols.values()}
        self._keys = Keys(self.types, self.problem)
        self.carried: dict[str, list[Carried]] = {}
        self.requests: list[RequestTopics] = []
        self.derived: list[Record] = self._keys.derived
        for declaration in declared.topics:
            self._declare(declaration)
        self.topics: Sequence[Topic] = [self._topic(name, self.carried[name]) for name in sorted(self.carried)]
        self.requests.sort(key=lambda pair: pair.name)
        self.projections: Sequence[Projection] = self._projections(declared)

    def problem(self, position: Position, message: str, hint: str = "") -> None:
        """Reports what is wrong."""
        self._problems.append(Problem(position, message, hint))

    def _declare(self, declaration: Declaration) -> None:
        protocol = self._protocols.get(declaration.subject)
        if declaration.kind is Kind.REQUEST:
            if protocol is None:
                self.problem(
                    declaration.at("kind"),
                    f"{declaration.subject} is a record, so its topic cannot be of the kind request",
                    "declare requests in a protocol (.avpr)",
                )
            else:
                self._declare_requests(declaration, protocol)
            return
        if protocol is not None:
            self.problem(
                declaration.at("kind"),
                f"{declaration.subject} is a protocol, so its topic cannot be of the kind {declaration.kind}",
                'write "kind": "request"',
            )
            return
        record = self.types[declaration.subject]
        assert isinstance(record, Record)
        key = self._keys.key(declaration, record.fields, record.fullname)
        for name in declaration.names:
            self.carried.setdefault(name, []).append(Carried(name, declaration, record, key))

    def _declare_requests(self, declaration: Declaration, protocol: Protocol) -> None:
        operations = tuple(operation(message, protocol) for message in protocol.messages.values())
        if not operations:
            self.problem(protocol.position, f"the protocol {protocol.fullname} has no messages", "declare at least one")
        self._add_derived(operations)
        key = self._keys.key(declaration, _shared_fields(operations), "every operation of the protocol")
        level = declaration.compatibility
        for name in declaration.names:
            self.requests.append(
                RequestTopics(
                    name=name,
                    owner=declaration.owner,
                    protocol=protocol,
                    operations=operations,
                    key=key,
                    timeout=declaration.timeout,
                    request_compatibility=level or "BACKWARD_TRANSITIVE",
                    response_compatibility=level or "FORWARD_TRANSITIVE",
                    position=declaration.at(),
                    partitions=declaration.partitions,
                    replication=declaration.replication,
                    config=declaration.config,
                    stability=declaration.stability,
                    deprecated=declaration.deprecated,
                )
            )

    def _add_derived(self, operations: Sequence[Operation]) -> None:
        for one in operations:
            for record in filter(None, (one.request, one.response)):
                known = self.types.get(record.fullname)
                if known is not None and known.source.value != record.source.value:
                    self.problem(
                        known.position,
                        f"{record.fullname} is the name of the record that carries the operation {one.name}",
                        "rename this type",
                    )
                elif known is None:
                    self.types[record.fullname] = record
                    self.derived.append(record)

    def _topic(self, name: str, carried: Sequence[Carried]) -> Topic:
        first = carried[0].declaration
        values = tuple(sorted({one.record.fullname: one.record for one in carried}.values(), key=lambda r: r.fullname))
        strategy = first.strategy or (SubjectStrategy.TOPIC_RECORD if len(values) > 1 else SubjectStrategy.TOPIC)
        return Topic(
            name=name,
            kind=first.kind,
            owner=first.owner,
            key=carried[0].key,
            values=values,
            subjects=strategy,
            compatibility=first.compatibility or _LEVEL[first.kind],
            position=first.at(),
            partitions=first.partitions,
            replication=first.replication,
            config=first.config,
            stability=first.stability,
            deprecated=first.deprecated,
        )

    def _projections(self, declared: Declared) -> list[Projection]:
        carrying: dict[str, list[Topic]] = {}
        for topic in self.topics:
            for record in topic.values:
                carrying.setdefault(record.fullname, []).append(topic)
        found: list[Projection] = []
        for record, of, consumer in declared.projections:
            position = record.source.at("projection", "of")
            target = self.types.get(of)
            if target is None:
                self.problem(
                    position, f"the projection is of {of}, which no file defines", nearest(of, sorted(carrying))
                )
            elif not isinstance(target, Record) or of not in carrying:
                self.problem(
                    position,
                    f"the projection is of {of}, which travels on no entity or event topic",
                    nearest(of, sorted(carrying)),
                )
            else:
                found.append(
                    Projection(
                        record=record,
                        of=target,
                        consumer=consumer,
                        topics=tuple(carrying[of]),
                        position=record.source.at("projection"),
                    )
                )
        return sorted(found, key=lambda projection: projection.record.fullname)


def _shared_fields(operations: Sequence[Operation]) -> tuple[Field, ...]:
    """The parameters that every operation has, of the same type."""
    if not operations:
        return ()
    first, *others = (one.request for one in operations)
    return tuple(
        parameter
        for parameter in first.fields
        if all(
            (found := other.field(parameter.name)) is not None and found.schema.canonical == parameter.schema.canonical
            for other in others
        )
    )
