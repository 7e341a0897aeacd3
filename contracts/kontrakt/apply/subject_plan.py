"""The subjects of contracts, and their published projections, beside those that a registry has: steps, obstacles and drift."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kontrakt import avro
from kontrakt.avro.compatibility import Level, check_history
from kontrakt.avro.render import closed
from kontrakt.check.changes.compare import diff
from kontrakt.check.findings import Severity
from kontrakt.check.lineage import lineages
from kontrakt.check.rules.history import LevelWeakened
from kontrakt.check.words import code, codes, spans
from kontrakt.contract.readers import LEVEL, published, reads
from kontrakt.contract.subjects import strictest
from kontrakt.errors import SchemaErrors
from kontrakt.registry.client import READWRITE
from kontrakt.registry.documents import closure

from .steps import Against, Drift, Obstacle, Publish, Register, Retire, SetLevel

if TYPE_CHECKING:
    from kontrakt.check.findings import Report
    from kontrakt.contract import Contracts, Document, Subject
    from kontrakt.registry import SchemaVersion

    from .steps import Step
    from .world import RegistryState


class SubjectPlan:
    """What is to be done about subjects.

    Args:
        contracts: The contracts.
        state: What the registry holds.
        report: What the check says of the contracts beside that; what may pass is waived already.

    Attributes:
        steps: What to do: each schema after those that it refers to, the level of a subject before its schema.
        obstacles: What stands against it.
        drift: What is there and differs.
        notes: What the reader should know.
    """

    def __init__(self, contracts: Contracts, state: RegistryState, report: Report) -> None:
        self.steps: list[Step] = []
        self.obstacles: list[Obstacle] = []
        self.drift: list[Drift] = []
        self.notes: list[str] = []
        self._contracts = contracts
        self._state = state
        self._report = report
        self._changes = _changes(contracts, state, report)
        registered: set[str] = set()
        for subject in contracts.subjects:
            if subject.compatibility:
                self._level(subject)
            if self._register(subject):
                registered.add(subject.name)
        self._incompatible(registered)
        self._found()
        self._publish()
        self._retire()
        closed = {one.about for one in self.steps if state.modes.get(one.about, state.mode) != READWRITE}
        if closed:
            self._mode(sorted(closed))

    def _level(self, subject: Subject) -> None:
        there = subject.name in self._state.past.histories
        before = self._state.past.levels.get(subject.name, "") if there else ""
        after = subject.compatibility
        if before == after or (there and not before and self._state.past.default_level == after):
            return
        self.steps.append(SetLevel(about=subject.name, before=before, after=after))
        if not there:
            return
        counts = before or self._state.past.default_level
        self.drift.append(Drift(about=subject.name, what="compatibility level", wanted=after, found=before or "none"))
        if counts and strictest((counts, after)) != after:
            self.obstacles.append(
                Obstacle(
                    against=Against.LEVEL_WEAKENED,
                    about=subject.name,
                    message=f"the subject {code(subject.name)} has the level {counts}, and would get {after}",
                    reason="Consumers and producers may rely on what the registry refuses now.",
                    ways_out=(f"say {counts} as the contract's compatibility",),
                )
            )

    def _register(self, subject: Subject) -> bool:
        past = self._state.past
        if subject.name in past.unchanged:
            return False
        history = past.histories.get(subject.name, ())
        if subject.name in self._state.again:
            self.notes.append(
                f"version {self._state.again[subject.name]} of the subject {subject.name} says what the contracts say, and "
                f"version {history[-1].number} is newer: a registry does not register a schema a second time"
            )
            return False
        document = self._contracts.documents[subject.document]
        self.steps.append(
            Register(
                about=subject.name,
                document=subject.document,
                newest=history[-1].number if history else 0,
                fingerprint=_fingerprint(document, self._contracts.documents),
                changes=self._changes.get(subject.document, ()) if history else (),
            )
        )
        return bool(history)

    def _incompatible(self, registered: Iterable[str]) -> None:
        """What the registry would refuse. The check finds a reason for each, so only what it finds something about is judged."""
        wanted = set(registered)
        reached = {name for one in self._report.findings if one.severity is Severity.ERROR for name in one.topics}
        for lineage in lineages(self._contracts, self._state.past) if wanted and reached else ():
            if lineage.subject not in wanted or not (reached & {*lineage.topics} or not lineage.topics):
                continue
            level = Level(
                lineage.said or self._state.past.levels.get(lineage.subject) or self._state.past.default_level
            )
            history = self._state.past.histories[lineage.subject]
            schemas = [version.schema for version in history]
            failures = check_history(lineage.schema, schemas, level, all_versions=True).failures
            if not failures:
                continue
            numbers = sorted({history[one.index].number for one in failures})
            self.obstacles.append(
                Obstacle(
                    against=Against.INCOMPATIBLE,
                    about=lineage.subject,
                    message=f"the schema of the subject {code(lineage.subject)} is not compatible with {spans(numbers)}",
                    reason=f"The registry refuses it under the level {level}.",
                    ways_out=("make the change compatible, as the findings say",),
                )
            )

    def _found(self) -> None:
        for finding in self._report.open:
            if finding.severity is Severity.ERROR and finding.rule != LevelWeakened.id:  # the steps say it
                self.obstacles.append(
                    Obstacle(
                        against=Against.CHECK_FINDINGS,
                        about=finding.subject_of,
                        message=finding.message,
                        reason=finding.reason,
                        ways_out=finding.ways_out,
                        breaks=finding.breaks,
                        place=str(finding.new or finding.old or ""),
                    )
                )

    # Projections

    def _publish(self) -> None:
        for one in published(self._contracts):
            newest = self._state.published.get(one.subject)
            before = self._state.levels.get(one.subject, "")
            if before != LEVEL:
                self.steps.append(SetLevel(about=one.subject, before=before, after=LEVEL))
                if newest is not None:
                    self.drift.append(
                        Drift(about=one.subject, what="compatibility level", wanted=LEVEL, found=before or "none")
                    )
            if newest is None or not _same(newest, one.document):
                self.steps.append(
                    Publish(
                        about=one.subject,
                        document=one.document.name,
                        newest=newest.version if newest is not None else 0,
                        fingerprint=_fingerprint(one.document, {}),
                    )
                )

    def _retire(self) -> None:
        """Deletes nothing but what consumers of this repository published themselves."""
        kept = {one.subject for one in published(self._contracts)}
        kept |= {one.subject for one in self._contracts.documents.values()}  # a type may be called as if it were one
        for name, newest in sorted(self._state.published.items()):
            read = reads(name)
            if name not in kept and read is not None and read[1] in self._state.consumers:
                self.steps.append(Retire(about=name, newest=newest.version))

    def _mode(self, closed: Sequence[str]) -> None:
        self.obstacles.append(
            Obstacle(
                against=Against.REGISTRY_MODE,
                about=self._state.name,
                message=f"the registry is in the mode {self._state.mode}, and takes nothing for {codes(closed)}",
                reason="It takes schemas and levels in the mode READWRITE only.",
                ways_out=(
                    "have whoever runs it set that mode, and run this again",
                    "write to the registry that this one is a copy of",
                ),
            )
        )


def _changes(contracts: Contracts, state: RegistryState, report: Report) -> Mapping[str, tuple[str, ...]]:
    """What changed in words, by the document that it changed in."""
    found: dict[str, list[str]] = {}
    if all(subject.name in state.past.unchanged for subject in contracts.subjects):
        return {}
    for entry in diff(contracts, state.past, report).entries:
        for name in (entry.about, entry.about.rpartition(".")[0]):
            if name in contracts.document_of:
                found.setdefault(contracts.document_of[name], []).append(f"{entry.section}: {entry.message}")
                break
    told = {name: tuple(dict.fromkeys(said)) for name, said in found.items()}
    return {**_through_references(contracts, found), **told}


def _through_references(contracts: Contracts, changed: Mapping[str, object]) -> Mapping[str, tuple[str, ...]]:
    """Documents that change because something that they refer to does."""
    moved = set(changed)
    found: dict[str, tuple[str, ...]] = {}
    for name, document in contracts.documents.items():  # each after those that it refers to
        through = [used for used in document.references if used in moved]
        if through and name not in changed:
            moved.add(name)
            found[name] = tuple(f"refers to a new version of {code(used)}" for used in through)
    return found


def _fingerprint(document: Document, documents: Mapping[str, Document]) -> str:
    texts = (json.dumps((one.name, one.text)) for one in closure(document, documents))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]


def _same(version: SchemaVersion, document: Document) -> bool:
    """Whether a version says what a document says that refers to no other."""
    if version.type != "AVRO" or version.references:
        return False
    if version.text == document.text:
        return True
    try:
        return bool(closed(avro.parse(version.text, strict=False)) == closed(avro.parse(document.text)))
    except SchemaErrors:
        return False
