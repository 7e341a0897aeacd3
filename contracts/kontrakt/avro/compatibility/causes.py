"""Why two schemas are incompatible: the innermost reasons, also where the reference says only that a union lacks a branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from kontrakt.avro.matching import (
    Need,
    Pair,
    Pairs,
    alike,
    candidates,
    lacks_symbols,
    missing_symbols,
    same_name,
    shown,
)
from kontrakt.avro.schema import Enum, Field, Fixed, Named, Record, Schema, Union

from .trail import Spot, Trail
from .verdict import Incompatibility


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


def causes(reader: Schema, writer: Schema) -> tuple[Cause, ...]:
    """The innermost reasons why data of the writer cannot be read as the reader's type, each once.

    Args:
        reader: The schema that data is read as.
        writer: The schema that it was written with.

    Returns:
        The reasons, in the order of the reader's fields; none where all data can be read.
    """
    root = Pairs().connect(reader, writer)
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


_Difference: TypeAlias = "tuple[CauseKind, str, tuple[str, ...]]"


def _differences(reader: Named, writer: Named) -> Iterator[_Difference]:
    """How two types of one kind differ in themselves: the kind of cause, the part of the location, and the detail."""
    if not same_name(reader, writer):
        yield CauseKind.NAME, "name", (reader.fullname, writer.fullname)
    match reader, writer:
        case Fixed(), Fixed() if reader.size != writer.size:
            yield CauseKind.FIXED_SIZE, "size", (str(reader.size), str(writer.size))
        case Enum(), Enum() if lacks_symbols(reader, writer):
            yield CauseKind.ENUM_SYMBOLS, "symbols", missing_symbols(reader, writer)
        case _:
            return


def _reasons(root: Pair) -> Iterator[Cause]:
    """The causes below a pair that fails: what is broken itself, found by going to what fails only."""
    seen: set[Pair] = set()
    stack: list[tuple[Pair, Trail]] = [(root, Trail())]
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


def _way(trail: Trail, need: Need, pair: Pair) -> Trail:
    if need.index >= 0 and isinstance(pair.reader, Record) and isinstance(pair.writer, Record):
        trail = trail.field(need.index, pair.reader, pair.writer, need.wrote)
    return trail.inside(need.pointer, need.step) if need.pointer else trail


def _nearest(needs: list[Need], writer: object) -> Need:
    """The branch that a type was meant for: that of its full name, otherwise the first."""
    fullname = getattr(writer, "fullname", None)
    return next((need for need in needs if getattr(need.pair.reader, "fullname", "") == fullname), needs[0])


def _own(pair: Pair, trail: Trail) -> Iterator[Cause]:
    """Why a pair fails whatever is inside."""
    if not pair.broken:
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
