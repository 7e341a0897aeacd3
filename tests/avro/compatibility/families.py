"""Families of schemas: one that is made by chance, and relatives that differ from it by a few changes.

A schema is made as a :class:`Draft`, in which types refer to each other freely, and then written as JSON in one of the ways in
which people write it: names qualified or not, types defined where they stand first or later, in the schema or in one that it
refers to.
"""

from __future__ import annotations

import copy
import itertools
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

PRIMITIVES: Final = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
LOGICAL: Final[dict[str, list[dict[str, Any]]]] = {
    "int": [{"logicalType": "date"}, {"logicalType": "time-millis"}],
    "long": [{"logicalType": "timestamp-millis"}, {"logicalType": "timestamp-micros"}, {"logicalType": "time-micros"}],
    "bytes": [{"logicalType": "decimal", "precision": 9, "scale": scale} for scale in (2, 4)],
    "string": [{"logicalType": "uuid"}],
}
NAMES: Final = ("A", "B", "C", "D")
NAMESPACES: Final = ("", "x", "y", "x.y")
FIELDS: Final = "abcdef"
SYMBOLS: Final = "PQRST"


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


def family(random: Random, size: int) -> list[Written]:
    """Make a schema and relatives of it."""
    maker = Maker(random)
    if random.random() < 0.05:
        return [Writer(random, maker.loop()).write() for _ in range(size)]
    first = maker.draft()
    drafts = [first]
    while len(drafts) < size:
        # Most relatives descend from the first; some from another, which makes histories.
        draft = copy.deepcopy(random.choice(drafts[-2:]))
        maker.draft_in_hand = draft
        for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
            maker.change()
        drafts.append(draft)
    return [Writer(random, draft).write() for draft in drafts]


class Maker:
    """Makes and changes drafts."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._keys = itertools.count()
        self.draft_in_hand = Draft()
        # Some families are dense: few names in many namespaces, and types that refer to each other, mostly in unions.
        self._dense = self._chance(0.3)
        self._names = NAMES[:2] if self._dense else NAMES
        self._namespaces = NAMESPACES[1:] if self._dense else NAMESPACES

    def draft(self) -> Draft:
        """A new one."""
        draft = self.draft_in_hand = Draft()
        draft.root = self._named(4) if self._chance(0.9) else self._type(3)
        return draft

    def loop(self) -> Draft:
        """Types that contain each other, once in each of two namespaces, with a union that may choose between the two.

        What the reference says of them depends on what it meets first.
        """
        draft = self.draft_in_hand = Draft()
        tops: list[Type] = []
        for index, namespace in enumerate(("x", "y")):
            upper, lower = Ref(2 * index), Ref(2 * index + 1)
            tail = Field("t", self._random.choice(("int", "string", "long")), defaulted=self._chance(0.2))
            down = Field("b", self._random.choice((lower, Union(["null", lower]), Array(lower))))
            up = Field("a", self._random.choice((Union(["null", upper]), upper, Map(upper))))
            draft.named[upper.key] = Named("record", "A", namespace, fields=[down, tail])
            draft.named[lower.key] = Named("record", "B", namespace, fields=[up])
            tops.append(upper)
        tops = self._random.sample(tops, self._random.randint(1, 2))
        fields = [
            Field("u", Union(tops) if len(tops) > 1 else tops[0]),
            Field("v", Ref(self._random.choice((1, 1, 3)))),
        ]
        self._random.shuffle(fields)
        draft.named[4] = Named("record", "C", "x", fields=fields)
        draft.root = Ref(4)
        return draft

    def change(self) -> None:
        """Change the draft in hand somewhere."""
        changes: list[Callable[[], None]] = [self._change_named] * 5 + [self._change_type] * 3
        self._random.choice(changes)()

    def _chance(self, probability: float) -> bool:
        return self._random.random() < probability

    def _type(self, depth: int) -> Type:
        draw = self._random.random()
        if depth <= 0 or draw < 0.35:
            return self._simple()
        if draw < (0.75 if self._dense else 0.55):
            return self._union(depth)
        if draw < 0.62:
            return Array(self._type(depth - 1))
        if draw < 0.68:
            return Map(self._type(depth - 1))
        return self._named(depth)

    def _simple(self) -> Type:
        base = self._random.choice(PRIMITIVES)
        if base in LOGICAL and self._chance(0.1):
            return Logical(base, self._random.choice(LOGICAL[base]))
        return base

    def _union(self, depth: int) -> Union:
        if self._chance(0.5):
            return Union(["null", self._type(depth - 1)])
        return Union([self._type(depth - 1) for _ in range(self._random.randint(1, 4))])

    def _named(self, depth: int) -> Type:
        known = list(self.draft_in_hand.named)
        if known and self._chance(0.7 if self._dense else 0.5):
            return Ref(self._random.choice(known))
        made = self._unique()
        if made is None:
            return Ref(self._random.choice(known))
        key = next(self._keys)
        self.draft_in_hand.named[key] = made
        kind = self._random.choices(("record", "error", "enum", "fixed"), (18 if self._dense else 12, 1, 3, 2))[0]
        made.kind = kind if depth > 0 or kind in ("enum", "fixed") else "enum"
        made.size = self._random.randint(1, 3)
        made.symbols = self._some(SYMBOLS)
        made.default = self._random.choice(made.symbols) if self._chance(0.4) else None
        if made.kind in ("record", "error"):
            made.fields = [self._field(name, depth - 1) for name in self._some(FIELDS, 4)]
        if self._chance(0.2):
            made.aliases.append(self._alias())
        return Ref(key)

    def _unique(self) -> Named | None:
        """A named type of a name that is free; None after a few attempts."""
        for _ in range(4):
            made = Named("record", self._random.choice(self._names), self._random.choice(self._namespaces))
            if self._free(made):
                return made
        return None

    def _free(self, made: Named, but: Named | None = None) -> bool:
        """Whether a name may be given.

        A type without a namespace keeps its name to itself: within a namespace that has a type of that name too, it could not
        be referred to.
        """
        return not any(
            other.name == made.name and (other.namespace == made.namespace or not (other.namespace and made.namespace))
            for other in self.draft_in_hand.named.values()
            if other is not but
        )

    def _field(self, name: str, depth: int) -> Field:
        made = Field(name, self._type(depth), defaulted=self._chance(0.3))
        if self._chance(0.05):
            made.aliases.append(self._random.choice(FIELDS))
        return made

    def _some(self, letters: str, most: int = 5) -> list[str]:
        return self._random.sample(letters, self._random.randint(1, min(most, len(letters))))

    def _alias(self) -> str:
        name = self._random.choice(NAMES)
        namespace = self._random.choice((*NAMESPACES, None))
        return name if namespace is None else f"{namespace}.{name}".removeprefix(".")

    # Changes

    def _change_named(self) -> None:
        used = list(self.draft_in_hand.named.values())
        if not used:
            return
        named = self._random.choice(used)
        own = {"enum": self._change_enum, "fixed": self._change_fixed}.get(named.kind, self._change_record)
        own(named) if self._chance(0.75) else self._rename(named)

    def _rename(self, named: Named) -> None:
        before = named.fullname
        other = self._unique()
        if other is None:
            return
        if self._chance(0.5):
            other.name = named.name
            if not self._free(other, named):
                return
        named.name, named.namespace = other.name, other.namespace
        if self._chance(0.6):
            named.aliases = [self._random.choice((before, before, self._alias()))]

    def _change_enum(self, named: Named) -> None:
        named.symbols = self._some(SYMBOLS)
        named.default = self._random.choice((None, named.symbols[0], named.symbols[-1]))

    def _change_fixed(self, named: Named) -> None:
        named.size = self._random.randint(1, 3)

    def _change_record(self, named: Named) -> None:
        fields = named.fields
        free = [name for name in FIELDS if name not in {one.name for one in fields}]
        match self._random.choice(("add", "drop", "alias", "rename", "default", "shuffle", "type", "kind")):
            case "add" if free:
                place = self._random.randint(0, len(fields))
                fields.insert(place, self._field(self._random.choice(free), 2))
            case "drop" if fields:
                fields.pop(self._random.randrange(len(fields)))
            case "alias" if fields:
                self._random.choice(fields).aliases = self._some(FIELDS, 1)
            case "rename" if fields and free:
                one = self._random.choice(fields)
                if self._chance(0.7):
                    one.aliases = [one.name]
                one.name = self._random.choice(free)
            case "default" if fields:
                one = self._random.choice(fields)
                one.defaulted = not one.defaulted
            case "shuffle":
                self._random.shuffle(fields)
            case "type" if fields:
                one = self._random.choice(fields)
                one.type = self._changed(one.type)
            case "kind":
                named.kind = "error" if named.kind == "record" else "record"
            case _:
                pass

    def _change_type(self) -> None:
        places: list[tuple[Any, str | int]] = [(self.draft_in_hand, "root")]
        for named in self.draft_in_hand.named.values():
            places.extend((one, "type") for one in named.fields)
        holder, key = self._random.choice(places)
        setattr(holder, str(key), self._changed(getattr(holder, str(key))))

    def _changed(self, type_: Type) -> Type:
        """The type, or one inside it, changed."""
        if self._chance(0.1):
            return self._type(2)
        match type_:
            case Array():
                return Array(self._changed(type_.items))
            case Map():
                return Map(self._changed(type_.values))
            case Union():
                return self._changed_union(type_.branches)
            case _ if self._chance(0.5):
                around: list[list[Type]] = [["null", type_], [type_, "null"], [type_, self._simple()]]
                return Union(self._random.choice(around))
            case Ref():
                return self._named(2)
            case _:
                return self._simple()

    def _changed_union(self, branches: list[Type]) -> Type:
        branches = list(branches)
        match self._random.choice(("add", "drop", "shuffle", "change", "only")):
            case "add":
                branches.insert(self._random.randint(0, len(branches)), self._type(2))
            case "drop" if len(branches) > 1:
                branches.pop(self._random.randrange(len(branches)))
            case "shuffle":
                self._random.shuffle(branches)
            case "change" if branches:
                index = self._random.randrange(len(branches))
                branches[index] = self._changed(branches[index])
            case "only" if branches:
                return self._random.choice(branches)
            case _:
                pass
        return Union(branches)


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
