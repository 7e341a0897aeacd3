"""Writes the functions that turn what fastavro read into values: a plan of resolution, compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kontrakt.avro import Field, Schema
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
from .base import MAX_DEPTH
from .program import Misfit, Program, TooDeep
from .shapes import TAG
from .wire import INSIDE, Wire, recursive

if TYPE_CHECKING:
    from .defaults import MakeDefault
    from .shapes import Shape, Types


def decoder(wire: Wire, plan: Plan, types: Types, default: MakeDefault, *, trace: bool) -> Program:
    """Write the program that converts a writer's data to a reader's values; its entry is ``decode``.

    Args:
        wire: The writer's schema.
        plan: How it is read.
        types: The reader's classes.
        default: Makes what makes the default of a field.
        trace: Whether errors carry paths.
    """
    program = Program(
        f"decode {getattr(wire.root, 'fullname', wire.root.type)}", trace=trace, deep=recursive(wire.root)
    )
    raw = f'value["{INSIDE}"]' if wire.wrapped else "value"
    program.function("decode", [f"return {_Decoder(program, wire, types, default).convert(plan.root, raw)}"])
    return program


class _Decoder:
    def __init__(self, program: Program, wire: Wire, types: Types, default: MakeDefault) -> None:
        self._program = program
        self._wire = wire
        self._types = types
        self._default = default
        self._functions: dict[int, str] = {}

    def convert(self, step: Step, value: str) -> str:
        """Write the expression that converts the value of an expression."""
        match step:
            case Same() | ReadFixed():
                return self._scalar(step.writer, step.reader, value)
            case ReadEnum():
                return f"{self._members(step)}[{value}]"
            case ReadArray():
                return value if self._plain(step.items) else self._call(step, value)
            case ReadMap():
                return value if self._plain(step.values) else self._call(step, value)
            case ReadRecord():
                return self._call(step, value, deeper=True)
            case ReadUnion():
                return self._union(step, value)
            case IntoUnion():
                return self.convert(step.step, value)
            case Fail():
                return f"{self._program.constant(_Refuse(step.reason), 'refuse')}({value})"

    def _plain(self, step: Step) -> bool:
        """Whether what fastavro read is the value."""
        match step:
            case Same():
                return self._scalar(step.writer, step.reader, "value") == "value"
            case IntoUnion():
                return self._plain(step.step)
            case ReadArray():
                return self._plain(step.items)
            case ReadMap():
                return self._plain(step.values)
            case _:
                return False

    def _scalar(self, writer: Schema, reader: Schema, value: str) -> str:
        program = self._program
        if writer.type == "int":
            name, first = self._program.bound(value)
            refuse = program.constant(from_avro.bad_int, "bad_int")
            value = f"({name} if {from_avro.IN_RANGE.format(first=first)} else {refuse}({name}))"
        for convert in (from_avro.promotion(writer.type, reader.type), from_avro.meaning(writer, reader)):
            if convert is not None:
                value = f"{program.constant(convert, convert.__name__)}({value})"
        return value

    def _members(self, step: ReadEnum) -> str:
        _, members = self._types.members(step.reader)
        readable = {wrote: members[read] for wrote, read in step.symbols.items() if read is not None}
        enum = from_avro.Members(step.writer.fullname, step.writer.symbols, readable)
        return self._program.constant(enum, f"members_{step.reader.name}")

    def _call(self, step: Step, value: str, *, deeper: bool = False) -> str:
        name = self._functions.get(id(step))
        if name is None:
            name = self._program.name(f"decode_{getattr(step.reader, 'fullname', step.reader.type)}")
            self._functions[id(step)] = name
            match step:
                case ReadRecord():
                    lines = self._record(step)
                case ReadArray():
                    lines = self._array(step)
                case ReadMap():
                    lines = self._map(step)
                case ReadUnion():
                    lines = self._choice(step)
                case _:
                    raise AssertionError(step)
            self._program.function(name, lines)
        return self._program.call(name, value, deeper=deeper)

    def _record(self, step: ReadRecord) -> list[str]:
        program = self._program
        shape = self._types.shape(step.reader)
        if step.missing:
            names = ", ".join(field.name for field in step.missing)
            reason = f"{step.writer.fullname} has no {names}, which the consumer needs"
            return [f"return {program.constant(_Refuse(reason), 'refuse')}(value)"]
        written = {
            id(field): name for field, name in zip(step.writer.fields, self._wire.fields(step.writer), strict=True)
        }
        parts: dict[int, str] = {}
        for wrote, target, inner in step.steps:
            if target is not None and inner is not None:
                part = self.convert(inner, f"value[{written[id(wrote)]!r}]")
                parts[id(target)] = program.at(repr(f".{target.name}"), part)
        for target in step.defaults:
            parts[id(target)] = self._missing(target)
        lines: list[str] = []
        if program.deep:
            lines.append(f"if depth > {MAX_DEPTH}: {program.constant(_too_deep, 'too_deep')}()")
        fields = [(name, parts[id(field)]) for name, field in zip(shape.fields, step.reader.fields, strict=True)]
        return lines + self._made(shape, fields)

    def _made(self, shape: Shape, fields: list[tuple[str, str]]) -> list[str]:
        """Write how a record is made of its fields."""
        if shape.make is None:
            tag = [f"    {TAG!r}: {shape.tag!r},"] if shape.tag else []
            return ["return {", *tag, *(f"    {name!r}: {part}," for name, part in fields), "}"]
        make = self._program.constant(shape.make, shape.kind.__name__)
        return [f"return {make}(", *(f"    {name}={part}," for name, part in fields), ")"]

    def _missing(self, field: Field) -> str:
        """Write the default of a field that was not written: a new object for every value."""
        default = self._default(field)
        hint = f"default_{field.name}"
        if not default.shared:
            return f"{self._program.constant(default.make, hint)}()"
        value = default.make()
        return repr(value) if value is None or isinstance(value, bool) else self._program.constant(value, hint)

    def _array(self, step: ReadArray) -> list[str]:
        item = self._program.name("item")
        part = self.convert(step.items, item)
        if self._program.trace:
            index = 'f"[{index}]"'
            return [f"return [{self._program.at(index, part)} for index, {item} in enumerate(value)]"]
        return [f"return [{part} for {item} in value]"]

    def _map(self, step: ReadMap) -> list[str]:
        item = self._program.name("item")
        part = self._program.at('f"[{key!r}]"', self.convert(step.values, item))
        return [f"return {{key: {part} for key, {item} in value.items()}}"]

    def _union(self, step: ReadUnion, value: str) -> str:
        """A branch or null is written where it stands; for several there is a function."""
        types = [branch.type for branch in step.writer.branches]
        if len(types) == 2 and "null" in types:
            null = types.index("null")
            taken, other = step.branches[null], 1 - null
            if not _failing(taken):
                name, first = self._program.bound(value)
                tagged = self._wire.branches(step.writer)[other].tagged
                part = self._inner(step, other, f"{name}[1]" if tagged else name)
                return value if part == name and part != value else f"(None if {first} is None else {part})"
        return self._call(step, value)

    def _inner(self, step: ReadUnion, index: int, value: str) -> str:
        wrapped = self._wire.branches(step.writer)[index].wrapped
        return self.convert(step.branches[index], f"{value}[{INSIDE!r}]" if wrapped else value)

    def _choice(self, step: ReadUnion) -> list[str]:
        branches = list(enumerate(self._wire.branches(step.writer)))
        lines: list[str] = []
        tagged = [(index, branch) for index, branch in branches if branch.tagged]
        if tagged:
            lines.append("if value.__class__ is tuple:")
            lines.append("    name, value = value")
            for index, branch in tagged:
                lines.append(f"    if name == {branch.name!r}: return {self._inner(step, index, 'value')}")
        lines.append("kind = value.__class__")
        for index, branch in branches:
            if not branch.tagged:
                kind = _RAW[step.writer.branches[index].type]
                lines.append(f"if kind is {kind}: return {self._inner(step, index, 'value')}")
        lines.append(f"{self._program.constant(_Refuse('no branch of its union'), 'refuse')}(value)")
        return lines


_RAW = {
    "null": "None.__class__",
    "boolean": "bool",
    "int": "int",
    "long": "int",
    "float": "float",
    "double": "float",
    "bytes": "bytes",
    "string": "str",
    "array": "list",
    "map": "dict",
}
"""The classes of what fastavro reads."""


class _Refuse:
    """Raises the reason why data cannot be read."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __call__(self, _value: Any) -> Any:
        raise Misfit(self.reason)


def _failing(step: Step) -> bool:
    return _failing(step.step) if isinstance(step, IntoUnion) else isinstance(step, Fail)


def _too_deep() -> None:
    raise TooDeep(f"more than {MAX_DEPTH} records inside each other")
