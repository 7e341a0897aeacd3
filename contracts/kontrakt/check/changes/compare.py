"""Contracts beside what came before them: everything that changed, and whom it breaks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kontrakt.avro import Named, named_types
from kontrakt.check.findings import Finding, Severity
from kontrakt.check.lineage import reach
from kontrakt.check.places import Places
from kontrakt.check.rules.projections import ProjectionBroken
from kontrakt.check.sides import Sides

from .entries import Difference, Entry, Section
from .told import type_entries
from .topics import topic_entries
from .types import type_changes

if TYPE_CHECKING:
    from kontrakt.check.findings import Report
    from kontrakt.check.past import Past
    from kontrakt.contract import Contracts

_WORD: Final = re.compile(r"\w+")


def diff(contracts: Contracts, past: Past, report: Report) -> Difference:
    """Tell everything that changed.

    Args:
        contracts: The contracts as they are now.
        past: What came before. Of a registry, the newest version of each subject counts.
        report: What the check finds, for who breaks.
    """
    places = Places(past.contracts), Places(contracts)
    old, new = _types(contracts, past)
    carriers = _answers(contracts, past)
    changes = (change for change in type_changes(old, new) if change.place not in carriers)
    told = [*topic_entries(Sides(contracts, past)), *type_entries(changes, *places)]
    topics = _Reached(contracts, past.contracts)
    breaking = _Breaking(report.findings)
    entries = [
        replace(entry, topics=entry.topics or topics(entry.about), breaks=breaking(entry))
        for entry in dict.fromkeys(told)
    ]
    entries.sort(key=lambda entry: (not entry.breaks, entry.step.rank, list(Section).index(entry.section), entry.about))
    return Difference(against=report.against, entries=tuple(entries), notes=report.notes)


def _types(contracts: Contracts, past: Past) -> tuple[Mapping[str, Named], Mapping[str, Named]]:
    """The old and the new types that make up generated code. What carries operations changes with them."""
    new: dict[str, Named] = dict(contracts.types)
    old: dict[str, Named] = dict(past.contracts.types) if past.contracts is not None else {}
    if past.contracts is None:
        for subject in contracts.subjects:
            for version in past.histories.get(subject.name, ())[-1:]:
                found = named_types(version.schema)
                old = {**found, **old} if subject.topic else {**old, **found}
    derived = {document.name for document in contracts.documents.values() if not document.file}
    if past.contracts is not None:
        derived |= {document.name for document in past.contracts.documents.values() if not document.file}
    return (
        {name: one for name, one in old.items() if name not in derived or name in new},
        {name: one for name, one in new.items() if name not in derived or name in old},
    )


def _answers(contracts: Contracts, past: Past) -> frozenset[str]:
    """The fields that carry the errors of operations, where the operations themselves tell what changed."""
    if past.contracts is None:
        return frozenset()
    answers = (operation.response for pair in contracts.requests for operation in pair.operations)
    return frozenset(f"{answer.fullname}.error" for answer in answers if answer is not None)


class _Breaking:
    """Tells who breaks by a change: whoever the check says, about the same."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self._findings: dict[str, list[Finding]] = {}
        for finding in findings:
            if finding.severity is Severity.ERROR:
                self._findings.setdefault(_about(finding), []).append(finding)

    def __call__(self, entry: Entry) -> tuple[str, ...]:
        found = [
            finding
            for finding in self._findings.get(entry.about, ())
            if finding.rule in entry.rules and (not entry.symbol or entry.symbol in _WORD.findall(finding.change))
        ]
        return tuple(dict.fromkeys(who for finding in found for who in finding.breaks))


def _about(finding: Finding) -> str:
    """What a finding is about; of a consumer's projection, the field that it reads."""
    return finding.subject_of.rpartition(" ")[2] if finding.rule == ProjectionBroken.id else finding.subject_of


class _Reached:
    """Tells which topics a type or a field reaches."""

    def __init__(self, *contracts: Contracts | None) -> None:
        self._sides = [(one.document_of, reach(one)) for one in contracts if one is not None]

    def __call__(self, place: str) -> tuple[str, ...]:
        for document_of, topics in self._sides:
            for name in (place, place.rpartition(".")[0]):
                if name in document_of:
                    return tuple(sorted(topics[document_of[name]]))
        return ()
