"""What changed in types: field by field, symbol by symbol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from kontrakt.avro import MISSING, Enum, Field, Fixed, Named, Record, named_types
from kontrakt.check.renames import renames
from kontrakt.check.words import type_name
from kontrakt.contract.deprecation import deprecation

if TYPE_CHECKING:
    from kontrakt.avro import Schema
    from kontrakt.check.clashes import Part


class TypeChange(StrEnum):
    """What kind of change."""

    TYPE_ADDED = "type added"
    TYPE_REMOVED = "type removed"
    TYPE_RENAMED = "type renamed"
    KIND_CHANGED = "kind changed"
    FIELD_ADDED = "field added"
    FIELD_REMOVED = "field removed"
    FIELD_RENAMED = "field renamed"
    FIELD_RETYPED = "field retyped"
    DEFAULT_ADDED = "default added"
    DEFAULT_REMOVED = "default removed"
    DEFAULT_CHANGED = "default changed"
    SYMBOL_ADDED = "symbol added"
    SYMBOL_REMOVED = "symbol removed"
    SIZE_CHANGED = "size changed"
    DOCUMENTED = "documented"
    DEPRECATED = "deprecated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One change of a type.

    Attributes:
        what: What kind.
        place: Where, by its old name: ``shop.Customer.email``.
        old: The old field or type; None where it is new.
        new: The new field or type; None where it is gone.
        old_type: The old type around it, or None.
        new_type: The new type around it, or None.
        was: What the kind says was: a type, a default, a name; an empty string otherwise.
        now: What it is now.
    """

    what: TypeChange
    place: str
    old: Part
    new: Part
    old_type: Named | None
    new_type: Named | None
    was: Any = ""
    now: Any = ""


def type_changes(old: Mapping[str, Named], new: Mapping[str, Named]) -> Iterator[Changed]:
    """What changed between two sets of types. A type is the same where its full name is, or where an alias says so.

    Args:
        old: The old types, by full name.
        new: The new types, by full name.
    """
    former = {alias: name for name, one in new.items() if name not in old for alias in one.aliases if alias not in new}
    for name, was in old.items():
        now = new.get(name)
        if now is None and name in former:
            now = new[former[name]]
            yield _of_type(TypeChange.TYPE_RENAMED, name, was, now, name, now.fullname)
        if now is None:
            yield _of_type(TypeChange.TYPE_REMOVED, name, was, None)
        elif was is not now:
            yield from _inside(was, now)
    renamed = {former[name] for name in old if name in former and name not in new}
    for name, now in new.items():
        if name not in old and name not in renamed:
            yield _of_type(TypeChange.TYPE_ADDED, name, None, now)


def schema_changes(old: Schema, new: Schema) -> tuple[Changed, ...]:
    """What changed between two schemas, in all types that they contain."""
    return tuple(type_changes(named_types(old), named_types(new)))


def _of_type(
    what: TypeChange, place: str, old: Named | None, new: Named | None, was: Any = "", now: Any = ""
) -> Changed:
    return Changed(what=what, place=place, old=old, new=new, old_type=old, new_type=new, was=was, now=now)


def _inside(old: Named, new: Named) -> Iterator[Changed]:
    name = old.fullname
    if old.doc != new.doc:
        yield _of_type(TypeChange.DOCUMENTED, name, old, new, old.doc, new.doc)
    match old, new:
        case Record(), Record():
            yield from _fields(old, new)
        case Enum(), Enum():
            yield from _symbols(old, new)
        case Fixed(), Fixed():
            if old.size != new.size:
                yield _of_type(TypeChange.SIZE_CHANGED, name, old, new, old.size, new.size)
        case _:
            yield _of_type(TypeChange.KIND_CHANGED, name, old, new, old.type, new.type)


def _symbols(old: Enum, new: Enum) -> Iterator[Changed]:
    for symbol in new.symbols:
        if symbol not in old.symbols:
            yield _of_type(TypeChange.SYMBOL_ADDED, old.fullname, old, new, "", symbol)
    for symbol in old.symbols:
        if symbol not in new.symbols:
            yield _of_type(TypeChange.SYMBOL_REMOVED, old.fullname, old, new, symbol, "")
    was = MISSING if old.default is None else old.default
    now = MISSING if new.default is None else new.default
    if was != now:
        yield _of_type(_default_change(was, now), old.fullname, old, new, was, now)


def _fields(old: Record, new: Record) -> Iterator[Changed]:
    names = renames(old, new)
    taken = set(names.values())
    for was in old.fields:
        now = new.field(names.get(was.name, was.name))
        if now is None:
            yield _of_field(TypeChange.FIELD_REMOVED, old, new, was, None)
            continue
        if now.name != was.name:
            yield _of_field(TypeChange.FIELD_RENAMED, old, new, was, now, was.name, now.name)
        yield from _of_one_field(old, new, was, now)
    for now in new.fields:
        if now.name not in taken and old.field(now.name) is None:
            yield _of_field(TypeChange.FIELD_ADDED, old, new, None, now)


def _of_one_field(old: Record, new: Record, was: Field, now: Field) -> Iterator[Changed]:
    before, after = type_name(was.schema), type_name(now.schema)
    if before != after:
        yield _of_field(TypeChange.FIELD_RETYPED, old, new, was, now, before, after)
    if was.default != now.default or type(was.default) is not type(now.default):  # false is not 0
        change = _default_change(was.default, now.default)
        yield _of_field(change, old, new, was, now, was.default, now.default)
    if was.doc != now.doc:
        yield _of_field(TypeChange.DOCUMENTED, old, new, was, now, was.doc, now.doc)
    if deprecation(was) is None and (mark := deprecation(now)) is not None:
        yield _of_field(TypeChange.DEPRECATED, old, new, was, now, "", mark.reason)


def _of_field(
    what: TypeChange, old: Record, new: Record, was: Field | None, now: Field | None, before: Any = "", after: Any = ""
) -> Changed:
    field = was or now
    assert field is not None
    return Changed(
        what=what,
        place=f"{old.fullname}.{field.name}",
        old=was,
        new=now,
        old_type=old,
        new_type=new,
        was=before,
        now=after,
    )


def _default_change(was: object, now: object) -> TypeChange:
    if was is MISSING:
        return TypeChange.DEFAULT_ADDED
    return TypeChange.DEFAULT_REMOVED if now is MISSING else TypeChange.DEFAULT_CHANGED
