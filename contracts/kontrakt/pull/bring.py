"""Dependencies brought into the folder of pulled contracts: as they are locked, or as they are now."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kontrakt.avro.shapes import is_object
from kontrakt.contract import from_files
from kontrakt.errors import ContractErrors, KontraktError, Position, Problem, ProblemsError, SourceError
from kontrakt.files import project_files, shown

from . import lock as lock_of
from .dependency import Dependency, FromFolder, FromGit, dependencies
from .lock import NAME, Entry, Lock, Locked, checksum
from .project import from_folder, from_git
from .topics import from_registry
from .written import fullname

if TYPE_CHECKING:
    from pathlib import Path

    from kontrakt.registry import Progress
    from kontrakt.settings import Settings

    from .brought import Brought


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a pull did.

    Attributes:
        written: The files that are new or different, sorted.
        removed: The files that belong to no dependency any more, sorted.
        unchanged: How many files are as they were.
        guesses: What was guessed.
        before: The files of the project as they were, by path.
        after: The files of the project as they are now, by path.
        foreign: Which of both were pulled.
        problems: What is wrong in this repository with what was pulled.
    """

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    guesses: tuple[str, ...]
    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    foreign: frozenset[str]
    problems: tuple[Problem, ...]


class Folder:
    """The folder of pulled contracts, with what the settings want in it.

    Args:
        settings: The settings.
        progress: Told about long steps.

    Raises:
        SettingsErrors: A dependency is declared wrongly.
        KontraktError: The lock file cannot be read.
    """

    def __init__(self, settings: Settings, progress: Progress | None = None) -> None:
        self._settings = settings
        self._progress = progress
        self._folder = settings.pulled_folder
        self._lock = lock_of.read(self._folder)
        self.dependencies = {one.name: one for one in dependencies(settings)}

    @property
    def empty(self) -> bool:
        """Whether nothing is wanted and nothing is there."""
        return not self.dependencies and not self._lock.entries

    def pull(self, *, update: Collection[str] | None = None, discard: bool = False) -> Result:
        """Bring what is wanted, as the lock file has it; what it has not is brought as it is now.

        Nothing is written before everything is here and was read as contracts; the lock file is written last.

        Args:
            update: The dependencies that are brought as they are now; empty for all, None for none.
            discard: Whether edits of pulled files are undone.

        Raises:
            ContractErrors: A pulled file was edited, something else is in its place, or what was brought makes no contracts.
            SourceError: A source does not have what is wanted, or no longer has what was locked.
            RegistryError: A registry cannot be asked.
            BusError: A broker cannot be asked.
        """
        self._known(update or ())
        if not discard and (edited := list(self.edited())):
            raise ContractErrors(edited)
        entries: dict[str, Entry] = {}
        files: dict[str, bytes] = {}
        guesses: list[str] = []
        once = _Once()
        for name, dependency in self.dependencies.items():
            entry = self._lock.entries.get(name)
            if (
                entry is None
                or entry.wanted != dependency.wanted
                or (update is not None and (not update or name in update))
            ):
                brought = self._brought(dependency, None)
                new = brought.entry
                guesses.extend(brought.guesses)
            else:
                brought = self._brought(dependency, entry)
                new = _as_locked(name, entry, brought)
            kept = once.kept(name, brought.files)
            files |= kept
            locked = {
                path: replace(one, written=one.written if path in kept else "") for path, one in new.files.items()
            }
            entries[name] = replace(new, files=locked)
        if not discard and (taken := list(self._taken(files))):
            raise ContractErrors(taken)
        return self._written(files, Lock(entries), tuple(guesses))

    def behind(self) -> Iterator[str]:
        """What is not as its source has it now, each a sentence without a full stop.

        Raises:
            SourceError: A source does not have what is wanted.
            RegistryError: A registry cannot be asked.
        """
        for problem in self.edited():
            yield f"{problem.position.file}: {problem.message}"
        for name, dependency in self.dependencies.items():
            entry = self._lock.entries.get(name)
            if entry is None or entry.wanted != dependency.wanted:
                yield f"{name}: what the settings say of it was not pulled yet"
                continue
            for path, locked in entry.files.items():
                if locked.written and not (self._folder / path).exists():
                    yield f"{name}: {self._shown(path)} is missing"
            yield from _moved(name, entry, self._brought(dependency, None).entry)
        for name in self._lock.entries.keys() - self.dependencies.keys():
            yield f"{name}: the settings want it no more, and its files are still here"

    def edited(self) -> Iterator[Problem]:
        """The pulled files that are not as they were written."""
        for entry in self._lock.entries.values():
            for path, locked in entry.files.items():
                file = self._folder / path
                if locked.written and file.exists() and checksum(file.read_bytes()) != locked.written:
                    yield Problem(
                        Position(self._shown(path), 1, 1),
                        "this file was pulled, and was edited since",
                        "make the change where the contract is at home; kontrakt pull --discard-edits brings it back",
                    )

    def locked(self) -> Iterator[tuple[Dependency, Entry]]:
        """The dependencies that are locked as the settings want them."""
        for name, dependency in self.dependencies.items():
            entry = self._lock.entries.get(name)
            if entry is not None and entry.wanted == dependency.wanted:
                yield dependency, entry

    # How

    @property
    def _files(self) -> set[str]:
        """The files that were written."""
        return {path for entry in self._lock.entries.values() for path, one in entry.files.items() if one.written}

    def _known(self, names: Collection[str]) -> None:
        for name in names:
            if name not in self.dependencies:
                known = ", ".join(self.dependencies) or "there are none"
                raise KontraktError(f"no dependency is called {name}: {known}")

    def _brought(self, dependency: Dependency, entry: Entry | None) -> Brought:
        source = dependency.source
        if isinstance(source, FromGit):
            return from_git(dependency, source, self._settings.folder, entry.commit if entry is not None else "")
        if isinstance(source, FromFolder):
            return from_folder(dependency, source, self._settings.folder)
        pinned = {one.subject: one.version for one in entry.files.values()} if entry is not None else None
        return from_registry(dependency, source, self._settings, pinned, self._progress)

    def _taken(self, files: Mapping[str, bytes]) -> Iterator[Problem]:
        """Files that would be overwritten, and were not pulled."""
        for path, data in files.items():
            file = self._folder / path
            if path not in self._files and file.exists() and file.read_bytes() != data:
                yield Problem(
                    Position(self._shown(path), 1, 1),
                    "this file is in the place of one that is to be pulled",
                    "move it away; the folder of pulled contracts is for those alone",
                )

    def _written(self, files: Mapping[str, bytes], lock: Lock, guesses: tuple[str, ...]) -> Result:
        self._folder.mkdir(parents=True, exist_ok=True)
        now = project_files(self._settings.schemas_folder, self._folder)
        own = {path: data for path, data in now.all.items() if path not in now.foreign}
        there = {path for path in self._files | files.keys() if (self._folder / path).exists()}
        others = {path: now.all[path] for path in now.foreign - {self._shown(path) for path in there}}
        pulled = {self._shown(path): data for path, data in files.items()} | others
        after = own | pulled
        problems = self._judged(after, frozenset(pulled))
        changed = [
            path for path in sorted(files) if path not in there or (self._folder / path).read_bytes() != files[path]
        ]
        gone = sorted(there - files.keys())
        for path in gone:
            _remove(self._folder, path)
        for path in changed:
            _write(self._folder / path, files[path])
        if lock.entries or (self._folder / NAME).exists():
            (self._folder / NAME).write_text(lock.text, encoding="utf-8")
        self._lock = lock
        return Result(
            written=tuple(self._shown(path) for path in changed),
            removed=tuple(self._shown(path) for path in gone),
            unchanged=len(files) - len(changed),
            guesses=guesses,
            before=now.all,
            after=after,
            foreign=now.foreign | frozenset(pulled),
            problems=problems,
        )

    def _judged(self, files: Mapping[str, bytes], foreign: frozenset[str]) -> tuple[Problem, ...]:
        """What is wrong with the contracts of this repository beside those that were pulled.

        Raises:
            ProblemsError: Something is wrong with what was pulled.
        """
        try:
            from_files(files, self._settings, foreign=foreign, unfit_projections=True)
        except ProblemsError as error:
            theirs = [problem for problem in error.problems if problem.position.file in foreign]
            if theirs:
                raise type(error)(theirs) from None
            return error.problems
        return ()

    def _shown(self, path: str) -> str:
        return (shown(self._folder) / path).as_posix()


class _Once:
    """Keeps one file for a type that several dependencies bring."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, Any]] = {}

    def kept(self, dependency: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
        """The files that were not brought already.

        Raises:
            SourceError: Two dependencies bring a type, and it is not the same.
        """
        kept: dict[str, bytes] = {}
        for path, data in files.items():
            said: Any = json.loads(data)
            name = fullname(said) if is_object(said) else path
            other, known = self._seen.setdefault(name, (dependency, said))
            if other == dependency:
                kept[path] = data
            elif known != said:
                raise SourceError(
                    f"the dependencies {other} and {dependency} both bring {name}, and it is not the same in both; pull them "
                    "from one source, or move both on with: kontrakt pull --update"
                )
        return kept


def _as_locked(name: str, entry: Entry, brought: Brought) -> Entry:
    """The entry of the lock file once more, where the source still has what it says.

    Raises:
        SourceError: It has something else.
    """
    for path, locked in entry.files.items():
        found = brought.locked.get(path)
        if found is None or found.fingerprint != locked.fingerprint:
            what = f"version {locked.version} of {locked.subject}" if locked.subject else locked.path
            raise SourceError(
                f"{name}: {what} is not what was pulled: its fingerprint is "
                f"{found.fingerprint[:12] if found else 'gone'}, and that in the lock file {locked.fingerprint[:12]}; "
                f"kontrakt pull --update {name} moves on to what is there now"
            )
    files = {path: replace(locked, written=brought.locked[path].written) for path, locked in entry.files.items()}
    return replace(entry, files=files)


def _moved(name: str, entry: Entry, now: Entry) -> Iterator[str]:
    """How a source differs from what is locked of it."""
    for path in sorted(entry.files.keys() | now.files.keys()):
        before, after = entry.files.get(path), now.files.get(path)
        if before is not None and after is not None and before.fingerprint == after.fingerprint:
            continue
        if before is None or after is None:
            yield f"{name}: {_what(before or after)} {'is new' if before is None else 'is gone'}"
        elif after.subject:
            yield f"{name}: {_what(after)} is there, and version {before.version} was pulled"
        else:
            yield f"{name}: {_what(after)} changed{f' at {now.commit[:8]}' if now.commit else ''}"


def _what(file: Locked | None) -> str:
    assert file is not None
    return f"version {file.version} of {file.subject}" if file.subject else file.path


def _write(file: Path, data: bytes) -> None:
    """Writes a file that nobody is to edit."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    new.write_bytes(data)
    new.chmod(0o444)
    new.replace(file)


def _remove(folder: Path, path: str) -> None:
    """Removes a file, and the folders that are empty then."""
    file = folder / path
    file.unlink()
    for parent in file.parents:
        if parent == folder or any(parent.iterdir()):
            break
        parent.rmdir()
