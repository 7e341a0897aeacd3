"""From the tree back to JSON: a file as it was written, or one tree as a schema that needs no other."""

from __future__ import annotations

import json
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from .logical import KNOWN
from .schema import Array, Enum, Field, Fixed, Map, Named, Record, Schema, Union

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from .node import Node

WAIVE: Final = "waive"
"""The attribute that lets findings of lint pass. It may stand wherever Avro takes attributes."""
OWN_ATTRIBUTES: Final = ("topic", "projection", WAIVE)
"""What kontrakt adds to Avro; a registry never sees it."""

_NAMED: Final = frozenset(("record", "error", "enum", "fixed"))

Role: TypeAlias = Literal["schema", "schemas", "field", "fields", "message", "messages", "other"]
"""What a JSON value is to Avro; inside ``other`` (defaults, docs, custom attributes) nothing is a schema."""
_INSIDE: Final[Mapping[Role, Mapping[str, Role]]] = {
    "schema": {
        "type": "schema",
        "items": "schema",
        "values": "schema",
        "fields": "fields",
        "types": "schemas",
        "messages": "messages",
    },
    "field": {"type": "schema"},
    "message": {"request": "fields", "response": "schema", "errors": "schemas"},
}
_ITEMS: Final[Mapping[Role, Role]] = {"schema": "schema", "schemas": "schema", "fields": "field"}
_ATTRIBUTED: Final = frozenset(("schema", "field", "message"))


def to_json(node: Node, drop: Collection[str] = OWN_ATTRIBUTES) -> str:
    """Write a schema or a protocol as its author did, compactly and without some attributes.

    Args:
        node: The JSON of the file.
        drop: Attributes of named types and protocols to leave out; those of the same name elsewhere stay, except for
            :data:`WAIVE`, which fields, messages and types without a name may have too.
    """
    pieces: list[str] = []
    stack: list[tuple[Node, Role] | str] = [(node, "schema")]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            pieces.append(part)
        elif isinstance(part[0].value, dict | list):
            stack.extend(reversed(list(_parts(*part, drop))))
        else:
            pieces.append(json.dumps(part[0].value, ensure_ascii=False))
    return "".join(pieces)


def waiving(node: Node) -> Iterator[Node]:
    """The types, fields, messages and protocols inside a file that have the attribute :data:`WAIVE`, outer ones first.

    Args:
        node: The JSON of the file.
    """
    stack: list[tuple[Node, Role]] = [(node, "schema")]
    while stack:
        one, role = stack.pop()
        if role in _ATTRIBUTED and WAIVE in one.members:
            yield one
        inside: list[tuple[Node, Role]] = [(item, _item_role(role)) for item in one.items]
        inside.extend((member, _role(key, role)) for key, member in one.members.items())
        inside.reverse()
        stack.extend(part for part in inside if part[1] != "other")


def _parts(node: Node, role: Role, drop: Collection[str]) -> Iterator[tuple[Node, Role] | str]:
    """What an object or array is written as: texts, and the values between them with their roles."""
    if isinstance(node.value, list):
        yield "["
        for index, item in enumerate(node.items):
            if index:
                yield ","
            yield item, _item_role(role)
        yield "]"
        return
    named = role == "schema" and (_kind(node) in _NAMED or "protocol" in node.members)
    separator = "{"
    for key, member in node.members.items():
        if key in drop and (named or (key == WAIVE and role in _ATTRIBUTED)):
            continue
        yield f"{separator}{encode_basestring(key)}:"
        yield member, _role(key, role)
        separator = ","
    yield "{}" if separator == "{" else "}"


def _item_role(role: Role) -> Role:
    """What an item of an array is, by the role of the array."""
    return _ITEMS.get(role, "other")


def _role(key: str, role: Role) -> Role:
    """What a member of an object is, by the role of the object."""
    return "message" if role == "messages" else _INSIDE.get(role, {}).get(key, "other")


def _kind(node: Node) -> str:
    kind = node.value.get("type")
    return kind if isinstance(kind, str) else ""


def closed(schema: Schema, *, docs: bool = True, known: Collection[str] = ()) -> Any:
    """One schema with everything that it refers to: each named type stands in full where it is used first.

    Args:
        schema: The tree, which may come from several files.
        docs: Whether to keep documentation.
        known: Full names of types that stand by name alone, because whoever reads the schema has them already.

    Returns:
        What ``json.loads`` would give: names are full names, kontrakt's own attributes are left out, and so is a logical
        type that is not valid where it stands.
    """
    written: set[str] = set(known)
    result: list[Any] = [None]
    stack: list[tuple[Schema, Any, Any]] = [(schema, result, 0)]
    while stack:
        node, container, key = stack.pop()
        if isinstance(node, Named):
            if node.fullname in written:
                container[key] = node.fullname
                continue
            written.add(node.fullname)
        if isinstance(node, Union):
            container[key] = branches = [None] * len(node.branches)
            stack.extend(reversed([(branch, branches, at) for at, branch in enumerate(node.branches)]))
            continue
        props = _props(node)
        if isinstance(node, Named):
            container[key] = definition = _definition(node, docs) | props
        elif isinstance(node, Array | Map) or props:
            container[key] = definition = {"type": node.type} | props
        else:
            container[key] = node.type
            continue
        match node:
            case Array():
                stack.append((node.items, definition, "items"))
            case Map():
                stack.append((node.values, definition, "values"))
            case Record():
                definition["fields"] = [_field(field, docs) for field in node.fields]
                inside = [
                    (field.schema, place, "type")
                    for field, place in zip(node.fields, definition["fields"], strict=True)
                ]
                stack.extend(reversed(inside))
            case _:
                pass
    return result[0]


def _props(schema: Schema) -> dict[str, Any]:
    props = {key: value for key, value in schema.props.items() if key not in OWN_ATTRIBUTES}
    name = props.get("logicalType")
    if schema.logical is None and isinstance(name, str) and name in KNOWN:
        del props["logicalType"]
    return props


def _definition(named: Named, docs: bool) -> dict[str, Any]:
    definition: dict[str, Any] = {"type": named.type, "name": named.name, "namespace": named.namespace}
    if docs and named.doc:
        definition["doc"] = named.doc
    if named.aliases:
        definition["aliases"] = list(named.aliases)
    match named:
        case Enum():
            definition["symbols"] = list(named.symbols)
            if named.default is not None:
                definition["default"] = named.default
        case Fixed():
            definition["size"] = named.size
        case _:
            pass
    return definition


def _field(field: Field, docs: bool) -> dict[str, Any]:
    written: dict[str, Any] = {"name": field.name, "type": None}
    if docs and field.doc:
        written["doc"] = field.doc
    if field.has_default:
        written["default"] = field.default
    if field.aliases:
        written["aliases"] = list(field.aliases)
    if field.order != "ascending":
        written["order"] = field.order
    return written | {key: value for key, value in field.props.items() if key != WAIVE}
