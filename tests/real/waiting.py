"""Waiting for what other processes do, and looking at them."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def eventually(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until a condition holds; the limit is for what never will, and measures nothing.

    Args:
        condition: Asked again and again.
        seconds: When to give up.

    Raises:
        AssertionError: It never held.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"it did not happen within {seconds} s")
        time.sleep(0.02)


def state(pid: int) -> str:
    """Return a process's state as `ps` shows it: one letter, empty when it is gone or a zombie."""
    answer = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], stdout=subprocess.PIPE, text=True, check=False)
    letter = answer.stdout.strip()[:1]
    return "" if letter == "Z" else letter


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    return state(pid) == ""
