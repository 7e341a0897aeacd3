"""Dependencies from a schema registry, which knows the schemas, and not what they mean to topics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kontrakt.contract.readers import reads
from kontrakt.errors import SourceError
from kontrakt.registry import Registry

from .broker import topics_of
from .brought import Brought
from .inventory import take_with_references
from .lock import Entry, Locked, checksum, fingerprint
from .recover import recover
from .types import paths
from .written import declared_inside, text

if TYPE_CHECKING:
    from kontrakt.registry import Progress
    from kontrakt.settings import Settings

    from .dependency import Dependency, FromRegistry
    from .inventory import Inventory
    from .recover import Recovered


def from_registry(
    dependency: Dependency,
    source: FromRegistry,
    settings: Settings,
    pinned: Mapping[str, int] | None = None,
    progress: Progress | None = None,
) -> Brought:
    """A dependency as a registry has it.

    What the settings do not say of its topics is asked of the broker, or guessed.

    Args:
        dependency: The dependency.
        source: The registry.
        settings: The settings, for the registry and the broker.
        pinned: The versions that count, by subject; None for the newest.
        progress: Told about each step.

    Raises:
        SourceError: What is wanted is not there.
        RegistryError: The registry cannot be asked.
        BusError: The broker cannot be asked.
    """
    config = {**settings.registry_config, **({"url": source.url} if source.url else {})}
    if not config.get("url"):
        raise SourceError(
            f"{dependency.at()}: no schema registry is set; write its address here (registry = ...), name it with --registry "
            "URL, or in KONTRAKT_REGISTRY_URL"
        )
    with Registry(config) as registry:
        wanted = pinned or dict.fromkeys(_subjects(dependency, registry))
        inventory = take_with_references(registry, wanted, progress)
        where = f"the registry at {registry.url}"
    said = {name: dict(source.said) for name in dependency.topics}
    asks = settings.bootstrap_servers and not {"kind", "key"} <= source.said.keys()
    found = recover(inventory, topics_of(settings) if asks else None, said=said, only=dependency.topics)
    _complete(dependency, where, found)
    return _brought(dependency, inventory, found)


def _subjects(dependency: Dependency, registry: Registry) -> list[str]:
    """The subjects of topics, by the naming strategies that name the topic."""
    prefixes = [f"{name}-" for name in dependency.topics]
    known = registry.subjects()
    for topic in dependency.topics:
        if any(name.startswith(f"{topic}.requests-") for name in known):
            raise SourceError(
                f"{dependency.at('topics')}: {topic} is a pair of topics for requests, whose protocol a registry does not know; "
                "pull it from the git repository or a folder of its owner"
            )
    # The names of records have no hyphen, so what has one is of a topic whose name is longer.
    return [
        name
        for name in known
        for prefix in prefixes
        if name.startswith(prefix) and "-" not in name[len(prefix) :] and reads(name) is None
    ]


def _complete(dependency: Dependency, where: str, found: Recovered) -> None:
    """Sees that every topic that is wanted was found."""
    names = {one.name for one in found.topics}
    for topic in dependency.topics:
        if topic in names:
            continue
        why = "".join(f"; the subject {name} cannot be used: {reason}" for name, reason in found.left.items())
        raise SourceError(
            f"{dependency.at('topics')}: {where} has no subject for values of the topic {topic}: {topic}-value, or {topic}-"
            f"<record>{why}"
        )


def _brought(dependency: Dependency, inventory: Inventory, found: Recovered) -> Brought:
    places = paths(found.types)
    topics: dict[str, list[Mapping[str, Any]]] = {}
    for one in found.topics:
        for name in one.types:
            topics.setdefault(name, []).append(one.said)
    files: dict[str, bytes] = {}
    locked: dict[str, Locked] = {}
    for name, said in found.types.items():
        path = f"{dependency.name}/{places[name]}"
        files[path] = text(declared_inside(said, topics.get(name, ()))).encode()
        version = inventory.held[found.subjects[name][0]].version
        locked[path] = Locked(
            subject=version.subject,
            version=version.version,
            id=version.id,
            fingerprint=fingerprint(version.text),
            written=checksum(files[path]),
        )
    return Brought(
        files=files,
        entry=Entry(wanted=dependency.wanted, files=locked),
        guesses=tuple(
            f"{one.name}: {word} {_shown(one.said[word])}, because {why}"
            for one in found.topics
            for word, why in one.why.items()
        ),
    )


def _shown(value: object) -> str:
    return "null" if value is None else str(value)
