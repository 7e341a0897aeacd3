"""``kontrakt lint``: what it shows, what lets findings pass, and what it repairs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from kontrakt.check.reports import json as json_format
from kontrakt.cli.group import kontrakt

NOTE = """{
  "type": "record", "namespace": "shop.note", "name": "Note", "doc": "A note.",
  "topic": {"kind": "entity", "name": "shop.notes", "key": "note_id", "owner": "note-service"},
  "fields": [
    {"name": "note_id", "type": "string", "doc": "Its id."},
    {"name": "text", "type": ["null", "string"], "doc": "What it says."},
    {"name": "deleted", "type": "boolean", "doc": "Whether it is gone."}
  ]
}
"""


@pytest.fixture(autouse=True)
def schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The schema of a folder that the commands run in."""
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "schemas" / "note.avsc"
    file.parent.mkdir()
    file.write_text(NOTE)
    return file


def run(*arguments: str, command: str = "lint") -> Result:
    done = CliRunner().invoke(kontrakt, [command, *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    return done


def findings(*arguments: str) -> list[dict[str, Any]]:
    said: Any = json.loads(run("--format", "json", *arguments).stdout)
    validator: Any = jsonschema.Draft202012Validator(json.loads(json_format.schema()))
    validator.validate(said)
    found: list[dict[str, Any]] = said["findings"]
    return found


def rules(*arguments: str) -> set[tuple[str, str | None]]:
    return {(finding["rule"], finding["waived"]) for finding in findings(*arguments)}


BOTH = {("nullable-without-default", None), ("soft-delete", None)}


def test_the_exit_code_follows_what_is_asked() -> None:
    assert run().exit_code == 0
    assert run("--fail-on", "warning").exit_code == 1
    assert run("--quiet").output == ""
    assert rules() == BOTH


def test_settings_count(tmp_path: Path) -> None:
    (tmp_path / "kontrakt.toml").write_text('[lint.rules]\nsoft-delete = "off"\nnullable-without-default = "error"\n')
    assert rules() == {("nullable-without-default", None)}
    assert run().exit_code == 1


def test_what_is_wrong_comes_first_and_alone(schema: Path) -> None:
    schema.write_text(NOTE.replace('"boolean"', '"bool"'))
    done = run("--format", "json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert 'the type "bool" is not defined' in done.stderr


def test_reports_are_written_in_every_format(tmp_path: Path) -> None:
    run("--output", "sarif=a.sarif", "--output", "junit=a.xml")
    sarif = json.loads((tmp_path / "a.sarif").read_text())
    assert [rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]] == [rule for rule, _ in sorted(BOTH)]
    assert all("help" in rule for rule in sarif["runs"][0]["tool"]["driver"]["rules"])
    assert 'name="kontrakt lint"' in (tmp_path / "a.xml").read_text()


def test_what_was_pulled_is_not_linted_and_not_repaired(tmp_path: Path) -> None:
    pulled = tmp_path / "pulled" / "other.avsc"
    pulled.parent.mkdir()
    pulled.write_text(NOTE.replace("shop.note", "shop.other"))
    assert rules() == BOTH
    before = pulled.read_bytes()
    run("--fix")
    assert pulled.read_bytes() == before


def test_a_repair_is_shown_written_and_done_once(schema: Path) -> None:
    done = run("--fix", "--format", "json")
    assert json.loads(done.stdout)["findings"][0]["rule"] == "soft-delete"
    assert done.stderr == (
        "--- schemas/note.avsc\tbefore\n+++ schemas/note.avsc\tafter\n@@ -6 +6 @@\n"
        '-    {"name": "text", "type": ["null", "string"], "doc": "What it says."},\n'
        '+    {"name": "text", "type": ["null", "string"], "default": null, "doc": "What it says."},\n'
        "1 finding repaired\n"
    )
    assert schema.read_text() == NOTE.replace('"string"], ', '"string"], "default": null, ')
    assert run("--fix", "--quiet").output == "0 findings repaired\n"


def test_what_is_waived_in_the_file_is_not_repaired(tmp_path: Path, schema: Path) -> None:
    finding = next(one for one in findings() if one["rule"] == "nullable-without-default")
    waiver = f'[[waivers]]\nfingerprint = "{finding["fingerprint"]}"\nrule = "nullable-without-default"\n'
    (tmp_path / "kontrakt-waivers.toml").write_text(f'{waiver}reason = "agreed"\nexpires = 9999-12-31\n')
    assert rules() == {("nullable-without-default", "agreed (until 9999-12-31)"), ("soft-delete", None)}
    run("--fix")
    assert schema.read_text() == NOTE


def test_check_and_lint_share_waivers_and_baseline(tmp_path: Path, schema: Path) -> None:
    lint, of_check = findings()[0], "0" * 16
    waivers = "".join(
        f'[[waivers]]\nfingerprint = "{fingerprint}"\nrule = "{rule}"\nreason = "r"\nexpires = 9999-12-31\n'
        for fingerprint, rule in ((lint["fingerprint"], lint["rule"]), (of_check, "field-removed"))
    )
    (tmp_path / "kontrakt-waivers.toml").write_text(waivers)
    assert "waiver-unused" not in {rule for rule, _ in rules()}
    (tmp_path / "before").mkdir()
    (tmp_path / "before" / "note.avsc").write_text(NOTE)
    done = run("--against", "before", command="check")
    assert "waiver-unused" in done.output
    assert lint["fingerprint"] not in done.output
    (tmp_path / "kontrakt-waivers.toml").unlink()

    assert run("--write-baseline").output == "kontrakt-baseline.json: 2 findings\n"
    schema.write_text(NOTE.replace('"note_id", "owner"', '"text", "owner"').replace('["null", "string"]', '"string"'))
    assert run("--write-baseline", "--against", "before", command="check").exit_code == 0
    kept = json.loads((tmp_path / "kontrakt-baseline.json").read_text())["findings"]
    assert {one["rule"] for one in kept} > {rule for rule, _ in BOTH}
    assert run("--against", "before", command="check").exit_code == 0
    schema.write_text(NOTE)
    assert rules() == {(rule, "baseline") for rule, _ in BOTH}
    assert "are gone" not in run().output


def test_a_broken_baseline_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "kontrakt-baseline.json").write_text("{")
    assert run().exit_code == 2
    assert run("--write-baseline").exit_code == 0
    assert rules() == {(rule, "baseline") for rule, _ in BOTH}
