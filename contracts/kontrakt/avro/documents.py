"""All Avro files of a folder in one pass: schemas, protocols, and which file needs which."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, TypeAlias

from kontrakt.errors import Position, Problem

from . import source
from .builder import Builder
from .node import Node
from .protocol import ProtocolBuilder
from .schema import Named, Protocol, Schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True)
class Documents:
    """What the files of a folder say.

    Attributes:
        schemas: The schema of each ``.avsc`` file that could be read; of a file that is an array of types, their union.
        protocols: The protocol of each ``.avpr`` file that could be read.
        types: Every named type, by full name.
        defined_in: The file that defines it, by full name.
        references: The files whose types each file uses itself, sorted.
        order: The files so that each comes after those that it uses; by name where there is a choice.
        nodes: The JSON of each file that is JSON.
        problems: Everything that is wrong, sorted by position. With problems, types that could not be read are ``Unknown``.
    """

    schemas: Mapping[str, Schema] = field(default_factory=dict[str, Schema])
    protocols: Mapping[str, Protocol] = field(default_factory=dict[str, Protocol])
    types: Mapping[str, Named] = field(default_factory=dict[str, Named])
    defined_in: Mapping[str, str] = field(default_factory=dict[str, str])
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    order: tuple[str, ...] = ()
    nodes: Mapping[str, Node] = field(default_factory=dict[str, Node])
    problems: tuple[Problem, ...] = ()


def parse_files(files: Mapping[str, bytes], *, strict: bool = True) -> Documents:
    """Read the Avro files of a folder.

    Files refer to each other's types by full name, in any order; files that need each other in a circle are a problem,
    because a registry takes a schema only after those that it refers to.

    Args:
        files: The bytes of each file by its path; ``.avpr`` is a protocol, everything else a schema.
        strict: Whether to hold them to the specification, as for :func:`~kontrakt.avro.parse`.

    Returns:
        Everything that the files say and everything that is wrong with them; nothing is raised.
    """
    builder = Builder(strict=strict)
    problems: list[Problem] = []
    nodes: dict[str, Node] = {}
    schemas: dict[str, Schema] = {}
    protocols: dict[str, Protocol] = {}
    for file in sorted(files):
        node, found = source.read_plain(files[file], file, strict=strict)
        problems.extend(found)
        if node is None:
            continue
        nodes[file] = node
        if file.endswith(".avpr"):
            protocol = ProtocolBuilder(builder).build(node)
            if protocol is not None:
                protocols[file] = protocol
        else:
            builder.build(node, partial(schemas.__setitem__, file))
    builder.link()
    builder.check()
    problems.extend(builder.problems)
    defined_in = {name: named.position.file for name, named in builder.defined.items()}
    uses = _uses(nodes, builder)
    problems.extend(_circles(uses))
    return Documents(
        schemas=schemas,
        protocols=protocols,
        types=dict(builder.defined),
        defined_in=defined_in,
        references={file: tuple(sorted(used)) for file, used in uses.items()},
        order=_order(uses),
        nodes=nodes,
        problems=tuple(sorted(set(problems), key=lambda problem: (problem.position, problem.message))),
    )


_Uses: TypeAlias = "Mapping[str, Mapping[str, Sequence[Position]]]"
"""Per file, the other files that it uses, and where it does so."""


def _uses(files: Iterable[str], builder: Builder) -> _Uses:
    uses: dict[str, dict[str, list[Position]]] = {file: {} for file in files}
    for link in builder.links:
        user, used = link.position.file, link.target.position.file
        if used != user:
            uses[user].setdefault(used, []).append(link.position)
    return uses


def _order(uses: _Uses) -> tuple[str, ...]:
    """The files, each after those that it uses; those in circles, and what needs them, come last."""
    users: dict[str, list[str]] = {file: [] for file in uses}
    waiting = {file: len(used) for file, used in uses.items()}
    for file, used in uses.items():
        for one in used:
            users[one].append(file)
    ready = [file for file, count in waiting.items() if count == 0]
    heapify(ready)
    order: list[str] = []
    while ready:
        file = heappop(ready)
        order.append(file)
        del waiting[file]
        for user in users[file]:
            waiting[user] -= 1
            if waiting[user] == 0:
                heappush(ready, user)
    return (*order, *sorted(waiting))


def _circles(uses: _Uses) -> Iterator[Problem]:
    """A problem per circle of files."""
    reported: set[str] = set()
    for file in sorted(uses):
        if file in reported:
            continue
        circle = _way_back(file, uses)
        if not circle:
            continue
        reported.update(circle)
        steps = [(user, used, min(uses[user][used])) for user, used in zip(circle, [*circle[1:], file], strict=True)]
        where = ", ".join(f"{user} needs {used} at line {at.line}, column {at.column}" for user, used, at in steps)
        yield Problem(
            steps[0][2],
            f"the files need each other in a circle: {' -> '.join([*circle, file])}: {where}",
            "put the types that need each other into one file",
        )


def _way_back(file: str, uses: _Uses) -> list[str]:
    """The shortest way from a file through what it uses back to itself, without the file at its end."""
    came_from: dict[str, str] = {}
    queue = deque([file])
    while queue:
        user = queue.popleft()
        for used in sorted(uses[user]):
            if used == file:
                way = [user]
                while way[-1] != file:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if used not in came_from:
                came_from[used] = user
                queue.append(used)
    return []
