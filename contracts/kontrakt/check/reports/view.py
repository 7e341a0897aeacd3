"""What a report is shown to, and the words that all formats share."""

from __future__ import annotations

import os
import posixpath
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TextIO

from kontrakt.check.findings import Finding, Report, Severity
from kontrakt.check.rules import RULES, Rule
from kontrakt.errors import Position

if TYPE_CHECKING:
    from collections.abc import Iterable

SETTINGS: Final = "kontrakt.toml"
_SHOWN: Final = 5
_UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
"""Unicode's categories of what is not seen and may yet change how a text is shown: escapes, directions, separators."""
_JOINERS: Final = "\u200c\u200d"  # parts of words and emoji
_FILE: Final = re.compile(r"([A-Za-z]:)?[^:]+\.(avsc|avpr|toml)")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Where and when a report is shown.

    Attributes:
        color: Whether the text format may be coloured.
        root: The repository's folder, which the paths of machine-readable formats start from; an empty string where there
            is none, and paths stay as the check knows them.
        folder: The folder that the paths of the findings start from.
        comment: What tells the comment of this check from those of other checks on a pull request.
        when: When the check was made.
        rules: The rules of the findings by id, for formats that explain them.
    """

    color: bool = False
    root: str = ""
    folder: str = ""
    comment: str = "default"
    when: datetime = field(default_factory=lambda: datetime.now(UTC))
    rules: Mapping[str, type[Rule]] = field(default_factory=lambda: RULES)

    def path(self, file: str) -> str:
        """A file's path from the root of the repository, with slashes."""
        if self.root:
            inside = os.path.relpath(Path(self.folder, file), self.root)
            file = file if inside.startswith(os.pardir) else inside
        return posixpath.normpath(file.replace(os.sep, "/"))


class Render(Protocol):
    """What the module of a format offers as ``render``."""

    def __call__(self, report: Report, view: View, /) -> str:
        """A report in the format.

        Args:
            report: The report.
            view: Where and when it is shown.

        Returns:
            The text, with a line feed at its end.
        """
        ...


def repository(folder: Path) -> str:
    """The folder of the repository that a folder is in, or an empty string."""
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():  # a file in a worktree
            return str(candidate)
    return ""


def wants_color(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether to colour what goes to a stream: a terminal, unless ``NO_COLOR`` is set (https://no-color.org) or it is dumb."""
    return stream.isatty() and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def anchor(finding: Finding) -> Position:
    """The place in a file that a finding is shown at, by formats that need one: the first line of the settings if need be."""
    if finding.new is not None:
        return finding.new
    return finding.old if finding.old is not None and in_file(finding.old) else Position(SETTINGS, 1, 1)


def in_file(place: Position) -> bool:
    """Whether an old place is in a file that is still there to look at, rather than in a git ref or a version of a subject."""
    return _FILE.fullmatch(place.file) is not None


def printable(text: str) -> str:
    """A text in which nothing acts on a terminal, a log or a reader: what is not seen is written as an escape.

    Line feeds and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(char if char in "\n\t" or char in _JOINERS or _seen(char) else _escape(char) for char in text)


def one_line(text: str) -> str:
    """A text as one line."""
    return printable(" ".join(text.split()))


def counted(number: int, what: str) -> str:
    """A number of things."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def some(names: Iterable[str], what: str) -> str:
    """Names, the first ones where there are many."""
    listed = list(names)
    if len(listed) <= _SHOWN + 1:
        return ", ".join(map(one_line, listed))
    return f"{', '.join(map(one_line, listed[:_SHOWN]))} and {counted(len(listed) - _SHOWN, f'more {what}')}"


def summary(report: Report) -> str:
    """How many findings of which severity there are."""
    errors, warnings, infos = (report.count(severity) for severity in Severity)
    said = [counted(errors, "error")] * bool(errors) + [counted(warnings, "warning")] * bool(warnings)
    said += [f"{infos:,} for information"] * bool(infos) + [f"{len(report.waived):,} waived"] * bool(report.waived)
    return ", ".join(said) or "no findings"


def compared(report: Report) -> str:
    """What was compared with what; of lint, what was looked at."""
    looked_at = f"{counted(len(report.topics), 'topic')} and {counted(report.subjects, 'subject')}"
    return f"{looked_at} compared with {one_line(report.against)}" if report.against else f"{looked_at} linted"


def facts(finding: Finding) -> list[tuple[str, list[str]]]:
    """Everything that a finding says beside its message: labels, and lines below each. Labels without lines are left out."""
    said = [
        ("old", [one_line(str(finding.old))] if finding.old else []),
        ("new" if finding.compared else "at", [one_line(str(finding.new))] if finding.new else []),
        ("breaks", [", ".join(map(one_line, finding.breaks))] if finding.breaks else []),
        ("why", [finding.reason] if finding.reason else []),
        ("example", finding.example.splitlines()),
        ("instead", [f"{'or ' if number else ''}{way}" for number, way in enumerate(finding.ways_out)]),
        ("topics", [some(finding.topics, "topic")] if finding.topics else []),
        ("rule", [f"{finding.rule}, fingerprint {finding.fingerprint}"]),
    ]
    return [(label, [printable(line) for line in lines]) for label, lines in said if lines]


def body(finding: Finding, *leave_out: str) -> str:
    """The facts of a finding as plain text, one a line.

    Args:
        finding: The finding.
        leave_out: Labels of facts that are said elsewhere.
    """
    return "\n".join(
        f"{label}: {'; '.join(' '.join(line.split()) for line in lines)}"
        for label, lines in facts(finding)
        if label not in leave_out
    )


def _seen(char: str) -> bool:
    return unicodedata.category(char) not in _UNSEEN


def _escape(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
