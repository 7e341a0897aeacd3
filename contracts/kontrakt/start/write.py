"""Writing the first files, beside whatever is there."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from kontrakt.files import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Mapping

_LINES: Final = ".gitignore"
Outcome: TypeAlias = Literal["written", "added to", "left"]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a file.

    Attributes:
        path: Its path from the folder.
        outcome: Whether it was written, got lines, or was left as it is.
        why: Why it was left, or what was added.
    """

    path: str
    outcome: Outcome
    why: str = ""


def write(folder: Path, first: Mapping[str, str]) -> list[Written]:
    """Write files. What is there is never overwritten; ``.gitignore`` gets the lines that it lacks.

    Where there are contracts already, no examples are added, and no settings where they stand in ``pyproject.toml``.

    Args:
        folder: The folder of the repository; it is made where it is not there.
        first: What to write, by the path from the folder.

    Returns:
        What became of each, in the order of ``first``.

    Raises:
        OSError: A file cannot be written; those before it are.
    """
    has_contracts = any(path.suffix in SUFFIXES for path in (folder / "schemas").rglob("*"))
    return [_one(folder, path, text, has_contracts=has_contracts) for path, text in first.items()]


def _one(folder: Path, path: str, text: str, *, has_contracts: bool) -> Written:
    place = folder / path
    if path == _LINES and place.is_file():
        return _added(place, path, text)
    if place.exists() or place.is_symlink():
        return Written(path, "left", "it is there already")
    if path.startswith("schemas/") and has_contracts:
        return Written(path, "left", "there are contracts in schemas already")
    if path == "kontrakt.toml" and _in_pyproject(folder):
        return Written(path, "left", "the settings stand in pyproject.toml")
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return Written(path, "written")


def _added(place: Path, path: str, text: str) -> Written:
    before = place.read_text(encoding="utf-8")
    there = {line.strip().strip("/") for line in before.splitlines()}
    lacking = [line for line in text.splitlines() if line.strip("/") not in there]
    if not lacking:
        return Written(path, "left", "it has the lines already")
    with place.open("a", encoding="utf-8", newline="\n") as file:
        file.write(("\n" if before and not before.endswith("\n") else "") + "".join(f"{line}\n" for line in lacking))
    return Written(path, "added to", ", ".join(lacking))


def _in_pyproject(folder: Path) -> bool:
    try:
        said = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # what is wrong with it is not for this command to say
        return False
    return "kontrakt" in said.get("tool", {})
