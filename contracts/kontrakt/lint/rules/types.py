"""Rules about types: what a number, a text or a union leaves open."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from kontrakt.avro import Enum, Union
from kontrakt.avro.logical import KNOWN
from kontrakt.check.findings import Finding, Severity
from kontrakt.check.words import code, codes, type_name
from kontrakt.lint.names import words
from kontrakt.lint.world import core, unnamed

from .rule import FieldRule, LintRule, TypeRule

if TYPE_CHECKING:
    from kontrakt.avro import Field, Named
    from kontrakt.lint.world import World

_INSTANTS: Final = frozenset(("at", "time", "timestamp", "datetime"))
_DAYS: Final = frozenset(("date", "birthday", "birthdate"))
_SPANS: Final = frozenset(
    ("response", "lead", "run", "cpu", "wait", "waiting", "processing", "elapsed", "travel", "execution", "down", "up", "real")
)  # fmt: skip
"""Words that make a span of what ends with "time"."""
_UNITS: Final = frozenset(
    ("ms", "millis", "us", "micros", "ns", "nanos", "s", "sec", "secs", "seconds", "epoch", "utc")
)
_MOMENTS: Final = _INSTANTS | frozenset(
    (
        "created",
        "updated",
        "modified",
        "deleted",
        "occurred",
        "started",
        "ended",
        "finished",
        "expires",
        "received",
        "sent",
    )
)
_MONEY: Final = frozenset(
    ("amount", "price", "cost", "fee", "balance", "salary", "tax", "vat", "discount", "revenue", "total", "subtotal", "money")
)  # fmt: skip
_RATIOS: Final = frozenset(("rate", "ratio", "percent", "percentage", "factor", "share"))
_OPAQUE: Final = frozenset(("data", "payload", "json", "xml", "blob"))
_UUID: Final = re.compile(r"\b(uuid|guid)\b", re.IGNORECASE).search
_RAW_TIMES: Final = frozenset(("int", "long", "float", "double", "string"))


class TimeAsNumber(FieldRule):
    """A moment or a day is a plain number or text."""

    id = "time-as-number"
    severity = Severity.WARNING
    title = "a time is a plain number or text"
    reason = (
        "A plain number does not say whether it counts seconds or milliseconds, nor a text in which format and time zone it is "
        "written; sooner or later a consumer takes the one for the other. A logical type says it, and generated code has a datetime."
    )
    before = '{"name": "created_at", "type": "long"}'
    after = '{"name": "created_at", "type": {"type": "long", "logicalType": "timestamp-millis"}}'
    ways_out = (
        "say what a long counts: `timestamp-millis`, `timestamp-micros`, or `time-millis` on an int for a time of the day",
        "add a field of a logical type beside one that is in use, and mark that as deprecated",
    )

    @classmethod
    def judge(cls, field: Field, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        held = core(field.schema)
        if held.type not in _RAW_TIMES or "logicalType" in held.props:
            return None
        said = words(field.name)
        if not said or (not (day := said[-1] in _DAYS) and not _is_moment(said)):
            return None
        about = f"{owner}.{field.name}"
        ways: tuple[str, ...] = cls.ways_out
        if day:
            ways = ("write a day as an int of the logical type `date`", *cls.ways_out[1:])
        return cls.found(
            f"{code(about)} is a plain {held.type}, and its name says that it is a {'day' if day else 'time'}",
            about,
            field.position,
            change=held.type,
            ways_out=ways,
            topics=world.reached(owner),
        )


def _is_moment(said: tuple[str, ...]) -> bool:
    if said[-1] in _UNITS:
        return len(said) > 1 and said[-2] in _MOMENTS
    return said[-1] in _INSTANTS and not (len(said) > 1 and said[-2] in _SPANS)


class UuidAsText(FieldRule):
    """A UUID is a plain text."""

    id = "uuid-as-text"
    severity = Severity.INFO
    title = "a UUID is a plain text"
    reason = (
        "With the logical type, generated code refuses what is no UUID, and compares two of them whatever their case."
    )
    before = '{"name": "device_uuid", "type": "string"}'
    after = '{"name": "device_uuid", "type": {"type": "string", "logicalType": "uuid"}}'
    ways_out = ("give it the logical type `uuid`: what is written stays the same bytes",)

    @classmethod
    def judge(cls, field: Field, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        held = core(field.schema)
        if held.type != "string" or "logicalType" in held.props:
            return None
        last = words(field.name)[-1:]
        if last not in (("uuid",), ("guid",)) and not (last == ("id",) and _UUID(field.doc)):
            return None
        about = f"{owner}.{field.name}"
        told = f"{code(about)} is a plain string, and its {'name' if last != ('id',) else 'documentation'} says that it is a UUID"
        return cls.found(told, about, field.position, topics=world.reached(owner))


class MoneyAsFloat(FieldRule):
    """An amount of money is a floating point number."""

    id = "money-as-float"
    severity = Severity.WARNING
    title = "money is a floating point number"
    reason = "A double cannot hold 0.10: sums are off by cents, and two services that add in another order disagree."
    before = '{"name": "amount", "type": "double"}'
    after = '{"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 18, "scale": 2}}'
    ways_out = (
        "take a `decimal`, or a long of the currency's smallest unit",
        "add such a field beside one that is in use, and mark that as deprecated",
    )

    @classmethod
    def judge(cls, field: Field, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        held = core(field.schema)
        if held.type not in ("float", "double"):
            return None
        said = frozenset(words(field.name))
        if not said & _MONEY or said & _RATIOS:
            return None
        about = f"{owner}.{field.name}"
        told = f"{code(about)} is a {held.type}, and its name says that it is money"
        return cls.found(told, about, field.position, change=held.type, topics=world.reached(owner))


class OpaquePayload(FieldRule):
    """A field hides what it holds."""

    id = "opaque-payload"
    severity = Severity.WARNING
    title = "a field holds data that the schema does not describe"
    reason = (
        "What is inside of a text or of bytes, JSON most often, has no contract: nothing checks it, nobody knows who reads what, "
        "and a change of it breaks consumers without a sign."
    )
    before = '{"name": "payload", "type": "string"}'
    after = '{"name": "payload", "type": {"type": "record", "name": "Payload", "fields": [...]}}'
    ways_out = ("describe what it holds as a record", "take a map where the names are not known")

    @classmethod
    def judge(cls, field: Field, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        held = core(field.schema)
        if held.type not in ("bytes", "string") or "logicalType" in held.props:
            return None
        said = words(field.name)
        if not said or (said[-1] not in _OPAQUE):
            return None
        about = f"{owner}.{field.name}"
        told = f"{code(about)} is a plain {held.type}, and its name says that there is more inside"
        return cls.found(told, about, field.position, change=held.type, topics=world.reached(owner))


class UnknownLogicalType(FieldRule):
    """A logical type that Avro does not know."""

    id = "unknown-logical-type"
    severity = Severity.INFO
    title = "a logical type is none that Avro knows"
    reason = (
        "Avro ignores a logical type that it does not know, so the field is read as the plain type below it. A misspelt one is "
        "not noticed anywhere else."
    )
    before = '{"type": "long", "logicalType": "timestamp-milis"}'
    after = '{"type": "long", "logicalType": "timestamp-millis"}'
    ways_out = ("take one that Avro knows", "leave it where your own code gives it a meaning")

    @classmethod
    def judge(cls, field: Field, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        for schema in unnamed(field.schema):
            name = schema.props.get("logicalType") if schema.props else None
            if not isinstance(name, str) or name in KNOWN:
                continue
            about = f"{owner}.{field.name}"
            near = get_close_matches(name.lower().replace("_", "-"), sorted(KNOWN), n=1, cutoff=0.8)
            return cls.found(
                f"{code(about)} has the logical type {code(name)}, which Avro does not know",
                about,
                schema.source.at("logicalType"),
                change=name,
                severity=Severity.WARNING if near else cls.severity,
                ways_out=(f"write {code(near[0])}", cls.ways_out[1]) if near else cls.ways_out,
                topics=world.reached(owner),
            )
        return None


class EnumWithoutDefault(TypeRule):
    """An enum has no default."""

    id = "enum-without-default"
    severity = Severity.WARNING
    title = "an enum has no default"
    reason = (
        "Old consumers cannot read a symbol that is added later, unless the enum says what to take for it. The default of a "
        "field does not: it stands for a field that is missing."
    )
    before = '{"type": "enum", "name": "Status", "symbols": ["PLACED", "PAID"]}'
    after = '{"type": "enum", "name": "Status", "symbols": ["UNKNOWN", "PLACED", "PAID"], "default": "UNKNOWN"}'
    ways_out = (
        'say which symbol stands for those that are added later: `"default": "UNKNOWN"`',
        "waive it where no symbol will ever be added",
    )

    @classmethod
    def judge(cls, named: Named, world: World) -> Finding | None:
        """What the rule finds, or None."""
        if not isinstance(named, Enum) or named.default is not None:
            return None
        told = f"the enum {code(named.fullname)} has no default"
        return cls.found(told, named.fullname, named.position, topics=world.reached(named.fullname))


class NullableWithoutDefault(FieldRule):
    """A field that may be null has no default."""

    id = "nullable-without-default"
    severity = Severity.WARNING
    title = "a field may be null, and null is not its default"
    reason = (
        "A field that may be null is one that may be missing. Without a default it cannot be removed later, and a consumer that "
        "gets the field in a new version cannot read what was written before."
    )
    before = '{"name": "note", "type": ["null", "string"]}'
    after = '{"name": "note", "type": ["null", "string"], "default": null}'
    ways_out = ('write `"default": null`; `kontrakt lint --fix` does it where null comes first',)

    @classmethod
    def judge(cls, field: Field, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        schema = field.schema
        if field.has_default or not isinstance(schema, Union) or not schema.nullable:
            return None
        about = f"{owner}.{field.name}"
        first = schema.branches[0].type == "null"
        return cls.found(
            f"{code(about)} may be null, and has no default",
            about,
            field.position,
            ways_out=cls.ways_out if first else ('put null first in the union, and write `"default": null`',),
            topics=world.reached(owner),
        )


class UnionOfMany(FieldRule):
    """A union of several types."""

    id = "union-of-many"
    severity = Severity.WARNING
    title = "a union holds several types that are not records"
    reason = (
        "Whoever reads it has to ask for the type of each value, several languages cannot tell an int from a long or a "
        "string from an enum there, and no branch can be removed while messages with it remain. A union of records is no finding: "
        "each of them says which one it is."
    )
    before = '{"name": "value", "type": ["null", "int", "string"], "default": null}'
    after = '{"name": "number", "type": ["null", "int"], ...}, {"name": "text", "type": ["null", "string"], ...}'
    ways_out = ("make a field of each branch, each of them nullable", "make a record of each branch")

    @classmethod
    def judge(cls, field: Field, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        for schema in unnamed(field.schema):
            if not isinstance(schema, Union) or len(schema.branches) < 3 - (not schema.nullable):
                continue
            some = [branch for branch in schema.branches if branch.type != "null"]
            if all(branch.type in ("record", "error") for branch in some):  # a choice that each of them names
                continue
            about = f"{owner}.{field.name}"
            return cls.found(
                f"{code(about)} holds one of {codes([type_name(branch) for branch in some], 'or')}",
                about,
                field.position,
                topics=world.reached(owner),
            )
        return None


class OwnNameAsAlias(FieldRule):
    """A field has its own name as an alias."""

    id = "alias-of-own-name"
    severity = Severity.ERROR
    title = "a field has its own name as an alias"
    reason = (
        "Avro's Java library then finds the field twice, by its name and by its alias, and takes that for two: nothing that was "
        "written can be read, not even with the same schema, and a registry refuses every further version."
    )
    before = '{"name": "email", "aliases": ["email", "mail"], "type": "string"}'
    after = '{"name": "email", "aliases": ["mail"], "type": "string"}'
    ways_out = ("remove the alias; `kontrakt lint --fix` does it",)

    @classmethod
    def judge(cls, field: Field, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        if field.name not in field.aliases:
            return None
        about = f"{owner}.{field.name}"
        at = field.source.at("aliases", field.aliases.index(field.name))
        return cls.found(f"{code(about)} has its own name as an alias", about, at, topics=world.reached(owner))


RULES: Final[tuple[type[LintRule], ...]] = (
    TimeAsNumber,
    UuidAsText,
    MoneyAsFloat,
    OpaquePayload,
    UnknownLogicalType,
    EnumWithoutDefault,
    NullableWithoutDefault,
    UnionOfMany,
    OwnNameAsAlias,
)
