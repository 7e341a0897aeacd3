"""Schemas on their way: drafts, in which types refer to each other freely, and how they are written as JSON.

They are written in one of the ways in which people write schemas: names qualified or not, types defined where they stand first or
later, in the schema or in one that it refers to.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random


@dataclass
class Array:
    items: Type


@dataclass
class Map:
    values: Type


@dataclass
class Union:
    branches: list[Type]


@dataclass
class Logical:
    base: str
    props: dict[str, Any]


@dataclass
class Ref:
    """A named type, by its key in the draft."""

    key: int


Type: TypeAlias = "str | Array | Map | Union | Logical | Ref"


@dataclass
class Field:
    name: str
    type: Type
    defaulted: bool = False
    aliases: list[str] = field(default_factory=list[str])


@dataclass
class Named:
    kind: str
    name: str
    namespace: str
    aliases: list[str] = field(default_factory=list[str])
    fields: list[Field] = field(default_factory=list[Field])
    symbols: list[str] = field(default_factory=list[str])
    default: str | None = None
    size: int = 1

    @property
    def fullname(self) -> str:
        return f"{self.namespace}.{self.name}" if self.namespace else self.name


@dataclass
class Draft:
    """A schema on its way: its type, and the named types that it may use."""

    root: Type = "null"
    named: dict[int, Named] = field(default_factory=dict[int, Named])


@dataclass(frozen=True)
class Written:
    """A schema as JSON text, and the schemas that it refers to, each after those that it needs."""

    schema: str
    references: tuple[str, ...] = ()


class Writer:
    """Writes a draft as JSON."""

    def __init__(self, random: Random, draft: Draft) -> None:
        self._random = random
        self._draft = draft
        self._written: set[int] = set()

    def write(self) -> Written:
        references: list[str] = []
        if len(self._draft.named) > 1 and self._random.random() < 0.15:
            apart = self._random.choice(list(self._draft.named))
            reached = set(self._reached(Ref(apart)))
            if not (isinstance(self._draft.root, Ref) and self._draft.root.key in reached):
                references.append(json.dumps(self._type(Ref(apart), "")))
        return Written(json.dumps(self._type(self._draft.root, "")), tuple(references))

    def _reached(self, start: Type) -> Iterator[int]:
        seen: set[int] = set()
        stack = [start]
        while stack:
            match stack.pop():
                case Ref(key=key) if key not in seen:
                    seen.add(key)
                    yield key
                    stack.extend(one.type for one in self._draft.named[key].fields)
                case Array(items=inner) | Map(values=inner):
                    stack.append(inner)
                case Union(branches=branches):
                    stack.extend(branches)
                case _:
                    pass

    def _type(self, type_: Type, namespace: str) -> Any:
        match type_:
            case str():
                return type_ if self._random.random() < 0.9 else {"type": type_}
            case Logical():
                return {"type": type_.base, **type_.props}
            case Array():
                return {"type": "array", "items": self._type(type_.items, namespace)}
            case Map():
                return {"type": "map", "values": self._type(type_.values, namespace)}
            case Union():
                return [self._type(branch, namespace) for branch in self._distinct(type_)]
            case Ref():
                return self._use(type_.key, namespace)

    def _distinct(self, union: Union) -> list[Type]:
        """The branches that a union may have: no union inside, and of each type one."""
        found: dict[str, Type] = {}
        stack = list(reversed(union.branches))
        while stack:
            branch = stack.pop()
            if isinstance(branch, Union):
                stack.extend(reversed(branch.branches))
            else:
                found.setdefault(self._kind(branch), branch)
        return list(found.values())

    def _kind(self, type_: Type) -> str:
        match type_:
            case Ref():
                return self._draft.named[type_.key].fullname
            case Logical():
                return type_.base
            case str():
                return type_
            case _:
                return type(type_).__name__

    def _use(self, key: int, namespace: str) -> Any:
        named = self._draft.named[key]
        if key in self._written:
            short = named.namespace == namespace and self._random.random() < 0.5
            return named.name if short else named.fullname
        self._written.add(key)
        written: dict[str, Any] = {"type": named.kind, **self._naming(named, namespace)}
        if named.aliases:
            written["aliases"] = named.aliases
        match named.kind:
            case "enum":
                written["symbols"] = named.symbols
                if named.default is not None:
                    written["default"] = named.default
            case "fixed":
                written["size"] = named.size
            case _:
                written["fields"] = self._fields(named)
        return written

    def _naming(self, named: Named, namespace: str) -> dict[str, str]:
        styles: list[dict[str, str]] = [{"name": named.name, "namespace": named.namespace}]
        if named.namespace:
            styles.append({"name": named.fullname})
        if named.namespace == namespace:
            styles.append({"name": named.name})
        return self._random.choice(styles)

    def _fields(self, named: Named) -> list[dict[str, Any]]:
        order = list(range(len(named.fields)))
        if self._random.random() < 0.1:
            self._random.shuffle(order)  # a type may then be used before the place where it is defined
        written: dict[int, dict[str, Any]] = {}
        for index in order:
            one = named.fields[index]
            written[index] = {"name": one.name, "type": self._type(one.type, named.namespace)}
            if one.aliases:
                written[index]["aliases"] = one.aliases
            if one.defaulted:
                written[index]["default"] = self._default(one.type)
        return [written[index] for index in range(len(order))]

    def _default(self, type_: Type, depth: int = 0) -> Any:
        """A default; of a type that contains itself without an end, one that does not fit."""
        match type_:
            case Union():
                branches = self._distinct(type_)
                return self._default(branches[0], depth) if branches else None
            case Array():
                return []
            case Map():
                return {}
            case Logical():
                return UUID if type_.base == "string" else _DEFAULTS[type_.base]
            case str():
                return _DEFAULTS[type_]
            case Ref() if depth < 4:
                named = self._draft.named[type_.key]
                if named.kind == "enum":
                    return named.symbols[0]
                if named.kind == "fixed":
                    return "\u0001" * named.size
                return {one.name: self._default(one.type, depth + 1) for one in named.fields}
            case _:
                return None


UUID: Final = "6f1c64a2-2f0b-4e0e-9a41-2f6c1a7d9f10"
_DEFAULTS: Final[dict[str, Any]] = {
    "null": None,
    "boolean": True,
    "int": 1,
    "long": 2,
    "float": 0.5,
    "double": 1.5,
    "bytes": "\u00ff",
    "string": "s",
}
