"""What is compatible and still unsafe: found by following the plan by which data is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kontrakt.avro.defaults import default_value, misfits
from kontrakt.avro.matching import alike, written_as
from kontrakt.avro.resolution import (
    IntoUnion,
    ReadArray,
    ReadEnum,
    ReadFixed,
    ReadMap,
    ReadRecord,
    ReadUnion,
    Same,
    Step,
    resolve,
)
from kontrakt.avro.schema import Array, Field, Map, Named, Record, Schema, Union
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.severity import Severity

from .causes import Cause, CauseKind
from .meaning import AdvisoryKind, Note, misread
from .trail import Spot, Trail


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory(Spot):
    """Something that a registry calls compatible, and that is unsafe. It never changes the verdict.

    Attributes:
        kind: What kind.
        severity: How bad it is.
        explanation: What happens, in full sentences, in terms of producer and consumer.
        before: A value as the producer means it, as text; empty where there is no example.
        after: What becomes of it.
        detail: For a symbol that is read as a default, the symbols; for a verdict that depends on the order, the kind of cause.
    """

    kind: AdvisoryKind
    severity: Severity
    explanation: str
    before: str = ""
    after: str = ""
    detail: tuple[str, ...] = ()


def advisories(reader: Schema, writer: Schema) -> Iterator[Advisory]:
    """What is unsafe in reading data of the writer as the reader's type, each once, in the order of the reader's fields.

    Args:
        reader: The schema that data is read as.
        writer: The schema that it was written with. Where it is incompatible, what can be read is still looked at.
    """
    seen: set[int] = set()
    stack: list[tuple[Step, Trail, bool]] = [(resolve(reader, writer).root, Trail(), False)]
    while stack:
        step, trail, branch = stack.pop()
        if id(step) in seen:
            continue
        seen.add(id(step))
        yield from _here(step, trail, branch=branch)
        inside = [(inner, way, isinstance(step, IntoUnion)) for inner, way in _inside(step, trail)]
        stack.extend(reversed(inside))


def order_dependent(cause: Cause) -> Advisory:
    """The advisory of a cause that stands against a pair that the reference calls compatible."""
    return Advisory(
        path=cause.path,
        location=cause.location,
        reader=cause.reader,
        writer=cause.writer,
        reader_record=cause.reader_record,
        writer_record=cause.writer_record,
        field_reader=cause.field_reader,
        field_writer=cause.field_writer,
        kind=AdvisoryKind.ORDER_DEPENDENT,
        severity=Severity.ERROR,
        explanation=(
            "Registries call this compatible, which is wrong: their verdict depends on the order of fields where a type contains "
            f"itself in a union. {_SAYS[cause.kind]}"
        ),
        detail=(cause.kind, *cause.detail),
    )


_SAYS: Final = {
    CauseKind.NAME: "The consumer expects a type of another name.",
    CauseKind.TYPE: "The consumer expects another type.",
    CauseKind.FIXED_SIZE: "The consumer expects a fixed of another size.",
    CauseKind.ENUM_SYMBOLS: "The consumer's enum lacks symbols.",
    CauseKind.FIELD_WITHOUT_DEFAULT: "The producer does not write a field that the consumer needs.",
    CauseKind.UNION_BRANCH: "The consumer's union lacks a type.",
    CauseKind.AMBIGUOUS_FIELD: "Several fields of the producer could become one of the consumer.",
}


def _inside(step: Step, trail: Trail) -> Iterator[tuple[Step, Trail]]:
    match step:
        case ReadArray():
            yield step.items, trail.inside("items", "[]")
        case ReadMap():
            yield step.values, trail.inside("values", "{}")
        case ReadUnion():
            yield from ((branch, trail) for branch in step.branches)
        case IntoUnion():
            yield step.step, trail.inside(str(step.branch))
        case ReadRecord():
            read = {id(target): (wrote, inner) for wrote, target, inner in step.steps if target and inner}
            for index, target in enumerate(step.reader.fields):
                if id(target) in read:
                    wrote, inner = read[id(target)]
                    yield inner, trail.field(index, step.reader, step.writer, wrote).inside("type")
        case _:
            return


def _here(step: Step, trail: Trail, *, branch: bool) -> Iterator[Advisory]:
    """What is unsafe at a step itself. A step may be a branch of the reader's union."""
    match step:
        case Same() | ReadFixed() | ReadEnum() | ReadRecord():
            for note, detail in _notes(step, branch=branch):
                yield _advisory(note, trail, step.reader, step.writer, detail)
        case IntoUnion():
            for note in _choice(step):
                yield _advisory(note, trail, step.reader, step.writer)
        case _:
            pass
    if isinstance(step, ReadRecord) and (step.defaults or step.missing):
        taken = {id(wrote): target for wrote, target, _ in step.steps if target}
        indexes = {id(target): index for index, target in enumerate(step.reader.fields)}
        for target in (*step.defaults, *step.missing):
            place = trail.field(indexes[id(target)], step.reader, step.writer, None)
            wrote = written_as(target, step.writer)
            if wrote is not None:
                yield _advisory(_shared(target, wrote, taken[id(wrote)]), place, target, None)
            for note in _default(target) if target.has_default else ():
                yield _advisory(note, place, target, None)


def _notes(step: Same | ReadFixed | ReadEnum | ReadRecord, *, branch: bool) -> Iterator[tuple[Note, tuple[str, ...]]]:
    if not isinstance(step, Same) and (moved := _moved(step.reader, step.writer, branch=branch)):
        yield moved, ()
    match step:
        case Same() | ReadFixed():
            for note in misread(step.reader, step.writer):
                yield note, ()
        case ReadEnum():
            lost = tuple(wrote for wrote, read in step.symbols.items() if read not in (wrote, None))
            if lost:
                listed = ", ".join(lost)
                explanation = f"The consumer does not know {listed} and reads {step.reader.default} instead."
                kind = AdvisoryKind.SYMBOL_AS_DEFAULT
                yield Note(kind, Severity.INFO, explanation, lost[0], step.reader.default or ""), lost
        case _:
            return


def _moved(reader: Named, writer: Named, *, branch: bool) -> Note | None:
    """A type whose namespace changed."""
    if reader.fullname == writer.fullname or writer.fullname in reader.aliases:
        return None
    explanation = (
        f"The producer writes {writer.fullname}, the consumer knows it as {reader.fullname} without an alias. "
    )
    if branch and not isinstance(reader, Record):
        explanation += f"Java finds {reader.type}s in a union by their full name, and fails on this one."
        severity = Severity.ERROR
    else:
        explanation += "Readers that compare full names, such as Python's avro, refuse it."
        severity = Severity.WARNING
    return Note(AdvisoryKind.RENAMED_WITHOUT_ALIAS, severity, explanation, writer.fullname, reader.fullname)


def _choice(step: IntoUnion) -> Iterator[Note]:
    """A reader's union with several branches for a named type, none of which is plainly it."""
    writer = step.writer
    if not isinstance(writer, Named):
        return
    meant = [branch for branch in step.reader.branches if alike(branch, writer)]
    chosen = step.reader.branches[step.branch]
    if len(meant) > 1:
        names = " and ".join(branch.fullname for branch in meant)
        explanation = f"The producer writes {writer.fullname}; {names} of the consumer's union both bear its name."
        after = ", or ".join(branch.fullname for branch in sorted(meant, key=lambda one: one is not chosen))
        yield Note(AdvisoryKind.UNION_CHOICE, Severity.WARNING, explanation, writer.fullname, after)


def _shared(target: Field, wrote: Field, other: Field) -> Note:
    """A field that would take what another one takes."""
    explanation = (
        f"{target.name} and {other.name} of the consumer are both meant for {wrote.name} of the producer. Readers fill one of them "
        f"and {'take the default for' if target.has_default else 'fail on'} the other."
    )
    return Note(AdvisoryKind.SHARED_FIELD, Severity.ERROR, explanation, wrote.name, f"{other.name}, or {target.name}")


def _default(field: Field) -> Iterator[Note]:
    """What is wrong with the default of a field that was not written."""
    try:
        default_value(field.schema, field.default)
    except ValueError as error:
        explanation = (
            f"The producer does not write {field.name}, and the consumer's default for it is unusable: {error}."
        )
        yield Note(AdvisoryKind.UNUSABLE_DEFAULT, Severity.ERROR, explanation, "", "an error")
        return
    found = misfits(field.schema, field.source.members["default"])
    if found:
        explanation = (
            f"The producer does not write {field.name}, and its default is not of the first branch of its union, which older "
            "readers ask for."
        )
        yield Note(AdvisoryKind.UNUSABLE_DEFAULT, Severity.WARNING, explanation, "", "an error to older readers")
        return
    unusable, left_out, raw = _looked_into(field)
    if unusable:
        explanation = (
            f"The producer does not write {field.name}, and the consumer's default for it is unusable: {unusable}."
        )
        yield Note(AdvisoryKind.UNUSABLE_DEFAULT, Severity.ERROR, explanation, "", "an error")
    if left_out:
        explanation = (
            f"The producer does not write {field.name}, and the consumer's default for it leaves out {left_out}. Java fills that "
            "in, fastavro does not."
        )
        yield Note(AdvisoryKind.DEFAULT_DIFFERS, Severity.INFO, explanation, "", f"with or without {left_out}")
    if raw:
        explanation = f"The producer does not write {field.name}, and the consumer's default for it has bytes. fastavro reads them as text."
        yield Note(AdvisoryKind.DEFAULT_DIFFERS, Severity.INFO, explanation, "", "bytes, or text")


def _looked_into(field: Field) -> tuple[str, str, bool]:
    """What is inside a default that fits its type.

    Returns:
        Why its logical type cannot use it, the first field that it leaves out, and whether it has bytes.
    """
    unusable, left_out, raw = "", "", False
    stack = [(field.schema, field.default)]
    while stack:
        schema, value = stack.pop()
        match schema:
            case Union() if schema.branches:
                stack.append((schema.branches[0], value))
            case Record() if is_object(value):
                for inner in schema.fields:
                    if inner.name in value:
                        stack.append((inner.schema, value[inner.name]))
                    else:
                        left_out = left_out or inner.name
            case Array() if is_array(value):
                stack.extend((schema.items, item) for item in value)
            case Map() if is_object(value):
                stack.extend((schema.values, item) for item in value.values())
            case _:
                raw = raw or schema.type in ("bytes", "fixed")
                unusable = unusable or _no_uuid(schema, value)
    return unusable, left_out, raw


def _no_uuid(schema: Schema, value: object) -> str:
    if schema.type != "string" or schema.logical is None or schema.logical.name != "uuid":
        return ""
    try:
        UUID(str(value))
    except ValueError:
        return f'"{value}" is no UUID'
    return ""


def _advisory(
    note: Note, trail: Trail, reader: Schema | Field, writer: Schema | None, detail: tuple[str, ...] = ()
) -> Advisory:
    return Advisory(
        kind=note.kind,
        severity=note.severity,
        explanation=note.explanation,
        before=note.before,
        after=note.after,
        detail=detail,
        **trail.spot(reader, writer),
    )
