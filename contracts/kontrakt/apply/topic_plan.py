"""The topics that contracts want beside those that a broker has: steps, obstacles and drift."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from kontrakt.check.words import code, codes, counted
from kontrakt.contract import CLEANUP, Kind

from .steps import AddPartitions, Against, CreateTopic, Drift, Obstacle, SetConfig
from .topics import WantedTopic

if TYPE_CHECKING:
    from .broker import BrokerState, FoundTopic
    from .steps import TopicStep

_RETENTION: Final = frozenset(("retention.ms", "retention.bytes", "delete.retention.ms"))
_FOR_EVER: Final = -1.0


class TopicPlan:
    """What is to be done about topics.

    Args:
        topics: The topics that are wanted, by name.
        state: What the broker has of them.

    Attributes:
        steps: What to do.
        obstacles: What stands against it.
        drift: What is there and differs.
        notes: What could not be compared.
    """

    def __init__(self, topics: Mapping[str, WantedTopic], state: BrokerState) -> None:
        self.steps: list[TopicStep] = []
        self.obstacles: list[Obstacle] = []
        self.drift: list[Drift] = []
        self.notes: list[str] = []
        if state.limited:
            self.notes.append(
                f"the broker at {state.servers} is an embedded one, which cannot be asked for topic settings: of topics, only "
                "whether they are there is compared; it makes them with 4 partitions and keeps no settings"
            )
        for name, topic in topics.items():
            found = state.topics.get(name)
            if found is None:
                self._create(topic)
            elif not state.limited:
                self._settings(topic, found, state.denied.get(name, ""))
                self._partitions(topic, found)
                self._replication(topic, found)

    def _create(self, topic: WantedTopic) -> None:
        self.steps.append(
            CreateTopic(
                about=topic.name,
                partitions=topic.partitions,
                replication=topic.replication,
                config=tuple(sorted(topic.config.items())),
            )
        )

    def _settings(self, topic: WantedTopic, found: FoundTopic, denied: str) -> None:
        if found.config is None:
            self.notes.append(f"the settings of the topic {topic.name} are not compared: {denied}")
            return
        for name, wanted in sorted(topic.config.items()):
            before = found.config.get(name)
            if before is not None and _same(before, wanted):
                continue
            # One that the broker does not name is set all the same: the broker then says that it knows no such setting.
            self.steps.append(SetConfig(about=topic.name, name=name, before=before or "", after=wanted))
            self.drift.append(Drift(about=topic.name, what=name, wanted=wanted, found=before or ""))
            danger = _danger(topic, name, before, wanted)
            if danger is not None:
                self.obstacles.append(danger)

    def _partitions(self, topic: WantedTopic, found: FoundTopic) -> None:
        wanted, there = topic.partitions, found.partitions
        if wanted is None or wanted == there:
            return
        self.drift.append(Drift(about=topic.name, what="partitions", wanted=str(wanted), found=str(there)))
        as_it_is = code(f'"partitions": {there}')
        if wanted < there:
            self.obstacles.append(
                Obstacle(
                    against=Against.FEWER_PARTITIONS,
                    about=topic.name,
                    message=f"the topic {code(topic.name)} has {counted(there, 'partition')}, and the contract says {wanted}",
                    reason="Kafka cannot take partitions away.",
                    ways_out=(
                        f"say {as_it_is} in the contract",
                        "make a new topic, and move the consumers to it",
                    ),
                )
            )
            return
        self.steps.append(AddPartitions(about=topic.name, before=there, after=wanted))
        if topic.keyed:
            self.obstacles.append(
                Obstacle(
                    against=Against.PARTITIONS_ADDED,
                    about=topic.name,
                    message=f"the topic {code(topic.name)} has {counted(there, 'partition')}, and would get {wanted}",
                    reason="Its messages have keys, and most keys move to another partition: until what was written before "
                    "has been read, messages of one key come in any order."
                    + (
                        " On a compacted topic the old state of a key stays in its old partition for ever."
                        if topic.kind is Kind.ENTITY
                        else ""
                    ),
                    ways_out=("make a new topic with more partitions, and move the consumers to it",),
                )
            )

    def _replication(self, topic: WantedTopic, found: FoundTopic) -> None:
        if topic.replication is None or found.replication == (topic.replication, topic.replication):
            return
        there = "-".join(map(str, sorted({*found.replication})))
        as_it_is = code(f'"replication": {found.replication[0]}')
        self.drift.append(Drift(about=topic.name, what="replication", wanted=str(topic.replication), found=there))
        self.obstacles.append(
            Obstacle(
                against=Against.REPLICATION,
                about=topic.name,
                message=f"the topic {code(topic.name)} has {there} copies of each partition, and the contract says "
                f"{topic.replication}",
                reason="Copies are moved between brokers by an operator, not by a client.",
                ways_out=(
                    "let the cluster's operator change it, with kafka-reassign-partitions",
                    f"say {as_it_is} in the contract",
                ),
            )
        )


def _same(one: str, other: str) -> bool:
    """Whether two values of a setting mean the same: numbers by their value, lists in any order."""
    return one == other or _value(one) == _value(other)


def _value(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return frozenset(part.strip() for part in text.split(","))


def _danger(topic: WantedTopic, name: str, before: str | None, after: str) -> Obstacle | None:
    """What setting a value could destroy."""
    if before is None:
        return None
    if name == CLEANUP:
        return _other_policy(topic, before, after)
    if name in _RETENTION and _goes_down(before, after, forever=_FOR_EVER):
        return Obstacle(
            against=Against.RETENTION_LOWERED,
            about=topic.name,
            message=f"the topic {code(topic.name)} has {code(name)} {before}, and would get {after}",
            reason="A consumer that is behind by more than that misses what the broker deletes before it comes to it.",
            ways_out=("look how far behind the consumer groups are first",),
        )
    if _less_durable(name, before, after):
        return Obstacle(
            against=Against.DURABILITY_LOWERED,
            about=topic.name,
            message=f"the topic {code(topic.name)} has {code(name)} {before}, and would get {after}",
            reason="When brokers fail, messages that were acknowledged may be lost.",
            ways_out=(f"pin {code(f'{name}={before}')} in the contract",),
        )
    return None


def _other_policy(topic: WantedTopic, before: str, after: str) -> Obstacle:
    had, gets = (sorted(part.strip() for part in text.split(",")) for text in (before, after))
    if topic.kind is Kind.ENTITY and "compact" not in had:
        message = f"the entity topic {code(topic.name)} is not compacted: it has {code(CLEANUP)} {codes(had)}"
        reason = "The broker deletes the state of entities that did not change lately."
    elif topic.kind is not Kind.ENTITY and "compact" in had:
        message = f"the {topic.kind} topic {code(topic.name)} is compacted: it has {code(CLEANUP)} {codes(had)}"
        reason = "The broker deletes all messages of a key but the newest."
    else:
        message = f"the topic {code(topic.name)} has {code(CLEANUP)} {codes(had)}, and the contract says {codes(gets)}"
        reason = ""
    return Obstacle(
        against=Against.CLEANUP_POLICY,
        about=topic.name,
        message=message,
        reason=f"{reason} From the moment that the policy changes, the broker deletes by the new one.".strip(),
        ways_out=(
            "see that nobody needs what the new policy deletes, then allow it",
            f"pin {code(f'{CLEANUP}={before}')} in the contract, if that is what the topic is for",
        ),
    )


def _goes_down(before: str, after: str, *, forever: float) -> bool:
    old, new = _value(before), _value(after)
    if not isinstance(old, float) or not isinstance(new, float) or new == forever:
        return False
    return old == forever or new < old


_DURABLE: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "min.insync.replicas": lambda before, after: _goes_down(before, after, forever=float("inf")),
    "unclean.leader.election.enable": lambda before, after: (before, after) == ("false", "true"),
}


def _less_durable(name: str, before: str, after: str) -> bool:
    return name in _DURABLE and _DURABLE[name](before, after)


def refused(errors: Mapping[TopicStep, Exception]) -> Iterator[Obstacle]:
    """What a broker says that it would refuse, once for each topic and reason."""
    for about, message in dict.fromkeys((step.about, str(error)) for step, error in errors.items()):
        yield Obstacle(
            against=Against.REFUSED,
            about=about,
            message=message.rstrip("."),
            reason="The broker was asked what would come of it, and did nothing.",
        )
