"""A comment on a pull request: the sum first, then what stands against it, then every step, like a diff.

The first line is a marker that no reader sees; whoever posts the comment finds the earlier one by it and updates that. As in the
comments of the check, nothing that stands in a schema acts here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kontrakt.check.reports.markdown import fenced, marker, prose
from kontrakt.check.reports.view import counted, one_line

from .view import CHANGE, compared, drift, instead, items, summary

if TYPE_CHECKING:
    from kontrakt.apply.steps import Plan
    from kontrakt.check.reports import View

_ENOUGH: Final = 50_000
"""Characters for the steps; GitHub takes 65,536 in all."""
_MANY: Final = 20


def render(plan: Plan, view: View) -> str:
    """A plan as Markdown."""
    lines = [marker(view.comment, "plan"), f"## kontrakt plan: {summary(plan)}", "", f"{prose(compared(plan))}.", ""]
    for note in plan.notes[:_MANY]:
        lines += [f"> Note: {prose(note)}", ""]
    if plan.obstacles:
        lines += ["### What stands against it", ""]
    for obstacle in plan.obstacles[:_MANY]:
        allowed = " (allowed)" if plan.allows(obstacle) else ""
        lines += [f"- **{prose(obstacle.message)}**{allowed}"]
        lines += [f"  - where: {prose(obstacle.place)}"] * bool(obstacle.place)
        lines += [f"  - breaks: {prose(', '.join(obstacle.breaks))}"] * bool(obstacle.breaks)
        lines += [f"  - why: {prose(obstacle.reason)}"] * bool(obstacle.reason)
        lines += [f"  - {prose(way)}" for way in instead(plan, obstacle)]
    if (more := len(plan.obstacles) - _MANY) > 0:
        lines += [f"- {counted(more, 'more obstacle')}; the log has all"]
    if plan.obstacles:
        lines += [""]
    if plan.drift:
        lines += [f"{prose(drift(plan))}.", ""]
    lines += _steps(plan)
    return "\n".join(lines).rstrip("\n") + "\n"


def _steps(plan: Plan) -> list[str]:
    shown: list[str] = []
    left = _ENOUGH
    all_ = list(items(plan))
    for number, item in enumerate(all_):
        sign = "!" if item.sign == CHANGE else item.sign  # what a diff shows in a colour of its own
        block = [one_line(f"{sign} {item.what} {item.name}"), *(one_line(f"    {one}") for one in item.details)]
        block[1:] = [f"    {line}" for line in block[1:]]
        left -= sum(len(line) + 1 for line in block)
        if left < 0:
            shown.append(f"... and {len(all_) - number:,} more")
            break
        shown += block
    if not shown:
        return []
    return ["<details>", "<summary>What would happen</summary>", "", *fenced(shown, "diff"), "", "</details>"]
