"""Writes the program that decodes what one schema wrote as the values of another: a plan of resolution, compiled."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from kontrakt.avro import Array, Field, Fixed, Map, Record, Schema, Union
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

from . import binary, from_avro
from .analysis import Limits
from .base import MAX_DEPTH
from .misfit import Refuse
from .program import INLINE, Compiled, Program, following, index, key
from .shapes import TAG, Form

if TYPE_CHECKING:
    from .defaults import MakeDefault
    from .shapes import Shape, Types


class Decoder:
    """Writes the program that decodes.

    Its functions take the data, a position and the length, and return a value and the position after it; those that skip
    what nobody reads return the position alone.

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
        self._arguments = f"data, p, end{self._limits.variables}"
        self._program = Program(f"decode {getattr(writer, 'fullname', writer.type)}", self._arguments)

    def compile(self) -> Compiled:
        """Write and compile the program."""
        limited = bool(self._limits.start)
        entry = self._program.once(self, "decode", self._entry) if limited else self._reads(self._plan.root)
        return self._program.compile(entry)

    def _entry(self, name: str) -> None:
        with self._program.block(f"def {name}(data, p, end):"):
            self._program.line(f"return {self._reads(self._plan.root)}(data, p, end{self._limits.start})")

    # --- reading a step into a variable ---

    def _reads(self, step: Step) -> str:
        """The function for a step."""
        hint = f"decode_{getattr(step.reader, 'name', step.reader.type)}"
        body = partial(self._record, step) if isinstance(step, ReadRecord) else partial(self._whole, step)
        return self._program.function(step, hint, body)

    def _whole(self, step: Step) -> None:
        self._inline(step, "value")
        self._program.line("return value, p")

    def _record(self, step: ReadRecord) -> None:
        program = self._program
        if step.missing:
            self._refuse(lacking(step))
            return
        self._descend(step.writer)
        variables: dict[int, str] = {}
        for wrote, target, inner in step.steps:
            with program.at(f".{(target or wrote).name}"):
                if target is not None and inner is not None:
                    variables[id(target)] = program.name(target.name)
                    self._read(inner, variables[id(target)])
                else:
                    self._skip(wrote.schema)
        parts = [variables.get(id(field)) or self._missing(field) for field in step.reader.fields]
        self._made(self._types.shape(step.reader), parts)

    def _descend(self, record: Record) -> None:
        if id(record) in self._limits.recursive:
            self._program.line(f"if depth == {MAX_DEPTH}: {self._call(binary.too_deep)}()", "depth += 1")

    def _made(self, shape: Shape, parts: list[str]) -> None:
        """Write how a record is made of its fields, and that it is returned."""
        line = self._program.line
        fields = list(zip(shape.fields, parts, strict=True))
        match shape.form:
            case Form.DICTIONARY:
                tag = f"{TAG!r}: {shape.tag!r}, " if shape.tag else ""
                line(f"value = {{{tag}{', '.join(f'{name!r}: {part}' for name, part in fields)}}}")
            case Form.SLOTS:
                kind = self._program.constant(shape.kind, shape.kind.__name__)
                line(f"value = {self._call(object.__new__)}({kind})")
                line(*(f"value.{name} = {part}" for name, part in fields))
            case Form.CALL:
                make = self._program.constant(shape.make, f"make_{shape.kind.__name__}")
                line(f"value = {make}({', '.join(f'{name}={part}' for name, part in fields)})")
        line("return value, p")

    def _missing(self, field: Field) -> str:
        """The default of a field that was not written: a new object for every value."""
        default = self._default(field)
        hint = f"default_{field.name}"
        if not default.shared:
            return f"{self._program.constant(default.make, hint)}()"
        value = default.make()
        return repr(value) if value is None or isinstance(value, bool) else self._program.constant(value, hint)

    def _read(self, step: Step, target: str) -> None:
        """Write the lines that read a step where they are needed, or as the call of a function."""
        container = isinstance(step, ReadArray | ReadMap | ReadUnion)
        if isinstance(step, ReadRecord) or (container and self._program.level > INLINE):
            self._program.line(f"{target}, p = {self._reads(step)}({self._arguments})")
        else:
            self._inline(step, target)

    def _inline(self, step: Step, target: str) -> None:
        match step:
            case ReadArray():
                self._array(step, target)
            case ReadMap():
                self._map(step, target)
            case ReadUnion():
                self._union(step.writer, lambda number: self._read(step.branches[number], target))
            case IntoUnion():
                self._read(step.step, target)
            case ReadEnum():
                self._number("long")
                members = members_of_step(step, self._types)
                self._program.line(f"{target} = {self._program.constant(members, f'members_{step.reader.name}')}[n]")
            case Same() | ReadFixed():
                self._scalar(step.writer, step.reader, target)
            case Fail():
                self._refuse(step.reason)
            case ReadRecord():
                self._read(step, target)

    def _array(self, step: ReadArray, target: str) -> None:
        program = self._program
        program.line(f"{target} = []")
        with self._blocks(step.writer), program.at(following(target)):
            item = program.name("item")
            self._read(step.items, item)
            program.line(f"{target}.append({item})")

    def _map(self, step: ReadMap, target: str) -> None:
        program = self._program
        program.line(f"{target} = {{}}")
        with self._blocks(step.writer):
            name, item = program.name("key"), program.name("item")
            self._length()
            program.line(f"{name} = data[p:q].decode(); p = q")
            with program.at(key(name)):
                self._read(step.values, item)
            program.line(f"{target}[{name}] = {item}")

    def _scalar(self, writer: Schema, reader: Schema, target: str) -> None:
        line = self._program.line
        value = target
        match writer.type:
            case "null":
                value = "None"
            case "boolean":
                line("n = data[p]; p += 1", f"if n > 1: {self._call(binary.bad_boolean)}(n)")
                value = "n == 1"
            case "int" | "long":
                self._number(writer.type)
                value = "(n >> 1) ^ -(n & 1)"
            case "float" | "double":
                layout = binary.FLOAT if writer.type == "float" else binary.DOUBLE
                unpack = self._program.constant(layout.unpack_from, f"unpack_{writer.type}")
                line(f"{target}, = {unpack}(data, p); p += {layout.size}")
            case "string" | "bytes":
                self._length()
                decoded = ".decode()" if reader.type == "string" else ""
                line(f"{target} = data[p:q]{decoded}; p = q")
            case _:
                assert isinstance(writer, Fixed)
                self._size(writer.size)
                line(f"{target} = data[p:q]; p = q")
        for convert in (from_avro.promotion(writer.type, reader.type), from_avro.meaning(writer, reader)):
            if convert is not None:
                value = f"{self._call(convert)}({value})"
        if value != target:
            line(f"{target} = {value}")

    # --- skipping what the writer wrote and nobody reads ---

    def _skips(self, schema: Schema) -> str:
        """The function that skips a value of a schema."""
        hint = f"skip_{getattr(schema, 'name', schema.type)}"
        return self._program.function(schema, hint, partial(self._skipped, schema))

    def _skipped(self, schema: Schema) -> None:
        if isinstance(schema, Record):
            self._descend(schema)
            for field in schema.fields:
                with self._program.at(f".{field.name}"):
                    self._skip(field.schema)
        else:
            self._skip_inline(schema)
        self._program.line("return p")

    def _skip(self, schema: Schema) -> None:
        container = isinstance(schema, Array | Map | Union)
        if isinstance(schema, Record) or (container and self._program.level > INLINE):
            self._program.line(f"p = {self._skips(schema)}({self._arguments})")
        else:
            self._skip_inline(schema)

    def _skip_inline(self, schema: Schema) -> None:
        program = self._program
        match schema:
            case Array():
                number = program.name("i")
                program.line(f"{number} = 0")
                with self._blocks(schema), program.at(index(number)):
                    self._skip(schema.items)
                    program.line(f"{number} += 1")
            case Map():
                with self._blocks(schema):
                    self._length()
                    program.line("p = q")
                    self._skip(schema.values)
            case Union():
                self._union(schema, lambda number: self._skip(schema.branches[number]))
            case _ if schema.type == "null":
                program.line("pass")
            case _ if schema.type in ("int", "long", "enum"):
                self._number(schema.type)
            case _ if schema.type in ("string", "bytes"):
                self._length()
                program.line("p = q")
            case _:
                self._size(schema.size if isinstance(schema, Fixed) else SIZES[schema.type])
                program.line("p = q")

    # --- what both have in common ---

    def _call(self, function: Callable[..., Any]) -> str:
        return self._program.constant(function, function.__name__)

    def _refuse(self, reason: str) -> None:
        self._program.line(f"{self._program.constant(Refuse(reason), 'refuse')}()")

    def _number(self, kind: str) -> None:
        """Write the lines that read a number into ``n``, as it stands in the bytes."""
        rest = self._call(binary.int_number if kind == "int" else binary.long_number)
        self._program.line("n = data[p]; p += 1", f"if n > 127: n, p = {rest}(data, p, n)")

    def _length(self) -> None:
        """Write the lines that read a length; what is so long ends at ``q``."""
        self._number("long")
        self._program.line("q = p + (n >> 1)", f"if n & 1 or q > end: {self._call(binary.too_short)}(n, end - p)")

    def _size(self, size: int) -> None:
        """Write the lines that make sure of so many bytes; they end at ``q``."""
        self._program.line(f"q = p + {size}", f"if q > end: {self._call(binary.too_few_bytes)}({size}, end - p)")

    @contextmanager
    def _blocks(self, schema: Array | Map) -> Generator[None]:
        """Write the lines around those that read an item: the loops over blocks and over their items."""
        program = self._program
        program.line("n = data[p]; p += 1")
        with program.block("while n:"):
            with program.block("if n > 127:"):
                program.line(f"n, p = {self._call(binary.long_number)}(data, p, n)", "if not n: break")
            program.line(f"if n & 1: n, p = {self._call(binary.sized_block)}(data, p, n)", "n >>= 1")
            if id(schema) in self._limits.uncounted:
                program.line(f"{self._call(binary.count_empty)}(empty, n)")
            else:
                program.line(f"if n > end - p: {self._call(binary.too_many_items)}(n, end - p)")
            with program.block("for _ in range(n):"):
                yield
            program.line("n = data[p]; p += 1")

    def _union(self, union: Union, branch: Callable[[int], None]) -> None:
        """Write the lines that go by the branch of a union.

        Args:
            union: The writer's.
            branch: Writes the lines of a branch.
        """
        program = self._program
        self._number("long")
        for number in range(len(union.branches)):
            with program.block(f"{'elif' if number else 'if'} n == {2 * number}:"):
                branch(number)
        program.line(f"{'else: ' if union.branches else ''}{self._call(binary.bad_branch)}(n, {len(union.branches)})")


SIZES: Final = {"boolean": 1, "float": binary.FLOAT.size, "double": binary.DOUBLE.size}
"""How many bytes values of these types always have."""


def lacking(step: ReadRecord) -> str:
    """Why no data of a record can be read."""
    names = ", ".join(field.name for field in step.missing)
    return f"{step.writer.fullname} has no {names}, which the consumer needs"


def members_of_step(step: ReadEnum, types: Types) -> from_avro.Members:
    """What the symbols of an enum are read as."""
    _, members = types.members(step.reader)
    readable = {wrote: members[read] for wrote, read in step.symbols.items() if read is not None}
    return from_avro.Members(step.writer.fullname, step.writer.symbols, readable)
