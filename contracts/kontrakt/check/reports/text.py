"""For people at a terminal: grouped by topic, in 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap
from typing import Final

from kontrakt.check.baseline import WAIVED
from kontrakt.check.findings import Finding, Report, Severity
from kontrakt.settings.model import WAIVERS

from .view import View, compared, counted, facts, one_line, some, summary

WIDTH: Final = 80
_LABEL: Final = 12
"""Columns before what a label says."""
_COLORS: Final = {Severity.ERROR: "1;31", Severity.WARNING: "1;33", Severity.INFO: "1;34"}
_BOLD: Final = "1"
_DIM: Final = "2"


def render(report: Report, view: View) -> str:
    """A report as text."""
    return "\n".join(_Text(color=view.color).lines(report)) + "\n"


class _Text:
    def __init__(self, *, color: bool) -> None:
        self._color = color

    def lines(self, report: Report) -> Iterator[str]:
        groups: dict[str, list[Finding]] = {}
        for finding in report.open:
            groups.setdefault(some(finding.topics, "topic") or "no topic", []).append(finding)
        for heading, findings in groups.items():
            yield from (self._in(_BOLD, line) for line in wrapped(heading))
            for finding in findings:
                yield ""
                yield from self._finding(finding)
            yield ""
        yield from self._waived(report)
        yield from wrapped(f"{compared(report)}: {summary(report)}")
        for note in report.notes:
            yield from wrapped(f"note: {one_line(note)}")
        if report.failed:
            waive = "" if report.against else 'write `"waive": {"RULE": "reason"}` beside it in the schema, or '
            yield from wrapped(
                f"To let a finding pass on purpose, {waive}write its fingerprint, rule, a reason and a last day into {WAIVERS}."
            )

    def _finding(self, finding: Finding) -> Iterator[str]:
        severity = finding.severity.value
        first, *rest = wrapped(f"{severity}: {one_line(finding.message)}", WIDTH - 2) or [severity]
        yield "  " + self._in(_COLORS[finding.severity], severity) + self._in(_BOLD, first[len(severity) :])
        yield from (self._in(_BOLD, f"  {line}") for line in rest)
        for label, said in facts(finding):
            if label == "topics":  # the heading says them
                continue
            shown = f"    {label}".ljust(_LABEL)
            for line in said:
                for part in wrapped(line, WIDTH - _LABEL - 1, "") or [""]:
                    yield f"{self._in(_DIM, shown)} {part}"
                    shown = " " * _LABEL

    def _waived(self, report: Report) -> Iterator[str]:
        waived = [finding for finding in report.waived if finding.waived != WAIVED]
        if waived:
            yield self._in(_BOLD, "waived")
            for finding in waived:
                yield from wrapped(
                    f"  {one_line(finding.subject_of)}: {one_line(finding.message)} [{finding.rule}]: {one_line(finding.waived)}"
                )
        if known := len(report.waived) - len(waived):
            yield from wrapped(f"{counted(known, 'finding')} of the baseline")
        if report.waived:
            yield ""

    def _in(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self._color and text.strip() else text


def wrapped(text: str, width: int = WIDTH, indent: str = "  ") -> list[str]:
    """A text in lines; a name or a place is never broken, even where it is wider."""
    return wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
