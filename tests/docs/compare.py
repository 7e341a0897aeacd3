"""Whether what an example printed is what its page shows.

What varies from run to run is left out of the comparison:

- ports: ``127.0.0.1:40403`` stands for any port on this machine;
- times: ``0.3 s`` and ``12ms`` stand for any length of time, ``2026-11-25T09:10:11Z`` for any moment;
- ``...`` inside a line stands for any text, ``...`` alone on a line for any number of lines.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Final

ELLIPSIS: Final = "..."

_VARIES: Final[Sequence[tuple[re.Pattern[str], str]]] = (
    (re.compile(r"\x1b\[[0-9;]*m"), ""),
    (re.compile(r"\b(127\.0\.0\.1|localhost):\d+"), r"\1:PORT"),
    (re.compile(r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"), "MOMENT"),
    (re.compile(r"\b\d+(\.\d+)? ?(m?s|min)\b"), "TIME"),
)


def difference(shown: str, printed: str, *, any_order: bool = False) -> str:
    """What is printed and not shown, and the other way round.

    Args:
        shown: What the page shows.
        printed: What the example printed.
        any_order: Whether the lines may come in any order.

    Returns:
        The difference, line by line; empty where there is none.
    """
    expected, found = _lines(shown), _lines(printed)
    if any_order:
        expected.sort()
        found.sort()
    if _matches(expected, found):
        return ""
    lines = difflib.unified_diff(expected, found, "shown", "printed", lineterm="", n=99)
    return "\n".join(["what is printed is not what is shown:", *lines])


def _lines(text: str) -> list[str]:
    for pattern, instead in _VARIES:
        text = pattern.sub(instead, text)
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def _matches(expected: Sequence[str], found: Sequence[str]) -> bool:
    if ELLIPSIS not in expected:
        return all(_fits(one, other) for one, other in zip_longest(expected, found))
    at = expected.index(ELLIPSIS)
    head, tail = expected[:at], expected[at + 1 :]
    if not _matches(head, found[:at]):
        return False
    return any(_matches(tail, found[start:]) for start in range(at, len(found) + 1))


def _fits(expected: str | None, found: str | None) -> bool:
    if expected is None or found is None or ELLIPSIS not in expected:
        return expected == found
    return re.fullmatch(".*".join(map(re.escape, expected.split(ELLIPSIS))), found) is not None
