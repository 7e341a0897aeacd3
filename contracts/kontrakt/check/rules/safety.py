"""Rules about what a registry calls compatible, and what is read wrongly all the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from kontrakt.avro.compatibility import AdvisoryKind
from kontrakt.check.clashes import BACKWARD, FORWARD, Clash, Part
from kontrakt.check.findings import Severity
from kontrakt.check.lineage import Role

from .broken import NEW_TOPIC, Broken, Place, SchemaRule

if TYPE_CHECKING:
    from kontrakt.check.findings import Finding

_BESIDE = "keep `{field}` as it was, and add a field of another name with the new type and a default beside it"


class SafetyRule(SchemaRule):
    """A rule about one kind of danger. How bad a finding is, the engine says: it knows the types.

    Attributes:
        kind: The danger.
    """

    kind: ClassVar[AdvisoryKind]
    changed = "{old} -> {new}"
    told = "the type of {what} changed from `{old}` to `{new}`"
    outs: ClassVar[tuple[str, ...]] = (_BESIDE, NEW_TOPIC)

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:  # noqa: ARG003
        """Whether it is this rule that tells a danger."""
        return clash.kind is cls.kind

    @classmethod
    def because(cls, clash: Clash) -> str:
        """What the engine says, with who is old and who is new."""
        assert clash.advisory is not None
        producer, consumer = ("old", "new") if clash.way is BACKWARD else ("new", "old")
        said = clash.advisory.explanation.replace("he producer", f"he {producer} producer")
        return said.replace("he consumer", f"he {consumer} consumer")

    @classmethod
    def found(cls, broken: Broken, old_place: Place, new_place: Place) -> Finding:
        """The finding of a danger.

        Args:
            broken: The change.
            old_place: Where things stand in what came before.
            new_place: Where things stand in the new contracts.
        """
        finding = super().found(broken, old_place, new_place)
        advisories = [clash.advisory for clash in broken.each_way if clash.advisory]
        worst = min(advisories, key=lambda advisory: advisory.severity.rank)
        example = f"written as {worst.before}, read as {worst.after}" if worst.before else ""
        return replace(
            finding,
            severity=worst.severity,
            example=example,
            breaks=finding.breaks if worst.severity is Severity.ERROR else (),
        )


class DecimalScale(SafetyRule):
    """A decimal with another scale."""

    id = "decimal-scale-changed"
    severity = Severity.ERROR
    title = "a decimal has another scale"
    reason = (
        "Avro stores the digits of a decimal only, and takes the scale from the schema. Readers that go by the consumer's "
        "schema, such as Java's, move the point: 1.2345 becomes 123.45. A registry sees nothing."
    )
    before = '{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 4}'
    after = '{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}'
    ways_out = ("keep the scale, and add a field of another name with the new one beside it",)
    kind = AdvisoryKind.DECIMAL_SCALE


class DecimalPrecision(SafetyRule):
    """A decimal with fewer digits."""

    id = "decimal-precision-lowered"
    severity = Severity.WARNING
    title = "a decimal has fewer digits"
    reason = "Messages may hold decimals of more digits than the consumer's type has. It reads them, and cannot write them again."
    before = '{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}'
    after = '{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}'
    ways_out = ("keep the larger precision",)
    kind = AdvisoryKind.DECIMAL_PRECISION
    outs = ("keep the larger precision",)


class TimeUnit(SafetyRule):
    """A time in another unit."""

    id = "time-unit-changed"
    severity = Severity.ERROR
    title = "a time is counted in another unit"
    reason = (
        "Avro stores the number only, and takes its unit from the schema. Readers that go by the consumer's schema, such as "
        "Java's, are wrong by a factor of 1,000 or more. A registry sees nothing."
    )
    before = '{"type": "long", "logicalType": "timestamp-millis"}'
    after = '{"type": "long", "logicalType": "timestamp-micros"}'
    ways_out = ("keep the unit, and add a field of another name with the new one beside it",)
    kind = AdvisoryKind.TIME_UNIT


class LogicalAdded(SafetyRule):
    """A plain type that has a logical type now."""

    id = "logical-type-added"
    severity = Severity.WARNING
    title = "a plain type has a logical type now"
    reason = "What was written as a plain value is taken for one of the logical type, which it need not be."
    before = '{"name": "at", "type": "long"}'
    after = '{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}'
    ways_out = ("make sure that everything that was written is of the logical type, or add a field of another name",)
    kind = AdvisoryKind.LOGICAL_ADDED
    outs = ("make sure that all of `{field}` is of the logical type on both sides", _BESIDE)


class LogicalDropped(SafetyRule):
    """A logical type that is gone."""

    id = "logical-type-dropped"
    severity = Severity.WARNING
    title = "a logical type is gone"
    reason = "A consumer without the logical type reads the number, the bytes or the text that stands for the value."
    before = '{"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}}'
    after = '{"name": "at", "type": "long"}'
    ways_out = ("keep the logical type",)
    kind = AdvisoryKind.LOGICAL_DROPPED
    outs = ("keep the logical type of `{field}`",)


class LogicalChanged(SafetyRule):
    """Another logical type."""

    id = "logical-type-changed"
    severity = Severity.ERROR
    title = "a logical type is another one"
    reason = "A value of the one is taken for a value of the other. A registry sees nothing."
    before = '{"type": "int", "logicalType": "date"}'
    after = '{"type": "int", "logicalType": "time-millis"}'
    ways_out = ("keep the field as it was, and add one of another name with the new type and a default beside it",)
    kind = AdvisoryKind.LOGICAL_CHANGED


class LossyPromotion(SafetyRule):
    """A whole number that is read as a floating point number."""

    id = "lossy-promotion"
    severity = Severity.WARNING
    title = "a whole number is read as a floating point number"
    reason = "A float holds whole numbers up to 16,777,216, a double up to 9,007,199,254,740,992; larger ones come out changed."
    before = '{"name": "count", "type": "long"}'
    after = '{"name": "count", "type": "double"}'
    ways_out = ("keep the type, unless such numbers cannot occur",)
    kind = AdvisoryKind.LOSSY_PROMOTION
    outs = ("keep the type `{old}`, unless such numbers cannot occur",)


class BytesAsString(SafetyRule):
    """Bytes that are read as text."""

    id = "bytes-as-string"
    severity = Severity.WARNING
    title = "bytes are read as text"
    reason = "Bytes need not be UTF-8. Some readers fail on those that are not, Java puts replacement characters in their place."
    before = '{"name": "token", "type": "bytes"}'
    after = '{"name": "token", "type": "string"}'
    ways_out = ("make sure that the bytes are always UTF-8, or add a field of another name",)
    kind = AdvisoryKind.BYTES_AS_STRING
    outs = ("make sure that `{field}` always holds UTF-8", _BESIDE)


class UnusableDefault(SafetyRule):
    """A default that readers refuse."""

    id = "unusable-default"
    severity = Severity.ERROR
    title = "a default that is needed cannot be used"
    reason = "A consumer reads messages without the field, and fails when it comes to its default."
    before = "the record has no field `region`"
    after = '{"name": "region", "type": ["string", "null"], "default": null}'
    ways_out = ("give the field a default that fits its type; of a union, its first branch",)
    about = "{place}"
    changed = "default"
    told = "the default of {what} cannot be used"
    kind = AdvisoryKind.UNUSABLE_DEFAULT
    outs = ("give `{field}` a default that fits its type; of a union, its first branch",)


class DefaultDiffers(SafetyRule):
    """A default that readers take for different values."""

    id = "default-differs"
    severity = Severity.INFO
    title = "readers take a default for different values"
    reason = "Java and fastavro, for instance, fill in the defaults inside a record's default differently."
    before = "the record has no field `address`"
    after = '{"name": "address", "type": "shop.types.Address", "default": {}}'
    ways_out = ("write the default in full",)
    changed = "default"
    told = "consumers may take the default of {what} for different values"
    kind = AdvisoryKind.DEFAULT_DIFFERS
    outs = ("write the default of `{field}` in full",)


class NamespaceChanged(SafetyRule):
    """A type that moved to another namespace without an alias."""

    id = "namespace-changed"
    severity = Severity.WARNING
    title = "a type moved to another namespace without an alias"
    reason = (
        "Registries and most readers compare the names of types without their namespaces. Some readers do not, and Java does "
        "not either where it looks for an enum or a fixed in a union."
    )
    before = '{"type": "record", "namespace": "shop", "name": "Address", ...}'
    after = '{"type": "record", "namespace": "shop.types", "name": "Address", ...}'
    ways_out = ("add the old full name as an alias", "keep the namespace")
    about = "{old_name}"
    changed = "-> {new_name}"
    told = "the types `{old_name}` and `{new_name}` differ in their namespace, and no alias says that they are one"
    kind = AdvisoryKind.RENAMED_WITHOUT_ALIAS

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """An alias is a way out only where old consumers need not read new messages."""
        alias = "add the alias `{old_name}` to `{new_name}`"
        return ("keep the namespace",) if broken.forward else (alias, "keep the namespace")

    @classmethod
    def spots(cls, clash: Clash) -> tuple[Part, Part]:
        """What to point at: both types."""
        return clash.old, clash.new


class UnionChoice(SafetyRule):
    """Several branches of one name."""

    id = "union-choice"
    severity = Severity.WARNING
    title = "several branches of a union bear the name of a type"
    reason = "Readers choose differently between branches whose names differ in the namespace only."
    before = '"type": ["null", "shop.Address"]'
    after = '"type": ["null", "shop.Address", "billing.Address"]'
    ways_out = ("give the types of a union different names",)
    told = "several branches of {what} bear one name"
    kind = AdvisoryKind.UNION_CHOICE
    outs = ("give the types of the union different names",)


class SharedField(SafetyRule):
    """Two fields that are meant for one."""

    id = "shared-field"
    severity = Severity.ERROR
    title = "two fields are meant for one"
    reason = "A field bears the name, and another one has it as an alias. Java fills the one with the alias, fastavro the other."
    before = '{"name": "mail", "type": "string"}'
    after = '{"name": "mail", "type": "string"}, {"name": "email", "type": "string", "aliases": ["mail"]}'
    ways_out = ("remove the alias", "remove the field that has the old name")
    told = "{what} is meant for a field that another one takes"
    kind = AdvisoryKind.SHARED_FIELD
    outs = ("remove the alias, or the field that has the old name",)


class SymbolUnknown(SafetyRule):
    """Old consumers read a default in place of a new symbol."""

    id = "enum-symbol-unknown"
    severity = Severity.INFO
    title = "an enum with a default has a new symbol"
    reason = "Old consumers do not know the symbol, and read the default of their enum in its place."
    before = '{"type": "enum", "name": "Tier", "symbols": ["STANDARD", "GOLD"], "default": "STANDARD"}'
    after = '{"type": "enum", "name": "Tier", "symbols": ["STANDARD", "GOLD", "PLATINUM"], "default": "STANDARD"}'
    ways_out = ("let consumers that must tell it apart upgrade before it is written",)
    about = "{old_name}"
    changed = "with {detail}"
    told = "the enum `{old_name}` has the new symbol {details}"
    kind = AdvisoryKind.SYMBOL_AS_DEFAULT
    outs = ("let consumers that must tell {details} apart upgrade before it is written",)

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:
        """Whether it is this rule that tells a danger."""
        return super().fits(clash, role) and clash.way is FORWARD

    @classmethod
    def spots(cls, clash: Clash) -> tuple[Part, Part]:
        """What to point at: both enums."""
        return clash.old, clash.new


class SymbolLost(SafetyRule):
    """New consumers read a default in place of an old symbol."""

    id = "enum-symbol-lost"
    severity = Severity.INFO
    title = "a symbol of an enum with a default is gone"
    reason = "New consumers read the default of the enum in place of that symbol, in messages that were written before."
    before = '{"type": "enum", "name": "Tier", "symbols": ["STANDARD", "SILVER", "GOLD"], "default": "STANDARD"}'
    after = '{"type": "enum", "name": "Tier", "symbols": ["STANDARD", "GOLD"], "default": "STANDARD"}'
    ways_out = ("keep the symbol as long as the topic may hold it",)
    about = "{old_name}"
    changed = "without {detail}"
    told = "the symbol {details} of the enum `{old_name}` is gone"
    kind = AdvisoryKind.SYMBOL_AS_DEFAULT
    outs = ("keep {details} as long as the topic may hold it",)

    @classmethod
    def fits(cls, clash: Clash, role: Role) -> bool:
        """Whether it is this rule that tells a danger."""
        return super().fits(clash, role) and clash.way is BACKWARD

    @classmethod
    def spots(cls, clash: Clash) -> tuple[Part, Part]:
        """What to point at: both enums."""
        return clash.old, clash.new


class OrderDependent(SafetyRule):
    """A verdict of registries that is wrong."""

    id = "registry-misjudges"
    severity = Severity.ERROR
    title = "a registry calls it compatible, and some messages cannot be read"
    reason = (
        "Where a type contains itself inside a union, the verdict of Avro's Java reference, which registries ask, depends on "
        "the order of fields. In this order it says compatible, which is wrong."
    )
    ways_out = (NEW_TOPIC,)
    told = "a registry will take the change of {what}, and some messages cannot be read"
    kind = AdvisoryKind.ORDER_DEPENDENT
    outs = ("keep {what} as it was", NEW_TOPIC)


RULES: tuple[type[SafetyRule], ...] = (
    DecimalScale,
    DecimalPrecision,
    TimeUnit,
    LogicalAdded,
    LogicalDropped,
    LogicalChanged,
    LossyPromotion,
    BytesAsString,
    UnusableDefault,
    DefaultDiffers,
    NamespaceChanged,
    UnionChoice,
    SharedField,
    SymbolUnknown,
    SymbolLost,
    OrderDependent,
)
