"""What is exchanged with a registry: documents with their references, and what the registry made of them."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Protocol

from kontrakt.errors import RegistryError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Document(Protocol):
    """A schema as the registry holds it: the documents of generated packages and those of the contract model."""

    @property
    def name(self) -> str:
        """The full name of its outermost type, by which others refer to it."""
        ...

    @property
    def text(self) -> str:
        """The JSON."""
        ...

    @property
    def references(self) -> tuple[str, ...]:
        """The names of the documents that it refers to."""
        ...

    @property
    def subject(self) -> str:
        """The subject under which other schemas refer to it."""
        ...


@dataclass(frozen=True, slots=True)
class Registered:
    """A schema that stands in the registry.

    Attributes:
        subject: Its subject.
        id: The schema's id, which messages carry.
        version: Its number within the subject.
        new: Whether it was registered just now, and not there before.
    """

    subject: str
    id: int
    version: int
    new: bool = False


@dataclass(frozen=True, slots=True)
class Reference:
    """That a schema in the registry uses the types of another.

    Attributes:
        name: The full name by which it is used.
        subject: Where the other one is registered.
        version: Its number there.
    """

    name: str
    subject: str
    version: int


@dataclass(frozen=True, slots=True)
class SchemaVersion:
    """One version of a subject.

    Attributes:
        subject: The subject.
        version: Its number within the subject.
        id: The schema's id.
        text: The schema, as the registry gives it.
        type: ``AVRO``, ``JSON``, ``PROTOBUF``.
        references: The schemas that it uses.
    """

    subject: str
    version: int
    id: int
    text: str
    type: str = "AVRO"
    references: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a registry says of a schema that would become the next version of a subject.

    Attributes:
        compatible: Whether it would take it.
        messages: Why not, in the registry's words; empty where it gives no reasons.
    """

    compatible: bool
    messages: tuple[str, ...] = ()


def closure(document: Document, documents: Mapping[str, Document]) -> tuple[Document, ...]:
    """A document and what it refers to, directly or not, each after those that it refers to.

    Args:
        document: The document; it comes last.
        documents: Where its references are found, by name.

    Raises:
        RegistryError: A reference is missing, or documents refer to each other in a circle. A generated package and the
            contract model have neither.
    """
    found = {document.name: document}
    stack = [document]
    while stack:
        user = stack.pop()
        for name in user.references:
            if name in found:
                continue
            if name not in documents:
                raise RegistryError(f"{user.name} refers to {name}, and there is no such document")
            found[name] = documents[name]
            stack.append(documents[name])
    sorter = TopologicalSorter({name: found[name].references for name in sorted(found)})
    try:
        return tuple(found[name] for name in sorter.static_order())
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise RegistryError(f"documents refer to each other in a circle: {circle}") from None


def texts_of(version: SchemaVersion, fetch: Callable[[str, int], SchemaVersion]) -> tuple[str, ...]:
    """The texts of a version and of what it refers to, directly or not, each after those that it uses.

    Args:
        version: The version; its text comes last.
        fetch: Fetches a version that is referred to, by subject and number. Of two with one name the first counts.
    """
    texts: dict[str, str] = {}
    entered: set[str] = set()
    stack: list[tuple[Reference, str | None]] = [(reference, None) for reference in reversed(version.references)]
    while stack:
        reference, text = stack.pop()
        if text is not None:
            texts[reference.name] = text
            continue
        if reference.name in entered:
            continue
        entered.add(reference.name)
        used = fetch(reference.subject, reference.version)
        stack.append((reference, used.text))
        stack.extend((inner, None) for inner in reversed(used.references))
    return *texts.values(), version.text
