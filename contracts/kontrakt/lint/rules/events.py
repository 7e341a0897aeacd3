"""Rules about events: what happened, when, and which of two is the same."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kontrakt.check.findings import Finding, Severity
from kontrakt.check.sides import position_of
from kontrakt.check.words import code, codes
from kontrakt.contract import Kind, Topic, stamped_type
from kontrakt.contract.topic import ID_TYPES, TIME_TYPES
from kontrakt.lint.names import words

from .rule import AnyTopic, LintRule, TopicRule, WholeRule

if TYPE_CHECKING:
    from kontrakt.avro import Record
    from kontrakt.lint.world import World

_IDS: Final = ("event_id", "eventId", "message_id", "messageId")
_TIMES: Final = ("occurred_at", "occurredAt", "happened_at", "happenedAt", "event_time", "eventTime", "timestamp")
_PAST: Final = frozenset(
    [
        "became",
        "begun",
        "bent",
        "bid",
        "bit",
        "blown",
        "bought",
        "bound",
        "broken",
        "brought",
        "built",
        "burnt",
        "caught",
        "chosen",
        "come",
        "cut",
        "dealt",
        "done",
        "drawn",
        "driven",
        "drunk",
        "dug",
        "eaten",
        "fallen",
        "fed",
        "felt",
        "fled",
        "flown",
        "forgotten",
        "forbidden",
        "fought",
        "found",
        "frozen",
        "given",
        "gone",
        "got",
        "gotten",
        "grown",
        "had",
        "heard",
        "held",
        "hidden",
        "hit",
        "hung",
        "hurt",
        "kept",
        "known",
        "laid",
        "led",
        "left",
        "lent",
        "let",
        "lit",
        "lost",
        "made",
        "meant",
        "met",
        "overdrawn",
        "overridden",
        "overwritten",
        "paid",
        "put",
        "quit",
        "read",
        "rebuilt",
        "redone",
        "resent",
        "reset",
        "ridden",
        "risen",
        "run",
        "said",
        "seen",
        "sent",
        "set",
        "shown",
        "shrunk",
        "shut",
        "sold",
        "sought",
        "spent",
        "split",
        "spoken",
        "spread",
        "stolen",
        "stood",
        "struck",
        "stuck",
        "sunk",
        "swept",
        "sworn",
        "taken",
        "taught",
        "told",
        "thrown",
        "undone",
        "understood",
        "withdrawn",
        "withheld",
        "won",
        "worn",
        "wound",
        "woken",
        "written",
    ]
)
_NOT_PAST: Final = frozenset(
    [
        "bed",
        "breed",
        "embed",
        "exceed",
        "feed",
        "greed",
        "need",
        "proceed",
        "red",
        "reed",
        "seed",
        "shed",
        "sled",
        "speed",
        "succeed",
        "weed",
    ]
)


def _is_past(word: str) -> bool:
    return word in _PAST or (len(word) > 3 and word.endswith("ed") and word not in _NOT_PAST)


class EventRule(TopicRule):
    """A rule about the records of each event topic."""

    @classmethod
    def judge(cls, topic: AnyTopic) -> Iterator[Finding]:
        """Everything that the rule finds."""
        if isinstance(topic, Topic) and topic.kind is Kind.EVENT:
            for record in topic.values:
                yield from cls.judge_event(record, topic)

    @classmethod
    @abstractmethod
    def judge_event(cls, record: Record, topic: Topic) -> Iterator[Finding]:
        """Everything that the rule finds about one record of a topic."""


class EventWithoutId(EventRule):
    """An event has no id."""

    id = "event-without-id"
    severity = Severity.WARNING
    title = "an event has no id of its own"
    reason = (
        "Kafka delivers a message again after a failure. Without an id that both have, a consumer cannot tell a second delivery "
        "from a second event, and does twice what should be done once. A declared id is filled in by generated producers."
    )
    before = '"topic": {"kind": "event", "name": "shop.order-events", ...}'
    after = '"topic": {"kind": "event", "name": "shop.order-events", "id": "event_id", ...}'
    ways_out = (
        'add a field for it, a string of the logical type uuid, and name it in the declaration: `"id": "event_id"`',
        "waive it where doing it twice does no harm",
    )

    @classmethod
    def judge_event(cls, record: Record, topic: Topic) -> Iterator[Finding]:
        """Everything that the rule finds about one record of a topic."""
        if not (topic.id and record.field(topic.id)):
            there = _there(record, _IDS, ID_TYPES)
            yield cls.found(
                f"the event {code(record.fullname)} has no id"
                + (f", and a field {code(there)} that may be one" if there else ""),
                record.fullname,
                position_of(topic) if len(topic.values) == 1 else record.position,
                ways_out=(f'name it in the declaration: `"id": "{there}"`',) if there else cls.ways_out,
                topics=(topic.name,),
            )


class EventWithoutTime(EventRule):
    """An event does not say when it happened."""

    id = "event-without-time"
    severity = Severity.WARNING
    title = "an event does not say when it happened"
    reason = (
        "The time of a message is when it was sent, or when the broker got it; events that waited in an outbox, or that are sent "
        "again, happened before. A declared time is filled in by generated producers."
    )
    before = '"topic": {"kind": "event", "name": "shop.order-events", ...}'
    after = '"topic": {"kind": "event", "name": "shop.order-events", "time": "occurred_at", ...}'
    ways_out = (
        'add a field for it, a long of the logical type timestamp-millis, and name it in the declaration: `"time": "occurred_at"`',
    )

    @classmethod
    def judge_event(cls, record: Record, topic: Topic) -> Iterator[Finding]:
        """Everything that the rule finds about one record of a topic."""
        if not (topic.time and record.field(topic.time)):
            there = _there(record, _TIMES, TIME_TYPES)
            yield cls.found(
                f"the event {code(record.fullname)} does not say when it happened"
                + (f", and has a field {code(there)} that may" if there else ""),
                record.fullname,
                position_of(topic) if len(topic.values) == 1 else record.position,
                ways_out=(f'name it in the declaration: `"time": "{there}"`',) if there else cls.ways_out,
                topics=(topic.name,),
            )


def _there(record: Record, names: tuple[str, ...], types: frozenset[str]) -> str:
    """The field that may hold an id or a time though nothing says so, or an empty string."""
    fields = (record.field(name) for name in names)
    return next((field.name for field in fields if field and stamped_type(field.schema) in types), "")


class EventNotInPast(EventRule):
    """An event is not named in the past tense."""

    id = "event-not-in-past"
    severity = Severity.WARNING
    title = "an event is not named in the past tense"
    reason = (
        "An event says what has happened; nobody can refuse it any more. A name such as PlaceOrder reads as something that is still "
        "to be done, and Order as a state: then it is a request, or an entity."
    )
    before = '{"type": "record", "name": "PlaceOrder", "topic": {"kind": "event", ...}, ...}'
    after = '{"type": "record", "name": "OrderPlaced", "aliases": ["PlaceOrder"], "topic": {"kind": "event", ...}, ...}'
    ways_out = (
        "name it by what happened: OrderPlaced, PaymentReceived",
        "make it a request, or an entity, where nothing has happened",
        "waive it, or switch the rule off, for measurements",
    )

    @classmethod
    def judge_event(cls, record: Record, topic: Topic) -> Iterator[Finding]:
        """Everything that the rule finds about one record of a topic."""
        if not any(map(_is_past, words(record.name))):
            told = f"the event {code(record.fullname)} is not named in the past tense"
            yield cls.found(told, record.fullname, record.source.at("name"), topics=(topic.name,))


class RelatedEventsApart(WholeRule):
    """Events about one thing are on several topics."""

    id = "related-events-apart"
    severity = Severity.INFO
    title = "events about one thing are on several topics"
    reason = (
        "Order holds within a partition of one topic. A consumer of two topics may learn that an order was paid before it learns "
        "that it was placed."
    )
    before = "OrderPlaced on shop.order-placed and OrderPaid on shop.order-paid, both with the key order_id"
    after = "OrderPlaced and OrderPaid on shop.order-events"
    ways_out = ("declare one topic for them, with one key", "waive it where their order does not matter")

    @classmethod
    def judge(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds."""
        groups: dict[tuple[str, str, tuple[str, ...]], list[Topic]] = {}
        for topic in world.contracts.topics:
            if topic.kind is Kind.EVENT and topic.key is not None and topic.key.fields:
                for space in {record.namespace for record in topic.values}:
                    groups.setdefault((topic.owner, space, topic.key.fields), []).append(topic)
        for (_, _, fields), topics in sorted(groups.items()):
            if len({record.fullname for topic in topics for record in topic.values}) < 2 or len(topics) < 2:
                continue
            names = [topic.name for topic in topics]
            yield cls.found(
                f"events with the key {codes(fields)} are on {codes(names)}",
                ", ".join(names),
                position_of(topics[1]),
                topics=tuple(names),
            )


RULES: Final[tuple[type[LintRule], ...]] = (EventWithoutId, EventWithoutTime, EventNotInPast, RelatedEventsApart)
