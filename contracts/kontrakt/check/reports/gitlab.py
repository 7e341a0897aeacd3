"""GitLab's code quality report (GitLab documentation, "Code Quality report format").

GitLab compares the reports of two branches by fingerprint, and wants a place for everything.
"""

from __future__ import annotations

import json
from typing import Any, Final

from kontrakt.check.findings import Finding, Report, Severity

from .view import View, anchor, body, one_line

_SEVERITIES: Final = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report, view: View) -> str:
    """The findings that are not waived as JSON."""
    return json.dumps([_issue(finding, view) for finding in report.open], indent=2) + "\n"


def _issue(finding: Finding, view: View) -> dict[str, Any]:
    place = anchor(finding)
    return {
        "description": f"{one_line(finding.message)}\n{body(finding, 'new', 'at')}",
        "check_name": finding.rule,
        "fingerprint": finding.fingerprint,
        "severity": _SEVERITIES[finding.severity],
        "location": {"path": view.path(place.file), "lines": {"begin": place.line}},
    }
