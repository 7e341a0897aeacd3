"""Old contracts in a folder or an archive."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from kontrakt import settings as settings_of
from kontrakt.errors import SourceError
from kontrakt.files import SUFFIXES, Files, project_files
from kontrakt.settings import Settings

from .archive import read_archive
from .snapshot import from_files, settings_then

if TYPE_CHECKING:
    from kontrakt.check.past import Past
    from kontrakt.contract import Contracts

Found: TypeAlias = "tuple[Files, Settings | None, list[str]]"
"""The Avro files by the path that the user knows, the settings beside them if there are any, and what is to be said."""


def from_path(path: Path, contracts: Contracts, settings: Settings) -> Past:
    """The old contracts of a folder or an archive.

    It holds a project, with its settings and its folder of contracts, or the contracts alone. Where there are no settings,
    those of now declare the topics of schemas that cannot be edited.

    Args:
        path: The folder, or a file that ``zip`` or ``tar`` made. A wheel is such a file.
        contracts: The contracts as they are now.
        settings: The settings as they are now.

    Raises:
        SourceError: There is no such folder or archive, it cannot be read, or it holds no Avro.
    """
    files, old, notes = opened(path, settings)
    return from_files(path.as_posix(), files.all, old or settings, contracts, notes, foreign=files.foreign)


def opened(path: Path, settings: Settings) -> Found:
    """What a folder or an archive holds: a project, with its settings and its folder of contracts, or the contracts alone.

    Args:
        path: The folder, or a file that ``zip`` or ``tar`` made.
        settings: Those that count for contracts alone.

    Raises:
        SourceError: There is no such folder or archive, it cannot be read, or it holds no Avro.
    """
    try:
        if path.is_dir():
            found = _of_folder(path, settings)
        elif path.is_file():
            found = _of_archive(path)
        else:
            raise SourceError(f"{path}: there is no such folder or archive; name registry, git:REF, or the path of one")
    except OSError as error:
        raise SourceError(f"{error.filename or path}: cannot be read: {error.strerror or error}") from error
    if not found[0].all.keys() - found[0].foreign:
        raise SourceError(f"{path}: there is no {' or '.join(SUFFIXES)} file in it, so there are no contracts")
    return found


def _of_folder(path: Path, settings: Settings) -> Found:
    old, notes = settings_then(partial(settings_of.read, path, {}))
    then = old or Settings()
    inner = path / then.schemas
    project = old is not None and old.folder.resolve() == path.resolve()
    if inner.is_dir() and (project or not any(file.suffix in SUFFIXES for file in path.iterdir())):
        return project_files(inner, path / then.pulled), old, notes
    return project_files(path, (old or settings).pulled_folder), old, notes


def _of_archive(path: Path) -> Found:
    names = (*SUFFIXES, settings_of.OWN_FILE, settings_of.SHARED_FILE)
    contents = read_archive(path, lambda name: name.endswith(names))
    root = _root(contents)

    def shown(inside: str) -> str:
        return f"{path.as_posix()}:{inside}"

    old, notes = settings_then(partial(settings_of.read, str(root), {}, among=contents, shown=shown))
    then = old or Settings()
    inner, pulled = root / then.schemas, root / then.pulled
    project = old is not None and old.folder == Path(root)
    top = {PurePosixPath(name).parent for name in contents if name.endswith(SUFFIXES)}
    folder = inner if (project or root not in top) and any(inner in (one, *one.parents) for one in top) else root
    files: dict[str, bytes] = {}
    foreign: set[str] = set()
    taken: set[int] = set()
    for name, data in contents.items():
        inside = PurePosixPath(name)
        base = next((one for one in (pulled, folder) if inside.is_relative_to(one)), None)
        if base is None or not name.endswith(SUFFIXES) or id(data) in taken:  # linked twice
            continue
        if not any(part.startswith(".") for part in inside.relative_to(base).parts):
            taken.add(id(data))
            files[shown(name)] = data
            if base is pulled:
                foreign.add(shown(name))
    return Files(files, frozenset(foreign)), old, notes


def _root(contents: Mapping[str, bytes]) -> PurePosixPath:
    """Where the project begins: many archives hold one folder that holds everything."""
    root = PurePosixPath()
    names = [PurePosixPath(name) for name in contents]
    while len(tops := {name.relative_to(root).parts[0] for name in names}) == 1:
        below = root / tops.pop()
        if below in names:  # a file
            break
        root = below
    return root
