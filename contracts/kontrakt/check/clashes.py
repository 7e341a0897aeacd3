"""Why one side cannot read the other, in terms of old and new: what the engine finds, seen from the change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

from kontrakt.avro import Array, Fixed, Map, Named, Record, Schema, Union, named_types
from kontrakt.avro.compatibility import Advisory, AdvisoryKind, CauseKind, Direction, check

from .renames import renames
from .words import codes, type_name

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from kontrakt.avro import Field
    from kontrakt.avro.compatibility import Cause

Part: TypeAlias = "Schema | Field | None"

BACKWARD: Final = Direction.BACKWARD
FORWARD: Final = Direction.FORWARD


@dataclass(frozen=True, kw_only=True)
class Clash:
    """An innermost reason why one side cannot read what the other writes, or reads it wrongly.

    Attributes:
        kind: The engine's word for it; None where the engine gives no reason.
        way: Whether new consumers read old messages, or old ones new messages.
        old: The old type or field; None where there is none.
        new: The new type or field; None where there is none.
        old_record: The old record around it, or None.
        new_record: The new record around it, or None.
        old_field: The old field around it, or None.
        new_field: The new field around it, or None.
        detail: What the engine says more.
        replaced: Of differing names: whether another type was taken, not the same renamed.
        advisory: What the engine says where the two are compatible; None where they are not.
    """

    kind: CauseKind | AdvisoryKind | None
    way: Direction
    old: Part
    new: Part
    old_record: Record | None = None
    new_record: Record | None = None
    old_field: Field | None = None
    new_field: Field | None = None
    detail: tuple[str, ...] = ()
    replaced: bool = False
    advisory: Advisory | None = None

    @property
    def record(self) -> str:
        """The full name of the record around it, as it was."""
        record = self.old_record or self.new_record
        return record.fullname if record else ""

    @property
    def field(self) -> str:
        """The name of the field around it, as it was."""
        field = self.old_field or self.new_field
        return field.name if field else ""

    @property
    def place(self) -> str:
        """Where it is, by its old name: the record with the field, or the type that is no part of a record."""
        if self.field:
            return f"{self.record}.{self.field}"
        return _name(self.old) or _name(self.new) or type_name(self.old_type or self.new_type)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What the sentences about it are filled with."""
        was, now = self.renamed or ("", "")
        return {
            "place": self.place,
            "what": f"`{self.field}` of `{self.record}`" if self.field else f"`{self.place}`",
            "record": self.record,
            "field": self.field,
            "old": type_name(self.old_field.schema if self.old_field else self.old_type),
            "new": type_name(self.new_field.schema if self.new_field else self.new_type),
            "old_name": _name(self.old),
            "new_name": _name(self.new),
            "unread": type_name(self.unread),
            "was": was,
            "now": now,
            "detail": ", ".join(self.detail),
            "details": codes(self.detail),
            "old_size": str(self.old.size) if isinstance(self.old, Fixed) else "",
            "new_size": str(self.new.size) if isinstance(self.new, Fixed) else "",
        }

    @cached_property
    def old_type(self) -> Schema | None:
        """The old type that does not fit; the whole union where it is a branch of one."""
        return _around(self.old, self.old_field)

    @cached_property
    def new_type(self) -> Schema | None:
        """The new type that does not fit; the whole union where it is a branch of one."""
        return _around(self.new, self.new_field)

    @cached_property
    def renamed(self) -> tuple[str, str] | None:
        """The old and the new name of the field, where it is one that was renamed."""
        if self.old_record is None or self.new_record is None:
            return None
        names = renames(self.old_record, self.new_record)
        if self.old_field is not None and self.old_field.name in names:
            return self.old_field.name, names[self.old_field.name]
        if self.new_field is not None:
            return next(((was, now) for was, now in names.items() if now == self.new_field.name), None)
        return None

    @property
    def unread(self) -> Schema | None:
        """What was or will be written and cannot be read: one branch where it is of a union."""
        part = self.old if self.way is BACKWARD else self.new
        return part if isinstance(part, Schema) else None


@dataclass(frozen=True, slots=True)
class Known:
    """The full names of the types that there are beside those of a pair of schemas.

    Attributes:
        old: Those that there were.
        new: Those that there are now.
    """

    old: Collection[str] = ()
    new: Collection[str] = ()


_NONE: Final = Known()


class Judged:
    """Whether one side can read what the other writes, and what it reads wrongly.

    Args:
        old: The old schema.
        new: The new schema.
        way: Backward: new consumers read old messages. Forward: old consumers read new messages.
        known: What else there is: a type that still is there was not renamed, but replaced.
    """

    def __init__(self, old: Schema, new: Schema, way: Direction, known: Known = _NONE) -> None:
        self._old, self._new, self._way, self._known = old, new, way, known
        reader, writer = (new, old) if way is BACKWARD else (old, new)
        self._found = check(reader, writer)

    @cached_property
    def clashes(self) -> tuple[Clash, ...]:
        """Why one side cannot read the other; empty where it can, and only there."""
        if self._found.compatible:
            return ()
        types = self._known, Known(named_types(self._old), named_types(self._new))
        clashes = _telling(_clash(cause, cause.kind, self._way, cause.detail, types) for cause in self._found.causes)
        detail = tuple(f"{one.type} at {one.location}" for one in self._found.incompatibilities)
        return clashes or (Clash(kind=None, way=self._way, old=self._old, new=self._new, detail=detail),)

    @cached_property
    def dangers(self) -> tuple[Clash, ...]:
        """What is read wrongly although it can be read."""
        return tuple(_clash(one, one.kind, self._way, one.detail) for one in self._found.advisories)


def _clash(
    spot: Cause | Advisory,
    kind: CauseKind | AdvisoryKind,
    way: Direction,
    detail: tuple[str, ...],
    types: Iterable[Known] = (),
) -> Clash:
    reader = spot.reader, spot.reader_record, spot.field_reader
    writer = spot.writer, spot.writer_record, spot.field_writer
    (was, was_in, was_field), (now, now_in, now_field) = (writer, reader) if way is BACKWARD else (reader, writer)
    return Clash(
        kind=kind,
        way=way,
        old=was,
        new=now,
        old_record=was_in,
        new_record=now_in,
        old_field=was_field,
        new_field=now_field,
        detail=detail,
        replaced=kind is CauseKind.NAME and any(_name(was) in known.new or _name(now) in known.old for known in types),
        advisory=spot if isinstance(spot, Advisory) else None,
    )


def _telling(clashes: Iterable[Clash]) -> tuple[Clash, ...]:
    """Without those inside of types of which one took the place of the other: that says it all."""
    found = tuple(clashes)
    replaced = {(id(one.old), id(one.new)) for one in found if one.replaced}
    return tuple(one for one in found if (id(one.old_record), id(one.new_record)) not in replaced)


def _name(part: Part) -> str:
    return part.fullname if isinstance(part, Named) else ""


def _around(part: Part, field: Field | None) -> Schema | None:
    """A type, or the union in the field's type that it is a branch of."""
    if not isinstance(part, Schema):
        return None
    for schema in _unnamed(field.schema) if field is not None else ():
        if isinstance(schema, Union) and any(branch is part for branch in schema.branches):
            return schema
    return part


def _unnamed(schema: Schema) -> Iterator[Schema]:
    """A type and those inside it, without entering records."""
    pending = [schema]
    while pending:
        yield (one := pending.pop())
        match one:
            case Union():
                pending.extend(one.branches)
            case Array():
                pending.append(one.items)
            case Map():
                pending.append(one.values)
            case _:
                pass
