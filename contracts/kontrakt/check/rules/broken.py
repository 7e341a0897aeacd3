"""A change that breaks someone, wherever it was met, and the base of the rules that tell it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias

from kontrakt.avro import Named
from kontrakt.check.clashes import BACKWARD, FORWARD, Clash, Part
from kontrakt.check.lineage import Lineage, Role, spoken
from kontrakt.check.words import spans

from .rule import Rule

if TYPE_CHECKING:
    from kontrakt.avro import Schema
    from kontrakt.avro.compatibility import Direction
    from kontrakt.check.findings import Finding
    from kontrakt.check.past import Version
    from kontrakt.errors import Position

Place: TypeAlias = "Callable[[Schema | None, Part], Position | None]"
"""Tells where a field or a type stands, by the type around it."""

NEW_TOPIC: Final = "make a new topic, and move the consumers to it"
"""The way out that is always there."""


@dataclass(kw_only=True)
class Broken:
    """One change that breaks someone, or lets someone read what was not meant.

    Attributes:
        rule: The rule that tells it.
        where: Where it was met: the reason, the subject, the version; those of newer versions first.
    """

    rule: type[SchemaRule]
    where: list[tuple[Clash, Lineage, Version]] = field(default_factory=list["tuple[Clash, Lineage, Version]"])

    @property
    def clash(self) -> Clash:
        """The reason, as it was met first."""
        return self.where[0][0]

    @property
    def each_way(self) -> tuple[Clash, ...]:
        """The reason in each direction in which it was met, old consumers first."""
        first = {clash.way: clash for clash, _, _ in reversed(self.where)}
        return tuple(first[way] for way in (FORWARD, BACKWARD) if way in first)

    @property
    def lineages(self) -> tuple[Lineage, ...]:
        """The subjects, each once."""
        return tuple({lineage.subject: lineage for _, lineage, _ in self.where}.values())

    @property
    def backward(self) -> bool:
        """Whether new consumers must read old messages on one of the topics."""
        return any(lineage.level.backward for lineage in self.lineages)

    @property
    def forward(self) -> bool:
        """Whether old consumers must read new messages on one of the topics."""
        return any(lineage.level.forward for lineage in self.lineages)

    @property
    def transitive(self) -> bool:
        """Whether all versions count on one of the topics."""
        return any(lineage.level.transitive for lineage in self.lineages)

    @property
    def answer(self) -> bool:
        """Whether it is what an operation answers with."""
        about = {(Role.RESPONSE, self.clash.record)}
        return self.clash.field == "response" and about == {
            (lineage.role, lineage.schema.fullname if isinstance(lineage.schema, Named) else "")
            for lineage in self.lineages
        }

    @property
    def breaks(self) -> tuple[str, ...]:
        """Who breaks."""
        by_way = sorted(self.where, key=lambda met: met[0].way is BACKWARD)
        return tuple(dict.fromkeys(who(lineage, clash.way) for clash, lineage, _ in by_way))

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics that it reaches."""
        return tuple(sorted({topic for lineage in self.lineages for topic in lineage.topics}))

    @property
    def versions(self) -> str:
        """A sentence that says in which versions of a registry it was met, where that is not the newest one alone."""
        _, first, _ = self.where[0]
        numbers = sorted({version.number for _, lineage, version in self.where if lineage is first})
        if not all(numbers) or numbers == [first.history[-1].number]:
            return ""
        return f" It is so with {spans(numbers)} of `{first.was}`."


def who(lineage: Lineage, way: Direction) -> str:
    """Who breaks when one side of a subject cannot read the other."""
    new, old = ("new", "old") if way is BACKWARD else ("old", "new")
    match lineage.role:
        case Role.REQUEST:
            return f"the {new} {lineage.owner} reading requests of {old} clients"
        case Role.RESPONSE:
            return f"{new} clients reading answers of the {old} {lineage.owner}"
        case _:
            return f"{new} consumers reading {old} messages"


class SchemaRule(Rule):
    """A rule about why one side cannot read the other. Its sentences are filled with :attr:`Clash.names`.

    Attributes:
        about: What a finding is about; the same for both directions of one change.
        changed: The change in short; the same for both directions of one change.
        told: What changed.
        forward: What happens where old consumers read new messages.
        backward: What happens where new consumers read old messages.
        outs: What to do instead.
    """

    about: ClassVar[str] = "{place}"
    changed: ClassVar[str] = ""
    told: ClassVar[str]
    forward: ClassVar[str] = ""
    backward: ClassVar[str] = ""
    outs: ClassVar[tuple[str, ...]] = ()

    @classmethod
    @abstractmethod
    def fits(cls, clash: Clash, role: Role) -> bool:
        """Whether it is this rule that tells a reason.

        Args:
            clash: The reason.
            role: What the subject is for.
        """

    @classmethod
    def out(cls, broken: Broken) -> tuple[str, ...]:
        """What to do instead, as sentences that are still to be filled; other rules look at what has to be read."""
        del broken
        return cls.outs

    @classmethod
    def because(cls, clash: Clash) -> str:
        """Why it matters, in one direction."""
        return (cls.backward if clash.way is BACKWARD else cls.forward).format_map(clash.names)

    @classmethod
    def spots(cls, clash: Clash) -> tuple[Part, Part]:
        """What to point at, old and new: the field around it, otherwise what clashes."""
        return clash.old_field or clash.old, clash.new_field or clash.new

    @classmethod
    def found(cls, broken: Broken, old_place: Place, new_place: Place) -> Finding:
        """The finding of a change.

        Args:
            broken: The change.
            old_place: Where things stand in what came before.
            new_place: Where things stand in the new contracts.
        """
        clash, names = broken.clash, broken.clash.names
        old, new = cls.spots(clash)
        return cls.finding(
            spoken(cls.told.format_map(names), broken.lineages),
            cls.about.format_map(names),
            change=cls.changed.format_map(names),
            reason=spoken(" ".join(map(cls.because, broken.each_way)), broken.lineages) + broken.versions,
            breaks=broken.breaks,
            ways_out=tuple(spoken(way.format_map(names), broken.lineages) for way in cls.out(broken)),
            old=old_place(clash.old_record, old),
            new=new_place(clash.new_record, new),
            topics=broken.topics,
        )


def grouped(clashes: Iterable[tuple[Clash, Lineage, Version]], rules: Iterable[type[SchemaRule]]) -> Iterator[Broken]:
    """Reasons that are one change, told by the first rule that fits.

    Args:
        clashes: The reasons and where each was met, those against newer versions first.
        rules: The rules; the last one fits everything.
    """
    known = tuple(rules)
    found: dict[tuple[type[SchemaRule], str, str], Broken] = {}
    for clash, lineage, version in clashes:
        rule = next(rule for rule in known if rule.fits(clash, lineage.role))
        key = rule, rule.about.format_map(clash.names), rule.changed.format_map(clash.names)
        found.setdefault(key, Broken(rule=rule)).where.append((clash, lineage, version))
    yield from found.values()
