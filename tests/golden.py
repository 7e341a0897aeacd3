"""Texts that are held byte for byte. Run with ``KONTRAKT_GOLDEN=write`` to write them anew, and read the difference."""

from __future__ import annotations

import os
from pathlib import Path


def held(text: str, file: Path) -> None:
    """Compare a text with the file that holds it."""
    if os.environ.get("KONTRAKT_GOLDEN") == "write":
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")
