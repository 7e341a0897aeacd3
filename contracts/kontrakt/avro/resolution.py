"""A reader's schema matched with a writer's: one plan that codecs run (Avro specification, "Schema Resolution").

A plan is a graph of nodes like the schemas themselves: the plan of a recursive record contains itself. What certainly fails is
listed in :attr:`Plan.failures`; what fails only for some data (a symbol that the reader lacks, a branch that it cannot take) is a
:class:`Fail` in its place, so that all other data is still read.

The rules are those of the Java reference: names are compared without their namespaces, or through the reader's aliases; of a
reader's union the branch that matches exactly is taken, otherwise the first that can be read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from .matching import Pairs, alike, promotes, same_name, shown, written_as
from .schema import Array, Enum, Field, Fixed, Map, Named, Record, Schema, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(eq=False, slots=True)
class Same:
    """A primitive that is read as it was written, or promoted.

    Attributes:
        writer: What was written.
        reader: What is read.
    """

    writer: Schema
    reader: Schema


@dataclass(eq=False, slots=True)
class ReadFixed:
    """A fixed of the same size."""

    writer: Fixed
    reader: Fixed


@dataclass(eq=False, slots=True)
class ReadEnum:
    """An enum.

    Attributes:
        symbols: What each symbol of the writer is read as: the same, the reader's default, or None where it has none.
    """

    writer: Enum
    reader: Enum
    symbols: Mapping[str, str | None]


@dataclass(eq=False, slots=True)
class ReadArray:
    """An array, item by item."""

    writer: Array
    reader: Array
    items: Step = field(init=False)


@dataclass(eq=False, slots=True)
class ReadMap:
    """A map, value by value."""

    writer: Map
    reader: Map
    values: Step = field(init=False)


@dataclass(eq=False, slots=True)
class ReadRecord:
    """A record.

    Attributes:
        steps: In the order written: the writer's field, the reader's field that takes it, and how; None for both where the
            reader skips it.
        defaults: The reader's fields that the writer lacks; each has a default.
        missing: The reader's fields that the writer lacks and that have no default: no such record can be read.
    """

    writer: Record
    reader: Record
    steps: list[tuple[Field, Field | None, Step | None]] = field(
        default_factory=list["tuple[Field, Field | None, Step | None]"]
    )
    defaults: list[Field] = field(default_factory=list[Field])
    missing: list[Field] = field(default_factory=list[Field])


@dataclass(eq=False, slots=True)
class ReadUnion:
    """A writer's union: how each of its branches is read."""

    writer: Union
    reader: Schema
    branches: list[Step] = field(default_factory=list["Step"])


@dataclass(eq=False, slots=True)
class IntoUnion:
    """A value that becomes a branch of a reader's union.

    Attributes:
        branch: The branch's index in the reader's union.
        step: How it is read as that branch.
    """

    writer: Schema
    reader: Union
    branch: int
    step: Step = field(init=False)


@dataclass(eq=False, slots=True)
class Fail:
    """Data that cannot be read.

    Attributes:
        reason: Why, in terms of producer and consumer.
    """

    writer: Schema
    reader: Schema
    reason: str


Step: TypeAlias = "Same | ReadFixed | ReadEnum | ReadArray | ReadMap | ReadRecord | ReadUnion | IntoUnion | Fail"


@dataclass(frozen=True, slots=True)
class Failure:
    """A certain failure.

    Attributes:
        path: Where in the reader's schema, such as ``lines[].price``; empty for the schema itself.
        reason: Why.
    """

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


@dataclass(frozen=True, slots=True)
class Plan:
    """How data of a writer's schema is read as a reader's.

    Attributes:
        root: The step for the whole value.
        failures: Every reason why *no* data, or no non-empty data, of the writer can be read; empty when it can.
    """

    root: Step
    failures: tuple[Failure, ...]


def resolve(reader: Schema, writer: Schema) -> Plan:
    """Match a reader's schema with a writer's.

    Args:
        reader: The schema that is wanted.
        writer: The schema that the data was written with.

    Returns:
        The plan. It is never refused: look at its failures.
    """
    root = _Resolver().resolve(reader, writer)
    return Plan(root, tuple(_failures(root)))


class _Resolver:
    """Builds plans without recursion, so that deep schemas work; a pair met again is the step it already has."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, int], Step] = {}
        self._pairs = Pairs()
        self._todo: list[Step] = []

    def resolve(self, reader: Schema, writer: Schema) -> Step:
        root = self._step(reader, writer)
        while self._todo:
            self._fill(self._todo.pop())
        return root

    def _step(self, reader: Schema, writer: Schema) -> Step:
        pair = id(reader), id(writer)
        known = self._known.get(pair)
        if known is None:
            known = self._known[pair] = self._make(reader, writer)
            self._todo.append(known)
        return known

    def _make(self, reader: Schema, writer: Schema) -> Step:
        if isinstance(writer, Union):
            return ReadUnion(writer, reader)
        if isinstance(reader, Union):
            branch = self._branch(reader, writer)
            if branch is None:
                return Fail(writer, reader, f"the consumer takes {shown(reader)}, none of which reads {shown(writer)}")
            return IntoUnion(writer, reader, branch)
        match reader, writer:
            case Record(), Record() if same_name(reader, writer):
                return ReadRecord(writer, reader)
            case Enum(), Enum() if same_name(reader, writer):
                known = frozenset(reader.symbols)
                default = reader.default
                return ReadEnum(writer, reader, {s: s if s in known else default for s in writer.symbols})
            case Fixed(), Fixed() if same_name(reader, writer):
                if reader.size != writer.size:
                    return Fail(
                        writer, reader, f"{writer.fullname} has {writer.size} bytes, the consumer expects {reader.size}"
                    )
                return ReadFixed(writer, reader)
            case Array(), Array():
                return ReadArray(writer, reader)
            case Map(), Map():
                return ReadMap(writer, reader)
            case _ if not isinstance(writer, Named) and promotes(reader, writer):
                return Same(writer, reader)
            case _:
                return Fail(writer, reader, f"the producer wrote {shown(writer)}, the consumer expects {shown(reader)}")

    def _fill(self, step: Step) -> None:
        match step:
            case ReadArray():
                step.items = self._step(step.reader.items, step.writer.items)
            case ReadMap():
                step.values = self._step(step.reader.values, step.writer.values)
            case ReadUnion():
                step.branches = [self._step(step.reader, branch) for branch in step.writer.branches]
            case IntoUnion():
                step.step = self._step(step.reader.branches[step.branch], step.writer)
            case ReadRecord():
                self._fill_record(step)
            case _:
                pass

    def _fill_record(self, step: ReadRecord) -> None:
        sources = {id(found): target for target in step.reader.fields if (found := written_as(target, step.writer))}
        for wrote in step.writer.fields:
            target = sources.get(id(wrote))
            step.steps.append((wrote, target, self._step(target.schema, wrote.schema) if target else None))
        taken = {id(target) for _, target, _ in step.steps if target}
        for target in step.reader.fields:
            if id(target) not in taken:
                (step.defaults if target.has_default else step.missing).append(target)

    def _branch(self, reader: Union, writer: Schema) -> int | None:
        """The branch of a reader's union for a writer's type: an exact match before the first that can be read.

        Java insists on the type of the same full name even where that cannot be read and another one can, although its
        compatibility check then calls the pair compatible; here what is compatible is read.
        """
        branches = list(enumerate(reader.branches))
        if isinstance(writer, Named):
            meant = [(index, branch) for index, branch in branches if alike(branch, writer)]
            meant.sort(key=lambda found: found[1].fullname != writer.fullname)
            if len(meant) < 2:
                return meant[0][0] if meant else None
            readable = (index for index, branch in meant if not self._pairs.connect(branch, writer).fails)
            return next(readable, meant[0][0])
        for index, branch in branches:
            if branch.type == writer.type:
                return index
        return next((index for index, branch in branches if promotes(branch, writer)), None)


def _failures(root: Step) -> Iterator[Failure]:
    """The failures that no data escapes. A union fails when all branches of the writer do."""
    seen: set[int] = set()
    stack: list[tuple[Step, str]] = [(root, "")]
    while stack:
        step, path = stack.pop()
        if id(step) in seen:
            continue
        seen.add(id(step))
        match step:
            case Fail():
                yield Failure(path, step.reason)
            case ReadRecord():
                for lacking in step.missing:
                    yield Failure(
                        _below(path, lacking.name),
                        f"the producer does not write it ({step.writer.fullname}), and it has no default",
                    )
                for _, target, inner in reversed(step.steps):
                    if target is not None and inner is not None:
                        stack.append((inner, _below(path, target.name)))
            case ReadArray():
                stack.append((step.items, f"{path}[]"))
            case ReadMap():
                stack.append((step.values, f"{path}{{}}"))
            case IntoUnion():
                stack.append((step.step, path))
            case ReadUnion():
                if step.branches and all(_certain(branch) for branch in step.branches):
                    stack.extend((branch, path) for branch in reversed(step.branches))
            case _:
                pass


def _certain(step: Step) -> bool:
    """Whether a branch fails by itself, whatever its data."""
    return isinstance(step, Fail) or (isinstance(step, ReadRecord) and bool(step.missing))


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
