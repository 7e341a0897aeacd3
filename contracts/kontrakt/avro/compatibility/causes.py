"""Why two schemas are incompatible: the innermost reasons, also where the reference says only that a union lacks a branch.

All pairs of types that data can meet are connected first, then what fails is passed on to what needs it: a record needs all its
fields, a value that becomes a branch of a union needs one. What is not reached fits. This says the same in whatever order fields
stand, and takes time in proportion to the number of pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from kontrakt.avro.resolution import alike, candidates, promotes, same_name, shown
from kontrakt.avro.schema import Array, Enum, Field, Fixed, Map, Named, Record, Schema, Union

from .trail import Spot, Trail
from .verdict import Incompatibility, missing_symbols


class CauseKind(StrEnum):
    """What kind of reason."""

    NAME = "name"
    """The names of two records, enums or fixed differ, and no alias of the reader is the writer's full name. The detail is the
    reader's full name, then the writer's."""
    TYPE = "type"
    """The type cannot be read as the other. The detail is the reader's, then the writer's."""
    FIXED_SIZE = "fixed-size"
    """Two fixed have different sizes. The detail is the reader's, then the writer's."""
    ENUM_SYMBOLS = "enum-symbols"
    """The reader's enum lacks symbols, which are the detail, and has no default for them."""
    FIELD_WITHOUT_DEFAULT = "field-without-default"
    """The writer does not write a field that has no default at the reader."""
    UNION_BRANCH = "union-branch"
    """The reader's union lacks a branch for a type. The detail is the branches that it has."""
    AMBIGUOUS_FIELD = "ambiguous-field"
    """Several fields of the writer could become one of the reader. The detail is their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause(Spot):
    """An innermost reason why data of the writer cannot be read as the reader's type.

    Attributes:
        kind: What kind.
        detail: What the kind says it is.
    """

    kind: CauseKind
    detail: tuple[str, ...] = ()


@dataclass(slots=True, eq=False)
class _Pair:
    """A pair of types, or a reader's field for which the writer has none or several.

    Attributes:
        beside: The branches of the writer's union, where its type is one of them.
        any: Whether one of ``needs`` is enough.
        needs: The pairs inside.
        users: The pairs that need this one.
        left: How many of ``needs`` do not fail.
        fails: Whether it fails.
    """

    reader: Schema | Field
    writer: Schema | tuple[Field, ...]
    beside: tuple[Schema, ...] = ()
    any: bool = False
    needs: list[_Need] = field(default_factory=list["_Need"])
    users: list[_Pair] = field(default_factory=list["_Pair"])
    left: int = 0
    fails: bool = False


@dataclass(slots=True, eq=False)
class _Need:
    """A pair inside another.

    Attributes:
        pair: It.
        pointer: The part of the JSON pointer that leads to it; empty where it stands in the same place.
        step: The part of the path.
        index: Which of the reader's fields it belongs to; -1 where it is none.
        wrote: The writer's field that the reader's takes.
    """

    pair: _Pair
    pointer: str = ""
    step: str = ""
    index: int = -1
    wrote: Field | None = None


def causes(reader: Schema, writer: Schema) -> tuple[Cause, ...]:
    """The innermost reasons why data of the writer cannot be read as the reader's type, each once.

    Args:
        reader: The schema that data is read as.
        writer: The schema that it was written with.

    Returns:
        The reasons, in the order of the reader's fields; none where all data can be read.
    """
    root = _Graph().connect(reader, writer)
    return tuple(_reasons(root)) if root.fails else ()


def refused(found: Incompatibility) -> Cause | None:
    """The cause of what the reference throws, where all data can be read nevertheless, as another branch of a union."""
    reader, writer = found.reader, found.writer
    if not (isinstance(reader, Record) and isinstance(writer, Record)):
        return None
    index = int(found.location.rpartition("/")[2])
    written = candidates(reader.fields[index], writer)
    trail = Trail().field(index, reader, writer, None)
    names = tuple(one.name for one in written)
    return _cause(CauseKind.AMBIGUOUS_FIELD, trail, reader.fields[index], written[0], names)


class _Graph:
    """Connects pairs, and finds which fail."""

    def __init__(self) -> None:
        self._pairs: dict[tuple[int, int], _Pair] = {}
        self._todo: list[_Pair] = []

    def connect(self, reader: Schema, writer: Schema) -> _Pair:
        root = self._pair(reader, writer)
        failing: list[_Pair] = []
        while self._todo:
            self._expand(pair := self._todo.pop())
            if _broken(pair):
                pair.fails = True
                failing.append(pair)
        while failing:
            for user in failing.pop().users:
                user.left -= 1
                if not user.fails and not (user.any and user.left):
                    user.fails = True
                    failing.append(user)
        return root

    def _pair(self, reader: Schema, writer: Schema, beside: tuple[Schema, ...] = ()) -> _Pair:
        key = id(reader), id(writer)
        known = self._pairs.get(key)
        if known is None:
            known = self._pairs[key] = _Pair(reader, writer, beside)
            self._todo.append(known)
        return known

    def _lone(self, target: Field, written: list[Field]) -> _Pair:
        lone = _Pair(target, tuple(written))
        self._todo.append(lone)
        return lone

    def _expand(self, pair: _Pair) -> None:
        for need in self._inside(pair):
            pair.needs.append(need)
            need.pair.users.append(pair)
        pair.left = len(pair.needs)

    def _inside(self, pair: _Pair) -> Iterator[_Need]:
        match pair.reader, pair.writer:
            case Schema() as reader, Union(branches=branches):
                for branch in branches:
                    yield _Need(self._pair(reader, branch, branches))
            case Union(branches=branches), Schema() as writer:
                pair.any = True
                for index, branch in enumerate(branches):
                    if _meant(branch, writer):
                        yield _Need(self._pair(branch, writer), str(index))
            case Array(items=reader), Array(items=writer):
                yield _Need(self._pair(reader, writer), "items", "[]")
            case Map(values=reader), Map(values=writer):
                yield _Need(self._pair(reader, writer), "values", "{}")
            case Record() as reader, Record() as writer:
                yield from self._fields(reader, writer)
            case _:
                return

    def _fields(self, reader: Record, writer: Record) -> Iterator[_Need]:
        for index, target in enumerate(reader.fields):
            written = candidates(target, writer)
            if len(written) == 1:
                yield _Need(self._pair(target.schema, written[0].schema), "type", index=index, wrote=written[0])
            elif written or not target.has_default:
                yield _Need(self._lone(target, written), index=index)


def _meant(branch: Schema, writer: Schema) -> bool:
    """Whether a branch of a reader's union is meant for a type, be it readable or not."""
    return alike(branch, writer) if isinstance(writer, Named) else promotes(branch, writer)


def _broken(pair: _Pair) -> bool:
    """Whether a pair fails whatever is inside."""
    match pair.reader, pair.writer:
        case _, Union():
            return False
        case Union(), _:
            return not pair.needs
        case Field(), _:
            return True
        case Named() as reader, Named() as writer if type(reader) is type(writer):
            return next(_differences(reader, writer), None) is not None
        case Schema() as reader, Schema() as writer:
            return isinstance(writer, Named) or not promotes(reader, writer)
        case _:
            return False


_Difference: TypeAlias = "tuple[CauseKind, str, tuple[str, ...]]"


def _differences(reader: Named, writer: Named) -> Iterator[_Difference]:
    """How two types of one kind differ in themselves: the kind of cause, the part of the location, and the detail."""
    if not same_name(reader, writer):
        yield CauseKind.NAME, "name", (reader.fullname, writer.fullname)
    match reader, writer:
        case Fixed(), Fixed() if reader.size != writer.size:
            yield CauseKind.FIXED_SIZE, "size", (str(reader.size), str(writer.size))
        case Enum(), Enum() if reader.default is None and (missing := missing_symbols(reader, writer)):
            yield CauseKind.ENUM_SYMBOLS, "symbols", missing
        case _:
            return


def _reasons(root: _Pair) -> Iterator[Cause]:
    """The causes below a pair that fails: what is broken itself, found by going to what fails only."""
    seen: set[_Pair] = set()
    stack: list[tuple[_Pair, Trail]] = [(root, Trail())]
    while stack:
        pair, trail = stack.pop()
        if pair in seen:
            continue
        seen.add(pair)
        yield from _own(pair, trail)
        failing = [need for need in pair.needs if need.pair.fails]
        if pair.any:
            failing = [_nearest(failing, pair.writer)] if failing else []
        stack.extend((need.pair, _way(trail, need, pair)) for need in reversed(failing))


def _way(trail: Trail, need: _Need, pair: _Pair) -> Trail:
    if need.index >= 0 and isinstance(pair.reader, Record) and isinstance(pair.writer, Record):
        trail = trail.field(need.index, pair.reader, pair.writer, need.wrote)
    return trail.inside(need.pointer, need.step) if need.pointer else trail


def _nearest(needs: list[_Need], writer: object) -> _Need:
    """The branch that a type was meant for: that of its full name, otherwise the first."""
    fullname = getattr(writer, "fullname", None)
    return next((need for need in needs if getattr(need.pair.reader, "fullname", "") == fullname), needs[0])


def _own(pair: _Pair, trail: Trail) -> Iterator[Cause]:
    """Why a pair fails whatever is inside."""
    if not _broken(pair):
        return
    match pair.reader, pair.writer:
        case Field() as target, tuple() as written:
            names = tuple(found.name for found in written)
            kind = CauseKind.AMBIGUOUS_FIELD if written else CauseKind.FIELD_WITHOUT_DEFAULT
            yield _cause(kind, trail, target, written[0] if written else None, names)
        case Union() as reader, Schema() as writer:
            yield _lacking(reader, writer, pair.beside or (writer,), trail)
        case Named() as reader, Named() as writer if type(reader) is type(writer):
            for kind, pointer, detail in _differences(reader, writer):
                yield _cause(kind, trail.inside(pointer), reader, writer, detail)
        case Schema() as reader, Schema() as writer:
            yield _cause(CauseKind.TYPE, trail, reader, writer, (shown(reader), shown(writer)))
        case _:
            return


def _lacking(reader: Union, writer: Schema, written: tuple[Schema, ...], trail: Trail) -> Cause:
    """The cause where no branch is meant for a type: it is new, or it was renamed."""
    if isinstance(writer, Named):
        unread = [one for one in written if _same_kind(one, writer) and not _any_alike(reader.branches, one)]
        unwritten = [
            (index, branch)
            for index, branch in enumerate(reader.branches)
            if _same_kind(branch, writer) and not any(alike(branch, one) for one in written if isinstance(one, Named))
        ]
        if len(unread) == 1 and len(unwritten) == 1:
            index, branch = unwritten[0]
            detail = getattr(branch, "fullname", ""), writer.fullname
            return _cause(CauseKind.NAME, trail.inside(str(index)).inside("name"), branch, writer, detail)
    return _cause(CauseKind.UNION_BRANCH, trail, reader, writer, tuple(map(shown, reader.branches)))


def _same_kind(schema: Schema, other: Named) -> bool:
    return type(schema) is type(other)


def _any_alike(branches: tuple[Schema, ...], writer: Schema) -> bool:
    return isinstance(writer, Named) and any(alike(branch, writer) for branch in branches)


def _cause(
    kind: CauseKind, trail: Trail, reader: Schema | Field, writer: Schema | Field | None, detail: tuple[str, ...]
) -> Cause:
    return Cause(kind=kind, detail=detail, **trail.spot(reader, writer))
