"""For programs: one document, described by a JSON Schema that comes with the package. It is also what a saved plan is.

What is there stays with its meaning as long as ``version`` does; new members may come.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final

from kontrakt.apply.steps import FOR_GOOD
from kontrakt.check.reports.json import document as check_document

if TYPE_CHECKING:
    from kontrakt.apply.steps import Obstacle, Plan, Step
    from kontrakt.check.reports import View

VERSION: Final = 1
_SCHEMA: Final = "plan.schema.json"


def render(plan: Plan, _view: View) -> str:
    """A plan as JSON."""
    return json.dumps(document(plan), indent=2) + "\n"


def schema() -> str:
    """The JSON Schema of what :func:`render` gives (draft 2020-12)."""
    return files(__name__.rpartition(".")[0]).joinpath(_SCHEMA).read_text(encoding="utf-8")


def document(plan: Plan) -> dict[str, Any]:
    """A plan as what JSON can say."""
    return {
        "version": VERSION,
        "registry": plan.registry or None,
        "broker": plan.broker or None,
        "cluster": plan.cluster or None,
        "only": plan.only,
        "consumers": list(plan.consumers),
        "allowed": sorted(plan.allowed),
        "topics": plan.topics,
        "subjects": plan.subjects,
        "steps": [of_step(step) for step in plan.steps],
        "obstacles": [_obstacle(plan, one) for one in plan.obstacles],
        "drift": [asdict(one) for one in plan.drift],
        "notes": list(plan.notes),
        "findings": check_document(plan.report)["findings"] if plan.report is not None else [],
    }


def of_step(step: Step) -> dict[str, Any]:
    """A step as what JSON can say."""
    said = asdict(step)
    if "config" in said:
        said["config"] = dict(said["config"])
    return {"kind": step.kind, **said}


def _obstacle(plan: Plan, one: Obstacle) -> dict[str, Any]:
    said = asdict(one) | {"place": one.place or None}
    return said | {"can_be_allowed": one.against not in FOR_GOOD, "allowed": plan.allows(one)}
