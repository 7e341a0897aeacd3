"""Histories of many subjects, fetched side by side and with as few requests as the registry allows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Final, TypeVar

from kontrakt.errors import SchemaNotFound

if TYPE_CHECKING:
    from .client import Registry
    from .documents import SchemaVersion
    from .registering import Progress

T = TypeVar("T")
A = TypeVar("A")

CONNECTIONS: Final = 16
"""How many requests are under way at a time, at most."""
_ALONE: Final = 0.05
"""Seconds for which one request follows the other, before it is known how many keep a processor busy."""
_UNWANTED: Final = 8
"""How many subjects more than twice those that are wanted a search may bring."""


def side_by_side(
    call: Callable[[A], T], over: Iterable[A], progress: Progress | None = None, what: str = "asking"
) -> list[T]:
    """Ask a registry many things, as many at a time as keep a processor busy: more would wait for each other.

    Args:
        call: Asks one thing. It may run in other threads.
        over: What to ask it about.
        progress: Told how many answers there are.
        what: What is being asked, for ``progress``.

    Returns:
        The answers, in the order of ``over``.

    Raises:
        Exception: The first that ``call`` raised; what is not under way by then is not asked.
    """
    asked = list(over)
    tell = progress or _silent
    answers: list[T] = []
    lanes = 1
    start, worked_before = perf_counter(), thread_time()
    for one in asked:
        answers.append(call(one))
        tell(len(answers), len(asked), what)
        took, worked = perf_counter() - start, thread_time() - worked_before
        if took > _ALONE and (lanes := round(took / max(worked, took / CONNECTIONS))) > 1:
            break
    if len(answers) == len(asked):
        return answers
    with ThreadPoolExecutor(lanes, "kontrakt-registry") as pool:
        others = [pool.submit(call, one) for one in asked[len(answers) :]]
        try:
            for done, answer in enumerate(as_completed(others), len(answers) + 1):
                answer.result()
                tell(done, len(asked), what)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return answers + [answer.result() for answer in others]


def _silent(_done: int, _of: int, _what: str) -> None:
    """Progress that nobody looks at."""


def own_levels(registry: Registry, subjects: Iterable[str], progress: Progress | None = None) -> dict[str, str]:
    """The compatibility levels of the subjects that have one of their own.

    Raises:
        RegistryError: The registry cannot be asked.
    """
    names = list(subjects)
    found = side_by_side(registry.get_level, names, progress, "levels")
    return {name: level for name, level in zip(names, found, strict=True) if level is not None}


def newest(
    registry: Registry, subjects: Collection[str], known: Sequence[str], progress: Progress | None = None
) -> dict[str, SchemaVersion]:
    """The newest version of each subject that has one.

    Args:
        registry: The registry.
        subjects: The subjects.
        known: All subjects that there are, sorted.
        progress: Told about each step.

    Raises:
        RegistryError: The registry cannot be asked.
    """
    found: dict[str, SchemaVersion] = {}
    for one in _searched(registry, sorted(subjects), known, progress, newest=True):
        found[one.subject] = max(one, found.get(one.subject, one), key=lambda version: version.version)
    missing = [subject for subject in subjects if subject not in found]
    for latest in side_by_side(registry.latest, missing, progress, "newest versions"):
        if latest is not None:
            found[latest.subject] = latest
    return {subject: found[subject] for subject in subjects if subject in found}


def histories(
    registry: Registry, subjects: Collection[str], known: Sequence[str], progress: Progress | None = None
) -> dict[str, tuple[SchemaVersion, ...]]:
    """The live versions of each subject that has some, oldest first.

    Args:
        registry: The registry.
        subjects: The subjects.
        known: All subjects that there are, sorted.
        progress: Told about each step.

    Raises:
        RegistryError: The registry cannot be asked.
    """
    found: dict[str, dict[int, SchemaVersion]] = {}
    for version in _searched(registry, sorted(subjects), known, progress):
        found.setdefault(version.subject, {})[version.version] = version
    missing = [subject for subject in subjects if subject not in found]
    numbers = side_by_side(registry.versions, missing, progress, "subjects")
    wanted = [(subject, number) for subject, all_ in zip(missing, numbers, strict=True) for number in all_]
    for one in side_by_side(lambda one: _live(registry, *one), wanted, progress, "versions"):
        if one is not None:
            found.setdefault(one.subject, {})[one.version] = one
    return {
        subject: tuple(found[subject][number] for number in sorted(found[subject]))
        for subject in subjects
        if subject in found
    }


def referenced(
    registry: Registry, versions: Iterable[SchemaVersion], progress: Progress | None = None
) -> dict[tuple[str, int], SchemaVersion]:
    """The versions that some versions refer to, directly or not, by subject and number.

    Args:
        registry: The registry.
        versions: The versions; they need not be fetched again.
        progress: Told about each step.

    Returns:
        What could be found: a registry keeps no one from deleting what others refer to for good.

    Raises:
        RegistryError: The registry cannot be asked.
    """
    known = {(one.subject, one.version): one for one in versions}
    asked: set[tuple[str, int]] = set()
    fresh: Iterable[SchemaVersion] = known.values()
    while True:
        used = {(reference.subject, reference.version) for one in fresh for reference in one.references}
        wanted = sorted(used - known.keys() - asked)
        if not wanted:
            return known
        asked.update(wanted)
        answers = side_by_side(lambda one: _live(registry, *one), wanted, progress, "references")
        fresh = [one for one in answers if one is not None]
        known |= {(one.subject, one.version): one for one in fresh}


def _live(registry: Registry, subject: str, number: int) -> SchemaVersion | None:
    """A version, or None where somebody deleted it since it was listed."""
    try:
        return registry.version(subject, number)
    except SchemaNotFound:
        return None


def _searched(
    registry: Registry, wanted: Sequence[str], known: Sequence[str], progress: Progress | None, *, newest: bool = False
) -> Iterator[SchemaVersion]:
    """What searches bring, each for the versions of many subjects; nothing where the registry has no search."""
    search = partial(registry.search, newest=newest)
    prefixes = list(_prefixes(wanted, known))
    first = search(prefixes[0]) if prefixes else None
    if first is not None:
        yield from first
        for more in side_by_side(search, prefixes[1:], progress, "subjects"):
            yield from more or ()


def _prefixes(wanted: Sequence[str], known: Sequence[str]) -> Iterator[str]:
    """Beginnings of names that all wanted subjects have and few others do, where there are such; both are sorted."""
    stack = [wanted] if wanted else []
    while stack:
        group = stack.pop()
        first, last = group[0], group[-1]
        same = next((at for at, pair in enumerate(zip(first, last, strict=False)) if len({*pair}) > 1), len(first))
        prefix = first[:same]
        held = bisect_left(known, f"{prefix}\U0010ffff") - bisect_left(known, prefix)
        if held <= 2 * len(group) + _UNWANTED:
            yield prefix
        elif len(group) > 1:
            parts: dict[str, list[str]] = {}
            for name in group:
                parts.setdefault(name[same : same + 1], []).append(name)
            stack.extend(parts.values())
