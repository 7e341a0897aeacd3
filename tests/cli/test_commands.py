"""The commands as a user runs them: exit codes, messages, no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUN = [sys.executable, "-c", "from kontrakt.cli import main; main()"]
ENV = os.environ | {"PYTHONPATH": str(ROOT / "contracts")}


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RUN, *arguments], cwd=cwd, env=ENV, capture_output=True, text=True, timeout=120, check=False
    )


def test_help_lists_the_commands_and_loads_none_of_them() -> None:
    done = run("--help")
    assert done.returncode == 0
    assert {"lint", "apply", "dev"} <= set(done.stdout.split())
    loaded = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-c",
            "import sys; sys.argv[1:] = ['--help']; from kontrakt.cli import main; main()",
        ],
        env=ENV,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    ).stderr
    assert "confluent_kafka" not in loaded
    assert "kontrakt.contract" not in loaded


def test_the_example_has_no_findings() -> None:
    done = run("lint")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "6 topics and 18 subjects linted: no findings\n"


def test_wrong_schemas_are_findings(tmp_path: Path) -> None:
    (tmp_path / "a.avsc").write_text('{"type": "record", "name": "A", "fields": [{"name": "f", "type": "strng"}]}')
    (tmp_path / "b.avsc").write_text("{")
    done = run("lint", "--schemas", str(tmp_path))
    assert done.returncode == 1
    assert f"{tmp_path}/a.avsc:1:66: " in done.stderr
    assert f"{tmp_path}/b.avsc:1:" in done.stderr
    assert "2 problems" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("lint", "--schemas", "nowhere"), "does not exist"),
        (("lnt",), "Did you mean 'lint'"),
        (("apply",), "KONTRAKT_REGISTRY_URL"),
        (("plan", "--registry", "http://127.0.0.1:9"), "127.0.0.1:9"),
    ],
)
def test_what_keeps_the_tool_from_working_is_said(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_that_are_wrong(tmp_path: Path) -> None:
    (tmp_path / "kontrakt.toml").write_text('stlye = "msgspec"\n')
    done = run("lint", cwd=tmp_path)
    assert done.returncode == 2
    assert "kontrakt.toml:1:1" in done.stderr
    assert "style" in done.stderr


def test_dev_holds_a_broker_and_a_registry_that_other_commands_use() -> None:
    with subprocess.Popen(
        [*RUN, "dev"], cwd=ROOT, env=ENV | {"PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE, text=True
    ) as dev:
        assert dev.stdout is not None
        try:
            lines = iter(dev.stdout.readline, "")
            url = next(line for line in lines if "REGISTRY_URL=" in line).partition("=")[2].strip()
            done = run("apply", "--only", "registry", "--registry", url)
            assert done.returncode == 0, done.stderr
            assert "published   projection shop.customers-value.readers.billing-service" in done.stdout
        finally:
            dev.send_signal(signal.SIGTERM)
        dev.stdout.read()
        assert dev.wait(60) == 0
