"""Old contracts in a schema registry: the history of each subject, its level, and the projections that consumers published."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from kontrakt import avro
from kontrakt.avro import Record, Schema
from kontrakt.avro.compatibility import Level
from kontrakt.avro.render import closed
from kontrakt.check.past import Past, Reader, Version
from kontrakt.collection import no_collection
from kontrakt.contract import Contracts, Document, SubjectStrategy, value_subject
from kontrakt.contract.readers import reads
from kontrakt.errors import SchemaErrors
from kontrakt.registry import Registry, SchemaVersion
from kontrakt.registry.history import histories, newest, own_levels, referenced

if TYPE_CHECKING:
    from kontrakt.registry import Progress
    from kontrakt.settings import Settings

_TRANSITIVE: Final = "_TRANSITIVE"


def from_registry(contracts: Contracts, settings: Settings, progress: Progress | None = None) -> Past:
    """What a registry holds of the subjects of contracts, and of those that their projections read.

    Args:
        contracts: The contracts as they are now.
        settings: The settings, for the registry's address and what else its client is told.
        progress: Told about each step.

    Raises:
        RegistryUnavailable: It does not answer.
        RegistryDenied: It refuses.
        RegistryError: None is set, or it cannot be asked for another reason.
    """
    with Registry(settings.registry_config) as registry, no_collection():
        return held_by(registry, contracts, progress)


def held_by(registry: Registry, contracts: Contracts, progress: Progress | None = None) -> Past:
    """As :func:`from_registry`, of a registry that is open already."""
    known = registry.subjects()
    default = registry.get_level() or ""
    values = {topic.value_subject(record) for topic in contracts.topics for record in topic.values}
    own = {topic.value_subject(one.of) for one in contracts.projections for topic in one.topics}
    published = {name: one for name in known if (one := reads(name)) and one[0] in values}
    read = own | {subject for subject, _ in published.values()}
    said = _formerly(contracts, set(known)) | {subject.name: subject.compatibility for subject in contracts.subjects}
    there = sorted((said.keys() | read).intersection(known))
    latest = newest(registry, [*there, *published], known, progress)
    fetched = referenced(registry, latest.values(), progress)
    trees = _Trees(fetched)
    same = _Same(contracts, fetched, trees)
    unchanged = {
        subject.name
        for subject in contracts.subjects
        if subject.name in latest and same(latest[subject.name], subject.document)
    }
    # What promises everything and stays as it is passes at any level and with any history.
    settled = {name for name in unchanged if said.get(name) == Level.FULL_TRANSITIVE}
    levels = own_levels(registry, [name for name in there if name not in settled], progress)
    whole = {
        name
        for name in there
        if name in own
        or (
            name not in unchanged
            and (
                name in read
                or any(one.endswith(_TRANSITIVE) for one in (said.get(name, ""), levels.get(name, default)))
            )
        )
    }
    found = {name: (version,) for name, version in latest.items()} | histories(registry, whole, known, progress)
    fetched |= referenced(registry, [*fetched.values(), *chain.from_iterable(found.values())], progress)
    return Past(
        name=f"the registry at {registry.url}",
        histories=_Histories({name: found[name] for name in there if name in found}, trees),
        unchanged=frozenset(unchanged),
        levels=levels,
        default_level=default,
        readers=tuple(
            Reader(consumer=consumer, subject=subject, schema=schema)
            for name, (subject, consumer) in published.items()
            if name in found and isinstance(schema := trees.of(found[name][-1]), Record)
        ),
        notes=trees.notes,
    )


def _formerly(contracts: Contracts, known: Collection[str]) -> dict[str, str]:
    """The subjects that records of topics may have had under another naming strategy, where they have none under theirs.

    Returns:
        By subject the level that the contracts give to what came of it.
    """
    return {
        value_subject(strategy, topic.name, record.fullname): topic.compatibility
        for topic in contracts.topics
        for record in topic.values
        if topic.value_subject(record) not in known
        for strategy in SubjectStrategy
    }


class _Trees:
    """The trees of a registry's schemas. What says the same in many subjects is read once.

    Args:
        versions: The versions that others refer to, by subject and number.

    Attributes:
        notes: What could not be read.
    """

    def __init__(self, versions: Mapping[tuple[str, int], SchemaVersion]) -> None:
        self.notes: list[str] = []
        self._versions = versions
        self._trees: dict[object, Schema | None] = {}

    def of(self, version: SchemaVersion) -> Schema | None:
        """The tree of a version, or None where it cannot be read."""
        key = _meaning(version)
        if key not in self._trees:
            self._trees[key] = None  # a registry has no circles
            try:
                self._trees[key] = self._read(version)
            except (SchemaErrors, _MissingError) as error:
                reason = error.problems[0].message if isinstance(error, SchemaErrors) else str(error)
                self.notes.append(
                    f"version {version.version} of the subject {version.subject} cannot be read, so it is not compared: {reason}"
                )
        return self._trees[key]

    def _read(self, version: SchemaVersion) -> Schema:
        if version.type != "AVRO":
            raise _MissingError(f"it is a {version.type} schema, not an Avro schema")
        references: list[Schema] = []
        for one in version.references:
            used = self._versions.get((one.subject, one.version))
            tree = None if used is None else self.of(used)
            if tree is None:
                raise _MissingError(
                    f"it uses version {one.version} of {one.subject}, which is not there or cannot be read"
                )
            references.append(tree)
        file = f"{version.subject} version {version.version}"
        return avro.parse(version.text, file=file, strict=False, references=references)


class _MissingError(Exception):
    """A schema that is no Avro, or not whole."""


class _Same:
    """Whether versions say what documents of the contracts say, in everything that they refer to as well."""

    def __init__(self, contracts: Contracts, versions: Mapping[tuple[str, int], SchemaVersion], trees: _Trees) -> None:
        self._documents = contracts.documents
        self._schemas = {**contracts.types} | {one.document: contracts.schemas[one.name] for one in contracts.subjects}
        self._versions = versions
        self._trees = trees
        self._known: dict[object, bool] = {}
        self._closed: dict[str, Any] = {}

    def __call__(self, version: SchemaVersion, name: str) -> bool:
        key = (name, _meaning(version))
        if key not in self._known:
            try:
                self._known[key] = self._compare(version, self._documents[name])
            except RecursionError:  # too deep for Python to compare, so it is compared as if it were another
                self._known[key] = False
        return self._known[key]

    def _compare(self, version: SchemaVersion, document: Document) -> bool:
        used = {one.name: self._versions.get((one.subject, one.version)) for one in version.references}
        if used.keys() == set(document.references) and _json(version.text) == _json(document.text):
            return all(one is not None and self(one, name) for name, one in used.items())
        # A registry may write a schema in its own way (names, the order of attributes), or without references.
        tree = self._trees.of(version)
        if tree is None:
            return False
        if document.name not in self._closed:
            self._closed[document.name] = closed(self._schemas[document.name])
        return bool(closed(tree) == self._closed[document.name])


class _Histories(Mapping[str, tuple[Version, ...]]):
    """The histories of subjects; the schemas of one are read when it is asked for."""

    def __init__(self, found: Mapping[str, Sequence[SchemaVersion]], trees: _Trees) -> None:
        self._found = found
        self._trees = trees
        self._read: dict[str, tuple[Version, ...]] = {}

    def __getitem__(self, subject: str) -> tuple[Version, ...]:
        if subject not in self._read:
            read = ((one.version, self._trees.of(one)) for one in self._found[subject])
            self._read[subject] = tuple(
                Version(number=number, schema=tree) for number, tree in read if tree is not None
            )
        return self._read[subject]

    def __contains__(self, subject: object) -> bool:
        return subject in self._found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _meaning(version: SchemaVersion) -> tuple[object, ...]:
    """What makes a version what it is: its text, and what its names stand for."""
    return version.type, version.text, *((one.name, one.subject, one.version) for one in version.references)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
