"""The baseline: the findings that a repository had when it began to be checked. They are shown, and never fail a check."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from kontrakt.avro import Node
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.avro.source import read_plain
from kontrakt.errors import Position, Problem, SettingsErrors

from .findings import Report, merged
from .rules.waivers import WaiverExpired, WaiverUnused
from .waivers import FINGERPRINT

VERSION: Final = 1
WAIVED: Final = "baseline"
"""Why the findings of a baseline are waived."""
_AGAIN: Final = "write it again with `--write-baseline`"
_NOT_KEPT: Final = frozenset((WaiverExpired.id, WaiverUnused.id))


def written(report: Report, others: Iterable[Mapping[str, Any]] = ()) -> str:
    """What a baseline file says of the findings that are not waived: JSON, sorted, one finding an object.

    Args:
        report: The report of a check.
        others: What the file says of findings that another command makes; they stay.
    """
    findings: list[Mapping[str, Any]] = [
        {
            "fingerprint": finding.fingerprint,
            "rule": finding.rule,
            "about": finding.subject_of,
            "change": finding.change,
            "message": finding.message,
        }
        for finding in report.findings
        if finding.waived in ("", WAIVED) and finding.rule not in _NOT_KEPT
    ]
    findings = sorted(
        (*findings, *others), key=lambda one: [str(one.get(word)) for word in ("about", "rule", "change")]
    )
    return json.dumps({"version": VERSION, "findings": findings}, indent=2, ensure_ascii=False) + "\n"


def read(path: Path, *, required: bool = False) -> Mapping[str, Mapping[str, Any]]:
    """Read the findings of a baseline file, by their fingerprints: what :func:`written` says of them.

    Args:
        path: Where it is.
        required: Whether it has to be there; otherwise a file that is missing holds nothing.

    Raises:
        SettingsErrors: It is wrong; every problem is listed.
        OSError: It cannot be read.
    """
    shown = path.as_posix()
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        if required:
            raise SettingsErrors([Problem(Position(shown, 1, 1), "there is no such baseline", _AGAIN)]) from None
        return {}
    node, problems = read_plain(data, shown)
    if node is not None and not problems:
        problems = list(_wrong(node))
    if node is None or problems:
        raise SettingsErrors(problems)
    said: Any = node.value["findings"]
    return {finding["fingerprint"]: finding for finding in said}


def applied(report: Report, fingerprints: Collection[str], name: str) -> Report:
    """A report in which the findings of a baseline are waived.

    Args:
        report: The report, with its waivers applied.
        fingerprints: Those of the baseline.
        name: The baseline's file, for the note that some of its findings are gone.
    """
    gone = len(set(fingerprints) - {finding.fingerprint for finding in report.findings})
    notes = (f"{gone} of the findings in {name} are gone; {_AGAIN}",) if gone else ()
    findings = (
        replace(finding, waived=WAIVED) if finding.fingerprint in fingerprints and not finding.waived else finding
        for finding in report.findings
    )
    return replace(report, findings=merged(findings), notes=(*report.notes, *notes))


def _wrong(node: Node) -> Iterator[Problem]:
    """What is wrong with a baseline that is JSON."""
    if not is_object(node.value) or not is_array(node.value.get("findings")):
        yield Problem(node.at("findings"), "this is not a baseline", _AGAIN)
        return
    if node.value.get("version") != VERSION:
        yield Problem(node.at("version"), f"the baseline is not of version {VERSION}", _AGAIN)
    for finding in node.members["findings"].items:
        said = finding.value.get("fingerprint") if is_object(finding.value) else None
        if not isinstance(said, str) or not FINGERPRINT.fullmatch(said):
            yield Problem(finding.at("fingerprint"), "a finding of the baseline has no fingerprint", _AGAIN)
