"""Placement: which module a type, a topic or a view of a topic stands in, and what its class is called.

The rules:

- A topic has the module of its own name: ``shop.order-events`` is ``shop/order_events.py``, its class ``OrderEvents``. A
  topic whose name has no dots stands in the package of its record's namespace.
- A record that exactly one topic carries stands in that topic's module, and so does every type that its file defines.
- The types of a protocol's file, and the requests and responses derived from it, stand in the protocol's topic's module.
- Every other type stands in the module of its namespace: shared types, records of several topics, projections. The null
  namespace is the module ``types``.
- A projection's view of a topic stands beside the projection.
- Modules whose types refer to each other in a circle share one private module for those types, and re-export them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeAlias

from kontrakt.avro import Enum, Named, Record, Schema, children
from kontrakt.contract import Contracts, Projection, RequestTopics, Topic

from . import naming
from .graph import circles

DEFAULT_PACKAGE: Final = "contracts"
"""The package of what has neither a namespace nor dots in its topic's name."""
NULL_NAMESPACE: Final = "types"
"""The module of shared types without a namespace."""

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a class stands.

    Args:
        module: The module, by its path.
        name: The class.
    """

    module: Path
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What a namespace's projections read of a topic.

    Args:
        topic: The topic.
        projections: One for an entity, one or more for events, sorted by full name.
    """

    topic: Topic
    projections: tuple[Projection, ...]


@dataclass(slots=True, kw_only=True)
class Module:
    """A module.

    Attributes:
        path: Its path: ``("shop", "order_events")``.
        types: Records, errors and enums that stand in it, by full name.
        topics: The topics whose clients stand in it, by class name.
        requests: The request topics whose clients stand in it, by class name.
        views: The views that stand in it, by class name.
        exported: The full names of the types that it re-exports.
    """

    path: Path
    types: dict[str, Named] = field(default_factory=dict[str, Named])
    topics: dict[str, Topic] = field(default_factory=dict[str, Topic])
    requests: dict[str, RequestTopics] = field(default_factory=dict[str, RequestTopics])
    views: dict[str, View] = field(default_factory=dict[str, View])
    exported: list[str] = field(default_factory=list[str])

    @property
    def name(self) -> str:
        """Its name, as Python imports it."""
        return ".".join(self.path)

    @property
    def classes(self) -> set[str]:
        """The classes of its topics and views."""
        return {*self.topics, *self.requests, *self.views}


class Placement:
    """Places everything that a folder of schemas declares.

    Args:
        contracts: The contracts.
        package: The package that everything is put into; empty for one after each topic's or namespace's first part.

    Attributes:
        modules: Every module by its path, sorted.
        places: Where the class of a type stands, by full name.
        kin: For types that refer to themselves or to each other in a circle: all types of the circle, by full name.
    """

    def __init__(self, contracts: Contracts, package: str = "") -> None:
        self._contracts = contracts
        self.kin = _kin(contracts)
        self._package: Path = tuple(package.split(".")) if package else ()
        modules: dict[Path, Module] = {}
        for fullname, path in self._homes().items():
            named = contracts.types[fullname]
            modules.setdefault(path, Module(path=path)).types[fullname] = named
        everything: list[Topic | RequestTopics] = [*contracts.topics, *contracts.requests]
        topics = [(self.topic_path(topic), topic) for topic in everything]
        views = self._views()
        for path in (*(path for path, _ in topics), *(path for path, _ in views)):
            modules.setdefault(path, Module(path=path))
        self.places = {
            fullname: Place(module.path, name)
            for module in modules.values()
            for fullname, name in _classes(module.types.values()).items()
        }
        for path, topic in topics:
            self._place_topic(modules[path], topic)
        for path, view in views:
            self._place_view(modules[path], view)
        self._break_circles(modules)
        for module in modules.values():
            self._export_carried(module)
        self.modules = dict(sorted(modules.items()))

    # --- packages -----------------------------------------------------------------------------------------------------

    def root(self, path: Path) -> Path:
        """The top-level package of a module: what carries its bundle."""
        return self._package or path[:1]

    @cached_property
    def roots(self) -> tuple[Path, ...]:
        """Every top-level package, sorted."""
        return tuple(sorted({self.root(path) for path in self.modules}))

    @cached_property
    def packages(self) -> frozenset[Path]:
        """Every package: the roots, and what has modules inside."""
        found = set(self.roots)
        for path in self.modules:
            length = len(self.root(path))
            found.update(path[:end] for end in range(length, len(path)))
        return frozenset(found)

    def topic_path(self, topic: Topic | RequestTopics) -> Path:
        """The module of a topic."""
        parts = naming.module_path(topic.name) or ("topic",)
        if self._package:
            return self._inside_package(parts)
        if len(parts) > 1:
            return (naming.package(parts[0]), *parts[1:])
        record = topic.protocol if isinstance(topic, RequestTopics) else topic.values[0]
        namespace = naming.module_path(record.namespace)
        return (naming.package(namespace[0]) if namespace else DEFAULT_PACKAGE, *parts)

    def namespace_path(self, namespace: str) -> Path:
        """The module of a namespace."""
        parts = naming.module_path(namespace)
        if self._package:
            return self._inside_package(parts or (NULL_NAMESPACE,))
        return (naming.package(parts[0]), *parts[1:]) if parts else (DEFAULT_PACKAGE, NULL_NAMESPACE)

    def _inside_package(self, parts: Path) -> Path:
        """The path of a module inside the package; its own name is not said twice."""
        length = len(self._package)
        return parts if parts[:length] == self._package else (*self._package, *parts)

    # --- types --------------------------------------------------------------------------------------------------------

    def _homes(self) -> dict[str, Path]:
        """The module of each type that has a class."""
        contracts = self._contracts
        own = self._own_modules()
        files = self._file_modules()
        homes: dict[str, Path] = {}
        for fullname, named in contracts.types.items():
            if not isinstance(named, Record | Enum):
                continue
            document = contracts.document_of.get(fullname, fullname)
            homes[fullname] = (
                own.get(fullname)
                or own.get(document)
                or files.get(named.position.file)
                or self.namespace_path(named.namespace)
            )
        return homes

    def _own_modules(self) -> dict[str, Path]:
        """The module of each record that exactly one topic carries, as value, key, request or response."""
        contracts = self._contracts
        carriers: dict[str, set[Path]] = defaultdict(set)
        derived: dict[str, set[Path]] = defaultdict(set)
        for topic in contracts.topics:
            path = self.topic_path(topic)
            for record in topic.values:
                carriers[record.fullname].add(path)
            if topic.key and len(topic.key.fields) > 1 and isinstance(topic.key.schema, Record):
                derived[topic.key.schema.fullname].add(path)
        for request in contracts.requests:
            path = self.topic_path(request)
            for operation in request.operations:
                derived[operation.request.fullname].add(path)
                if operation.response:
                    derived[operation.response.fullname].add(path)
            if request.key and len(request.key.fields) > 1 and isinstance(request.key.schema, Record):
                derived[request.key.schema.fullname].add(path)
        return {name: next(iter(paths)) for name, paths in {**derived, **carriers}.items() if len(paths) == 1}

    def _file_modules(self) -> dict[str, Path]:
        """The module of a protocol's file: that of the topic, where the protocol has exactly one."""
        paths: dict[str, set[Path]] = defaultdict(set)
        for request in self._contracts.requests:
            paths[request.protocol.position.file].add(self.topic_path(request))
        return {file: next(iter(found)) for file, found in paths.items() if len(found) == 1}

    # --- topics and views ---------------------------------------------------------------------------------------------

    def _place_topic(self, module: Module, topic: Topic | RequestTopics) -> None:
        values = [] if isinstance(topic, RequestTopics) else [record.fullname for record in topic.values]
        taken = {self.places[name].name for name in (*module.types, *values)} | module.classes
        name = naming.topic_class(topic.name)
        if name in taken:
            name = _numbered(f"{name}Topic", taken)
        if isinstance(topic, RequestTopics):
            module.requests[name] = topic
        else:
            module.topics[name] = topic

    def _views(self) -> list[tuple[Path, View]]:
        """The views, each with its module."""
        grouped: dict[tuple[Path, str], list[Projection]] = defaultdict(list)
        topics: dict[str, Topic] = {}
        for projection in self._contracts.projections:
            path = self.namespace_path(projection.record.namespace)
            for topic in projection.topics:
                topics[topic.name] = topic
                grouped[path, topic.name].append(projection)
        views: list[tuple[Path, View]] = []
        for (path, name), projections in sorted(grouped.items(), key=lambda item: item[0]):
            single = topics[name].kind == "entity" or len({p.of.fullname for p in projections}) < len(projections)
            parts = [(p,) for p in projections] if single else [tuple(projections)]
            views.extend((path, View(topic=topics[name], projections=part)) for part in parts)
        return views

    def _place_view(self, module: Module, view: View) -> None:
        taken = {self.places[name].name for name in module.types} | module.classes
        name = naming.topic_class(view.topic.name)
        if name in taken:
            name = f"{self.places[view.projections[0].record.fullname].name}{name}"
        module.views[_numbered(name, taken)] = view

    # --- circles ------------------------------------------------------------------------------------------------------

    def _break_circles(self, modules: dict[Path, Module]) -> None:
        """Gives modules that import each other in a circle one private module for their types."""
        edges = {path: sorted(self._imports(module, modules)) for path, module in sorted(modules.items())}
        for circle in circles(edges):
            members = [modules[path] for path in sorted(circle)]
            first = members[0].path
            root = self.root(first)
            hidden = Module(path=(*root, "_" + ("_".join(first[len(root) :]) or root[-1])))
            for member in members:
                member.exported.extend(member.types)
                hidden.types.update(member.types)
                member.types = {}
            modules[hidden.path] = hidden
            for fullname, name in _classes(hidden.types.values()).items():
                self.places[fullname] = Place(hidden.path, name)

    def _export_carried(self, module: Module) -> None:
        """Re-exports what the topics of a module carry and are keyed by, so that one import has all that a service needs."""
        carried = {record.fullname for topic in module.topics.values() for record in topic.values}
        for topic in module.topics.values():
            key = topic.key.schema if topic.key and not topic.key.inside else None
            carried.update((key.fullname,) if isinstance(key, Record | Enum) else referred(key) if key else ())
        for request in module.requests.values():
            for operation in request.operations:
                carried.update(error.fullname for error in operation.errors)
        module.exported.extend(
            sorted(name for name in carried - {*module.exported} if self.places[name].module != module.path)
        )

    def _imports(self, module: Module, modules: Mapping[Path, Module]) -> set[Path]:
        """The modules that a module needs before it: those of the types it names, and the packages around it."""
        needed = {name for named in module.types.values() for name in referred(named)}
        for topic in module.topics.values():
            needed.update(record.fullname for record in topic.values)
            if topic.key:
                needed.update(referred(topic.key.schema))
        for view in module.views.values():
            if view.topic.key:
                needed.update(referred(view.topic.key.schema))
        for request in module.requests.values():
            for operation in request.operations:
                needed.update((operation.request.fullname, *referred(operation.request)))
                needed.update(referred(operation.response) if operation.response else ())
                needed.update(error.fullname for error in operation.errors)
        found = {self.places[name].module for name in needed if name in self.places}
        found.update(path for end in range(1, len(module.path)) if (path := module.path[:end]) in modules)
        return found - {module.path}


def referred(schema: Schema) -> dict[str, Named]:
    """The records, errors and enums that a type names directly, by full name, in the order written.

    For a record they are those that its fields name, for another type that is itself one it is this type.
    """
    found: dict[str, Named] = {}
    seen: set[int] = set()
    stack = list(children(schema))[::-1] if isinstance(schema, Record) else [schema]
    while stack:
        node = stack.pop()
        if isinstance(node, Record | Enum):
            found.setdefault(node.fullname, node)
        elif not isinstance(node, Named) and id(node) not in seen:
            seen.add(id(node))
            stack.extend(reversed(list(children(node))))
    return found


def _kin(contracts: Contracts) -> dict[str, frozenset[str]]:
    """For types in a circle, all types of that circle, by full name."""
    edges = {name: list(referred(named)) for name, named in contracts.types.items() if isinstance(named, Record)}
    kin = {name: frozenset((name,)) for name, needed in edges.items() if name in needed}
    for circle in circles(edges):
        kin.update(dict.fromkeys(circle, frozenset(circle)))
    return kin


def _classes(types: Iterable[Named]) -> dict[str, str]:
    """The class of each type of a module, by full name. Two of one name both get their namespace in front."""
    names = {named.fullname: naming.type_class(named.name, named.type) for named in types}
    for parts in (1, None):
        for group in _groups(names):
            for fullname in group:
                namespace = fullname.split(".")[:-1]
                prefix = "".join(naming.pascal(part) for part in namespace[-parts:] if parts) if parts else ""
                prefix = prefix or "".join(naming.pascal(part) for part in namespace)
                bare = fullname.rpartition(".")[2]
                names[fullname] = prefix + naming.pascal(bare)
    for group in _groups(names):
        taken = set(names.values())
        for fullname in group[1:]:
            names[fullname] = _numbered(names[fullname], taken)
            taken.add(names[fullname])
    return names


def _groups(names: Mapping[str, str]) -> list[Sequence[str]]:
    """The full names that have one class name between them, sorted."""
    groups: dict[str, list[str]] = defaultdict(list)
    for fullname, name in names.items():
        groups[name].append(fullname)
    return [sorted(group) for group in groups.values() if len(group) > 1]


def _numbered(name: str, taken: Iterable[str]) -> str:
    """The name, with a number at its end when it is taken."""
    occupied = frozenset(taken)
    number = 2
    result = name
    while result in occupied:
        result = f"{name}{number}"
        number += 1
    return result
