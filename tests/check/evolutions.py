"""Changes of a record that a topic carries, and what a check says of each: the rule, the place, and who breaks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

Json = Any
NULLABLE: Final = ["null", "string"]


def field(name: str, kind: Json, *default: Json, **more: Json) -> dict[str, Json]:
    """A field; with a default where one is given."""
    return {"name": name, "type": kind} | ({"default": default[0]} if default else {}) | more


def enum(name: str, *symbols: str, default: str = "") -> dict[str, Json]:
    """An enum."""
    return {"type": "enum", "name": name, "symbols": list(symbols)} | ({"default": default} if default else {})


def record(name: str, *fields: Json, **more: Json) -> dict[str, Json]:
    """A record."""
    return {"type": "record", "name": name, "fields": list(fields)} | more


def fixed(name: str, size: int, **more: Json) -> dict[str, Json]:
    """A fixed."""
    return {"type": "fixed", "name": name, "size": size} | more


def array(items: Json) -> dict[str, Json]:
    """An array."""
    return {"type": "array", "items": items}


def mapping(values: Json) -> dict[str, Json]:
    """A map."""
    return {"type": "map", "values": values}


def logical(kind: str, name: str, **more: Json) -> dict[str, Json]:
    """A logical type."""
    return {"type": kind, "logicalType": name} | more


Expected = tuple[str, str, str]
"""The rule, the place, and who breaks: ``old`` consumers, ``new`` ones, ``both``, or nobody (``-``)."""


@dataclass(frozen=True)
class Evolution:
    """A change of the record ``acme.Thing``, which the entity topic ``things`` carries by its key ``id``.

    Attributes:
        name: What changes.
        old: Its fields before, beside ``id``.
        new: Its fields after.
        found: What the check finds, in any order.
        level: The level of the topic.
    """

    name: str
    old: Sequence[Mapping[str, Json]]
    new: Sequence[Mapping[str, Json]]
    found: tuple[Expected, ...] = ()
    level: str = "FULL_TRANSITIVE"

    @property
    def breaks(self) -> bool:
        """Whether somebody breaks."""
        return any(who != "-" for _, _, who in self.found)

    def files(
        self, fields: Sequence[Mapping[str, Json]], namespace: str = "acme", topic: str = "things"
    ) -> dict[str, bytes]:
        """The contracts with these fields, as files."""
        declared = {"kind": "entity", "name": topic, "key": "id", "owner": "thing-service", "compatibility": self.level}
        thing = record("Thing", field("id", "string"), *fields, namespace=namespace, topic=declared)
        return {"thing.avsc": json.dumps(thing).encode()}


CARD: Final = record("Card", field("number", "string"))
BANK: Final = record("Bank", field("iban", "string"))
TIER: Final = ("STANDARD", "SILVER", "GOLD")
MILLIS: Final = logical("long", "timestamp-millis")


def decimal(precision: int, scale: int, kind: str = "bytes") -> dict[str, Json]:
    """A decimal."""
    return logical(kind, "decimal", precision=precision, scale=scale)


EVOLUTIONS: Final = (
    # Fields
    Evolution("nothing", [field("a", "int")], [field("a", "int")]),
    Evolution("field added with a default", [], [field("a", "int", 0)]),
    Evolution("nullable field added", [], [field("a", NULLABLE, None)]),
    Evolution("field added", [], [field("a", "int")], (("field-added-without-default", "acme.Thing.a", "new"),)),
    Evolution(
        "nullable field added without a default",
        [],
        [field("a", NULLABLE)],
        (("field-added-without-default", "acme.Thing.a", "new"),),
    ),
    Evolution("field added, forward only", [], [field("a", "int")], level="FORWARD"),
    Evolution(
        "field added in the middle",
        [field("a", "int")],
        [field("b", "string", ""), field("a", "int")],
    ),
    Evolution("field removed", [field("a", "int")], [], (("field-removed-without-default", "acme.Thing.a", "old"),)),
    Evolution("field removed, backward only", [field("a", "int")], [], level="BACKWARD_TRANSITIVE"),
    Evolution("field with a default removed", [field("a", "int", 0)], [], (("field-removed", "acme.Thing.a", "-"),)),
    Evolution("nullable field removed", [field("a", NULLABLE, None)], [], (("field-removed", "acme.Thing.a", "-"),)),
    Evolution(
        "field renamed",
        [field("email", "string")],
        [field("mail", "string")],
        (("field-renamed", "acme.Thing.email", "both"),),
    ),
    Evolution(
        "field renamed with an alias",
        [field("email", "string")],
        [field("mail", "string", aliases=["email"])],
        (("field-renamed", "acme.Thing.email", "old"),),
    ),
    Evolution(
        "field renamed with an alias, backward only",
        [field("email", "string")],
        [field("mail", "string", aliases=["email"])],
        level="BACKWARD",
    ),
    Evolution(
        "field renamed, backward only",
        [field("email", "string")],
        [field("mail", "string")],
        (("field-renamed", "acme.Thing.email", "new"),),
        level="BACKWARD",
    ),
    Evolution(
        "field with a default renamed with an alias",
        [field("email", "string", "")],
        [field("mail", "string", "", aliases=["email"])],
        (("field-removed", "acme.Thing.email", "-"),),
    ),
    Evolution(
        "field replaced by one of another type",
        [field("age", "int")],
        [field("born", logical("int", "date"))],
        (
            ("field-removed-without-default", "acme.Thing.age", "old"),
            ("field-added-without-default", "acme.Thing.born", "new"),
        ),
    ),
    Evolution("fields swapped", [field("a", "int"), field("b", "string")], [field("b", "string"), field("a", "int")]),
    Evolution("documentation changed", [field("a", "int", doc="One.")], [field("a", "int", doc="Two.")]),
    Evolution(
        "default changed", [field("a", "int", 0)], [field("a", "int", 1)], (("default-changed", "acme.Thing.a", "-"),)
    ),
    Evolution(
        "default removed", [field("a", "int", 0)], [field("a", "int")], (("default-removed", "acme.Thing.a", "-"),)
    ),
    Evolution("default added", [field("a", "int")], [field("a", "int", 0)]),
    Evolution(
        "alias that names another field",
        [field("a", "int"), field("b", "int")],
        [field("a", "int", aliases=["b"])],
        (("field-ambiguous", "acme.Thing.a", "new"), ("field-removed-without-default", "acme.Thing.b", "old")),
    ),
    # Types
    Evolution("type changed", [field("a", "int")], [field("a", "string")], (("type-changed", "acme.Thing.a", "both"),)),
    Evolution(
        "int widened to long", [field("a", "int")], [field("a", "long")], (("type-widened", "acme.Thing.a", "old"),)
    ),
    Evolution("int widened to long, backward only", [field("a", "int")], [field("a", "long")], level="BACKWARD"),
    Evolution(
        "long narrowed to int", [field("a", "long")], [field("a", "int")], (("type-narrowed", "acme.Thing.a", "new"),)
    ),
    Evolution(
        "long widened to double, backward only",
        [field("a", "long")],
        [field("a", "double")],
        (("lossy-promotion", "acme.Thing.a", "-"),),
        level="BACKWARD",
    ),
    Evolution(
        "float widened to double",
        [field("a", "float")],
        [field("a", "double")],
        (("type-widened", "acme.Thing.a", "old"),),
    ),
    Evolution(
        "string to bytes", [field("a", "string")], [field("a", "bytes")], (("bytes-as-string", "acme.Thing.a", "-"),)
    ),
    Evolution(
        "made nullable",
        [field("a", "string")],
        [field("a", NULLABLE, None)],
        (("made-nullable", "acme.Thing.a", "old"),),
    ),
    Evolution("made nullable, backward only", [field("a", "string")], [field("a", NULLABLE, None)], level="BACKWARD"),
    Evolution(
        "no longer nullable",
        [field("a", NULLABLE, None)],
        [field("a", "string", "")],
        (("no-longer-nullable", "acme.Thing.a", "new"), ("default-changed", "acme.Thing.a", "-"))[:1],
    ),
    Evolution("no longer nullable, forward only", [field("a", NULLABLE)], [field("a", "string")], level="FORWARD"),
    Evolution(
        "made nullable and another type",
        [field("a", "string")],
        [field("a", ["null", "int"], None)],
        (("made-nullable", "acme.Thing.a", "old"), ("type-changed", "acme.Thing.a", "both")),
    ),
    Evolution(
        "items of an array changed",
        [field("a", array("int"))],
        [field("a", array("string"))],
        (("type-changed", "acme.Thing.a", "both"),),
    ),
    Evolution(
        "values of a map widened",
        [field("a", mapping("int"))],
        [field("a", mapping("long"))],
        (("type-widened", "acme.Thing.a", "old"),),
    ),
    Evolution(
        "array to map",
        [field("a", array("int"))],
        [field("a", mapping("int"))],
        (("type-changed", "acme.Thing.a", "both"),),
    ),
    Evolution(
        "items made nullable",
        [field("a", array("string"))],
        [field("a", array(NULLABLE))],
        (("made-nullable", "acme.Thing.a", "old"),),
    ),
    # Enums
    Evolution(
        "symbol added",
        [field("tier", enum("Tier", *TIER))],
        [field("tier", enum("Tier", *TIER, "PLATINUM"))],
        (("enum-symbol-added", "acme.Tier", "old"),),
    ),
    Evolution(
        "symbol added where the field has a default, and the enum none",
        [field("tier", enum("Tier", *TIER), "STANDARD")],
        [field("tier", enum("Tier", *TIER, "PLATINUM"), "STANDARD")],
        (("enum-symbol-added", "acme.Tier", "old"),),
    ),
    Evolution(
        "symbol added with a default of the enum that is new, too",
        [field("tier", enum("Tier", *TIER))],
        [field("tier", enum("Tier", *TIER, "PLATINUM", default="STANDARD"))],
        (("enum-symbol-added", "acme.Tier", "old"),),
    ),
    Evolution(
        "symbol added to an enum with a default",
        [field("tier", enum("Tier", *TIER, default="STANDARD"))],
        [field("tier", enum("Tier", *TIER, "PLATINUM", default="STANDARD"))],
        (("enum-symbol-unknown", "acme.Tier", "-"),),
    ),
    Evolution(
        "symbol added, backward only",
        [field("tier", enum("Tier", *TIER))],
        [field("tier", enum("Tier", *TIER, "PLATINUM"))],
        level="BACKWARD",
    ),
    Evolution(
        "symbol removed",
        [field("tier", enum("Tier", *TIER))],
        [field("tier", enum("Tier", "STANDARD", "GOLD"))],
        (("enum-symbol-removed", "acme.Tier", "new"),),
    ),
    Evolution(
        "symbol removed from an enum with a default",
        [field("tier", enum("Tier", *TIER, default="STANDARD"))],
        [field("tier", enum("Tier", "STANDARD", "GOLD", default="STANDARD"))],
        (("enum-symbol-lost", "acme.Tier", "-"),),
    ),
    Evolution(
        "symbols reordered",
        [field("tier", enum("Tier", "STANDARD", "GOLD"))],
        [field("tier", enum("Tier", "GOLD", "STANDARD"))],
    ),
    Evolution(
        "symbol added and another removed",
        [field("tier", enum("Tier", "STANDARD", "GOLD"))],
        [field("tier", enum("Tier", "STANDARD", "SILVER"))],
        (("enum-symbol-added", "acme.Tier", "old"), ("enum-symbol-removed", "acme.Tier", "new")),
    ),
    Evolution(
        "symbol added in an enum that may be null",
        [field("tier", ["null", enum("Tier", *TIER)], None)],
        [field("tier", ["null", enum("Tier", *TIER, "PLATINUM")], None)],
        (("enum-symbol-added", "acme.Tier", "old"),),
    ),
    Evolution(
        "default of an enum removed",
        [field("tier", enum("Tier", *TIER, default="STANDARD"))],
        [field("tier", enum("Tier", *TIER))],
        (("default-removed", "acme.Tier", "-"),),
    ),
    Evolution(
        "string to enum",
        [field("tier", "string")],
        [field("tier", enum("Tier", *TIER))],
        (("type-changed", "acme.Thing.tier", "both"),),
    ),
    # Unions
    Evolution(
        "branch added",
        [field("paid", ["null", CARD, BANK], None)],
        [field("paid", ["null", CARD, BANK, record("Voucher", field("code", "string"))], None)],
        (("union-branch-added", "acme.Thing.paid", "old"),),
    ),
    Evolution(
        "branch removed",
        [field("paid", ["null", CARD, BANK], None)],
        [field("paid", ["null", CARD], None)],
        (("union-branch-removed", "acme.Thing.paid", "new"),),
    ),
    Evolution(
        "branch added, backward only",
        [field("paid", ["null", CARD], None)],
        [field("paid", ["null", CARD, BANK], None)],
        level="BACKWARD",
    ),
    Evolution("branches reordered", [field("a", ["string", "int"])], [field("a", ["int", "string"])]),
    Evolution(
        "primitive branch added",
        [field("a", ["string", "int"])],
        [field("a", ["string", "int", "boolean"])],
        (("union-branch-added", "acme.Thing.a", "old"),),
    ),
    Evolution(
        "union to another union",
        [field("a", ["string", "int"])],
        [field("a", ["boolean", array("int")])],
        (("type-changed", "acme.Thing.a", "both"),),
    ),
    Evolution(
        "made a union of one more",
        [field("paid", CARD)],
        [field("paid", [CARD, BANK])],
        (("union-branch-added", "acme.Thing.paid", "old"),),
    ),
    Evolution(
        "field of a branch added",
        [field("paid", ["null", CARD], None)],
        [field("paid", ["null", record("Card", field("number", "string"), field("brand", "string"))], None)],
        (("field-added-without-default", "acme.Card.brand", "new"),),
    ),
    Evolution(
        "widened inside a union",
        [field("a", ["null", "int"], None)],
        [field("a", ["null", "long"], None)],
        (("type-widened", "acme.Thing.a", "old"),),
    ),
    # Fixed, names, nesting
    Evolution(
        "fixed of another size",
        [field("sum", fixed("Sum", 16))],
        [field("sum", fixed("Sum", 32))],
        (("fixed-size-changed", "acme.Sum", "both"),),
    ),
    Evolution(
        "record renamed",
        [field("paid", CARD)],
        [field("paid", record("CreditCard", field("number", "string")))],
        (("type-renamed", "acme.Card", "both"),),
    ),
    Evolution(
        "record renamed with an alias",
        [field("paid", CARD)],
        [field("paid", record("CreditCard", field("number", "string"), aliases=["Card"]))],
        (("type-renamed", "acme.Card", "old"),),
    ),
    Evolution(
        "record renamed with an alias, backward only",
        [field("paid", CARD)],
        [field("paid", record("CreditCard", field("number", "string"), aliases=["Card"]))],
        level="BACKWARD",
    ),
    Evolution(
        "enum renamed in a union",
        [field("tier", ["null", enum("Tier", *TIER)], None)],
        [field("tier", ["null", enum("Level", *TIER)], None)],
        (("type-renamed", "acme.Tier", "both"),),
    ),
    Evolution(
        "another record taken",
        [field("paid", CARD), field("back", BANK)],
        [field("paid", record("Bank", field("iban", "string"))), field("back", "Bank")],
        (("type-changed", "acme.Thing.paid", "both"),),
    ),
    Evolution(
        "record moved to another namespace",
        [field("paid", CARD)],
        [field("paid", record("Card", field("number", "string"), namespace="acme.types"))],
        (("namespace-changed", "acme.Card", "-"),),
    ),
    Evolution(
        "field deep inside changed",
        [field("a", array(record("Line", field("item", record("Item", field("count", "int"))))))],
        [field("a", array(record("Line", field("item", record("Item", field("count", "string"))))))],
        (("type-changed", "acme.Item.count", "both"),),
    ),
    Evolution(
        "recursive record changed",
        [field("a", record("Node", field("value", "int"), field("next", ["null", "Node"], None)))],
        [field("a", record("Node", field("value", "string"), field("next", ["null", "Node"], None)))],
        (("type-changed", "acme.Node.value", "both"),),
    ),
    # What a registry does not see
    Evolution(
        "scale of a decimal changed",
        [field("a", decimal(9, 4))],
        [field("a", decimal(9, 2))],
        (("decimal-scale-changed", "acme.Thing.a", "both"),),
    ),
    Evolution(
        "precision of a decimal lowered",
        [field("a", decimal(9, 2))],
        [field("a", decimal(4, 2))],
        (("decimal-precision-lowered", "acme.Thing.a", "-"),),
    ),
    Evolution(
        "unit of a timestamp changed",
        [field("a", MILLIS)],
        [field("a", logical("long", "timestamp-micros"))],
        (("time-unit-changed", "acme.Thing.a", "both"),),
    ),
    Evolution(
        "logical type added",
        [field("a", "long")],
        [field("a", MILLIS)],
        (("logical-type-added", "acme.Thing.a", "-"), ("logical-type-dropped", "acme.Thing.a", "-")),
    ),
    Evolution(
        "logical type changed",
        [field("a", logical("int", "date"))],
        [field("a", logical("int", "time-millis"))],
        (("logical-type-changed", "acme.Thing.a", "both"),),
    ),
    Evolution(
        "types of one name in a union",
        [field("paid", ["null", CARD], None)],
        [field("paid", ["null", CARD, record("Card", field("number", "string"), namespace="bank")], None)],
        (("union-choice", "acme.Thing.paid", "-"), ("namespace-changed", "acme.Card", "-")),
    ),
    Evolution(
        "field added with a default that leaves something out",
        [],
        [field("paid", record("Card", field("number", "string", "")), {})],
        (("default-differs", "acme.Thing.paid", "-"),),
    ),
    # Nothing promised
    Evolution("anything at the level NONE", [field("a", "int")], [field("b", CARD)], level="NONE"),
)
