"""Looking through plans of resolution."""

from __future__ import annotations

from kontrakt.avro.resolution import Fail, IntoUnion, ReadArray, ReadEnum, ReadMap, ReadRecord, ReadUnion, Step


def steps(root: Step) -> list[Step]:
    """Every step of a plan."""
    found: dict[int, Step] = {}
    stack: list[Step | None] = [root]
    while stack:
        step = stack.pop()
        if step is None or id(step) in found:
            continue
        found[id(step)] = step
        match step:
            case ReadArray():
                stack.append(step.items)
            case ReadMap():
                stack.append(step.values)
            case ReadUnion():
                stack.extend(step.branches)
            case IntoUnion():
                stack.append(step.step)
            case ReadRecord():
                stack.extend(inner for _, _, inner in step.steps)
            case _:
                pass
    return list(found.values())


def fails(step: Step) -> bool:
    """Whether some data fails in a step."""
    return (
        isinstance(step, Fail)
        or (isinstance(step, ReadRecord) and bool(step.missing))
        or (isinstance(step, ReadEnum) and None in step.symbols.values())
    )
