"""What a generated module has in scope, and the annotations that it writes with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from kontrakt.avro import Array, Map, Named, Record, Schema, Union

from . import naming
from .placement import Module, Placement

DEEPEST: Final = 40
"""How deep annotations and defaults nest: type checkers and Python's own parser have limits of that order."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A Python type that stands for an Avro type without others inside.

    Args:
        name: How annotations call it.
        module: Where it is imported from; empty for a builtin, and for a name with a dot the module's own name.
    """

    name: str
    module: str = ""


_PRIMITIVES: Final[Mapping[str, Leaf]] = {
    "null": Leaf("None"),
    "boolean": Leaf("bool"),
    "int": Leaf("int"),
    "long": Leaf("int"),
    "float": Leaf("float"),
    "double": Leaf("float"),
    "bytes": Leaf("bytes"),
    "fixed": Leaf("bytes"),
    "string": Leaf("str"),
}
_DATE: Final = Leaf("dt.date", "datetime")
_TIME: Final = Leaf("dt.time", "datetime")
_DATETIME: Final = Leaf("dt.datetime", "datetime")
_LOGICAL: Final[Mapping[str, Leaf]] = {
    "date": _DATE,
    "decimal": Leaf("Decimal", "decimal"),
    "duration": Leaf("Duration", "kontrakt"),
    "local-timestamp-micros": _DATETIME,
    "local-timestamp-millis": _DATETIME,
    "local-timestamp-nanos": Leaf("LocalTimestampNanos", "kontrakt"),
    "time-micros": _TIME,
    "time-millis": _TIME,
    "time-nanos": Leaf("TimeNanos", "kontrakt"),
    "timestamp-micros": _DATETIME,
    "timestamp-millis": _DATETIME,
    "timestamp-nanos": Leaf("TimestampNanos", "kontrakt"),
    "uuid": Leaf("UUID", "uuid"),
}


def leaf(schema: Schema) -> Leaf | None:
    """The Python type of a primitive, fixed or logical type; None for the other types."""
    if schema.logical is not None:
        return _LOGICAL[schema.logical.name]
    return _PRIMITIVES.get(schema.type)


class Imports:
    """The import statements of a module.

    Args:
        generated: The top-level packages that are generated with it.
    """

    def __init__(self, generated: frozenset[str] = frozenset()) -> None:
        self._generated = generated
        self._names: dict[str, set[str]] = {}
        self._modules: set[str] = set()

    def add(self, module: str, *names: str) -> None:
        """Imports names of a module.

        Args:
            module: The module.
            names: The names, each with `` as `` where it gets another.
        """
        self._names.setdefault(module, set()).update(names)

    def add_module(self, statement: str) -> None:
        """Imports a module: ``datetime as dt``."""
        self._modules.add(statement)

    def blocks(self) -> list[list[str]]:
        """The statements in the blocks of isort and ruff: the standard library, other packages, what is generated."""
        blocks: list[list[str]] = [[], [], []]
        for module in sorted(self._modules, key=_natural):
            blocks[self._block(module)].append(f"import {module}")
        for module in sorted(self._names, key=_natural):
            names = sorted(self._names[module], key=_import_order)
            plain = [name for name in names if " as " not in name]
            statements = [", ".join(plain)] if plain else []
            statements += [name for name in names if " as " in name]
            blocks[self._block(module)] += [f"from {module} import {listed}" for listed in statements]
        return [block for block in blocks if block]

    def _block(self, module: str) -> int:
        top = re.split("[. ]", module, maxsplit=1)[0]
        return 0 if top in _STANDARD else 2 if top in self._generated else 1


_STANDARD: Final = frozenset(("abc", "collections", "dataclasses", "datetime", "decimal", "enum", "typing", "uuid"))


def _import_order(name: str) -> tuple[int, list[tuple[int, str]], str]:
    """Constants, then classes, then functions: the order of isort and ruff."""
    bare = name.split(" ", maxsplit=1)[0]
    kind = 0 if bare.isupper() and len(bare) > 1 else 1 if bare[:1].isupper() else 2
    return kind, _natural(bare), bare


def _natural(name: str) -> list[tuple[int, str]]:
    """A name as it is sorted: letters without regard to case, numbers by their value."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", name.lower()) if part]


class Scope:
    """The names of a module under construction; what it uses is imported.

    Args:
        module: The module.
        placement: Where everything else stands.
    """

    def __init__(self, module: Module, placement: Placement) -> None:
        self.imports = Imports(frozenset(root[0] for root in placement.roots))
        self._module = module
        self._places = placement.places
        self._own = {self._places[name].name for name in module.types} | module.classes
        records = [named for named in module.types.values() if isinstance(named, Record)]
        self._fields = {field.name for record in records for field in record.fields}
        self._used: dict[str, str] = {}
        for name in module.exported:
            self.use(name)

    def uses(self, module: str, *names: str) -> None:
        """Imports names that nothing in the module can be called (see ``naming.RESERVED_CLASSES``)."""
        self.imports.add(module, *names)

    def use(self, fullname: str) -> str:
        """The name of a type's class in this module, imported where it stands elsewhere."""
        if fullname not in self._used:
            self._used[fullname] = self._bind(fullname)
        return self._used[fullname]

    def _bind(self, fullname: str) -> str:
        place = self._places[fullname]
        if place.module == self._module.path:
            return place.name
        taken = self._own | set(self._used.values())
        name = place.name
        if name in taken:  # as the placement does: the namespace's last part comes before the name
            name = naming.free(naming.pascal(place.module[-1]) + name, taken | self._fields)
        self.imports.add(".".join(place.module), place.name if name == place.name else f"{place.name} as {name}")
        return name

    def leaf(self, found: Leaf) -> str:
        """The name of a leaf, imported."""
        if "." in found.name:
            self.imports.add_module(f"{found.module} as {found.name.partition('.')[0]}")
        elif found.module:
            self.imports.add(found.module, found.name)
        return found.name

    def annotation(self, schema: Schema) -> str:
        """The annotation of a type."""
        return self._annotation(schema, 0)

    def _annotation(self, schema: Schema, depth: int) -> str:
        if depth > DEEPEST:
            self.uses("typing", "Any")
            return "Any"
        found = leaf(schema)
        if found is not None:
            return self.leaf(found)
        match schema:
            case Array():
                return f"list[{self._annotation(schema.items, depth + 1)}]"
            case Map():
                return f"dict[str, {self._annotation(schema.values, depth + 1)}]"
            case Union():
                return self.union(schema.branches, depth)
            case Named():
                return self.use(schema.fullname)
            case _:
                raise TypeError(f"no annotation for {schema.type}")

    def union(self, branches: Iterable[Schema], depth: int = 0) -> str:
        """The annotation of one of several types; null comes last."""
        names = dict.fromkeys(self._annotation(branch, depth) for branch in branches)
        some = [name for name in names if name != "None"]
        return " | ".join([*some, *(["None"] if "None" in names else [])]) or self._never()

    def _never(self) -> str:
        self.uses("typing", "Never")
        return "Never"
