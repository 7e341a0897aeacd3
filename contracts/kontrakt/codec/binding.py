"""From a generated class to its schema and codec.

A generated package carries its schemas in a private module ``_kontrakt``. They are read when a class is first used, and only those
that the class needs.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from functools import lru_cache
from threading import RLock
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from kontrakt import avro
from kontrakt.avro import Named, Schema, named_types
from kontrakt.errors import KontraktError

from .bundle import Bundle, Document
from .fast import FastavroCodec
from .shapes import PlainTypes, members_of, shape_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

    from kontrakt.avro import Enum, Record

    from .base import Codec
    from .shapes import Shape

T = TypeVar("T")

MODULE: Final = "_kontrakt"
"""The module of a generated package that holds its bundle."""

_lock: Final = RLock()
_libraries: Final[dict[int, Library]] = {}
_codecs: Final[dict[type, Codec[Any]]] = {}


class Library:
    """The schemas and classes of a generated package, read as they are needed.

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


def library_of(kind: type) -> Library:
    """The generated package that a class belongs to.

    Args:
        kind: A generated class.

    Raises:
        KontraktError: It is not a generated class.
    """
    module = getattr(kind, "__module__", "")
    parts = module.split(".") if isinstance(kind, type) else []  # pyright: ignore[reportUnnecessaryIsInstance]
    for count in range(len(parts), 0, -1):
        found = _import(".".join([*parts[:count], MODULE]))
        bundle = getattr(found, "BUNDLE", None)
        if isinstance(bundle, Bundle):
            with _lock:
                library = _libraries.setdefault(id(bundle), Library(bundle))
            if library.full_name(kind) is not None:
                return library
    shown = f"{module}.{getattr(kind, '__qualname__', kind)}" if parts else repr(kind)
    raise KontraktError(f"{shown} is not a generated type; kontrakt encodes and decodes the classes that it generates")


def codec_for(kind: type[T]) -> Codec[T]:
    """The codec of a generated class, made when it is first asked for.

    Args:
        kind: A generated record, error or enum.

    Raises:
        KontraktError: It is not a generated class.
    """
    codec = _codecs.get(kind)
    if codec is None:
        with _lock:
            codec = _codecs.get(kind)
            if codec is None:
                library = library_of(kind)
                codec = _codecs[kind] = FastavroCodec[Any](library.schema(full_name(kind)), library)
    return codec


@lru_cache(maxsize=256)
def codec_for_schema(text: str) -> Codec[Any]:
    """The codec of a schema that has no class, such as the ``"long"`` of a key; records are dictionaries then.

    Args:
        text: The schema as JSON.

    Raises:
        SchemaErrors: It is not a schema.
    """
    return FastavroCodec[Any](avro.parse(text, strict=False), PlainTypes())


def full_name(kind: type) -> str:
    """The Avro name of a generated class.

    Args:
        kind: A generated record, error or enum.

    Raises:
        KontraktError: It is not a generated class.
    """
    name = library_of(kind).full_name(kind)
    assert name is not None
    return name


def document_of(kind: type) -> tuple[Document, tuple[Document, ...]]:
    """The schema of a generated class as the registry holds it.

    Args:
        kind: A generated record, error or enum.

    Returns:
        The document that defines it, and those that it refers to, directly or not, each after those that it refers to itself.

    Raises:
        KontraktError: It is not a generated class.
    """
    library = library_of(kind)
    document = library.document(full_name(kind))
    return document, library.references(document)


def class_named(fullname: str) -> type:
    """The class that stands for a type in the generated packages that are imported.

    Args:
        fullname: Its Avro name.

    Raises:
        KontraktError: There is none, or more than one.
    """
    found: dict[int, Library] = {}
    for name, module in list(sys.modules.items()):
        bundle = getattr(module, "BUNDLE", None) if name.rpartition(".")[2] == MODULE else None
        if isinstance(bundle, Bundle) and fullname in bundle.types:
            with _lock:
                found[id(bundle)] = _libraries.setdefault(id(bundle), Library(bundle))
    if len(found) != 1:
        packages = " and ".join(sorted(library.bundle.package for library in found.values())) or "no imported package"
        raise KontraktError(f"{packages} generated {fullname}; say which class it is with as_type=")
    (library,) = found.values()
    return library.kind(fullname)


def _import(name: str) -> ModuleType | None:
    """A module that may not exist."""
    if name in sys.modules:
        return sys.modules[name]
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    return importlib.import_module(name) if spec else None
