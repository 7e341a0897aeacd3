"""Projections as their consumers publish them, so that the owner of a topic sees who reads which field.

A projection is registered under ``<value subject>.readers.<consumer>``, with the level NONE: a consumer may change what it
reads as it likes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kontrakt.avro.render import closed
from kontrakt.errors import ContractErrors, Problem

from .topic import Contracts, Document, Projection

LEVEL: Final = "NONE"
"""The compatibility level of what is published."""
_INFIX: Final = ".readers."


@dataclass(frozen=True, kw_only=True)
class Published:
    """A projection as it is published.

    Attributes:
        subject: Its subject.
        document: Its schema, with everything that it uses: it refers to no other.
    """

    subject: str
    document: Document


def reader_subject(value_subject: str, consumer: str) -> str:
    """The subject under which a consumer publishes what it reads of a value subject."""
    return f"{value_subject}{_INFIX}{consumer}"


def reads(subject: str) -> tuple[str, str] | None:
    """The value subject and the consumer that a subject names, or None where it is no published projection's."""
    value_subject, infix, consumer = subject.rpartition(_INFIX)
    return (value_subject, consumer) if infix and value_subject and consumer else None


def published(contracts: Contracts) -> Sequence[Published]:
    """The projections of contracts as they are published, by subject.

    Raises:
        ContractErrors: A consumer has two projections of one record, so that one would take the other's place.
    """
    found: dict[str, Published] = {}
    owners: dict[str, Projection] = {}
    problems: list[Problem] = []
    for projection in contracts.projections:
        document = _document(projection)
        for topic in projection.topics:
            name = reader_subject(topic.value_subject(projection.of), projection.consumer)
            first = owners.setdefault(name, projection)
            if first is not projection:
                problems.append(
                    Problem(
                        projection.position,
                        f"{projection.consumer} has another projection of {projection.of.fullname}, {first.record.fullname}",
                        "a consumer publishes one for each record: put the fields of both into one",
                    )
                )
                continue
            found[name] = Published(subject=name, document=document)
    if problems:
        raise ContractErrors(problems)
    return [found[name] for name in sorted(found)]


def _document(projection: Projection) -> Document:
    """The schema of a projection, as any Avro reader can use it: with the name of what it reads as an alias."""
    record = projection.record
    schema = closed(record)
    schema["aliases"] = list(dict.fromkeys((projection.of.fullname, *record.aliases)))
    return Document(
        name=record.fullname,
        text=json.dumps(schema, ensure_ascii=False, separators=(",", ":")),
        references=(),
        subject=record.fullname,
        defines=(record.fullname,),
        file=record.position.file,
    )
