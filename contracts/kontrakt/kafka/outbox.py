"""Messages written in the caller's own database transaction; a relay sends them (:mod:`kontrakt.kafka.relay`). Needs ``kontrakt[sql]``."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, overload
from weakref import WeakSet

try:
    from sqlalchemy.orm import Session
except ModuleNotFoundError as error:
    message = "an outbox needs SQLAlchemy; install it with: pip install 'kontrakt[sql]'"
    raise ModuleNotFoundError(message, name=error.name) from error

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Engine,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    insert,
    text,
)
from sqlalchemy import (
    Sequence as DatabaseSequence,
)

from kontrakt.codec import Document
from kontrakt.codec.framing import frame_prefix, read_frame
from kontrakt.errors import OutboxError

from .clock import SYSTEM, Clock
from .delivery import UNKNOWN, Deliveries, Delivery, Sent, Waiting
from .instrument import SILENT, Instrument
from .messages import raw_pairs_of
from .serialization import Subject
from .stuck import Stuck

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

    from kontrakt.errors import DeliveryError
    from kontrakt.registry import Document as AnyDocument

    from .aio.outbox import AsyncOutboxConnection
    from .destination import Client, SchemaIds
    from .messages import Headers

LOCKS: Final = 0x6B6F << 48
"""Where the numbers of our advisory locks begin in PostgreSQL: 2 bytes of ours, then the 6 of a row's id."""

_DATABASES: Final = ("postgresql", "sqlite")


class Outbox:
    """A table of messages that are sent when the transaction in which they were written has been committed, and never otherwise.

    .. code-block:: python

        outbox = Outbox(metadata)  # its tables are created with yours
        with engine.begin() as connection:
            connection.execute(customers.insert().values(id="c-1", email="a@b.c"))
            Customers.producer(outbox.on(connection)).put(Customer(customer_id="c-1", email="a@b.c"))

    Writing needs no broker and no registry: a row carries the Avro of a message with its schema, whose id is looked up when it is
    sent. One instance serves all threads.

    Args:
        metadata: Whose tables these become, so that migrations see them; by default, ones of their own.
        name: The table's name; ``<name>_lease`` is that of the relays.
        schema: The schema of the database that it stands in; by default that of the metadata.
        instrument: Is told of each message that is written; its trace travels on when the message is sent.

    Attributes:
        messages: The table of messages.
        leases: The table by which relays agree who works.
        stuck: The messages that could not be sent so far, to look at, try again and remove.
    """

    def __init__(
        self,
        metadata: MetaData | None = None,
        *,
        name: str = "kontrakt_outbox",
        schema: str | None = None,
        instrument: Instrument = SILENT,
    ) -> None:
        self._instrument = instrument
        self.name: Final = name
        self._metadata = MetaData() if metadata is None else metadata
        self._ids = DatabaseSequence(f"{name}_id", schema=schema, metadata=self._metadata)
        self.messages: Final = Table(
            name,
            self._metadata,
            Column("id", BigInteger().with_variant(Integer(), "sqlite"), self._ids, primary_key=True),
            Column("topic", Text, nullable=False),
            Column("key", LargeBinary),
            Column("value", LargeBinary),
            Column("headers", Text, nullable=False),
            Column("schemas", Text, nullable=False),
            Column("sent", DateTime(timezone=True)),
            Column("attempts", Integer, nullable=False, server_default="0"),
            Column("error", Text),
            Column("parked", DateTime(timezone=True)),
            Index(f"{name}_sent", "sent", "id"),
            Index(f"{name}_stuck", "id", sqlite_where=text("attempts > 0"), postgresql_where=text("attempts > 0")),
            schema=schema,
            sqlite_autoincrement=True,
        )
        self.leases: Final = Table(
            f"{name}_lease",
            self._metadata,
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("identity", String(32), nullable=False),
            Column("owner", String(32), nullable=False),
            Column("beat", BigInteger, nullable=False),
            schema=schema,
        )
        self.stuck: Final = Stuck(self)
        self._schemas = _Schemas()
        self._locked: WeakSet[Any] = WeakSet()

    def create(self, engine: Engine | Connection) -> None:
        """Create the tables where they are missing; those who have migrations leave it to them.

        Args:
            engine: The database, or a connection to it: with SQLAlchemy's asyncio, ``await connection.run_sync(outbox.create)``.
        """
        self._metadata.create_all(engine, tables=[self.messages, self.leases])

    @overload
    def on(self, connection: Connection | Session) -> OutboxConnection: ...
    @overload
    def on(self, connection: AsyncConnection | AsyncSession) -> AsyncOutboxConnection: ...
    def on(
        self, connection: Connection | Session | AsyncConnection | AsyncSession
    ) -> OutboxConnection | AsyncOutboxConnection:
        """What producers are made on, for as long as a transaction of the caller's lasts.

        Args:
            connection: A connection of SQLAlchemy, or a session of its ORM; one of its asyncio gives asyncio producers. Whoever
                made it commits.

        Raises:
            OutboxError: The database is neither PostgreSQL nor SQLite. With asyncio, the first message raises it.
        """
        if not isinstance(connection, Connection | Session):
            from .aio.outbox import AsyncOutboxConnection

            return AsyncOutboxConnection(self, connection)
        found = connection.connection() if isinstance(connection, Session) else connection
        if found.dialect.name not in _DATABASES:
            raise OutboxError(
                f"an outbox in {found.dialect.name} could send messages in another order than they were written in; "
                "use PostgreSQL or SQLite"
            )
        return OutboxConnection(self, found, self._schemas)

    def write(
        self, connection: Connection, topic: str, key: bytes | None, value: bytes | None, headers: Headers | None
    ) -> None:
        """Write a message as a producer made it: with the numbers that :class:`OutboxConnection` gave its schemas."""
        self._announce(connection)
        headers, ended = self._instrument.sending(topic, key, value, headers)
        schemas = dict[str, Any]()
        if key is not None and self._schemas.is_avro(f"{topic}-key"):
            key, schemas["key"] = self._schemas.apart(key)
        if value is not None:
            value, schemas["value"] = self._schemas.apart(value)
        connection.execute(
            insert(self.messages).values(
                topic=topic, key=key, value=value, headers=_shown(headers), schemas=json.dumps(schemas)
            )
        )
        if ended is not None:
            ended(Sent(topic, UNKNOWN, UNKNOWN))

    def last(self, connection: Connection) -> int | None:
        """Up to which id no message will appear any more that is not there yet; None for no bound.

        Ids are drawn when messages are written, and transactions end in another order. In PostgreSQL a transaction that writes
        holds a lock whose number is no higher than the ids that it draws. So, in this order: the last id that was drawn, the lowest
        lock that is held, and then the rows up to both. SQLite has one writer at a time.
        """
        if connection.dialect.name == "sqlite":
            return None
        sequence = connection.dialect.identifier_preparer.format_sequence(self._ids)
        drawn: int = connection.execute(
            text(f"SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence}")  # noqa: S608 - quoted
        ).scalar_one()
        lowest: int | None = connection.execute(_LOWEST_LOCK, {"ours": LOCKS >> 48}).scalar_one()
        return drawn if lowest is None else min(drawn, lowest - 1)

    def _announce(self, connection: Connection) -> None:
        """Hold the lock that :meth:`last` looks for. A savepoint that is undone lets go of it, so each has its own."""
        if connection.dialect.name == "sqlite":
            return
        transaction = connection.get_nested_transaction() or connection.get_transaction()
        if transaction is None or transaction not in self._locked:
            sequence = connection.dialect.identifier_preparer.format_sequence(self._ids)
            connection.execute(
                text(
                    "SELECT pg_advisory_xact_lock_shared(:locks + CASE WHEN is_called THEN last_value + 1 "  # noqa: S608 - quoted
                    f"ELSE last_value END) FROM {sequence}"
                ).bindparams(bindparam("locks", type_=BigInteger)),
                {"locks": LOCKS},
            )
            begun = connection.get_nested_transaction() or connection.get_transaction()
            self._locked.add(begun)


_LOWEST_LOCK: Final = text("""
    SELECT min(((classid::bigint & 65535) << 32) | objid::bigint) FROM pg_locks
    WHERE locktype = 'advisory' AND objsubid = 1 AND (classid::bigint >> 16) = :ours
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


class OutboxConnection:
    """Where producers write into an outbox. Made by :meth:`Outbox.on`."""

    def __init__(self, outbox: Outbox, connection: Connection, schemas: SchemaIds) -> None:
        self._outbox = outbox
        self._schemas = schemas
        self._connection = connection

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        return SYSTEM

    @property
    def registry(self) -> SchemaIds:
        """Numbers schemas in place of the registry, which is asked when messages are sent."""
        return self._schemas

    @property
    def sender(self) -> OutboxConnection:
        """What takes the messages: this."""
        return self

    def opened(self, client: Client) -> None:
        """Nothing is to be closed here."""

    def ended(self, client: Client) -> None:
        """Nothing was to be closed here."""

    def deliveries(self) -> Deliveries:
        """Nothing is ever on its way here."""
        return Deliveries(Waiting())

    def check(self) -> None:
        """The database says itself when nothing can be written any more."""

    def send(
        self,
        deliveries: Deliveries,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
        partition: int = -1,  # noqa: ARG002 - of the key, when it is sent
        on_failure: Callable[[DeliveryError], None] | None = None,  # noqa: ARG002 - none fails here
    ) -> Delivery:
        """Write a message."""
        self._outbox.write(self._connection, topic, key, value, headers)
        return Delivery.settled(deliveries, topic, key)


class _Schemas:
    """The schemas of an outbox, numbered as they come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: dict[str, int] = {}
        self._known: list[Any] = []
        self._subjects: set[str] = set()

    def schema_id(self, subject: str, document: AnyDocument, documents: Mapping[str, AnyDocument]) -> int:
        """The number of a schema here."""
        known = [
            subject,
            document.name,
            [[one.name, one.text, one.subject, one.references] for one in documents.values()],
        ]
        with self._lock:
            number = self._numbers.setdefault(json.dumps(known), len(self._known))
            if number == len(self._known):
                self._known.append(known)
                self._subjects.add(subject)
        return number

    def is_avro(self, subject: str) -> bool:
        """Whether what stands under a subject was written with a schema."""
        return subject in self._subjects

    def apart(self, data: bytes) -> tuple[bytes, Any]:
        """What is framed with a number of here, without its frame, and its schema."""
        number, start = read_frame(data)
        return data[start:], self._known[number]


class Framer:
    """Puts before what stands in an outbox the frames with the registry's ids. Each schema is looked up once.

    Args:
        registry: Where.
    """

    def __init__(self, registry: SchemaIds) -> None:
        self._registry = registry
        self._prefixes: dict[str, tuple[bytes, bytes]] = {}

    def framed(self, schemas: str, key: bytes | None, value: bytes | None) -> tuple[bytes | None, bytes | None]:
        """The key and the payload of a message.

        Raises:
            SchemaNotRegistered: A schema is not registered.
            RegistryError: The registry cannot be asked.
        """
        prefixes = self._prefixes.get(schemas)
        if prefixes is None:
            found = json.loads(schemas)
            prefixes = self._prefixes[schemas] = (self._prefix(found.get("key")), self._prefix(found.get("value")))
        return (
            None if key is None else prefixes[0] + key,
            None if value is None else prefixes[1] + value,
        )

    def _prefix(self, known: Any) -> bytes:
        if known is None:
            return b""
        subject, name, given = known
        documents = [
            Document(name=name, text=text, subject=own, references=tuple(references))
            for name, text, own, references in given
        ]
        (main,) = (one for one in documents if one.name == name)
        return frame_prefix(Subject(subject, main, [one for one in documents if one is not main]).id(self._registry))


def _shown(headers: Headers | None) -> str:
    """Headers as JSON; their bytes as base64."""
    raw = raw_pairs_of(headers)
    return json.dumps([(name, None if value is None else base64.b64encode(value).decode()) for name, value in raw])


def headers_of(shown: str) -> Sequence[tuple[str, bytes | None]]:
    """The headers that stand in an outbox."""
    return [(name, None if value is None else base64.b64decode(value)) for name, value in json.loads(shown)]
