"""From JSON to the tree.

A :class:`Builder` takes the JSON of one or more files and works in three steps: :meth:`Builder.build` makes the nodes and
notes every name that is used, :meth:`Builder.link` puts the definitions where the names stand (names may be used before and
in other files than they are defined), :meth:`Builder.check` judges what needs the finished tree: unions and defaults.

Nothing here recurses: what is inside a type waits on a stack, with the place that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from kontrakt.errors import Position, Problem

from . import defaults, names
from .attributes import Attributes, a, at, meant, props
from .defaults import shown
from .logical import Misuse, logical
from .schema import (
    PRIMITIVES,
    Array,
    Enum,
    Field,
    Fixed,
    Map,
    Named,
    Primitive,
    Record,
    Schema,
    Union,
    Unknown,
)

if TYPE_CHECKING:
    from .node import Node

Put: TypeAlias = Callable[[Schema], None]
"""Takes a schema to the place that it belongs to."""

RECORD_ATTRIBUTES: Final = frozenset(("type", "name", "namespace", "doc", "aliases", "fields"))
ENUM_ATTRIBUTES: Final = frozenset(("type", "name", "namespace", "doc", "aliases", "symbols", "default"))
FIXED_ATTRIBUTES: Final = frozenset(("type", "name", "namespace", "doc", "aliases", "size"))
FIELD_ATTRIBUTES: Final = frozenset(("name", "type", "doc", "default", "order", "aliases"))
ARRAY_ATTRIBUTES: Final = frozenset(("type", "items"))
MAP_ATTRIBUTES: Final = frozenset(("type", "values"))
PRIMITIVE_ATTRIBUTES: Final = frozenset(("type",))
ORDERS: Final = ("ascending", "descending", "ignore")
COMPLEX: Final = ("record", "error", "enum", "fixed", "array", "map")


class Use(NamedTuple):
    """A name that stands for a type.

    Attributes:
        name: As written.
        namespace: The one around it.
        node: Where it stands.
        put: Takes the type there.
    """

    name: str
    namespace: str
    node: Node
    put: Put


@dataclass(frozen=True, slots=True)
class Link:
    """A use of a type that another file defines, or the same one.

    Attributes:
        node: Where the name stands.
        target: What it means.
    """

    node: Node
    target: Named

    @property
    def position(self) -> Position:
        """Where the name stands."""
        return self.node.position


_Task: TypeAlias = "tuple[Node, str, Put]"
"""A schema that is still to be built: its JSON, the namespace around it, and where it goes."""


class Builder(Attributes):
    """Builds trees.

    Args:
        strict: Whether to hold what is written to the specification; without it, what the Java reference lets pass when it
            reads a schema that a registry holds passes here too.
        known: Types that are already there, by full name.

    Attributes:
        defined: The types that were defined here, by full name.
        links: Every use of a named type, after :meth:`link`.
    """

    def __init__(self, *, strict: bool = True, known: Mapping[str, Named] | None = None) -> None:
        super().__init__(strict=strict)
        self.defined: dict[str, Named] = {}
        self.links: list[Link] = []
        self._known = known or {}
        self._tasks: list[_Task] = []
        self._uses: list[Use] = []
        self._unions: list[tuple[Union, list[Schema]]] = []
        self._fields: list[Field] = []
        self._later: list[Callable[[], None]] = []

    def build(self, node: Node, put: Put, namespace: str = "") -> None:
        """Build the tree of a schema; it is complete after :meth:`link`.

        Args:
            node: The JSON that says it.
            put: Where it goes.
            namespace: The namespace around it.
        """
        self._tasks.append((node, namespace, put))
        self._run()

    def parameters(self, nodes: Iterable[Node], namespace: str, message: Node) -> tuple[Field, ...]:
        """Build the parameters of a message.

        Args:
            nodes: The JSON of each.
            namespace: The namespace around them.
            message: The JSON of the message.
        """
        parameters = self._make_fields(nodes, namespace, "parameter", message)
        self._run()
        return parameters

    def _run(self) -> None:
        tasks = self._tasks
        tasks.reverse()
        while tasks:
            task = tasks.pop()
            first = len(tasks)
            self._one(*task)
            if len(tasks) - first > 1:
                tasks[first:] = tasks[first:][::-1]  # what stands first is built first

    def link(self) -> None:
        """Put definitions where their names stand."""
        for use in self._uses:
            target = self._find(use)
            if target is None:
                self._undefined(use)
            else:
                use.put(target)
                self.links.append(Link(use.node, target))
        self._uses.clear()
        for union, branches in self._unions:
            union.branches = tuple(branches)
        for act in self._later:
            act()
        self._later.clear()

    def later(self, act: Callable[[], None]) -> None:
        """Have something done at the end of :meth:`link`."""
        self._later.append(act)

    def check(self) -> None:
        """Judge what needs the linked tree: unions, and (strictly) whether defaults fit."""
        for union, _ in self._unions:
            self._check_union(union)
        if not self._strict:
            return
        fitting: list[Field] = []
        for field in self._fields:
            found = [
                Problem(misfit.position, misfit.message, misfit.hint)
                for misfit in defaults.misfits(field.schema, field.source.members["default"])
            ]
            self.problems.extend(found)
            if not found:
                fitting.append(field)
        for field in defaults.endless(fitting):
            self.problem(
                field.source.at("default"),
                f'the default of "{field.name}" contains itself',
                "give the fields of the record in the default",
            )

    # What may stand for a type: a name, a list of branches, an object.

    def _one(self, node: Node, namespace: str, put: Put) -> None:
        value = node.value
        if (simple := _simple(node)) is not None:
            put(simple)
        elif isinstance(value, str):
            if value in COMPLEX:
                self.problem(node.position, f"{a(value)} needs its attributes", f'write {{"type": "{value}", ...}}')
            else:
                self._uses.append(Use(value, namespace, node, put))
        elif isinstance(value, list):
            self._union(node, namespace, put)
        elif isinstance(value, dict):
            self._object(node, namespace, put)
        else:
            self.problem(node.position, f"expected a type, found {shown(value)}")

    def _object(self, node: Node, namespace: str, put: Put) -> None:
        kind = node.members.get("type")
        if kind is None:
            self.lacks(node, "type", "a schema")
            return
        match kind.value:
            case "record" | "error":
                self._record(node, namespace, put)
            case "enum":
                self._enum(node, namespace, put)
            case "fixed":
                self._fixed(node, namespace, put)
            case "array":
                array = Array(type="array", items=Unknown(source=node), source=node)
                array.props = props(node, ARRAY_ATTRIBUTES)
                self._inside(node, "items", "an array", namespace, partial(setattr, array, "items"))
                self._finish(array, put)
            case "map":
                mapping = Map(type="map", values=Unknown(source=node), source=node)
                mapping.props = props(node, MAP_ATTRIBUTES)
                self._inside(node, "values", "a map", namespace, partial(setattr, mapping, "values"))
                self._finish(mapping, put)
            case str(name) if name in PRIMITIVES:
                self._finish(Primitive(type=name, source=node, props=props(node, PRIMITIVE_ATTRIBUTES)), put)
            case _:
                if self._strict and "logicalType" in node.members:
                    self.problem(
                        node.keys["logicalType"],
                        "a logical type beside a type that is defined elsewhere has no effect",
                        "put it into the definition",
                    )
                self._tasks.append((kind, namespace, put))

    def _inside(self, node: Node, attribute: str, owner: str, namespace: str, put: Put) -> None:
        inner = node.members.get(attribute)
        if inner is None:
            self.lacks(node, attribute, owner)
        else:
            self._tasks.append((inner, namespace, put))

    def _union(self, node: Node, namespace: str, put: Put) -> None:
        branches: list[Schema] = []
        union = Union(type="union", branches=(), source=node)
        self._unions.append((union, branches))
        if self._strict and not node.items:
            self.problem(node.position, "a union needs at least one branch")
        for index, item in enumerate(node.items):
            simple = _simple(item)
            branches.append(simple or Unknown(source=item))
            if simple is None:
                self._tasks.append((item, namespace, partial(branches.__setitem__, index)))
        put(union)

    # Named types.

    def _record(self, node: Node, namespace: str, put: Put) -> None:
        head = self.head(node, namespace, node.members["type"].value)
        record = Record(
            type=node.members["type"].value,
            source=node,
            fullname=head.fullname,
            aliases=head.aliases,
            doc=head.doc,
            props=props(node, RECORD_ATTRIBUTES),
        )
        self._define(record)
        listed = self.listed(node, "fields", "a record")
        record.fields = self._make_fields(listed, record.namespace, "field", node)
        self._finish(record, put)

    def _make_fields(self, nodes: Iterable[Node], namespace: str, what: str, around: Node) -> tuple[Field, ...]:
        """The fields of a record or the parameters of a message, but for their types, which wait on the stack."""
        fields: list[Field] = []
        renamed: list[tuple[Field, Sequence[Node]]] = []
        owner, unread = a(what), Unknown(source=around)
        taken: dict[str, Node] = {}
        for node in nodes:
            if not isinstance(node.value, dict):
                self.problem(node.position, f"expected a {what} as an object, found {shown(node.value)}")
                continue
            aliases = self.aliases(node)
            field = self._field(node, aliases, namespace, owner, unread)
            if field.name in taken:
                self.problem(
                    node.at("name"),
                    f'the {what} "{field.name}" stands twice',
                    f"first at {at(taken[field.name].at('name'))}",
                )
                continue
            if field.name:
                taken[field.name] = node
            fields.append(field)
            if aliases:
                renamed.append((field, aliases))
        if self._strict:
            self._check_field_aliases(renamed, taken)
        return tuple(fields)

    def _field(self, node: Node, aliases: Iterable[Node], namespace: str, owner: str, unread: Schema) -> Field:
        members = node.members
        name = self.text(node, "name", owner, required=True)
        if name and self._strict and not names.is_name(name):
            self.not_a_name(members["name"], owner.partition(" ")[2])
        field = Field(
            name=name,
            schema=unread,
            source=node,
            doc=self.text(node, "doc", owner),
            aliases=tuple([alias.value for alias in aliases]) if aliases else (),
            props=props(node, FIELD_ATTRIBUTES),
        )
        order = members.get("order")
        if order is not None:
            lenient = isinstance(order.value, str) and not self._strict
            said = order.value.lower() if lenient else order.value  # Java takes any case
            if said in ORDERS:
                field.order = said
            else:
                self.problem(order.position, f"{shown(order.value)} is not an order", f"one of {', '.join(ORDERS)}")
        if "default" in members:
            field.default = members["default"].value
            self._fields.append(field)
        kind = members.get("type")
        if kind is None:
            self.lacks(node, "type", f'the {owner.partition(" ")[2]} "{name}"' if name else owner)
        elif (simple := _simple(kind)) is not None:
            field.schema = simple
        else:
            self._tasks.append((kind, namespace, partial(setattr, field, "schema")))
        return field

    def _check_field_aliases(self, fields: Iterable[tuple[Field, Iterable[Node]]], taken: Mapping[str, Node]) -> None:
        owners: dict[str, str] = {}
        for field, aliases in fields:
            for item in aliases:
                alias: str = item.value
                if not names.is_name(alias):
                    self.not_a_name(item, "field")
                elif alias in owners:
                    self.problem(item.position, f'the alias "{alias}" is also one of "{owners[alias]}"')
                elif alias in taken and alias != field.name:
                    self.problem(
                        item.position,
                        f'the alias "{alias}" is also the name of a field',
                        "readers could not tell them apart",
                    )
                owners.setdefault(alias, field.name)

    def _enum(self, node: Node, namespace: str, put: Put) -> None:
        head = self.head(node, namespace, "enum")
        symbols: dict[str, Node] = {}
        for item in self.listed(node, "symbols", "an enum"):
            symbol = item.value
            if not isinstance(symbol, str) and not self._strict:
                symbol = str(symbol)
            if not isinstance(symbol, str):
                self.problem(item.position, f"a symbol must be a string, found {shown(symbol)}")
            elif symbol in symbols:
                self.problem(
                    item.position, f'the symbol "{symbol}" stands twice', f"first at {at(symbols[symbol].position)}"
                )
            else:
                symbols[symbol] = item
                if self._strict and not names.is_name(symbol):
                    self.problem(item.position, f'"{symbol}" is not a symbol', f"a symbol has {names.NAME_RULE}")
        default = node.members.get("default")
        if default is not None and not (self._strict or isinstance(default.value, str)):
            default = None
        if default is not None and default.value not in list(symbols):
            near = names.nearest(default.value, symbols) if isinstance(default.value, str) else None
            self.problem(
                default.position,
                f"the default {shown(default.value)} is none of the symbols",
                meant(near) or "add it, or take one of them",
            )
            default = None
        enum = Enum(
            type="enum",
            source=node,
            fullname=head.fullname,
            aliases=head.aliases,
            doc=head.doc,
            symbols=tuple(symbols),
            default=None if default is None else default.value,
            props=props(node, ENUM_ATTRIBUTES),
        )
        self._define(enum)
        self._finish(enum, put)

    def _fixed(self, node: Node, namespace: str, put: Put) -> None:
        head = self.head(node, namespace, "fixed")
        size = node.members.get("size")
        if size is None:
            self.lacks(node, "size", "a fixed")
        elif not _whole(size.value) or not 0 <= size.value < 2**31:
            self.problem(size.position, "the size of a fixed must be a whole number of bytes, 0 or more and below 2^31")
            size = None
        fixed = Fixed(
            type="fixed",
            source=node,
            fullname=head.fullname,
            aliases=head.aliases,
            doc=head.doc,
            size=0 if size is None else size.value,
            props=props(node, FIXED_ATTRIBUTES),
        )
        self._define(fixed)
        if size is None:
            put(fixed)
        else:
            self._finish(fixed, put)

    def _define(self, named: Named) -> None:
        if not named.fullname:
            return
        first = self.defined.get(named.fullname) or self._known.get(named.fullname)
        if first is None:
            self.defined[named.fullname] = named
            return
        self.problem(
            named.source.at("name"),
            f"{named.fullname} is defined twice",
            f"first at {first.source.at('name')}; refer to it by its name",
        )

    def _finish(self, schema: Schema, put: Put) -> None:
        """Give a schema its logical type and take it to its place."""
        put(schema)
        try:
            schema.logical = logical(schema)
        except Misuse as misuse:
            if self._strict:
                self.problem(schema.source.at(misuse.attribute), misuse.message, misuse.hint)

    # Names in use.

    def _find(self, use: Use) -> Named | None:
        for name in dict.fromkeys((names.full(use.name, use.namespace), use.name)):
            found = self.defined.get(name) or self._known.get(name)
            if found is not None:
                return found
        return None

    def _undefined(self, use: Use) -> None:
        near = names.nearest(names.full(use.name, use.namespace), (*self.defined, *self._known, *PRIMITIVES, *COMPLEX))
        self.problem(
            use.node.position,
            f'the type "{use.name}" is not defined',
            meant(near) or "define it, or refer to it by its full name",
        )

    def _check_union(self, union: Union) -> None:
        kinds = {branch.fullname if isinstance(branch, Named) else branch.type for branch in union.branches}
        if len(kinds) == len(union.branches) and "union" not in kinds:
            return
        seen: set[str] = set()
        for item, branch in zip(union.source.items, union.branches, strict=True):
            kind = branch.fullname if isinstance(branch, Named) else branch.type
            if isinstance(branch, Unknown):
                continue
            if isinstance(branch, Union):
                self.problem(item.position, "a union stands directly in a union", "list the inner branches here")
            elif kind in seen:
                self.problem(
                    item.position,
                    f"the union has {kind} twice",
                    "" if isinstance(branch, Named) else "only named types may repeat, under different names",
                )
            seen.add(kind)


def _simple(node: Node) -> Schema | None:
    """The schema that the name of a primitive type says, which is the most frequent of all."""
    value = node.value
    return Primitive(type=value, source=node) if isinstance(value, str) and value in PRIMITIVES else None


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
