"""A schema as fastavro gets it: what stands in the bytes, and nothing else.

fastavro moves bytes; what they mean is decided here. So the schema it gets has no logical types, defaults or aliases; an enum is
an int; names are made safe; and where the value alone would not tell the branches of a union apart, a branch is wrapped into a
record of one field. A record is the concatenation of its fields, so none of this changes a byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from kontrakt.avro import Array, Enum, Fixed, Map, Named, Record, Schema, Union, children

from . import fa

if TYPE_CHECKING:
    from collections.abc import Sequence

_SAFE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBERS: Final = (frozenset(("int", "long", "enum")), frozenset(("float", "double")))
"""Types whose decoded values look alike."""

INSIDE: Final = "v"
"""The field of a record that wraps a value."""


@dataclass(frozen=True, slots=True)
class Branch:
    """How fastavro names a branch of a union.

    Attributes:
        name: Its name, when it is written.
        tagged: Whether it comes with its name when it is read.
        wrapped: Whether it is wrapped into a record.
    """

    name: str
    tagged: bool
    wrapped: bool


class Wire:
    """A schema as fastavro gets it, and the names it has there.

    Args:
        root: The schema.
    """

    def __init__(self, root: Schema) -> None:
        self.root = root
        self.wrapped = not isinstance(root, Record)
        self._labels: dict[str, str] = {}
        self._fields: dict[str, tuple[str, ...]] = {}
        self._branches: dict[int, tuple[Branch, ...]] = {}
        self._defined: set[str] = set()
        self._wraps = 0
        written = self._write(root)
        self._written: fa.WireSchema = _wrap("Root", written) if self.wrapped else written

    @cached_property
    def mover(self) -> fa.Mover:
        """What moves data of the schema."""
        return fa.mover(self._written)

    def label(self, named: Named) -> str:
        """The name of a named type; it ends with a digit."""
        if named.fullname not in self._labels:
            safe = "_".join(_SAFE.findall(named.fullname)) or "T"
            self._labels[named.fullname] = f"{safe}_{len(self._labels)}"
        return self._labels[named.fullname]

    def fields(self, record: Record) -> Sequence[str]:
        """The names of a record's fields, in the order written."""
        if record.fullname not in self._fields:
            names = [field.name for field in record.fields]
            safe = all(map(_SAFE.fullmatch, names))
            self._fields[record.fullname] = tuple(names if safe else [f"field_{n}" for n in range(len(names))])
        return self._fields[record.fullname]

    def branches(self, union: Union) -> Sequence[Branch]:
        """The branches of a union."""
        if id(union) not in self._branches:
            types = [branch.type for branch in union.branches]
            self._branches[id(union)] = tuple(self._branch(branch, types) for branch in union.branches)
        return self._branches[id(union)]

    def _branch(self, branch: Schema, types: list[str]) -> Branch:
        if isinstance(branch, Record | Fixed):
            return Branch(self.label(branch), tagged=True, wrapped=False)
        alike = any(branch.type in family and sum(t in family for t in types) > 1 for family in _NUMBERS)
        if alike or isinstance(branch, Enum) or types.count(branch.type) > 1:
            self._wraps += 1
            return Branch(f"{branch.type}_{self._wraps}_wrapped", tagged=True, wrapped=True)
        return Branch(branch.type, tagged=False, wrapped=False)

    def _write(self, schema: Schema) -> Any:
        match schema:
            case Union():
                written = [self._write(branch) for branch in schema.branches]
                return [
                    _wrap(branch.name, inner) if branch.wrapped else inner
                    for branch, inner in zip(self.branches(schema), written, strict=True)
                ]
            case Array():
                return {"type": "array", "items": self._write(schema.items)}
            case Map():
                return {"type": "map", "values": self._write(schema.values)}
            case Enum():
                return "int"
            case Record() | Fixed():
                return self._define(schema)
            case _:
                return schema.type

    def _define(self, named: Record | Fixed) -> Any:
        name = self.label(named)
        if named.fullname in self._defined:
            return name
        self._defined.add(named.fullname)
        if isinstance(named, Fixed):
            return {"type": "fixed", "name": name, "size": named.size}
        fields = zip(self.fields(named), named.fields, strict=True)
        return {
            "type": "record",
            "name": name,
            "fields": [{"name": written, "type": self._write(field.schema)} for written, field in fields],
        }


def _wrap(name: str, inner: Any) -> fa.WireSchema:
    return {"type": "record", "name": name, "fields": [{"name": INSIDE, "type": inner}]}


def recursive(root: Schema) -> bool:
    """Whether a value of a schema may contain another of the same record.

    Args:
        root: Any schema.
    """
    done: set[int] = set()
    path: set[int] = set()
    stack: list[tuple[Schema, bool]] = [(root, False)]
    while stack:
        schema, leaving = stack.pop()
        if leaving:
            path.discard(id(schema))
            done.add(id(schema))
        elif id(schema) in path:
            return True
        elif id(schema) not in done:
            path.add(id(schema))
            stack.append((schema, True))
            stack.extend((inner, False) for inner in children(schema))
    return False
