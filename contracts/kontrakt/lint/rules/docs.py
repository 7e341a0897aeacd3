"""Rules about documentation: what a name alone does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kontrakt.check.findings import Finding, Severity
from kontrakt.check.sides import topics_of
from kontrakt.check.words import code

from .rule import FieldRule, LintRule, OperationRule, TypeRule, WholeRule

if TYPE_CHECKING:
    from kontrakt.avro import Field, Message, Named
    from kontrakt.lint.world import World

_READ: Final = "The documentation becomes that of the generated code, and the registry shows it to every team."


class TypeWithoutDoc(TypeRule):
    """A named type says nothing of itself."""

    id = "type-without-doc"
    severity = Severity.WARNING
    title = "a type has no documentation"
    reason = f"A schema is a contract with teams that cannot see the code behind it. {_READ}"
    before = '{"type": "record", "name": "Customer", "fields": [...]}'
    after = '{"type": "record", "name": "Customer", "doc": "Current state of a customer.", "fields": [...]}'
    ways_out = ('say what one of it is: `"doc": "..."`',)

    @classmethod
    def judge(cls, named: Named, world: World) -> Finding | None:
        """What the rule finds, or None."""
        if named.doc.strip():
            return None
        message = f"the {named.type} {code(named.fullname)} has no documentation"
        return cls.found(message, named.fullname, named.position, topics=world.reached(named.fullname))


class FieldWithoutDoc(FieldRule):
    """A field or a parameter says nothing of itself."""

    id = "field-without-doc"
    severity = Severity.INFO
    title = "a field has no documentation"
    reason = f"A name alone does not tell the unit, the time zone, or what it means when the field is null. {_READ}"
    before = '{"name": "weight", "type": "double"}'
    after = '{"name": "weight", "type": "double", "doc": "With packaging, in kilograms."}'
    ways_out = ('say what it holds, with its unit: `"doc": "..."`',)

    @classmethod
    def judge(cls, field: Field, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        if field.doc.strip():
            return None
        about = f"{owner}.{field.name}"
        return cls.found(f"{code(about)} has no documentation", about, field.position, topics=world.reached(owner))


class OperationWithoutDoc(OperationRule):
    """An operation says nothing of itself."""

    id = "operation-without-doc"
    severity = Severity.WARNING
    title = "an operation has no documentation"
    reason = f"Whoever asks has to know what is done, and whether it may be asked for twice. {_READ}"
    before = '"refund": {"request": [...], "response": "Refund"}'
    after = '"refund": {"doc": "Gives money back, in whole or in part.", "request": [...], "response": "Refund"}'
    ways_out = ('say what it does: `"doc": "..."`',)

    @classmethod
    def judge(cls, message: Message, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        if message.doc.strip():
            return None
        about = f"{owner}.{message.name}"
        told = f"the operation {code(about)} has no documentation"
        return cls.found(told, about, message.position, topics=world.reached(about))


class ProtocolWithoutDoc(WholeRule):
    """A protocol says nothing of itself."""

    id = "protocol-without-doc"
    severity = Severity.WARNING
    title = "a protocol has no documentation"
    reason = f"Whoever asks wants to know what the service is there for before it reads its operations. {_READ}"
    before = '{"protocol": "Payments", "messages": {...}}'
    after = '{"protocol": "Payments", "doc": "Takes money for orders and gives it back.", "messages": {...}}'
    ways_out = ('say what it is for: `"doc": "..."`',)

    @classmethod
    def judge(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for pair in world.contracts.requests:
            protocol = pair.protocol
            if not protocol.doc.strip():
                told = f"the protocol {code(protocol.fullname)} has no documentation"
                yield cls.found(told, protocol.fullname, protocol.position, topics=topics_of(pair))


RULES: Final[tuple[type[LintRule], ...]] = (
    TypeWithoutDoc,
    FieldWithoutDoc,
    ProtocolWithoutDoc,
    OperationWithoutDoc,
)
