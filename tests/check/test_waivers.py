"""Waivers: what their file says, what is wrong with it, and what they do to a report."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from kontrakt.check import waivers
from kontrakt.check.findings import Finding, Report, Severity
from kontrakt.errors import Problem, SettingsErrors

TODAY = date(2026, 3, 1)
REMOVED = Finding(
    rule="field-removed",
    severity=Severity.ERROR,
    message="`email` was removed",
    reason="Consumers read it.",
    subject_of="shop.Customer.email",
    topics=("shop.customers",),
)
ADDED = Finding(
    rule="field-added",
    severity=Severity.ERROR,
    message="`age` was added",
    reason="Because.",
    subject_of="shop.Customer.age",
)
REPORT = Report(against="git main", findings=(REMOVED, ADDED))


def waiver(**words: str) -> str:
    """A waiver of the removed field, as TOML; words are values as TOML writes them, an empty one leaves the word out."""
    said = {
        "fingerprint": f'"{REMOVED.fingerprint}"',
        "rule": '"field-removed"',
        "reason": '"billing reads contact"',
        "expires": "2026-06-30",
    } | words
    return "\n".join(["[[waivers]]", *(f"{word} = {value}" for word, value in said.items() if value)]) + "\n"


def read(folder: Path, text: str) -> tuple[waivers.Waiver, ...]:
    path = folder / "kontrakt-waivers.toml"
    path.write_text(text, encoding="utf-8")
    return waivers.read(path)


def problems(folder: Path, text: str) -> list[Problem]:
    with pytest.raises(SettingsErrors) as raised:
        read(folder, text)
    return list(raised.value.problems)


def test_a_waiver_waives_its_finding_and_no_other(tmp_path: Path) -> None:
    report = waivers.applied(REPORT, read(tmp_path, waiver(by='"ada"')), TODAY)
    assert {finding.rule: finding.waived for finding in report.findings} == {
        "field-removed": "billing reads contact (until 2026-06-30, ada)",
        "field-added": "",
    }
    assert report.count(Severity.ERROR) == 1
    assert report.failed


@pytest.mark.parametrize(
    ("today", "waived"), [(date(2026, 6, 29), True), (date(2026, 6, 30), True), (date(2026, 7, 1), False)]
)
def test_the_last_day_still_counts(tmp_path: Path, today: date, waived: bool) -> None:
    report = waivers.applied(REPORT, read(tmp_path, waiver()), today)
    (finding,) = (one for one in report.findings if one.rule == "field-removed")
    assert bool(finding.waived) == waived
    expired = [one for one in report.findings if one.rule == "waiver-expired"]
    assert len(expired) == (0 if waived else 1)
    for one in expired:
        assert one.severity is Severity.WARNING
        assert one.message == "the waiver of `shop.Customer.email` expired on 2026-06-30"
        assert one.topics == ("shop.customers",)
        assert one.new is not None
        assert one.new.line == 1


def test_a_waiver_that_matches_nothing_is_said_and_breaks_nobody(tmp_path: Path) -> None:
    said = read(tmp_path, "\n# of last year\n" + waiver(fingerprint='"0123456789abcdef"', expires="2020-01-01"))
    report = waivers.applied(Report(against="git main"), said, TODAY)
    (finding,) = report.findings
    assert (finding.rule, finding.severity) == ("waiver-unused", Severity.INFO)
    assert "0123456789abcdef" in finding.message
    assert (finding.new and finding.new.line) == 3
    assert not report.failed


def test_the_fingerprint_survives_other_topics_and_places(tmp_path: Path) -> None:
    elsewhere = REMOVED.reaching(["shop.archive"])
    report = waivers.applied(Report(against="", findings=(elsewhere,)), read(tmp_path, waiver()), TODAY)
    assert report.findings[0].waived


def test_a_waiver_of_another_rule_is_an_error(tmp_path: Path) -> None:
    said = read(tmp_path, waiver(rule='"field-added"'))
    with pytest.raises(SettingsErrors) as raised:
        waivers.applied(REPORT, said, TODAY)
    (problem,) = raised.value.problems
    assert (problem.position.line, problem.position.column) == (3, 1)
    assert "of the rule field-removed, not field-added" in problem.message


def test_no_file_holds_no_waivers_unless_it_was_named(tmp_path: Path) -> None:
    path = tmp_path / "kontrakt-waivers.toml"
    assert waivers.read(path) == ()
    with pytest.raises(SettingsErrors, match="no such file"):
        waivers.read(path, required=True)


@pytest.mark.parametrize(
    ("text", "places", "said"),
    [
        (waiver(reason=""), ["1:1"], "the waiver has no reason (say why nobody breaks, or who agreed to it)"),
        (waiver(reason='" "'), ["4:1"], "reason cannot be ' '"),
        (waiver(reason="3"), ["4:1"], "reason cannot be a number"),
        (waiver(expires=""), ["1:1"], "the waiver has no expires (the last day on which it counts"),
        (waiver(expires='"2026-06-30"'), ["5:1"], "without quotes"),
        (waiver(expires="2026-06-30T12:00:00Z"), ["5:1"], "expires cannot be a date or time"),
        (waiver(fingerprint='"3f1c"'), ["2:1"], "fingerprint cannot be '3f1c' (16 digits and letters"),
        (waiver(fingerprint=""), ["1:1"], "the waiver has no fingerprint"),
        (waiver(rule=""), ["1:1"], "the waiver has no rule"),
        (waiver(resaon='"x"'), ["6:1"], "a waiver has no 'resaon' (did you mean 'reason'?)"),
        (waiver(by="true"), ["6:1"], "by cannot be true"),
        (waiver() + "\n" + waiver(), ["8:1"], f"{REMOVED.fingerprint} is waived twice, first at"),
        ("waivers = 3\n", ["1:1"], "waivers must be tables, not a number"),
        ("waivers = [3]\n", ["1:1"], "a waiver must be a table, not a number"),
        ("[[waiver]]\n", ["1:1"], "'waiver' is not known here (write each waiver as a table [[waivers]])"),
        ("[[waivers]]\nrule = x", ["2:8"], "this is not TOML"),
        (waiver(reason="", expires='"x"') + waiver(rule=""), ["1:1", "4:1", "5:1"], "the waiver has no rule"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, places: list[str], said: str) -> None:
    found = problems(tmp_path, text)
    assert [f"{one.position.line}:{one.position.column}" for one in found] == places
    assert said in "\n".join(map(str, found))
    assert {Path(one.position.file).name for one in found} == {"kontrakt-waivers.toml"}


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "w.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsErrors, match="UTF-8"):
        waivers.read(path)
