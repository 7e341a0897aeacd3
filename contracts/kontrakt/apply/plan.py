"""A plan: contracts beside what the registry and the broker hold."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from kontrakt.check.compare import compare
from kontrakt.contract.readers import published
from kontrakt.errors import BusDenied

from .broker import Broker
from .steps import AddPartitions, Against, CreateTopic, Only, Plan, SetConfig
from .subject_plan import SubjectPlan
from .topic_plan import TopicPlan, refused
from .topics import wanted
from .world import World, narrowed, seen

if TYPE_CHECKING:
    from kontrakt.check.findings import Report
    from kontrakt.contract import Contracts
    from kontrakt.registry import Progress
    from kontrakt.settings import Settings


def plan(
    contracts: Contracts,
    settings: Settings,
    *,
    only: Only | None = None,
    consumers: Collection[str] = (),
    allowed: Collection[Against] = (),
    let_pass: Callable[[Report], Report] | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Say what would make the registry and the broker as the contracts say, and what stands against it. Nothing is written.

    Without an address the registry, or the broker, is left out, and the plan says so. The broker is asked what it would say of
    the steps too (Kafka's ``validate_only``), so that a policy or a setting that it does not know shows before anything is done.

    Args:
        contracts: The contracts.
        settings: The settings, for the addresses and what else the clients are told.
        only: What to look at; None for everything.
        consumers: Consumers whose published projections are this repository's, beside those that the contracts name: for what
            a consumer published when its last projection is gone.
        allowed: The kinds of obstacles that are allowed.
        let_pass: Waives what may pass of the check's report.
        progress: Told about each step.

    Raises:
        ContractErrors: A consumer has two projections of one record.
        RegistryError: The registry cannot be asked.
        BusError: The broker cannot be asked.
    """
    world = seen(contracts, settings, only=only, consumers=consumers, progress=progress)
    report = None
    if world.registry is not None:
        period = settings.deprecation_period
        report = compare(narrowed(contracts, only), world.registry.past, deprecation_period=period, progress=progress)
        report = let_pass(report) if let_pass is not None else report
    found = replace(
        compared(contracts, world, report, only=only),
        only=only,
        consumers=tuple(sorted({*consumers})),
        allowed=frozenset(allowed),
    )
    if world.broker is None or world.broker.limited:
        return found
    return _asked(found, Broker(settings.kafka_config))


def compared(contracts: Contracts, world: World, report: Report | None, *, only: Only | None = None) -> Plan:
    """The plan for a world that is known.

    Args:
        contracts: The contracts.
        world: What there is.
        report: What the check says of the contracts beside what the registry holds; None without a registry.
        only: What was looked at.
    """
    found = Plan(notes=world.unseen, report=report)
    if world.broker is not None:
        topics = wanted(contracts)
        of_topics = TopicPlan(topics, world.broker)
        found = replace(
            found,
            broker=world.broker.servers,
            cluster=world.broker.cluster,
            steps=tuple(of_topics.steps),
            obstacles=tuple(of_topics.obstacles),
            drift=tuple(of_topics.drift),
            notes=(*found.notes, *of_topics.notes),
            topics=len(topics),
        )
    if world.registry is not None and report is not None:
        looked_at = narrowed(contracts, only)
        of_subjects = SubjectPlan(looked_at, world.registry, report)
        found = replace(
            found,
            registry=world.registry.name,
            steps=(*found.steps, *of_subjects.steps),
            obstacles=(*found.obstacles, *of_subjects.obstacles),
            drift=(*found.drift, *of_subjects.drift),
            notes=(*found.notes, *world.registry.past.notes, *of_subjects.notes),
            subjects=len(looked_at.subjects) + len(published(looked_at)),
        )
    return found


def _asked(found: Plan, broker: Broker) -> Plan:
    """The plan with what the broker says of it. Who may only read may plan all the same, and learns no more."""
    steps = [one for one in found.steps if isinstance(one, CreateTopic | SetConfig | AddPartitions)]
    errors = broker.do(steps, only_ask=True)
    denied = [error for error in errors.values() if isinstance(error, BusDenied)]
    note = "these credentials may not change topics, so the broker does not say what else it would refuse"
    wrong = {step: error for step, error in errors.items() if not isinstance(error, BusDenied)}
    return replace(
        found,
        obstacles=(*found.obstacles, *refused(wrong)),
        notes=(*found.notes, *([f"{note}: {denied[0]}"] if denied else ())),
    )
