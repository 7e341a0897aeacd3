"""Waivers: findings that people let pass, one by one, with a reason and a last day.

They stand in a file of their own, which reviewers see change:

.. code-block:: toml

    [[waivers]]
    fingerprint = "3f1c5a7be9d20846"
    rule = "field-removed"
    reason = "billing-service reads contact since its release of January"
    expires = 2026-06-30
    by = "ada"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, TypeGuard

from kontrakt.avro.shapes import is_array, is_object
from kontrakt.errors import Position, Problem, SettingsErrors
from kontrakt.settings.file import File, described, instead, text_of

from .findings import Finding, Report, merged
from .rules.waivers import WaiverExpired, WaiverUnused

WORDS: Final = ("fingerprint", "rule", "reason", "expires", "by")
"""What a waiver says; all but the last are required."""
FINGERPRINT: Final = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A finding that may pass.

    Attributes:
        fingerprint: The finding's.
        rule: The id of the finding's rule.
        reason: Why it may pass.
        expires: The last day on which it may.
        by: Who agreed, or an empty string.
        position: Where it stands.
        rule_position: Where its rule stands.
    """

    fingerprint: str
    rule: str
    reason: str
    expires: date
    by: str
    position: Position
    rule_position: Position

    def __str__(self) -> str:
        by = f", {self.by}" if self.by else ""
        return f"{self.reason} (until {self.expires}{by})"


def read(path: Path, *, required: bool = False) -> tuple[Waiver, ...]:
    """Read a file of waivers.

    Args:
        path: Where it is.
        required: Whether it has to be there; otherwise a file that is missing holds no waivers.

    Raises:
        SettingsErrors: It is wrong; every problem is listed.
    """
    text = text_of(path)
    if text is None:
        if required:
            problem = Problem(
                Position(path.as_posix(), 1, 1), "there is no such file of waivers", "write it, or name another"
            )
            raise SettingsErrors([problem])
        return ()
    reader = _Reader(File(path, text))
    waivers = reader.waivers()
    if reader.problems:
        raise SettingsErrors(reader.problems)
    return waivers


def applied(report: Report, waivers: Iterable[Waiver], today: date) -> Report:
    """A report in which the findings that have a waiver are waived.

    A waiver whose last day is over waives nothing, and is a finding itself; so is one that matches nothing.

    Args:
        report: The report.
        waivers: The waivers.
        today: The day of the check.

    Raises:
        SettingsErrors: A waiver names another rule than the finding of its fingerprint.
    """
    found = {finding.fingerprint: finding for finding in report.findings}
    problems: list[Problem] = []
    about: list[Finding] = []
    for waiver in waivers:
        finding = found.get(waiver.fingerprint)
        if finding is None:
            what = f"no finding has the fingerprint `{waiver.fingerprint}`"
            about.append(WaiverUnused.finding(what, waiver.fingerprint, new=waiver.position))
        elif finding.rule != waiver.rule:
            what = f"the finding {waiver.fingerprint} is of the rule {finding.rule}, not {waiver.rule}"
            problems.append(Problem(waiver.rule_position, what, "correct the rule, or take the fingerprint of another"))
        elif waiver.expires < today:
            what = f"the waiver of `{finding.subject_of}` expired on {waiver.expires}"
            about.append(WaiverExpired.finding(what, waiver.fingerprint, new=waiver.position, topics=finding.topics))
        else:
            found[waiver.fingerprint] = replace(finding, waived=str(waiver))
    if problems:
        raise SettingsErrors(problems)
    return replace(report, findings=merged([*found.values(), *about]))


class _Reader:
    """Reads one file; everything that is wrong becomes a problem."""

    def __init__(self, file: File) -> None:
        self.problems: list[Problem] = []
        self._file = file

    def waivers(self) -> tuple[Waiver, ...]:
        table: Any = self._file.table
        for key in table:
            if key != "waivers":
                self._problem((key,), f"{key!r} is not known here", "write each waiver as a table [[waivers]]")
        tables = table.get("waivers", [])
        if not is_array(tables):
            self._problem(("waivers",), f"waivers must be tables, not {described(tables)}", "write [[waivers]]")
            return ()
        places: dict[str, Position] = {}
        found: list[Waiver] = []
        for index, one in enumerate(tables):
            waiver = self._waiver(index, one)
            if waiver is None:
                continue
            first = places.setdefault(waiver.fingerprint, waiver.position)
            if first is not waiver.position:
                self._problem(
                    ("waivers", index, "fingerprint"),
                    f"{waiver.fingerprint} is waived twice, first at {first}",
                    "remove one",
                )
            found.append(waiver)
        return tuple(found)

    def _waiver(self, index: int, said: Any) -> Waiver | None:
        if not is_object(said):
            self._problem(("waivers", index), f"a waiver must be a table, not {described(said)}")
            return None
        for word in said:
            if word not in WORDS:
                self._problem(("waivers", index, word), f"a waiver has no {word!r}", instead(word, WORDS))
        fingerprint = self._word(
            index, said, "fingerprint", _is_fingerprint, "16 digits and letters, as the check shows them"
        )
        rule = self._word(index, said, "rule", _is_text, "the id of the finding's rule, such as `field-removed`")
        reason = self._word(index, said, "reason", _is_text, "say why nobody breaks, or who agreed to it")
        expires = self._word(
            index, said, "expires", _is_day, "the last day on which it counts, such as 2026-06-30, without quotes"
        )
        by = self._word(index, said, "by", _is_text, "who agreed to it") if "by" in said else ""
        if None in (fingerprint, rule, reason, expires, by):
            return None
        return Waiver(
            fingerprint=fingerprint,
            rule=rule,
            reason=" ".join(reason.split()),
            expires=expires,
            by=by,
            position=self._file.place("waivers", index),
            rule_position=self._file.place("waivers", index, "rule"),
        )

    def _word(self, index: int, said: dict[str, Any], word: str, fits: Callable[[object], bool], hint: str) -> Any:
        value = said.get(word)
        if value is None:
            self._problem(("waivers", index), f"the waiver has no {word}", hint)
        elif not fits(value):
            shown = repr(value) if isinstance(value, str) else described(value)
            self._problem(("waivers", index, word), f"{word} cannot be {shown}", hint)
            return None
        return value

    def _problem(self, path: tuple[str | int, ...], message: str, hint: str = "") -> None:
        self.problems.append(Problem(self._file.place(*path), message, hint))


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def _is_fingerprint(value: object) -> bool:
    return isinstance(value, str) and FINGERPRINT.fullmatch(value) is not None


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)
