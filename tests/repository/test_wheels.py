"""The workflow that builds what is released."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
FILE: Final = ROOT / ".github" / "workflows" / "wheels.yml"
WORKFLOW: Final[dict[str, Any]] = yaml.safe_load(FILE.read_text())


def test_it_is_a_workflow() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_there_is_a_wheel_for_every_python_and_system() -> None:
    classifiers: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["classifiers"]
    pythons = [one.rpartition(" ")[2].replace(".", "") for one in classifiers if "Python :: 3." in one]
    jobs = WORKFLOW["jobs"]
    (environment,) = [step["env"] for step in jobs["wheels"]["steps"] if "env" in step]
    assert environment["CIBW_BUILD"].split() == [f"cp{python}-*" for python in pythons]
    systems = {system.partition("-")[0] for system in jobs["wheels"]["strategy"]["matrix"]["os"]}
    assert systems == {"ubuntu", "macos", "windows"}
    assert jobs["pure"]["env"] == {"KONTRAKT_PURE": "1"}
