"""A generated package with a ``pyproject.toml`` of its own is built and installed as any other."""

from __future__ import annotations

import os
import subprocess
import sys
from email.parser import HeaderParser
from pathlib import Path

import kontrakt
import pytest
from kontrakt.settings import Settings
from kontrakt.settings.model import Distribution
from kontrakt_codegen import run

SCHEMAS = Path(__file__).parents[2] / "schemas"


def pip(*arguments: str | Path) -> None:
    """Runs pip without an index: what it builds with is installed here."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*command, *arguments, "--no-deps", "--no-index"], check=True)


@pytest.mark.parametrize(
    ("package", "distribution", "named"),
    [
        ("", Distribution(), "shop_contracts-0.1.0"),
        ("acme.contracts", Distribution(name="acme", version="1.4.0"), "acme-1.4.0"),
    ],
)
def test_it_is_built_and_installed(tmp_path: Path, package: str, distribution: Distribution, named: str) -> None:
    output, built, installed = (tmp_path / name for name in ("output", "built", "installed"))
    run(SCHEMAS, output, Settings(package=package, distribution=distribution, style="msgspec"))
    pip("wheel", "--no-build-isolation", "--wheel-dir", built, output)
    (wheel,) = built.iterdir()
    pip("install", "--target", installed, wheel)
    metadata = HeaderParser().parsestr((installed / f"{named}.dist-info" / "METADATA").read_text())
    series = f"kontrakt<0.{int(kontrakt.__version__.split('.')[1]) + 1},>={kontrakt.__version__}"
    assert metadata.get_all("Requires-Dist") == [series, "msgspec>=0.19"]
    prefix = f"{package}." if package else ""
    assert (installed / Path(*package.split("."), "" if package else "shop", "py.typed")).is_file()
    code = f"""
import kontrakt
from {prefix}shop.customers import Customer
value = Customer(customer_id="c-1", email="ada@example.org")
assert kontrakt.decode(Customer, kontrakt.encode(value)) == value
"""
    path = os.pathsep.join((str(installed), str(Path(kontrakt.__file__).parents[1])))
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, cwd=tmp_path, check=True)
