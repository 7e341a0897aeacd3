"""From a folder of schemas to contracts, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kontrakt.avro import Documents, Named, Protocol, Record, parse_files
from kontrakt.avro.compatibility import Level
from kontrakt.avro.shapes import is_array
from kontrakt.collection import no_collection
from kontrakt.errors import ContractErrors, Problem, SchemaErrors
from kontrakt.files import project_files, read_files

from .build import Built, Declared
from .declaration import At, Reader
from .hints import nearest, nearest_type
from .subjects import Registered
from .topic import Contracts
from .validity import projections_fit, validate

if TYPE_CHECKING:
    from kontrakt.settings import Settings


def load(folder: str | Path, settings: Settings | None = None, *, unfit_projections: bool = False) -> Contracts:
    """Load the contracts of a folder, and those of other teams that were pulled.

    Args:
        folder: Where the ``.avsc`` and ``.avpr`` files are, in any depth; hidden folders are left out.
        settings: The settings, for the topics that they declare for schemas that cannot be edited, and for the folder of
            pulled contracts; without them nothing is pulled.
        unfit_projections: Whether a projection that cannot read its record is let pass, for a check that finds it by itself.

    Returns:
        The contracts.

    Raises:
        SchemaErrors: The Avro is not valid. All problems are listed, those of the contracts too.
        ContractErrors: Only the contracts are not valid; all problems are listed.
    """
    if settings is None:
        return from_files(read_files(Path(folder)), unfit_projections=unfit_projections)
    files, foreign = project_files(Path(folder), settings.pulled_folder)
    return from_files(files, settings, foreign=foreign, unfit_projections=unfit_projections)


def from_files(
    files: Mapping[str, bytes],
    settings: Settings | None = None,
    *,
    foreign: frozenset[str] = frozenset(),
    unfit_projections: bool = False,
) -> Contracts:
    """Make contracts of files that are in memory.

    Args:
        files: The bytes of each ``.avsc`` and ``.avpr`` file by its path.
        settings: The settings, for the topics that they declare for schemas that cannot be edited.
        foreign: The files that were pulled from other teams.
        unfit_projections: As for :func:`load`.

    Raises:
        SchemaErrors: As for :func:`load`.
        ContractErrors: As for :func:`load`.
    """
    with no_collection():
        parsed = parse_files(files)
        problems: list[Problem] = []
        built = _built(parsed, settings, problems)
        validate(built, problems, foreign)
        if not unfit_projections:
            problems.extend(projections_fit(built))
        if parsed.problems:
            raise SchemaErrors([*parsed.problems, *problems])
        if problems:
            raise ContractErrors(problems)
        contracts = _assembled(parsed, built, files, foreign, settings)
        if settings is not None and (wrong := list(_wrong_levels(contracts, settings))):
            raise ContractErrors(wrong)
        return contracts


def salvage(
    files: Mapping[str, bytes], settings: Settings | None = None, *, foreign: frozenset[str] = frozenset()
) -> tuple[Contracts, tuple[Problem, ...]]:
    """Make contracts of files that may be wrong, as those of earlier times may be: what cannot be read is left out.

    The Avro is read as leniently as a registry reads it. A file that is wrong all the same is left out, and so are those
    that use its types; of what is declared wrongly, only what makes no sense is missing.

    Args:
        files: The bytes of each ``.avsc`` and ``.avpr`` file by its path.
        settings: The settings of that time, for the topics that they declare.
        foreign: The files that were pulled from other teams.

    Returns:
        The contracts, and everything that was wrong, in the order found.
    """
    left = dict(files)
    wrong: list[Problem] = []
    with no_collection():
        while True:
            parsed = parse_files(left, strict=False)
            found = parsed.problems
            if not found:
                declared: list[Problem] = []
                built = _built(parsed, settings, declared)
                try:
                    return _assembled(parsed, built, left, foreign, settings), (*wrong, *declared)
                except ContractErrors as error:
                    found = error.problems
            wrong.extend(found)
            for file in {problem.position.file for problem in found}:
                del left[file]


def _built(parsed: Documents, settings: Settings | None, problems: list[Problem]) -> Built:
    return Built(parsed, problems, _declared(parsed, settings, problems))


def _assembled(
    parsed: Documents,
    built: Built,
    files: Mapping[str, bytes],
    foreign: frozenset[str],
    settings: Settings | None,
) -> Contracts:
    """The contracts, with what a registry holds of them."""
    registered = Registered(parsed, built.topics, built.requests, built.derived)
    projections = frozenset(projection.record.fullname for projection in built.projections)
    levels: Mapping[str, str] = settings.levels if settings is not None else {}
    subjects = tuple(
        replace(one, compatibility=levels[one.name]) if levels.get(one.name) in tuple(Level) else one
        for one in registered.subjects(projections)
    )
    return Contracts(
        topics=built.topics,
        requests=built.requests,
        projections=built.projections,
        documents=registered.documents,
        subjects=subjects,
        types=built.types,
        files=tuple(sorted(files)),
        document_of=registered.document_of,
        foreign=foreign.intersection(files),
    )


def _wrong_levels(contracts: Contracts, settings: Settings) -> Iterator[Problem]:
    """What the settings say of levels, and nobody can do."""
    subjects = [subject.name for subject in contracts.subjects]
    for name, level in settings.levels.items():
        if name not in subjects:
            yield Problem(settings.place("levels", name), f"there is no subject {name}", nearest(name, subjects))
        elif level not in tuple(Level):
            yield Problem(
                settings.place("levels", name), f"{level!r} is not a level", nearest(level, [str(one) for one in Level])
            )


def _declared(parsed: Documents, settings: Settings | None, problems: list[Problem]) -> Declared:
    """What the schemas and the settings declare."""
    reader = Reader(problems)
    declared = Declared()
    for named in parsed.types.values():
        _of_type(named, reader, declared)
    for protocol in parsed.protocols.values():
        _topics(protocol.props, protocol.fullname, protocol.source.at, reader, declared)
    protocols = {protocol.fullname: protocol for protocol in parsed.protocols.values()}
    for index, table in enumerate(settings.topics if settings else ()):
        assert settings is not None
        _from_outside(dict(table), partial(settings.place, "topics", index), parsed, protocols, reader, declared)
    return declared


def _of_type(named: Named, reader: Reader, declared: Declared) -> None:
    said = [word for word in ("topic", "projection") if word in named.props]
    if said and not isinstance(named, Record):
        reader.problem(named.source.at(said[0]), f"{named.fullname} is not a record, so it has no {said[0]}")
        return
    if len(said) == 2:
        reader.problem(
            named.source.at("projection"),
            f"{named.fullname} has a topic and is a projection",
            "a projection reads the topic of another record; remove one of the two",
        )
    _topics(named.props, named.fullname, named.source.at, reader, declared)
    if "projection" in named.props and isinstance(named, Record):
        found = reader.projection(named.props["projection"], partial(named.source.at, "projection"))
        if found is not None:
            declared.projections.append((named, *found))


def _topics(props: Mapping[str, Any], fullname: str, at: At, reader: Reader, declared: Declared) -> None:
    if "topic" not in props:
        return
    said = props["topic"]
    places: list[tuple[Any, At]] = [(said, partial(at, "topic"))]
    if is_array(said):
        places = [(one, partial(at, "topic", index)) for index, one in enumerate(said)]
        if not said:
            reader.problem(
                at("topic"), f"{fullname} has an empty list of topics", "declare one, or remove the attribute"
            )
    for one, place in places:
        found = reader.topic(one, fullname, place)
        if found is not None:
            declared.topics.append(found)


def _from_outside(
    table: dict[str, Any],
    at: At,
    parsed: Documents,
    protocols: Mapping[str, Protocol],
    reader: Reader,
    declared: Declared,
) -> None:
    """Reads one ``[[topics]]`` table."""
    named = [word for word in ("record", "protocol") if word in table]
    if len(named) != 1:
        reader.problem(
            at(), "a topic of the settings names either a record or a protocol", 'such as record = "acme.Measurement"'
        )
        return
    word = named[0]
    fullname = table.pop(word)
    if not isinstance(fullname, str):
        reader.problem(at(word), f'"{word}" must be a full name', "a table for each; one table may name several topics")
        return
    found_type = protocols.get(fullname) if word == "protocol" else parsed.types.get(fullname)
    if not isinstance(found_type, Record | Protocol):
        if not parsed.problems:  # it may stand in a file that could not be read
            known = protocols if word == "protocol" else {n for n, t in parsed.types.items() if isinstance(t, Record)}
            reader.problem(at(word), f"no file defines the {word} {fullname}", nearest_type(fullname, known))
        return
    if word == "protocol":
        table.setdefault("kind", "request")
    found = reader.topic(table, fullname, at, outside=True)
    if found is not None:
        declared.topics.append(found)
