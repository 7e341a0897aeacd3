"""What a package's ``_kontrakt`` module says (see ``kontrakt.codec.bundle``)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from kontrakt.avro import Enum, Map, Named, Record, Schema, Union, children
from kontrakt.contract import Contracts, Document, Projection

from .models import Names
from .placement import Path, Placement

_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[][{}]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a bundle holds.

    Attributes:
        documents: The documents that the package needs, each after those that it refers to.
        types: Where the class of each type stands, by full name.
        renamed: The names that are not the Avro names, by full name.
    """

    documents: tuple[Document, ...]
    types: Mapping[str, str]
    renamed: Mapping[str, Mapping[str, str]]


def contents(root: Path, contracts: Contracts, placement: Placement, names: Names) -> Contents:
    """What the bundle of a top-level package holds.

    Args:
        root: The package.
        contracts: The contracts.
        placement: Where everything stands.
        names: The Python names of fields and symbols.
    """
    own = [
        fullname
        for module in placement.modules.values()
        if placement.root(module.path) == root
        for fullname in (*module.types, *_carried(module.topics.values()), *_carried(module.requests.values()))
    ]
    needed = _needed((contracts.document_of[name] for name in own if name in contracts.document_of), contracts)
    reads = {projection.record.fullname: projection for projection in contracts.projections}
    documents = tuple(
        _aliased(document, reads[name]) if name in reads else document
        for name, document in contracts.documents.items()
        if name in needed
    )
    defined = {name for document in documents for name in document.defines} | set(own)
    types = {name: placement.places[name] for name in sorted(defined) if name in placement.places}
    renamed = {name: names.renamed(contracts.types[name]) for name in types}
    return Contents(
        documents=documents,
        types={name: f"{'.'.join(place.module)}:{place.name}" for name, place in types.items()},
        renamed={name: found for name, found in renamed.items() if found},
    )


def _aliased(document: Document, projection: Projection) -> Document:
    """The schema of a projection with the name of what it reads as an alias; without one, Avro compares the last part of names."""
    of, record = projection.of, projection.record
    if of.name == record.name or of.fullname in record.aliases:
        return document
    said = json.loads(document.text)
    said["aliases"] = [of.fullname, *said.get("aliases", [])]
    return replace(document, text=json.dumps(said, ensure_ascii=False, separators=(",", ":")))


def _carried(topics: Iterable[object]) -> Iterator[str]:
    """The full names of the records that topics carry, keys included."""
    from kontrakt.contract import RequestTopics, Topic

    for topic in topics:
        if isinstance(topic, Topic):
            yield from (record.fullname for record in topic.values)
        if isinstance(topic, Topic | RequestTopics) and topic.key and isinstance(topic.key.schema, Named):
            yield topic.key.schema.fullname


def _needed(names: Iterable[str], contracts: Contracts) -> set[str]:
    """Documents and everything that they refer to."""
    needed: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending.extend(contracts.documents[name].references)
    return needed


def by_field(text: str) -> list[str]:
    """The JSON of a type in lines: what stands before its fields, and each field, so that a changed field is a changed line.

    Args:
        text: The JSON, without blanks between its values.
    """
    cuts = [0]
    depth = 0
    for found in _TOKEN.finditer(text):
        if found[0] == "{" and depth == 2:
            cuts.append(found.start())
        depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(found[0], 0)
    return [text[start:end] for start, end in pairwise([*cuts, len(text)])]


def tagged(contracts: Contracts) -> frozenset[str]:
    """The records whose dictionaries say which they are: those beside another record or a map, in a union or on a topic."""
    found: set[str] = set()
    for topic in contracts.topics:
        if len(topic.values) > 1:
            found.update(record.fullname for record in topic.values)
    for request in contracts.requests:
        for records in (
            [operation.request for operation in request.operations],
            [operation.response for operation in request.operations if operation.response],
        ):
            if len(records) > 1:
                found.update(record.fullname for record in records)
    for schema in _schemas(contracts.types.values()):
        if isinstance(schema, Union):
            records = [branch for branch in schema.branches if isinstance(branch, Record)]
            if len(records) + any(isinstance(branch, Map) for branch in schema.branches) > 1:
                found.update(record.fullname for record in records)
    return frozenset(found)


def _schemas(types: Iterable[Schema]) -> Iterator[Schema]:
    """Types and everything inside them, once."""
    seen: set[int] = set()
    pending = list(types)
    while pending:
        schema = pending.pop()
        if id(schema) not in seen and not isinstance(schema, Enum):
            seen.add(id(schema))
            yield schema
            pending.extend(children(schema))
