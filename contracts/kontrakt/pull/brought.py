"""What a source gives of a dependency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .lock import Entry, Locked


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A dependency as its source gives it.

    Attributes:
        files: The bytes of each file, by its path in the folder of pulled contracts.
        entry: What goes into the lock file.
        guesses: What was guessed, each a sentence without a full stop.
    """

    files: Mapping[str, bytes]
    entry: Entry
    guesses: tuple[str, ...] = field(default=())

    @property
    def locked(self) -> Mapping[str, Locked]:
        """Each file as the lock file has it."""
        return self.entry.files
