"""Reports of a plan, one module a format, each with a function ``render``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kontrakt.apply.steps import Plan
    from kontrakt.check.reports import View

    from .view import Render

FORMATS: Final[Mapping[str, str]] = {
    "text": "for people at a terminal",
    "json": "for programs, and for `kontrakt apply`; `--json-schema` prints its JSON Schema",
    "markdown": "a comment on a pull request",
}
"""Every format, and what it is for."""


def render(name: str, plan: Plan, view: View) -> str:
    """A plan in a format.

    Args:
        name: The format, one of :data:`FORMATS`.
        plan: The plan.
        view: Where it is shown.

    Returns:
        The text, with a line feed at its end.

    Raises:
        KeyError: There is no such format.
    """
    if name not in FORMATS:
        raise KeyError(name)
    renderer: Render = import_module(f"{__name__}.{name}").render
    return renderer(plan, view)
