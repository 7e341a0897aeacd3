"""The contents of a table: what messages do to its rows, and what its rows mean. Nothing here waits for Kafka."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from kontrakt.codec import document_of
from kontrakt.codec.framing import FRAME_SIZE, KEY_SCHEMA_HEADER, VALUE_SCHEMA_HEADER
from kontrakt.errors import DecodeError, HandlerError, KontraktError, SchemaNotFound, TableError

from .decoding import meta_of
from .failures import located
from .fetcher import place_of
from .serialization import AvroReader, key_reader, key_writer
from .stores import Row, RowError, Store
from .told import told, told_of

if TYPE_CHECKING:
    from confluent_kafka import Message

    from kontrakt.registry import Registry

    from .serialization import RawHeaders
    from .topics import EntityView

K = TypeVar("K")
V = TypeVar("V")

_log: Final = logging.getLogger("kontrakt.kafka")

_FORMAT: Final = "1"
_GUID: Final = 1
_GUID_SIZE: Final = 17


@dataclass(frozen=True, slots=True)
class Change(Generic[K, V]):
    """What one transaction of a table did to an entity.

    Attributes:
        key: Its key.
        old: What it was before; None when there was none.
        new: What it is now; None when it was deleted.
    """

    key: K
    old: V | None
    new: V | None


@dataclass(slots=True)
class State:
    """How far a table has read, and what its rows are made of. It is written with the rows.

    Attributes:
        topic: The topic.
        shape: What the store keeps.
        types: A fingerprint of the types with which messages were read.
        topic_id: The id that the broker gave the topic when it was made; empty where it is not known.
        offsets: The offset of each partition up to which everything is in the rows.
        skipped: How many messages were passed over.
        current: Up to which moment the rows are known to say everything, in seconds since 1970.
    """

    topic: str
    shape: str
    types: str
    topic_id: str = ""
    offsets: dict[int, int] = field(default_factory=dict[int, int])
    skipped: int = 0
    current: float = 0.0

    def text(self) -> str:
        """What a store keeps of it."""
        return json.dumps({name: getattr(self, name) for name in self.__slots__}, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> State:
        """What a store kept.

        Raises:
            TableError: It is not the state of a table.
        """
        try:
            said = json.loads(text)
            said["offsets"] = {int(partition): int(offset) for partition, offset in said["offsets"].items()}
            return cls(**said)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise TableError(f"the state in the store is not that of a table: {text[:200]!r}") from error


@dataclass(frozen=True, slots=True)
class Leniency:
    """Which messages are passed over.

    Attributes:
        broken: Those that cannot be read, whenever they are tried.
        failed: Those at which the caller's own code failed, and those whose schema the registry does not know.
    """

    broken: bool = False
    failed: bool = False


class Replica(Generic[K, V]):
    """The rows of a table. One thread changes them; any may read.

    Args:
        topic: The entity topic, or a view of one.
        store: Where rows are kept.
        registry: Where writers' schemas are fetched.
    """

    def __init__(self, topic: type[EntityView[K, V]], store: Store, registry: Registry) -> None:
        assert topic.key is not None
        self.topic: Final = topic.topic
        self.listeners: list[Callable[[Change[K, V]], None]] = []
        self._view = topic
        self._store = store
        self._values = AvroReader(registry, (topic.value,))
        self._read_key = key_reader(registry, topic.key)
        self._write_key = key_writer(registry, topic.topic, topic.key)
        self._framed_keys = topic.key.format == "avro"
        self._types = _fingerprint(topic.value)
        self._opened = False
        self.state = self._fresh("")

    def open(self) -> str:
        """Take the store over.

        Returns:
            Why the rows cannot be used and the table has to begin anew; empty when it goes on.

        Raises:
            TableError: The store cannot be used, or holds another topic.
        """
        text = self._store.open(self._view)
        self._opened = True
        if text is None:
            return "there is nothing in the store yet"
        found = State.read(text)
        if found.topic != self.topic:
            raise TableError(
                f"the store holds {found.topic}, not {self.topic}; give each topic a table of its own with table="
            )
        self.state = found
        if found.shape != self._shape:
            return "the store keeps other columns or rows than before"
        if found.types != self._types:
            if found.skipped:
                return "its type has changed, and messages were passed over that it may be able to read"
            if self._columns_may_differ or not self._all_can_be_read():
                return "its type has changed, and what was made of the old one is not what the new one would give"
            found.types = self._types
        return ""

    def reset(self, topic_id: str, now: float) -> None:
        """Begin anew: no rows, and nothing read.

        Args:
            topic_id: The topic's id, where it is known.
            now: The moment, in seconds since 1970.

        Raises:
            TableError: The store cannot be changed.
        """
        gone: list[Change[K, V]] = []
        if self.listeners:
            gone = [Change(key, value, None) for key, value in self.items()]
        fresh = self._fresh(topic_id, now)
        self._store.clear(fresh.text())
        self.state = fresh
        self._tell(gone)

    def save(self) -> None:
        """Write the state alone."""
        self._store.write((), self.state.text())

    def apply(self, messages: Sequence[Message], ends: Mapping[int, int], lenient: Leniency) -> None:
        """Bring rows up to date, in one transaction. Of several messages of a key the last one counts.

        Args:
            messages: The next messages, those of each partition in their order.
            ends: Partitions that have been read up to an offset, whatever stands there.
            lenient: Which messages are passed over. The row of such a key goes: what it was is not what it is.

        Raises:
            DecodeError: A message cannot be read; nothing was changed.
            RegistryError: Its schema cannot be fetched; nothing was changed.
            HandlerError: The caller's own code failed; nothing was changed.
            TableError: The store failed; nothing was changed.
        """
        newest: dict[bytes | None, Message] = {}
        offsets = dict(self.state.offsets)
        for message in messages:
            newest[message.key()] = message
            offsets[message.partition() or 0] = (message.offset() or 0) + 1
        for partition, offset in ends.items():
            offsets[partition] = max(offset, offsets.get(partition, 0))
        skipped = self.state.skipped
        rows: dict[bytes, Row] = {}
        places: dict[bytes, Message] = {}
        for message in newest.values():
            row, read = self._row(message, lenient)
            skipped += not read
            if row is not None:
                rows[row.id], places[row.id] = row, message
        old = {one: self._old(one) for one in rows} if self.listeners else {}
        while True:
            state = replace(self.state, offsets=offsets, skipped=skipped)
            try:
                self._store.write(list(rows.values()), state.text())
            except RowError as error:
                row = error.row
                self._refuse(row, places[row.id], error.__cause__, lenient)
                rows[row.id] = Row(row.id, None, row.key, None)
                skipped += 1
            else:
                break
        if old:
            changes = [Change(row.key, old[row.id], row.value) for row in rows.values()]
            self._tell([one for one in changes if one.old is not None or one.new is not None])
        self.state = state

    def get(self, key: K) -> V | None:
        """The entity of a key, or None.

        Raises:
            EncodeError: It is not a key of this topic.
            DecodeError: The row cannot be read.
        """
        written = self._write_key(key)
        data = self._store.get(written)
        return None if data is None else self._value(written, data)

    def items(self) -> Iterator[tuple[K, V]]:
        """All entities with their keys, as they were at one moment."""
        for written, data in self._store.rows():
            yield self._key(written), self._value(written, data)

    def keys(self) -> Iterator[K]:
        """All keys, as they were at one moment."""
        for written, _ in self._store.rows():
            yield self._key(written)

    def count(self) -> int:
        """How many entities there are."""
        return self._store.count()

    def close(self) -> None:
        """Let the store go, if it is ours."""
        if self._opened:
            self._opened = False
            self._store.close()

    # --- inside ------------------------------------------------------------------------------------------------------

    @property
    def _shape(self) -> str:
        return f"{_FORMAT} {self._store.shape}".rstrip()

    @property
    def _columns_may_differ(self) -> bool:
        """Whether something was made of the values besides keeping their bytes."""
        return self._shape != _FORMAT

    def _fresh(self, topic_id: str, now: float = 0.0) -> State:
        return State(self.topic, self._shape, self._types, topic_id, current=now)

    def _row(self, message: Message, lenient: Leniency) -> tuple[Row | None, bool]:
        """What a message does to its row, if anything; and whether it could be read."""
        headers: Any = message.headers() or ()
        id_: bytes | None = None
        key: Any = None
        try:
            key = self._read_key(message.key(), headers)
            id_ = self._id(message.key() or b"", headers)
            data = message.value()
            if data is None:
                return Row(id_, None, key, None), True
            _, value = self._values.known(data, headers)
        except KontraktError as error:
            broken = isinstance(error, DecodeError | SchemaNotFound)
            if not broken or not (lenient.broken if isinstance(error, DecodeError) else lenient.failed):
                advice = '; a table with on_error="skip" passes over it' if broken else ""
                raise located(error, str(meta_of(message)), advice) from error
            _log.error(
                "passing over %s, which cannot be read; its row goes: %s",
                meta_of(message),
                error,
                extra=told_of("message.skipped", meta_of(message)),
            )
            return (None if id_ is None else Row(id_, None, key, None)), False
        return Row(id_, _said(headers, VALUE_SCHEMA_HEADER) + data, key, value), True

    def _id(self, written: bytes, headers: RawHeaders) -> bytes:
        """The bytes of a key with the id of its schema, which newer clients may say in a header."""
        if not self._framed_keys:
            return written
        said = _said(headers, KEY_SCHEMA_HEADER)
        if len(said) > FRAME_SIZE:
            raise DecodeError("a table needs the id of the key's schema, and the header says its GUID", path="key")
        return said + written

    def _refuse(self, row: Row, message: Message, error: BaseException | None, lenient: Leniency) -> None:
        """Pass over a message at which the caller's own rows failed, or raise."""
        topic, partition, offset = place_of(message)
        said = f"the table's own rows failed: {type(error).__name__}: {error}"
        failure = HandlerError(said, topic=topic, partition=partition, offset=offset)
        if not lenient.failed or row.data is None:
            raise failure from error
        _log.error(
            "passing over %s; its row goes", failure, exc_info=error, extra=told_of("message.skipped", meta_of(message))
        )

    def _value(self, written: bytes, data: bytes) -> V:
        """The entity in a row."""
        try:
            if data[0] == _GUID:  # how the header said it, which stands in front
                _, value = self._values.known(data[_GUID_SIZE:], [(VALUE_SCHEMA_HEADER, data[:_GUID_SIZE])])
            else:
                _, value = self._values.known(data)
        except KontraktError as error:
            raise located(error, f"the row of {self.topic} with the key {written!r}") from error
        found: V = value
        return found

    def _key(self, written: bytes) -> K:
        key: K = self._read_key(written, ())
        return key

    def _all_can_be_read(self) -> bool:
        try:
            for _ in self.items():
                pass
        except (DecodeError, SchemaNotFound):
            return False
        return True

    def _old(self, id_: bytes) -> V | None:
        data = self._store.get(id_)
        return None if data is None else self._value(id_, data)

    def _tell(self, changes: Sequence[Change[K, V]]) -> None:
        for change in changes:
            for listener in list(self.listeners):
                try:
                    listener(change)
                except Exception:  # noqa: BLE001 - the rows are what counts, and they are written
                    _log.exception(
                        "%s: what was subscribed to its changes failed at %r",
                        self.topic,
                        change.key,
                        extra=told("callback.failed", topic=self.topic),
                    )


def _said(headers: RawHeaders, name: str) -> bytes:
    """What a header says of a schema, as it would stand in front of the payload."""
    return next((said for header, said in headers if header == name and said), b"")


def _fingerprint(kind: type[Any]) -> str:
    """What tells a type from what it was before: also its defaults and names, which read old messages differently."""
    document, references = document_of(kind)
    texts = sorted(one.text for one in (document, *references))
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:32]
