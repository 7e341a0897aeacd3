"""Rules about topics: their kinds, owners, partitions and settings, and what travels on them.

They compare declarations, so they need the old ones: a git ref or a folder has them, a registry has not.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Final

from kontrakt.check.findings import Finding, Severity
from kontrakt.check.sides import Declared, Sides, position_of, topics_of
from kontrakt.check.words import code, codes
from kontrakt.contract import CLEANUP, CLEANUP_OF, Kind, RequestTopics, Topic

from .rule import Rule

_RETENTION: Final[Mapping[str, str]] = {"retention.ms": "ms", "retention.bytes": "bytes"}


class TopicRule(Rule):
    """A rule about what is declared."""

    @classmethod
    @abstractmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""


class KindChanged(TopicRule):
    """Entity became event, or the other way round."""

    id = "kind-changed"
    severity = Severity.ERROR
    title = "a topic changed its kind"
    reason = (
        "An entity topic is compacted and holds the newest state of each key; an event topic keeps everything for a while. "
        "Consumers that were built for the one lose messages, or state, with the other."
    )
    before = '"topic": {"kind": "entity", "name": "shop.customers", ...}'
    after = '"topic": {"kind": "event", "name": "shop.customers", ...}'
    ways_out = ("declare a new topic of the other kind, and move the consumers to it",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.topics:
            if old.kind is not new.kind:
                yield cls.finding(
                    f"the topic {code(new.name)} was of the kind {old.kind} and is of the kind {new.kind} now",
                    new.name,
                    change=f"{old.kind} -> {new.kind}",
                    breaks=("old consumers", "consumers that replay the topic"),
                    ways_out=(f"declare a new topic of the kind {new.kind}, and move the consumers to it",),
                    old=position_of(old, "kind"),
                    new=position_of(new, "kind"),
                    topics=(new.name,),
                )


class TopicRemoved(TopicRule):
    """A topic is declared no more."""

    id = "topic-removed"
    severity = Severity.ERROR
    title = "a topic is gone"
    reason = "Its consumers wait for messages that nobody writes any more."
    before = '"topic": {"kind": "event", "name": "shop.order-events", ...}'
    after = "the record has no topic, or its file is gone"
    ways_out = ('mark the topic with `"deprecated": "why"` first, and remove it when no consumer is left',)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        renamed = {old.name for old, _ in sides.renamed}
        for old in sides.removed:
            if old.name in renamed:
                continue
            announced = f" It was announced: {old.deprecated}." if old.deprecated else ""
            yield cls.finding(
                f"the {_what(old)} {code(old.name)} {'are' if isinstance(old, RequestTopics) else 'is'} gone",
                old.name,
                severity=Severity.WARNING if old.deprecated else cls.severity,
                reason=cls.reason + announced,
                breaks=("clients that ask",) if isinstance(old, RequestTopics) else ("consumers of the topic",),
                old=position_of(old, "name"),
                topics=topics_of(old),
            )


class TopicRenamed(TopicRule):
    """What travelled on one topic travels on another."""

    id = "topic-renamed"
    severity = Severity.ERROR
    title = "a topic has another name"
    reason = (
        "A topic cannot be renamed on a broker: a new one is made, and what was written stays in the old one. "
        "Old consumers wait at the old name, and new ones miss what was written before."
    )
    before = '"topic": {"name": "shop.customers", ...}'
    after = '"topic": {"name": "shop.clients", ...}'
    ways_out = ('declare both names until every consumer has moved: `"name": ["old", "new"]`',)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.renamed:
            both = f'"name": ["{old.name}", "{new.name}"]'
            if isinstance(new, Topic):
                move = f"declare both names until every consumer has moved: {code(both)}"
            else:
                move = "serve both until every client has moved"
            yield cls.finding(
                f"the {_what(old)} {code(old.name)} {'are' if isinstance(old, RequestTopics) else 'is'} called "
                f"{code(new.name)} now",
                old.name,
                change=f"-> {new.name}",
                breaks=("old clients", "new clients while the old service runs")
                if isinstance(old, RequestTopics)
                else ("old consumers", "new consumers, of what was written before"),
                ways_out=(f"keep the name {code(old.name)}", move),
                old=position_of(old, "name"),
                new=position_of(new, "name"),
                topics=(*topics_of(old), *topics_of(new)),
            )


class OwnerChanged(TopicRule):
    """Another service writes the topic."""

    id = "owner-changed"
    severity = Severity.WARNING
    title = "a topic has another owner"
    reason = (
        "One service writes a topic. While the old owner still runs there are two, each overwriting the other, and the new "
        "one needs the right to write."
    )
    before = '"owner": "customer-service"'
    after = '"owner": "account-service"'
    ways_out = ("stop the old owner's producer before the new one starts, and move the right to write",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.declared:
            if old.owner != new.owner:
                yield cls.finding(
                    f"the {_what(new)} {code(new.name)} belonged to {old.owner} and {_belong(new)} to {new.owner} now",
                    new.name,
                    change=f"{old.owner} -> {new.owner}",
                    old=position_of(old, "owner"),
                    new=position_of(new, "owner"),
                    topics=topics_of(new),
                )


class PartitionsLowered(TopicRule):
    """Fewer partitions than before."""

    id = "partitions-lowered"
    severity = Severity.ERROR
    title = "a topic has fewer partitions"
    reason = (
        "Kafka cannot take partitions away: the topic would have to be deleted and made again, with everything in it, and "
        "every consumer group would lose its offsets."
    )
    before = '"partitions": 12'
    after = '"partitions": 6'
    ways_out = ("keep the number of partitions", "make a new topic, and move the consumers to it")

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.declared:
            if old.partitions and new.partitions and new.partitions < old.partitions:
                yield cls.finding(
                    f"the {_what(new)} {code(new.name)} had {old.partitions} partitions and {_have(new)} "
                    f"{new.partitions} now",
                    new.name,
                    change=f"{old.partitions} -> {new.partitions}",
                    breaks=("consumers of the topic",),
                    ways_out=(f"keep {old.partitions} partitions", cls.ways_out[1]),
                    old=position_of(old, "partitions"),
                    new=position_of(new, "partitions"),
                    topics=topics_of(new),
                )


class PartitionsRaised(TopicRule):
    """More partitions than before, on a topic with a key."""

    id = "partitions-raised"
    severity = Severity.WARNING
    title = "a topic with a key has more partitions"
    reason = (
        "A key decides its partition by the number of them: most keys move. Until what was written before has been read, "
        "messages of one key come from two partitions in any order; on a compacted topic the old state of a key stays in "
        "its old partition for ever."
    )
    before = '"partitions": 6'
    after = '"partitions": 12'
    ways_out = (
        "make a new topic with more partitions, and move the consumers to it",
        "of an entity topic: write every entity anew, after a tombstone for each key in its old partition",
    )

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.declared:
            if old.partitions and new.partitions and new.partitions > old.partitions and new.key is not None:
                yield cls.finding(
                    f"the {_what(new)} {code(new.name)} had {old.partitions} partitions and {_have(new)} "
                    f"{new.partitions} now",
                    new.name,
                    change=f"{old.partitions} -> {new.partitions}",
                    ways_out=cls.ways_out if new.kind is Kind.ENTITY else cls.ways_out[:1],
                    old=position_of(old, "partitions"),
                    new=position_of(new, "partitions"),
                    topics=topics_of(new),
                )


class CompactionChanged(TopicRule):
    """``cleanup.policy`` is another one."""

    id = "compaction-changed"
    severity = Severity.ERROR
    title = "a topic is compacted no more, or is compacted now"
    reason = (
        "Without compaction the broker deletes old messages, and with them the state of entities that did not change lately. "
        "With it, it deletes all messages of a key but the newest."
    )
    before = '"config": {"cleanup.policy": "compact"}'
    after = '"config": {"cleanup.policy": "delete"}'
    ways_out = ("make a new topic with the other policy, and move the consumers to it",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.declared:
            was, now = _cleanup(old), _cleanup(new)
            if was == now or old.kind is not new.kind:  # that the kind changed says it
                continue
            yield cls.finding(
                f"the {_what(new)} {code(new.name)} had the cleanup policy {codes(sorted(was))} and {_have(new)} "
                f"{codes(sorted(now))} now",
                f"{new.name}.{CLEANUP}",
                change=f"{','.join(sorted(was))} -> {','.join(sorted(now))}",
                breaks=("consumers that replay the topic",),
                ways_out=(f"keep {code(CLEANUP)} as it was", *cls.ways_out),
                old=position_of(old, "config"),
                new=position_of(new, "config"),
                topics=topics_of(new),
            )


class RetentionLowered(TopicRule):
    """Messages go sooner than before."""

    id = "retention-lowered"
    severity = Severity.WARNING
    title = "a topic keeps its messages for a shorter time"
    reason = "A consumer that is behind by more than that misses what the broker deletes before it comes to it."
    before = '"config": {"retention.ms": 604800000}'
    after = '"config": {"retention.ms": 86400000}'
    ways_out = ("check how far behind the consumer groups are before it is applied",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.declared:
            for setting, unit in _RETENTION.items():
                was, now = _number(old, setting), _number(new, setting)
                if was is None or now is None or now < 0 or (0 <= was <= now):
                    continue
                before = "for ever" if was < 0 else f"{was} {unit}"
                yield cls.finding(
                    f"the {_what(new)} {code(new.name)} had {code(setting)} {before} and {_have(new)} {now} {unit} now",
                    f"{new.name}.{setting}",
                    change=f"{was} -> {now}",
                    old=position_of(old, "config"),
                    new=position_of(new, "config"),
                    topics=topics_of(new),
                )


class EventRemoved(TopicRule):
    """An event type left a topic."""

    id = "event-removed"
    severity = Severity.ERROR
    title = "a type of event is gone from a topic"
    reason = (
        "Consumers that handle it wait in vain, and new consumers skip those that are still in the topic: they have no "
        "handler for them."
    )
    before = "OrderPlaced, OrderPaid and OrderCancelled name the topic shop.order-events"
    after = "OrderPlaced and OrderPaid name it"
    ways_out = ("keep the type declared as long as the topic may hold one of its events",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.topics:
            kept = {record.fullname for record in new.values}
            for record in old.values:
                name = record.fullname
                if new.kind is old.kind is Kind.EVENT and name not in kept:
                    yield cls.finding(
                        f"events of the type {code(name)} are gone from the topic {code(new.name)}",
                        f"{new.name} {name}",
                        breaks=(f"consumers that handle {code(name)}",),
                        ways_out=(f"keep {code(name)} on the topic as long as it may hold one",),
                        old=record.position,
                        new=new.position,
                        topics=(new.name,),
                    )


class EventAdded(TopicRule):
    """An event type came to a topic."""

    id = "event-added"
    severity = Severity.INFO
    title = "a topic carries a new type of event"
    reason = "Old consumers skip events of a type that they do not know, unless they were told to stop there."
    before = "OrderPlaced and OrderPaid name the topic shop.order-events"
    after = "OrderPlaced, OrderPaid and OrderCancelled name it"
    ways_out = ("let consumers that must not miss it upgrade before the producer does",)

    @classmethod
    def judge(cls, sides: Sides) -> Iterator[Finding]:
        """Everything that the rule finds."""
        for old, new in sides.topics:
            known = {record.fullname for record in old.values}
            for record in new.values:
                if new.kind is old.kind is Kind.EVENT and record.fullname not in known:
                    yield cls.finding(
                        f"the topic {code(new.name)} carries events of the new type {code(record.fullname)}",
                        f"{new.name} {record.fullname}",
                        old=old.position,
                        new=record.position,
                        topics=(new.name,),
                    )


def _cleanup(declared: Declared) -> frozenset[str]:
    said = declared.config.get(CLEANUP, CLEANUP_OF[declared.kind])
    return frozenset(word.strip() for word in said.split(","))


def _number(declared: Declared, setting: str) -> int | None:
    try:
        return int(declared.config.get(setting, ""))
    except ValueError:
        return None


def _what(declared: Declared) -> str:
    return "requests" if isinstance(declared, RequestTopics) else "topic"


def _have(declared: Declared) -> str:
    return "have" if isinstance(declared, RequestTopics) else "has"


def _belong(declared: Declared) -> str:
    return "belong" if isinstance(declared, RequestTopics) else "belongs"


RULES: Final[tuple[type[TopicRule], ...]] = (
    KindChanged,
    TopicRemoved,
    TopicRenamed,
    OwnerChanged,
    PartitionsLowered,
    PartitionsRaised,
    CompactionChanged,
    RetentionLowered,
    EventRemoved,
    EventAdded,
)
