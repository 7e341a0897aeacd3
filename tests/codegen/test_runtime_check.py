"""A generated package refuses a runtime that does not fit it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import kontrakt
import pytest
from kontrakt.errors import IncompatibleRuntimeError
from kontrakt.settings import Settings
from kontrakt_codegen import run

ROOT = Path(__file__).parents[2]

FITS = [
    ("0.1.0", "0.1.0"),
    ("0.1.0", "0.1.7"),
    ("1.2.0", "1.2.0"),
    ("1.2.0", "1.3.0"),
    ("1.2.3", "1.10.0"),
    ("1.2.3rc1", "1.2.3"),
]
DOES_NOT_FIT = [
    ("0.1.1", "0.1.0", "<0.2"),
    ("0.1.0", "0.2.0", "<0.2"),
    ("0.1.0", "1.0.0", "<0.2"),
    ("1.2.0", "1.1.9", "<2"),
    ("1.2.0", "2.0.0", "<2"),
    ("2.0.0", "1.9.9", "<3"),
]


@pytest.mark.parametrize(("generator", "runtime"), FITS)
def test_a_runtime_that_fits(monkeypatch: pytest.MonkeyPatch, generator: str, runtime: str) -> None:
    monkeypatch.setattr(kontrakt, "__version__", runtime)
    kontrakt.requires(generator, "shop")


@pytest.mark.parametrize(("generator", "runtime", "below"), DOES_NOT_FIT)
def test_a_runtime_that_does_not_fit(monkeypatch: pytest.MonkeyPatch, generator: str, runtime: str, below: str) -> None:
    monkeypatch.setattr(kontrakt, "__version__", runtime)
    with pytest.raises(IncompatibleRuntimeError) as raised:
        kontrakt.requires(generator, "shop")
    message = str(raised.value)
    assert (
        f"the generated package shop was written by kontrakt {generator} and does not fit kontrakt {runtime}" in message
    )
    assert f"'kontrakt>={generator},{below}'" in message


def test_a_generated_package_asks_when_any_of_its_modules_is_imported(tmp_path: Path) -> None:
    run(ROOT / "schemas", tmp_path, Settings())
    file = tmp_path / "shop" / "__init__.py"
    file.write_text(file.read_text().replace(f'requires("{kontrakt.__version__}"', 'requires("77.1.0"'))
    done = subprocess.run(
        [sys.executable, "-c", "import shop.orders"],
        env={"PYTHONPATH": f"{tmp_path}:{ROOT / 'contracts'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "IncompatibleRuntimeError: the generated package shop was written by kontrakt 77.1.0" in done.stderr
