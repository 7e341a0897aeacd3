"""Between the values of a topic and the bytes of its messages: frames, schema ids, writers' schemas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from kontrakt.avro import Named, Schema
from kontrakt.codec import Document, codec_for, codec_for_schema, document_of, full_name
from kontrakt.codec.framing import (
    KEY_SCHEMA_HEADER,
    VALUE_SCHEMA_HEADER,
    frame_prefix,
    read_frame,
    read_schema_header,
)
from kontrakt.codec.keys import key_codec
from kontrakt.codec.shapes import TAG
from kontrakt.errors import DecodeError, EncodeError, UnresolvableError

from .failures import located
from .topics import EntityView, EventsView

if TYPE_CHECKING:
    from uuid import UUID

    from kontrakt.codec import Codec, Reader
    from kontrakt.registry import Registry

    from .destination import SchemaIds
    from .topics import Key, Subjects, Topic

RawHeaders = Sequence[tuple[str, bytes | None]]
Encode = Callable[[Any], bytes]
Chosen = tuple[type[Any] | None, "Reader[Any]"]
Decoded = tuple[type[Any] | None, Any]


def value_subject(subjects: Subjects, topic: str, record: str) -> str:
    """The subject of a value in the registry (Confluent's documentation, "Subject name strategy").

    Args:
        subjects: How subjects are named.
        topic: The topic.
        record: The record's full name.
    """
    match subjects:
        case "topic":
            return f"{topic}-value"
        case "topic-record":
            return f"{topic}-{record}"
        case "record":
            return record


class Subject:
    """A schema under a subject of the registry.

    Args:
        name: The subject.
        document: The schema.
        references: Those that it refers to, directly or not, each after those that it refers to itself.
    """

    def __init__(self, name: str, document: Document, references: Sequence[Document] = ()) -> None:
        self.name = name
        self.document = document
        self.documents: Mapping[str, Document] = {one.name: one for one in (*references, document)}

    def id(self, registry: SchemaIds) -> int:
        """The id that the registry has for it.

        Raises:
            SchemaNotRegistered: It is not registered.
        """
        return registry.schema_id(self.name, self.document, self.documents)

    def register(self, registry: Registry) -> None:
        """Register it, and before it those that it refers to.

        Raises:
            SchemaRejected: It is not compatible with what is registered.
        """
        for one in self.documents.values():
            if one.name != self.document.name:
                registry.register(one.subject, one, self.documents)
        registry.register(self.name, self.document, self.documents)


def key_subject(topic: str, key: Key) -> Subject:
    """The subject of an Avro key, with its schema."""
    if not key.schema:
        return Subject(f"{topic}-key", *document_of(key.type))
    schema = codec_for_schema(key.schema).schema
    name = schema.fullname if isinstance(schema, Named) else schema.canonical
    return Subject(f"{topic}-key", Document(name=name, text=key.schema, subject=name))


# --- writing ---------------------------------------------------------------------------------------------------------


class ValueWriter:
    """Encodes the values of a topic. The id of each type's schema is looked up when its first value is sent.

    Args:
        registry: Where ids are looked up.
        topic: The topic's name on the broker.
        subjects: How its value subjects are named.
        types: What travels on it.
    """

    def __init__(self, registry: SchemaIds, topic: str, subjects: Subjects, types: Sequence[type[Any]]) -> None:
        self._registry = registry
        self._topic = topic
        self._subjects: Subjects = subjects
        self._types = types
        self._kinds = Kinds(types)
        self._encode: dict[type[Any], Encode] = {}

    def prepare(self) -> None:
        """Look up the ids of all types now.

        Raises:
            SchemaNotRegistered: A schema is not registered.
            RegistryError: The registry cannot be asked.
        """
        self._encode.update({kind: self._writer(kind) for kind in self._types})

    def encode(self, value: Any) -> bytes:
        """Encode a value, framed.

        Raises:
            EncodeError: It does not fit its schema, or is of no type of this topic.
            SchemaNotRegistered: Its schema is not registered.
        """
        kind: type[Any] = type(value)  # pyright: ignore[reportUnknownVariableType]
        encode = self._encode.get(kind)
        return encode(value) if encode is not None else self._first(value)

    def _first(self, value: Any) -> bytes:
        kind = self._kinds.of(value) or self._none(value)
        encode = self._encode.get(kind)
        if encode is None:
            encode = self._encode[kind] = self._writer(kind)
        return encode(value)

    def _none(self, value: Any) -> type[Any]:
        known = ", ".join(kind.__name__ for kind in self._types)
        shown = f"a dictionary without its {TAG!r}" if isinstance(value, dict) else f"a {type(value).__name__}"
        raise EncodeError(f"{self._topic} carries {known}, not {shown}")

    def _writer(self, kind: type[Any]) -> Encode:
        subject = Subject(value_subject(self._subjects, self._topic, full_name(kind)), *document_of(kind))
        return framed(codec_for(kind), subject.id(self._registry))


class Kinds:
    """Finds the type that a value is of.

    Args:
        types: Those of a topic.
    """

    def __init__(self, types: Sequence[type[Any]]) -> None:
        self._types = types
        self._by_name: dict[str, type[Any]] = {}

    def of(self, value: Any) -> type[Any] | None:
        """The type of a value; a dictionary of the TypedDict style says it, or there is only one. None where it is of none."""
        if not isinstance(value, dict):
            found = next((kind for kind in self._types if kind is type(value)), None)
            return found or next((kind for kind in self._types if _isinstance(value, kind)), None)
        if len(self._types) == 1:
            return self._types[0]
        if not self._by_name:
            self._by_name = {full_name(kind): kind for kind in self._types}
        tagged = cast("dict[str, Any]", value)
        return self._by_name.get(tagged.get(TAG, ""))


def _isinstance(value: Any, kind: type[Any]) -> bool:
    try:
        return isinstance(value, kind)
    except TypeError:  # a TypedDict
        return False


def framed(codec: Codec[Any], schema_id: int) -> Encode:
    """A function that encodes values with the frame of a schema id."""
    encode, prefix = codec.encode, frame_prefix(schema_id)
    return lambda value: encode(value, prefix)


def key_writer(registry: SchemaIds, topic: str, key: Key) -> Encode:
    """A function that encodes the keys of a topic.

    Args:
        registry: Where the id of an Avro key is looked up, when the first is written.
        topic: The topic's name on the broker.
        key: How it is keyed.
    """
    if key.format != "avro":
        return key_codec(key.format, _plain_type(key)).encode
    ready: list[Encode] = []

    def encode(value: Any) -> bytes:
        if not ready:
            codec: Codec[Any] = codec_for_schema(key.schema) if key.schema else codec_for(key.type)
            ready.append(framed(codec, key_subject(topic, key).id(registry)))
        return ready[0](value)

    return encode


def key_of(key: Key) -> Callable[[Any], Any]:
    """A function that takes the key out of a value."""
    make, names = key.type, key.fields
    if len(names) == 1:
        return partial(_part, names[0])
    return lambda value: make(**{name: _part(name, value) for name in names})


def _part(name: str, value: Any) -> Any:
    """A field of a value in any style."""
    if isinstance(value, dict):
        return value[name]  # pyright: ignore[reportUnknownVariableType]
    return getattr(value, name)


def field_of(value: Any, name: str) -> Any:
    """A field of a value in any style; None where it has none of that name, as a projection may."""
    try:
        return _part(name, value)
    except (AttributeError, KeyError):
        return None


def _plain_type(key: Key) -> type[Any]:
    return key.type if key.format == "string" else int


# --- reading ---------------------------------------------------------------------------------------------------------


class AvroReader:
    """Decodes framed Avro of a few types. Each writer's schema is fetched and resolved once.

    Args:
        registry: Where writers' schemas are fetched.
        types: What is read; of several, the writer's schema says which one it is.
        header: The header in which newer clients say the schema of a bare payload.
    """

    def __init__(self, registry: Registry, types: Sequence[type[Any]], header: str = VALUE_SCHEMA_HEADER) -> None:
        self._registry = registry
        self._types = types
        self._header = header
        self._known: dict[int | UUID, Chosen] = {}
        self._names: dict[str, type[Any]] = {}

    def read(self, data: bytes, headers: RawHeaders = ()) -> Decoded:
        """Decode a payload.

        Args:
            data: The payload.
            headers: The headers of its message.

        Returns:
            Its type and the value; None and the name of its schema when that is of none of the types.

        Raises:
            DecodeError: It is broken, or its schema cannot be read as one of the types.
            RegistryError: The writer's schema cannot be fetched.
        """
        key, start = self._frame(data, headers)
        try:
            kind, read = self._known[key]
        except KeyError:
            kind, read = self._known[key] = self._choose(self._writer(key))
        return kind, read(data, start)

    def known(self, data: bytes, headers: RawHeaders = ()) -> tuple[type[Any], Any]:
        """Decode a payload that is of one of the types; as :meth:`read`.

        Raises:
            DecodeError: It is of another type.
        """
        kind, value = self.read(data, headers)
        if kind is None:
            raise DecodeError(f"it is {value}, not a {' or '.join(one.__name__ for one in self._types)}")
        return kind, value

    def kind_of(self, data: bytes, headers: RawHeaders = ()) -> type[Any] | None:
        """The type of a payload that was refused, where its schema at least was known."""
        try:
            kind, _ = self._known.get(self._frame(data, headers)[0], (None, None))
        except DecodeError:
            return None
        return kind

    def _frame(self, data: bytes, headers: RawHeaders) -> tuple[int | UUID, int]:
        named = schema_header(headers, self._header) if headers else None
        return read_frame(data) if named is None else (named, 0)

    def _writer(self, key: int | UUID) -> Schema:
        return self._registry.writer_schema(key) if isinstance(key, int) else self._registry.writer_schema_by_guid(key)

    def _choose(self, writer: Schema) -> Chosen:
        """Find the type that a writer's schema is of, and make the reader for it."""
        kind = self._kind(writer)
        if kind is None:
            name = writer.fullname if isinstance(writer, Named) else f"of the Avro type {writer.type}"
            return None, lambda _data, _start: name
        try:
            return kind, codec_for(kind).reader(writer)
        except UnresolvableError as error:
            return kind, _refuser(error)

    def _kind(self, writer: Schema) -> type[Any] | None:
        """The type for a writer's schema: by name, by alias, then by the name without the namespace (Avro, "Aliases")."""
        if len(self._types) == 1 and not isinstance(writer, Named):
            return self._types[0]
        if not isinstance(writer, Named):
            return None
        if not self._names:
            self._names = _names_of(self._types)
        return self._names.get(writer.fullname) or self._names.get(f"*.{writer.name}")


def _refuser(error: UnresolvableError) -> Reader[Any]:
    """A reader for a schema that cannot be read: found out once, said for each message."""

    def refuse(_data: bytes, _start: int) -> Any:
        raise copy(error)

    return refuse


def _names_of(types: Sequence[type[Any]]) -> dict[str, type[Any]]:
    """Every name by which a writer may call each type; an exact name wins over an alias, an alias over a bare name."""
    schemas = [(kind, codec_for(kind).schema) for kind in types]
    named = [(kind, schema) for kind, schema in schemas if isinstance(schema, Named)]
    names = {schema.fullname: kind for kind, schema in named}
    for kind, schema in named:
        for alias in schema.aliases:
            names.setdefault(alias, kind)
    bare: dict[str, set[type[Any]]] = {}
    for kind, schema in named:
        for name in (schema.fullname, *schema.aliases):
            bare.setdefault(f"*.{name.rpartition('.')[2]}", set()).add(kind)
    for name, kinds in bare.items():
        if len(kinds) == 1:
            names.setdefault(name, next(iter(kinds)))
    return names


def schema_header(headers: RawHeaders, name: str) -> int | UUID | None:
    """What a schema header says, or None where there is none."""
    for key, value in headers:
        if key == name and value is not None:
            return read_schema_header(value)
    return None


class _AnySchema(AvroReader):
    """Decodes an Avro key that has no class."""

    def __init__(self, registry: Registry, text: str) -> None:
        super().__init__(registry, (), KEY_SCHEMA_HEADER)
        self._codec = codec_for_schema(text)

    def _choose(self, writer: Schema) -> Chosen:
        return object, self._codec.reader(writer)


def key_reader(registry: Registry, key: Key | None) -> Callable[[bytes | None, RawHeaders], Any]:
    """A function that decodes the keys of a topic; a topic without keys gives None.

    Args:
        registry: Where the writer's schema of an Avro key is fetched.
        key: How the topic is keyed.
    """
    if key is None:
        return lambda _data, _headers: None
    if key.format != "avro":
        decode = key_codec(key.format, _plain_type(key)).decode
        return lambda data, _headers: decode(_present(data))
    reader = _AnySchema(registry, key.schema) if key.schema else AvroReader(registry, (key.type,), KEY_SCHEMA_HEADER)
    shown = key.schema or key.type.__name__

    def read(data: bytes | None, headers: RawHeaders) -> Any:
        present = _present(data)
        try:
            kind, value = reader.read(present, headers)
        except DecodeError as error:
            raise located(error, "key") from error
        if kind is None:
            raise UnresolvableError(f"it is {value}, not {shown}", path="key")
        return value

    return read


def _present(data: bytes | None) -> bytes:
    if data is None:
        raise DecodeError("the message has no key", path="key")
    return data


def types_of(topic: type[Topic]) -> tuple[type[Any], ...]:
    """What travels on a topic."""
    if issubclass(topic, EventsView):
        return topic.types
    assert issubclass(topic, EntityView)
    return (topic.value,)
