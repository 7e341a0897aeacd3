"""Reading the attributes of JSON objects: what is there, what is missing, what is of the wrong kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from kontrakt.errors import Position, Problem

from . import names
from .defaults import shown
from .schema import PRIMITIVES

if TYPE_CHECKING:
    from .node import Node


class Head(NamedTuple):
    """What every named type says."""

    fullname: str
    aliases: tuple[str, ...]
    doc: str


class Attributes:
    """Reads attributes, and notes what is wrong with them.

    Args:
        strict: Whether to hold what is written to the specification; without it, what the Java reference lets pass when it
            reads a schema that a registry holds passes here too.

    Attributes:
        problems: What is wrong, so far.
    """

    def __init__(self, *, strict: bool) -> None:
        self.problems: list[Problem] = []
        self._strict = strict

    def problem(self, position: Position, message: str, hint: str = "") -> None:
        """Note that something is wrong."""
        self.problems.append(Problem(position, message, hint))

    def text(self, node: Node, attribute: str, owner: str, *, required: bool = False) -> str:
        """An attribute that is a string, or an empty string."""
        inner = node.members.get(attribute)
        if inner is None:
            if required:
                self.lacks(node, attribute, owner)
        elif isinstance(inner.value, str):
            if required and not inner.value and self._strict:
                self.problem(inner.position, f'"{attribute}" of {owner} is empty')
            return inner.value
        elif required or self._strict:
            self.problem(inner.position, f'"{attribute}" must be a string, found {shown(inner.value)}')
        return ""

    def listed(self, node: Node, attribute: str, owner: str) -> Iterable[Node]:
        """The items of an attribute that must be there and be an array."""
        inner = node.members.get(attribute)
        if inner is None:
            self.lacks(node, attribute, owner)
        elif isinstance(inner.value, list):
            return inner.items
        else:
            self.problem(inner.position, f'"{attribute}" must be an array, found {shown(inner.value)}')
        return ()

    def aliases(self, node: Node) -> Sequence[Node]:
        """The aliases as they are written, each once."""
        inner = node.members.get("aliases")
        if inner is None:
            return ()
        if not isinstance(inner.value, list):
            self.problem(inner.position, f'"aliases" must be an array of names, found {shown(inner.value)}')
            return ()
        aliases: dict[str, Node] = {}
        for item in inner.items:
            if not isinstance(item.value, str):
                self.problem(item.position, f"an alias must be a string, found {shown(item.value)}")
            elif item.value not in aliases:
                aliases[item.value] = item
            elif self._strict:
                self.problem(item.position, f'the alias "{item.value}" stands twice')
        return list(aliases.values())

    def lacks(self, node: Node, attribute: str, owner: str) -> None:
        """Note that an attribute is missing, at the one that was meant for it if there is such."""
        near = names.nearest(attribute, node.members)
        where = node.keys[near] if near else node.position
        self.problem(where, f'{owner} needs the attribute "{attribute}"', f'found "{near}"' if near else "")

    def head(self, node: Node, namespace: str, kind: str) -> Head:
        """The name, the aliases and the doc of a named type."""
        name = self.name(node, "name", namespace, a(kind))
        own = name.rpartition(".")[0]
        aliases = self.aliases(node)
        if self._strict:
            for alias in aliases:
                if not names.is_fullname(alias.value):
                    self.not_a_name(alias, kind)
        return Head(name, tuple(names.full(alias.value, own) for alias in aliases), self.text(node, "doc", a(kind)))

    def name(self, node: Node, attribute: str, namespace: str, owner: str) -> str:
        """The full name that an object gives itself.

        Args:
            node: The object.
            attribute: ``name``, or ``protocol`` in a protocol.
            namespace: The namespace around it.
            owner: What to call it in messages.
        """
        name = self.text(node, attribute, owner, required=True)
        if not name:
            return ""
        space = node.members.get("namespace")
        if space is not None and "." not in name:
            if isinstance(space.value, str):
                namespace = space.value
                if self._strict and namespace and not names.is_fullname(namespace):
                    self.problem(
                        space.position,
                        f'"{namespace}" is not a namespace',
                        f"names joined by dots; a name has {names.NAME_RULE}",
                    )
            elif self._strict and space.value is not None:  # null is what Avro's IDL compiler writes for none
                self.problem(space.position, f'"namespace" must be a string, found {shown(space.value)}')
        if self._strict and not names.is_fullname(name):
            self.not_a_name(node.members[attribute], owner.partition(" ")[2])
        reserved = name.rpartition(".")[2] if self._strict else name
        if attribute == "name" and reserved in PRIMITIVES:
            self.problem(node.at(attribute), f'"{name}" is the name of a primitive type', "choose another one")
            return ""
        return f"{namespace}.{name}" if namespace and "." not in name else name.removeprefix(".")

    def not_a_name(self, node: Node, kind: str) -> None:
        """Note that a text may not be a name."""
        self.problem(node.position, f'"{node.value}" is not a name for {a(kind)}', f"a name has {names.NAME_RULE}")


def props(node: Node, known: frozenset[str]) -> Mapping[str, Any]:
    """The attributes of an object that the specification gives no meaning."""
    members = node.members
    if members.keys() <= known:  # most have none, and this is much quicker
        return {}
    return {key: member.value for key, member in members.items() if key not in known}


def meant(near: str | None) -> str:
    """Asks whether a known name was meant."""
    return f"did you mean {near}?" if near else ""


def at(position: Position) -> str:
    """Says where, within the same file."""
    return f"line {position.line}, column {position.column}"


def a(kind: str) -> str:
    """A kind of thing with its article."""
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
