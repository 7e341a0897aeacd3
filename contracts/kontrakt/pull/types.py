"""The types of a registry, each defined once: which file each stands in, and its text there."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from kontrakt.avro import Named, named_types
from kontrakt.avro.render import closed

from .lock import checksum

if TYPE_CHECKING:
    from kontrakt.avro import Schema

    from .inventory import Held, Inventory

_LONGEST: Final = 120
"""How many characters of a type's name become the name of a file."""
_SAFE: Final = re.compile(r"[^A-Za-z0-9_-]")


class Types:
    """Puts each outermost type into a file.

    A type that stands inline in several subjects is defined in the one that is placed first, and the others refer to it: what
    they say stays the same, and a registry is told nothing new.

    Args:
        inventory: What the registry holds.

    Attributes:
        files: The JSON of each file by the full name of its outermost type.
        left: The subjects that could not be placed, and why.
        placed: The subjects that were placed.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.files: dict[str, dict[str, Any]] = {}
        self.left: dict[str, str] = {}
        self.placed: set[str] = set()
        self._inventory = inventory
        self._defined: dict[str, tuple[str, Any]] = {}
        self._subjects: dict[str, list[str]] = {}

    def place(self, subjects: Iterable[str]) -> None:
        """Place the types of subjects.

        Smaller ones come first, since what others contain stands in a file of its own; of one name, what most subjects say.
        """
        inside = {name: named_types(self._inventory.held[name].schema) for name in subjects}
        said = {name: json.dumps(closed(self._inventory.held[name].schema), sort_keys=True) for name in inside}
        alike = Counter(said.values())
        for name in sorted(inside, key=lambda one: (len(inside[one]), -alike[said[one]], one)):
            held = self._inventory.held[name]
            if isinstance(held.schema, Named):
                self._place(name, held, held.schema, inside[name])

    def subjects_of(self, fullname: str) -> tuple[str, ...]:
        """The subjects whose outermost type this is."""
        return tuple(self._subjects.get(fullname, ()))

    def _place(self, name: str, held: Held, schema: Named, types: Mapping[str, Schema]) -> None:
        referred = {
            one
            for used in held.version.references
            for one in (used.name, *self._types_of(used.subject))
            if one != schema.fullname
        }
        inside = {one: closed(types[one]) for one in types if one not in referred}
        for one, said in inside.items():
            other, known = self._defined.get(one, ("", None))
            if other and known != said:
                self.left[name] = (
                    f"it defines {one} otherwise than the subject {other}, and a type has one definition in contracts"
                )
                return
        twice = {one for one in inside if one in self._defined}
        if schema.fullname in twice and schema.fullname not in self.files:
            other, _ = self._defined[schema.fullname]
            self.left[name] = (
                f"its type {schema.fullname} is defined inside that of the subject {other}, and both need each other"
            )
            return
        self.placed.add(name)
        self._subjects.setdefault(schema.fullname, []).append(name)
        if schema.fullname in twice:  # the same record under another subject
            return
        for one, said in inside.items():
            self._defined.setdefault(one, (name, said))
        self.files[schema.fullname] = closed(schema, known=twice | referred) if twice else json.loads(held.version.text)

    def _types_of(self, subject: str) -> Iterable[str]:
        used = self._inventory.held.get(subject)
        return named_types(used.schema) if used is not None else ()


def paths(names: Iterable[str]) -> dict[str, str]:
    """A file for each type, by its full name: folders for its namespace. No two differ by case alone.

    Args:
        names: Full names.
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in sorted(names):
        parts = [_part(part) for part in name.split(".")]
        path = "/".join(parts)
        if path.lower() in taken:
            path = f"{path}-{checksum(name.encode())[:8]}"
        taken.add(path.lower())
        found[name] = f"{path}.avsc"
    return found


def _part(part: str) -> str:
    safe = _SAFE.sub("_", part) or "_"
    return safe if len(safe) <= _LONGEST else f"{safe[:_LONGEST]}-{checksum(part.encode())[:8]}"
