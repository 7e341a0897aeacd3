"""Rules about types that break someone: changed, widened, narrowed; null, enums, unions, fixed, names."""

from __future__ import annotations

from typing import Final

from kontrakt.avro import Enum, Named, Schema, Union
from kontrakt.avro.compatibility import CauseKind
from kontrakt.avro.matching import promotes
from kontrakt.check.clashes import BACKWARD, FORWARD, Clash, Part
from kontrakt.check.findings import Severity
from kontrakt.check.lineage import Role

from .broken import NEW_TOPIC, Broken, SchemaRule

_BESIDE: Final = "keep `{field}` as it was, and add a field of another name with the new type and a default beside it"


class _TypeRule(SchemaRule):
    """A rule about the type of a field, or of a key."""

    changed = "{old} -> {new}"

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """A field can have another one beside it; what is no field, and what an operation answers with, cannot."""
        if broken.answer:
            return ("keep the response, and add an operation of another name that answers with the new one",)
        return (_BESIDE, NEW_TOPIC) if broken.clash.field else ("keep the type `{old}`", NEW_TOPIC)


class ErrorAdded(SchemaRule):
    """An operation declares another error."""

    id = "error-added"
    severity = Severity.ERROR
    title = "an operation declares a new error"
    reason = "Old clients cannot read an answer with an error that their contract does not declare."
    before = '"errors": ["CardDeclined"]'
    after = '"errors": ["CardDeclined", "LimitReached"]'
    ways_out = (
        "tell the new failure with a declared error, for instance with a symbol of an enum that has a default",
        "declare an operation of another name with the new error, and move the clients to it",
    )
    about = "{record}"
    changed = "with {unread}"
    told = "the answer `{record}` has the new error `{unread}`"
    forward = "Old clients cannot read an answer with `{unread}`: their contract does not declare it."
    outs = (
        "tell the failure with an error that is declared already",
        "declare an operation of another name with `{unread}`, and move the clients to it",
    )

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:
        """Whether it is this rule that tells a reason."""
        return role is Role.RESPONSE and clash.field == "error" and UnionBranchAdded.fits(clash, role)


class MadeNullable(_TypeRule):
    """Null may be written where it could not."""

    id = "made-nullable"
    severity = Severity.ERROR
    title = "a field may be null now"
    reason = "Old consumers expect a value, and cannot read a null that new producers may write."
    before = '{"name": "email", "type": "string"}'
    after = '{"name": "email", "type": ["null", "string"], "default": null}'
    ways_out = ("keep the field as it was, and add a nullable one of another name with the default null beside it",)
    told = "{what} may be null now: it was `{old}`, and is `{new}`"
    forward = "Old consumers expect `{old}`, and cannot read the null that new producers may write."

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return _of_type(clash) and clash.way is FORWARD and _is_null(clash.unread) and not _nullable(clash.old_type)


class NoLongerNullable(_TypeRule):
    """Null was written where it cannot be read now."""

    id = "no-longer-nullable"
    severity = Severity.ERROR
    title = "a field may be null no more"
    reason = "New consumers expect a value, and cannot read a null in messages that were written before."
    before = '{"name": "email", "type": ["null", "string"], "default": null}'
    after = '{"name": "email", "type": "string"}'
    ways_out = ("keep null in the type",)
    told = "{what} may be null no more: it was `{old}`, and is `{new}`"
    backward = "New consumers expect `{new}`, and cannot read a null in messages that were written before."

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return _of_type(clash) and clash.way is BACKWARD and _is_null(clash.unread) and not _nullable(clash.new_type)

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """Null stays."""
        del broken
        return "keep null in the type of {what}", NEW_TOPIC


class UnionBranchAdded(_TypeRule):
    """A union has another branch."""

    id = "union-branch-added"
    severity = Severity.ERROR
    title = "a union has a new branch"
    reason = "Old consumers cannot read a value of the new branch, which new producers may write."
    before = '"type": ["null", "shop.CardPayment"]'
    after = '"type": ["null", "shop.CardPayment", "shop.Voucher"]'
    ways_out = ("keep the union, and add a field of another name with the new type and a default beside it",)
    changed = "with {unread}"
    told = "{what} may be `{unread}` now"
    forward = "Old consumers know `{old}`, and cannot read a value of the new branch `{unread}`."

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return _of_branch(clash) and clash.way is FORWARD


class UnionBranchRemoved(_TypeRule):
    """A union lacks a branch."""

    id = "union-branch-removed"
    severity = Severity.ERROR
    title = "a branch of a union is gone"
    reason = "New consumers cannot read values of that branch in messages that were written before."
    before = '"type": ["null", "shop.CardPayment", "shop.Voucher"]'
    after = '"type": ["null", "shop.CardPayment"]'
    ways_out = ("keep the branch",)
    changed = "without {unread}"
    told = "{what} may be `{unread}` no more"
    backward = "New consumers cannot read values of the branch `{unread}` in messages that were written before."
    outs = ("keep the branch `{unread}`", NEW_TOPIC)

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return _of_branch(clash) and clash.way is BACKWARD

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """The branch stays."""
        del broken
        return cls.outs


class TypeWidened(_TypeRule):
    """A type that reads the old one, and not the other way round."""

    id = "type-widened"
    severity = Severity.ERROR
    title = "a type was widened"
    reason = "New consumers read the old, narrower type. Old consumers cannot read the wider one."
    before = '{"name": "amount", "type": "int"}'
    after = '{"name": "amount", "type": "long"}'
    ways_out = ("keep the field as it was, and add one of another name with the wider type and a default beside it",)
    told = "the type of {what} was widened from `{old}` to `{new}`"
    forward = "Old consumers expect `{old}`, and cannot read the `{new}` of new messages."

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        old, new = _only(clash.old_type), _only(clash.new_type)
        return _of_type(clash) and clash.way is FORWARD and _promotes(new, old)


class TypeNarrowed(_TypeRule):
    """A type that the old one reads, and not the other way round."""

    id = "type-narrowed"
    severity = Severity.ERROR
    title = "a type was narrowed"
    reason = "Old consumers read the new, narrower type. New consumers cannot read the wider one in old messages."
    before = '{"name": "amount", "type": "long"}'
    after = '{"name": "amount", "type": "int"}'
    ways_out = ("keep the type as it was",)
    told = "the type of {what} was narrowed from `{old}` to `{new}`"
    backward = "New consumers expect `{new}`, and cannot read the `{old}` of messages that were written before."

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        old, new = _only(clash.old_type), _only(clash.new_type)
        return _of_type(clash) and clash.way is BACKWARD and _promotes(old, new)


class TypeRenamed(SchemaRule):
    """A record, an enum or a fixed has another name."""

    id = "type-renamed"
    severity = Severity.ERROR
    title = "a record, an enum or a fixed has another name"
    reason = (
        "Avro compares the names of types, without their namespaces. New consumers read the old name only where the new type "
        "has it as an alias; old consumers cannot read the new name, and no alias helps them."
    )
    before = '{"type": "record", "name": "Address", ...}'
    after = '{"type": "record", "name": "PostalAddress", ...}'
    ways_out = (
        "add the old full name as an alias, where only new consumers have to read old messages",
        "keep the old name",
    )
    about = "{old_name}"
    changed = "-> {new_name}"
    told = "the type `{old_name}` is called `{new_name}` now"
    forward = "Old consumers expect `{old_name}`, and take `{new_name}` for another type."
    backward = "New consumers expect `{new_name}`, and take the `{old_name}` of old messages for another type."

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return clash.kind is CauseKind.NAME and not clash.replaced

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """An alias is a way out only where old consumers need not read new messages."""
        keep = "keep the name `{old_name}`"
        return (keep, NEW_TOPIC) if broken.forward else ("add the alias `{old_name}` to `{new_name}`", keep)

    @classmethod
    def spots(cls, clash: Clash) -> tuple[Part, Part]:
        """What to point at: both types."""
        return clash.old, clash.new


class EnumSymbolAdded(SchemaRule):
    """A symbol that old consumers do not know, without a default to take its place."""

    id = "enum-symbol-added"
    severity = Severity.ERROR
    title = "an enum without a default has a new symbol"
    reason = (
        "Old consumers cannot read a symbol that they do not know, unless the enum itself had a default when they were built. "
        "The default of a field is not the default of its enum: it stands in for a field that is missing, not for a symbol."
    )
    before = '{"type": "enum", "name": "Tier", "symbols": ["STANDARD", "GOLD"]}'
    after = '{"type": "enum", "name": "Tier", "symbols": ["STANDARD", "GOLD", "PLATINUM"]}'
    ways_out = (
        "where only the newest version counts: give the enum a default, and add the symbol when every consumer has that version",
        "keep the enum, and add a field of another name with a default beside it, whose enum has a default too",
    )
    about = "{old_name}"
    changed = "with {detail}"
    told = "the enum `{old_name}` has the new symbol {details}, and had no default"
    forward = (
        "Old consumers cannot read {details}: they do not know it, and their enum has no default to take its place."
    )

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return clash.kind is CauseKind.ENUM_SYMBOLS and clash.way is FORWARD

    @classmethod
    def because(cls, clash: Clash) -> str:
        """With a word about the default of the field, which is often taken for that of the enum."""
        return super().because(clash) + _not_that_default(clash)

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """A default now helps later only where the level does not look at older versions."""
        clash = broken.clash
        beside = f"keep the enum, and add a field {_beside(clash)}with a default, whose enum has a default too"
        if broken.transitive:
            return beside, NEW_TOPIC
        first = "give `{old_name}` a `default` in a version of its own, and add {details} when every consumer has that version"
        return first, beside

    @classmethod
    def spots(cls, clash: Clash) -> tuple[Part, Part]:
        """What to point at: both enums."""
        return clash.old, clash.new


class EnumSymbolRemoved(SchemaRule):
    """A symbol that new consumers know no more, without a default to take its place."""

    id = "enum-symbol-removed"
    severity = Severity.ERROR
    title = "a symbol of an enum without a default is gone"
    reason = (
        "New consumers cannot read that symbol in messages that were written before, unless the enum itself has a default. "
        "The default of a field is not the default of its enum: it stands in for a field that is missing, not for a symbol."
    )
    before = '{"type": "enum", "name": "Tier", "symbols": ["STANDARD", "SILVER", "GOLD"]}'
    after = '{"type": "enum", "name": "Tier", "symbols": ["STANDARD", "GOLD"]}'
    ways_out = ("keep the symbol", "give the enum a default, which consumers then read in its place")
    about = "{old_name}"
    changed = "without {detail}"
    told = "the symbol {details} of the enum `{old_name}` is gone, and the enum has no default"
    backward = (
        "New consumers cannot read {details} in messages that were written before: the enum has no default to take "
        "its place."
    )
    outs = ("keep {details}", 'give `{new_name}` a `default`, such as `"default": "{symbol}"`')

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return clash.kind is CauseKind.ENUM_SYMBOLS

    @classmethod
    def because(cls, clash: Clash) -> str:
        """With a word about the default of the field, which is often taken for that of the enum."""
        return super().because(clash) + _not_that_default(clash)

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """With a symbol that there is."""
        new = broken.clash.new
        symbol = new.symbols[0] if isinstance(new, Enum) and new.symbols else ""
        return cls.outs[0], cls.outs[1].replace("{symbol}", symbol)

    @classmethod
    def spots(cls, clash: Clash) -> tuple[Part, Part]:
        """What to point at: both enums."""
        return clash.old, clash.new


class FixedSizeChanged(SchemaRule):
    """A fixed has another size."""

    id = "fixed-size-changed"
    severity = Severity.ERROR
    title = "a fixed has another size"
    reason = "Consumers read exactly as many bytes as their schema says, so neither side can read the other."
    before = '{"type": "fixed", "name": "Checksum", "size": 16}'
    after = '{"type": "fixed", "name": "Checksum", "size": 32}'
    ways_out = ("keep the size, and add a field with a new fixed of another name beside it",)
    about = "{old_name}"
    changed = "{old_size} -> {new_size} bytes"
    told = "the fixed `{old_name}` had {old_size} bytes and has {new_size} now"
    forward = "Old consumers expect {old_size} bytes, and new messages have {new_size}."
    backward = "New consumers expect {new_size} bytes, and messages that were written before have {old_size}."

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return clash.kind is CauseKind.FIXED_SIZE

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """Another type beside it."""
        return (
            f"keep {{old_size}} bytes, and add a field {_beside(broken.clash)}with a new fixed of another name and a default",
            NEW_TOPIC,
        )

    @classmethod
    def spots(cls, clash: Clash) -> tuple[Part, Part]:
        """What to point at: both types."""
        return clash.old, clash.new


class TypeChanged(_TypeRule):
    """A type that has nothing to do with the old one."""

    id = "type-changed"
    severity = Severity.ERROR
    title = "a type was changed"
    reason = "Neither side can read what the other writes."
    before = '{"name": "total", "type": "string"}'
    after = '{"name": "total", "type": "double"}'
    ways_out = ("keep the field as it was, and add one of another name with the new type and a default beside it",)
    told = "the type of {what} changed from `{old}` to `{new}`"
    forward = "Old consumers expect `{old}`, and cannot read the `{new}` of new messages."
    backward = "New consumers expect `{new}`, and cannot read the `{old}` of messages that were written before."

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return clash.kind in (CauseKind.TYPE, CauseKind.UNION_BRANCH, CauseKind.NAME)


class Incompatible(SchemaRule):
    """What a registry refuses without a reason that can be shown."""

    id = "incompatible"
    severity = Severity.ERROR
    title = "a registry refuses the schema"
    reason = "The rules of Avro's Java reference, which registries ask, find the two schemas incompatible."
    ways_out = (NEW_TOPIC,)
    changed = "{detail}"
    told = "`{place}` is refused by a registry: {detail}"
    forward = "To a registry, old consumers cannot read what new producers write."
    backward = "To a registry, new consumers cannot read what old producers wrote."
    outs = (NEW_TOPIC,)

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """It tells what no other rule does."""
        return True


def _not_that_default(clash: Clash) -> str:
    field = clash.old_field if clash.way is FORWARD else clash.new_field
    if field is None or not field.has_default:
        return ""
    return f" The default of the field `{field.name}` stands in for the field where it is missing, not for a symbol."


def _beside(clash: Clash) -> str:
    return f"beside `{clash.field}` " if clash.field else ""


def _of_type(clash: Clash) -> bool:
    return clash.kind in (CauseKind.TYPE, CauseKind.UNION_BRANCH) or clash.replaced


def _of_branch(clash: Clash) -> bool:
    """Whether both sides are alike in some branch, and one of them has several."""
    old, new = _branches(clash.old_type), _branches(clash.new_type)
    return _of_type(clash) and max(len(old), len(new)) > 1 and bool(old.keys() & new.keys())


def _branches(schema: Schema | None) -> dict[str, Schema]:
    """The branches of a type but null, by the name that a union tells them apart by."""
    branches = schema.branches if isinstance(schema, Union) else (schema,) if schema else ()
    named = {branch.fullname if isinstance(branch, Named) else branch.type: branch for branch in branches}
    return {name: branch for name, branch in named.items() if name != "null"}


def _only(schema: Schema | None) -> Schema | None:
    """The one branch of a type beside null."""
    branches = list(_branches(schema).values())
    return branches[0] if len(branches) == 1 else None


def _promotes(reader: Schema | None, writer: Schema | None) -> bool:
    if reader is None or writer is None or isinstance(reader, Named) or isinstance(writer, Named):
        return False
    return promotes(reader, writer) and not promotes(writer, reader)


def _nullable(schema: Schema | None) -> bool:
    return isinstance(schema, Union) and schema.nullable


def _is_null(schema: Schema | None) -> bool:
    return schema is not None and schema.type == "null"


RULES: tuple[type[SchemaRule], ...] = (
    ErrorAdded,
    MadeNullable,
    NoLongerNullable,
    UnionBranchAdded,
    UnionBranchRemoved,
    TypeWidened,
    TypeNarrowed,
    TypeRenamed,
    EnumSymbolAdded,
    EnumSymbolRemoved,
    FixedSizeChanged,
    TypeChanged,
    Incompatible,
)
"""In the order in which they are tried."""
