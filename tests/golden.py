"""Texts that are held byte for byte. Run with ``KONTRAKT_GOLDEN=write`` to write them anew, and read the difference."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def held(text: str, file: Path) -> None:
    """Compare a text with the file that holds it."""
    if _renew():
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def held_folder(folder: Path, expected: Path) -> None:
    """Compare a folder, hidden files left out, with the one that holds it."""
    if _renew():
        shutil.rmtree(expected, ignore_errors=True)
        shutil.copytree(folder, expected, ignore=shutil.ignore_patterns(".*"))
    assert contents(folder) == contents(expected)


def contents(folder: Path) -> dict[str, str]:
    """The text of each file by its path, hidden files and what Python compiled left out."""
    files = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return {
        path.as_posix(): (folder / path).read_bytes().decode()
        for path in files
        if not any(part.startswith(".") for part in path.parts) and path.suffix != ".pyc"
    }


def _renew() -> bool:
    return os.environ.get("KONTRAKT_GOLDEN") == "write"
