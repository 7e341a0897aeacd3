"""A comment on a pull request: the summary first, then who breaks, then every finding to unfold.

The first line is a marker that no reader sees; whoever posts the comment finds the earlier one by it and updates that. Schemas
may come from anybody, so nothing in them acts here: no markup, no HTML, no mention, no link.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final

from kontrakt.check.findings import Finding, Report

from .view import View, compared, counted, facts, one_line, some, summary

LONGEST: Final = 65_536
"""GitHub's limit of a comment, in characters."""
_ENOUGH: Final = 60_000
_LONG: Final = 400
_MANY: Final = 20
_KEY: Final = re.compile(r"[^A-Za-z0-9._/]+")
_MARKUP: Final = re.compile(r"[\\`*_\[\]~|$!]")
_ACTS: Final = re.compile(r"[@#](?=\w)|:(?=//)|www(?=\.)", re.IGNORECASE)
_AS_CODE: Final = frozenset(("old", "new", "at", "rule"))


def render(report: Report, view: View) -> str:
    """A report as Markdown."""
    lines = [
        marker(view.comment, report.command),
        f"## kontrakt: {summary(report)}",
        "",
        f"{prose(compared(report))}.",
        "",
    ]
    for note in report.notes[:_MANY]:
        lines += [f"> Note: {prose(note)}", ""]
    lines += _who_breaks(report)
    left = _ENOUGH - sum(len(line) + 1 for line in lines)
    shown = 0
    for finding in report.open:
        details = _details(finding)
        if len(details) < left:
            left -= len(details) + 1
            lines.append(details)
            shown += 1
    if more := len(report.open) - shown:
        lines += [f"{counted(more, 'more finding')} did not fit here; the log has all.", ""]
    waived = "\n".join(_waived(report))
    if waived and len(waived) < left:
        lines.append(waived)
    return "\n".join(lines).rstrip("\n") + "\n"


def marker(comment: str, command: str = "check") -> str:
    """The first line of a comment.

    Args:
        comment: What tells it from the comments of other checks.
        command: The command that made the report.
    """
    return f"<!-- kontrakt-{command}: {_KEY.sub('-', comment)} -->"


def _who_breaks(report: Report) -> list[str]:
    broken: dict[str, list[Finding]] = {}
    for finding in report.open:
        for who in finding.breaks:
            broken.setdefault(who, []).append(finding)
    if not broken:
        return ["Nobody breaks.", ""] if report.open and report.against else []
    lines = ["### Who breaks", ""]
    for who, findings in list(broken.items())[:_MANY]:
        first, *others = findings
        more = f" and {counted(len(others), 'more finding')}" if others else ""
        lines.append(
            f"- **{prose(who)}**: {prose(first.message)} ({prose(some(first.topics, 'topic') or 'no topic')}){more}"
        )
    if len(broken) > _MANY:
        lines.append(f"- {counted(len(broken) - _MANY, 'other')}")
    return [*lines, "", "### What changed", ""]


def _details(finding: Finding) -> str:
    where = some(finding.topics, "topic")
    heading = f"<b>{finding.severity.value}</b> {_html(finding.message)}" + (f" ({_html(where)})" if where else "")
    lines = ["<details>", f"<summary>{heading}</summary>", ""]
    for label, said in facts(finding):
        if label == "topics":  # the heading says them
            continue
        if label == "example":
            lines += [
                f"- **{label}**",
                "",
                *(f"  {line}" for line in fenced([line[:_LONG] for line in said[:_MANY]])),
                "",
            ]
            continue
        first, *others = (_code(_short(line)) if label in _AS_CODE else prose(line) for line in said[:_MANY])
        lines += [f"- **{label}** {first}", *(f"  - {other}" for other in others)]  # others begin with "or"
    return "\n".join([*lines, "", "</details>", ""])


def _waived(report: Report) -> Iterator[str]:
    if not report.waived:
        return
    yield f"<details>\n<summary>{counted(len(report.waived), 'waived finding')}</summary>\n"
    for finding in report.waived[:_MANY]:
        yield f"- **{prose(finding.rule)}** {prose(finding.message)}: {prose(finding.waived)}"
    if len(report.waived) > _MANY:
        yield f"- {counted(len(report.waived) - _MANY, 'more finding')}"
    yield "\n</details>"


def prose(text: str) -> str:
    """A text in which only its own pairs of backticks mean something."""
    *pairs, last = _short(text).split("`")
    if len(pairs) % 2:  # one of them stands alone
        return _literal(_short(text))
    return "".join(_code(part) if number % 2 else _literal(part) for number, part in enumerate([*pairs, last]))


def _literal(text: str) -> str:
    """A text that means nothing inside a line. It never begins one."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", html.escape(_quiet(text), quote=False))


def _html(text: str) -> str:
    """A text where Markdown means nothing and HTML does."""
    parts = _short(text).split("`")
    if not len(parts) % 2:
        return html.escape(_quiet(_short(text)))
    return "".join(
        f"<code>{html.escape(part)}</code>" if number % 2 else html.escape(_quiet(part))
        for number, part in enumerate(parts)
    )


def _quiet(text: str) -> str:
    """Neither mentions people, nor refers to issues, nor becomes a link: a space of no width keeps them apart."""
    return _ACTS.sub(lambda found: f"{found[0]}\u200b", text)


def _code(text: str) -> str:
    """A span of code, whatever is in it."""
    fence = "`" * (1 + max(map(len, re.findall(r"`+", text)), default=0))
    pad = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def fenced(lines: list[str], language: str = "text") -> list[str]:
    """Lines as a block of code, whatever is in them."""
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence + language, *lines, fence]


def _short(text: str) -> str:
    text = one_line(text)
    return text if len(text) <= _LONG else text[: _LONG - 3] + "..."
