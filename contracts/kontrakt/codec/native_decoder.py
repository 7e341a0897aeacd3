"""Describes the program that decodes what one schema wrote as the values of another, for the codec in C; see :mod:`.native_encoder`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from kontrakt.avro import Array, Enum, Field, Fixed, Map, Record, Schema, Union
from kontrakt.avro.resolution import (
    Fail,
    IntoUnion,
    Plan,
    ReadArray,
    ReadEnum,
    ReadFixed,
    ReadMap,
    ReadRecord,
    ReadUnion,
    Same,
    Step,
)

from . import from_avro
from ._native import fillable
from .analysis import Limits
from .decoder import SIZES, lacking, members_of_step
from .graph import Graph
from .misfit import Refuse
from .shapes import TAG, Form

if TYPE_CHECKING:
    from .defaults import MakeDefault
    from .graph import Description, Node
    from .shapes import Types


class Decoder:
    """Describes the program that decodes.

    Args:
        writer: The schema that wrote the data.
        plan: How it is read.
        types: The classes of the reader's records and enums.
        default: Makes what makes the default of a field.
    """

    def __init__(self, writer: Schema, plan: Plan, types: Types, default: MakeDefault) -> None:
        self._plan = plan
        self._types = types
        self._default = default
        self._limits = Limits(writer)
        self._graph = Graph()

    def describe(self) -> Description:
        """The description of the program."""
        return self._graph.describe(self._at(self._plan.root))

    # --- reading ---

    def _at(self, step: Step) -> int:
        while isinstance(step, IntoUnion):
            step = step.step
        return self._graph.at(step, partial(self._node, step))

    def _node(self, step: Step) -> Node:
        match step:
            case ReadRecord():
                return self._record(step)
            case ReadUnion():
                return "union", tuple(map(self._at, step.branches))
            case ReadArray():
                return "array", None, self._at(step.items), id(step.writer) in self._limits.uncounted
            case ReadMap():
                return "map", None, self._at(step.values), None
            case ReadEnum():
                members = members_of_step(step, self._types)
                places = range(len(step.writer.symbols))
                return "enum", members, None, None, tuple(members.get(2 * place) for place in places)
            case Fail():
                return "refuse", Refuse(step.reason)
            case Same() | ReadFixed():
                return self._scalar(step.writer, step.reader)
            case IntoUnion():
                raise AssertionError(step)

    def _record(self, step: ReadRecord) -> Node:
        if step.missing:
            return "refuse", Refuse(lacking(step))
        shape = self._types.shape(step.reader)
        names = {id(field): name for field, name in zip(step.reader.fields, shape.fields, strict=True)}
        places = {id(field): place for place, field in enumerate(step.reader.fields)}
        fields: list[Node] = []
        for wrote, target, inner in step.steps:
            if target is not None and inner is not None:
                fields.append((names[id(target)], f".{target.name}", self._at(inner), places[id(target)]))
            else:
                fields.append((None, f".{wrote.name}", self._skip(wrote.schema), -1))
        missing = tuple(self._missing(field, names[id(field)], places[id(field)]) for field in step.defaults)
        recursive, steps = id(step.writer) in self._limits.recursive, tuple(fields)
        if shape.form is Form.DICTIONARY:
            tag = (TAG, shape.tag) if shape.tag else None
            return "make dict", recursive, tag, shape.fields, steps, missing
        if shape.form is Form.SLOTS and fillable(shape.kind, shape.fields):
            return "make slots", recursive, shape.kind, steps, missing
        return "make call", recursive, shape.make, shape.fields, steps, missing

    def _missing(self, field: Field, name: str, place: int) -> Node:
        """The default of a field that was not written: a new object for every value, unless nobody could change it."""
        default = self._default(field)
        return name, place, default.make() if default.shared else default.make, not default.shared

    def _scalar(self, writer: Schema, reader: Schema) -> Node:
        plain = _plain(writer, reader)
        promote = from_avro.promotion(writer.type, reader.type)
        if promote is not None:
            plain = "convert", promote, self._graph.add(*plain)
        convert = from_avro.meaning(writer, reader)
        if convert is None:
            return plain
        inner = self._graph.add(*plain)
        assert reader.logical is not None
        kind, _, unit = reader.logical.name.rpartition("-")
        match kind or unit:
            case "date":
                return "date", convert, inner
            case "uuid":
                return "uuid text" if reader.type == "string" else "uuid bytes", convert, inner
            case "decimal":
                return "decimal", convert, inner, 0, from_avro.decimal_meant(writer, reader).scale
            case "time" | "timestamp" | "local-timestamp" if unit != "nanos":
                return kind, convert, inner, from_avro.unit_written(writer, reader)
            case _:
                return "convert", convert, inner

    # --- passing over what nobody reads ---

    def _skip(self, schema: Schema) -> int:
        return self._graph.at(schema, partial(self._skipped, schema))

    def _skipped(self, schema: Schema) -> Node:
        match schema:
            case Record():
                fields = tuple((None, f".{field.name}", self._skip(field.schema), -1) for field in schema.fields)
                return "skip record", id(schema) in self._limits.recursive, fields
            case Array():
                return "skip array", self._skip(schema.items), id(schema) in self._limits.uncounted
            case Map():
                return "skip map", self._skip(schema.values)
            case Union():
                return "skip union", tuple(map(self._skip, schema.branches))
            case Fixed():
                return "skip fixed", schema.size
            case Enum():
                return ("skip long",)
            case _ if schema.type in SIZES:
                return "skip fixed", SIZES[schema.type]
            case _:
                return (_SKIPS[schema.type],)


_SKIPS = {
    "null": "skip null",
    "int": "skip int",
    "long": "skip long",
    "string": "skip sized",
    "bytes": "skip sized",
}


def _plain(writer: Schema, reader: Schema) -> tuple[str, *tuple[Any, ...]]:
    """The node that reads what was written, without a meaning."""
    if isinstance(writer, Fixed):
        return "fixed", None, writer.size
    if writer.type in ("string", "bytes"):  # each is read as the other as well
        return reader.type, None
    return writer.type, None
