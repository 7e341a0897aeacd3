"""SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format"), in the subset that code scanning shows."""

from __future__ import annotations

import json
import re
from typing import Any, Final
from urllib.parse import quote

from kontrakt._version import __version__
from kontrakt.check.findings import Finding, Report, Severity
from kontrakt.errors import Position

from .pages import page
from .view import View, anchor, body, in_file, one_line

_SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PLACEHOLDER: Final = re.compile(r"\{(\d+)\}")


def render(report: Report, view: View) -> str:
    """A report as JSON, waived findings among it as suppressed results."""
    ids = sorted({finding.rule for finding in report.findings})
    driver = {"name": "kontrakt", "semanticVersion": __version__, "rules": [_rule(rule, view) for rule in ids]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, ids, view) for finding in report.findings],
        "properties": {"against": report.against, "notes": list(report.notes)},
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _rule(rule_id: str, view: View) -> dict[str, Any]:
    rule = view.rules.get(rule_id)
    if rule is None:
        return {"id": rule_id}
    return {
        "id": rule_id,
        "shortDescription": {"text": _text(rule.title)},
        "fullDescription": {"text": _text(rule.reason)},
        "help": {"text": _text(rule.reason), "markdown": page(rule)},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, ids: list[str], view: View) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": ids.index(finding.rule),
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(f"{one_line(finding.message)}\n{body(finding, 'new', 'at', 'rule')}")},
        "locations": [{"physicalLocation": _place(anchor(finding), view)}],
        "partialFingerprints": {"kontrakt/v1": finding.fingerprint},
        "properties": {"about": finding.subject_of, "breaks": list(finding.breaks), "topics": list(finding.topics)},
    }
    if finding.old is not None and in_file(finding.old):
        old = {"physicalLocation": _place(finding.old, view), "message": {"text": "where it stood"}}
        result["relatedLocations"] = [old]
    if finding.waived:
        result["suppressions"] = [{"kind": "external", "justification": finding.waived}]
    return result


def _place(place: Position, view: View) -> dict[str, Any]:
    return {
        "artifactLocation": {"uri": quote(view.path(place.file))},
        "region": {"startLine": place.line, "startColumn": place.column},
    }


def _text(text: str) -> str:
    """A text of ours as a plain text message: without what is a placeholder or a link there (SARIF, 3.11.5 and 3.11.6)."""
    return _PLACEHOLDER.sub(r"{{\1}}", text).replace("](", "]\u200b(")
