"""Files of an earlier time, and the contracts that they make."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from kontrakt.check.past import Past, Version
from kontrakt.contract import Contracts, salvage
from kontrakt.errors import SettingsErrors

if TYPE_CHECKING:
    from kontrakt.errors import Problem
    from kontrakt.settings import Settings

_SHOWN_PROBLEMS: Final = 5


def from_files(
    name: str,
    files: Mapping[str, bytes],
    settings: Settings | None,
    contracts: Contracts,
    notes: Iterable[str] = (),
    *,
    foreign: frozenset[str] = frozenset(),
) -> Past:
    """What files of an earlier time say.

    Args:
        name: What they are, as the user knows it.
        files: The bytes of each Avro file by its path as the user knows it.
        settings: The settings of that time.
        contracts: The contracts as they are now.
        notes: What is to be said already.
        foreign: The files that were pulled from other teams by then.
    """
    old, wrong = salvage(files, settings, foreign=foreign)
    return Past(
        name=name,
        histories={subject: (Version(number=0, schema=schema),) for subject, schema in old.schemas.items()},
        unchanged=_unchanged(old, contracts),
        contracts=old.own,
        notes=[*notes, *_left_out(name, wrong)],
    )


def settings_then(read: Callable[[], Settings]) -> tuple[Settings | None, list[str]]:
    """The settings of an earlier time.

    Args:
        read: Reads them.

    Returns:
        The settings, or None where there are none or they cannot be read; in that case also a note.
    """
    try:
        found = read()
    except SettingsErrors as error:
        first = error.problems[0]
        return None, [f"the old settings cannot be read, so those of now count: {first}"]
    return (found if found.file else None), []


def _unchanged(old: Contracts, new: Contracts) -> frozenset[str]:
    """The subjects that say the same in both, in everything that they refer to."""
    same: set[str] = set()
    for name, document in new.documents.items():  # each after those that it refers to
        before = old.documents.get(name)
        if (
            before is not None
            and (before.text, before.references) == (document.text, document.references)
            and same.issuperset(document.references)
        ):
            same.add(name)
    before_of = {subject.name: subject.document for subject in old.subjects}
    return frozenset(
        subject.name
        for subject in new.subjects
        if subject.document in same and before_of.get(subject.name) == subject.document
    )


def _left_out(name: str, wrong: Sequence[Problem]) -> Iterable[str]:
    for problem in wrong[:_SHOWN_PROBLEMS]:
        yield f"{name} is compared without what is wrong in it: {problem}"
    if len(wrong) > _SHOWN_PROBLEMS:
        yield f"{name} has {len(wrong) - _SHOWN_PROBLEMS} problems more"
