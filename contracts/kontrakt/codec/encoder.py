"""Writes the program that encodes the values of a schema."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from kontrakt.avro import Array, Enum, Fixed, Map, Record, Schema, Union

from . import binary, to_avro
from .analysis import Limits
from .base import MAX_DEPTH
from .choice import Choice
from .program import INLINE, Compiled, Program, index, key
from .shapes import TAG, Form, Shape, Types
from .values import Absent, Symbols, branch_maker, branch_number, exact_float, of_class, union_shown

if TYPE_CHECKING:
    from .defaults import MakeDefault
    from .units import Convert

_SMALL: Final = len(binary.VARINTS)


class Encoder:
    """Writes the program that encodes a schema. Its functions take a value, and the list that gets the parts of its bytes.

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
        self._arguments = f"out{self._limits.variables}"
        self._program = Program(f"encode {getattr(schema, 'fullname', schema.type)}", f"value, {self._arguments}")

    def compile(self) -> Compiled:
        """Write and compile the program."""
        limited = bool(self._limits.start)
        entry = self._program.once(self, "encode", self._entry) if limited else self._function(self._schema)
        return self._program.compile(entry)

    def _entry(self, name: str) -> None:
        with self._program.block(f"def {name}(value, out):"):
            self._program.line(f"{self._function(self._schema)}(value, out{self._limits.start})")

    def _function(self, schema: Schema) -> str:
        """The function for a schema."""
        hint = f"encode_{getattr(schema, 'name', schema.type)}"
        body = partial(self._record, schema) if isinstance(schema, Record) else partial(self._inline, schema, "value")
        return self._program.function(schema, hint, body)

    def _record(self, record: Record) -> None:
        program = self._program
        shape = self._types.shape(record)
        if id(record) in self._limits.recursive:
            program.line(f"if depth == {MAX_DEPTH}: {program.constant(binary.too_deep, 'too_deep')}()", "depth += 1")
        check = of_class(record, shape)
        program.line(f"if {self._misfits(shape)}: value = {program.constant(check, f'as_{record.name}')}(value)")
        for name, field in zip(shape.fields, record.fields, strict=True):
            variable = program.name(field.name)
            if shape.form is Form.DICTIONARY and field.has_default:
                make = program.constant(Absent(check, self._default, field), f"default_{name}")
                program.line(f"{variable} = value[{name!r}] if {name!r} in value else {make}(value)")
            with program.at(f".{field.name}"):
                if shape.form is not Form.DICTIONARY:
                    program.line(f"{variable} = value.{name}")
                elif not field.has_default:
                    program.line(f"{variable} = value[{name!r}]")
                self._value(field.schema, variable)

    def _misfits(self, shape: Shape) -> str:
        """The condition under which the value of a record has to be looked at."""
        if shape.form is not Form.DICTIONARY:
            return f"value.__class__ is not {self._program.constant(shape.kind, shape.kind.__name__)}"
        keys = len(shape.fields) + bool(shape.tag)
        wrong = f"value.__class__ is not dict or len(value) != {keys}"
        return f"{wrong} or value.get({TAG!r}) != {shape.tag!r}" if shape.tag else wrong

    # --- the lines for the value of a variable ---

    def _value(self, schema: Schema, value: str) -> None:
        """Write them where they are needed, or as the call of a function."""
        if isinstance(schema, Record) or (isinstance(schema, Array | Map | Union) and self._program.level > INLINE):
            self._program.line(f"{self._function(schema)}({value}, {self._arguments})")
        else:
            self._inline(schema, value)

    def _inline(self, schema: Schema, value: str) -> None:
        match schema:
            case Union():
                self._union(schema, value)
            case Array():
                self._array(schema, value)
            case Map():
                self._map(schema, value)
            case Enum():
                self._enum(schema, value)
            case _:
                self._scalar(schema, value)

    def _scalar(self, schema: Schema, value: str) -> None:
        line = self._program.line
        logical = to_avro.meant(schema)
        if logical is not None:
            line(f"{value} = {self._convert(logical[1])}({value})")
        match schema.type:
            case "null":
                line(f"if {value} is not None: {self._convert(to_avro.as_null)}({value})")
            case "boolean":
                self._check(f"{value}.__class__ is not bool", value, to_avro.as_boolean)
                line(rf'out.append(b"\x01" if {value} else b"\x00")')
            case "int" | "long":
                self._integer(schema.type, value, checked=logical is not None)
            case "float":
                low, high = -to_avro.FLOAT_MAX, to_avro.FLOAT_MAX
                wrong = f"{value}.__class__ is not float or not {low!r} < {value} < {high!r}"
                self._check(wrong, value, to_avro.as_float)
                line(f"out.append({self._program.constant(binary.FLOAT.pack, 'pack_float')}({value}))")
            case "double":
                self._check(f"{value}.__class__ is not float", value, to_avro.as_double)
                line(f"out.append({self._program.constant(binary.DOUBLE.pack, 'pack_double')}({value}))")
            case "string":
                if logical is None:
                    self._check(f"{value}.__class__ is not str", value, to_avro.as_string)
                line(f"{value} = {value}.encode()")
                self._sized(value)
            case "bytes":
                if logical is None:
                    self._check(f"{value}.__class__ is not bytes", value, to_avro.as_bytes)
                self._sized(value)
            case _:
                assert isinstance(schema, Fixed)
                if logical is None:
                    wrong = f"{value}.__class__ is not bytes or len({value}) != {schema.size}"
                    self._check(wrong, value, to_avro.fixed(schema.size))
                line(f"out.append({value})")

    def _check(self, wrong: str, value: str, convert: Convert) -> None:
        self._program.line(f"if {wrong}: {value} = {self._convert(convert)}({value})")

    def _convert(self, convert: Convert) -> str:
        return self._program.constant(convert, convert.__name__)

    def _integer(self, kind: str, value: str, *, checked: bool) -> None:
        convert, limit = (to_avro.as_int, 2**32) if kind == "int" else (to_avro.as_long, 2**64)
        if not checked:
            self._check(f"{value}.__class__ is not int", value, convert)
        self._program.line(f"n = {value} + {value} if {value} >= 0 else -1 - {value} - {value}")
        self._program.line(f"if n < {_SMALL}: out.append({self._varints()}[n])")
        condition = "else" if checked else f"elif n < {limit}"
        self._program.line(f"{condition}: out.append({self._convert(binary.varint)}(n))")
        if not checked:
            self._program.line(f"else: {self._convert(convert)}({value})")

    def _sized(self, value: str) -> None:
        """Write the length of some bytes, and the bytes."""
        self._count(value)
        self._program.line(f"out.append({value})")

    def _count(self, value: str) -> None:
        """Write the length of something."""
        varint = self._convert(binary.varint)
        self._program.line(f"n = len({value})")
        self._program.line(f"out.append({self._varints()}[n + n] if n < {_SMALL // 2} else {varint}(n + n))")

    def _varints(self) -> str:
        return self._program.constant(binary.VARINTS, "VARINTS")

    def _enum(self, enum: Enum, value: str) -> None:
        kind, _ = self._types.members(enum)
        symbols = Symbols(enum, kind)
        own = self._program.constant(kind or str, (kind or str).__name__)
        self._check(f"{value}.__class__ is not {own}", value, symbols.as_symbol)
        self._program.line(f"out.append({self._program.constant(symbols, f'symbols_{enum.name}')}[{value}])")

    def _array(self, array: Array, value: str) -> None:
        program = self._program
        self._check(f"{value}.__class__ is not list", value, to_avro.as_list)
        with program.block(f"if {value}:"):
            self._count(value)
            if id(array) in self._limits.uncounted:
                program.line(f"{program.constant(binary.count_empty, 'count_empty')}(empty, n)")
            number, item = program.name("i"), program.name("item")
            with program.block(f"for {number}, {item} in enumerate({value}):"), program.at(index(number)):
                self._value(array.items, item)
        program.line(r'out.append(b"\x00")')

    def _map(self, schema: Map, value: str) -> None:
        program = self._program
        self._check(f"{value}.__class__ is not dict", value, to_avro.as_dict)
        with program.block(f"if {value}:"):
            self._count(value)
            name, text, item = program.name("key"), program.name("text"), program.name("item")
            with program.block(f"for {name}, {item} in {value}.items():"):
                check = self._convert(to_avro.as_key)
                program.line(f"{text} = ({name} if {name}.__class__ is str else {check}({name})).encode()")
                self._sized(text)
                with program.at(key(name)):
                    self._value(schema.values, item)
        program.line(r'out.append(b"\x00")')

    def _union(self, union: Union, value: str) -> None:
        """Of a branch and null, the value is looked at where it stands; of several branches, its class says the function."""
        program = self._program
        if len(union.branches) == 2 and union.nullable:
            other = 0 if union.branches[1].type == "null" else 1
            with program.block(f"if {value} is None:"):
                program.line(f"out.append({branch_number(1 - other)!r})")
            with program.block("else:"):
                program.line(f"out.append({branch_number(other)!r})")
                self._value(union.branches[other], value)
        else:
            choice = program.once(union.branches, "choose", partial(self._choice, union))
            program.line(f"{choice}[{value}.__class__]({value}, {self._arguments})")

    def _choice(self, union: Union, name: str) -> None:
        program = self._program
        branches: list[str] = []
        for number, branch in enumerate(union.branches):
            fit = program.name(f"{name}{getattr(branch, 'name', branch.type)}")
            with program.block(f"def {fit}(value, {self._arguments}):"):
                program.line(f"out.append({branch_number(number)!r})")
                if exact_float(branch, union):
                    program.line(f"value = {self._convert(to_avro.as_exact_float)}(value)")
                self._value(branch, "value")
            branches.append(f"{program.constant(branch_maker(branch, self._types), 'branch')}({fit})")
        what = union_shown(union, self._types)
        program.line(f"{name} = {program.constant(Choice, 'Choice')}({what!r}, {', '.join(branches)})")
