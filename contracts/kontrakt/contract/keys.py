"""Keys: which field or type a topic is keyed by, and how that is written.

A key decides the partition and, on a compacted topic, which message replaces which: the same key must always be the same bytes.
So nothing is a key that may be null, that has several ways to be written, or whose entries have no order.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from kontrakt import avro
from kontrakt.avro import (
    MISSING,
    Array,
    Field,
    Map,
    Named,
    Node,
    Primitive,
    Record,
    Schema,
    Union,
    Unknown,
    children,
)
from kontrakt.avro.render import closed
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.errors import Position, SchemaErrors

from .declaration import Declaration
from .hints import nearest, nearest_type
from .topic import Key, KeyFormat, Kind

_FITS: Final[Mapping[KeyFormat, frozenset[str]]] = {
    KeyFormat.STRING: frozenset(("string",)),
    KeyFormat.LONG: frozenset(("int", "long")),
    KeyFormat.INT: frozenset(("int",)),
}


class Keys:
    """Makes the keys of declarations.

    Args:
        types: Every named type, by full name; those that keys define are added.
        problem: Receives what is wrong.
        broken: The files whose Avro is wrong: no key is derived from what they say.

    Attributes:
        derived: The records of composite keys, which no file contains.
    """

    def __init__(
        self, types: dict[str, Named], problem: Callable[[Position, str, str], None], broken: frozenset[str]
    ) -> None:
        self._broken = broken
        self._types = types
        self._problem = problem
        self._made_for: dict[str, str] = {}
        self._inlined: dict[str, Schema | None] = {}
        self.derived: list[Record] = []

    def key(self, said: Declaration, fields: tuple[Field, ...], owner: str, composite: str) -> Key | None:
        """The key of a declaration.

        Args:
            said: The declaration.
            fields: The fields that the key may name: those of the record, or those that all operations have.
            owner: What has them, for messages.
            composite: What a key of several fields identifies: a full name, or the name of a topic that several records may
                share. The record of such a key is named after it.

        Returns:
            The key; None where there is none, or where what is said is wrong and has been reported.
        """
        position = said.at("key")
        key: object = said.key
        if said.key_format is not None and key is None:
            self._problem(said.at("key_format"), "there is no key to be written in this format", "remove it")
        if isinstance(key, str):
            return self._inside(said, (key,), fields, owner, composite)
        if is_array(key) and key and all(isinstance(name, str) for name in key):
            return self._inside(said, tuple(key), fields, owner, composite)
        if is_object(key) and set(key) == {"schema"}:
            return self._beside(said, key["schema"])
        if key is None:
            if said.kind is Kind.ENTITY:
                hint = "without one, compaction cannot keep the newest state"
                self._problem(position, "an entity topic needs a key", hint)
        elif key is MISSING:
            otherwise = "" if said.kind is Kind.ENTITY else ', or say "key": null for messages without one'
            self._problem(said.at(), "the topic has no key", f"name the field that identifies it{otherwise}")
        else:
            hint = 'a field, a list of fields, {"schema": ...} for a key beside the value, or null'
            self._problem(position, '"key" is not readable', hint)
        return None

    def _inside(
        self, said: Declaration, names: tuple[str, ...], fields: tuple[Field, ...], owner: str, composite: str
    ) -> Key | None:
        known = {field.name: field for field in fields}
        legal = True
        for index, name in enumerate(names):
            position = said.at("key", index) if is_array(said.key) else said.at("key")
            if name not in known:
                self._problem(
                    position, f'the key names a field "{name}" that {owner} does not have', nearest(name, list(known))
                )
                legal = False
            elif why := why_no_key(known[name].schema):
                self._problem(
                    position,
                    f'the field "{name}" cannot be a key: {why}',
                    "a key identifies: take text, a number, a uuid",
                )
                legal = False
            elif not is_whole((known[name].schema,)):  # reported where it stands
                legal = False
            if names.index(name) != index:
                self._problem(position, f'the key names "{name}" twice', "remove one")
                legal = False
        if not legal:
            return None
        schema = known[names[0]].schema if len(names) == 1 else self._composite(said, names, known, composite)
        return self._made(said, schema, names) if schema is not None else None

    def _beside(self, said: Declaration, schema: Any) -> Key | None:
        position = said.at("key", "schema")
        if isinstance(schema, str):
            found = self._named(schema, position)
        else:
            text = json.dumps(schema, default=str)  # one that stands in several declarations is one type
            if text not in self._inlined:
                self._inlined[text] = self._inline(schema, position)
            found = self._inlined[text]
        if found is None or not is_whole((found,)):
            return None
        if why := why_no_key(found, beside=True):
            self._problem(
                position,
                f"the key cannot be of this type: {why}",
                "a key identifies: take text, a number, a uuid, a record",
            )
            return None
        return self._made(said, found, ())

    def _named(self, name: str, position: Position) -> Schema | None:
        if name in avro.schema.PRIMITIVES:
            return avro.parse({"type": name})
        found = self._types.get(name)
        if found is None and not self._broken:  # otherwise it may stand in a file that could not be read
            hint = nearest_type(name, self._types)
            self._problem(position, f"the key is of the type {name}, which no file defines", hint)
        return found

    def _inline(self, schema: Any, position: Position) -> Schema | None:
        try:
            found = avro.parse(schema, references=self._types.values())
        except SchemaErrors as errors:
            for problem in errors.problems:
                self._problem(position, f"the schema of the key: {problem.message}", problem.hint)
            return None
        _place(found.source, position)
        for name, named in avro.named_types(found).items():
            known = self._types.setdefault(name, named)
            if known is not named and not same_type(known, named):
                self._problem(
                    position,
                    f"the schema of the key defines {name}, and so does {known.position}",
                    "write its full name where the two are the same type, otherwise rename one",
                )
                return None
        return found

    def _made(self, said: Declaration, schema: Schema, fields: tuple[str, ...]) -> Key | None:
        format_ = said.key_format
        if format_ is None:
            format_ = KeyFormat.STRING if isinstance(schema, Primitive) and schema.type == "string" else KeyFormat.AVRO
        elif format_ is not KeyFormat.AVRO and not (isinstance(schema, Primitive) and schema.type in _FITS[format_]):
            kind = schema.fullname if isinstance(schema, Named) else schema.type
            self._problem(
                said.at("key_format"),
                f"a key of type {kind} cannot be written as {format_}",
                "string takes a string or uuid, long an int or long, int an int; avro takes everything",
            )
            return None
        return Key(schema=schema, format=format_, fields=fields, position=said.at("key"))

    def _composite(
        self, said: Declaration, names: tuple[str, ...], known: Mapping[str, Field], identified: str
    ) -> Schema | None:
        """The record of a composite key, named after what it identifies."""
        if any(known[name].position.file in self._broken for name in names):
            return None
        fullname = composite_name(identified)
        # Without their docs: a key carries the id of its schema, so an edit of a doc would change the bytes of every key.
        fields = [{"name": f, "type": referring(known[f].schema)} for f in names]
        namespace, _, name = fullname.rpartition(".")
        text = {
            "type": "record",
            "namespace": namespace,
            "name": name,
            "doc": f"The key of {identified}.",
            "fields": fields,
        }
        uses = [known[f].schema for f in names]
        record = avro.parse(text, file=said.at("key").file, strict=False, references=uses)
        assert isinstance(record, Record)
        record.source.position = said.at("key")
        taken = self._types.get(fullname)
        if taken is None:
            self._types[fullname] = record
            self._made_for[fullname] = identified
            self.derived.append(record)
            return record
        if same_type(taken, record) and fullname in self._made_for:
            return taken
        if self._made_for.get(fullname) != identified:
            self._problem(
                taken.position,
                f"{fullname} is the name of the composite key of {identified}",
                "rename this type",
            )
            return None
        return record  # of another record on the same topic: that their keys differ is told where they are compared


def composite_name(identified: str) -> str:
    """The full name of a composite key; it must not depend on which records share a topic.

    Args:
        identified: A full name (``shop.order.OrderLine`` gives ``shop.order.OrderLineKey``), or a topic's name
            (``shop.order-events`` gives ``shop.OrderEventsKey``).
    """
    *spaces, last = identified.split(".")
    words = [word for word in re.split(r"[^A-Za-z0-9_]+", last) if word]
    name = "".join(word[:1].upper() + word[1:] for word in words) + "Key"
    parts = [re.sub(r"[^A-Za-z0-9_]", "_", part) for part in spaces if part]
    return ".".join(f"_{part}" if part[0].isdigit() else part for part in (*parts, name))


def referring(schema: Schema) -> Any:
    """A schema as JSON in which every named type stands by name alone."""
    return closed(schema, known=avro.named_types(schema))


def same_type(one: Schema, other: Schema) -> bool:
    """Whether two types mean the same: alike in their canonical form, and in their logical types."""
    pending, seen = [(one, other)], set[tuple[int, int]]()
    while pending:
        left, right = pending.pop()
        if left is right or (id(left), id(right)) in seen:
            continue
        seen.add((id(left), id(right)))
        inside, across = list(children(left)), list(children(right))
        if left.type != right.type or left.logical != right.logical or len(inside) != len(across):
            return False
        pending.extend(zip(inside, across, strict=True))
    return one is other or one.canonical == other.canonical


def why_no_key(schema: Schema, *, beside: bool = False) -> str:
    """Why a type cannot be a key, or an empty string.

    Args:
        schema: The type.
        beside: Whether the key stands beside the value. Such keys exist already, so what is inside them is taken as it is,
            except for a map: the same one has many ways to be written.
    """
    if isinstance(schema, Union):
        return "it may be null" if schema.nullable else "it is a union"
    for one in _inside(schema):
        is_it = "it is" if one is schema else "it holds"
        if isinstance(one, Map):
            return f"{is_it} a map, whose entries have no order"
        if beside and one is not schema:
            continue
        if isinstance(one, Array | Union):
            return f"{is_it} {'an array' if isinstance(one, Array) else 'a union'}"
        if one.type in ("float", "double"):
            return f"{is_it} a {one.type}, and that has many ways to write what looks like the same number"
        if one.type == "null":
            return "it may be null"
    return ""


def _place(node: Node, position: Position) -> None:
    """Lets a type that stands inline in a declaration say where that is."""
    pending = [node]
    while pending:
        one = pending.pop()
        one.position = position
        one.keys = dict.fromkeys(one.members, position)
        pending.extend((*one.members.values(), *one.items))


def is_whole(schemas: Iterable[Schema]) -> bool:
    """Whether everything inside some types could be read."""
    return not any(isinstance(one, Unknown) for schema in schemas for one in _inside(schema))


def _inside(schema: Schema) -> Iterator[Schema]:
    """A type and everything inside it, each once."""
    pending, seen = [schema], set[int]()
    while pending:
        one = pending.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            pending.extend(reversed(list(children(one))))
