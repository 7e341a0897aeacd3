"""Describes the program that encodes the values of a schema, for the codec in C: a tuple for each node, which ``native/program.c`` reads.

A node has what handles its usual values, and the function that the codec in Python calls for all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kontrakt.avro import Array, Enum, Fixed, Map, Record, Schema, Union

from . import to_avro
from ._native import Fit
from .analysis import Limits
from .choice import Choice
from .graph import Graph
from .shapes import TAG, Form
from .units import NANOS
from .values import Absent, Symbols, branch_maker, exact_float, kind_of_branch, of_class, union_shown

if TYPE_CHECKING:
    from .defaults import MakeDefault
    from .graph import Description, Node
    from .shapes import Types
    from .units import Convert


class Encoder:
    """Describes the program that encodes a schema.

    Args:
        schema: The schema.
        types: The classes.
        default: Makes what makes the default of a field that a dictionary leaves out.
    """

    def __init__(self, schema: Schema, types: Types, default: MakeDefault) -> None:
        self._schema = schema
        self._types = types
        self._default = default
        self._limits = Limits(schema)
        self._graph = Graph()

    def describe(self) -> Description:
        """The description of the program."""
        return self._graph.describe(self._at(self._schema))

    def _at(self, schema: Schema) -> int:
        return self._graph.at(schema, lambda: self._node(schema))

    def _node(self, schema: Schema) -> Node:
        match schema:
            case Record():
                return self._record(schema)
            case Union():
                return self._union(schema)
            case Array():
                return "array", to_avro.as_list, self._at(schema.items), id(schema) in self._limits.uncounted
            case Map():
                return "map", to_avro.as_dict, self._at(schema.values), to_avro.as_key
            case Enum():
                return self._enum(schema)
            case _:
                return self._scalar(schema)

    def _record(self, record: Record) -> Node:
        shape = self._types.shape(record)
        check = of_class(record, shape)
        recursive = id(record) in self._limits.recursive
        dictionary = shape.form is Form.DICTIONARY
        fields: list[Node] = []
        for name, field in zip(shape.fields, record.fields, strict=True):
            absent = Absent(check, self._default, field) if dictionary and field.has_default else None
            fields.append((name, f".{field.name}", self._at(field.schema), absent))
        if dictionary:
            return "dict", check, recursive, (TAG, shape.tag) if shape.tag else None, tuple(fields)
        return "object", check, recursive, shape.kind, tuple(fields)

    def _union(self, union: Union) -> Node:
        if len(union.branches) == 2 and union.nullable:
            other = 0 if union.branches[1].type == "null" else 1
            return "nullable", 1 - other, other, self._at(union.branches[other])
        nodes = [self._branch(union, number) for number in range(len(union.branches))]
        makers = [branch_maker(branch, self._types) for branch in union.branches]
        choice = Choice(
            union_shown(union, self._types), *(make(Fit(node)) for make, node in zip(makers, nodes, strict=True))
        )
        kinds = [kind_of_branch(branch, self._types) for branch in union.branches]
        only = tuple((kind, node) for kind, node in zip(kinds, nodes, strict=True) if kind in choice)
        return "choice", choice.choose, only

    def _branch(self, union: Union, number: int) -> int:
        branch = union.branches[number]
        inner = self._at(branch)
        if exact_float(branch, union):
            inner = self._graph.add("convert", to_avro.as_exact_float, inner)
        return self._graph.add("branch", number, inner)

    def _enum(self, enum: Enum) -> Node:
        kind, members = self._types.members(enum)
        symbols = Symbols(enum, kind)
        return "enum", kind or str, symbols, symbols.as_symbol, tuple(members[symbol] for symbol in enum.symbols)

    def _scalar(self, schema: Schema) -> Node:
        logical = to_avro.meant(schema)
        plain = _plain(schema)
        if logical is None:
            return plain
        _, convert = logical
        inner = self._graph.add(*plain)
        assert schema.logical is not None
        kind, _, unit = schema.logical.name.rpartition("-")
        match kind or unit:
            case "date":
                return "date", convert, inner
            case "uuid":
                return "uuid text" if schema.type == "string" else "uuid bytes", convert, inner
            case "decimal":
                return "decimal", convert, inner, schema.logical.precision, schema.logical.scale
            case "time" | "timestamp" | "local-timestamp" if unit != "nanos":
                return kind, convert, inner, NANOS[unit] // 1000
            case _:
                return "convert", convert, inner


_CHECKS: dict[str, Convert] = {
    "null": to_avro.as_null,
    "boolean": to_avro.as_boolean,
    "int": to_avro.as_int,
    "long": to_avro.as_long,
    "float": to_avro.as_float,
    "double": to_avro.as_double,
    "string": to_avro.as_string,
    "bytes": to_avro.as_bytes,
}


def _plain(schema: Schema) -> tuple[str, *tuple[Any, ...]]:
    """The node of what has no logical type, or of what stands under one."""
    if isinstance(schema, Fixed):
        return "fixed", to_avro.fixed(schema.size), schema.size
    return schema.type, _CHECKS[schema.type]
