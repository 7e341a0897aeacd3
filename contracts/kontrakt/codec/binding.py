"""From a generated class to its schema and codec.

A generated package carries its schemas in a private module ``_kontrakt``. They are read when a class is first used, and only those
that the class needs. What was made of them is kept on the module and on the class, and goes away with them.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Generic, TypeAlias, TypeVar

from kontrakt import avro
from kontrakt.errors import KontraktError

from .bundle import Bundle, Document
from .implementation import make_codec
from .library import Library
from .shapes import PlainTypes

if TYPE_CHECKING:
    from types import ModuleType

    from .base import Codec, Reader

T = TypeVar("T")

Writer: TypeAlias = str | bytes | Mapping[str, Any] | list[Any] | avro.Schema
"""A writer's schema: JSON text, what ``json.loads`` makes of it, or a tree."""

MODULE: Final = "_kontrakt"
"""The module of a generated package that holds its bundle."""

_LIBRARY: Final = "__kontrakt_library__"
_BOUND: Final = "__kontrakt_bound__"
_READERS: Final = 64


class Bound(Generic[T]):
    """A generated class with its codec.

    Args:
        codec: The codec.
    """

    def __init__(self, codec: Codec[T]) -> None:
        self.codec = codec
        self._reader = lru_cache(maxsize=_READERS)(self._make_reader)

    def reader(self, writer: Writer | None) -> Reader[T]:
        """A function that decodes what was written with a schema; the last 64 are kept.

        Args:
            writer: The schema; the class's own when left out.

        Raises:
            UnresolvableError: No data of that schema can be read as this class.
            SchemaErrors: The writer's schema is not valid.
        """
        if writer is None or isinstance(writer, str | bytes | avro.Schema):
            return self._reader(writer)
        try:
            text = json.dumps(writer)
        except (TypeError, ValueError, RecursionError):
            return self._reader(avro.parse(writer, strict=False))  # which says what of it is not JSON
        return self._reader(text)

    def _make_reader(self, writer: str | bytes | avro.Schema | None) -> Reader[T]:
        schema = avro.parse(writer, strict=False) if isinstance(writer, str | bytes) else writer
        return self.codec.reader(schema)


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
        if found is not None and isinstance(bundle, Bundle):
            library = _library(found, bundle)
            if library.full_name(kind) is not None:
                return library
    shown = f"{module}.{getattr(kind, '__qualname__', kind)}" if parts else repr(kind)
    raise KontraktError(f"{shown} is not a generated type; kontrakt encodes and decodes the classes that it generates")


def bound(kind: type[T]) -> Bound[T]:
    """A generated class with its codec, which is made when it is first asked for.

    Args:
        kind: A generated record, error or enum.

    Raises:
        KontraktError: It is not a generated class.
    """
    return _found(kind) or _bind(kind)


def _found(kind: type[T]) -> Bound[T] | None:
    """What is kept on the class itself, not on one that it derives from."""
    found: Bound[T] | None = getattr(kind, "__dict__", {}).get(_BOUND)
    return found


def _bind(kind: type[T]) -> Bound[T]:
    library = library_of(kind)
    with library.lock:
        codec: Codec[T] = make_codec(library.schema(full_name(kind)), library)
        made = _found(kind) or Bound(codec)
        setattr(kind, _BOUND, made)
    return made


def codec_for(kind: type[T]) -> Codec[T]:
    """The codec of a generated class.

    Args:
        kind: A generated record, error or enum.

    Raises:
        KontraktError: It is not a generated class.
    """
    return bound(kind).codec


@lru_cache(maxsize=256)
def codec_for_schema(text: str) -> Codec[Any]:
    """The codec of a schema that has no class, such as the ``"long"`` of a key; records are dictionaries then.

    Args:
        text: The schema as JSON.

    Raises:
        SchemaErrors: It is not a schema.
    """
    return make_codec(avro.parse(text, strict=False), PlainTypes())


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
    return _class_named(fullname, len(sys.modules))


@lru_cache(maxsize=256)
def _class_named(fullname: str, _modules: int) -> type:
    """Looked for again when something was imported since."""
    found: list[Library] = []
    for name, module in sys.modules.copy().items():  # in one step: threads import
        bundle = getattr(module, "BUNDLE", None) if name.rpartition(".")[2] == MODULE else None
        if isinstance(bundle, Bundle) and fullname in bundle.types:
            found.append(_library(module, bundle))
    if len(found) != 1:
        packages = " and ".join(sorted(library.bundle.package for library in found)) or "no imported package"
        raise KontraktError(f"{packages} generated {fullname}; say which class it is with as_type=")
    return found[0].kind(fullname)


def _library(module: ModuleType, bundle: Bundle) -> Library:
    """The library of a package's private module."""
    library: Library = vars(module).setdefault(_LIBRARY, Library(bundle))
    return library


def _import(name: str) -> ModuleType | None:
    """A module that may not exist."""
    if sys.modules.get(name) is not None:
        return importlib.import_module(name)  # which waits where another thread is still at it
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError, AttributeError):
        return None
    return importlib.import_module(name) if spec else None
