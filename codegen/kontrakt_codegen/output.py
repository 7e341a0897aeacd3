"""Output: what of a rendered package differs from what is there, and how it gets there.

Nothing that a person wrote is overwritten or removed, and a run that fails leaves everything as it was.
"""

from __future__ import annotations

import difflib
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kontrakt.errors import GenerateError

from .header import MARK, is_ours
from .manifest import FOLDER, NAME, Manifest

STAGE: Final = "run-"
"""How the folder begins in which a run collects what it is about to put in place."""
_IGNORED: Final = f"{FOLDER}/.gitignore"
_ABANDONED: Final = 3600.0
"""Seconds after which such a folder is nobody's any more; a run takes seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How an output differs from what was rendered.

    Attributes:
        written: The files that are new or different, by their path in the output.
        removed: The files that go.
        unchanged: The files that stay as they are.
    """

    written: Mapping[str, bytes]
    removed: Sequence[str]
    unchanged: Sequence[str]


def changes(output: Path, files: Mapping[str, bytes], known: Manifest) -> Changes:
    """Compares an output with what was rendered.

    Args:
        output: The folder.
        files: What was rendered.
        known: What the last run wrote.

    Raises:
        GenerateError: A file that the generator did not write stands where one has to go.
    """
    written: dict[str, bytes] = {}
    unchanged: list[str] = []
    foreign: list[str] = []
    for name, data in files.items():
        path = output / name
        if not _exists(path):
            foreign.extend(str(parent) for parent in _files_above(path, output))
            written[name] = data
        elif not path.is_file():
            foreign.append(str(path))
        elif path.read_bytes() == data:
            unchanged.append(name)
        elif is_ours(path):
            written[name] = data
        elif name.endswith("py.typed"):
            unchanged.append(name)
        else:
            foreign.append(str(path))
    if foreign:
        listed = ", ".join(dict.fromkeys(foreign))
        raise GenerateError(
            f"{listed}: not written by kontrakt, and in the way of what is generated; move it, or choose another output"
        )
    return Changes(written=written, removed=_removed(output, files, known), unchanged=unchanged)


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _files_above(path: Path, output: Path) -> Iterator[Path]:
    """The files that stand where a folder is needed for a path."""
    for parent in path.parents:
        if parent == output.parent:
            return
        if _exists(parent) and not parent.is_dir():
            yield parent


def _removed(output: Path, files: Mapping[str, bytes], known: Manifest) -> list[str]:
    """The files of contracts that are gone: written by an earlier run, and not edited into something else since."""
    candidates = set(known.outputs) if known.outputs else _beside(output, files)
    gone = sorted(candidates - files.keys())
    return [name for name in gone if _inside(name) and (output / name).is_file() and is_ours(output / name)]


def _inside(name: str) -> bool:
    """Whether a path of a manifest stays inside the output; a manifest is a file that anybody can edit."""
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def _beside(output: Path, files: Iterable[str]) -> set[str]:
    """Without a manifest: the files of the packages that are written, but not of other packages inside them."""
    own = packages(files)
    found = {path for folder in own for path in (output / folder).rglob("*.py")}
    others = {path.parent for path in found if path.name == MARK} - {output / folder for folder in own}
    found = {path for path in found if others.isdisjoint(path.parents)}
    found |= {path.with_name("py.typed") for path in found if path.name == MARK}
    return {path.relative_to(output).as_posix() for path in found}


def packages(files: Iterable[str]) -> set[str]:
    """The folders of the packages that files make up, by their path in the output."""
    return {name.rpartition("/")[0] for name in files if name.rpartition("/")[2] == MARK}


def apply(output: Path, found: Changes, manifest: str) -> None:
    """Puts changes in place: all of them, or none.

    Everything new is written beside the output first, and everything old is kept there, so that what is left to do are
    renames. Only a process that is killed between two of them leaves some files old and some new; each is whole, and the
    next run finds what is missing.

    Args:
        output: The folder; it is made when it is not there.
        found: The changes.
        manifest: The text of the manifest, or an empty string where it does not change.

    Raises:
        OSError: The output cannot be written. What was there is there again.
    """
    new = {**found.written, **({NAME: manifest.encode()} if manifest else {})}
    if not new and not found.removed:
        return
    if not (output / _IGNORED).exists():
        new[_IGNORED] = b"*\n"
    (output / FOLDER).mkdir(parents=True, exist_ok=True)
    _sweep(output)
    stage = Path(tempfile.mkdtemp(prefix=STAGE, dir=output / FOLDER))
    done: list[_Step] = []
    try:
        for step in [
            _staged(output / name, new.get(name), stage / str(i)) for i, name in enumerate([*new, *found.removed])
        ]:
            done.append(step)
            step.do()
    except BaseException:
        for step in reversed(done):
            step.undo(output)
        raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    _tidy({(output / name).parent for name in found.removed}, output)


@dataclass(frozen=True, slots=True)
class _Step:
    """What happens to one file.

    Args:
        target: Where it stands.
        new: Where its new content lies; None when it goes.
        old: Where its old content lies; None when it comes.
    """

    target: Path
    new: Path | None
    old: Path | None

    def do(self) -> None:
        if self.new is None:
            self.target.unlink()
        else:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self.new.replace(self.target)

    def undo(self, output: Path) -> None:
        with suppress(OSError):
            if self.old is not None:
                self.old.replace(self.target)
            else:
                self.target.unlink(missing_ok=True)
                _tidy({self.target.parent}, output)


def _staged(target: Path, data: bytes | None, place: Path) -> _Step:
    """Writes what comes and keeps what goes, beside the output."""
    new = old = None
    if data is not None:
        new = place.with_suffix(".new")
        new.write_bytes(data)
    if target.is_file():
        old = place.with_suffix(".old")
        shutil.copy2(target, old)
    return _Step(target, new, old)


def _sweep(output: Path) -> None:
    """Removes what runs left behind that were killed long ago."""
    for left in (output / FOLDER).glob(f"{STAGE}*/"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _tidy(folders: Iterable[Path], output: Path) -> None:
    """Removes folders that became empty; what Python cached in them does not count."""
    for folder in sorted(folders, key=lambda one: len(one.parts), reverse=True):
        place = folder
        while place != output and place.is_dir():
            if any(entry.name != "__pycache__" for entry in place.iterdir()):
                break
            shutil.rmtree(place / "__pycache__", ignore_errors=True)
            with suppress(OSError):
                place.rmdir()
            place = place.parent


def diffs(output: Path, found: Changes) -> list[str]:
    """The changes as unified diffs, sorted by path.

    Args:
        output: The folder.
        found: The changes.
    """
    result: list[str] = []
    for name in sorted([*found.written, *found.removed]):
        old = (output / name).read_bytes() if (output / name).is_file() else None
        result.append(_diff(name, old, found.written.get(name)))
    return result


def _diff(name: str, old: bytes | None, new: bytes | None) -> str:
    lines = difflib.unified_diff(
        _lines(old),
        _lines(new),
        f"a/{name}" if old is not None else "/dev/null",
        f"b/{name}" if new is not None else "/dev/null",
    )
    text = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    if text:
        return text
    return f"--- {f'a/{name}' if old is not None else '/dev/null'}\n+++ {f'b/{name}' if new is not None else '/dev/null'}\n"


def _lines(data: bytes | None) -> list[str]:
    return (data or b"").decode("utf-8", "replace").splitlines(keepends=True)
