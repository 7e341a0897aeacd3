"""Plans in files: written by ``kontrakt plan --out``, done by ``kontrakt apply FILE`` as long as they fit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import TYPE_CHECKING, Any, Final, cast, get_args

from kontrakt.errors import PlanError

from .reports.json import VERSION
from .reports.view import items
from .steps import AddPartitions, Against, Only, Plan, Step

if TYPE_CHECKING:
    from pathlib import Path

_KINDS: Final[Mapping[str, type[Any]]] = {kind.kind: kind for kind in get_args(Step)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """A plan from a file.

    Attributes:
        file: The file.
        registry: The registry that it was made for, or an empty string.
        cluster: The Kafka cluster that it was made for, or an empty string.
        steps: Its steps.
        only: What was looked at.
        consumers: Consumers whose published projections are this repository's.
        allowed: The kinds of obstacles that are allowed.
    """

    file: str
    registry: str
    cluster: str
    steps: tuple[Step, ...]
    only: Only | None
    consumers: tuple[str, ...]
    allowed: frozenset[Against]


def read(file: Path) -> SavedPlan:
    """Read a plan that was saved.

    Args:
        file: The file.

    Raises:
        PlanError: It is not there, or it is not a plan that this version of kontrakt can read.
    """
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise PlanError(f"{file}: the plan cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise PlanError(f"{file}: this is not a plan: {error}") from error
    if not isinstance(said, dict):
        raise PlanError(f"{file}: this is not a plan; kontrakt plan --out {file} writes one")
    plan = cast("dict[str, Any]", said)
    if plan.get("version") != VERSION:
        raise PlanError(
            f"{file}: this is not a plan of version {VERSION}; make it anew with this kontrakt: kontrakt plan --out {file}"
        )
    try:
        return SavedPlan(
            file=str(file),
            registry=str(plan["registry"] or ""),
            cluster=str(plan["cluster"] or ""),
            steps=tuple(_step(one) for one in plan["steps"]),
            only=Only(plan["only"]) if plan["only"] else None,
            consumers=tuple(map(str, plan["consumers"])),
            allowed=frozenset(map(Against, plan["allowed"])),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise PlanError(f"{file}: this is not a plan: {type(error).__name__}: {error}") from error


def fits(saved: SavedPlan, now: Plan) -> None:
    """See that a saved plan still fits. What it wanted and is done already may be missing, so a run that was interrupted goes on.

    Args:
        saved: The plan.
        now: A plan of the same contracts, made now.

    Raises:
        PlanError: Something moved; it says what.
    """
    moved = [f"  {line}" for line in _moved(saved, now)]
    if moved:
        raise PlanError(
            "\n".join(
                (
                    f"{saved.file}: the plan no longer fits, so nothing was done:",
                    *moved,
                    "make a new plan, and look at it",
                )
            )
        )


_SHOWN: Final = 20


def _moved(saved: SavedPlan, now: Plan) -> Iterator[str]:
    if saved.registry != now.registry:
        yield f"it is for the registry {saved.registry or '(none)'}, and this is {now.registry or '(none)'}"
    if saved.cluster != now.cluster:
        yield f"it is for the Kafka cluster {saved.cluster or '(none)'}, and this is {now.cluster or '(none)'}"
    known = set(saved.steps)
    new = tuple(step for step in now.steps if step not in known)
    listed = [
        f"{item.sign} {item.what} {item.name}: {', '.join(item.details) or 'new'}" for item in items(Plan(steps=new))
    ]
    yield from listed[:_SHOWN]
    if len(listed) > _SHOWN:
        yield f"and {len(listed) - _SHOWN} more"


def _step(said: Mapping[str, Any]) -> Step:
    """A step from its JSON, with nothing in it of another type."""
    kind = _KINDS[said["kind"]]
    values: dict[str, Any] = {}
    for field in fields(kind):
        value = said[field.name] if field.default is MISSING else said.get(field.name, field.default)
        values[field.name] = _value(kind, field.name, value)
    step: Step = kind(**values)
    return step


def _value(kind: type[Any], name: str, value: Any) -> Any:
    counts = name in ("newest", "partitions", "replication") or (kind is AddPartitions and name in ("before", "after"))
    match value:
        case dict() if name == "config":
            config = cast("dict[str, object]", value)
            return tuple(sorted((setting, str(wanted)) for setting, wanted in config.items()))
        case list() | tuple() if name == "changes":
            return tuple(map(str, cast("list[object]", value)))
        case int() if counts:
            return value
        case None if name in ("partitions", "replication"):
            return value
        case str() if not counts and name not in ("config", "changes"):
            return value
        case _:
            raise TypeError(f"{name} cannot be {value!r}")
