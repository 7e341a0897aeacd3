"""Rules about the names of types, fields, symbols, operations and namespaces."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kontrakt.avro import Enum
from kontrakt.check.findings import Finding, Severity
from kontrakt.check.words import code, codes
from kontrakt.lint import names

from .rule import LintRule, OperationRule, TypeRule, WholeRule

if TYPE_CHECKING:
    from kontrakt.avro import Field, Message, Named, Record
    from kontrakt.lint.world import World

_ALIAS: Final = "keep the old name as an alias, so that what is written already can be read"


class TypeNameStyle(TypeRule):
    """A type is not named in PascalCase."""

    id = "type-name-style"
    severity = Severity.WARNING
    title = "a type is not named in PascalCase"
    reason = "Types become classes in every language that code is generated for. One that is named like a field reads like one."
    before = '{"type": "record", "name": "customer_address", ...}'
    after = '{"type": "record", "name": "CustomerAddress", "aliases": ["customer_address"], ...}'
    ways_out = ("rename it", _ALIAS)

    @classmethod
    def judge(cls, named: Named, world: World) -> Finding | None:
        """What the rule finds, or None."""
        if names.PASCAL(named.name):
            return None
        return cls.found(
            f"the {named.type} {code(named.fullname)} is not named in PascalCase",
            named.fullname,
            named.source.at("name"),
            ways_out=(f"name it {code(names.pascal(named.name))}", _ALIAS),
            topics=world.reached(named.fullname),
        )


class FieldNameStyle(WholeRule):
    """Fields are not named in the style that is set."""

    id = "field-name-style"
    severity = Severity.WARNING
    title = "a field is named in another style than the others"
    reason = (
        "Whoever reads the schema guesses the names of fields by those that they know. `field_names` under `[lint]` sets the "
        "style: `snake_case`, `camelCase`, or `either`, and then a record keeps to one of the two."
    )
    before = '"fields": [{"name": "customer_id", ...}, {"name": "createdAt", ...}]'
    after = '"fields": [{"name": "customer_id", ...}, {"name": "created_at", "aliases": ["createdAt"], ...}]'
    ways_out = ("rename it", _ALIAS)

    @classmethod
    def judge(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for record in world.records:
            yield from cls._judged(record.fields, record.fullname, world)
        for message, protocol in world.operations:
            yield from cls._judged(message.request, f"{protocol}.{message.name}", world)

    @classmethod
    def _judged(cls, fields: tuple[Field, ...], owner: str, world: World) -> Iterator[Finding]:
        style = world.options.field_names
        if style == "either":
            if all(names.SNAKE(field.name) for field in fields) or all(names.CAMEL(field.name) for field in fields):
                return
            camels = sum(not names.SNAKE(field.name) and bool(names.CAMEL(field.name)) for field in fields)
            snakes = sum("_" in field.name and bool(names.SNAKE(field.name)) for field in fields)
            style = "camelCase" if camels > snakes else "snake_case"
        fits, named = (names.CAMEL, names.camel) if style == "camelCase" else (names.SNAKE, names.snake)
        for field in fields:
            if not fits(field.name):
                about = f"{owner}.{field.name}"
                yield cls.found(
                    f"{code(about)} is not named in {style}",
                    about,
                    field.source.at("name"),
                    ways_out=(f"name it {code(named(field.name))}", _ALIAS),
                    topics=world.reached(owner),
                )


class SymbolNameStyle(TypeRule):
    """Symbols are not named in UPPER_CASE."""

    id = "symbol-name-style"
    severity = Severity.WARNING
    title = "the symbols of an enum are not named in UPPER_CASE"
    reason = "Symbols are constants. One that differs from another in its case only is read as a mistake."
    before = '"symbols": ["placed", "Paid"]'
    after = '"symbols": ["PLACED", "PAID"]'
    ways_out = (
        "name the symbols of new enums in upper case",
        "leave those that are in use: a symbol has no aliases, so renaming one breaks whoever reads it",
    )

    @classmethod
    def judge(cls, named: Named, world: World) -> Finding | None:
        """What the rule finds, or None."""
        if not isinstance(named, Enum):
            return None
        wrong = [symbol for symbol in named.symbols if not names.UPPER(symbol)]
        if not wrong:
            return None
        return cls.found(
            f"{codes(wrong)} of the enum {code(named.fullname)} {'is' if len(wrong) == 1 else 'are'} not in UPPER_CASE",
            named.fullname,
            named.source.at("symbols"),
            topics=world.reached(named.fullname),
        )


class OperationNameStyle(OperationRule):
    """An operation is named like a type."""

    id = "operation-name-style"
    severity = Severity.WARNING
    title = "an operation is named neither in snake_case nor in camelCase"
    reason = "Operations become methods; the records that carry them are named after them in PascalCase."
    before = '"messages": {"AuthorizePayment": {...}}'
    after = '"messages": {"authorizePayment": {...}}'
    ways_out = ("rename it before it is in use; the records that carry it are named after it",)

    @classmethod
    def judge(cls, message: Message, owner: str, world: World) -> Finding | None:
        """What the rule finds, or None."""
        if names.SNAKE(message.name) or names.CAMEL(message.name):
            return None
        about = f"{owner}.{message.name}"
        told = f"the operation {code(about)} is named neither in snake_case nor in camelCase"
        return cls.found(told, about, message.position, topics=world.reached(about))


class NamespaceMissing(TypeRule):
    """A type has no namespace."""

    id = "namespace-missing"
    severity = Severity.WARNING
    title = "a type has no namespace"
    reason = "The full name of a shared type is its subject. Without a namespace, two teams that both have an `Address` share one."
    before = '{"type": "record", "name": "Address", ...}'
    after = '{"type": "record", "namespace": "shop.types", "name": "Address", ...}'
    ways_out = ("give it the namespace of whoever owns it",)

    @classmethod
    def judge(cls, named: Named, world: World) -> Finding | None:
        """What the rule finds, or None."""
        if named.namespace:
            return None
        told = f"the {named.type} {code(named.fullname)} has no namespace"
        return cls.found(told, named.fullname, named.source.at("name"), topics=world.reached(named.fullname))


class NamespaceStyle(TypeRule):
    """A namespace is not written in lower case."""

    id = "namespace-style"
    severity = Severity.WARNING
    title = "a namespace is not written in lower case"
    reason = (
        "Namespaces become packages, and packages become folders. Two that differ in case only are one folder on some "
        "machines and two on others."
    )
    before = '"namespace": "Shop.Customer"'
    after = '"namespace": "shop.customer"'
    ways_out = ("write it in lower case, and keep the old full name as an alias",)

    @classmethod
    def judge(cls, named: Named, world: World) -> Finding | None:
        """What the rule finds, or None."""
        space = named.namespace
        if not space or names.NAMESPACE(space):
            return None
        return cls.found(
            f"the namespace {code(space)} is not written in lower case",
            space,
            named.source.at("namespace" if "namespace" in named.source.members else "name"),
            topics=world.reached(named.fullname),
        )


class NamespaceShared(WholeRule):
    """Records of several owners share a namespace."""

    id = "namespace-shared"
    severity = Severity.WARNING
    title = "a namespace belongs to several owners"
    reason = (
        "A namespace says who may add a type and who is asked about one. Where two services share it, each can take a name that "
        "the other needs, and both publish it under one subject."
    )
    before = """{"namespace": "shop", "name": "Customer", "topic": {"owner": "customer-service", ...}, ...}
{"namespace": "shop", "name": "Order", "topic": {"owner": "order-service", ...}, ...}"""
    after = """{"namespace": "shop.customer", "name": "Customer", ...}
{"namespace": "shop.order", "name": "Order", ...}"""
    ways_out = ("give each owner a namespace below it, and keep the old full names as aliases",)

    @classmethod
    def judge(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds."""
        spaces: dict[str, dict[str, tuple[Record, str]]] = {}
        for topic in world.contracts.topics:
            for record in topic.values:
                spaces.setdefault(record.namespace, {}).setdefault(topic.owner, (record, topic.name))
        for space, owners in sorted(spaces.items()):
            if not space or len(owners) == 1:
                continue
            second = sorted(owners)[1]
            record, _ = owners[second]
            yield cls.found(
                f"the namespace {code(space)} belongs to {codes(sorted(owners))}",
                space,
                record.source.at("namespace" if "namespace" in record.source.members else "name"),
                topics=tuple(sorted({topic for _, topic in owners.values()})),
            )


RULES: Final[tuple[type[LintRule], ...]] = (
    TypeNameStyle,
    FieldNameStyle,
    SymbolNameStyle,
    OperationNameStyle,
    NamespaceMissing,
    NamespaceStyle,
    NamespaceShared,
)
