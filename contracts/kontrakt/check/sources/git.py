"""Old contracts at a git ref."""

from __future__ import annotations

import os
import posixpath
import re
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from kontrakt import settings as settings_of
from kontrakt.avro.node import MAX_BYTES
from kontrakt.errors import SourceError
from kontrakt.files import SUFFIXES, Files

from .repository import Repository
from .snapshot import from_files, settings_then

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kontrakt.check.past import Past
    from kontrakt.contract import Contracts
    from kontrakt.settings import Settings

_PARTED: Final = "..."
_POINTER: Final = re.compile(rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n")


def from_git(ref: str, contracts: Contracts, settings: Settings, folder: Path | None = None) -> Past:
    """The contracts at a git ref, with the settings of that time.

    Args:
        ref: What ``git rev-parse`` takes, such as ``origin/main``; with ``...`` behind it, the commit where it and HEAD
            parted.
        contracts: The contracts as they are now.
        settings: The settings as they are now.
        folder: The folder of the contracts now, where it is not the one of the settings.

    Raises:
        SourceError: git is missing, this is no repository, or the ref is not there; the message then has the command that
            fetches it.
    """
    name = ref.removesuffix(_PARTED)
    if not name or ".." in name:
        raise SourceError(
            f"git:{ref} names no commit; write git:origin/main, or git:origin/main... for where it and HEAD parted"
        )
    place = settings.schemas_folder if folder is None else folder
    repository, start = _repository(settings, place)
    commit = repository.commit(name) if name == ref else repository.merge_base(name)
    tree = Tree(repository, commit, name if name == ref and name not in commit else commit[:8])
    read = partial(settings_of.read, start, among=tree.settings(start), shown=tree.shown)
    old, notes = settings_then(read)
    then = _inside(place, repository) if folder is not None or old is None else old.schemas_folder.as_posix()
    pulled = _inside(settings.pulled_folder, repository) if old is None else old.pulled_folder.as_posix()
    files = tree.project(then, pulled)
    if not files.all.keys() - files.foreign:
        notes.append(f"at {name} there are no contracts in {then}, so all that there are now count as new")
    if name == ref and not repository.contains(commit):
        notes.append(
            f"{name} has commits that HEAD has not: what changed there looks here as if it were taken back; "
            f"git:{name}{_PARTED} compares with the commit where the two parted"
        )
    notes.extend(tree.notes)
    return from_files(f"git {ref} ({commit[:8]})", files.all, old, contracts, notes, foreign=files.foreign)


def project_at(tree: Tree, path: str = "") -> tuple[Files, Settings | None, list[str]]:
    """The contracts of a repository that is not the user's own, and the settings beside them if there are any.

    Args:
        tree: The files of a commit.
        path: The folder of the project or of its contracts; empty for the root of the repository.

    Returns:
        Also what is to be said.
    """
    start = posixpath.normpath(path or ".")
    old, notes = settings_then(partial(settings_of.read, start, {}, among=tree.settings(start), shown=tree.shown))
    then = old or settings_of.Settings(folder=Path(start))
    project = not path or (old is not None and old.folder == Path(start))
    files = tree.project(then.schemas_folder.as_posix() if project else start, then.pulled_folder.as_posix())
    return files, old, [*notes, *tree.notes]


def _repository(settings: Settings, place: Path) -> tuple[Repository, str]:
    """The repository whose refs count, and where in it the settings are looked for.

    It is the one that the user works in, also where the contracts stand in a submodule of it; where they stand elsewhere, it
    is theirs.
    """
    here = Path.cwd()
    if not here.is_relative_to(settings.folder.resolve()):
        here = settings.folder
    try:
        repository = Repository(here)
        if _inside(place, repository):
            return repository, _inside(here, repository)
    except SourceError:
        if not place.is_dir():
            raise
    repository = Repository(place)
    return repository, _inside(place, repository)


def _inside(place: Path, repository: Repository) -> str:
    """A folder as a path from the repository's root; ``.`` for the root, and an empty string for one outside."""
    for path in (Path(os.path.abspath(place)), place.resolve()):  # noqa: PTH100, links are kept
        if path.is_relative_to(repository.top):
            return path.relative_to(repository.top).as_posix()
    return ""


class Tree:
    """The files of a commit.

    Args:
        repository: Where it is.
        commit: Its id.
        name: What its files are shown as being of.

    Attributes:
        notes: What could not be read.
    """

    def __init__(self, repository: Repository, commit: str, name: str) -> None:
        self.notes: list[str] = []
        self._repository = repository
        self._commit = commit
        self._name = name
        self._found: list[tuple[Repository, str, str]] = []
        self._seen: set[str] = set()

    def shown(self, path: str) -> str:
        """A path as git writes it, so that ``git show`` takes it."""
        return f"{self._name}:{path}"

    def settings(self, start: str) -> Mapping[str, bytes]:
        """The files of settings in a folder and those above it, by path."""
        folders = (PurePosixPath(start), *PurePosixPath(start).parents)
        names = [
            (folder / name).as_posix() for folder in folders for name in (settings_of.OWN_FILE, settings_of.SHARED_FILE)
        ]
        found = {
            name: hit[0]
            for name, hit in zip(names, self._repository.find_all(self._commit, names), strict=True)
            if hit is not None and hit[1] == "blob"
        }
        contents = self._repository.contents(list(dict.fromkeys(found.values())), MAX_BYTES)
        return {name: contents[object_] for name, object_ in found.items() if object_ in contents}

    def project(self, folder: str, pulled: str) -> Files:
        """The Avro files of a project.

        Args:
            folder: The folder of its contracts.
            pulled: That of the contracts that were pulled from other teams; empty for none.
        """
        files = self.avro(folder, *filter(None, (pulled,)))
        below = self.shown(f"{posixpath.normpath(pulled)}/")
        return Files(files, frozenset(path for path in files if path.startswith(below)))

    def avro(self, *folders: str) -> dict[str, bytes]:
        """The Avro files below folders, by the path that the user knows.

        Hidden files and folders are left out, as on disk; links are followed inside the repository, and what they lead to
        twice is read once.
        """
        for folder in folders:
            self._collect(self._repository, self._commit, posixpath.normpath(folder), "")
        files: dict[str, bytes] = {}
        for repository in dict.fromkeys(repository for repository, _, _ in self._found):
            wanted = {path: name for owner, path, name in self._found if owner is repository}
            contents = repository.contents(list(wanted.values()), MAX_BYTES)
            for path, name in wanted.items():
                if name not in contents:
                    self._note(path, f"is larger than {MAX_BYTES // (1024 * 1024)} MB")
                elif (data := self._content(repository, path, contents[name])) is not None:
                    files[self.shown(path)] = data
        return files

    def _collect(self, repository: Repository, commit: str, folder: str, before: str) -> None:
        """Notes the files below a folder of a repository that itself stands at a path."""
        hit = repository.find_all(commit, ["" if folder == "." else folder])[0]
        if hit is not None and hit[1] == "tree":
            self._walk(repository, commit, hit[0], folder, before)
        elif hit is None and (found := repository.submodule(commit, folder)):
            path, inner = found
            self._submodule(repository, path, inner, posixpath.relpath(folder, path), before)

    def _walk(self, repository: Repository, commit: str, tree: str, folder: str, before: str) -> None:
        if tree in self._seen:  # a link that leads back
            return
        self._seen.add(tree)
        links: list[str] = []
        for entry in repository.tree(tree):
            if entry.path.startswith(".") or "/." in entry.path:
                continue
            path = posixpath.normpath(posixpath.join(folder, entry.path))
            if entry.mode == "160000":
                self._submodule(repository, path, entry.object, ".", before)
            elif entry.mode == "120000":
                links.append(path)
            else:
                self._file(repository, path, entry.object, before)
        for path, hit in zip(links, repository.find_all(commit, links), strict=True):
            if hit is None:
                if path.endswith(SUFFIXES):
                    self._note(posixpath.join(before, path), "is a link to what the repository does not hold")
            elif hit[1] == "tree":
                self._walk(repository, commit, hit[0], path, before)
            else:
                self._file(repository, path, hit[0], before)

    def _file(self, repository: Repository, path: str, name: str, before: str) -> None:
        if path.endswith(SUFFIXES) and name not in self._seen:
            self._seen.add(name)
            self._found.append((repository, posixpath.join(before, path), name))

    def _submodule(self, repository: Repository, path: str, commit: str, folder: str, before: str) -> None:
        place = repository.top / path
        whole = posixpath.join(before, path)
        advice = f"git submodule update --init {whole}"
        try:
            inner = Repository(place)
            if inner.top != repository.top:
                advice = f"git -C {whole} fetch origin {commit}"
                self._collect(inner, inner.commit(commit), folder, whole)
                return
        except SourceError:
            pass
        self._note(whole, f"is a submodule whose commit {commit[:8]} is not here; fetch it with: {advice}")

    def _content(self, repository: Repository, path: str, data: bytes) -> bytes | None:
        """A file's bytes, of one in Git LFS what its pointer stands for; None where that is not here."""
        pointer = _POINTER.match(data)
        if pointer is None:
            return data
        name = pointer[1].decode()
        try:
            return (repository.common / "lfs" / "objects" / name[:2] / name[2:4] / name).read_bytes()
        except FileNotFoundError:
            self._note(path, f"is kept in Git LFS and not here; fetch it with: git lfs fetch origin {self._commit}")
            return None

    def _note(self, path: str, what: str) -> None:
        self.notes.append(f"{self.shown(path)} {what}, so it is not compared")
