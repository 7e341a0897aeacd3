"""The generated packages of these tests are what the generator writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.golden import contents
from tests.kafka.packages import HERE, PACKAGES, generate


@pytest.mark.parametrize("name", PACKAGES)
def test_the_packages_are_not_stale(name: str, tmp_path: Path) -> None:
    assert contents(HERE / name) == contents(generate(name, tmp_path)), "run: python -m tests.kafka.packages"
