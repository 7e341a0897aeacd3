"""``kontrakt rules`` and the pages of the rules."""

from __future__ import annotations

import os
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from kontrakt.check.rules import RULES as CHECKED
from kontrakt.check.rules import Rule
from kontrakt.cli.group import kontrakt
from kontrakt.lint.rules import RULES as LINTED

ROOT = Path(__file__).parents[2]
RULES: dict[str, type[Rule]] = dict(sorted({**CHECKED, **LINTED}.items()))


def test_all_are_listed_with_what_they_find() -> None:
    done = CliRunner().invoke(kontrakt, ["rules"])
    assert done.exit_code == 0
    lines = done.output.splitlines()
    assert [line.split()[0] for line in lines] == sorted(RULES)
    for line, rule in zip(lines, RULES.values(), strict=True):
        assert line.split(maxsplit=3)[1:] == [rule.command, rule.severity.value, rule.title]


def test_an_id_is_of_one_rule() -> None:
    assert len(RULES) == len(CHECKED) + len(LINTED)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_is_explained(rule: type[Rule]) -> None:
    done = CliRunner().invoke(kontrakt, ["rules", rule.id])
    assert done.exit_code == 0
    said = " ".join(done.output.split())
    for fact in (rule.id, rule.title, rule.reason, rule.before, rule.after, *rule.ways_out):
        assert " ".join(fact.split()) in said
    assert all(len(line) <= 80 or line.startswith("    ") for line in done.output.splitlines())


def test_a_rule_that_does_not_exist() -> None:
    done = CliRunner().invoke(kontrakt, ["rules", "waiver-unsued"])
    assert done.exit_code == 2
    assert "did you mean waiver-unused?" in done.output
    assert "kontrakt rules" in CliRunner().invoke(kontrakt, ["rules", "zzz"]).output


def test_the_documentation_has_a_page_for_each_and_no_other(tmp_path: Path) -> None:
    write = runpy.run_path(str(ROOT / "docs" / "conf.py"))["write_rules"]
    app = SimpleNamespace(srcdir=str(tmp_path))
    write(app)
    pages = {path.stem: path for path in (tmp_path / "rules").rglob("*.md")}
    assert set(pages) == set(RULES)
    assert {path.stem for path in (tmp_path / "rules" / "lint").iterdir()} == set(LINTED)
    kept = pages["waiver-unused"]
    assert kept.read_text(encoding="utf-8").startswith("# waiver-unused: a waiver matches no finding\n")
    os.utime(kept, (1, 1))
    pages["topic-removed"].write_text("stale")
    (tmp_path / "rules" / "lint" / "gone.md").touch()
    write(app)
    assert {path.stem for path in (tmp_path / "rules").rglob("*.md")} == set(RULES)
    assert "stale" not in pages["topic-removed"].read_text(encoding="utf-8")
    assert kept.stat().st_mtime == 1  # Sphinx reads again what is newer
