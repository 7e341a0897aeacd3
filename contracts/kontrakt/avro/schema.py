"""The schema tree: what an Avro schema says, with the place in the file that says it.

A tree is a graph where types refer to each other: a reference by name is the very object that its definition made, so a
recursive record contains itself. Nodes compare by identity; compare meaning with :attr:`Schema.canonical`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kontrakt.errors import Position

    from .node import Node

PRIMITIVES: Final[frozenset[str]] = frozenset(("null", "boolean", "int", "long", "float", "double", "bytes", "string"))


class Missing:
    """The type of :data:`MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()
"""A field or enum without a default (``None`` is a default: Avro's null)."""


@dataclass(frozen=True, slots=True)
class Logical:
    """A logical type that is valid on its schema (Avro specification, "Logical Types").

    Args:
        name: ``decimal``, ``uuid``, ``date``, ``time-millis``, ``timestamp-nanos``, ``duration``, ...
        precision: Of a decimal: how many digits; otherwise 0.
        scale: Of a decimal: how many of them stand after the point.
    """

    name: str
    precision: int = 0
    scale: int = 0


@dataclass(eq=False, kw_only=True)
class Schema:
    """A node of the tree.

    Attributes:
        type: Avro's word for it: ``string``, ``record``, ``union``, ...
        source: The JSON that says it, with positions.
        props: Attributes that the specification gives no meaning (and logical type attributes), as written.
        logical: The logical type, when it is one that the specification knows and that is valid here; an unknown or
            (in lenient parsing) invalid one is ignored, as the specification says, and stays in ``props``.
    """

    type: str
    source: Node = field(repr=False)
    props: Mapping[str, Any] = field(default_factory=dict[str, Any])
    logical: Logical | None = None

    @property
    def position(self) -> Position:
        """Where it stands."""
        return self.source.position

    @cached_property
    def canonical(self) -> str:
        """The Parsing Canonical Form (Avro specification, "Transforming into Parsing Canonical Form")."""
        from .canonical import canonical  # the tree does not know its transformations

        return canonical(self)

    def fingerprint(self, algorithm: str = "CRC-64-AVRO") -> bytes:
        """The fingerprint of the canonical form (Avro specification, "Schema Fingerprints").

        Args:
            algorithm: ``CRC-64-AVRO`` (8 bytes, little-endian as in single-object encoding), ``MD5`` or ``SHA-256``.

        Raises:
            ValueError: The algorithm is none of these.
        """
        from .canonical import fingerprint

        return fingerprint(self.canonical, algorithm)


@dataclass(eq=False, kw_only=True)
class Primitive(Schema):
    """One of the eight primitive types."""


@dataclass(eq=False, kw_only=True)
class Unknown(Schema):
    """Stands where a type could not be read; only in trees whose problems are not raised yet (``type`` is ``unknown``)."""

    type: str = "unknown"


@dataclass(eq=False, kw_only=True)
class Array(Schema):
    """An array."""

    items: Schema


@dataclass(eq=False, kw_only=True)
class Map(Schema):
    """A map from strings to values."""

    values: Schema


@dataclass(eq=False, kw_only=True)
class Union(Schema):
    """A union.

    Attributes:
        branches: Its branches in the order written.
    """

    branches: tuple[Schema, ...]

    @cached_property
    def primitives(self) -> tuple[str, ...] | None:
        """The types of its branches, where all of them are primitive."""
        if all(isinstance(branch, Primitive) for branch in self.branches):
            return tuple(branch.type for branch in self.branches)
        return None

    @property
    def nullable(self) -> bool:
        """Whether one branch is null."""
        return any(branch.type == "null" for branch in self.branches)


@dataclass(eq=False, kw_only=True)
class Named(Schema):
    """A record, error, enum or fixed.

    Attributes:
        fullname: Namespace and name, or the bare name in the null namespace.
        aliases: Full names.
        doc: Its documentation, or an empty string.
    """

    fullname: str
    aliases: tuple[str, ...] = ()
    doc: str = ""

    @property
    def name(self) -> str:
        """The name without the namespace."""
        return self.fullname.rpartition(".")[2]

    @property
    def namespace(self) -> str:
        """The namespace, or an empty string."""
        return self.fullname.rpartition(".")[0]


@dataclass(eq=False, kw_only=True)
class Field:
    """A field of a record, or a parameter of a message.

    Attributes:
        name: Its name.
        schema: Its type.
        default: The default as JSON says it, or :data:`MISSING`.
        aliases: Earlier names.
        doc: Its documentation, or an empty string.
        order: ``ascending``, ``descending`` or ``ignore``.
        props: Attributes that the specification gives no meaning, as written.
        source: The JSON that says it.
    """

    name: str
    schema: Schema
    source: Node = field(repr=False)
    default: Any = MISSING
    aliases: tuple[str, ...] = ()
    doc: str = ""
    order: str = "ascending"
    props: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def position(self) -> Position:
        """Where it stands."""
        return self.source.position

    @property
    def has_default(self) -> bool:
        """Whether it has a default, null included."""
        return self.default is not MISSING


@dataclass(eq=False, kw_only=True)
class Record(Named):
    """A record, or the error of a protocol (``type`` is then ``error``).

    Attributes:
        fields: Its fields in the order written.
    """

    fields: tuple[Field, ...] = ()

    def __repr__(self) -> str:  # a record may contain itself
        return f"Record({self.fullname})"

    @cached_property
    def _by_name(self) -> Mapping[str, Field]:
        return {f.name: f for f in self.fields}

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return self._by_name.get(name)


@dataclass(eq=False, kw_only=True)
class Enum(Named):
    """An enum.

    Attributes:
        symbols: In the order written.
        default: What a reader takes for a symbol that it does not know, or None.
    """

    symbols: tuple[str, ...]
    default: str | None = None


@dataclass(eq=False, kw_only=True)
class Fixed(Named):
    """A fixed.

    Attributes:
        size: In bytes.
    """

    size: int


@dataclass(eq=False, kw_only=True)
class Message:
    """A message of a protocol: an operation.

    Attributes:
        name: Its name.
        request: Its parameters.
        response: What it answers; ``null`` where nothing.
        errors: The errors that it declares (without the ``string`` that the specification implies).
        one_way: Whether nobody answers.
        doc: Its documentation, or an empty string.
        props: Attributes that the specification gives no meaning, as written.
        source: The JSON that says it.
    """

    name: str
    request: tuple[Field, ...]
    response: Schema
    source: Node = field(repr=False)
    errors: tuple[Schema, ...] = ()
    one_way: bool = False
    doc: str = ""
    props: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def position(self) -> Position:
        """Where it stands."""
        return self.source.position


@dataclass(eq=False, kw_only=True)
class Protocol:
    """A protocol, from an ``.avpr`` file (Avro specification, "Protocol Declaration").

    Attributes:
        fullname: Namespace and name.
        types: The named types that it defines, in the order written.
        messages: By name, in the order written.
        doc: Its documentation, or an empty string.
        props: Attributes that the specification gives no meaning, as written.
        source: The JSON that says it.
    """

    fullname: str
    types: tuple[Named, ...]
    messages: Mapping[str, Message]
    source: Node = field(repr=False)
    doc: str = ""
    props: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def name(self) -> str:
        """The name without the namespace."""
        return self.fullname.rpartition(".")[2]

    @property
    def namespace(self) -> str:
        """The namespace, or an empty string."""
        return self.fullname.rpartition(".")[0]

    @property
    def position(self) -> Position:
        """Where it stands."""
        return self.source.position


def children(schema: Schema) -> Iterator[Schema]:
    """The schemas directly inside a schema, in the order written."""
    match schema:
        case Array():
            yield schema.items
        case Map():
            yield schema.values
        case Union():
            yield from schema.branches
        case Record():
            for f in schema.fields:
                yield f.schema
        case _:
            return


def named_types(schema: Schema) -> dict[str, Named]:
    """Every named type that a schema contains or refers to, by full name, in the order first met."""
    found: dict[str, Named] = {}
    stack = [schema]
    while stack:
        node = stack.pop()
        if isinstance(node, Named):
            if node.fullname in found:
                continue
            found[node.fullname] = node
        stack.extend(reversed(list(children(node))))
    return found
