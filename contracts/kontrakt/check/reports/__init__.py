"""Reports of a check and of lint, one module a format, each with a function ``render``."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from .view import View, repository, wants_color

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kontrakt.check.findings import Report

    from .view import Render

FORMATS: Final[Mapping[str, str]] = {
    "text": "for people at a terminal",
    "json": "for programs; `--json-schema` prints its JSON Schema",
    "github": "annotations of GitHub Actions",
    "gitlab": "GitLab's code quality report",
    "junit": "JUnit's XML, a test case a topic",
    "sarif": "SARIF 2.1.0, for code scanning",
    "markdown": "a comment on a pull request",
}
"""Every format, and what it is for."""

__all__ = ["FORMATS", "View", "render", "repository", "wants_color"]


def render(name: str, report: Report, view: View | None = None) -> str:
    """A report in a format.

    Args:
        name: The format, one of :data:`FORMATS`.
        report: The report.
        view: Where and when it is shown.

    Returns:
        The text, with a line feed at its end.

    Raises:
        KeyError: There is no such format.
    """
    if name not in FORMATS:
        raise KeyError(name)
    renderer: Render = import_module(f"{__name__}.{name}").render
    return renderer(report, view or View())
