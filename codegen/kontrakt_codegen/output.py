"""Output: what of a rendered package differs from what is there, and how it gets there.

Nothing that a person wrote is overwritten or removed, and a run that fails leaves everything as it was.
"""

from __future__ import annotations

import difflib
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kontrakt.errors import GenerateError

from .header import is_ours
from .manifest import NAME, Manifest

STAGE = ".kontrakt-"
"""How the folder begins in which a run collects what it is about to put in place."""


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
        elif path.is_dir():
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
    """Without a manifest: the files of the packages that are written."""
    roots = {name.partition("/")[0] for name in files if "/" in name}
    return {
        path.relative_to(output).as_posix()
        for root in roots
        if (output / root).is_dir()
        for path in (output / root).rglob("*.py")
    }


def apply(output: Path, found: Changes, manifest: str) -> None:
    """Puts changes in place: all of them, or none.

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
    output.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(prefix=STAGE, dir=output))
    done: list[tuple[Path, Path | None]] = []
    try:
        for index, data in enumerate(new.values()):
            (stage / f"new-{index}").write_bytes(data)
        for index, name in enumerate([*new, *found.removed]):
            target = output / name
            kept = _set_aside(target, stage / f"old-{index}")
            done.append((target, kept))
            if name in new:
                target.parent.mkdir(parents=True, exist_ok=True)
                (stage / f"new-{index}").replace(target)
            else:
                target.unlink()
    except BaseException:
        _undo(done, output)
        raise
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    _tidy({(output / name).parent for name in found.removed}, output)


def _set_aside(target: Path, place: Path) -> Path | None:
    """Keeps a copy of a file that is about to change; None where there is none."""
    if not target.is_file():
        return None
    shutil.copy2(target, place)
    return place


def _undo(done: Sequence[tuple[Path, Path | None]], output: Path) -> None:
    for target, kept in reversed(done):
        with suppress(OSError):
            if kept is not None:
                kept.replace(target)
            else:
                target.unlink(missing_ok=True)
                _tidy({target.parent}, output)


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
