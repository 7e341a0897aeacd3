"""Dependencies from the contracts of a git repository, a folder or an archive."""

from __future__ import annotations

import json
import posixpath
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kontrakt.avro import named_types
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.check.sides import Declared, declared_in
from kontrakt.check.sources.folder import opened
from kontrakt.check.sources.git import Tree, project_at
from kontrakt.check.sources.repository import Repository
from kontrakt.contract import Contracts, RequestTopics, salvage
from kontrakt.contract.hints import nearest
from kontrakt.errors import SourceError
from kontrakt.files import Files
from kontrakt.registry.failures import without_secrets
from kontrakt.settings import Settings

from .brought import Brought
from .dependency import Dependency, FromFolder, FromGit
from .lock import Entry, Locked, checksum
from .written import declared_inside, fullname, text

if TYPE_CHECKING:
    from kontrakt.avro import Named
    from kontrakt.errors import Problem


def from_git(dependency: Dependency, source: FromGit, base: Path, commit: str = "") -> Brought:
    """A dependency as a git repository has it. The repository is fetched from; no checkout of it is touched.

    Args:
        dependency: The dependency.
        source: The repository.
        base: What a path starts from.
        commit: The commit that counts; empty for the one that the ref names now.

    Raises:
        SourceError: git cannot fetch it, or what is wanted is not in it.
    """
    with tempfile.TemporaryDirectory(prefix="kontrakt-") as folder:
        local = base / source.url
        url = str(local.resolve()) if local.exists() else source.url
        repository = Repository.fetched(Path(folder), url, commit or source.ref)
        found = repository.commit("FETCH_HEAD")
        if commit and found != commit:
            raise SourceError(f"{without_secrets(source.url)}: git gave the commit {found} in place of {commit}")
        tree = Tree(repository, found, source.ref)
        files, settings, _ = project_at(tree, source.path)
        return _brought(dependency, f"{without_secrets(source.url)} at {source.ref}", files, settings, found)


def from_folder(dependency: Dependency, source: FromFolder, base: Path) -> Brought:
    """A dependency as a folder or an archive has it.

    Args:
        dependency: The dependency.
        source: The folder or archive.
        base: What its path starts from.

    Raises:
        SourceError: It cannot be read, or what is wanted is not in it.
    """
    path = base / source.path
    files, settings, _ = opened(path, Settings(folder=path))
    if (
        path.is_dir() and settings is not None and settings.folder.resolve() == base.resolve()
    ):  # the ones of this repository, found above it
        files, settings = Files({name: files.all[name] for name in files.all.keys() - files.foreign}, frozenset()), None
    return _brought(dependency, source.path, files, settings, "")


def _brought(dependency: Dependency, where: str, files: Files, settings: Settings | None, commit: str) -> Brought:
    contracts, wrong = salvage(files.all, settings, foreign=files.foreign)
    wanted = list(_wanted(dependency, where, contracts, wrong))
    outside = _declared_outside(wanted, settings)
    places = _places(files)
    chosen: dict[str, bytes] = {}
    locked: dict[str, Locked] = {}
    for path in _closure(wanted, contracts):
        data = files.all[path]
        written = _with_topics(data, outside)
        name = f"{dependency.name}/{places[path]}"
        chosen[name] = written
        locked[name] = Locked(path=places[path], fingerprint=checksum(data), written=checksum(written))
    return Brought(files=chosen, entry=Entry(wanted=dependency.wanted, commit=commit, files=locked))


def _wanted(dependency: Dependency, where: str, contracts: Contracts, wrong: Iterable[Problem]) -> Iterator[Declared]:
    """The topics and requests that are wanted."""
    known = {one.name: one for one in declared_in(contracts)}
    own = {one.name: one for one in declared_in(contracts.own)}
    if not dependency.topics and not own:
        why = "".join(f"; {problem}" for problem in list(wrong)[:1])
        raise SourceError(f"{dependency.at()}: {where}: there are no topics in it{why}")
    for name in dependency.topics or own:
        if name not in known:
            hint = nearest(name, list(known))
            why = "".join(f"; what may declare it is wrong: {problem}" for problem in list(wrong)[:1])
            raise SourceError(
                f"{dependency.at('topics')}: {where} declares no topic {name}{f' ({hint})' if hint else ''}{why}"
            )
        yield known[name]


def _closure(wanted: Iterable[Declared], contracts: Contracts) -> list[str]:
    """The files that declare topics, and those of everything that these files need."""
    by_file: dict[str, list[Named]] = {}
    for named in contracts.types.values():
        by_file.setdefault(named.position.file, []).append(named)
    carried: dict[str, list[Declared]] = {}
    for one in declared_in(contracts):
        for file in _carriers(one):
            carried.setdefault(file, []).append(one)
    views = {one.position.file: one for one in contracts.projections}
    found: set[str] = set()
    pending = [file for one in wanted for file in _carriers(one)]
    while pending:
        file = pending.pop()
        if file in found or file not in contracts.files:
            continue
        found.add(file)
        pending.extend(one.position.file for named in by_file.get(file, ()) for one in named_types(named).values())
        for one in carried.get(file, ()):
            pending.extend(_carriers(one))
            if one.key is not None and not one.key.inside:
                pending.extend(named.position.file for named in named_types(one.key.schema).values())
        if file in views:
            pending.append(views[file].of.position.file)
    return sorted(found)


def _carriers(one: Declared) -> list[str]:
    if isinstance(one, RequestTopics):
        carriers = [record for each in one.operations for record in (each.request, each.response) if record is not None]
        return [
            one.protocol.position.file,
            *(n.position.file for record in carriers for n in named_types(record).values()),
        ]
    return [record.position.file for record in one.values]


def _declared_outside(wanted: Iterable[Declared], settings: Settings | None) -> dict[str, list[Mapping[str, Any]]]:
    """What the settings there declare of records and protocols: it goes into the files, which stand alone here."""
    names = {one.name for one in wanted}
    found: dict[str, list[Mapping[str, Any]]] = {}
    for table in settings.topics if settings is not None else ():
        said = dict(table)
        name = said.pop("record", None) or said.pop("protocol", None)
        listed = said.get("name")
        if not isinstance(name, str) or names.isdisjoint(listed if is_array(listed) else [listed]):
            continue
        if "protocol" in table:
            said.setdefault("kind", "request")
        if said.get("kind") != "entity":
            said.setdefault("key", None)
        found.setdefault(name, []).append(said)
    return found


def _with_topics(data: bytes, outside: Mapping[str, list[Mapping[str, Any]]]) -> bytes:
    """A file with what is declared of its type from outside; as it is where nothing is."""
    if not outside:
        return data
    said: object = json.loads(data)
    if not is_object(said) or (name := fullname(said)) not in outside:
        return data
    before = said.pop("topic", [])
    listed = before if is_array(before) else [before]
    return text(declared_inside(said, [*listed, *outside[name]])).encode()


def _places(files: Files) -> dict[str, str]:
    """Where each file stands in its project: the path without what all of them begin with."""
    found: dict[str, str] = {}
    for paths, below in ((files.all.keys() - files.foreign, ""), (files.foreign, "pulled/")):
        top = posixpath.commonpath([posixpath.dirname(path) for path in paths]) if paths else ""
        found |= {path: f"{below}{path[len(top) :].lstrip('/')}" for path in paths}
    return found
