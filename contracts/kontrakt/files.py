"""The Avro files of a folder. It needs nothing that reads Avro, so that a run that finds nothing changed loads none of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SUFFIXES: Final = (".avsc", ".avpr")
"""The names of Avro files end in one of these."""


def read_files(folder: Path) -> dict[str, bytes]:
    """The Avro files of a folder by their path, which begins as the folder was given.

    Hidden files and folders are left out; what links lead to twice is read once.

    Args:
        folder: The folder; files stand in any depth.

    Raises:
        OSError: A file or folder cannot be read.
    """
    return {path.as_posix(): path.read_bytes() for path in sorted(_walk(folder))}


def _walk(folder: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise error

    entered: set[str] = set()
    for place, folders, names in os.walk(folder, onerror=fail, followlinks=True):
        real = os.path.realpath(place)
        if real in entered:  # a link that leads back
            folders.clear()
            continue
        entered.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIXES) and not name.startswith("."):
                path = Path(place, name)
                target = os.path.realpath(path) if path.is_symlink() else f"{real}{os.sep}{name}"
                if target not in entered:  # linked twice
                    entered.add(target)
                    yield path
