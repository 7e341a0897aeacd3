"""For people at a terminal: like a diff, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kontrakt.check.reports.text import WIDTH, wrapped
from kontrakt.check.reports.view import one_line

from .view import ADD, CHANGE, REMOVE, compared, drift, instead, items, summary

if TYPE_CHECKING:
    from kontrakt.apply.steps import Obstacle, Plan
    from kontrakt.check.reports import View

_COLORS: Final = {ADD: "32", CHANGE: "33", REMOVE: "31"}
_BOLD: Final = "1"
_DIM: Final = "2"
_ERROR: Final = "1;31"
_LABEL: Final = 12


def render(plan: Plan, view: View) -> str:
    """A plan as text."""
    return "\n".join(_Text(color=view.color).lines(plan)) + "\n"


class _Text:
    def __init__(self, *, color: bool) -> None:
        self._color = color

    def lines(self, plan: Plan) -> Iterator[str]:
        for item in items(plan):
            heading = one_line(f"{item.sign} {item.what} {item.name}")
            together = ", ".join(map(one_line, item.details))
            on_one_line = len(heading) + 2 + len(together) <= WIDTH
            shown = self._in(_COLORS[item.sign], heading)
            yield f"{shown}  {together}" if on_one_line and together else shown
            for detail in () if on_one_line else item.details:
                yield from (f"    {line}" for line in wrapped(one_line(detail), WIDTH - 4))
        if plan.steps:
            yield ""
        for obstacle in plan.obstacles:
            yield from self._obstacle(plan, obstacle)
            yield ""
        yield from wrapped(f"{compared(plan)}: {summary(plan)}")
        if plan.drift:
            yield from wrapped(drift(plan))
        for note in plan.notes:
            yield from wrapped(f"note: {one_line(note)}")

    def _obstacle(self, plan: Plan, obstacle: Obstacle) -> Iterator[str]:
        word = "allowed" if plan.allows(obstacle) else "against it"
        first, *rest = wrapped(f"{word}: {one_line(obstacle.message)}", WIDTH)
        yield self._in(_DIM if plan.allows(obstacle) else _ERROR, word) + self._in(_BOLD, first[len(word) :])
        yield from (self._in(_BOLD, line) for line in rest)
        facts = (
            ("where", [obstacle.place] if obstacle.place else []),
            ("breaks", [", ".join(obstacle.breaks)] if obstacle.breaks else []),
            ("why", [obstacle.reason] if obstacle.reason else []),
            ("instead", list(instead(plan, obstacle))),
        )
        for label, said in facts:
            shown = f"    {label}".ljust(_LABEL)
            for line in said:
                for part in wrapped(one_line(line), WIDTH - _LABEL - 1, ""):
                    yield f"{self._in(_DIM, shown)} {part}"
                    shown = " " * _LABEL

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color and text.strip() else text
