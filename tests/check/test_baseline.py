"""The baseline: what is written, what is wrong with a file of it, and what it does to a report."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from kontrakt.check import baseline
from kontrakt.check.findings import Finding, Report, Severity
from kontrakt.errors import SettingsErrors

OLD, NEW = (
    Finding(
        rule="type-changed",
        severity=Severity.ERROR,
        message="`a` changed",
        reason="R.",
        subject_of=f"s.{name}",
        change="int -> string",
    )
    for name in ("old ü\n", "new")
)


def test_what_is_written_waives_the_same_findings_again(tmp_path: Path) -> None:
    path = tmp_path / "kontrakt-baseline.json"
    path.write_text(baseline.written(Report(against="", findings=(OLD,))), encoding="utf-8")
    report = baseline.applied(Report(against="", findings=(NEW, OLD)), baseline.read(path), path.name)
    assert {finding.subject_of: finding.waived for finding in report.findings} == {"s.old ü\n": "baseline", "s.new": ""}
    assert report.notes == ()
    assert report.failed
    assert not baseline.applied(Report(against="", findings=(OLD,)), baseline.read(path), path.name).failed


def test_writing_again_keeps_what_is_still_there_and_is_byte_identical() -> None:
    report = Report(against="", findings=(NEW, OLD))
    first = baseline.written(report)
    again = baseline.applied(report, {NEW.fingerprint, OLD.fingerprint}, "b")
    assert baseline.written(again) == first
    assert baseline.written(replace(report, findings=(OLD, NEW))) == first
    assert first.endswith("}\n")


def test_what_a_waiver_lets_pass_and_what_is_said_of_waivers_is_not_written() -> None:
    waived = replace(OLD, waived="billing agreed")
    about = replace(NEW, rule="waiver-expired")
    assert json.loads(baseline.written(Report(against="", findings=(waived, about))))["findings"] == []


def test_a_waiver_says_more_than_a_baseline() -> None:
    waived = replace(OLD, waived="billing agreed")
    report = baseline.applied(Report(against="", findings=(waived,)), {OLD.fingerprint}, "b")
    assert report.findings[0].waived == "billing agreed"


def test_findings_that_are_gone_are_said() -> None:
    report = baseline.applied(
        Report(against="", findings=(OLD,), notes=("a note",)), {OLD.fingerprint, "0" * 16}, "b.json"
    )
    assert report.notes == (
        "a note",
        "1 of the findings in b.json are gone; write it again with `--write-baseline`",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1:1: the file is empty"),
        ("{", ":1:2: expected"),
        ("[]", ":1:1: this is not a baseline"),
        ('{"version": 1}', ":1:1: this is not a baseline"),
        ('{"version": 1, "findings": {}}', ":1:28: this is not a baseline"),
        ('{"version": 2, "findings": []}', ":1:13: the baseline is not of version 1"),
        ('{"findings": []}', ":1:1: the baseline is not of version 1"),
        ('{"version": 1, "findings": [3]}', ":1:29: a finding of the baseline has no fingerprint"),
        ('{"version": 1, "findings": [{"fingerprint": "x"}]}', ":1:45: a finding of the baseline has no fingerprint"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "b.json"
    path.write_text(text)
    with pytest.raises(SettingsErrors) as raised:
        baseline.read(path)
    assert said in str(raised.value)


def test_no_file_is_an_empty_baseline_unless_it_was_named(tmp_path: Path) -> None:
    assert baseline.read(tmp_path / "b.json") == {}
    with pytest.raises(SettingsErrors, match="no such baseline"):
        baseline.read(tmp_path / "b.json", required=True)
