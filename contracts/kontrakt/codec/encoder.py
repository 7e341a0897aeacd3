"""Writes the functions that turn values into what fastavro writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kontrakt.avro import Array, Enum, Field, Map, Record, Schema, Union

from . import to_avro
from .base import MAX_DEPTH
from .program import Misfit, Program, TooDeep, kind_of
from .shapes import TAG, Shape
from .wire import INSIDE, Wire, recursive

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .defaults import MakeDefault
    from .shapes import Types
    from .to_avro import Convert

_NOTHING: Final = object()


def encoder(wire: Wire, types: Types, default: MakeDefault, *, trace: bool) -> Program:
    """Write the program that encodes a schema; its entry is ``encode``.

    Args:
        wire: The schema, as fastavro gets it.
        types: The classes.
        default: Makes what makes the default of a field.
        trace: Whether errors carry paths.
    """
    program = Program(
        f"encode {getattr(wire.root, 'fullname', wire.root.type)}", trace=trace, deep=recursive(wire.root)
    )
    converted = _Encoder(program, wire, types, default).convert(wire.root, "value")
    program.function("encode", [f"return {{{INSIDE!r}: {converted}}}" if wire.wrapped else f"return {converted}"])
    return program


class _Encoder:
    def __init__(self, program: Program, wire: Wire, types: Types, default: MakeDefault) -> None:
        self._program = program
        self._wire = wire
        self._types = types
        self._default = default
        self._functions: dict[int, str] = {}

    def convert(self, schema: Schema, value: str) -> str:
        """Write the expression that converts the value of an expression."""
        match schema:
            case Union():
                return self._union(schema, value)
            case Record():
                return self._program.call(self._function(schema), value, deeper=True)
            case Array() | Map():
                return self._program.call(self._function(schema), value)
            case Enum():
                if self._program.trace:
                    return self._slow(to_avro.symbol(schema, self._types.members(schema)[0]), value)
                indexes = {name: index for index, name in enumerate(schema.symbols)}
                return f"{self._program.constant(indexes, f'index_{schema.name}')}[{value}]"
            case _:
                return self._scalar(to_avro.scalar(schema), value)

    def _scalar(self, scalar: to_avro.Scalar, value: str) -> str:
        if self._program.trace or not scalar.test:
            return self._slow(scalar.convert, value)
        name, first = self._program.bound(value)
        return f"({name} if {scalar.test.format(first=first, x=name)} else {self._slow(scalar.convert, name)})"

    def _slow(self, convert: Convert, value: str) -> str:
        return f"{self._program.constant(convert, convert.__name__)}({value})"

    def _function(self, schema: Schema) -> str:
        name = self._functions.get(id(schema))
        if name is None:
            name = self._program.name(f"encode_{getattr(schema, 'fullname', schema.type)}")
            self._functions[id(schema)] = name
            match schema:
                case Record():
                    lines = self._record(schema)
                case Array():
                    lines = self._array(schema)
                case Map():
                    lines = self._map(schema)
                case Union():
                    lines = self._choice(schema, name)
                case _:
                    raise AssertionError(schema.type)
            self._program.function(name, lines)
        return name

    def _record(self, record: Record) -> list[str]:
        program = self._program
        shape = self._types.shape(record)
        check = program.constant(_of_class(shape, record), f"as_{record.name}")
        lines: list[str] = []
        if program.deep:
            lines.append(f"if depth > {MAX_DEPTH}: {program.constant(_too_deep, 'too_deep')}()")
        if shape.make is None:
            lines.append(f"value = {check}(value)")
        else:
            kind = program.constant(shape.kind, shape.kind.__name__)
            lines.append(f"if value.__class__ is not {kind}: value = {check}(value)")
        lines.append("return {")
        for written, name, field in zip(self._wire.fields(record), shape.fields, record.fields, strict=True):
            part = self.convert(field.schema, self._member(shape, name, field))
            lines.append(f"    {written!r}: {program.at(repr(f'.{field.name}'), part)},")
        lines.append("}")
        return lines

    def _member(self, shape: Shape, name: str, field: Field) -> str:
        """Write how a field is taken from its record."""
        program = self._program
        if shape.make is not None:
            if program.trace:
                return f"{program.constant(_attribute, 'attribute')}(value, {name!r})"
            return f"value.{name}"
        if field.has_default:
            make = program.constant(_Default(self._default, field), f"default_{name}")
            return f"(value[{name!r}] if {name!r} in value else {make}())"
        if program.trace:
            return f"{program.constant(_item, 'item')}(value, {name!r})"
        return f"value[{name!r}]"

    def _array(self, array: Array) -> list[str]:
        program = self._program
        item = program.name("item")
        lines = [f"if value.__class__ is not list: value = {program.constant(to_avro.as_list, 'as_list')}(value)"]
        part = self.convert(array.items, item)
        if program.trace:
            step = 'f"[{index}]"'
            return [*lines, f"return [{program.at(step, part)} for index, {item} in enumerate(value)]"]
        return [*lines, f"return [{part} for {item} in value]"]

    def _map(self, schema: Map) -> list[str]:
        program = self._program
        item = program.name("item")
        as_key = program.constant(to_avro.as_key, "as_key")
        lines = [f"if value.__class__ is not dict: value = {program.constant(to_avro.as_dict, 'as_dict')}(value)"]
        part = program.at('f"[{key!r}]"', self.convert(schema.values, item))
        key = f"{as_key}(key)" if program.trace else f"(key if key.__class__ is str else {as_key}(key))"
        return [*lines, f"return {{{key}: {part} for key, {item} in value.items()}}"]

    def _union(self, union: Union, value: str) -> str:
        """A branch or null is written where it stands; of several a function chooses."""
        if len(union.branches) == 2 and union.nullable:
            index = 0 if union.branches[1].type == "null" else 1
            name, first = self._program.bound(value)
            return f"(None if {first} is None else {self._tuple(union, index, name)})"
        return self._program.call(self._function(union), value)

    def _tuple(self, union: Union, index: int, value: str, scalar: to_avro.Scalar | None = None) -> str:
        branch = self._wire.branches(union)[index]
        inner = self._scalar(scalar, value) if scalar else self.convert(union.branches[index], value)
        return f"({branch.name!r}, {f'{{{INSIDE!r}: {inner}}}' if branch.wrapped else inner})"

    def _choice(self, union: Union, name: str) -> list[str]:
        """The one branch for a class is taken by the class; of several for one class, the first that fits exactly."""
        program = self._program
        kinds = [self._kind(branch) for branch in union.branches]
        lines = ["if value is None: return None"] if union.nullable else []
        lines.append("kind = value.__class__")
        attempts: list[str] = []
        for index, branch in enumerate(union.branches):
            if branch.type == "null":
                continue
            part = self._tuple(union, index, "value")
            kind = program.constant(kinds[index], kinds[index].__name__)
            tag = self._types.shape(branch).tag if isinstance(branch, Record) else ""
            if tag:
                lines.append(f"if kind is {kind} and value.get({TAG!r}) == {tag!r}: return {part}")
            elif kinds.count(kinds[index]) == 1:
                lines.append(f"if kind is {kind}: return {part}")
            if branch.type == "float" and any(other.type == "double" for other in union.branches):
                part = self._tuple(union, index, "value", to_avro.Scalar(to_avro.as_exact_float, "", float))
            attempt = program.name(f"{name}{getattr(branch, 'fullname', branch.type)}")
            program.function(attempt, [f"return {part}"])
            attempts.append(f"({kind}, {attempt}),")
        what = " or ".join(map(self._shown, union.branches))
        first_fit = program.constant(_first_fit, "first_fit")
        depth = ", depth" if program.deep else ""
        lines.append(f"return {first_fit}(value, {what!r}, ({' '.join(attempts)}){depth})")
        return lines

    def _kind(self, branch: Schema) -> type:
        """The exact class of the values of a branch."""
        match branch:
            case Record():
                return self._types.shape(branch).kind
            case Enum():
                return self._types.members(branch)[0] or str
            case Array():
                return list
            case Map():
                return dict
            case _:
                return to_avro.scalar(branch).kind

    def _shown(self, branch: Schema) -> str:
        if branch.type == "null":
            return "None"
        if isinstance(branch, Record) and self._types.shape(branch).make is None:
            return f"a dict of {branch.fullname}"
        return self._kind(branch).__name__


class _Default:
    """Makes the default of a field that a dictionary leaves out; how is found out when it is first needed."""

    def __init__(self, make: MakeDefault, field: Field) -> None:
        self._make = make
        self._field = field
        self._made: Callable[[], Any] | None = None

    def __call__(self) -> Any:
        if self._made is None:
            self._made = self._make(self._field).make
        return self._made()


def _first_fit(value: Any, what: str, attempts: tuple[tuple[type, Any], ...], depth: int | None = None) -> Any:
    """Take the first branch that fits: those of the value's own class before all others."""
    own = [attempt for kind, attempt in attempts if value.__class__ is kind]
    other = [attempt for kind, attempt in attempts if value.__class__ is not kind]
    misfit: Misfit | None = None
    for attempt in (*own, *other):
        try:
            return attempt(value) if depth is None else attempt(value, depth)
        except (TooDeep, RecursionError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever one branch says, the next one is tried
            if isinstance(error, Misfit) and attempt in own:
                misfit = error
    if len(own) > 1 and value.__class__ is dict:
        raise Misfit(f'this dict is not {what}; with the full name of its record as "{TAG}" it would be clear why')
    raise misfit or to_avro.expected(what, value)


def _of_class(shape: Shape, record: Record) -> Convert:
    """Make the check that a value is of a record's class."""
    if shape.make is not None:

        def as_class(value: Any) -> Any:
            if isinstance(value, shape.kind):
                return value
            raise to_avro.expected(shape.kind.__name__, value)

        return as_class

    known = frozenset((*shape.fields, TAG))

    def as_dictionary(value: Any) -> Any:
        members: Mapping[Any, Any] = to_avro.as_dict(value)
        if not members.keys() <= known:
            raise Misfit(f"{record.fullname} has no {', '.join(sorted(map(str, members.keys() - known)))}")
        if members.get(TAG, record.fullname) != record.fullname:
            raise Misfit(f"expected a dict of {record.fullname}, got one of {members[TAG]}")
        return members

    return as_dictionary


def _attribute(value: Any, name: str) -> Any:
    found = getattr(value, name, _NOTHING)
    if found is _NOTHING:
        raise Misfit(f"it is not set on this {kind_of(value)}")
    return found


def _item(value: Mapping[str, Any], name: str) -> Any:
    if name not in value:
        raise Misfit("it is missing")
    return value[name]


def _too_deep() -> None:
    raise TooDeep(f"more than {MAX_DEPTH} records inside each other")
