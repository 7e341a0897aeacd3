"""Repairs that are certain: the contracts mean the same after them, and the rest of the file stays byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Final

from kontrakt.avro import Named
from kontrakt.avro.compatibility import check
from kontrakt.avro.render import WAIVE
from kontrakt.avro.shapes import is_array
from kontrakt.errors import KontraktError

from .rules.types import NullableWithoutDefault, OwnNameAsAlias
from .rules.waivers import SchemaWaiverUnused
from .text import Edit, Text

if TYPE_CHECKING:
    from kontrakt.check.findings import Finding, Report
    from kontrakt.contract import Contracts
    from kontrakt.errors import Position

_NULLS: Final = ("null", {"type": "null"})


def _default_null(text: Text, at: Position) -> Edit | None:
    """A nullable field gets null as its default, where null is the first branch: elsewhere it could not be one."""
    field = text.places(at)[0].value
    branches = field.value["type"]
    if not is_array(branches) or branches[0] not in _NULLS:
        return None
    return text.with_member(field, "type", '"default": null')


def _alias(text: Text, at: Position) -> Edit:
    """An alias that is the field's own name goes, and with the last one the whole list."""
    item, aliases = text.places(at)[:2]
    return text.without(item if len(item.around.items) > 1 else aliases)


def _waiver(text: Text, at: Position) -> Edit:
    """A waiver that nothing needs goes, and with the last one the attribute."""
    entry, waive = text.places(at)[:2]
    assert waive.step == WAIVE
    return text.without(entry if len(entry.around.members) > 1 else waive)


_FIXES: Final[Mapping[str, Callable[[Text, Position], Edit | None]]] = {
    NullableWithoutDefault.id: _default_null,
    OwnNameAsAlias.id: _alias,
    SchemaWaiverUnused.id: _waiver,
}
FIXABLE: Final = frozenset(_FIXES)
"""The ids of the rules of which findings can be repaired with certainty."""


def repaired(
    contracts: Contracts,
    files: Mapping[str, bytes],
    report: Report,
    again: Callable[[Mapping[str, bytes]], tuple[Contracts, Report]],
    leave: Collection[str] = (),
) -> tuple[Mapping[str, bytes], Report, list[Finding]]:
    """Repair what can be repaired with certainty, until nothing is left of it.

    Args:
        contracts: The contracts.
        files: The bytes of each file that they come from, by its path.
        report: What lint says of them.
        again: Makes contracts of files, and says what lint says of those.
        leave: The fingerprints of findings that are let pass.

    Returns:
        The files with what changed, what lint says of them, and the findings that were repaired.

    Raises:
        KontraktError: A repair did not do what it should.
    """
    every: list[Finding] = []
    while True:
        after, some = fixed(files, [finding for finding in report.open if finding.fingerprint not in leave])
        if not some:
            return files, report, every
        before, (contracts, report) = contracts, again(after)
        judged(before, contracts, report, some)
        files = after
        every += some


def fixed(files: Mapping[str, bytes], findings: Iterable[Finding]) -> tuple[dict[str, bytes], list[Finding]]:
    """Repair what can be repaired with certainty.

    Args:
        files: The bytes of each file by its path.
        findings: What was found in them, and may be repaired.

    Returns:
        The files with what changed, and the findings that were repaired, in the order in which they stand.
    """
    after = dict(files)
    repaired: list[Finding] = []
    at = [(finding.new, finding) for finding in findings if finding.rule in _FIXES and finding.new is not None]
    for position, finding in sorted(
        at, key=lambda one: one[0], reverse=True
    ):  # what stands before it stays in its place
        text = Text(after[position.file], position.file)
        edit = _FIXES[finding.rule](text, position)
        if edit is not None:
            after[position.file] = text.edited(edit)
            repaired.append(finding)
    return after, repaired[::-1]


def judged(before: Contracts, after: Contracts, report: Report, repaired: Iterable[Finding]) -> None:
    """See that a repair did what it should: every type reads what was there, is read by what could read, and the findings are gone.

    Args:
        before: The contracts as they were.
        after: The contracts with what changed.
        report: What lint says of them.
        repaired: The findings that were repaired.

    Raises:
        KontraktError: It did not; it is not to be written.
    """
    left = {finding.fingerprint for finding in report.findings}
    for finding in repaired:
        if finding.fingerprint in left:
            raise KontraktError(f"{finding.new}: the repair of {finding.rule} did not repair it; nothing was written")
    old: Mapping[str, Named] = before.types
    new: Mapping[str, Named] = after.types
    changed = {finding.new.file for finding in repaired if finding.new is not None}
    for name, was in old.items():
        if was.position.file not in changed:
            continue
        reads = check(reader=new[name], writer=was).compatible
        is_read = check(reader=was, writer=new[name]).compatible or not check(reader=was, writer=was).compatible
        if not (reads and is_read):
            raise KontraktError(f"{was.position}: a repair would change what {name} means; nothing was written")
