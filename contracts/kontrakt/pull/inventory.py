"""What a registry holds, and what a broker says of the topics: the ground for contracts that are made of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kontrakt.avro import Schema
from kontrakt.errors import RegistryError, SchemaErrors, SchemaNotFound
from kontrakt.registry.history import own_levels, referenced, side_by_side

if TYPE_CHECKING:
    from kontrakt.registry import Progress, Registry, SchemaVersion

DEFAULT: Final = "BACKWARD"
"""The level of a registry that does not tell its default (Confluent's documentation, "Schema evolution and compatibility")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A version of a subject.

    Attributes:
        version: The version, with its text as the registry gives it.
        schema: Its tree, with everything that it refers to.
        level: The level that counts for the subject: its own, or the registry's default.
    """

    version: SchemaVersion
    schema: Schema
    level: str

    @property
    def references(self) -> tuple[str, ...]:
        """The subjects that it refers to, directly."""
        return tuple(one.subject for one in self.version.references)


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What a registry holds, as far as it is asked for: one version of each subject.

    Attributes:
        held: By subject.
        left: The subjects that no contract can be made of, and why.
        older: The subjects that use an older version of another than is held, and which.
    """

    held: Mapping[str, Held]
    left: Mapping[str, str] = field(default_factory=dict[str, str])
    older: Mapping[str, str] = field(default_factory=dict[str, str])


def take(registry: Registry, subjects: Iterable[str], progress: Progress | None = None) -> Inventory:
    """The newest version of subjects, and of those that they refer to.

    Raises:
        RegistryError: The registry cannot be asked.
    """
    found: dict[str, SchemaVersion] = {}
    asked: set[str] = set()
    wanted = {*subjects}
    while wanted:
        asked |= wanted
        newest = side_by_side(registry.latest, sorted(wanted), progress, "newest versions")
        found |= {one.subject: one for one in newest if one is not None}
        wanted = {used.subject for one in newest if one is not None for used in one.references} - asked
    return _read(registry, found.values(), progress)


def take_with_references(
    registry: Registry, pinned: Mapping[str, int | None], progress: Progress | None = None
) -> Inventory:
    """Some versions of subjects, and everything that they refer to, in the version to which they refer.

    Args:
        registry: The registry.
        pinned: The version of each subject; None for the newest.
        progress: Told about each step.

    Raises:
        SchemaNotFound: One of the versions is not there.
        RegistryError: The registry cannot be asked, or a subject is needed in two versions.
    """

    def one(subject: str) -> SchemaVersion:
        number = pinned[subject]
        found = registry.latest(subject) if number is None else registry.version(subject, number)
        if found is None:
            raise SchemaNotFound(f"the subject {subject} is not in the registry at {registry.url}")
        return found

    first = side_by_side(one, sorted(pinned), progress, "versions")
    whole: dict[str, SchemaVersion] = {}
    for version in (*first, *referenced(registry, first, progress).values()):
        other = whole.setdefault(version.subject, version)
        if other.version != version.version:
            raise RegistryError(
                f"the topics need the subject {version.subject} in two versions, {min(other.version, version.version)} and "
                f"{max(other.version, version.version)}, and a type has one definition here; pull them as they are when "
                "all refer to the same, or fewer topics"
            )
    return _read(registry, whole.values(), progress)


def _read(registry: Registry, versions: Iterable[SchemaVersion], progress: Progress | None) -> Inventory:
    found = {one.subject: one for one in versions}
    avro = [one for one in found.values() if one.type == "AVRO"]
    left = {
        name: f"it is a {one.type} schema, and contracts are Avro" for name, one in found.items() if one.type != "AVRO"
    }

    def tree(version: SchemaVersion) -> Schema | str:
        try:
            return registry.writer_schema(version.id)
        except RegistryError as error:
            if isinstance(error.__cause__, SchemaErrors):
                return error.__cause__.problems[0].message
            raise

    trees = side_by_side(tree, avro, progress, "schemas")
    default = registry.get_level() or DEFAULT
    levels = own_levels(registry, [one.subject for one in avro], progress)
    held: dict[str, Held] = {}
    older: dict[str, str] = {}
    for version, schema in zip(avro, trees, strict=True):
        name = version.subject
        if isinstance(schema, str):
            left[name] = f"it cannot be read: {schema}"
            continue
        held[name] = Held(version=version, schema=schema, level=levels.get(name, default))
        for used in version.references:
            now = found.get(used.subject)
            if now is not None and now.version != used.version:
                older[name] = f"version {used.version} of {used.subject}, whose newest is {now.version}"
    return Inventory(held=held, left=left, older=older)
