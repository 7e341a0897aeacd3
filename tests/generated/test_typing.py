"""Type checkers find nothing in what is generated, in any style."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import kontrakt
from kontrakt.codec.bundle import Style

CONTRACTS = Path(kontrakt.__file__).parent.parent


def test_mypy_strict(tricky: Callable[[Style], Path], tmp_path: Path) -> None:
    places = [tricky(style) for style in Style]
    config = tmp_path / "mypy.ini"
    config.write_text("[mypy]\nstrict = true\npython_version = 3.11\nexplicit_package_bases = true\n")
    command = [sys.executable, "-m", "mypy", "--config-file", str(config), "--cache-dir", str(tmp_path / "cache")]
    environment = {**os.environ, "MYPYPATH": os.pathsep.join(map(str, (CONTRACTS, *places)))}
    packages = [str(place / f"tricky_{style.value}") for style, place in zip(Style, places, strict=True)]
    done = subprocess.run([*command, *packages], capture_output=True, text=True, env=environment, check=False)
    ours = [line for line in done.stdout.splitlines() if "tricky_" in line]
    assert not ours
    assert "source files" in done.stdout, done.stdout + done.stderr


def test_pyright_strict(tricky: Callable[[Style], Path], tmp_path: Path) -> None:
    places = [tricky(style) for style in Style]
    settings = {
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "include": [str(place) for place in places],
        "extraPaths": [str(CONTRACTS), *map(str, places)],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [
        sys.executable,
        "-m",
        "basedpyright",
        "-p",
        str(tmp_path),
        "--pythonpath",
        sys.executable,
        "--outputjson",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] > 100
    assert [f"{found['file']}: {found['message']}" for found in report["generalDiagnostics"]] == []


def test_ruff(tricky: Callable[[Style], Path]) -> None:
    """Imports are sorted, nothing is unused, and what is formatted stays so."""
    for style in Style:
        command = [sys.executable, "-m", "ruff"]
        options = ["--isolated", "--no-cache", "--line-length=100", "--target-version=py311", str(tricky(style))]
        sorted_ = subprocess.run(
            [
                *command,
                "check",
                "--select=F,I,E,W,UP,D2,D3",
                "--ignore=E501,E741,UP013,D203,D213,D205,D212,D301",
                *options,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert sorted_.returncode == 0, sorted_.stdout
        formatted = subprocess.run(
            [*command, "format", "--check", *options], capture_output=True, text=True, check=False
        )
        assert formatted.returncode == 0, formatted.stdout
