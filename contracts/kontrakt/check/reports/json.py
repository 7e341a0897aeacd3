"""For programs: one document, described by a JSON Schema that comes with the package.

What is there stays with its meaning as long as ``version`` does; new members may come.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any, Final

from kontrakt.check.findings import Finding, Report, Severity
from kontrakt.errors import Position

from .view import View

VERSION: Final = 1
_SCHEMA: Final = "check.schema.json"


def render(report: Report, _view: View) -> str:
    """A report as JSON."""
    return json.dumps(document(report), indent=2) + "\n"


def schema() -> str:
    """The JSON Schema of what :func:`render` gives (draft 2020-12)."""
    return files(__name__.rpartition(".")[0]).joinpath(_SCHEMA).read_text(encoding="utf-8")


def document(report: Report) -> dict[str, Any]:
    """A report as what JSON can say."""
    return {
        "version": VERSION,
        "against": report.against,
        "failed": report.failed,
        "fail_on": report.fail_on.value,
        "counts": {severity.value: report.count(severity) for severity in Severity} | {"waived": len(report.waived)},
        "topics": list(report.topics),
        "subjects": report.subjects,
        "notes": list(report.notes),
        "findings": [_finding(finding) for finding in report.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "fingerprint": finding.fingerprint,
        "rule": finding.rule,
        "severity": finding.severity.value,
        "about": finding.subject_of,
        "change": finding.change,
        "message": finding.message,
        "reason": finding.reason,
        "example": finding.example,
        "breaks": list(finding.breaks),
        "ways_out": list(finding.ways_out),
        "topics": list(finding.topics),
        "old": _place(finding.old),
        "new": _place(finding.new),
        "waived": finding.waived or None,
    }


def _place(place: Position | None) -> dict[str, Any] | None:
    return None if place is None else {"file": place.file, "line": place.line, "column": place.column}
