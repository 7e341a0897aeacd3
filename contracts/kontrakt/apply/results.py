"""What came of the steps of a plan: a line for each, a sum, and a document for pipelines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from kontrakt.check.reports.view import one_line
from kontrakt.check.words import listed
from kontrakt.contract.readers import published
from kontrakt.errors import RegistryError, SchemaNotRegistered
from kontrakt.registry import Registry
from kontrakt.registry.history import side_by_side

from .execute import Outcome, Result
from .reports.json import of_step
from .steps import AddPartitions, CreateTopic, Publish, Register, Retire, SetConfig, SetLevel
from .topics import wanted

if TYPE_CHECKING:
    from kontrakt.contract import Contracts
    from kontrakt.registry import Registered
    from kontrakt.settings import Settings

    from .steps import Plan, Step

VERSION: Final = 1
_VERB: Final = 12
"""Columns for what was done."""


def line(result: Result) -> str:
    """What came of a step, on one line."""
    verb, what = _said(result.step)
    match result.outcome:
        case Outcome.DONE:
            known = f": version {result.version}, id {result.id}" if result.version else ""
            return one_line_of(verb, what + known)
        case Outcome.FAILED:
            return one_line_of("failed", f"{what}: {result.message}")
        case Outcome.LEFT:
            return one_line_of("left", f"{what}: {result.message}")


def one_line_of(verb: str, text: str) -> str:
    """A word in a column of its own, and a text."""
    return f"{verb.ljust(_VERB)}{one_line(text)}"


def summary(results: Sequence[Result]) -> str:
    """How many steps were done, failed and were left, and what to do about the latter."""
    counts = Counter(result.outcome for result in results)
    said = listed(f"{counts[outcome]} {outcome}" for outcome in Outcome if counts[outcome]) or "nothing to do"
    steps = f" of {len(results)} steps" if len(counts) > 1 else ""
    rest = "; run it again when the cause is gone, it goes on where this ended" if counts[Outcome.FAILED] else ""
    return f"{said}{steps}{rest}"


def document(plan: Plan, contracts: Contracts, settings: Settings, results: Sequence[Result]) -> dict[str, Any]:
    """What came of a plan as what JSON can say, with the version and id of every subject, also of those that were there already.

    Args:
        plan: The plan.
        contracts: The contracts that it was made for.
        settings: The settings, to ask the registry for the versions of what did not change; where it no longer answers, they
            are left out.
        results: What came of each step.
    """
    created = {one.step.about for one in results if isinstance(one.step, CreateTopic) and one.outcome is Outcome.DONE}
    failed = {one.step.about for one in results if isinstance(one.step, CreateTopic)} - created
    topics = [name for name in wanted(contracts) if plan.broker and name not in failed]
    return {
        "version": VERSION,
        "registry": plan.registry or None,
        "broker": plan.broker or None,
        "done": all(one.outcome is Outcome.DONE for one in results),
        "subjects": _subjects(contracts, settings, results, plan) if plan.registry else [],
        "topics": [{"topic": name, "created": name in created} for name in topics],
        "steps": [{**of_step(one.step), "outcome": one.outcome, "message": one.message or None} for one in results],
    }


def _subjects(contracts: Contracts, settings: Settings, results: Sequence[Result], plan: Plan) -> list[dict[str, Any]]:
    documents = (
        {one.name: contracts.documents[one.document] for one in contracts.subjects} if plan.only != "readers" else {}
    )
    documents |= {one.subject: one.document for one in published(contracts)}
    known = {one.step.about: one for one in results if one.version}
    rest = [name for name in documents if name not in known]
    with Registry(settings.registry_config) as registry:

        def find(name: str) -> Registered | None:
            try:
                return registry.look_up(name, documents[name], contracts.documents)
            except SchemaNotRegistered:
                return None

        try:
            found = dict(zip(rest, side_by_side(find, rest), strict=True))
        except RegistryError:  # why is said by the steps that failed
            found = {}
    subjects: list[dict[str, Any]] = []
    for name in sorted(documents):
        one = known.get(name) or found.get(name)
        if one is not None:
            subjects.append({"subject": name, "version": one.version, "id": one.id, "registered": name in known})
    return subjects


def _said(step: Step) -> tuple[str, str]:
    match step:
        case CreateTopic():
            return "created", f"topic {step.about}"
        case SetConfig():
            return "set", f"topic {step.about}: {step.name}={step.after}"
        case AddPartitions():
            return "extended", f"topic {step.about}: {step.after} partitions"
        case SetLevel():
            return "set", f"subject {step.about}: level {step.after}"
        case Register():
            return "registered", f"subject {step.about}"
        case Publish():
            return "published", f"projection {step.about}"
        case Retire():
            return "retired", f"projection {step.about}"
