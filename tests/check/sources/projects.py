"""Projects on disk, and git repositories of them, as tests of sources need them."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kontrakt import settings
from kontrakt.check.sources import past
from kontrakt.contract import Contracts, load

if TYPE_CHECKING:
    from kontrakt.check.past import Past

ALONE: Final = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    "GIT_AUTHOR_NAME": "A",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "C",
    "GIT_COMMITTER_EMAIL": "c@example.org",
}
"""What makes git independent of the machine."""


def customer(*fields: str, **more: Any) -> str:
    """An entity with some fields beside its key."""
    return json.dumps(
        {
            "type": "record",
            "name": "shop.Customer",
            "topic": {"kind": "entity", "name": "shop.customers", "key": "id", "owner": "customer-service"},
            "fields": [{"name": name, "type": "string"} for name in ("id", *fields)],
            **more,
        },
        indent=2,
    )


@dataclass(frozen=True)
class Project:
    """A folder with contracts in ``schemas``."""

    root: Path

    def write(self, path: str, content: str | bytes) -> Path:
        """Writes a file."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    def contracts(self, folder: str = "schemas") -> Contracts:
        """The contracts as they are on disk."""
        return load(self.root / folder, settings.read(self.root))

    def past(self, against: str, folder: str | None = None) -> Past:
        """What a source gives, asked from within this folder."""
        here = settings.read(self.root)
        now = self.contracts(folder or here.schemas)
        return past(against, now, here, folder=None if folder is None else self.root / folder)

    # As a git repository

    def git(self, *arguments: str) -> str:
        """What git prints.

        Raises:
            AssertionError: It fails.
        """
        done = subprocess.run(
            ["git", "-C", str(self.root), "-c", "protocol.file.allow=always", *arguments],
            env={**os.environ, **ALONE},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
        return done.stdout.strip()

    def init(self) -> Project:
        """Makes it a repository."""
        self.root.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main")
        return self

    def commit(self, message: str = "change") -> str:
        """Commits everything, and gives the commit's id."""
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def clone(self, to: Path, *arguments: str) -> Project:
        """Clones it, as from another machine."""
        self.git("clone", "-q", *arguments, f"file://{self.root}", str(to))
        return Project(to)


def fields(past_: Past, subject: str = "shop.customers-value") -> list[str]:
    """The names of the fields that a subject's newest version has."""
    schema: Any = past_.histories[subject][-1].schema
    return [one.name for one in schema.fields]
