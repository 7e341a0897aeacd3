"""Who reads which field: the projections of this folder, those of the old contracts, and those that were published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kontrakt.avro import Field, Record, Schema, named_types
from kontrakt.avro.matching import written_as

from .past import Reader

if TYPE_CHECKING:
    from kontrakt.contract import Contracts, Projection

    from .past import Past


@dataclass(frozen=True, slots=True)
class Reads:
    """That a field is read.

    Attributes:
        place: The field, as the record has it: ``shop.customer.Customer.email``.
        field: The field of the projection.
    """

    place: str
    field: Field


def readers(contracts: Contracts, past: Past) -> Mapping[str, Sequence[Reader]]:
    """The projections that read each value subject: as they run now, so those that are published or in the old contracts.

    Where a consumer has several for one subject, what is published counts.

    Args:
        contracts: The new contracts; what they add reads nothing yet, and counts where nothing older is known.
        past: What came before.
    """
    found: dict[tuple[str, str], Reader] = {}
    for one in (contracts, past.contracts):
        for projection in one.projections if one is not None else ():
            found.update(((reader.subject, reader.consumer), reader) for reader in _of(projection))
    found.update(((reader.subject, reader.consumer), reader) for reader in past.readers)
    by_subject: dict[str, list[Reader]] = {}
    for (subject, _), reader in sorted(found.items()):
        by_subject.setdefault(subject, []).append(reader)
    return by_subject


def named_as(projection: Record, record: Record) -> Record:
    """A projection as a schema that reads a record: with the record's name as an alias."""
    return replace(projection, aliases=tuple(dict.fromkeys((record.fullname, *projection.aliases))))


def reads(reader: Schema, written: Schema) -> Iterator[Reads]:
    """The fields that a reader takes from what is written, in all its records."""
    known = named_types(written)
    for name, record in named_types(reader).items():
        source = written if record is reader else known.get(name)
        if isinstance(record, Record) and isinstance(source, Record):
            for target in record.fields:
                wrote = written_as(target, source)
                if wrote is not None:
                    yield Reads(f"{source.fullname}.{wrote.name}", target)


def _of(projection: Projection) -> Iterator[Reader]:
    schema = named_as(projection.record, projection.of)
    for topic in projection.topics:
        subject = topic.value_subject(projection.of)
        yield Reader(consumer=projection.consumer, subject=subject, schema=schema)
