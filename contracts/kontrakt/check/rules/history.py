"""Rules about levels and registries: what was promised, and what a registry says itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from kontrakt.avro.compatibility import Level
from kontrakt.check.findings import Finding, Severity
from kontrakt.check.lineage import Role
from kontrakt.check.words import code, listed, type_name
from kontrakt.contract import SubjectStrategy

from .rule import Rule

if TYPE_CHECKING:
    from kontrakt.check.lineage import Lineage
    from kontrakt.errors import Position
    from kontrakt.registry import Verdict

_PROMISES: Final = {"new consumers read old messages": "backward", "old consumers read new messages": "forward"}


class LevelWeakened(Rule):
    """Less is promised than before."""

    id = "level-weakened"
    severity = Severity.ERROR
    title = "a topic promises less than before"
    reason = (
        "Consumers were built on what the level promises. Under a weaker one, changes may pass that break them, without a "
        "finding."
    )
    before = '"compatibility": "FULL_TRANSITIVE"'
    after = '"compatibility": "BACKWARD"'
    ways_out = (
        "keep the level",
        "weaken it in a change of its own, with a waiver for this finding, so that those who read the topic can object",
    )

    @classmethod
    def judge(cls, lineage: Lineage, position: Position | None) -> Iterator[Finding]:
        """Whether a subject has a weaker level.

        Args:
            lineage: The subject.
            position: Where its level is declared.
        """
        if lineage.role is Role.SHARED or not lineage.said or not lineage.promised:
            return
        old, new = Level(lineage.promised), Level(lineage.said)
        lost = [what for what, way in _PROMISES.items() if getattr(old, way) and not getattr(new, way)]
        if old.transitive and not new.transitive:
            lost.append("older versions than the newest count")
        if lost:
            yield cls.finding(
                f"the compatibility level of {code(lineage.topics[0])} was {old} and is {new} now",
                lineage.topics[0],
                change=f"{old} -> {new}",
                reason=f"It is no longer promised that {listed(lost)}. {cls.reason}",
                ways_out=(f"keep the level {old}", cls.ways_out[1]),
                new=position,
                topics=lineage.topics,
            )


class SubjectStrategyChanged(Rule):
    """The schemas of a topic are registered under other subjects."""

    id = "subject-strategy-changed"
    severity = Severity.WARNING
    title = "the schemas of a topic get other subjects"
    reason = (
        "A new subject has no history: the registry does not compare the schema with what the topic holds, and whoever looks up "
        "the old subject finds no new version."
    )
    before = '"subjects": "topic"'
    after = '"subjects": "topic-record"'
    ways_out = ("say `subjects` so that the old names stay", "register the old versions under the new subject first")

    @classmethod
    def judge(cls, lineage: Lineage, position: Position | None) -> Iterator[Finding]:
        """Whether a subject has another name.

        Args:
            lineage: The subject.
            position: Where its topic is declared.
        """
        if lineage.history and lineage.was != lineage.subject:
            yield cls.finding(
                f"the schema of {code(type_name(lineage.schema))} on {code(lineage.topics[0])} was under the subject "
                f"{code(lineage.was)} and is under {code(lineage.subject)} now",
                lineage.was,
                change=f"-> {lineage.subject}",
                ways_out=(
                    f"keep the subject {code(lineage.was)}: say `subjects`, one of {listed(SubjectStrategy, 'or')}",
                    "give a second type of event a topic of its own",
                    f"register the versions of {code(lineage.was)} under {code(lineage.subject)} first",
                ),
                new=position,
                topics=lineage.topics,
            )


class RegistryDisagrees(Rule):
    """The registry gives another answer than this check."""

    id = "registry-disagrees"
    severity = Severity.WARNING
    title = "the registry gives another answer than this check"
    reason = (
        "The check judges by the rules of Avro's Java reference. A registry with rules of its own, or with another level than it "
        "says, refuses what this passes, or takes what this refuses."
    )
    ways_out = ("look at what the registry says, and at its level for the subject",)

    @classmethod
    def judge(
        cls, lineage: Lineage, level: str, ours: bool, theirs: Verdict, position: Position | None
    ) -> Iterator[Finding]:
        """Whether the answers differ.

        Args:
            lineage: The subject.
            level: The registry's level for it.
            ours: Whether this check finds it compatible at that level.
            theirs: What the registry says.
            position: Where the new schema stands.
        """
        if ours is not theirs.compatible:
            says, not_says = ("compatible", "incompatible") if theirs.compatible else ("incompatible", "compatible")
            said = f" The registry says: {'; '.join(theirs.messages)}." if theirs.messages else ""
            yield cls.finding(
                f"the registry calls the new schema of {code(lineage.subject)} {says}, and this check calls it {not_says} at "
                f"the registry's level {level}",
                lineage.subject,
                change=says,
                reason=cls.reason + said,
                new=position,
                topics=lineage.topics,
            )


RULES: Final[tuple[type[Rule], ...]] = (LevelWeakened, SubjectStrategyChanged, RegistryDisagrees)
