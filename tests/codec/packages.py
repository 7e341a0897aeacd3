"""Generated packages, made while a test runs: the classes of some schemas in a style, and the bundle that describes them."""

from __future__ import annotations

import dataclasses
import itertools
import json
import sys
from enum import StrEnum
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, TypedDict

import msgspec
import pydantic
from kontrakt import avro
from kontrakt.avro.shapes import is_object
from kontrakt.codec.binding import library_of
from kontrakt.codec.bundle import Bundle, Document, Style
from kontrakt.errors import DeclaredError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kontrakt.codec import Codec, MakeCodec

_NUMBERS = itertools.count()

STYLES = tuple(Style)


class Package(SimpleNamespace):
    """The classes of a package by their bare names, and ``bundle``."""

    bundle: Bundle
    style: Style

    def make(self, kind: str, /, **fields: Any) -> Any:
        """A record, as its style makes one."""
        found = getattr(self, kind)
        if self.style is Style.TYPEDDICT and issubclass(found, dict):
            fullname = self.full_name(kind)
            return {"-type": fullname, **fields} if fullname in self.bundle.tagged else dict(fields)
        return found(**fields)

    def replace(self, kind: str, by: type) -> None:
        """Let another class stand for a type."""
        by.__module__, by.__qualname__, by.__name__ = self.bundle.package, kind, kind
        setattr(sys.modules[self.bundle.package], kind, by)
        setattr(self, kind, by)

    def bare(self, kind: str, /, **fields: Any) -> Any:
        """A record whose fields nobody has looked at."""
        found = getattr(self, kind)
        if self.style is not Style.PYDANTIC:
            return self.make(kind, **fields)
        value = found.model_construct()
        value.__dict__.update(fields)
        return value

    def get(self, value: Any, field: str) -> Any:
        """A field of a record in any style."""
        return value[field] if is_object(value) else getattr(value, field)

    def names(self, kind: str) -> list[str]:
        """The Python names of a record's fields."""
        renamed = self.bundle.renamed.get(self.full_name(kind), {})
        return [renamed.get(field.name, field.name) for field in self.schema(kind).fields]

    def schema(self, kind: str) -> avro.Record:
        """The schema of a record."""
        schema = library_of(getattr(self, kind)).schema(self.full_name(kind))
        assert isinstance(schema, avro.Record)
        return schema

    def full_name(self, kind: str) -> str:
        """The Avro name of a class."""
        return next(name for name in self.bundle.types if name.rpartition(".")[2] == kind)

    def codec(self, make: MakeCodec, kind: str) -> Codec[Any]:
        """The codec of a class.

        Args:
            make: The implementation.
            kind: The class's name.
        """
        library = library_of(getattr(self, kind))
        return make(library.schema(self.full_name(kind)), library)

    def __repr__(self) -> str:
        return f"<{self.bundle.package}, {self.style}>"

    def __del__(self) -> None:
        """Forget the modules, so that a test leaves nothing behind."""
        for name in (self.bundle.package, f"{self.bundle.package}._kontrakt"):
            sys.modules.pop(name, None)


def package(
    *schemas: Any,
    style: Style = Style.DATACLASS,
    renamed: Mapping[str, Mapping[str, str]] | None = None,
    tagged: bool = False,
) -> Package:
    """Make a package of some schemas, each of which may refer to those before it.

    Args:
        schemas: What ``json.loads`` gives.
        style: What its records are.
        renamed: As in the bundle.
        tagged: Whether dictionaries carry their record's name.
    """
    name = f"package_{next(_NUMBERS)}"
    module, private = ModuleType(name), ModuleType(f"{name}._kontrakt")
    module.__path__ = []
    sys.modules[name], sys.modules[private.__name__] = module, private
    parsed: list[avro.Schema] = []
    documents: list[Document] = []
    types: dict[str, avro.Named] = {}
    for schema in schemas:
        tree = avro.parse(schema, strict=False, references=parsed)
        own = [named for named in avro.named_types(tree) if named not in types]
        known = tuple(document.name for document in documents)
        assert isinstance(tree, avro.Named)
        documents.append(
            Document(name=tree.fullname, text=json.dumps(schema), subject="", references=known, defines=tuple(own))
        )
        parsed.append(tree)
        types.update(avro.named_types(tree))
    names = renamed or {}
    classes = {
        fullname: _class(named, style, names.get(fullname, {}))
        for fullname, named in types.items()
        if not isinstance(named, avro.Fixed)
    }
    for kind in classes.values():
        kind.__module__ = name
        setattr(module, kind.__name__, kind)
    bundle = Bundle(
        package=name,
        generator="0",
        style=style,
        documents=tuple(documents),
        types={fullname: f"{name}:{kind.__name__}" for fullname, kind in classes.items()},
        renamed=names,
        tagged=frozenset(classes) if tagged else frozenset(),
    )
    private.BUNDLE = bundle  # type: ignore[attr-defined]
    return Package(bundle=bundle, style=style, **{kind.__name__: kind for kind in classes.values()})


def _class(named: avro.Named, style: Style, renamed: Mapping[str, str]) -> type:
    if isinstance(named, avro.Enum):
        members = {renamed.get(symbol, symbol): symbol for symbol in named.symbols}
        functional_enum: Any = StrEnum
        made: type = functional_enum(named.name, members)
        return made
    assert isinstance(named, avro.Record)
    fields = [renamed.get(field.name, field.name) for field in named.fields]
    if named.type == "error":
        return dataclasses.make_dataclass(
            named.name, fields, bases=(DeclaredError,), slots=True, kw_only=True, eq=False
        )
    match style:
        case Style.DATACLASS:
            return dataclasses.make_dataclass(named.name, fields, slots=True, kw_only=True)
        case Style.MSGSPEC:
            return msgspec.defstruct(named.name, fields, kw_only=True)
        case Style.PYDANTIC:
            parts: dict[str, Any] = dict.fromkeys(fields, (Any, ...))
            model: type = pydantic.create_model(named.name, **parts)
            return model
        case Style.TYPEDDICT:
            functional: Any = TypedDict
            typed: type = functional(named.name, dict.fromkeys(fields, Any))
            return typed


def record(name: str, /, **fields: Any) -> dict[str, Any]:
    """The schema of a record; a field is its type, or a tuple of its type and other attributes."""
    written: list[dict[str, Any]] = [
        {"name": key, "type": value[0], **value[1]} if isinstance(value, tuple) else {"name": key, "type": value}
        for key, value in fields.items()
    ]
    return {"type": "record", "name": name, "fields": written}


def logical(base: Any, name: str, **attributes: Any) -> dict[str, Any]:
    """A logical type."""
    inner = base if is_object(base) else {"type": base}
    return {**inner, "logicalType": name, **attributes}


def fixed(name: str, size: int) -> dict[str, Any]:
    """A fixed."""
    return {"type": "fixed", "name": name, "size": size}


def enum(name: str, *symbols: str, **attributes: Any) -> dict[str, Any]:
    """An enum."""
    return {"type": "enum", "name": name, "symbols": list(symbols), **attributes}


def array(items: Any) -> dict[str, Any]:
    """An array."""
    return {"type": "array", "items": items}


def mapping(values: Any) -> dict[str, Any]:
    """A map."""
    return {"type": "map", "values": values}
