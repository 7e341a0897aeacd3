"""Rules about fields that break someone: added, removed, renamed."""

from __future__ import annotations

from kontrakt.avro.compatibility import CauseKind
from kontrakt.check.clashes import BACKWARD, FORWARD, Clash, Part
from kontrakt.check.findings import Severity
from kontrakt.check.lineage import Role

from .broken import NEW_TOPIC, Broken, SchemaRule


class FieldRenamed(SchemaRule):
    """A field has another name."""

    id = "field-renamed"
    severity = Severity.ERROR
    title = "a field has another name"
    reason = (
        "Avro finds fields by name. New consumers do not find the value of old messages, unless the new name has the old one "
        "as an alias; old consumers do not find it in new messages, and no alias helps them."
    )
    before = '{"name": "email", "type": "string"}'
    after = '{"name": "mail", "type": "string"}'
    ways_out = (
        "add the old name as an alias, where only new consumers have to read old messages",
        "keep the old field, and add the new one with a default beside it",
    )
    about = "{record}.{was}"
    changed = "-> {now}"
    told = "the field `{was}` of `{record}` is called `{now}` now"
    forward = "Old consumers look for `{was}`, have no default for it, and do not find it in new messages."
    backward = (
        "New consumers look for `{now}`, have no default for it, and do not find it in messages that were written "
        "before."
    )

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return clash.kind is CauseKind.FIELD_WITHOUT_DEFAULT and clash.renamed is not None

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """An alias is a way out only where old consumers need not read new messages."""
        keep = "keep `{was}`, and add `{now}` with a default beside it"
        return (keep,) if broken.forward else ("add the alias `{was}` to `{now}`", keep)

    @classmethod
    def spots(cls, clash: Clash) -> tuple[Part, Part]:
        """What to point at: both fields."""
        was, now = clash.renamed or ("", "")
        old, new = clash.old_record, clash.new_record
        return old.field(was) if old else None, new.field(now) if new else None


class FieldAdded(SchemaRule):
    """A new field without a default."""

    id = "field-added-without-default"
    severity = Severity.ERROR
    title = "a new field has no default"
    reason = (
        "New consumers also read messages that were written before the field was there. Without a default they cannot: "
        "there is nothing to take its place."
    )
    before = '"fields": [{"name": "customer_id", "type": "string"}]'
    after = '"fields": [{"name": "customer_id", "type": "string"}, {"name": "email", "type": "string"}]'
    ways_out = ("give the field a default",)
    told = "the new field `{field}` of `{record}` has no default"
    backward = (
        "New consumers also read messages that were written before. Those have no `{field}`, and there is no default "
        "to take its place."
    )
    outs = ("give `{field}` a default",)

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return clash.kind is CauseKind.FIELD_WITHOUT_DEFAULT and clash.way is BACKWARD


class FieldRemoved(SchemaRule):
    """A field that old consumers need is gone."""

    id = "field-removed-without-default"
    severity = Severity.ERROR
    title = "a field that had no default is gone"
    reason = (
        "Old consumers also read messages that are written from now on. Those lack the field, and the old schema has no "
        "default to take its place."
    )
    before = '"fields": [{"name": "customer_id", "type": "string"}, {"name": "email", "type": "string"}]'
    after = '"fields": [{"name": "customer_id", "type": "string"}]'
    ways_out = (
        "keep the field",
        "where only the newest version counts: give it a default, and remove it when every consumer has that version",
        NEW_TOPIC,
    )
    told = "the field `{field}` of `{record}` is gone, and it had no default"
    forward = "Old consumers look for `{field}` in new messages, do not find it, and have no default to take its place."

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return clash.kind is CauseKind.FIELD_WITHOUT_DEFAULT

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """A default now helps later only where the level does not look at older versions."""
        if broken.transitive:
            return "keep `{field}`, and mark it as deprecated", NEW_TOPIC
        return (
            "keep `{field}`",
            "give `{field}` a default in a version of its own, and remove it when every consumer has that version",
        )

    @classmethod
    def spots(cls, clash: Clash) -> tuple[Part, Part]:
        """What to point at: the field that was, and the record that it was taken from."""
        return clash.old_field, clash.new_record


class FieldAmbiguous(SchemaRule):
    """A name and an alias that both find a field."""

    id = "field-ambiguous"
    severity = Severity.ERROR
    title = "a field could be read from several others"
    reason = (
        "A consumer's field takes what was written under its name or under one of its aliases. Where several of these were "
        "written, Java consumers fail, and a registry refuses the schema."
    )
    before = '{"name": "email", "type": "string"}, {"name": "mail", "type": "string"}'
    after = '{"name": "email", "aliases": ["mail"], "type": "string"}'
    ways_out = ("remove the alias that names a field of its own",)
    changed = "{detail}"
    told = "the field {what} could be read from {details}"
    backward = "New consumers do not know which of {details} in old messages is meant."
    forward = "Old consumers do not know which of {details} in new messages is meant."

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a reason."""
        return clash.kind is CauseKind.AMBIGUOUS_FIELD

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """The side that has the alias."""
        if all(clash.way is FORWARD for clash in broken.each_way):
            return ("do not write a field under a name that the old schema has as an alias",)
        return ("remove the alias that names another field of the old schema",)


RULES: tuple[type[SchemaRule], ...] = (FieldRenamed, FieldAdded, FieldRemoved, FieldAmbiguous)
"""In the order in which they are tried."""
