"""Keys: which field or type a topic is keyed by, and how that is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from kontrakt import avro
from kontrakt.avro import MISSING, Enum, Field, Fixed, Named, Primitive, Record, Schema, Union
from kontrakt.avro.render import closed
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.errors import Position, SchemaErrors

from .declaration import Declaration
from .topic import Key, KeyFormat, Kind

_FITS: Final[Mapping[KeyFormat, frozenset[str]]] = {
    KeyFormat.STRING: frozenset(("string",)),
    KeyFormat.LONG: frozenset(("int", "long")),
    KeyFormat.INT: frozenset(("int",)),
}


class Keys:
    """Makes the keys of declarations.

    Args:
        types: Every named type, by full name; composite keys are added.
        problem: Receives what is wrong.
    """

    def __init__(self, types: dict[str, Named], problem: Callable[[Position, str, str], None]) -> None:
        self._types = types
        self._problem = problem
        self.derived: list[Record] = []

    def key(self, said: Declaration, fields: tuple[Field, ...], owner: str) -> Key | None:
        """The key of a declaration.

        Args:
            said: The declaration.
            fields: The fields that the key may name: those of the record, or those that all operations have.
            owner: The full name of what has them, for messages and for the name of a composite key.

        Returns:
            The key; None where there is none, or where what is said is wrong and has been reported.
        """
        position = said.at("key")
        key: object = said.key
        if isinstance(key, str):
            return self._inside(said, (key,), fields, owner)
        if is_array(key) and key and all(isinstance(name, str) for name in key):
            return self._inside(said, tuple(key), fields, owner)
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

    def _inside(self, said: Declaration, names: tuple[str, ...], fields: tuple[Field, ...], owner: str) -> Key | None:
        known = {field.name: field for field in fields}
        legal = True
        for index, name in enumerate(names):
            position = said.at("key", index) if is_array(said.key) else said.at("key")
            if name not in known:
                from .declaration import nearest

                self._problem(
                    position, f'the key names a field "{name}" that {owner} does not have', nearest(name, list(known))
                )
                legal = False
            elif why := _illegal(known[name].schema):
                self._problem(
                    position,
                    f'the field "{name}" cannot be a key: {why}',
                    "a key identifies: take text, a number, a uuid",
                )
                legal = False
            if names.index(name) != index:
                self._problem(position, f'the key names "{name}" twice', "")
                legal = False
        if not legal:
            return None
        schema = known[names[0]].schema if len(names) == 1 else self._composite(names, known, owner)
        return self._made(said, schema, names)

    def _beside(self, said: Declaration, schema: Any) -> Key | None:
        position = said.at("key", "schema")
        found: Schema | None
        if isinstance(schema, str) and schema not in avro.schema.PRIMITIVES:
            found = self._types.get(schema)
            if found is None:
                from .declaration import nearest

                self._problem(
                    position,
                    f"the key is of the type {schema}, which no file defines",
                    nearest(schema, list(self._types)),
                )
                return None
        else:
            try:
                found = avro.parse(
                    schema if not isinstance(schema, str) else {"type": schema}, references=self._types.values()
                )
            except SchemaErrors as errors:
                for problem in errors.problems:
                    self._problem(position, f"the schema of the key: {problem.message}", problem.hint)
                return None
            for name, named in avro.named_types(found).items():
                self._types.setdefault(name, named)
        if why := _illegal(found):
            self._problem(
                position,
                f"the key cannot be of this type: {why}",
                "a key identifies: take text, a number, a uuid, a record",
            )
            return None
        return self._made(said, found, ())

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

    def _composite(self, names: tuple[str, ...], known: Mapping[str, Field], owner: str) -> Schema:
        """The record of a composite key, named after what it identifies."""
        fullname = f"{owner}Key"
        existing = next((record for record in self.derived if record.fullname == fullname), None)
        if existing is not None and tuple(field.name for field in existing.fields) == names:
            return existing
        if fullname in self._types:
            self._problem(
                self._types[fullname].position,
                f"{fullname} is the name of the composite key of {owner}",
                "rename this type",
            )
        namespace, _, name = fullname.rpartition(".")
        fields = [{"name": f, "type": referring(known[f].schema), "doc": known[f].doc} for f in names]
        for one in fields:
            if not one["doc"]:
                del one["doc"]
        text = {
            "type": "record",
            "namespace": namespace,
            "name": name,
            "doc": f"The key of {owner}.",
            "fields": fields,
        }
        record = avro.parse(text, references=[known[f].schema for f in names])
        assert isinstance(record, Record)
        self._types[fullname] = record
        self.derived.append(record)
        return record


def referring(schema: Schema) -> Any:
    """A schema as JSON in which every named type stands by name alone."""
    match schema:
        case Named():
            return schema.fullname
        case Union():
            return [referring(branch) for branch in schema.branches]
        case avro.Array():
            return {**_props(schema), "type": "array", "items": referring(schema.items)}
        case avro.Map():
            return {**_props(schema), "type": "map", "values": referring(schema.values)}
        case _:
            return closed(schema)


def _props(schema: Schema) -> dict[str, Any]:
    return dict(schema.props)


def _illegal(schema: Schema) -> str:
    """Why a type cannot be a key, or an empty string."""
    match schema:
        case Primitive(type="null") | Union():
            return "it may be null" if not isinstance(schema, Union) or schema.nullable else "it is a union"
        case Primitive(type="float" | "double"):
            return f"a {schema.type} has many ways to write what looks like the same number"
        case avro.Array() | avro.Map():
            return f"it is {'an array' if schema.type == 'array' else 'a map'}"
        case Record() | Enum() | Fixed() | Primitive():
            return ""
        case _:
            return "it could not be read"
