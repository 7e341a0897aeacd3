"""What changed in types, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kontrakt.avro import Array, Enum, Field, Map, Named, Record, Schema, Union
from kontrakt.check.places import Places
from kontrakt.check.rules import safety, types
from kontrakt.check.words import code, json_text

from .entries import Entry, Section, Step
from .types import Changed, TypeChange

_SECTIONS: Final[Mapping[TypeChange, Section]] = {
    TypeChange.TYPE_ADDED: Section.ADDED,
    TypeChange.TYPE_REMOVED: Section.REMOVED,
    TypeChange.TYPE_RENAMED: Section.RENAMED,
    TypeChange.FIELD_ADDED: Section.ADDED,
    TypeChange.FIELD_REMOVED: Section.REMOVED,
    TypeChange.FIELD_RENAMED: Section.RENAMED,
    TypeChange.SYMBOL_ADDED: Section.ADDED,
    TypeChange.SYMBOL_REMOVED: Section.REMOVED,
    TypeChange.DOCUMENTED: Section.DOCUMENTED,
    TypeChange.DEPRECATED: Section.DEPRECATED,
}
"""All others are changes."""

_RULES: Final[Mapping[TypeChange, frozenset[str]]] = {
    TypeChange.TYPE_REMOVED: frozenset(("type-renamed",)),
    TypeChange.TYPE_RENAMED: frozenset(("type-renamed",)),
    TypeChange.FIELD_ADDED: frozenset(("field-added-without-default", "field-ambiguous", "unusable-default")),
    TypeChange.FIELD_REMOVED: frozenset(("field-removed-without-default", "projection-broken")),
    TypeChange.FIELD_RENAMED: frozenset(("field-renamed", "projection-broken")),
    TypeChange.FIELD_RETYPED: frozenset(
        ("projection-broken", *(rule.id for rule in (*types.RULES, *safety.RULES))),
    ),
    TypeChange.SYMBOL_ADDED: frozenset(("enum-symbol-added",)),
    TypeChange.SYMBOL_REMOVED: frozenset(("enum-symbol-removed",)),
    TypeChange.SIZE_CHANGED: frozenset(("fixed-size-changed",)),
}
"""The rules that tell whom a change breaks; no other change breaks anyone."""

_PYTHON: Final[Mapping[str, str]] = {"int": "int", "long": "int", "float": "float", "double": "float", "fixed": "bytes"}


def type_entries(changes: Iterable[Changed], old_place: Places, new_place: Places) -> Iterator[Entry]:
    """Changes of types in words, without who breaks and the topics.

    Args:
        changes: The changes.
        old_place: Where things stand in what came before.
        new_place: Where things stand in the new contracts.
    """
    for change in changes:
        step, why = _step(change)
        yield Entry(
            section=_SECTIONS.get(change.what, Section.CHANGED),
            about=change.place,
            message=_message(change),
            step=step,
            why=why,
            old=old_place(change.old_type, change.old),
            new=new_place(change.new_type, change.new or change.new_type),
            rules=_RULES.get(change.what, frozenset()),
            symbol=_symbol(change),
        )


def _message(change: Changed) -> str:
    named = change.old_type or change.new_type
    kind = named.type if named is not None else "type"
    owner, _, name = change.place.rpartition(".")
    field = f"the field {code(name)} of {code(owner)}"
    whole = field if isinstance(change.old or change.new, Field) else f"the {kind} {code(change.place)}"
    was, now = change.was, change.now
    match change.what:
        case TypeChange.TYPE_ADDED:
            return f"{whole} is new"
        case TypeChange.TYPE_REMOVED | TypeChange.FIELD_REMOVED:
            return f"{whole} is gone"
        case TypeChange.TYPE_RENAMED | TypeChange.FIELD_RENAMED:
            return f"{whole} is called {code(now)} now"
        case TypeChange.KIND_CHANGED:
            return f"{code(change.place)} was of the kind {was} and is of the kind {now} now"
        case TypeChange.FIELD_ADDED:
            return f"the new field {code(name)} of {code(owner)}{_with_default(change.new)}"
        case TypeChange.FIELD_RETYPED:
            return f"the type of {whole} was {code(was)} and is {code(now)} now"
        case TypeChange.DEFAULT_ADDED:
            return f"{whole} has the default {code(json_text(now))} now"
        case TypeChange.DEFAULT_REMOVED:
            return f"{whole} had the default {code(json_text(was))} and has none now"
        case TypeChange.DEFAULT_CHANGED:
            return f"the default of {whole} was {code(json_text(was))} and is {code(json_text(now))} now"
        case TypeChange.SYMBOL_ADDED:
            return f"{whole} has the new symbol {code(now)}"
        case TypeChange.SYMBOL_REMOVED:
            return f"{whole} has the symbol {code(was)} no more"
        case TypeChange.SIZE_CHANGED:
            return f"{whole} had {was} bytes and has {now} now"
        case TypeChange.DOCUMENTED:
            return f"{whole} is documented {'anew' if was and now else 'now' if now else 'no more'}"
        case TypeChange.DEPRECATED:
            return f"{whole} is deprecated{f': {now}' if now else ''}"


def _symbol(change: Changed) -> str:
    return str(change.was or change.now) if change.what in (TypeChange.SYMBOL_ADDED, TypeChange.SYMBOL_REMOVED) else ""


def _with_default(part: object) -> str:
    if isinstance(part, Field) and part.has_default:
        return f", by default {code(json_text(part.default))}"
    return ", which has no default"


def _step(change: Changed) -> tuple[Step, str]:
    """The step that a change asks of a generated package, and why."""
    match change.what:
        case TypeChange.TYPE_ADDED:
            return Step.MINOR, "there is a class more"
        case TypeChange.TYPE_REMOVED | TypeChange.TYPE_RENAMED | TypeChange.KIND_CHANGED:
            return Step.MAJOR, "code that uses the class fails"
        case TypeChange.FIELD_ADDED if isinstance(change.new, Field) and change.new.has_default:
            return Step.MINOR, "there is an attribute more"
        case TypeChange.FIELD_ADDED:
            return Step.MAJOR, "code that makes one has to give it"
        case TypeChange.FIELD_REMOVED | TypeChange.FIELD_RENAMED:
            return Step.MAJOR, "code that uses the attribute fails"
        case TypeChange.FIELD_RETYPED:
            assert isinstance(change.old, Field)
            assert isinstance(change.new, Field)
            if _python(change.old.schema) == _python(change.new.schema):
                return Step.PATCH, ""
            return Step.MAJOR, "the attribute is of another type"
        case TypeChange.DEFAULT_REMOVED if isinstance(change.new, Field):
            return Step.MAJOR, "code that makes one has to give it"
        case TypeChange.DEFAULT_ADDED | TypeChange.DEFAULT_CHANGED if isinstance(change.new, Field):
            return Step.MINOR, "what is left out is another value"
        case TypeChange.SYMBOL_ADDED:
            return Step.MINOR, "there is a member more"
        case TypeChange.SYMBOL_REMOVED:
            return Step.MAJOR, "code that uses the member fails"
        case TypeChange.SIZE_CHANGED:
            return Step.MAJOR, "values of the old size are refused"
        case TypeChange.DEPRECATED:
            return Step.MINOR, ""
        case _:
            return Step.PATCH, ""


def _python(schema: Schema) -> str:
    """What stands for a type in generated code, as far as it tells types apart."""
    match schema:
        case Union():
            return " | ".join(sorted({_python(branch) for branch in schema.branches}))
        case Array():
            return f"list[{_python(schema.items)}]"
        case Map():
            return f"dict[{_python(schema.values)}]"
        case Record() | Enum():
            return schema.fullname
        case _ if schema.logical is not None:
            kind, _, unit = schema.logical.name.rpartition("-")
            return kind if kind and unit in ("millis", "micros", "nanos") else schema.logical.name
        case Named():
            return _PYTHON["fixed"]
        case _:
            return _PYTHON.get(schema.type, schema.type)
