"""Type checkers find nothing in what is generated, in any style, nor does ruff."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import kontrakt
from tests.generated.conftest import Generated

CONTRACTS = Path(kontrakt.__file__).parent.parent


@pytest.fixture(params=["one package", "many packages"])
def checked(request: pytest.FixtureRequest, packaged: list[Generated], rooted: Generated) -> list[Generated]:
    """What a type checker sees at once: the packages of all styles, or those that are named as the namespaces are."""
    return packaged if request.param == "one package" else [rooted]


def test_mypy_strict(checked: Sequence[Generated], tmp_path: Path) -> None:
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = true\npython_version = 3.11\nexplicit_package_bases = true\n")
    folders = [str(one.folder) for one in checked]
    environment = {**os.environ, "MYPYPATH": os.pathsep.join((str(CONTRACTS), *folders))}
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), "--cache-dir", str(tmp_path / "cache")]
    done = subprocess.run([*command, *folders], capture_output=True, text=True, env=environment, check=False)
    assert done.stdout.startswith("Success: no issues found in "), done.stdout + done.stderr
    assert int(done.stdout.split()[5]) == sum(len(one.modules) for one in checked)


def test_pyright_strict(checked: Sequence[Generated], tmp_path: Path) -> None:
    folders = [str(one.folder) for one in checked]
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "include": folders,
        "extraPaths": [str(CONTRACTS), *folders],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "-p", str(tmp_path)]
    options = ["--pythonpath", sys.executable, "--outputjson"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert [f"{found['file']}: {found['message']}" for found in report["generalDiagnostics"]] == []
    assert report["summary"]["filesAnalyzed"] == sum(len(one.modules) for one in checked)


def test_ruff(checked: Sequence[Generated]) -> None:
    """Imports are sorted, nothing is unused, and what is formatted stays so."""
    command = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--no-cache", "--line-length=100", "--target-version=py311", "."]
    rules = ["--select=F,I,E,W,UP,D2,D3", "--ignore=E501,E741,UP013,D203,D213,D205,D212,D301"]
    for one in checked:
        for arguments in (["check", *rules], ["format", "--check"]):
            done = subprocess.run(
                [*command, *arguments, *options], cwd=one.folder, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stdout
