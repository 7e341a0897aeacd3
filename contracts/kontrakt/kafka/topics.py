"""What generated packages declare: topics, their keys and what travels on them.

A topic is a class that is never instantiated. Importing it is cheap: Kafka's client loads when the first producer or consumer is
made.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeAlias, TypeVar, overload

from .aio.bus import AsyncBus
from .aio.destination import AsyncDestination

if TYPE_CHECKING:
    import os

    from .aio.consumer import AsyncEntityConsumer, AsyncEventConsumer
    from .aio.producer import (
        AsyncEntityProducer,
        AsyncEventProducer,
        AsyncKeyedEntityProducer,
        AsyncKeyedEventProducer,
    )
    from .aio.table import AsyncEntityTable
    from .bus import Bus
    from .consumer import EntityConsumer, EventConsumer
    from .destination import Destination
    from .filler import OnTableError, Outdated, Progress
    from .policies import OnError
    from .producer import EntityProducer, EventProducer, KeyedEntityProducer, KeyedEventProducer
    from .stores import Store
    from .table import EntityTable

K = TypeVar("K")
V = TypeVar("V")

KeyFormat: TypeAlias = Literal["string", "long", "int", "avro"]
Subjects: TypeAlias = Literal["topic", "topic-record", "record"]
Start: TypeAlias = Literal["earliest", "latest"]


class Key:
    """How the messages of a topic are keyed.

    .. code-block:: python

        Key("customer_id")                           # a field of the value, as text
        Key("order_id", "line", type=OrderLineKey)   # several fields: a record made of them, in Avro
        Key(type=ObservationKey)                     # beside the value: a generated record, in Avro
        Key(type=str)                                # beside the value, as text
        Key("number", format="long")                 # as Java's LongSerializer writes it
        Key("number", schema='"long"')               # a type without a name, in Avro

    Args:
        fields: The fields of the value that make up the key, by their Python names; none when it stands beside the value.
        type: The generated record of an Avro key; ``UUID`` for one that is written as text.
        format: How it is written: ``string``, ``long``, ``int`` (what Java's serializers of these names write) or ``avro``.
            By default ``avro`` for records and schemas, otherwise ``string``.
        schema: The Avro schema of a key that is no record, as JSON.
    """

    __slots__ = ("fields", "format", "schema", "type")

    def __init__(
        self,
        *fields: str,
        type: type[Any] = str,  # noqa: A002 - it is what the attribute is called
        format: KeyFormat | None = None,  # noqa: A002
        schema: str = "",
    ) -> None:
        plain = not schema and type.__module__ in ("builtins", "uuid")
        self.fields = fields
        self.type = type
        self.format: KeyFormat = format or ("string" if plain else "avro")
        self.schema = schema

    def __repr__(self) -> str:
        said = [*map(repr, self.fields), f"format={self.format!r}"]
        return f"Key({', '.join(said)})"


class Topic:
    """A topic of records.

    Attributes:
        topic: Its name on the broker.
        key: How its messages are keyed; None where they have no key.
        subjects: How its value schemas are named in the registry.
    """

    topic: ClassVar[str]
    key: ClassVar[Key | None] = None
    subjects: ClassVar[Subjects] = "topic"


class EntityView(Topic, Generic[K, V]):
    """The current state of something, to read. The newest message of a key counts.

    Attributes:
        value: The record.
    """

    value: ClassVar[type[Any]]

    @overload
    @classmethod
    def consumer(
        cls,
        bus: Bus,
        *,
        group: str,
        start: Start = "earliest",
        on_error: OnError = "stop",
        config: Mapping[str, Any] | None = None,
    ) -> EntityConsumer[K, V]: ...
    @overload
    @classmethod
    def consumer(
        cls,
        bus: AsyncBus,
        *,
        group: str,
        start: Start = "earliest",
        on_error: OnError = "stop",
        config: Mapping[str, Any] | None = None,
    ) -> AsyncEntityConsumer[K, V]: ...
    @classmethod
    def consumer(
        cls,
        bus: Bus | AsyncBus,
        *,
        group: str,
        start: Start = "earliest",
        on_error: OnError = "stop",
        config: Mapping[str, Any] | None = None,
    ) -> EntityConsumer[K, V] | AsyncEntityConsumer[K, V]:
        """A consumer of changes, ``Put`` and ``Delete``.

        Args:
            bus: Where; one of asyncio gives an asyncio consumer.
            group: The consumer group. Groups read independently; the members of one share the partitions.
            start: Where a group starts that has no offset yet.
            on_error: The policy for a message that cannot be read, and in ``run`` also for one whose handler failed: ``stop``
                raises and leaves the offset where it is, ``skip`` logs it and goes on, :class:`~kontrakt.Retry` tries again,
                :class:`~kontrakt.DeadLetter` puts it aside.
            config: More for librdkafka, by its own names.
        """
        from .consumer import EntityConsumer

        def make(bus: Bus) -> EntityConsumer[K, V]:
            return EntityConsumer(bus, cls, group=group, start=start, on_error=on_error, config=config)

        if not isinstance(bus, AsyncBus):
            return make(bus)
        from .aio.consumer import AsyncEntityConsumer

        return AsyncEntityConsumer(bus, cls.topic, make)

    @overload
    @classmethod
    def table(
        cls,
        bus: Bus,
        *,
        store: Store | str | os.PathLike[str] | None = None,
        on_error: OnTableError = "stop",
        outdated: Outdated = "rebuild",
        on_progress: Callable[[Progress], None] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> EntityTable[K, V]: ...
    @overload
    @classmethod
    def table(
        cls,
        bus: AsyncBus,
        *,
        store: Store | str | os.PathLike[str] | None = None,
        on_error: OnTableError = "stop",
        outdated: Outdated = "rebuild",
        on_progress: Callable[[Progress], None] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> AsyncEntityTable[K, V]: ...
    @classmethod
    def table(
        cls,
        bus: Bus | AsyncBus,
        *,
        store: Store | str | os.PathLike[str] | None = None,
        on_error: OnTableError = "stop",
        outdated: Outdated = "rebuild",
        on_progress: Callable[[Progress], None] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> EntityTable[K, V] | AsyncEntityTable[K, V]:
        """A local copy of the topic, to read by key, which goes on where it stopped.

        Args:
            bus: Where; one of asyncio gives an asyncio table, which is opened by ``async with``.
            store: Where its rows are kept: the path of a file of SQLite, a :class:`~kontrakt.kafka.stores.Store`, or nothing for
                memory.
            on_error: What happens at a message that cannot be read, or where the store, the caller's own rows or the registry fail:
                ``stop`` ends the table, and reading it raises; ``skip`` logs the message and removes the row of its key; a
                :class:`~kontrakt.Retry` tries again what may pass.
            outdated: What happens when the store holds what the topic no longer says (the topic was made anew, messages were deleted
                that were not read yet, the type changed): ``rebuild`` reads everything again, ``stop`` raises.
            on_progress: Called by the table's thread after each transaction until it has caught up.
            config: More for librdkafka, by its own names.

        Raises:
            TopicNotFound: There is no such topic.
            BrokerUnavailable: No broker answers.
            TableOutdated: The store is outdated, and ``outdated`` is ``stop``.
            TableInUse: The store is that of another table of this process.
            StoreError: The store cannot be used.
        """
        from .table import EntityTable

        def make(bus: Bus) -> EntityTable[K, V]:
            return EntityTable(
                bus, cls, store=store, on_error=on_error, outdated=outdated, on_progress=on_progress, config=config
            )

        if not isinstance(bus, AsyncBus):
            return make(bus)
        from .aio.table import AsyncEntityTable

        return AsyncEntityTable(bus, cls.topic, make)


class Entity(EntityView[K, V]):
    """The current state of something. The key is part of the value."""

    @overload
    @classmethod
    def producer(cls, bus: Destination) -> EntityProducer[K, V]: ...
    @overload
    @classmethod
    def producer(cls, bus: AsyncDestination) -> AsyncEntityProducer[K, V]: ...
    @classmethod
    def producer(cls, bus: Destination | AsyncDestination) -> EntityProducer[K, V] | AsyncEntityProducer[K, V]:
        """A producer: ``put`` and ``delete``.

        Args:
            bus: Where: a bus, its transactions, or a database connection of an outbox; each of asyncio gives an asyncio producer.
        """
        if isinstance(bus, AsyncDestination):
            from .aio.producer import AsyncEntityProducer

            return AsyncEntityProducer(bus, cls)
        from .producer import EntityProducer

        return EntityProducer(bus, cls)


class KeyedEntity(EntityView[K, V]):
    """The current state of something. The key stands beside the value."""

    @overload
    @classmethod
    def producer(cls, bus: Destination) -> KeyedEntityProducer[K, V]: ...
    @overload
    @classmethod
    def producer(cls, bus: AsyncDestination) -> AsyncKeyedEntityProducer[K, V]: ...
    @classmethod
    def producer(
        cls, bus: Destination | AsyncDestination
    ) -> KeyedEntityProducer[K, V] | AsyncKeyedEntityProducer[K, V]:
        """A producer: ``put`` and ``delete``.

        Args:
            bus: Where: a bus, its transactions, or a database connection of an outbox; each of asyncio gives an asyncio producer.
        """
        if isinstance(bus, AsyncDestination):
            from .aio.producer import AsyncKeyedEntityProducer

            return AsyncKeyedEntityProducer(bus, cls)
        from .producer import KeyedEntityProducer

        return KeyedEntityProducer(bus, cls)


class EventsView(Topic, Generic[K, V]):
    """Things that happened, to read.

    Attributes:
        types: The records that travel on the topic.
        id: The field that holds an event's id; empty where the contract names none.
        time: The field that says when an event happened; empty where the contract names none.
    """

    types: ClassVar[tuple[type[Any], ...]]
    id: ClassVar[str] = ""
    time: ClassVar[str] = ""

    @overload
    @classmethod
    def consumer(
        cls,
        bus: Bus,
        *,
        group: str,
        start: Start = "earliest",
        on_error: OnError = "stop",
        unknown: OnError = "skip",
        config: Mapping[str, Any] | None = None,
    ) -> EventConsumer[K, V]: ...
    @overload
    @classmethod
    def consumer(
        cls,
        bus: AsyncBus,
        *,
        group: str,
        start: Start = "earliest",
        on_error: OnError = "stop",
        unknown: OnError = "skip",
        config: Mapping[str, Any] | None = None,
    ) -> AsyncEventConsumer[K, V]: ...
    @classmethod
    def consumer(
        cls,
        bus: Bus | AsyncBus,
        *,
        group: str,
        start: Start = "earliest",
        on_error: OnError = "stop",
        unknown: OnError = "skip",
        config: Mapping[str, Any] | None = None,
    ) -> EventConsumer[K, V] | AsyncEventConsumer[K, V]:
        """A consumer of events.

        Args:
            bus: Where; one of asyncio gives an asyncio consumer.
            group: The consumer group. Groups read independently; the members of one share the partitions.
            start: Where a group starts that has no offset yet.
            on_error: The policy for a message that cannot be read, and in ``run`` also for one whose handler failed: ``stop``
                raises and leaves the offset where it is, ``skip`` logs it and goes on, :class:`~kontrakt.Retry` tries again,
                :class:`~kontrakt.DeadLetter` puts it aside.
            unknown: The policy for an event of a type that this package was generated without. A new type of event is a
                compatible change, so it is skipped unless told otherwise; the first of a type is logged.
            config: More for librdkafka, by its own names.
        """
        from .consumer import EventConsumer

        def make(bus: Bus) -> EventConsumer[K, V]:
            return EventConsumer(bus, cls, group=group, start=start, on_error=on_error, unknown=unknown, config=config)

        if not isinstance(bus, AsyncBus):
            return make(bus)
        from .aio.consumer import AsyncEventConsumer

        return AsyncEventConsumer(bus, cls.topic, make)


class Events(EventsView[K, V]):
    """Things that happened. The key is part of each event, or there is none."""

    @overload
    @classmethod
    def producer(cls, bus: Destination) -> EventProducer[K, V]: ...
    @overload
    @classmethod
    def producer(cls, bus: AsyncDestination) -> AsyncEventProducer[K, V]: ...
    @classmethod
    def producer(cls, bus: Destination | AsyncDestination) -> EventProducer[K, V] | AsyncEventProducer[K, V]:
        """A producer: ``send``.

        Args:
            bus: Where: a bus, its transactions, or a database connection of an outbox; each of asyncio gives an asyncio producer.
        """
        if isinstance(bus, AsyncDestination):
            from .aio.producer import AsyncEventProducer

            return AsyncEventProducer(bus, cls)
        from .producer import EventProducer

        return EventProducer(bus, cls)


class KeyedEvents(EventsView[K, V]):
    """Things that happened. The key stands beside the event."""

    @overload
    @classmethod
    def producer(cls, bus: Destination) -> KeyedEventProducer[K, V]: ...
    @overload
    @classmethod
    def producer(cls, bus: AsyncDestination) -> AsyncKeyedEventProducer[K, V]: ...
    @classmethod
    def producer(cls, bus: Destination | AsyncDestination) -> KeyedEventProducer[K, V] | AsyncKeyedEventProducer[K, V]:
        """A producer: ``send``.

        Args:
            bus: Where: a bus, its transactions, or a database connection of an outbox; each of asyncio gives an asyncio producer.
        """
        if isinstance(bus, AsyncDestination):
            from .aio.producer import AsyncKeyedEventProducer

            return AsyncKeyedEventProducer(bus, cls)
        from .producer import KeyedEventProducer

        return KeyedEventProducer(bus, cls)


class EventHandler(ABC):
    """Base of the generated handlers: a method for each type of event.

    Attributes:
        handles: The name of the method that handles each type.
    """

    handles: ClassVar[Mapping[type[Any], str]]
