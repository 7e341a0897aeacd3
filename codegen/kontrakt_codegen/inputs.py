"""The files that a run reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

SUFFIXES: Final = (".avsc", ".avpr")


def read(folder: Path) -> dict[str, bytes]:
    """The Avro files of a folder by their path, which begins as the folder was given.

    They are those that ``kontrakt.contract.read_files`` finds; that function comes with everything that reads Avro, and a run
    that finds nothing changed needs none of it.

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
        yield from (Path(place, name) for name in names if name.endswith(SUFFIXES) and not name.startswith("."))
