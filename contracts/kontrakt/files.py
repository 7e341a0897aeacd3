"""The Avro files of a folder. It needs nothing that reads Avro, so that a run that finds nothing changed loads none of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

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


class Files(NamedTuple):
    """The Avro files of a project.

    Attributes:
        all: The bytes of each file by its path.
        foreign: The paths of those that were pulled from other teams.
    """

    all: dict[str, bytes]
    foreign: frozenset[str]


def project_files(folder: Path, pulled: Path) -> Files:
    """The Avro files of a folder of contracts, and of the folder of pulled ones, which need not be there.

    A folder of pulled contracts may also stand inside the other one, or be all that there is.

    Args:
        folder: The contracts of this repository.
        pulled: Those of other teams.

    Raises:
        OSError: A file or folder cannot be read.
    """
    foreign = read_files(shown(pulled)) if pulled.is_dir() else {}
    inside = os.path.realpath(pulled) + os.sep
    found = {} if pulled.is_dir() and not folder.exists() else read_files(folder)
    own = {path: data for path, data in found.items() if not os.path.realpath(path).startswith(inside)}
    return Files(own | foreign, frozenset(foreign))


def shown(path: Path) -> Path:
    """The path from the current folder, where it is inside it."""
    try:
        return path.absolute().relative_to(Path.cwd())
    except ValueError:
        return path


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
