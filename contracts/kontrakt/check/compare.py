"""The check itself: contracts beside what came before them, and every rule asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeAlias

from kontrakt.avro.compatibility import Level, check_history
from kontrakt.settings import Settings

from .changes.types import Changed, schema_changes
from .clashes import BACKWARD, FORWARD, Clash, Judged, Known
from .consumers import readers, reads
from .findings import Finding, Report, merged
from .lineage import Lineage, Role, lineages
from .places import Places
from .rules import defaults, fields, headers, keys, operations, projections, safety, topics, types
from .rules.broken import Broken, SchemaRule, grouped
from .rules.history import LevelWeakened, RegistryDisagrees, SubjectStrategyChanged
from .sides import Declared, Sides, declared_in, topics_of

if TYPE_CHECKING:
    from kontrakt.avro import Schema
    from kontrakt.avro.compatibility import Direction
    from kontrakt.contract import Contracts
    from kontrakt.registry import Verdict

    from .past import Past, Version

Ask: TypeAlias = "Callable[[str], Verdict | None]"
"""Asks a registry about the next version of a subject; None where it cannot say."""
Progress: TypeAlias = "Callable[[int, int, str], None]"
"""Called with how many steps are done, of how many, and what is being done."""

_BREAKING: Final[Sequence[type[SchemaRule]]] = (*fields.RULES, *types.RULES)
_TOPICS: Final = (*topics.RULES, *headers.RULES, *operations.RULES, *keys.RULES)
_KNOWS_SCHEMAS_ONLY: Final = (
    "a registry knows schemas only: what is declared of topics (kinds, owners, keys, partitions, settings, operations) is "
    "compared with --against git:REF"
)


def compare(
    contracts: Contracts,
    past: Past,
    *,
    offline_levels: bool = False,
    ask: Ask | None = None,
    today: date | None = None,
    deprecation_period: timedelta = Settings.deprecation_period,
    progress: Progress | None = None,
) -> Report:
    """Say whom a change of contracts breaks, where, why, and what to do instead.

    Args:
        contracts: The contracts as they are now.
        past: What came before.
        offline_levels: Whether the levels that a registry has set do not count, only those of the contracts.
        ask: Asks the registry for its own answer, beside this one.
        today: The day of the check, for deprecated fields; today by default, in UTC.
        deprecation_period: How long a field is marked deprecated before it may go.
        progress: Told about each subject.

    Returns:
        What was found, the worst first. Nothing is waived yet.

    Raises:
        RegistryError: The registry cannot be asked for its own answer.
    """
    circumstances = defaults.Circumstances(today=today or datetime.now(tz=UTC).date(), period=deprecation_period)
    comparison = _Comparison(contracts, past, circumstances, ask)
    found = merged(comparison.findings(offline_levels=offline_levels, progress=progress))
    notes = list(past.notes)  # complete now that every history was asked for
    if past.contracts is None:
        notes.append(_KNOWS_SCHEMAS_ONLY)
    return Report(
        against=past.name,
        findings=found,
        topics=tuple(sorted(contracts.topic_names)),
        subjects=len(contracts.subjects),
        notes=tuple(notes),
    )


class _Comparison:
    """One run of the check. A schema that many subjects share is judged once: its tree is one object."""

    def __init__(
        self, contracts: Contracts, past: Past, circumstances: defaults.Circumstances, ask: Ask | None
    ) -> None:
        self._contracts = contracts
        self._past = past
        self._circumstances = circumstances
        self._ask = ask
        self._sides = Sides(contracts, past)
        self._readers = readers(contracts, past)
        self._old_place, self._new_place = Places(past.contracts), Places(contracts)
        self._known = Known(past.contracts.types if past.contracts is not None else past.histories, contracts.types)
        self._judged: dict[tuple[int, int, Direction], Judged] = {}
        self._changes: dict[tuple[int, int], tuple[Changed, ...]] = {}
        self._declared: dict[str, Declared] = {
            name: declared for declared in declared_in(contracts) for name in topics_of(declared)
        }

    def findings(self, *, offline_levels: bool, progress: Progress | None) -> Iterator[Finding]:
        """Everything that is found."""
        changed: list[Lineage] = []
        total = len(self._contracts.subjects)
        for done, lineage in enumerate(lineages(self._contracts, self._past, offline_levels=offline_levels)):
            if progress is not None:
                progress(done, total, "comparing")
            declared = self._declared.get(lineage.topics[0]) if lineage.topics else None
            position = declared.position if declared else None
            yield from LevelWeakened.judge(lineage, position)
            yield from SubjectStrategyChanged.judge(lineage, position)
            if lineage.history:
                changed.append(lineage)
        yield from self._schemas(changed)
        for rule in _TOPICS:
            yield from rule.judge(self._sides)
        yield from self._projections()

    # Schemas

    def _schemas(self, changed: Sequence[Lineage]) -> Iterator[Finding]:
        keyed = [lineage for lineage in changed if lineage.role is Role.KEY]
        for lineage in keyed:
            yield from keys.KeySchemaChanged.judge(lineage, self._declared[lineage.topics[0]])
        others = [lineage for lineage in changed if lineage.role is not Role.KEY]
        broken = list(grouped(self._clashes(others), _BREAKING))
        dangers = list(grouped(self._dangers(others), safety.RULES))
        yield from map(self._told, broken)
        yield from map(self._told, dangers)
        already = {rule_about(one) for one in broken}
        for lineage in others:
            yield from self._quiet(lineage, already)
            yield from projections.broken_readers(self._readers.get(lineage.was, ()), lineage, self._new_place)
            yield from self._registry_says(lineage)

    def _clashes(self, changed: Sequence[Lineage]) -> Iterator[tuple[Clash, Lineage, Version]]:
        for lineage in changed:
            for version in lineage.judged:
                for way in _ways(lineage):
                    for clash in self._judge(version.schema, lineage.schema, way).clashes:
                        yield clash, lineage, version

    def _dangers(self, changed: Sequence[Lineage]) -> Iterator[tuple[Clash, Lineage, Version]]:
        """What is read wrongly, against the newest version: with older ones it is as it was."""
        for lineage in changed:
            for version in lineage.judged[:1]:
                for way in _ways(lineage):
                    for clash in self._judge(version.schema, lineage.schema, way).dangers:
                        yield clash, lineage, version

    def _told(self, broken: Broken) -> Finding:
        finding = broken.rule.found(broken, self._old_place, self._new_place)
        if all(clash.way is BACKWARD for clash in broken.each_way):
            return finding
        consumers = [
            reader.consumer
            for lineage in broken.lineages
            for reader in self._readers.get(lineage.was, ())
            if any(one.place == finding.subject_of for one in reads(reader.schema, lineage.history[-1].schema))
        ]
        return replace(finding, breaks=(*finding.breaks, *dict.fromkeys(consumers)))

    def _quiet(self, lineage: Lineage, already: set[str]) -> Iterator[Finding]:
        newest = lineage.history[-1].schema
        consumers: dict[str, tuple[str, ...]] = {}
        for reader in self._readers.get(lineage.was, ()):
            for one in reads(reader.schema, newest):
                consumers[one.place] = (*consumers.get(one.place, ()), reader.consumer)
        circumstances = replace(self._circumstances, consumers=consumers)
        key = id(newest), id(lineage.schema)
        if key not in self._changes:
            self._changes[key] = schema_changes(newest, lineage.schema)
        changes = (change for change in self._changes[key] if change.place not in already)
        yield from defaults.quiet(changes, lineage, circumstances, self._old_place, self._new_place)

    def _judge(self, old: Schema, new: Schema, way: Direction) -> Judged:
        key = id(old), id(new), way
        if key not in self._judged:
            self._judged[key] = Judged(old, new, way, self._known)
        return self._judged[key]

    # Consumers and registries

    def _projections(self) -> Iterator[Finding]:
        """Whether the projections of this folder read what their topics may still hold."""
        owned = {subject.name for subject in self._contracts.subjects}
        for projection in self._contracts.projections:
            for topic in projection.topics:
                subject = topic.value_subject(projection.of)
                history = self._past.histories.get(subject, ())
                told = self._readers.get(subject, ()) if subject in owned else ()
                running = [one for one in told if one.consumer == projection.consumer]
                yield from projections.ProjectionUnreadable.judge(projection, subject, history, topic.name, running)

    def _registry_says(self, lineage: Lineage) -> Iterator[Finding]:
        if self._ask is None or lineage.was != lineage.subject:
            return
        theirs = self._ask(lineage.subject)
        if theirs is None:
            return
        level = Level(self._past.levels.get(lineage.subject) or self._past.default_level or Level.BACKWARD)
        ours = check_history(lineage.schema, [version.schema for version in lineage.history], level).compatible
        yield from RegistryDisagrees.judge(lineage, level, ours, theirs, self._new_place(None, lineage.schema))


def rule_about(broken: Broken) -> str:
    """What a change that breaks someone is about."""
    return broken.rule.about.format_map(broken.clash.names)


def _ways(lineage: Lineage) -> Sequence[Direction]:
    return [way for way, counts in ((FORWARD, lineage.level.forward), (BACKWARD, lineage.level.backward)) if counts]
