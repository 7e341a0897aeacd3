"""What is generated, byte for byte: a case is a folder with ``schemas/``, perhaps a ``kontrakt.toml``, and ``expected/``."""

from __future__ import annotations

from pathlib import Path

import pytest
from kontrakt.settings import read
from kontrakt_codegen import run

from tests.golden import held_folder

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("case", sorted(path.name for path in GOLDEN.iterdir()))
def test_golden(case: str, tmp_path: Path) -> None:
    run(GOLDEN / case / "schemas", tmp_path, read(GOLDEN / case, {}))
    held_folder(tmp_path, GOLDEN / case / "expected")
