"""What lets findings pass: waivers, the baseline, ``--fail-on``; and where their files are looked for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from kontrakt.check.reports import json as json_format
from kontrakt.cli.group import kontrakt

SCHEMAS = Path(__file__).parents[2] / "schemas"
Edit = Callable[[str, str, str], None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with the example shop and the same shop as it was before."""
    shutil.copytree(SCHEMAS, tmp_path / "schemas")
    shutil.copytree(SCHEMAS, tmp_path / "before")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def edit(folder: Path) -> Edit:
    """Replaces what a schema says."""

    def replaced(file: str, old: str, new: str) -> None:
        path = folder / "schemas" / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new))

    return replaced


@pytest.fixture
def removed(edit: Edit) -> None:
    """A field without a default is gone, which breaks old consumers."""
    edit(
        "events/order_paid.avsc",
        '    {"name": "amount", "type": "shop.types.Money", "doc": "How much was paid."},\n',
        "",
    )


def run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(kontrakt, ["check", "--against", "before", *arguments], env=env)


def findings(*arguments: str) -> list[dict[str, Any]]:
    said: Any = json.loads(run("--format", "json", *arguments).output)
    validator: Any = jsonschema.Draft202012Validator(json.loads(json_format.schema()))
    validator.validate(said)
    found: list[dict[str, Any]] = said["findings"]
    return found


def waiver(finding: dict[str, Any], *, reason: str = "agreed", expires: str = "9999-12-31") -> str:
    said = {"fingerprint": finding["fingerprint"], "rule": finding["rule"], "reason": reason}
    lines = [f'{word} = "{value}"' for word, value in said.items()]
    return "\n".join(["[[waivers]]", *lines, f"expires = {expires}"]) + "\n"


def test_nothing_changed() -> None:
    done = run()
    assert done.exit_code == 0
    assert done.output.endswith("compared with before: no findings\n")
    assert run("--quiet").output == ""


def test_fail_on(edit: Edit) -> None:
    edit("customer.avsc", '"owner": "customer-service"', '"owner": "crm"')
    assert [finding["severity"] for finding in findings()] == ["warning"]
    assert run().exit_code == 0
    assert run("--fail-on", "warning").exit_code == 1


@pytest.mark.usefixtures("removed")
def test_waivers_beside_the_settings_count(folder: Path) -> None:
    (finding,) = findings()
    (folder / "kontrakt-waivers.toml").write_text(waiver(finding))
    assert run().exit_code == 0
    assert [one["waived"] for one in findings()] == ["agreed (until 9999-12-31)"]


@pytest.mark.usefixtures("removed")
def test_an_expired_waiver_is_said_and_does_not_count(folder: Path) -> None:
    (finding,) = findings()
    (folder / "kontrakt-waivers.toml").write_text(waiver(finding, expires="2020-01-01"))
    done = run()
    assert done.exit_code == 1
    assert "expired on 2020-01-01" in done.output
    assert "kontrakt-waivers.toml:1:1" in done.output


def test_a_waiver_that_nothing_needs_is_said(folder: Path) -> None:
    unused = waiver({"fingerprint": "0" * 16, "rule": "field-removed"})
    (folder / "kontrakt-waivers.toml").write_text(unused)
    done = run()
    assert done.exit_code == 0
    assert "waiver-unused" in done.output


@pytest.mark.usefixtures("removed")
def test_the_command_line_wins_over_the_variable_and_that_over_the_settings(folder: Path) -> None:
    (finding,) = findings()
    (folder / "inner").mkdir()
    for name in ("one", "two", "inner/three"):
        (folder / f"{name}.toml").write_text(waiver(finding, reason=f"agreed in {name}"))
    (folder / "kontrakt.toml").write_text('waivers = "one.toml"\n')
    assert "agreed in one" in run().output
    assert "agreed in two" in run(env={"KONTRAKT_WAIVERS": "two.toml"}).output
    done = run("--waivers", "inner/three.toml", env={"KONTRAKT_WAIVERS": "two.toml"})
    assert "agreed in inner/three" in " ".join(done.output.split())


def test_a_file_on_the_command_line_starts_from_the_current_folder(
    folder: Path, removed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    (finding,) = findings()
    (folder / "kontrakt.toml").write_text("")
    (folder / "inner").mkdir()
    (folder / "inner" / "w.toml").write_text(waiver(finding, reason=""))
    monkeypatch.chdir(folder / "inner")
    done = CliRunner().invoke(kontrakt, ["check", "--against", "../before", "--waivers", "w.toml"])
    assert done.exit_code == 2
    assert "w.toml:4:1: reason cannot be ''" in done.output


@pytest.mark.parametrize("option", ["waivers", "baseline"])
def test_a_file_that_is_named_has_to_be_there(folder: Path, option: str) -> None:
    done = run(f"--{option}", "nowhere")
    assert done.exit_code == 2
    assert "nowhere:1:1: there is no such" in done.output
    (folder / "kontrakt.toml").write_text(f'{option} = "nowhere"\n')
    done = run()
    assert done.exit_code == 2
    assert "nowhere:1:1: there is no such" in done.output


@pytest.mark.usefixtures("removed")
@pytest.mark.parametrize("named", [(), ("--baseline", "reviews.json")])
def test_a_baseline_is_written_and_then_counts(folder: Path, edit: Edit, named: tuple[str, ...]) -> None:
    file = named[-1] if named else "kontrakt-baseline.json"
    done = run("--write-baseline", *named)
    assert (done.exit_code, done.output) == (0, f"{file}: 1 finding\n")
    first = (folder / file).read_bytes()
    assert run(*named).exit_code == 0
    assert "1 finding of the baseline" in run(*named).output
    assert run("--write-baseline", *named).exit_code == 0
    assert (folder / file).read_bytes() == first
    edit("product.avsc", '"key": "product_id"', '"key": "name"')
    assert run(*named).exit_code == 1


def test_a_baseline_whose_findings_are_gone_is_said(folder: Path, edit: Edit) -> None:
    edit("customer.avsc", '"owner": "customer-service"', '"owner": "crm"')
    run("--write-baseline")
    edit("customer.avsc", '"owner": "crm"', '"owner": "customer-service"')
    assert "1 of the findings in kontrakt-baseline.json are gone" in " ".join(run().output.split())
