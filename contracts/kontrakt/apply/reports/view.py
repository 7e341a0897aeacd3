"""The words that all formats share: steps by what they are about, and sums."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from kontrakt.apply.steps import (
    FOR_GOOD,
    AddPartitions,
    CreateTopic,
    Obstacle,
    Publish,
    Register,
    Retire,
    SetConfig,
    SetLevel,
)
from kontrakt.check.words import counted, listed
from kontrakt.contract.readers import reads

if TYPE_CHECKING:
    from kontrakt.apply.steps import Plan, Step
    from kontrakt.check.reports import View

ADD: Final = "+"
CHANGE: Final = "~"
REMOVE: Final = "-"


class Render(Protocol):
    """What the module of a format offers as ``render``."""

    def __call__(self, plan: Plan, view: View, /) -> str:
        """A plan in the format."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Everything that happens to a topic or a subject.

    Attributes:
        sign: ``+`` for what is new, ``~`` for what changes, ``-`` for what goes.
        what: ``topic``, ``subject`` or ``projection``.
        name: Its name.
        details: What happens to it, each in a few words.
    """

    sign: str
    what: str
    name: str
    details: tuple[str, ...]


def items(plan: Plan) -> Iterator[Item]:
    """What happens, by topic and subject, in the order of the steps."""
    found: dict[str, list[Step]] = {}
    for step in plan.steps:
        found.setdefault(step.about, []).append(step)
    for name, steps in found.items():
        yield Item(
            sign=_sign(steps),
            what=_what(name, steps[0]),
            name=name,
            details=tuple(detail for step in steps for detail in _details(step)),
        )


def _sign(steps: list[Step]) -> str:
    match steps[-1]:
        case CreateTopic():
            return ADD
        case Register(newest=0) | Publish(newest=0):
            return ADD
        case Retire():
            return REMOVE
        case _:
            return CHANGE


def _what(name: str, step: Step) -> str:
    if isinstance(step, CreateTopic | SetConfig | AddPartitions):
        return "topic"
    return "projection" if reads(name) is not None else "subject"


def _details(step: Step) -> Iterator[str]:
    match step:
        case CreateTopic():
            yield from (f"{name}={value}" for name, value in step.config)
            if step.partitions is not None:
                yield counted(step.partitions, "partition")
            if step.replication is not None:
                yield f"replication {step.replication}"
        case SetConfig():
            yield f"{step.name} {step.before or '(not set)'} -> {step.after}"
        case AddPartitions():
            yield f"partitions {step.before} -> {step.after}"
        case SetLevel():
            yield f"level {step.before} -> {step.after}" if step.before else f"level {step.after}"
        case Register():
            if step.newest:
                yield f"a new version after {step.newest}"
            yield from step.changes
        case Publish():
            if step.newest:
                yield f"a new version after {step.newest}"
        case Retire():
            yield "published before, and no projection here any more"


def summary(plan: Plan) -> str:
    """How much would happen, and how much stands against it."""
    signs = [item.sign for item in items(plan)]
    words = ((ADD, "to add"), (CHANGE, "to change"), (REMOVE, "to retire"))
    changes = listed(f"{signs.count(sign)} {word}" for sign, word in words if sign in signs) or "nothing to do"
    against = len(plan.against)
    return changes + (f"; {against} {'things stand' if against > 1 else 'thing stands'} against it" if against else "")


def compared(plan: Plan) -> str:
    """What was compared with what."""
    said = [f"{counted(plan.topics, 'topic')} with the broker at {plan.broker}"] * bool(plan.broker)
    said += [f"{counted(plan.subjects, 'subject')} with the registry at {plan.registry}"] * bool(plan.registry)
    return f"compared {listed(said)}"


def instead(plan: Plan, obstacle: Obstacle) -> Iterator[str]:
    """The ways out of an obstacle."""
    ways = [*obstacle.ways_out]
    if obstacle.against not in FOR_GOOD and not plan.allows(obstacle):
        ways.append(f"go on all the same with --allow {obstacle.against}")
    return (f"{'or ' if number else ''}{way}" for number, way in enumerate(ways))


def drift(plan: Plan) -> str:
    """How much of what is there already differs; an empty string where nothing does."""
    count = len(plan.drift)
    if not count:
        return ""
    return (
        f"{count} {'settings are' if count > 1 else 'setting is'} there already and not as the contracts say "
        f"(drift): {listed(f'{one.what} of {one.about}' for one in plan.drift)}"
    )
