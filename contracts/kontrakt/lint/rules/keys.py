"""Rules about keys: what orders, partitions and compacts messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kontrakt.avro import Enum, Record, children
from kontrakt.check.findings import Finding, Severity
from kontrakt.check.sides import topics_of
from kontrakt.check.words import code, type_name
from kontrakt.contract import Kind, RequestTopics
from kontrakt.lint.names import words

from .rule import AnyTopic, LintRule, TopicRule, WholeRule

if TYPE_CHECKING:
    from kontrakt.avro import Schema
    from kontrakt.contract import Key
    from kontrakt.lint.world import World

_IDENTIFIES: Final = frozenset(
    (
        *(
            "id",
            "ids",
            "uuid",
            "guid",
            "key",
            "code",
            "sku",
            "ean",
            "isbn",
            "isin",
            "iban",
            "vin",
            "number",
            "no",
            "nr",
        ),
        *("ref", "reference", "slug", "uri", "url", "urn", "hash", "serial", "symbol"),
    )
)
_CHANGES: Final = frozenset(
    ("email", "mail", "phone", "mobile", "name", "username", "login", "title", "status", "state", "address", "city")
)
_TIMES: Final = frozenset(("date", "duration"))


class TopicWithoutKey(TopicRule):
    """Messages have no key."""

    id = "topic-without-key"
    severity = Severity.INFO
    title = "the messages of a topic have no key"
    reason = (
        "Messages without a key are spread over the partitions, so those about one thing overtake each other. That is right for "
        "events that have nothing to do with each other, and for no others."
    )
    before = '"topic": {"kind": "event", "name": "shop.order-events", "key": null, ...}'
    after = '"topic": {"kind": "event", "name": "shop.order-events", "key": "order_id", ...}'
    ways_out = ("name the field whose messages have to stay in order", "waive it where no order matters")

    @classmethod
    def judge(cls, topic: AnyTopic) -> Iterator[Finding]:
        """Everything that the rule finds."""
        if topic.key is None:
            told = f"the messages of {code(topic.name)} have no key"
            yield cls.found(told, f"{topic.name} key", topic.position, topics=topics_of(topic))


class KeyCanChange(TopicRule):
    """The key is something that changes."""

    id = "key-can-change"
    severity = Severity.WARNING
    title = "a topic is keyed by something that changes"
    reason = (
        "When it changes, the same thing goes on under another key: on another partition, so that its messages are no longer in "
        "order, and on an entity topic beside its old state, which compaction then keeps for ever."
    )
    before = '"topic": {"kind": "entity", "name": "shop.customers", "key": "email", ...}'
    after = '"topic": {"kind": "entity", "name": "shop.customers", "key": "customer_id", ...}'
    ways_out = (
        "key it by an id that never changes; for a topic that is in use that means a new topic",
        "waive it where this one does not change",
    )

    @classmethod
    def judge(cls, topic: AnyTopic) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for name, schema in _parts(topic.key):
            if (name and words(name)[-1:] and words(name)[-1] in _CHANGES) or _changes(schema):
                assert topic.key is not None
                yield cls.found(
                    f"{code(topic.name)} is keyed by {code(name or type_name(schema))}, which may change",
                    f"{topic.name} key",
                    topic.key.position,
                    change=name,
                    topics=topics_of(topic)[:1],
                )


def _changes(schema: Schema) -> bool:
    return isinstance(schema, Enum) or schema.type == "boolean" or _is_time(schema)


def _is_time(schema: Schema) -> bool:
    name = schema.logical.name if schema.logical is not None else ""
    return name in _TIMES or "time" in name


class KeyIsNoId(TopicRule):
    """The key of an entity does not look like its id."""

    id = "key-is-no-id"
    severity = Severity.INFO
    title = "the key of an entity does not look like an id"
    reason = (
        "The key says which thing a message is the state of. Two things of one key replace each other, and a thing whose key "
        "changes is there twice."
    )
    before = '"topic": {"kind": "entity", "name": "shop.products", "key": "category", ...}'
    after = '"topic": {"kind": "entity", "name": "shop.products", "key": "product_id", ...}'
    ways_out = ("key it by the field that holds its id", "waive it where this field is its id")

    @classmethod
    def judge(cls, topic: AnyTopic) -> Iterator[Finding]:
        """Everything that the rule finds."""
        key = topic.key
        if topic.kind is not Kind.ENTITY or key is None or not key.inside:
            return
        if any(_IDENTIFIES.intersection(words(name)[-1:]) for name in key.fields) or any(KeyCanChange.judge(topic)):
            return
        shown = ", ".join(key.fields)
        told = f"{code(topic.name)} is keyed by {code(shown)}, which does not look like an id"
        yield cls.found(told, f"{topic.name} key", key.position, change=shown, topics=topics_of(topic))


class KeyOfBytes(TopicRule):
    """The key is of a type in which one thing has several forms."""

    id = "key-of-bytes"
    severity = Severity.WARNING
    title = "a key is of a type in which the same thing may be written in several ways"
    reason = (
        "Keys are equal when their bytes are. Bytes may hold anything, a decimal of them 1 and 01, a double 0 and -0, and an array "
        "the same items in another order: one thing then has two keys, on two partitions."
    )
    before = (
        '"key": {"schema": {"type": "record", "name": "SensorKey", "fields": [{"name": "depth", "type": "double"}]}}'
    )
    after = '"key": {"schema": {"type": "record", "name": "SensorKey", "fields": [{"name": "sensor_id", "type": "string"}]}}'
    ways_out = (
        "take text, a whole number or a uuid",
        "waive it where the topic is in use: another key needs another topic",
    )

    @classmethod
    def judge(cls, topic: AnyTopic) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for name, schema in _parts(topic.key):
            held = next((one for one in _inside(schema) if one.type in ("bytes", "float", "double", "array")), None)
            if held is not None:
                assert topic.key is not None
                yield cls.found(
                    f"the key of {code(topic.name)} holds {code(type_name(held))}",
                    f"{topic.name} key",
                    topic.key.position,
                    change=f"{name} {type_name(held)}".strip(),
                    topics=topics_of(topic)[:1],
                )


class KeysCannotBeJoined(WholeRule):
    """Keys of one name are of different types."""

    id = "keys-cannot-be-joined"
    severity = Severity.WARNING
    title = "two topics have keys of one name that are not the same"
    reason = (
        "Messages about one thing are on the same partition of both topics only where their keys are the same bytes and the "
        "topics have as many partitions. Without that, streams cannot be joined, and one service cannot follow both."
    )
    before = '"key": "order_id" of type string for shop.orders, and of type long for shop.order-events'
    after = '"key": "order_id" of type string for both'
    ways_out = ("give the field one type in both records", "give it another name where it is about something else")

    @classmethod
    def judge(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds."""
        seen: dict[str, tuple[AnyTopic, str]] = {}
        for topic in world.topics:
            key = topic.key
            if key is None or len(key.fields) != 1 or words(key.fields[0]) in (("id",), ("key",), ("uuid",)):
                continue
            (name,) = key.fields
            written = f"{type_name(key.schema)}, written as {key.format}"
            partitions = f"{topic.partitions} partitions" if topic.partitions else ""
            first, its = seen.setdefault(name, (topic, written))
            theirs = f"{first.partitions} partitions" if first.partitions else ""
            if written == its and (not partitions or not theirs or partitions == theirs):
                continue
            here, there = (written, its) if written != its else (partitions, theirs)
            yield cls.found(
                f"the key {code(name)} of {code(topic.name)} is {here}; of {code(first.name)} it is {there}"
                if written != its
                else f"{code(topic.name)} has {here}, and {code(first.name)}, with the same key {code(name)}, has {there}",
                f"{topic.name} key",
                key.position,
                change=f"{there} and {here}",
                severity=cls.severity if written != its else Severity.INFO,
                topics=(first.requests if isinstance(first, RequestTopics) else first.name, topics_of(topic)[0]),
            )


def _parts(key: Key | None) -> list[tuple[str, Schema]]:
    """The fields of a key, each with its name; a key beside the value that is no record has none."""
    if key is None:
        return []
    if isinstance(key.schema, Record) and (len(key.fields) != 1):
        return [(field.name, field.schema) for field in key.schema.fields]
    return [(key.fields[0] if key.fields else "", key.schema)]


def _inside(schema: Schema) -> Iterator[Schema]:
    pending, seen = [schema], set[int]()
    while pending:
        one = pending.pop()
        if id(one) not in seen:
            seen.add(id(one))
            yield one
            pending.extend(children(one))


RULES: Final[tuple[type[LintRule], ...]] = (TopicWithoutKey, KeyCanChange, KeyIsNoId, KeyOfBytes, KeysCannotBeJoined)
