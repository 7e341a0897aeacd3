"""``kontrakt plan`` and ``kontrakt apply`` as a user runs them, on the embedded parts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import jsonschema
import kontrakt
import pytest
from click.testing import CliRunner
from kontrakt.apply.reports.json import schema
from kontrakt.cli.group import kontrakt as commands
from kontrakt.registry import Registry

from tests.apply.shop import entity, view
from tests.cli.test_commands import ENV, RUN
from tests.registry.guard import Asked, guarded

Run: TypeAlias = Callable[..., tuple[int, str]]
VALUE = "a.customers-value"


@pytest.fixture
def bus() -> Iterator[kontrakt.EmbeddedBus]:
    with kontrakt.embedded() as found:
        yield found


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("KONTRAKT_"):
            monkeypatch.delenv(name)
    write(tmp_path, entity("a", "email"), view("a", "billing", "email"))
    return tmp_path


@pytest.fixture
def run(folder: Path, bus: kontrakt.EmbeddedBus, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in the folder, on the embedded parts; the exit code, and what it printed."""
    assert folder.is_dir()
    for name, value in bus.environment.items():
        monkeypatch.setenv(name, value)

    def command(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(commands, arguments)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.output
        return done.exit_code, done.output

    return command


def write(folder: Path, *records: dict[str, Any]) -> None:
    (folder / "schemas").mkdir(exist_ok=True)
    for number, record in enumerate(records):
        (folder / "schemas" / f"{number}.avsc").write_text(json.dumps(record))


def test_plan_apply_and_plan_again(run: Run) -> None:
    code, said = run("plan")
    assert code == 0
    assert "+ topic a.customers  cleanup.policy=compact" in said
    assert "3 to add" in said
    assert run("plan", "--fail-on", "drift")[0] == 0
    assert run("plan", "--fail-on", "changes")[0] == 1
    code, said = run("apply")
    assert (code, said.splitlines()[-1]) == (0, "5 done")
    assert run("plan", "--fail-on", "changes")[0] == 0
    assert run("apply") == (0, "nothing to do\n")
    assert run("apply", "--quiet") == (0, "")


def test_only_what_is_asked_for(run: Run, bus: kontrakt.EmbeddedBus) -> None:
    assert "subject" not in run("apply", "--only", "topics")[1]
    assert bus.registry.subjects() == []
    assert "topic" not in run("apply", "--only", "readers")[1].replace("customers-value", "")
    assert bus.registry.subjects() == [f"{VALUE}.readers.billing"]
    run("apply", "--only", "registry")
    assert run("plan", "--fail-on", "changes")[0] == 0


def test_without_an_address(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KONTRAKT_BOOTSTRAP_SERVERS")
    code, said = run("plan")
    assert code == 0
    assert "note: no Kafka is set, so topics, their settings and partitions are not compared" in said
    code, said = run("apply")
    assert code == 2
    assert "no Kafka is set" in said
    assert run("apply", "--only", "registry")[0] == 0


def test_nothing_is_done_against_an_obstacle(run: Run, folder: Path, bus: kontrakt.EmbeddedBus) -> None:
    run("apply")
    write(folder, entity("a", "email", "phone", compatibility="BACKWARD"))
    code, said = run("apply")
    assert code == 1
    assert "go on all the same with --allow level-weakened" in said
    assert said.splitlines()[-1] == "nothing was done"
    assert bus.registry.versions(VALUE) == [1]
    assert run("apply", "--allow", "level-weakened")[0] == 0
    assert bus.registry.versions(VALUE) == [1, 2]


def test_a_saved_plan_is_done(run: Run, folder: Path) -> None:
    assert run("plan", "--out", "plan.json")[0] == 0
    jsonschema.validate(json.loads((folder / "plan.json").read_text()), json.loads(schema()))
    assert run("apply", "plan.json", "--result", "result.json")[0] == 0
    result = json.loads((folder / "result.json").read_text())
    assert [one["subject"] for one in result["subjects"]] == [VALUE, f"{VALUE}.readers.billing"]
    assert result["topics"] == [{"topic": "a.customers", "created": True}]
    assert run("apply", "plan.json") == (0, "nothing to do\n")


def test_a_saved_plan_remembers_what_was_asked(run: Run, bus: kontrakt.EmbeddedBus) -> None:
    run("plan", "--only", "readers", "--out", "plan.json")
    assert run("apply", "plan.json")[0] == 0
    assert bus.registry.subjects() == [f"{VALUE}.readers.billing"]


def test_a_saved_plan_that_was_interrupted_goes_on(run: Run, bus: kontrakt.EmbeddedBus) -> None:
    run("plan", "--out", "plan.json")
    bus.create_topics("a.customers")
    bus.registry.set_level(VALUE, "FULL_TRANSITIVE")  # as if the first run had ended here
    assert run("apply", "plan.json")[0] == 0
    assert run("plan", "--fail-on", "changes")[0] == 0


def test_a_saved_plan_that_no_longer_fits(run: Run, folder: Path, bus: kontrakt.EmbeddedBus) -> None:
    run("apply")
    write(folder, entity("a", "email", "phone"))
    run("plan", "--out", "plan.json")
    with Registry(bus.registry_url) as registry:
        registry.set_level(VALUE, "BACKWARD")
    code, said = run("apply", "plan.json")
    assert code == 2
    assert f"~ subject {VALUE}: level BACKWARD -> FULL_TRANSITIVE" in said
    assert bus.registry.versions(VALUE) == [1]
    write(folder, entity("a", "email", "mobile"))
    code, said = run("apply", "plan.json")
    assert code == 2
    assert "added: the new field `mobile`" in said
    with kontrakt.embedded() as other:
        code, said = run("apply", "plan.json", "--registry", other.registry_url)
        assert f"it is for the registry {bus.registry_url}, and this is {other.registry_url}" in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        ("{", "this is not a plan"),
        ("[]", "this is not a plan"),
        ('{"version": 7}', "not a plan of version 1"),
        ('{"version": 1}', "this is not a plan: KeyError"),
        (("steps", [{"kind": "drop-topic", "about": "a"}]), "this is not a plan"),
        (("steps", [{"kind": "retire", "about": "a", "newest": "1; rm"}]), "this is not a plan"),
        (("steps", [{"kind": "set-level", "about": ["a"], "before": "", "after": "NONE"}]), "this is not a plan"),
        (("only", "everything"), "this is not a plan"),
        (("allowed", ["anything"]), "this is not a plan"),
    ],
)
def test_a_file_that_is_no_plan(run: Run, folder: Path, content: str | tuple[str, object] | None, said: str) -> None:
    if isinstance(content, tuple):
        run("plan", "--out", "plan.json")
        found = json.loads((folder / "plan.json").read_text())
        content = json.dumps(found | dict([content]))
    if content is not None:
        (folder / "plan.json").write_text(content)
    code, printed = run("apply", "plan.json")
    assert code == 2
    assert said in printed
    assert "Traceback" not in printed


def test_the_formats(run: Run, folder: Path) -> None:
    code, said = run("plan", "--format", "json", "--output", "markdown=plan.md", "--comment", "shop")
    assert code == 0
    assert json.loads(said)["steps"][0]["kind"] == "create-topic"
    assert (folder / "plan.md").read_text().startswith("<!-- kontrakt-plan: shop -->\n## kontrakt plan: 3 to add\n")
    assert json.loads(run("plan", "--json-schema")[1])["title"].startswith("A plan of kontrakt")


def test_findings_may_be_waived(run: Run, folder: Path) -> None:
    said = entity("a", "email", compatibility="NONE")
    write(folder, said)
    run("apply")
    write(folder, entity("a", compatibility="NONE"))
    (folder / "schemas" / "1.avsc").write_text(json.dumps(view("a", "billing", "id")))
    run("apply", "--only", "readers")
    write(folder, entity("a", compatibility="NONE") | {"fields": [{"name": "id", "type": "long"}]})
    assert run("plan", "--format", "json")[0] == 1
    waivers = [
        f'[[waivers]]\nfingerprint = "{one["fingerprint"]}"\nrule = "{one["rule"]}"\nreason = "moved"\nexpires = 2999-01-01\n'
        for one in json.loads(run("plan", "--format", "json")[1])["findings"]
        if one["severity"] == "error"
    ]
    (folder / "kontrakt-waivers.toml").write_text("\n".join(waivers))
    assert run("plan")[0] == 0


def test_a_registry_that_refuses_to_write(run: Run, bus: kontrakt.EmbeddedBus) -> None:
    with guarded(bus.registry_url, lambda asked: 403 if asked.method == "PUT" else 0) as door:
        assert run("plan", "--registry", door.url)[0] == 0
        code, said = run("apply", "--registry", door.url)
    assert code == 2
    assert "created     topic a.customers" in said
    assert f"failed      subject {VALUE}: level FULL_TRANSITIVE: cannot set the level" in said
    assert said.splitlines()[-1].startswith("1 done, 1 failed and 3 left of 5 steps; run it again")


def test_a_kill_in_the_middle_is_repaired_by_the_next_run(run: Run, bus: kontrakt.EmbeddedBus) -> None:
    killed: list[int] = []

    def kills(asked: Asked) -> int:
        if asked.method == "POST" and asked.path.startswith(f"/subjects/{VALUE}/versions"):
            killed.append(process.pid)
            process.send_signal(signal.SIGKILL)
        return 0

    with guarded(bus.registry_url, kills) as door:
        process = subprocess.Popen([*RUN, "apply", "--registry", door.url], env=ENV | bus.environment)
        assert process.wait(120) == -signal.SIGKILL
    assert killed == [process.pid]
    code, said = run("apply")
    assert code == 0, said
    assert f"published   projection {VALUE}.readers.billing" in said
    assert "created" not in said  # the topic was there already
    assert run("plan", "--fail-on", "changes")[0] == 0
