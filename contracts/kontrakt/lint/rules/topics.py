"""Rules about topics: their names, owners, levels and settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kontrakt.check.findings import Finding, Severity
from kontrakt.check.sides import position_of, topics_of
from kontrakt.check.words import code
from kontrakt.contract import CLEANUP, Kind, RequestTopics

from .rule import AnyTopic, LintRule, TopicRule, WholeRule

if TYPE_CHECKING:
    from kontrakt.lint.world import World

_SEPARATORS: Final = re.compile(r"[._-]+")


class TopicNameStyle(TopicRule):
    """A topic's name is hard to tell from others."""

    id = "topic-name-style"
    severity = Severity.WARNING
    title = "a topic's name is not in lower case, or mixes dots and underscores"
    reason = (
        "Names of topics cannot be changed. Kafka tells Orders from orders, and people do not; in the names of its metrics a dot "
        "and an underscore are the same."
    )
    before = '"name": "shop.Order_Events"'
    after = '"name": "shop.order-events"'
    ways_out = (
        "name new topics in lower case, in parts that dots separate",
        "waive it for a topic that is in use: another name is another topic",
    )

    @classmethod
    def judge(cls, topic: AnyTopic) -> Iterator[Finding]:
        """Everything that the rule finds."""
        upper = topic.name != topic.name.lower()
        if not upper and not ("." in topic.name and "_" in topic.name):
            return
        what = "is not in lower case" if upper else "mixes dots and underscores"
        at = position_of(topic, "name")
        yield cls.found(f"the name {code(topic.name)} {what}", topic.name, at, topics=topics_of(topic))


class TopicNamesCollide(WholeRule):
    """Two topics differ in dots and underscores only."""

    id = "topic-names-collide"
    severity = Severity.ERROR
    title = "two topics cannot be on one broker"
    reason = (
        "Kafka refuses to create a topic whose name differs from another's in dots and underscores only, because their metrics "
        "would have one name (Kafka's documentation, `kafka-topics.sh --create`)."
    )
    before = '"name": "shop.orders" and "name": "shop_orders"'
    after = '"name": "shop.orders" and "name": "shop.order-archive"'
    ways_out = ("rename one of the two before it is in use",)

    @classmethod
    def judge(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds."""
        seen: dict[str, str] = {}
        for topic in world.topics:
            for name in topics_of(topic):
                first = seen.setdefault(name.replace("_", "."), name)
                if first != name:
                    told = f"{code(name)} and {code(first)} differ in dots and underscores only"
                    yield cls.found(told, name, position_of(topic, "name"), topics=tuple(sorted((first, name))))


class OwnerWrittenTwice(WholeRule):
    """One owner is written in two ways."""

    id = "owner-written-twice"
    severity = Severity.WARNING
    title = "an owner is written in two ways"
    reason = (
        "The owner is asked before a change, by its name. Two spellings of one service are two owners to every tool."
    )
    before = '"owner": "order-service" and "owner": "order_service"'
    after = '"owner": "order-service" for both'
    ways_out = ("write it in one way",)

    @classmethod
    def judge(cls, world: World) -> Iterator[Finding]:
        """Everything that the rule finds."""
        topics: list[AnyTopic] = [*world.contracts.topics, *world.contracts.requests]
        counts: dict[str, int] = {}
        for topic in topics:
            counts[topic.owner] = counts.get(topic.owner, 0) + 1
        spellings: dict[str, str] = {}
        for owner in sorted(counts, key=lambda owner: (-counts[owner], owner)):
            spellings.setdefault(_SEPARATORS.sub("", owner).lower(), owner)
        for topic in topics:
            usual = spellings[_SEPARATORS.sub("", topic.owner).lower()]
            if usual != topic.owner:
                yield cls.found(
                    f"the owner of {code(topic.name)} is written {code(topic.owner)}, elsewhere {code(usual)}",
                    topic.name,
                    position_of(topic, "owner"),
                    change=f"{topic.owner} and {usual}",
                    ways_out=(f"write {code(usual)}",),
                    topics=topics_of(topic),
                )


class CleanupAgainstKind(TopicRule):
    """A topic's cleanup policy is not that of its kind."""

    id = "cleanup-against-kind"
    severity = Severity.ERROR
    title = "a topic is cleaned up in a way that loses what its kind promises"
    reason = (
        "An entity topic that is not compacted forgets the state of what has not changed for a while. An event or request topic "
        "that is compacted forgets every event but the last of a key."
    )
    before = '"topic": {"kind": "entity", "config": {"cleanup.policy": "delete"}, ...}'
    after = '"topic": {"kind": "entity", ...}'
    ways_out = ("leave `cleanup.policy` out: it follows from the kind", "declare the topic as of the other kind")

    @classmethod
    def judge(cls, topic: AnyTopic) -> Iterator[Finding]:
        """Everything that the rule finds."""
        said = topic.config.get(CLEANUP)
        if said is None:
            return
        compacted = "compact" in said
        forgets = compacted and "delete" in said and topic.kind is Kind.ENTITY
        if compacted is (topic.kind is Kind.ENTITY) and not forgets:
            return
        yield cls.found(
            f"the {topic.kind} topic {code(topic.name)} has the cleanup policy {code(said)}",
            topic.name,
            position_of(topic, "config"),
            change=said,
            severity=Severity.WARNING if forgets else cls.severity,
            reason=_FORGETS if forgets else cls.reason,
            topics=topics_of(topic),
        )


class LevelTooWeak(TopicRule):
    """A topic's level promises less than its kind needs."""

    id = "level-too-weak"
    severity = Severity.WARNING
    title = "a topic's compatibility level allows what breaks its consumers"
    reason = (
        "Consumers of an entity or event topic read what was written long ago, with old schemas, and are upgraded on a day of "
        "their own: both directions have to hold, with every version. A level below FULL_TRANSITIVE lets one of them break."
    )
    before = '"topic": {"kind": "entity", "compatibility": "NONE", ...}'
    after = '"topic": {"kind": "entity", ...}'
    ways_out = ("leave `compatibility` out: it follows from the kind", "waive it, with who agreed")

    @classmethod
    def judge(cls, topic: AnyTopic) -> Iterator[Finding]:
        """Everything that the rule finds."""
        if isinstance(topic, RequestTopics):
            levels, enough = (
                (topic.request_compatibility, topic.response_compatibility),
                ("BACKWARD", "FORWARD"),
            )
            weak = [level for level, way in zip(levels, enough, strict=True) if not level.startswith((way, "FULL"))]
        else:
            weak = [] if topic.compatibility == "FULL_TRANSITIVE" else [topic.compatibility]
        for level in dict.fromkeys(weak):
            yield cls.found(
                f"{code(topic.name)} has the level {code(level)}",
                topic.name,
                position_of(topic, "compatibility"),
                change=level,
                severity=cls.severity if level == "NONE" or isinstance(topic, RequestTopics) else Severity.INFO,
                reason=_REQUESTS if isinstance(topic, RequestTopics) else cls.reason,
                topics=topics_of(topic),
            )


_FORGETS: Final = (
    "Old state is deleted even where it is the newest of its key, so that a consumer that starts over misses it."
)
_REQUESTS: Final = (
    "The answering service is upgraded first: it has to read old requests (BACKWARD), and old requesters have to read its "
    "answers (FORWARD)."
)

RULES: Final[tuple[type[LintRule], ...]] = (
    TopicNameStyle,
    TopicNamesCollide,
    OwnerWrittenTwice,
    CleanupAgainstKind,
    LevelTooWeak,
)
