"""The generated packages of these tests are what the generator writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kafka.packages import HERE, PACKAGES, generate


@pytest.mark.parametrize("name", PACKAGES)
def test_the_packages_are_not_stale(name: str, tmp_path: Path) -> None:
    assert contents(HERE / name) == contents(generate(name, tmp_path)), "run: python -m tests.kafka.packages"


def contents(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}
