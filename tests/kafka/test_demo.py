"""``kontrakt demo`` where people run it: in any folder, and installed from a wheel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.kafka.programs import PATHS, ROOT

DEMO = "from kontrakt.cli import main; main()"


def test_it_runs_in_any_folder(tmp_path: Path) -> None:
    shown(run([sys.executable, "-c", DEMO, "demo"], os.pathsep.join(PATHS), tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel's packages."""
    built, folder = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("installed")
    run([sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(built)], "", ROOT)
    (wheel,) = built.glob("*.whl")
    run(
        [sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(folder), str(wheel)],
        "",
        built,
    )
    return folder


def test_it_runs_from_a_wheel(installed: Path, tmp_path: Path) -> None:
    where = "import kontrakt, kontrakt_codegen; print(kontrakt.__file__); print(kontrakt_codegen.__file__)"
    assert run([sys.executable, "-c", where], str(installed), tmp_path).split() == [
        str(installed / "kontrakt" / "__init__.py"),
        str(installed / "kontrakt_codegen" / "__init__.py"),
    ]
    shown(run([sys.executable, "-c", DEMO, "demo"], str(installed), tmp_path))


def run(command: list[str], path: str, folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def shown(said: str) -> None:
    """All three kinds of topic were at work."""
    for line in (
        "customers       put     c-1  ada@example.org",
        "customers       delete  c-3  (a tombstone)",
        "billing         delete  c-3",
        "orders          answer  o-1 authorized as a-o-1",
        "orders          answer  o-2 declined: INSUFFICIENT_FUNDS",
        "payments        one-way o-1 settled: a-o-1",
        "shipping        event   o-1 paid: packing",
        "shipping        event   o-2 cancelled: PAYMENT_FAILED",
    ):
        assert f"  {line}\n" in said
