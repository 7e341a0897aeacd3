"""What becomes of a report: printed, written, waived, and an exit code; with a command in the place of the check."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from kontrakt.check import reports
from kontrakt.check.findings import Report, Severity
from kontrakt.check.reports import json as json_format
from kontrakt.cli import reporting
from kontrakt.cli.failures import reported
from kontrakt.cli.options import settings_with

from tests.check.reports.examples import SHOP

ROOT = Path(__file__).parents[2]


@click.command
@reporting.reporting
def check(**options: Any) -> None:
    """Stands in the place of the check, which has found what the example says."""
    with reported():
        reporting.deliver(SHOP, settings_with(), **options)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, in a repository."""
    (tmp_path / ".git").mkdir()
    inner = tmp_path / "services"
    inner.mkdir()
    monkeypatch.chdir(inner)
    return inner


def run(*arguments: str) -> Result:
    return CliRunner().invoke(check, arguments)


def test_the_formats_are_those_of_the_library() -> None:
    assert list(reporting.FORMATS) == list(reports.FORMATS)


def test_text_is_printed_and_the_exit_code_tells() -> None:
    done = run()
    assert done.exit_code == 1
    assert "error: `email` was removed" in done.output
    assert "\x1b" not in done.output


@pytest.mark.parametrize("name", reporting.FORMATS)
def test_every_format_is_printed(name: str) -> None:
    done = run("--format", name)
    assert done.exit_code == 1
    assert "8f4d6315dab78d12" in done.output


def test_more_formats_go_to_files(folder: Path) -> None:
    done = run("--format", "github", "--output", "sarif=k.sarif", "--output", "markdown=a=b.md", "--comment", "orders")
    assert "::error file=services/schemas/customer.avsc,line=3" in done.output
    assert json.loads((folder / "k.sarif").read_text())["version"] == "2.1.0"
    assert (folder / "a=b.md").read_text().startswith("<!-- kontrakt-check: orders -->\n")


@pytest.mark.parametrize("said", ["sarif", "sarif=", "html=a.html", "=a"])
def test_an_output_that_is_none(said: str) -> None:
    done = run("--output", said)
    assert done.exit_code == 2
    assert "FORMAT=FILE" in done.output


def test_an_output_that_cannot_be_written() -> None:
    done = run("--output", "json=nowhere/k.json")
    assert done.exit_code == 2
    assert "nowhere/k.json: No such file or directory" in done.output


def test_the_json_schema() -> None:
    done = run("--json-schema")
    assert (done.exit_code, done.output) == (0, json_format.schema())


def test_quiet_prints_only_what_fails() -> None:
    assert run("--quiet").output == run().output
    fine = replace(SHOP, findings=SHOP.waived)

    @click.command
    @reporting.reporting
    def passing(**options: Any) -> None:
        reporting.deliver(fine, settings_with(), **options)

    assert CliRunner().invoke(passing, ["--quiet"]).output == ""
    done = CliRunner().invoke(passing, ["--quiet", "--output", "json=k.json"])
    assert (done.exit_code, done.output) == (0, "")
    assert not json.loads(Path("k.json").read_text())["failed"]


def test_a_baseline_is_written_instead(folder: Path) -> None:
    done = run("--write-baseline")
    assert (done.exit_code, done.output) == (0, "kontrakt-baseline.json: 5 findings\n")
    assert json.loads((folder / "kontrakt-baseline.json").read_text())["version"] == 1


def test_a_terminal_that_knows_ascii_only() -> None:
    """A name that it cannot show is written as an escape, and is no reason to fail."""
    program = (
        "from kontrakt.check.findings import *; from kontrakt.cli.reporting import *; from kontrakt.settings import Settings\n"
        "found = Finding(rule='r', severity=Severity.ERROR, message='\\u00fc \\U0001f642', reason='', subject_of='')\n"
        "deliver(Report(against='x', findings=(found,)), Settings(), form='text', outputs=(), comment='', waivers=None,"
        " baseline=None, write_baseline=False, quiet=False)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": str(ROOT / "contracts"), "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "error: \\xfc \\U0001f642" in done.stdout


def test_a_report_without_findings_is_fine() -> None:
    @click.command
    @reporting.reporting
    def nothing(**options: Any) -> None:
        reporting.deliver(Report(against="git main", fail_on=Severity.INFO), settings_with(), **options)

    done = CliRunner().invoke(nothing)
    assert (done.exit_code, done.output) == (0, "0 topics and 0 subjects compared with git main: no findings\n")
