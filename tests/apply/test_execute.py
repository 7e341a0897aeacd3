"""Doing a plan: in which order, what is left when something fails, and that the next run goes on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from kontrakt.apply import Outcome, Result, apply, plan
from kontrakt.apply.results import document, line, summary
from kontrakt.contract import Contracts
from kontrakt.registry import Registry
from kontrakt.registry.embedded import EmbeddedRegistry
from kontrakt.settings import Settings
from kontrakt.settings.model import Options

from tests.apply.shop import contracts, entity, shared, using, view
from tests.registry.guard import Asked, basic, guarded

if TYPE_CHECKING:
    from collections.abc import Callable

MONEY = "a.Money"
DECLARED = contracts(entity("a", "email"), using("a", MONEY), shared(MONEY), view("a", "billing", "email"))


@pytest.fixture
def embedded() -> Iterator[EmbeddedRegistry]:
    with EmbeddedRegistry() as registry:
        yield registry


def settings(url: str) -> Settings:
    return Settings(registry_url=url, registry=Options({"max.retries": 0}))


def outcomes(results: list[Result]) -> dict[tuple[str, str], str]:
    return {(one.step.kind, one.step.about): one.outcome.value for one in results}


def done(declared: Contracts, url: str, refuses: Callable[[Asked], int]) -> list[Result]:
    """Plans at an open door, and does it at one that refuses something."""
    found = plan(declared, settings(url))
    with guarded(url, refuses) as door:
        return apply(found, declared, settings(door.url))


def test_references_first_levels_before_schemas_and_projections_last(embedded: EmbeddedRegistry) -> None:
    with guarded(embedded.url) as door:
        told: list[tuple[str, int, int]] = []
        found = plan(DECLARED, settings(door.url))
        door.asked.clear()
        apply(found, DECLARED, settings(door.url), lambda one, number, of: told.append((one.outcome, number, of)))
        paths = [one.partition("?")[0] for one in door.asked]
        written = [one for one in paths if one.startswith("PUT") or one.endswith("/versions")]

    def place(what: str) -> int:
        (found,) = [number for number, one in enumerate(written) if one == what]
        return found

    for subject in (MONEY, "a.orders-value", "a.customers-value", "a.customers-value.readers.billing"):
        assert place(f"PUT /config/{subject}") < place(f"POST /subjects/{subject}/versions")
    assert place(f"POST /subjects/{MONEY}/versions") < place("POST /subjects/a.orders-value/versions")
    published = place("POST /subjects/a.customers-value.readers.billing/versions")
    assert place("POST /subjects/a.customers-value/versions") < published
    assert told == [("done", number, 8) for number in range(1, 9)]


def test_what_depends_on_a_failure_is_left_and_the_rest_goes_on(embedded: EmbeddedRegistry) -> None:
    results = done(DECLARED, embedded.url, lambda asked: 403 if f"/{MONEY}/versions" in asked.path else 0)
    assert outcomes(results) == {
        ("set-level", MONEY): "done",
        ("register", MONEY): "failed",
        ("set-level", "a.orders-value"): "left",
        ("register", "a.orders-value"): "left",
        ("set-level", "a.customers-value"): "done",
        ("register", "a.customers-value"): "done",
        ("set-level", "a.customers-value.readers.billing"): "done",
        ("publish", "a.customers-value.readers.billing"): "done",
    }
    failed = next(one for one in results if one.outcome is Outcome.FAILED)
    assert line(failed).startswith(f"failed      subject {MONEY}: cannot register {MONEY} under the subject {MONEY}")
    assert "credentials and their rights" in failed.message
    assert summary(results) == (
        "5 done, 1 failed and 2 left of 8 steps; run it again when the cause is gone, it goes on where this ended"
    )
    again = plan(DECLARED, settings(embedded.url))
    assert [(step.kind, step.about) for step in again.steps] == [
        ("set-level", MONEY),  # of a subject without a version nobody asks the level: setting it again changes nothing
        ("register", MONEY),
        ("set-level", "a.orders-value"),
        ("register", "a.orders-value"),
    ]
    apply(again, DECLARED, settings(embedded.url))
    assert plan(DECLARED, settings(embedded.url)).steps == ()


@pytest.mark.parametrize(
    ("status", "why"),
    [(401, "the registry does not accept the credentials"), (503, "the registry does not answer")],
)
def test_a_registry_that_is_gone_is_not_asked_for_everything(embedded: EmbeddedRegistry, status: int, why: str) -> None:
    declared = contracts(*(shared(f"a.Type{number:03}") for number in range(100)))
    found = plan(declared, settings(embedded.url))
    with guarded(embedded.url, lambda _: status) as door:
        results = apply(found, declared, settings(door.url))
        assert len(door.asked) < 50
        said = document(found, declared, settings(door.url), results)
    assert {one.outcome for one in results} == {Outcome.FAILED, Outcome.LEFT}
    assert {one.message for one in results if one.outcome is Outcome.LEFT} == {why}
    assert (said["done"], said["subjects"]) == (False, [])


def test_a_level_that_fails_keeps_its_schema_back(embedded: EmbeddedRegistry) -> None:
    """Otherwise the registry would judge by the wrong level."""
    results = done(contracts(entity("a")), embedded.url, lambda asked: 403 if asked.method == "PUT" else 0)
    assert [one.outcome.value for one in results] == ["failed", "left"]
    with Registry(embedded.url) as registry:
        assert registry.subjects() == []


def test_nothing_is_retired_as_long_as_something_is_not_published(embedded: EmbeddedRegistry) -> None:
    order_view = view("a", "billing", "id") | {"name": "a.billing.OrderView"}
    order_view["projection"] = {"of": "a.Order", "consumer": "billing"}
    before = contracts(entity("a", "email"), using("a", "long"), view("a", "billing", "email"))
    apply(plan(before, settings(embedded.url)), before, settings(embedded.url))
    after = contracts(entity("a", "email"), using("a", "long"), order_view)
    results = done(after, embedded.url, lambda asked: 403 if "orders-value.readers" in asked.path else 0)
    assert outcomes(results)["retire", "a.customers-value.readers.billing"] == "left"
    results = apply(plan(after, settings(embedded.url)), after, settings(embedded.url))
    assert outcomes(results)["retire", "a.customers-value.readers.billing"] == "done"


def test_the_wrong_password_is_said(embedded: EmbeddedRegistry) -> None:
    results = done(contracts(entity("a")), embedded.url, basic("ci", "s3cret"))
    assert "credentials" in results[0].message


def test_the_document_has_every_version_and_id(embedded: EmbeddedRegistry) -> None:
    first = contracts(entity("a", "email"))
    apply(plan(first, settings(embedded.url)), first, settings(embedded.url))
    found = plan(DECLARED, settings(embedded.url))
    results = apply(found, DECLARED, settings(embedded.url))
    said = document(found, DECLARED, settings(embedded.url), results)
    with Registry(embedded.url) as registry:
        latest = {name: registry.latest(name) for name in registry.subjects()}
    assert {one["subject"]: (one["version"], one["id"]) for one in said["subjects"]} == {
        name: (one.version, one.id) for name, one in latest.items() if one is not None
    }
    assert {one["subject"] for one in said["subjects"] if not one["registered"]} == {"a.customers-value"}
    assert said["done"] is True
    assert said["topics"] == []


def test_the_document_of_a_failure(embedded: EmbeddedRegistry) -> None:
    found = plan(DECLARED, settings(embedded.url))
    results = done(DECLARED, embedded.url, lambda asked: 403 if f"/{MONEY}/versions" in asked.path else 0)
    said = document(found, DECLARED, settings(embedded.url), results)
    assert said["done"] is False
    assert MONEY not in {one["subject"] for one in said["subjects"]}
    assert (
        next(one["outcome"] for one in said["steps"] if one["about"] == MONEY and one["kind"] == "register") == "failed"
    )
