"""Families of schemas: one that is made by chance, and relatives that differ from it by a few changes."""

from __future__ import annotations

import copy
import itertools
from typing import TYPE_CHECKING, Any, Final

from tests.avro.compatibility.drafts import Array, Draft, Field, Logical, Map, Named, Ref, Type, Union, Writer, Written

if TYPE_CHECKING:
    from collections.abc import Callable
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
