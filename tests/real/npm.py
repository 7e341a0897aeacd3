"""Packages of npm that tests need, kept in the cache beside the other parts."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.real.errors import PartMissingError
from tests.real.parts import kept

WITNESS = Path(__file__).parents[1] / "witnesses" / "npm"
"""A client of the schema registry: its package.json, the lock file and the program that uses it."""

_FILES = ("package.json", "package-lock.json")
_LABEL = "the npm packages of tests/witnesses/npm"
_SECONDS = 600


@dataclass(frozen=True)
class NodeLibraries:
    """Packages for programs that tests write for Node.

    Attributes:
        node: What to run them with.
        folder: The folder that holds `node_modules`.
    """

    node: str
    folder: Path


def witness() -> NodeLibraries:
    """Return the packages of the witness with a Node to run them.

    Raises:
        PartMissingError: They cannot be had here.
    """
    node = shutil.which("node")
    if node is None:
        raise _missing("Node (node) is not installed")
    asked = b"".join((WITNESS / name).read_bytes() for name in _FILES)
    return NodeLibraries(node, kept("npm", "npm-witness", asked, _LABEL, _install))


def _install(folder: Path) -> None:
    """Install exactly what the lock file says; nothing of it runs."""
    npm = shutil.which("npm")
    if npm is None:
        raise _missing("npm is not installed")
    files = folder / "files"
    files.mkdir()
    for name in _FILES:
        shutil.copyfile(WITNESS / name, files / name)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-bin-links", "--loglevel=error"]
    try:
        subprocess.run(
            command,
            cwd=files,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        said = "\n".join(str(error.stdout).strip().splitlines()[:8])
        raise _missing(f"npm cannot fetch them:\n{said}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _missing(f"npm does not end well: {error}") from error


def _missing(reason: str) -> PartMissingError:
    remedy = "install Node with npm, connect it to a registry of packages, then run `python -m tests.real fetch npm`"
    return PartMissingError(_LABEL, reason, remedy)
