"""The schemas and classes of a generated package, read as they are needed."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, cast

from kontrakt import avro
from kontrakt.avro import Named, Schema, named_types
from kontrakt.errors import KontraktError

from .bundle import Bundle, Document
from .shapes import members_of, shape_of

if TYPE_CHECKING:
    from kontrakt.avro import Enum, Record

    from .shapes import Shape


class Library:
    """The schemas and classes of a generated package.

    Args:
        bundle: What the package says of itself.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self._documents = {document.name: document for document in bundle.documents}
        self._defined_in = {
            name: document for document in bundle.documents for name in (*document.defines, document.name)
        }
        self._names = {place: name for name, place in bundle.types.items()}
        self._parsed: dict[str, Schema] = {}
        self.lock: Final = RLock()
        """Held while schemas are read and codecs are made of them, so that a type is one object in all of them."""

    def full_name(self, kind: type) -> str | None:
        """The Avro name of a class, or None when the package does not know it."""
        return self._names.get(f"{kind.__module__}:{kind.__qualname__}")

    def kind(self, fullname: str) -> type:
        """The class that stands for a type.

        Raises:
            KontraktError: There is none.
        """
        place = self.bundle.types.get(fullname)
        if place is None:
            raise KontraktError(f"{self.bundle.package} has no class for {fullname}; generate it again")
        module, _, qualname = place.partition(":")
        found: Any = importlib.import_module(module)
        try:
            for name in qualname.split("."):
                found = getattr(found, name)
        except AttributeError:
            raise KontraktError(
                f"{module} has no {qualname} for {fullname}; generate {self.bundle.package} again"
            ) from None
        return cast("type", found)

    def schema(self, fullname: str) -> Named:
        """The schema of a type."""
        return named_types(self._parse(self.document(fullname)))[fullname]

    def document(self, fullname: str) -> Document:
        """The document that defines a type.

        Raises:
            KontraktError: There is none.
        """
        if fullname not in self._defined_in:
            raise KontraktError(f"{self.bundle.package} has no schema of {fullname}; generate it again")
        return self._defined_in[fullname]

    def references(self, document: Document) -> tuple[Document, ...]:
        """The documents that one refers to, directly or not, each after those that it refers to itself."""
        found: dict[str, Document] = {}

        def visit(name: str) -> None:
            if name not in found and name in self._documents:
                for reference in self._documents[name].references:
                    visit(reference)
                found[name] = self._documents[name]

        for name in document.references:
            visit(name)
        return tuple(found.values())

    def shape(self, record: Record) -> Shape:
        """The class of a record."""
        return shape_of(
            self.kind(record.fullname),
            self.bundle.style,
            record,
            self.bundle.renamed.get(record.fullname, {}),
            tagged=record.fullname in self.bundle.tagged,
        )

    def members(self, enum: Enum) -> tuple[type | None, Mapping[str, Any]]:
        """The class of an enum, and its member for each symbol."""
        kind = self.kind(enum.fullname)
        return kind, members_of(kind, enum)

    def _parse(self, document: Document) -> Schema:
        for needed in (*self.references(document), document):
            if needed.name not in self._parsed:
                known = [self._parsed[name] for name in needed.references if name in self._parsed]
                file = f"{self.bundle.package}: {needed.name}"
                self._parsed[needed.name] = avro.parse(needed.text, file=file, strict=False, references=known)
        return self._parsed[document.name]
