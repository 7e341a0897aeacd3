"""The lock file: what was pulled, from where, and how it can be told whether that is still what is there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from kontrakt.errors import KontraktError

if TYPE_CHECKING:
    from pathlib import Path

NAME: Final = "kontrakt-lock.json"
"""The lock file, in the folder of pulled contracts."""
_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True)
class Locked:
    """A file that was pulled.

    Attributes:
        fingerprint: Of what the source holds, so that it shows when something else is there: SHA-256.
        written: Of the file as it was written, so that an edit by hand shows: SHA-256. Empty where another dependency brings
            the same.
        path: Of a git repository or a folder: where it stands there.
        subject: Of a registry: its subject.
        version: Of a registry: its version.
        id: Of a registry: its schema id.
    """

    fingerprint: str
    written: str
    path: str = ""
    subject: str = ""
    version: int = 0
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A dependency that was pulled.

    Attributes:
        wanted: What the settings said of it.
        commit: Of a git repository: the commit.
        files: Each file by its path in the folder of pulled contracts.
    """

    wanted: Mapping[str, Any]
    files: Mapping[str, Locked]
    commit: str = ""


@dataclass(frozen=True)
class Lock:
    """The lock file.

    Attributes:
        entries: What was pulled, by the name of the dependency.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict[str, Entry])

    @property
    def text(self) -> str:
        """What is written: sorted, and the same wherever and whenever it is written."""
        said = {
            "version": _VERSION,
            "dependencies": {
                name: {
                    **entry.wanted,
                    **({"commit": entry.commit} if entry.commit else {}),
                    "files": {path: _said(entry.files[path]) for path in sorted(entry.files)},
                }
                for name, entry in sorted(self.entries.items())
            },
        }
        return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def read(folder: Path) -> Lock:
    """The lock file of a folder of pulled contracts; an empty one where there is none.

    Raises:
        KontraktError: It cannot be read.
    """
    path = folder / NAME
    if not path.exists():
        return Lock()
    try:
        said: Any = json.loads(path.read_text(encoding="utf-8"))
        if said["version"] != _VERSION:
            raise KontraktError(
                f"{path}: this lock file is of version {said['version']}, and this kontrakt writes {_VERSION}; "
                "use the kontrakt that wrote it, or remove it and run: kontrakt pull"
            )
        return Lock({name: _entry(entry) for name, entry in said["dependencies"].items()})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise KontraktError(
            f"{path}: this is not a lock file of kontrakt ({type(error).__name__}); take the last one from version control, "
            "or remove it and run: kontrakt pull"
        ) from error


def checksum(data: bytes) -> str:
    """The SHA-256 of bytes."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(text: str) -> str:
    """The SHA-256 of a schema's text; white space does not count, since some registries change it."""
    return checksum(json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")).encode())


def _said(file: Locked) -> dict[str, Any]:
    of_registry = {"subject": file.subject, "version": file.version, "id": file.id}
    return {
        **(of_registry if file.subject else {"path": file.path}),
        "fingerprint": file.fingerprint,
        "written": file.written,
    }


def _entry(said: dict[str, Any]) -> Entry:
    files = {path: Locked(**file) for path, file in cast("dict[str, Any]", said.pop("files")).items()}
    commit = said.pop("commit", "")
    return Entry(wanted=said, files=files, commit=str(commit))
