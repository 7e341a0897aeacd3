"""Doing a plan.

The order is one in which it may stop anywhere:

1. **Topics first**, their settings and partitions. A topic without schemas harms nobody, because clients that find no schema do not
   start. The other way round, a producer could find its schema and send to a topic that the broker makes up with its own settings.
2. **Then subjects**, each after those that its schema refers to, so that no schema is ever there without its references. A subject's
   level is set before its new version: the registry judges the version by the level of the contract, and refuses it where that is
   stricter. (Apicurio 2 knows no level of a subject without a version; there it is set right after the first one, which no
   level could refuse.) A subject waits for its topic.
3. **Then projections** are published, and what their consumers no longer have is retired **last**: in between there is more than there
   should be, never less, and the owner's check protects a field too many rather than one too few.

Subjects that do not depend on each other go side by side; topics go with one request for all of them. When a step fails, what depends
on it is not tried, and the rest goes on; when the registry does not answer, or knows nobody by these credentials, nothing more is asked of it.
Everything is compared anew by the next run, which does what is left: a step is never done twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from graphlib import TopologicalSorter
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from kontrakt.contract.readers import published, reads
from kontrakt.errors import KontraktError, RegistryDenied, RegistryUnavailable, SchemaNotFound
from kontrakt.registry import Registry
from kontrakt.registry.history import CONNECTIONS
from kontrakt.registry.registering import publish_one

from .broker import Broker
from .steps import AddPartitions, CreateTopic, Publish, Register, Retire, SetConfig, SetLevel

if TYPE_CHECKING:
    from kontrakt.contract import Contracts
    from kontrakt.registry import Registered
    from kontrakt.settings import Settings

    from .steps import Plan, Step, TopicStep

Told: TypeAlias = "Callable[[Result, int, int], None]"
"""Told what came of a step, how many are finished, and how many there are."""


class Outcome(StrEnum):
    """What came of a step."""

    DONE = "done"
    FAILED = "failed"
    LEFT = "left"
    """It was not tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a step.

    Attributes:
        step: The step.
        outcome: What came of it.
        message: Why it failed, or why it was left; empty where it is done.
        version: Of a schema: its version now; 0 for other steps.
        id: Of a schema: its id; 0 for other steps.
    """

    step: Step
    outcome: Outcome
    message: str = ""
    version: int = 0
    id: int = 0


def apply(plan: Plan, contracts: Contracts, settings: Settings, told: Told | None = None) -> list[Result]:
    """Do the steps of a plan, in the order that the module describes.

    Nothing is asked again before: what stands against the plan is for the caller to judge, and so is whether it still fits.

    Args:
        plan: The plan.
        contracts: The contracts that it was made for.
        settings: The settings, for the addresses and what else the clients are told.
        told: Told about each step when it is over.

    Returns:
        What came of each step, in the order of the plan.

    Raises:
        RegistryError: The configuration of the registry's client is not valid.
        BusError: librdkafka refuses the configuration.
    """
    run = _Run(plan.steps, told)
    topics = [step for step in plan.steps if isinstance(step, CreateTopic | SetConfig | AddPartitions)]
    if topics:
        run.topics(topics, settings)
    if len(topics) < len(plan.steps):
        with Registry(settings.registry_config) as registry:
            run.subjects(contracts, registry)
    return run.results()


class _Run:
    """One run.

    Args:
        steps: All steps.
        told: Told about each when it is over.
    """

    def __init__(self, steps: Sequence[Step], told: Told | None) -> None:
        self._steps = steps
        self._told = told
        self._results: dict[Step, Result] = {}

    def results(self) -> list[Result]:
        """What came of each step."""
        return [self._results[step] for step in self._steps]

    def _over(self, results: Iterable[Result]) -> None:
        for result in results:
            self._results[result.step] = result
            if self._told is not None:
                self._told(result, len(self._results), len(self._steps))

    # Topics

    def topics(self, steps: Sequence[TopicStep], settings: Settings) -> None:
        """Topics are made before anything about those that are there changes."""
        broker = Broker(settings.kafka_config)
        for group in (
            [step for step in steps if isinstance(step, CreateTopic)],
            [step for step in steps if not isinstance(step, CreateTopic)],
        ):
            failed = broker.do(group)
            self._over(
                Result(step=step, outcome=Outcome.FAILED, message=str(failed[step]))
                if step in failed
                else Result(step=step, outcome=Outcome.DONE)
                for step in group
            )

    # Subjects

    def subjects(self, contracts: Contracts, registry: Registry) -> None:
        """Subjects side by side, each when what it depends on is there."""
        jobs = _jobs(self._steps)
        done = Subjects(registry, contracts)
        waits_for = _dependencies(jobs, contracts)
        sorter = TopologicalSorter(waits_for)
        sorter.prepare()
        broken = self._broken_topics(contracts)
        running: dict[Future[Sequence[Result]], str] = {}
        with ThreadPoolExecutor(CONNECTIONS, "kontrakt-registry") as pool:
            try:
                while sorter.is_active():
                    for name in sorted(sorter.get_ready()):
                        because = broken.get(name) or next(filter(None, map(broken.get, sorted(waits_for[name]))), "")
                        if why := done.ended or because:
                            broken[name] = f"{name} is not done"
                            self._over(Result(step=one, outcome=Outcome.LEFT, message=why) for one in jobs[name])
                            sorter.done(name)
                        else:
                            running[pool.submit(done, jobs[name])] = name
                    for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                        name, results = running.pop(future), future.result()
                        if any(one.outcome is not Outcome.DONE for one in results):
                            broken[name] = f"{name} is not done"
                        self._over(results)
                        sorter.done(name)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _broken_topics(self, contracts: Contracts) -> dict[str, str]:
        """The subjects whose topic could not be made as the contract says, and why they wait."""
        failed = {one.step.about for one in self._results.values() if one.outcome is not Outcome.DONE}
        return {
            subject.name: f"the topic {subject.topic} is not as the contract says"
            for subject in contracts.subjects
            if subject.topic in failed
        }


class Subjects:
    """Does what is to be done about one subject. Many threads use it.

    Args:
        registry: The registry.
        contracts: The contracts.

    Attributes:
        ended: Why nothing more is asked of the registry; empty as long as it answers.
    """

    def __init__(self, registry: Registry, contracts: Contracts) -> None:
        self.ended = ""
        self._registry = registry
        self._documents = contracts.documents
        self._published = {one.subject: one.document for one in published(contracts)}

    def __call__(self, steps: Sequence[Step]) -> Sequence[Result]:
        """Do the steps of one subject, one after the other; after one that fails the others are left."""
        results: list[Result] = []
        left = deque(steps)
        while left:
            step = left.popleft()
            try:
                results.append(self._do(step))
            except KontraktError as error:
                if isinstance(step, SetLevel) and isinstance(error, SchemaNotFound) and left:
                    left.append(step)  # Apicurio 2 wants a version first
                    continue
                self._note(error)
                results.append(Result(step=step, outcome=Outcome.FAILED, message=str(error)))
                why = f"the step before it failed, for {step.about}"
                results.extend(Result(step=one, outcome=Outcome.LEFT, message=why) for one in left)
                break
        return results

    def _do(self, step: Step) -> Result:
        match step:
            case SetLevel():
                self._registry.set_level(step.about, step.after)
            case Register():
                return _registered(
                    step, self._registry.add(step.about, self._documents[step.document], self._documents)
                )
            case Publish():
                return _registered(step, publish_one(step.about, self._published[step.about], self._registry))
            case Retire():
                self._registry.delete_subject(step.about)
            case _:
                raise TypeError(step)
        return Result(step=step, outcome=Outcome.DONE)

    def _note(self, error: KontraktError) -> None:
        """What makes it pointless to ask the registry anything more."""
        if isinstance(error, RegistryUnavailable):
            self.ended = "the registry does not answer"
        elif isinstance(error, RegistryDenied) and error.status != HTTPStatus.FORBIDDEN:
            self.ended = "the registry does not accept the credentials"


def _registered(step: Step, found: Registered) -> Result:
    return Result(step=step, outcome=Outcome.DONE, version=found.version, id=found.id)


def _jobs(steps: Iterable[Step]) -> dict[str, list[Step]]:
    """The steps of each subject."""
    jobs: dict[str, list[Step]] = {}
    for step in steps:
        if not isinstance(step, CreateTopic | SetConfig | AddPartitions):
            jobs.setdefault(step.about, []).append(step)
    return jobs


def _dependencies(jobs: Mapping[str, Sequence[Step]], contracts: Contracts) -> dict[str, set[str]]:
    """The subjects that each subject waits for."""
    publishing = {name for name, steps in jobs.items() if any(isinstance(step, Publish) for step in steps)}
    document_of = {subject.name: contracts.documents[subject.document] for subject in contracts.subjects}
    waits_for: dict[str, set[str]] = {}
    for name, steps in jobs.items():
        if isinstance(steps[0], Retire):
            waits_for[name] = publishing
        elif name in document_of:
            waits_for[name] = {contracts.documents[used].subject for used in document_of[name].references}
        else:
            waits_for[name] = {read[0]} if (read := reads(name)) is not None else set()
        waits_for[name] = (waits_for[name] & jobs.keys()) - {name}
    return waits_for
