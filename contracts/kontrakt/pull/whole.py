"""A whole registry as a folder of contracts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kontrakt.avro.render import closed
from kontrakt.collection import no_collection
from kontrakt.contract import Contracts, Kind, from_files
from kontrakt.errors import KontraktError, ProblemsError
from kontrakt.settings import OWN_FILE, Settings, read

from .exchanges import REQUESTS, RESPONSES
from .inventory import take
from .recover import recover
from .types import paths
from .written import declared_inside, tables, text

if TYPE_CHECKING:
    from pathlib import Path

    from kontrakt.registry import Progress, Registry

    from .broker import OnBroker
    from .inventory import Inventory
    from .recover import Declared, Recovered


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A registry as a folder of contracts, before it is written.

    Attributes:
        files: The text of each file by its path in the folder.
        settings: What is added to the settings; an empty string for nothing.
        topics: The topics that are declared.
        subjects: How many subjects the contracts stand for.
        left: The subjects that no contract was made of, and why.
        notes: What else is to be said.
    """

    files: Mapping[str, str]
    settings: str
    topics: tuple[Declared, ...]
    subjects: int
    left: Mapping[str, str]
    notes: tuple[str, ...]


def whole(
    registry: Registry,
    on_broker: Mapping[str, OnBroker] | None,
    *,
    prefixes: Collection[str] = (),
    owner: str = "",
    outside: bool = False,
    progress: Progress | None = None,
) -> Whole:
    """Make contracts of everything that a registry holds, or of what begins with something, and of what that refers to.

    What was made can be loaded, and says what the registry says; where it does not, a note says so.

    Args:
        registry: The registry.
        on_broker: The topics on the broker; None where none was asked.
        prefixes: What the names of subjects begin with; empty for all.
        owner: Who owns the topics; empty where that is not known.
        outside: Whether topics are declared in the settings, and the schemas stay as they are registered.
        progress: Told about each step.

    Raises:
        RegistryError: The registry cannot be asked.
    """
    names = registry.subjects()
    inventory = take(registry, [one for one in names if not prefixes or one.startswith(tuple(prefixes))], progress)
    dropped: dict[str, str] = {}
    no_protocol: set[str] = set()
    with no_collection():
        while True:
            kept = replace(inventory, held={n: one for n, one in inventory.held.items() if n not in dropped})
            found = recover(kept, on_broker, owner=owner, no_protocol=no_protocol)
            try:
                files = {path: said.encode() for path, said in _files(found, declared=True).items()}
                contracts = from_files(files)
            except ProblemsError as error:
                dropped |= _to_drop(error, found, no_protocol)
                continue
            other = {pair for pair in _pairs(found) if not _same_requests(pair, contracts, inventory)}
            if not other:
                break
            no_protocol |= other
        levels = _levels(contracts, inventory)
        contracts = from_files(files, Settings(levels=levels))
    made = _made(found, levels, outside=outside)
    left = dict(sorted({**made.left, **dropped}.items()))
    notes = (*made.notes, *_differences(contracts, inventory))
    return replace(made, left=left, notes=notes, subjects=len(inventory.held.keys() - left.keys()))


def write(made: Whole, folder: Path, settings: Settings) -> list[str]:
    """Write contracts into a folder that has none.

    Args:
        made: The contracts.
        folder: The folder; it is made where it is missing.
        settings: The settings; tables are added to their file, or to a new one.

    Returns:
        The files that were written.

    Raises:
        KontraktError: A file is in the way, or topics cannot be added to the settings; nothing was written.
    """
    taken = next((path for path in made.files if (folder / path).exists()), None)
    if taken is not None:
        raise KontraktError(f"{folder / taken} is there already; pull into a new folder: --schemas DIR")
    toml = settings.folder / OWN_FILE
    if made.settings and settings.file and not toml.exists():
        raise KontraktError(
            f"{settings.file}: topics and levels can be added to {OWN_FILE} only; move the settings there"
        )
    taken_words = [word for word, said in (("topics", settings.topics), ("levels", settings.levels)) if said]
    if made.settings and taken_words:
        raise KontraktError(f"{settings.file} says something of {' and '.join(taken_words)} already; remove it first")
    for path, said in made.files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(said, encoding="utf-8")
    if made.settings:
        before = toml.read_text(encoding="utf-8") if toml.exists() else ""
        toml.write_text(f"{before.rstrip()}\n\n{made.settings}".lstrip("\n"), encoding="utf-8")
        read(settings.folder, {})  # what was written is what is read
    return [str(folder / path) for path in made.files]


def _levels(contracts: Contracts, inventory: Inventory) -> dict[str, str]:
    """The levels that do not follow from those of topics."""
    return {
        subject.name: held.level
        for subject in contracts.subjects
        if subject.compatibility
        and (held := inventory.held.get(subject.name)) is not None
        and held.level != subject.compatibility
    }


def _made(found: Recovered, levels: Mapping[str, str], *, outside: bool) -> Whole:
    return Whole(
        files=_files(found, declared=not outside),
        settings=tables(found.topics if outside else (), levels),
        topics=found.topics,
        subjects=0,
        left=found.left,
        notes=found.notes,
    )


def _files(found: Recovered, *, declared: bool) -> dict[str, str]:
    """The text of each file by its path."""
    topics: dict[str, list[Mapping[str, Any]]] = {}
    for one in found.topics if declared else ():
        for name in one.types:
            topics.setdefault(name, []).append(one.said)
    return {
        place: text(declared_inside(said, topics.get(name, ())))
        for names, said_of in ((paths(found.types), found.types), (_protocol_paths(found), found.protocols))
        for name, said in said_of.items()
        for place in (names[name],)
    }


def _protocol_paths(found: Recovered) -> dict[str, str]:
    return {name: f"{path.removesuffix('.avsc')}.avpr" for name, path in paths(found.protocols).items()}


def _to_drop(error: ProblemsError, found: Recovered, no_protocol: set[str]) -> dict[str, str]:
    """What is wrong by the rules for contracts is left: the subjects, and why."""
    types = {path: name for name, path in paths(found.types).items()}
    protocols = {path: name for name, path in _protocol_paths(found).items()}
    pairs = {name: one.name for one in found.topics for name in one.types}
    dropped: dict[str, str] = {}
    for problem in error.problems:
        file = problem.position.file
        if file in protocols:
            no_protocol.add(pairs[protocols[file]])
        elif file in types:
            reason = f"contracts cannot say what it says: {problem.message}"
            dropped |= dict.fromkeys(found.subjects[types[file]], reason)
    if not dropped and not any(problem.position.file in protocols for problem in error.problems):
        raise error
    return dropped


def _pairs(found: Recovered) -> list[str]:
    return [one.name for one in found.topics if one.said["kind"] == Kind.REQUEST]


def _same_requests(pair: str, contracts: Contracts, inventory: Inventory) -> bool:
    """Whether a protocol's operations are carried by what is registered, and by nothing else."""
    prefixes = tuple(f"{pair}{half}-" for half in (REQUESTS, RESPONSES))
    own = {one.name for one in contracts.subjects if one.name.startswith(prefixes)}
    held = {name for name in inventory.held if name.startswith(prefixes)}
    return own == held and all(closed(contracts.schemas[name]) == closed(inventory.held[name].schema) for name in own)


def _differences(contracts: Contracts, inventory: Inventory) -> Iterator[str]:
    """Where contracts say something else than the registry: what a plan will show."""
    for subject in contracts.subjects:
        held = inventory.held.get(subject.name)
        if held is None:
            yield f"{subject.name} is not registered: plan shows it as new"
            continue
        if subject.name not in inventory.older and closed(contracts.schemas[subject.name]) != closed(held.schema):
            yield f"{subject.name} is registered with other words: plan shows a new version of it"
