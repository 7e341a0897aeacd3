"""The generated packages of these tests: ``tests.kafka.new``, and ``tests.kafka.old``, what a service knows that was not deployed since.

They are checked in, so that the tests are checked with the types of generated code. After a change of the schemas or of the
generator: ``python -m tests.kafka.packages``.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from kontrakt.settings import Settings
from kontrakt_codegen import run

HERE = Path(__file__).parent
PACKAGES = ("new", "old")


def generate(name: str, output: Path) -> Path:
    """Generate a package anew; the folder of its modules."""
    run(HERE / "schemas" / name, output, Settings(package=f"tests.kafka.{name}"))
    return output / "tests" / "kafka" / name


def main() -> None:
    for name in PACKAGES:
        with tempfile.TemporaryDirectory() as folder:
            made = generate(name, Path(folder))
            shutil.rmtree(HERE / name, ignore_errors=True)
            shutil.copytree(made, HERE / name)


if __name__ == "__main__":
    main()
