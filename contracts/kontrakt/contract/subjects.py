"""Documents and subjects: what a registry holds of the contracts, and in which order it can be told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter
from typing import Final

from kontrakt import avro
from kontrakt.avro import Documents, Named, Record, Schema
from kontrakt.avro.node import Node
from kontrakt.avro.render import OWN_ATTRIBUTES, WAIVE, closed, to_json
from kontrakt.avro.source import from_value
from kontrakt.errors import ContractErrors, Problem

from .topic import Document, KeyFormat, RequestTopics, Subject, Topic

_STRICTNESS: Final = (
    "",
    "NONE",
    "BACKWARD",
    "FORWARD",
    "BACKWARD_TRANSITIVE",
    "FORWARD_TRANSITIVE",
    "FULL",
    "FULL_TRANSITIVE",
)


def strictest(levels: Iterable[str]) -> str:
    """The level that asks for most; backward and forward together ask for full."""
    found = set(levels)
    ways = {level.partition("_")[0] for level in found}
    if {"BACKWARD", "FORWARD"} <= ways or "FULL" in ways:
        return "FULL_TRANSITIVE" if any(level.endswith("TRANSITIVE") for level in found) else "FULL"
    return max(found, key=_STRICTNESS.index, default="")


class Registered:
    """The documents and subjects of a folder.

    Args:
        parsed: The files.
        topics: The entity and event topics.
        requests: The request topics.
        derived: Records that no file contains: requests, responses, composite keys.

    Attributes:
        documents: By name, each after those that it refers to.
        document_of: The document that defines each type, by the type's full name.
    """

    def __init__(
        self, parsed: Documents, topics: Sequence[Topic], requests: Sequence[RequestTopics], derived: Sequence[Record]
    ) -> None:
        self._topics = topics
        self._requests = requests
        self.document_of: dict[str, str] = {}
        roots = list(_roots(parsed, derived))
        for root in roots:
            self.document_of.update(dict.fromkeys(root.defines, root.name))
        self._only_subject = self._only_subjects()
        made = {root.name: self._document(root) for root in roots}
        order = _ordered({name: document.references for name, document in made.items()}, parsed)
        self.documents = {name: made[name] for name in order}

    def _document(self, root: _Root) -> Document:
        inside = frozenset(root.defines)
        used = {self.document_of[name] for name in _uses(root, inside) if name in self.document_of}
        return Document(
            name=root.name,
            text=root.text,
            references=tuple(sorted(used - {root.name})),
            subject=self._only_subject.get(root.name, root.name),
            defines=root.defines,
            file=root.file,
        )

    def _only_subjects(self) -> dict[str, str]:
        """The subject of each record that travels under exactly one: others refer to it there."""
        found: dict[str, set[str]] = {}
        for topic in self._topics:
            for record in topic.values:
                found.setdefault(record.fullname, set()).add(topic.value_subject(record))
        for pair in self._requests:
            for operation in pair.operations:
                for name, carrier in ((pair.requests, operation.request), (pair.responses, operation.response)):
                    if carrier is not None:
                        found.setdefault(carrier.fullname, set()).add(f"{name}-{carrier.fullname}")
        return {name: min(subjects) for name, subjects in found.items() if len(subjects) == 1}

    def subjects(self, projections: frozenset[str]) -> tuple[Subject, ...]:
        """Every subject, each after those that it refers to.

        Args:
            projections: The full names of projections, which have no subject of their own.
        """
        said = list(self._said())
        levels: dict[str, set[str]] = {}
        for subject in said:
            for name in self._closure(subject.document):
                levels.setdefault(name, set()).add(subject.compatibility)
        taken = {subject.name for subject in said}
        carried = {subject.document for subject in said}
        referred = {
            used for name in self.documents if name not in projections for used in self.documents[name].references
        }
        for name, document in self.documents.items():
            shared = document.file and name not in carried and name not in projections
            if document.subject not in taken and (shared or name in referred):
                level = strictest(levels.get(name, ()))
                said.append(Subject(name=document.subject, document=name, compatibility=level, topic=""))
        place = {name: index for index, name in enumerate(self.documents)}
        return tuple(sorted(said, key=lambda subject: (place[subject.document], subject.name)))

    def _said(self) -> Iterator[Subject]:
        """The subjects that topics have by themselves, each once."""
        found: dict[str, Subject] = {}
        for name, document, level, topic in self._carried():
            known = found.get(name)
            if known is None:
                found[name] = Subject(name=name, document=document, compatibility=level, topic=topic)
            elif known.compatibility != level:  # a record's subject that several topics share
                found[name] = replace(known, compatibility=strictest((known.compatibility, level)))
        yield from found.values()

    def _carried(self) -> Iterator[tuple[str, str, str, str]]:
        for topic in self._topics:
            if topic.key is not None and topic.key.format is KeyFormat.AVRO:
                yield topic.key_subject, self._of_key(topic.key.schema), topic.compatibility, topic.name
            for record in topic.values:
                yield topic.value_subject(record), self.document_of[record.fullname], topic.compatibility, topic.name
        for pair in self._requests:
            asks, answers = pair.request_compatibility, pair.response_compatibility
            if pair.key is not None and pair.key.format is KeyFormat.AVRO:
                yield f"{pair.requests}-key", self._of_key(pair.key.schema), asks, pair.requests
            for operation in pair.operations:
                request, response = operation.request.fullname, operation.response
                yield f"{pair.requests}-{request}", request, asks, pair.requests
                if response is not None:
                    yield f"{pair.responses}-{response.fullname}", response.fullname, answers, pair.responses

    def _of_key(self, schema: Schema) -> str:
        """The document of a key.

        A type that is defined inside a value is a schema of its own here, with everything in it, so that the key does not
        depend on the value. One without a name, such as a long, is named by its JSON.
        """
        text = _compact(closed(schema))
        name = schema.fullname if isinstance(schema, Named) else text.strip('"')
        if self.document_of.get(name) != name and name not in self.documents:
            defines = tuple(avro.named_types(schema))
            self.documents[name] = Document(name=name, text=text, references=(), subject=name, defines=defines, file="")
            for one in defines:
                self.document_of.setdefault(one, name)
        return name

    def _closure(self, name: str) -> Iterator[str]:
        stack, seen = [name], {name}
        while stack:
            yield (one := stack.pop())
            for used in self.documents[one].references:
                if used not in seen:
                    seen.add(used)
                    stack.append(used)


@dataclass(frozen=True)
class _Root:
    """An outermost type: what becomes a document."""

    name: str
    schema: Schema
    text: str
    defines: tuple[str, ...]
    file: str


def _roots(parsed: Documents, derived: Sequence[Record]) -> Iterator[_Root]:
    """The outermost types of all files, then the derived records."""
    by_source = {id(named.source): named for named in parsed.types.values()}
    claimed: set[str] = set()
    for file in parsed.order:
        node = parsed.nodes[file]
        in_protocol = file in parsed.protocols
        types = node.members.get("types") if in_protocol else node
        for item in (types.items or (types,)) if types else ():
            if (named := by_source.get(id(item))) is not None:
                defines = _defines(item, by_source)
                claimed.update(defines)
                text = _alone(named, defines) if in_protocol else _as_written(item, parsed, defines)
                yield _Root(named.fullname, named, text, defines, file)
    for named in parsed.types.values():  # what is left stands inside a message, or inside an array of no name
        if named.fullname not in claimed:
            defines = tuple(name for name in _defines(named.source, by_source) if name not in claimed)
            claimed.update(defines)
            yield _Root(named.fullname, named, _alone(named, defines), defines, named.position.file)
    for record in derived:
        yield _Root(record.fullname, record, _compact(record.source.value), (record.fullname,), "")


def _as_written(node: Node, parsed: Documents, defines: Sequence[str]) -> str:
    """The JSON of a type as its author wrote it, without what is not Avro."""
    text = _compact({key: value for key, value in node.value.items() if key not in OWN_ATTRIBUTES})
    nested = any(word in parsed.types[name].props for name in defines[1:] for word in OWN_ATTRIBUTES)
    return to_json(node) if nested or f'"{WAIVE}":' in text else text


def _alone(named: Named, defines: Sequence[str]) -> str:
    """The JSON of a type that needs no namespace around it."""
    return _compact(closed(named, known=avro.named_types(named).keys() - set(defines)))


def _defines(node: Node, by_source: Mapping[int, Named]) -> tuple[str, ...]:
    """The full names of the types that are defined inside a JSON value, the outermost first."""
    found: list[str] = []
    stack = [node]
    while stack:
        one = stack.pop()
        if (named := by_source.get(id(one))) is not None:
            found.append(named.fullname)
        inside = one.members.values() if isinstance(one.value, dict) else one.items
        stack.extend([inner for inner in inside if isinstance(inner.value, dict | list)][::-1])
    return tuple(found)


def _uses(root: _Root, inside: frozenset[str]) -> Iterator[str]:
    """The full names of the types outside a document that it names itself."""
    seen: set[str] = set()
    stack: list[Schema] = [root.schema]
    while stack:
        one = stack.pop()
        if isinstance(one, Named):
            if one.fullname in seen:
                continue
            seen.add(one.fullname)
            if one.fullname not in inside:
                yield one.fullname
                continue
        stack.extend(avro.children(one))


def _ordered(references: Mapping[str, Sequence[str]], parsed: Documents) -> tuple[str, ...]:
    """Names so that each comes after those that it refers to; by name where there is a choice.

    Raises:
        ContractErrors: Types of one file refer to each other in a circle.
    """
    sorter = TopologicalSorter({name: [one for one in used if one in references] for name, used in references.items()})
    try:
        sorter.prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        position = parsed.types[min(circle)].position
        message = f"the types need each other in a circle: {' -> '.join(circle)}"
        hint = "a registry takes a schema after those that it refers to: define one inside the other, where it is used first"
        raise ContractErrors([Problem(position, message, hint)]) from None
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        order.extend(ready)
        sorter.done(*ready)
    return tuple(order)


def _compact(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except RecursionError:  # what is nested that deep is written without recursion
        node, _ = from_value(value, "")
        assert node is not None
        return to_json(node)
