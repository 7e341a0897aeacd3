"""Which of a writer's types a reader's type is meant to read, and which pairs of them fail.

These are the rules that compatibility judges by and that plans of resolution are made by (Avro specification, "Schema
Resolution"): names are compared without their namespaces, or through the reader's aliases.

:class:`Pairs` connects all pairs of types that data can meet, and passes on what fails to what needs it: a record needs all its
fields, a value that becomes a branch of a union needs one. What is not reached fits. So it says the same in whatever order fields
stand, also of types that contain themselves, and takes time in proportion to the number of pairs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeGuard

from .schema import Array, Enum, Field, Fixed, Map, Named, Record, Schema, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROMOTIONS: Final[Mapping[str, frozenset[str]]] = {
    "int": frozenset(("long", "float", "double")),
    "long": frozenset(("float", "double")),
    "float": frozenset(("double",)),
    "string": frozenset(("bytes",)),
    "bytes": frozenset(("string",)),
}
"""What a primitive may be read as (Avro specification, "Schema Resolution")."""


def promotes(reader: Schema, writer: Schema) -> bool:
    """Whether a primitive is read as another, or as itself."""
    return reader.type == writer.type or reader.type in PROMOTIONS.get(writer.type, ())


def same_name(reader: Named, writer: Named) -> bool:
    """Whether a reader's named type takes a writer's: by the bare name, or by one of the reader's aliases."""
    return reader.fullname == writer.fullname or reader.name == writer.name or writer.fullname in reader.aliases


def alike(reader: Schema, writer: Named) -> TypeGuard[Named]:
    """Whether a reader's type is of the writer's kind, and takes its name."""
    return isinstance(reader, Named) and type(reader) is type(writer) and same_name(reader, writer)


def candidates(target: Field, writer: Record) -> list[Field]:
    """The writer's fields that a reader's field could take: that of the same name, then those of the reader's aliases."""
    if not target.aliases:
        return [found] if (found := writer.field(target.name)) else []
    return [found for name in (target.name, *target.aliases) if (found := writer.field(name))]


def written_as(target: Field, writer: Record) -> Field | None:
    """The writer's field that a reader's field takes."""
    return next(iter(candidates(target, writer)), None)


def missing_symbols(reader: Enum, writer: Enum) -> tuple[str, ...]:
    """The writer's symbols that a reader's enum lacks, in the order in which Java sorts them."""
    known = frozenset(reader.symbols)
    missing = [symbol for symbol in writer.symbols if symbol not in known]
    return tuple(sorted(missing, key=lambda symbol: symbol.encode("utf-16-be", "surrogatepass")))


def shown(schema: Schema) -> str:
    """A type as messages name it."""
    match schema:
        case Union():
            return "[" + ", ".join(map(shown, schema.branches)) + "]"
        case Named():
            return f"{schema.type} {schema.fullname}"
        case _:
            return schema.type


@dataclass(slots=True, eq=False)
class Pair:
    """A reader's type and a writer's, or a reader's field for which the writer has none or several.

    Attributes:
        reader: The reader's type or field.
        writer: The writer's type, or the fields that the reader's could take.
        beside: The branches of the writer's union, where its type is one of them.
        any: Whether one of ``needs`` is enough.
        needs: The pairs inside.
        users: The pairs that need this one.
        left: How many of ``needs`` do not fail.
        fails: Whether some data of the writer cannot be read.
    """

    reader: Schema | Field
    writer: Schema | tuple[Field, ...]
    beside: tuple[Schema, ...] = ()
    any: bool = False
    needs: list[Need] = field(default_factory=list["Need"])
    users: list[Pair] = field(default_factory=list["Pair"])
    left: int = 0
    fails: bool = False

    @property
    def broken(self) -> bool:
        """Whether it fails whatever is inside."""
        match self.reader, self.writer:
            case _, Union():
                return False
            case Union(), _:
                return not self.needs
            case Field(), _:
                return True
            case Record() as reader, Record() as writer:
                return not same_name(reader, writer)
            case Enum() as reader, Enum() as writer:
                return not same_name(reader, writer) or lacks_symbols(reader, writer)
            case Fixed() as reader, Fixed() as writer:
                return not same_name(reader, writer) or reader.size != writer.size
            case Schema() as reader, Schema() as writer:
                return isinstance(writer, Named) or not promotes(reader, writer)
            case _:
                return False


def lacks_symbols(reader: Enum, writer: Enum) -> bool:
    """Whether a reader's enum cannot read some symbols of the writer's, not even as its default."""
    return reader.default is None and not frozenset(reader.symbols).issuperset(writer.symbols)


@dataclass(slots=True, eq=False)
class Need:
    """A pair inside another.

    Attributes:
        pair: It.
        pointer: The part of a JSON pointer that leads to it; empty where it stands in the same place.
        step: The part of the path.
        index: Which of the reader's fields it belongs to; -1 where it is none.
        wrote: The writer's field that the reader's takes.
    """

    pair: Pair
    pointer: str = ""
    step: str = ""
    index: int = -1
    wrote: Field | None = None


class Pairs:
    """Connects pairs, and finds which fail."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[int, int], Pair] = {}
        self._todo: list[Pair] = []

    def connect(self, reader: Schema, writer: Schema) -> Pair:
        """The pair of two schemas, connected with everything inside it.

        Args:
            reader: The schema that data is read as.
            writer: The schema that it was written with.
        """
        root = self._pair(reader, writer)
        failing: list[Pair] = []
        while self._todo:
            pair = self._todo.pop()
            self._expand(pair)
            if pair.broken or _starved(pair):
                failing.append(pair)
        while failing:
            pair = failing.pop()
            if pair.fails:
                continue
            pair.fails = True
            for user in pair.users:
                user.left -= 1
                if _starved(user):
                    failing.append(user)
        return root

    def _pair(self, reader: Schema, writer: Schema, beside: tuple[Schema, ...] = ()) -> Pair:
        key = id(reader), id(writer)
        known = self._pairs.get(key)
        if known is None:
            known = self._pairs[key] = Pair(reader, writer, beside)
            self._todo.append(known)
        return known

    def _lone(self, target: Field, written: list[Field]) -> Pair:
        lone = Pair(target, tuple(written))
        self._todo.append(lone)
        return lone

    def _expand(self, pair: Pair) -> None:
        for need in self._inside(pair):
            pair.needs.append(need)
            need.pair.users.append(pair)
        pair.left = sum(not need.pair.fails for need in pair.needs)

    def _inside(self, pair: Pair) -> Iterator[Need]:
        match pair.reader, pair.writer:
            case Schema() as reader, Union(branches=branches):
                for branch in branches:
                    yield Need(self._pair(reader, branch, branches))
            case Union(branches=branches), Schema() as writer:
                pair.any = True
                for index, branch in enumerate(branches):
                    if _meant(branch, writer):
                        yield Need(self._pair(branch, writer), str(index))
            case Array(items=reader), Array(items=writer):
                yield Need(self._pair(reader, writer), "items", "[]")
            case Map(values=reader), Map(values=writer):
                yield Need(self._pair(reader, writer), "values", "{}")
            case Record() as reader, Record() as writer:
                yield from self._fields(reader, writer)
            case _:
                return

    def _fields(self, reader: Record, writer: Record) -> Iterator[Need]:
        for index, target in enumerate(reader.fields):
            written = candidates(target, writer)
            if len(written) == 1:
                yield Need(self._pair(target.schema, written[0].schema), "type", index=index, wrote=written[0])
            elif written or not target.has_default:
                yield Need(self._lone(target, written), index=index)


def _meant(branch: Schema, writer: Schema) -> bool:
    """Whether a branch of a reader's union is meant for a type, be it readable or not."""
    return alike(branch, writer) if isinstance(writer, Named) else promotes(branch, writer)


def _starved(pair: Pair) -> bool:
    """Whether too many of the pairs that a pair needs fail."""
    return pair.left == 0 and bool(pair.needs) if pair.any else pair.left < len(pair.needs)
