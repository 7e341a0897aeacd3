"""Rules about projections: what consumers read, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from kontrakt.avro import Record, Schema, named_types
from kontrakt.avro.compatibility import CauseKind
from kontrakt.check.clashes import BACKWARD, FORWARD, Clash, Judged
from kontrakt.check.consumers import Reads, named_as, reads
from kontrakt.check.findings import Finding, Severity
from kontrakt.check.past import Version
from kontrakt.check.renames import renames
from kontrakt.check.words import code, spans, type_name

from .rule import Rule

if TYPE_CHECKING:
    from kontrakt.check.lineage import Lineage
    from kontrakt.check.past import Reader
    from kontrakt.contract import Projection

    from .broken import Place


_NOW: Final = -1
"""In place of the number of a version: the schema as it is in the new contracts."""


class ProjectionBroken(Rule):
    """A consumer cannot read what it reads now."""

    id = "projection-broken"
    severity = Severity.ERROR
    title = "a consumer's projection cannot read the new schema"
    reason = (
        "A projection says which fields a consumer reads. It runs until that consumer is upgraded, and cannot read what the new "
        "schema writes."
    )
    before = '{"name": "email", "type": "string"}, which the projection of billing-service reads'
    after = "the field is gone"
    ways_out = (
        "keep what the consumer reads until it reads it no more",
        "let the consumer publish a projection that reads both, and upgrade, first",
    )

    @classmethod
    def judge(cls, reader: Reader, lineage: Lineage, new_place: Place) -> Iterator[Finding]:
        """What a projection cannot read of the new schema, and could of the newest version.

        Args:
            reader: The projection.
            lineage: The subject that it reads; it has a history.
            new_place: Where things stand in the new contracts.
        """
        before = lineage.history[-1].schema
        already = {_key(clash) for clash in Judged(reader.schema, before, FORWARD).clashes}
        taken = {id(one.field): one for one in reads(reader.schema, before)}
        for clash in Judged(reader.schema, lineage.schema, FORWARD).clashes:
            if _key(clash) in already:
                continue
            one = taken.get(id(clash.old_field))
            place = one.place if one else clash.place
            fate, now = _fate(clash, place, before)
            whom = reader.consumer
            target = clash.new_record.field(now) if now and clash.new_record else clash.new_field
            yield cls.finding(
                f"{whom} reads {_named(place, one)}, and {fate}",
                f"{whom} {place}",
                change=type_name(clash.new_field.schema) if clash.new_field else now or "gone",
                breaks=(whom,),
                ways_out=(
                    f"keep {code(_last(place))} as it is until {whom} reads it no more",
                    *((f"add {code(now)} beside {code(_last(place))}, and fill both",) if now else ()),
                    f"let {whom} publish a projection that can do without it, and upgrade, first",
                ),
                old=(clash.old_field or reader.schema).position,
                new=new_place(clash.new_record, target or clash.new_record),
                topics=lineage.topics,
            )


class ProjectionFallsBack(Rule):
    """A consumer reads a default in place of a field that is gone."""

    id = "projection-falls-back"
    severity = Severity.WARNING
    title = "a consumer's projection reads a default from now on"
    reason = (
        "The field that the projection reads is gone; it does not break, and reads its default in every new message."
    )
    before = '{"name": "phone", "type": "string", "default": ""}, which the projection of billing-service reads'
    after = "the field is gone"
    ways_out = ("ask the consumer whether it can do without the field",)

    @classmethod
    def judge(cls, reader: Reader, lineage: Lineage, new_place: Place) -> Iterator[Finding]:
        """What a projection finds no more.

        Args:
            reader: The projection.
            lineage: The subject that it reads; it has a history.
            new_place: Where things stand in the new contracts.
        """
        before = lineage.history[-1].schema
        still = {id(one.field) for one in reads(reader.schema, lineage.schema)}
        new_types = named_types(lineage.schema)
        for one in reads(reader.schema, before):
            if id(one.field) in still or not one.field.has_default:
                continue
            record = new_types.get(one.place.rpartition(".")[0])
            whom = reader.consumer
            yield cls.finding(
                f"{whom} reads {_named(one.place, one)}, and finds it no more in new messages",
                f"{whom} {one.place}",
                ways_out=(f"ask {whom} whether it can do without {code(_last(one.place))}",),
                old=one.field.position,
                new=new_place(record, record) if record is not None else None,
                topics=lineage.topics,
            )


class ProjectionUnreadable(Rule):
    """A projection of this folder cannot read what its topic may still hold."""

    id = "projection-unreadable"
    severity = Severity.ERROR
    title = "a projection cannot read what its topic may still hold"
    reason = "The topic may hold messages of every version that is registered, and a consumer that starts over meets them all."
    before = "version 1 of shop.customers-value has no field `email`"
    after = '{"name": "email", "type": "string"} in a projection'
    ways_out = ("give the field of the projection a default",)

    @classmethod
    def judge(
        cls,
        projection: Projection,
        subject: str,
        history: Sequence[Version],
        topic: str,
        running: Iterable[Reader] = (),
    ) -> Iterator[Finding]:
        """What a projection cannot read.

        Args:
            projection: The projection.
            subject: The subject that it reads.
            history: Its versions, oldest first.
            topic: The topic.
            running: The projections that its consumer runs with, of a topic of this repository. What they cannot read of the
                new schema is told by :class:`ProjectionBroken`.
        """
        reader = named_as(projection.record, projection.of)
        met: dict[tuple[str, str], list[tuple[Clash, Version]]] = {}
        for version in reversed(history):
            for clash in Judged(version.schema, reader, BACKWARD).clashes:
                met.setdefault(_key(clash), []).append((clash, version))
        told = (
            {_key(clash) for one in running for clash in Judged(one.schema, projection.of, FORWARD).clashes}
            if history
            else ()
        )
        for clash in Judged(projection.of, reader, BACKWARD).clashes:
            if _key(clash) not in met and _key(clash) not in told:
                met[_key(clash)] = [(clash, Version(number=_NOW, schema=projection.of))]
        for (place, fault), where in met.items():
            clash, newest = where[0]
            numbers = sorted(version.number for _, version in where)
            if numbers == [_NOW]:
                which = f"what {code(projection.of.fullname)} is now"
            elif all(numbers):
                which = f"{spans(numbers)} of {code(subject)}"
            else:
                which = "what was written before"
            target = clash.new_field
            way = (
                f"give {code(target.name)} a default"
                if _lacking(clash) and target
                else "read it with a type that takes it"
            )
            yield cls.finding(
                f"the projection of {projection.consumer} cannot read {which}: {_why(clash)}",
                f"{projection.consumer} {projection.record.fullname} {place}",
                change=fault,
                breaks=(projection.consumer,),
                ways_out=(way,),
                old=clash.old_field.position if clash.old_field else newest.schema.position,
                new=(target or projection.record).position,
                topics=(topic,),
            )


def _key(clash: Clash) -> tuple[str, str]:
    """What makes two reasons one, whichever record they were met in."""
    field = clash.old_field if clash.way is FORWARD else clash.new_field
    record = clash.old_record if clash.way is FORWARD else clash.new_record
    place = f"{record.fullname if record else ''}.{field.name if field else ''}"
    return place, f"{clash.kind}:{clash.names['unread'] or clash.names['detail']}"


def _lacking(clash: Clash) -> bool:
    return clash.kind is CauseKind.FIELD_WITHOUT_DEFAULT


def _why(clash: Clash) -> str:
    names = clash.names
    match clash.kind:
        case CauseKind.FIELD_WITHOUT_DEFAULT:
            return f"there is no {code(clash.new_field.name if clash.new_field else '')}, which has no default"
        case CauseKind.ENUM_SYMBOLS:
            return f"it does not know {names['details']}, and the enum has no default"
        case _:
            return f"{code(names['field'])} is `{names['old']}` there, and the projection takes `{names['new']}`"


def _fate(clash: Clash, place: str, before: Schema) -> tuple[str, str]:
    """What becomes of a field that a projection reads, and its new name where it was renamed."""
    record = named_types(before).get(place.rpartition(".")[0])
    if _lacking(clash):
        if isinstance(record, Record) and clash.new_record is not None:
            now = renames(record, clash.new_record).get(_last(place), "")
            if now:
                return f"it is called {code(now)} now", now
        return "it is gone", ""
    if clash.kind is CauseKind.ENUM_SYMBOLS:
        return f"it may be {clash.names['details']} now, which that consumer does not know", ""
    return f"cannot read the `{clash.names['unread'] or clash.names['new']}` that it may be now", ""


def _named(place: str, one: Reads | None) -> str:
    record, _, field = place.rpartition(".")
    alias = f" (as {code(one.field.name)})" if one is not None and one.field.name != field else ""
    return f"{code(field)} of {code(record)}{alias}"


def _last(place: str) -> str:
    return place.rpartition(".")[2]


RULES: Final[tuple[type[Rule], ...]] = (ProjectionBroken, ProjectionFallsBack, ProjectionUnreadable)


def broken_readers(readers: Iterable[Reader], lineage: Lineage, new_place: Place) -> Iterator[Finding]:
    """What the projections of a subject's consumers meet.

    Args:
        readers: The projections.
        lineage: The subject; it has a history.
        new_place: Where things stand in the new contracts.
    """
    for reader in readers:
        yield from ProjectionBroken.judge(reader, lineage, new_place)
        yield from ProjectionFallsBack.judge(reader, lineage, new_place)
