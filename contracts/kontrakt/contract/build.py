"""From declarations to the model: topics, request topics and projections, bound to their schemas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from kontrakt.avro import Documents, Named, Protocol, Record
from kontrakt.avro.shapes import is_array
from kontrakt.errors import Position, Problem

from .declaration import Declaration
from .hints import nearest_type
from .keys import Keys, same_type
from .operations import operation
from .topic import Key, Kind, Operation, Projection, RequestTopics, SubjectStrategy, Topic

_Said = TypeVar("_Said")
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

    Attributes:
        types: Every named type by full name, the derived ones among them.
        outermost: The full names of the types that are not defined inside another.
        broken: The files whose Avro is wrong: what would only follow from that is not reported.
        carried: What travels on each topic, in the order declared.
        topics: Entity and event topics, sorted by name.
        requests: Request topics, sorted by name.
        projections: Sorted by the record's full name.
        derived: The records that no file contains: requests, responses and composite keys.
    """

    def __init__(self, parsed: Documents, problems: list[Problem], declared: Declared) -> None:
        self._problems = problems
        self.types: dict[str, Named] = dict(parsed.types)
        self.outermost = frozenset(outermost(parsed))
        self.broken = frozenset(problem.position.file for problem in parsed.problems)
        self._protocols = {protocol.fullname: protocol for protocol in parsed.protocols.values()}
        self._keys = Keys(self.types, self.problem, self.broken)
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
        owner = record.fullname
        if declaration.kind is Kind.EVENT and is_array(declaration.key):  # the key's record is named after the topic
            keys = {name: self._keys.key(declaration, record.fields, owner, name) for name in declaration.names}
        else:
            keys = dict.fromkeys(declaration.names, self._keys.key(declaration, record.fields, owner, owner))
        for name, key in keys.items():
            self.carried.setdefault(name, []).append(Carried(name, declaration, record, key))

    def _declare_requests(self, declaration: Declaration, protocol: Protocol) -> None:
        if protocol.position.file in self.broken:
            return
        operations = tuple(operation(message, protocol) for message in protocol.messages.values())
        if not operations:
            self.problem(protocol.position, f"the protocol {protocol.fullname} has no messages", "declare at least one")
        self._add_derived(operations)
        key = None
        if self._every_operation_has_the_key(declaration, operations):
            fields = operations[0].request.fields if operations else ()
            owner = f"the operations of {protocol.fullname}"
            key = self._keys.key(declaration, fields, owner, protocol.fullname)
        for name in declaration.names:
            self.requests.append(
                RequestTopics(
                    name=name,
                    owner=declaration.owner,
                    protocol=protocol,
                    operations=operations,
                    key=key,
                    timeout=declaration.timeout,
                    headers=declaration.headers,
                    request_compatibility=declaration.compatibility or "BACKWARD_TRANSITIVE",
                    response_compatibility=declaration.response_compatibility or "FORWARD_TRANSITIVE",
                    position=declaration.at(),
                    partitions=declaration.partitions,
                    replication=declaration.replication,
                    config=declaration.config,
                    stability=declaration.stability or "stable",
                    deprecated=declaration.deprecated,
                )
            )

    def _every_operation_has_the_key(self, declaration: Declaration, operations: Sequence[Operation]) -> bool:
        """Whether all operations have the parameters of the key, with the same types; those that none has are left."""
        said: object = declaration.key
        fits = True
        for index, name in enumerate(said if is_array(said) else [said]):
            if not isinstance(name, str):
                continue
            having = [one for one in operations if one.request.field(name)]
            if not having:
                continue
            position = declaration.at("key", index) if is_array(said) else declaration.at("key")
            first = having[0]
            for one in operations:
                here, there = one.request.field(name), first.request.field(name)
                if here is None:
                    fits = False
                    hint = "add it, or choose a key that every operation has"
                    self.problem(position, f'the operation "{one.name}" lacks the parameter "{name}" of the key', hint)
                elif there is not None and not same_type(here.schema, there.schema):
                    fits = False
                    self.problem(
                        position,
                        f'the parameter "{name}" of the key has another type in "{one.name}" than in "{first.name}"',
                        "give it one type in every operation",
                    )
        return fits

    def _add_derived(self, operations: Sequence[Operation]) -> None:
        carried_by: dict[str, str] = {}
        for one in operations:
            other = carried_by.setdefault(one.request.fullname, one.name)
            if other != one.name:
                self.problem(
                    one.message.position,
                    f'the operations "{other}" and "{one.name}" would both be carried by {one.request.fullname}',
                    "rename one of them",
                )
                continue
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
        said = [one.declaration for one in carried]
        config: dict[str, str] = {}
        for one in said:
            config |= one.config
        values = tuple(sorted({one.record.fullname: one.record for one in carried}.values(), key=lambda r: r.fullname))
        usual = SubjectStrategy.TOPIC_RECORD if len(values) > 1 else SubjectStrategy.TOPIC
        return Topic(
            name=name,
            kind=first.kind,
            owner=first.owner,
            key=carried[0].key,
            values=values,
            subjects=_first(one.strategy for one in said) or usual,
            compatibility=_first(one.compatibility for one in said) or _LEVEL[first.kind],
            position=first.at(),
            partitions=_first(one.partitions for one in said),
            replication=_first(one.replication for one in said),
            config=config,
            id=_first(one.id for one in said) or "",
            time=_first(one.time for one in said) or "",
            headers=_first(one.headers for one in said) or (),
            stability=_first(one.stability for one in said) or "stable",
            deprecated=_first(one.deprecated for one in said) or "",
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
            if target is None and self.broken:
                continue  # it may stand in a file that could not be read
            if target is None:
                self.problem(position, f"the projection is of {of}, which no file defines", nearest_type(of, carrying))
            elif not isinstance(target, Record) or of not in carrying:
                if target.position.file in self.broken:
                    continue
                self.problem(
                    position,
                    f"the projection is of {of}, which travels on no entity or event topic",
                    nearest_type(of, carrying),
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


def outermost(parsed: Documents) -> Iterator[str]:
    """The full names of the types that are not defined inside another: those that become documents."""
    by_source = {id(named.source): name for name, named in parsed.types.items()}
    for file, node in parsed.nodes.items():
        types = node.members.get("types") if file in parsed.protocols else node
        for item in (types.items or (types,)) if types else ():
            if (name := by_source.get(id(item))) is not None:
                yield name


def _first(said: Iterable[_Said | None]) -> _Said | None:
    """What is said first, of the records that may say it."""
    return next((one for one in said if one), None)
