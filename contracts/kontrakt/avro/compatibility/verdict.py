"""The verdict: whether all data of a writer's schema can be read as a reader's, exactly as Avro's Java reference says it.

The rules, the order in which they are tried, what is found and what it is called are those of ``SchemaCompatibility`` in Apache
Avro Java 1.12.2, because that is what registries ask. Three of its habits show in what is found:

- what is found for a pair of types is remembered with the location where they were compared first;
- a branch of a union is located from its own root, and why it does not fit is not told;
- a pair that is met again while it is still being compared counts as compatible, and what was concluded from that stays.

Each comparison that needs others is a generator that yields them, so that no depth of a schema is a depth of calls.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from kontrakt.avro.matching import candidates, lacks_symbols, missing_symbols, promotes, same_name
from kontrakt.avro.schema import Array, Enum, Field, Fixed, Map, Named, Primitive, Record, Schema, Union

MOST: Final = 10_000
"""How many incompatibilities are listed at most. The reference lists those of a type again wherever the type stands, which can
double their number with every level."""


class IncompatibilityType(StrEnum):
    """What kind of incompatibility; the names are the reference's."""

    NAME_MISMATCH = "NAME_MISMATCH"
    FIXED_SIZE_MISMATCH = "FIXED_SIZE_MISMATCH"
    MISSING_ENUM_SYMBOLS = "MISSING_ENUM_SYMBOLS"
    READER_FIELD_MISSING_DEFAULT_VALUE = "READER_FIELD_MISSING_DEFAULT_VALUE"
    TYPE_MISMATCH = "TYPE_MISMATCH"
    MISSING_UNION_BRANCH = "MISSING_UNION_BRANCH"
    AMBIGUOUS_FIELD = "AMBIGUOUS_FIELD"
    """Several fields of the writer could become one of the reader. The reference has no word for it: it throws, and a registry
    reports what it threw as the one reason."""


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """Something that the reference finds incompatible.

    Attributes:
        type: What kind.
        location: Where in the reader's schema, as the JSON pointer that the reference prints. Below a union it starts at the
            union's branch.
        message: What the reference says about it; for some types only a name or a list.
        reader: The reader's type.
        writer: The writer's type.
    """

    type: IncompatibilityType
    location: str
    message: str
    reader: Schema
    writer: Schema


Place: TypeAlias = "tuple[Place, str] | None"
"""Where a comparison stands: the place above and the part of a JSON pointer that leads here; None for the root."""
Raw: TypeAlias = "tuple[IncompatibilityType, Place, str, Schema, Schema]"
"""An incompatibility before its location is spelled out."""
Found: TypeAlias = "list[Raw | Found]"
"""What was found for a pair, with what was found for the pairs inside as lists of their own: they are shared."""
Comparison: TypeAlias = "tuple[Schema, Schema, Place]"
_Steps: TypeAlias = Generator[Comparison, Found, Found]

_NOTHING: Final[Found] = []


class _Ambiguous(Exception):
    """The reference throws here."""

    def __init__(self, raw: Raw) -> None:
        self.raw = raw


def judge(reader: Schema, writer: Schema) -> Found:
    """Compare two schemas.

    Args:
        reader: The schema that data is read as.
        writer: The schema that it was written with.

    Returns:
        What is incompatible; empty when nothing is.
    """
    try:
        return _run(reader, writer)
    except _Ambiguous as ambiguous:
        return [ambiguous.raw]


def spelled_out(found: Found) -> Iterator[Incompatibility]:
    """Every incompatibility that was found, in the reference's order, at most :data:`MOST`."""
    count = 0
    known: dict[int, Incompatibility] = {}
    stack: list[Iterator[Raw | Found]] = [iter(found)]
    while stack and count < MOST:
        part = next(stack[-1], None)
        if part is None:
            stack.pop()
        elif isinstance(part, list):
            stack.append(iter(part))
        else:
            if id(part) not in known:
                kind, place, message, reader, writer = part
                known[id(part)] = Incompatibility(kind, _pointer(place), message, reader, writer)
            yield known[id(part)]
            count += 1


def _pointer(place: Place) -> str:
    parts: list[str] = []
    while place is not None:
        place, part = place
        parts.append(part)
    return "/" + "/".join(reversed(parts))


def _run(reader: Schema, writer: Schema) -> Found:
    """Compare with everything inside, in the reference's order."""
    known: dict[tuple[int, int], Found] = {}
    running: list[tuple[tuple[int, int], _Steps]] = []
    place: Place = None
    while True:
        pair = id(reader), id(writer)
        found = known.get(pair)
        if found is None:
            started = _start(reader, writer, place)
            if isinstance(started, list):
                found = known[pair] = started
            else:
                known[pair] = _NOTHING  # met again before it is done, it counts as compatible
                try:
                    reader, writer, place = next(started)
                except StopIteration as done:
                    found = known[pair] = _short(done.value)
                else:
                    running.append((pair, started))
                    continue
        while running:
            pair, steps = running[-1]
            try:
                reader, writer, place = steps.send(found)
                break
            except StopIteration as done:
                found = known[pair] = _short(done.value)
                running.pop()
        else:
            return found


def _short(found: Found) -> Found:
    """What was found, without a list around a single list, so that a chain of types is no chain of lists."""
    return found[0] if len(found) == 1 and isinstance(found[0], list) else found


def _start(reader: Schema, writer: Schema, place: Place) -> Found | _Steps:
    if isinstance(writer, Union):
        return _union(reader, writer, place) if isinstance(reader, Union) else _every_branch(reader, writer, place)
    if isinstance(reader, Union):
        return _any_branch(reader, writer, place)
    if isinstance(writer, Primitive):
        return _NOTHING if promotes(reader, writer) else [_mismatch(reader, writer, place)]
    if isinstance(reader, Record) and isinstance(writer, Record):
        return _record(reader, writer, place)
    match reader, writer:
        case Enum(), Enum():
            return _name(reader, writer, place) + _symbols(reader, writer, place)
        case Fixed(), Fixed():
            return _name(reader, writer, place) + _size(reader, writer, place)
        case Array(), Array():
            return _inside(reader.items, writer.items, (place, "items"))
        case Map(), Map():
            return _inside(reader.values, writer.values, (place, "values"))
        case _:
            return [_mismatch(reader, writer, place)]


def _inside(reader: Schema, writer: Schema, place: Place) -> _Steps:
    return (yield reader, writer, place)


def _union(reader: Union, writer: Union, place: Place) -> _Steps:
    found: Found = []
    for index, branch in enumerate(writer.branches):
        if (yield reader, branch, None):
            found.append(_lacking(reader, writer, branch, (place, str(index))))
    return found


def _every_branch(reader: Schema, writer: Union, place: Place) -> _Steps:
    found: Found = []
    for index, branch in enumerate(writer.branches):
        if inner := (yield reader, branch, (place, str(index))):
            found.append(inner)
    return found


def _any_branch(reader: Union, writer: Schema, place: Place) -> _Steps:
    simple = isinstance(writer, Primitive)
    for branch in reader.branches:
        if simple and isinstance(branch, Primitive):
            if promotes(branch, writer):
                return _NOTHING
        elif not (yield branch, writer, None):
            return _NOTHING
    return [_lacking(reader, writer, writer, place)]


def _record(reader: Record, writer: Record, place: Place) -> _Steps:
    found = _name(reader, writer, place)
    for index, field in enumerate(reader.fields):
        written = candidates(field, writer)
        if len(written) == 1:
            wrote: Schema = written[0].schema
            if isinstance(wrote, Primitive):
                if promotes(field.schema, wrote):
                    continue
            elif isinstance(wrote, Union) and _same_primitives(field.schema, wrote):
                continue
        elif not written:
            if field.has_default:
                continue
            if not (isinstance(field.schema, Enum) and field.schema.default is not None):
                kind = IncompatibilityType.READER_FIELD_MISSING_DEFAULT_VALUE
                found.append((kind, (place, f"fields/{index}"), field.name, reader, writer))
                continue
            wrote = writer  # the reference then compares the enum with the record around it
        else:
            raise _Ambiguous(_ambiguous(field, index, reader, writer, place))
        if inner := (yield field.schema, wrote, (place, f"fields/{index}/type")):
            found.append(inner)
    return found


def _same_primitives(reader: Schema, writer: Union) -> bool:
    """Whether two unions are the same one of primitive types, as most of those are that make a field optional."""
    return isinstance(reader, Union) and writer.primitives is not None and reader.primitives == writer.primitives


def _name(reader: Named, writer: Named, place: Place) -> Found:
    if same_name(reader, writer):
        return []
    expected = f"expected: {writer.fullname}"
    return [(IncompatibilityType.NAME_MISMATCH, (place, "name"), expected, reader, writer)]


def _symbols(reader: Enum, writer: Enum, place: Place) -> Found:
    if not lacks_symbols(reader, writer):
        return []
    listed = f"[{', '.join(missing_symbols(reader, writer))}]"
    return [(IncompatibilityType.MISSING_ENUM_SYMBOLS, (place, "symbols"), listed, reader, writer)]


def _size(reader: Fixed, writer: Fixed, place: Place) -> Found:
    if reader.size == writer.size:
        return []
    sizes = f"expected: {writer.size}, found: {reader.size}"
    return [(IncompatibilityType.FIXED_SIZE_MISMATCH, (place, "size"), sizes, reader, writer)]


def _mismatch(reader: Schema, writer: Schema, place: Place) -> Raw:
    message = f"reader type: {_type(reader)} not compatible with writer type: {_type(writer)}"
    return IncompatibilityType.TYPE_MISMATCH, place, message, reader, writer


def _lacking(reader: Union, writer: Schema, branch: Schema, place: Place) -> Raw:
    message = f"reader union lacking writer type: {_type(branch)}"
    return IncompatibilityType.MISSING_UNION_BRANCH, place, message, reader, writer


def _ambiguous(field: Field, index: int, reader: Record, writer: Record, place: Place) -> Raw:
    shown = f"{field.name} type:{_type(field.schema)} pos:{index}"
    message = f"Reader record field {shown} matches multiple fields in writer record schema {writer.fullname}"
    return IncompatibilityType.AMBIGUOUS_FIELD, (place, f"fields/{index}"), message, reader, writer


def _type(schema: Schema) -> str:
    """A type as Java's enumeration of types calls it."""
    return "RECORD" if isinstance(schema, Record) else schema.type.upper()
