"""Progress on long runs: a line that is rewritten on a terminal, nothing in a pipeline."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Final, Self

SILENT: Final = 1.0
"""Seconds before a run counts as long."""
PAUSE: Final = 0.1
"""Seconds between two prints."""


class Progress:
    """Called with how much is done, of how much, and what.

    Args:
        quiet: Never print.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._shown = False
        self._active = not quiet and sys.stderr.isatty()
        self._next = time.monotonic() + SILENT

    def __call__(self, done: int, total: int, what: str) -> None:
        """Reports a step.

        Args:
            done: How many steps are done.
            total: How many there are; 0 when that is not known.
            what: What is being done.
        """
        now = time.monotonic()
        if not self._active or now < self._next:
            return
        self._next = now + PAUSE
        self._shown = True
        of = f"/{total}" if total else ""
        sys.stderr.write(f"\r\x1b[K{what} {done}{of}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Removes the line, so that something else can be printed."""
        if self._shown:
            self._shown = False
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
