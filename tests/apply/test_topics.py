"""Topics that are wanted beside those that are there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from kontrakt.apply.broker import BrokerState, FoundTopic
from kontrakt.apply.steps import AddPartitions, Against, CreateTopic, SetConfig
from kontrakt.apply.topic_plan import TopicPlan
from kontrakt.apply.topics import wanted
from kontrakt.contract import Contracts, from_files

from tests.apply.shop import SCHEMAS, contracts, entity

COMPACT = {"cleanup.policy": "compact", "retention.ms": "604800000", "min.insync.replicas": "2"}
DELETE = COMPACT | {"cleanup.policy": "delete"}


def event(**topic: Any) -> dict[str, Any]:
    return entity("a", kind="event", **topic)


def found(config: dict[str, str] | None, partitions: int = 6, replication: tuple[int, int] = (3, 3)) -> FoundTopic:
    return FoundTopic(partitions=partitions, replication=replication, config=config)


def planned(declared: Contracts, *, limited: bool = False, denied: str = "", **topics: FoundTopic) -> TopicPlan:
    there = {f"a.{name}": topic for name, topic in topics.items()}
    refused = dict.fromkeys(there, denied) if denied else {}
    return TopicPlan(
        wanted(declared),
        BrokerState(servers="kafka:9092", cluster="c", topics=there, limited=limited, denied=refused),
    )


def test_each_kind_has_its_policy() -> None:
    files = {path.name: path.read_bytes() for path in SCHEMAS.rglob("*.av*")}
    plan = planned(from_files(files))
    assert [(step.about, dict(step.config)) for step in plan.steps if isinstance(step, CreateTopic)] == [
        ("shop.customers", {"cleanup.policy": "compact"}),
        ("shop.order-events", {"cleanup.policy": "delete"}),
        ("shop.orders", {"cleanup.policy": "compact"}),
        ("shop.payments.requests", {"cleanup.policy": "delete"}),
        ("shop.payments.responses", {"cleanup.policy": "delete"}),
        ("shop.products", {"cleanup.policy": "compact"}),
    ]
    assert (plan.obstacles, plan.drift) == ([], [])


def test_what_the_contract_says_wins_over_the_policy() -> None:
    said = entity("a", partitions=12, replication=3, config={"cleanup.policy": "compact,delete", "retention.ms": -1})
    (step,) = planned(contracts(said)).steps
    assert step == CreateTopic(
        about="a.customers",
        partitions=12,
        replication=3,
        config=(("cleanup.policy", "compact,delete"), ("retention.ms", "-1")),
    )


@dataclass(frozen=True)
class Case:
    """A topic that is declared, what is there of it, and what is to be done."""

    id: str
    declared: dict[str, Any]
    there: FoundTopic
    steps: list[object] = field(default_factory=list[object])
    against: list[Against] = field(default_factory=list[Against])
    drift: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])


def config(name: str, before: str, after: str) -> SetConfig:
    return SetConfig(about="a.customers", name=name, before=before, after=after)


CASES = [
    Case("as it should be", entity("a", partitions=6, replication=3), found(COMPACT)),
    Case("nothing said of partitions", entity("a"), found(COMPACT, 50, (1, 1))),
    Case("other settings are not ours", event(), found(DELETE | {"max.message.bytes": "5"})),
    Case("a number is a number", event(config={"retention.ms": "604800000.0"}), found(DELETE)),
    Case(
        "a list in any order",
        entity("a", config={"cleanup.policy": "compact, delete"}),
        found(COMPACT | {"cleanup.policy": "delete,compact"}),
    ),
    Case(
        "an entity topic that is not compacted",
        entity("a"),
        found(DELETE),
        [config("cleanup.policy", "delete", "compact")],
        [Against.CLEANUP_POLICY],
        [("cleanup.policy", "compact", "delete")],
    ),
    Case(
        "an event topic that is compacted",
        event(),
        found(COMPACT),
        [config("cleanup.policy", "compact", "delete")],
        [Against.CLEANUP_POLICY],
        [("cleanup.policy", "delete", "compact")],
    ),
    Case(
        "retention goes up",
        event(config={"retention.ms": 900000000}),
        found(DELETE),
        [config("retention.ms", "604800000", "900000000")],
        drift=[("retention.ms", "900000000", "604800000")],
    ),
    Case(
        "retention goes down",
        event(config={"retention.ms": 1000}),
        found(DELETE),
        [config("retention.ms", "604800000", "1000")],
        [Against.RETENTION_LOWERED],
        [("retention.ms", "1000", "604800000")],
    ),
    Case(
        "from for ever to a week",
        event(config={"retention.ms": 604800000}),
        found(DELETE | {"retention.ms": "-1"}),
        [config("retention.ms", "-1", "604800000")],
        [Against.RETENTION_LOWERED],
        [("retention.ms", "604800000", "-1")],
    ),
    Case(
        "from a week to for ever",
        event(config={"retention.ms": -1}),
        found(DELETE),
        [config("retention.ms", "604800000", "-1")],
        drift=[("retention.ms", "-1", "604800000")],
    ),
    Case(
        "fewer copies must be in sync",
        entity("a", config={"min.insync.replicas": 1}),
        found(COMPACT),
        [config("min.insync.replicas", "2", "1")],
        [Against.DURABILITY_LOWERED],
        [("min.insync.replicas", "1", "2")],
    ),
    Case(
        "a setting that the broker does not know",
        entity("a", config={"retention.sm": 1}),
        found(COMPACT),
        [config("retention.sm", "", "1")],
        drift=[("retention.sm", "1", "")],
    ),
    Case(
        "more partitions, with keys",
        entity("a", partitions=12),
        found(COMPACT),
        [AddPartitions(about="a.customers", before=6, after=12)],
        [Against.PARTITIONS_ADDED],
        [("partitions", "12", "6")],
    ),
    Case(
        "more partitions, without keys",
        event(partitions=12, key=None),
        found(DELETE),
        [AddPartitions(about="a.customers", before=6, after=12)],
        drift=[("partitions", "12", "6")],
    ),
    Case(
        "fewer partitions",
        entity("a", partitions=3),
        found(COMPACT),
        against=[Against.FEWER_PARTITIONS],
        drift=[("partitions", "3", "6")],
    ),
    Case(
        "another number of copies",
        entity("a", replication=3),
        found(COMPACT, 6, (1, 3)),
        against=[Against.REPLICATION],
        drift=[("replication", "3", "1-3")],
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_a_topic_that_is_there(case: Case) -> None:
    plan = planned(contracts(case.declared), customers=case.there)
    assert plan.steps == case.steps
    assert [one.against for one in plan.obstacles] == case.against
    assert [(one.what, one.wanted, one.found) for one in plan.drift] == case.drift
    assert {one.about for one in plan.obstacles} | {one.about for one in plan.drift} <= {"a.customers"}


def test_settings_that_may_not_be_read_are_said() -> None:
    plan = planned(contracts(entity("a", partitions=12)), denied="cannot read it: no right", customers=found(None))
    assert [type(step) for step in plan.steps] == [AddPartitions]  # how many there are is known all the same
    assert plan.notes == ["the settings of the topic a.customers are not compared: cannot read it: no right"]


def test_of_an_embedded_broker_only_the_names_are_compared() -> None:
    plan = planned(contracts(entity("a", partitions=12)), limited=True, customers=found(None, 4, (1, 1)))
    assert (plan.steps, plan.drift) == ([], [])
    assert "cannot be asked for topic settings" in plan.notes[0]
    assert [type(step) for step in planned(contracts(entity("a")), limited=True).steps] == [CreateTopic]
