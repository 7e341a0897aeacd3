"""Subjects and projections that are wanted beside those that a registry has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from kontrakt.apply import Against, FailOn, Only, Plan, apply, plan
from kontrakt.apply.steps import Publish, Register, Retire, SetLevel
from kontrakt.contract import Contracts
from kontrakt.registry import Registry
from kontrakt.registry.embedded import EmbeddedRegistry
from kontrakt.settings import Settings

from tests.apply.shop import contracts, entity, shared, using, view
from tests.registry.served import Served

VALUE = "a.customers-value"


@pytest.fixture
def settings() -> Iterator[Settings]:
    """Settings with an embedded registry, and no Kafka."""
    with EmbeddedRegistry() as registry:
        yield Settings(registry_url=registry.url)


@pytest.fixture
def registry(settings: Settings) -> Iterator[Registry]:
    with Registry(settings.registry_url) as client:
        yield client


def applied(declared: Contracts, settings: Settings, **how: Any) -> Plan:
    """Plans and does it."""
    found = plan(declared, settings, **how)
    results = apply(found, declared, settings)
    assert all(one.outcome == "done" for one in results), results
    return found


def said(found: Plan) -> list[tuple[str, str]]:
    return [(step.kind, step.about) for step in found.steps]


def test_levels_come_before_schemas_and_references_first(settings: Settings) -> None:
    declared = contracts(using("a", "a.Money"), shared("a.Money"))
    found = plan(declared, settings)
    assert said(found) == [
        ("set-level", "a.Money"),
        ("register", "a.Money"),
        ("set-level", "a.orders-value"),
        ("register", "a.orders-value"),
    ]
    assert "topics, their settings and partitions are not compared" in found.notes[0]
    applied(declared, settings)
    assert plan(declared, settings).steps == ()


def test_a_change_is_shown_and_nothing_else(settings: Settings) -> None:
    other = using("a", "long")
    applied(contracts(entity("a", "email"), other), settings)
    found = plan(contracts(entity("a", "email", "phone"), other), settings)
    (step,) = found.steps
    assert isinstance(step, Register)
    assert (step.about, step.newest) == (VALUE, 1)
    assert step.changes == ('added: the new field `phone` of `a.Customer`, by default `""`',)
    assert (found.obstacles, found.drift) == ((), ())
    assert found.fails(FailOn.CHANGES)
    assert not found.fails(FailOn.DRIFT)


def test_what_refers_to_something_that_changed_gets_a_version_too(settings: Settings) -> None:
    applied(contracts(using("a", "a.Money"), shared("a.Money")), settings)
    declared = contracts(using("a", "a.Money"), shared("a.Money", "currency"))
    found = applied(declared, settings)
    assert [(step.about, step.changes) for step in found.steps if isinstance(step, Register)] == [
        ("a.Money", ('added: the new field `currency` of `a.Money`, by default `""`',)),
        ("a.orders-value", ("refers to a new version of `a.Money`",)),
    ]
    assert plan(declared, settings).steps == ()


def test_what_is_said_of_the_topic_makes_no_version(settings: Settings, registry: Registry) -> None:
    applied(contracts(entity("a", "email")), settings)
    assert plan(contracts(entity("a", "email", partitions=3, owner="another-service")), settings).steps == ()
    assert registry.versions(VALUE) == [1]


@pytest.mark.parametrize("level", ["FULL_TRANSITIVE", "BACKWARD"])
def test_an_older_version_again(settings: Settings, registry: Registry, level: str) -> None:
    first, second = (contracts(entity("a", *fields, compatibility=level)) for fields in ((), ("email",)))
    applied(first, settings)
    applied(second, settings)
    found = plan(first, settings)
    assert found.steps == ()
    assert found.notes[-1].startswith(f"version 1 of the subject {VALUE} says what the contracts say, and version 2 is")
    assert registry.versions(VALUE) == [1, 2]


def test_a_level_that_was_changed_by_hand(settings: Settings, registry: Registry) -> None:
    declared = contracts(entity("a"))
    applied(declared, settings)
    registry.set_level(VALUE, "BACKWARD")
    found = plan(declared, settings)
    assert found.steps == (SetLevel(about=VALUE, before="BACKWARD", after="FULL_TRANSITIVE"),)
    assert [(one.about, one.what, one.wanted, one.found) for one in found.drift] == [
        (VALUE, "compatibility level", "FULL_TRANSITIVE", "BACKWARD")
    ]
    assert found.fails(FailOn.DRIFT)
    assert not found.fails(FailOn.OBSTACLES)
    applied(declared, settings)
    assert registry.get_level(VALUE) == "FULL_TRANSITIVE"


def test_a_level_that_would_be_weakened(settings: Settings) -> None:
    applied(contracts(entity("a")), settings)
    weaker = contracts(entity("a", compatibility="BACKWARD"))
    found = plan(weaker, settings)
    assert [one.against for one in found.against] == [Against.LEVEL_WEAKENED]
    assert plan(weaker, settings, allowed=[Against.LEVEL_WEAKENED]).against == ()


def test_what_the_registry_would_refuse(settings: Settings) -> None:
    applied(contracts(entity("a", "email")), settings)
    said = entity("a", "email")
    said["fields"].append({"name": "phone", "type": "string"})
    found = plan(contracts(said), settings, allowed=[Against.CHECK_FINDINGS])
    assert [(one.against, one.about) for one in found.against] == [(Against.INCOMPATIBLE, VALUE)]
    assert found.against[0].message == f"the schema of the subject `{VALUE}` is not compatible with version 1"
    finding = next(one for one in found.obstacles if one.against is Against.CHECK_FINDINGS)
    assert found.allows(finding)
    assert finding.place.startswith("0.avsc:1:")
    assert finding.breaks


def test_what_breaks_somebody_although_the_registry_would_take_it(settings: Settings, registry: Registry) -> None:
    """Nothing counts under NONE, but a projection that another team published does."""
    declared = contracts(entity("a", "email", compatibility="NONE"))
    applied(declared, settings)
    theirs = contracts(entity("a", "email", compatibility="NONE"), view("a", "billing", "email"))
    applied(theirs, settings, only=Only.READERS)
    less = contracts(entity("a", compatibility="NONE"))
    found = plan(less, settings)
    assert [one.against for one in found.against] == [Against.CHECK_FINDINGS]
    assert "billing" in found.against[0].breaks
    applied(less, settings, allowed=[Against.CHECK_FINDINGS])
    assert registry.versions(VALUE) == [1, 2]


def test_a_waived_finding_stands_against_nothing(settings: Settings) -> None:
    applied(contracts(entity("a", "email", compatibility="NONE"), view("a", "billing", "email")), settings)
    less = contracts(entity("a", compatibility="NONE"))
    found = plan(
        less,
        settings,
        let_pass=lambda report: replace(
            report, findings=tuple(replace(one, waived="on purpose") for one in report.findings)
        ),
    )
    assert found.against == ()


def test_a_registry_that_takes_nothing(settings: Settings) -> None:
    assert Served("embedded", settings.registry_url, "confluent").put("/mode", {"mode": "READONLY"}).status == 200
    found = plan(contracts(entity("a")), settings, allowed=list(Against))
    assert [one.against for one in found.against] == [Against.REGISTRY_MODE]
    results = apply(found, contracts(entity("a")), settings)
    assert [one.outcome.value for one in results] == ["failed", "left"]
    assert "READWRITE" in results[0].message  # what is to be done


def test_a_subject_that_takes_schemas_in_a_registry_that_does_not(settings: Settings) -> None:
    served = Served("embedded", settings.registry_url, "confluent")
    applied(contracts(entity("a")), settings)
    served.put("/mode", {"mode": "READONLY"})
    served.put(f"/mode/{VALUE}", {"mode": "READWRITE"})
    applied(contracts(entity("a", "email")), settings)
    both = plan(contracts(entity("a", "email", "phone"), using("a", "long")), settings)
    assert [one.message for one in both.against] == [
        "the registry is in the mode READONLY, and takes nothing for `a.orders-value`"
    ]


def test_projections_are_published_and_retired(settings: Settings, registry: Registry) -> None:
    billing, audit = f"{VALUE}.readers.billing", f"{VALUE}.readers.audit"
    both = contracts(entity("a", "email"), view("a", "billing", "email"), view("a", "audit", "id"))
    applied(both, settings)
    assert registry.get_level(billing) == "NONE"
    assert plan(both, settings).steps == ()
    changed = contracts(entity("a", "email"), view("a", "billing", "id"), view("a", "audit", "id"))
    (step,) = applied(changed, settings).steps
    assert isinstance(step, Publish)
    assert (step.about, step.newest) == (billing, 1)
    applied(both, settings)  # an older version again is the newest then
    assert registry.versions(billing) == [1]
    one = contracts(entity("a", "email"), view("a", "billing", "email"))
    assert plan(one, settings).steps == ()  # nothing here names the other consumer
    (gone,) = applied(one, settings, consumers=["audit"]).steps
    assert gone == Retire(about=audit, newest=1)
    assert registry.subjects() == [VALUE, billing]
    assert plan(one, settings, consumers=["audit"]).steps == ()


def test_a_consumer_retires_what_it_no_longer_reads(settings: Settings, registry: Registry) -> None:
    other = using("a", "long")
    order_view = view("a", "billing", "id") | {"name": "a.billing.OrderView"}
    order_view["projection"] = {"of": "a.Order", "consumer": "billing"}
    applied(contracts(entity("a"), other, view("a", "billing", "id"), order_view), settings)
    applied(contracts(entity("a"), other, order_view), settings)
    assert registry.subjects() == [VALUE, "a.orders-value", "a.orders-value.readers.billing"]


def test_nothing_of_others_is_deleted(settings: Settings, registry: Registry) -> None:
    """What other consumers published stays, and so do subjects that only look like it."""
    theirs = contracts(entity("a", "email"), view("a", "audit", "email"))
    applied(theirs, settings)
    odd = shared("a.Odd.readers.billing")  # a type of ours whose subject looks like a projection of billing's
    declared = contracts(entity("a", "email"), view("a", "billing", "id"), odd)
    applied(declared, settings)
    assert plan(declared, settings).steps == ()
    assert plan(declared, settings, only=Only.READERS).steps == ()
    assert registry.subjects() == ["a.Odd.readers.billing", VALUE, f"{VALUE}.readers.audit", f"{VALUE}.readers.billing"]


def test_foreign_contracts_are_left_alone(settings: Settings, registry: Registry) -> None:
    declared = replace(contracts(entity("a"), using("a", "long")), foreign=frozenset({"1.avsc"})).own
    applied(declared, settings)
    assert registry.subjects() == [VALUE]


def test_only_projections(settings: Settings, registry: Registry) -> None:
    applied(contracts(entity("a", "email"), view("a", "billing", "email")), settings, only=Only.READERS)
    assert registry.subjects() == [f"{VALUE}.readers.billing"]
