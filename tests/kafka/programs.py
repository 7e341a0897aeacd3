"""Programs that tests run in processes of their own, to interrupt, fork and kill them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
PATHS = [str(ROOT / folder) for folder in ("contracts", "codegen", "generated", ".")]


@contextmanager
def program(
    text: str, *arguments: str, environment: Mapping[str, str], folder: Path = ROOT
) -> Generator[subprocess.Popen[str]]:
    """Run a program; it is killed at the end where it still runs.

    Args:
        text: Its text; ``sys.argv[1:]`` are the arguments.
        arguments: The arguments.
        environment: What it needs to know beside where the packages are.
        folder: Where it runs.
    """
    with subprocess.Popen(
        [sys.executable, "-c", text, *arguments],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(PATHS), "PYTHONUNBUFFERED": "1"} | dict(environment),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def line(process: subprocess.Popen[str]) -> str:
    """The next line that a program prints; where it ended instead, why."""
    assert process.stdout is not None
    found = process.stdout.readline().rstrip()
    if not found:
        _, said = process.communicate(timeout=60)
        raise AssertionError(said)
    return found
