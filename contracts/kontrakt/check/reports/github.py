"""Annotations of GitHub Actions.

GitHub Actions documentation, "Workflow commands": a message has ``%``, carriage returns and line feeds escaped, a property
``:`` and ``,`` too. GitHub shows ten errors and ten warnings of a step, so the worst come first.
"""

from __future__ import annotations

from typing import Final

from kontrakt.check.findings import Finding, Report, Severity

from .view import View, body, compared, one_line, summary

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render(report: Report, view: View) -> str:
    """A report as workflow commands, and a line that says what was compared."""
    lines = [_annotation(finding, view) for finding in report.open]
    lines.append(f"kontrakt: {_inert(compared(report))}: {summary(report)}")
    lines.extend(f"kontrakt: {_inert(one_line(note))}" for note in report.notes)
    return "\n".join(lines) + "\n"


def _annotation(finding: Finding, view: View) -> str:
    properties = {"title": f"{one_line(finding.message)} ({finding.rule})"}
    if finding.new is not None:
        place = {"file": view.path(finding.new.file), "line": str(finding.new.line), "col": str(finding.new.column)}
        properties = place | properties
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    return f"::{_COMMANDS[finding.severity]} {said}::{_data(body(finding, 'new', 'at'))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _inert(text: str) -> str:
    """A text without the sign of the runner's older commands, which it finds anywhere in a line."""
    return text.replace("##[", "## [")
