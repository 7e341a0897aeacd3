"""Everything that kontrakt raises.

.. code-block:: text

    KontraktError
    ├── ProblemsError                  what is wrong with files; lists every problem of a run
    │   ├── SchemaErrors               the Avro itself: JSON, names, types, defaults
    │   ├── ContractErrors             topics, keys, owners, projections
    │   └── SettingsErrors             kontrakt.toml, [tool.kontrakt], environment variables
    ├── SourceError                    a git ref, folder or archive to compare with cannot be read
    ├── PlanError                      a saved plan cannot be read, or no longer fits
    ├── GenerateError                  the generator could not write its output
    ├── IncompatibleRuntimeError       a generated package and this runtime do not fit
    ├── CodecError
    │   ├── EncodeError                a value does not fit its schema
    │   └── DecodeError                bytes do not fit their schema
    │       ├── UnresolvableError      a reader's schema cannot read what the writer's schema wrote
    │       └── UnknownEvent           an event of a type that the package was generated without
    ├── RegistryError                  the registry answered with an error
    │   ├── RegistryUnavailable        no answer
    │   ├── SchemaNotFound             an id or a version that the registry does not know
    │   ├── SchemaNotRegistered        a schema that nobody registered yet
    │   ├── SchemaRejected             invalid, or incompatible with what is registered
    │   └── RegistryDenied             authentication or authorization
    ├── BusError                       Kafka
    │   ├── BrokerUnavailable          no broker answers
    │   ├── DeliveryError              a message that the broker did not acknowledge
    │   ├── TopicNotFound
    │   ├── MessageRejected            too large, or against a rule of the topic
    │   ├── BusDenied                  authentication or authorization
    │   ├── TransactionAborted         nothing of a transaction is visible; it can be done again
    │   ├── TransactionFenced          another instance works under the same transactional id
    │   └── ClosedError                a client was used after close()
    ├── OutboxError                    the table of an outbox
    ├── TableError                     the local copy of an entity topic
    │   ├── StoreError                 its store cannot be used
    │   ├── TableOutdated              it holds what the topic no longer says
    │   └── TableInUse                 something else fills the same store
    ├── HandlerError                   user code failed on a message; says which message
    └── RequestError
        ├── RequestTimeout             no answer before the deadline
        ├── RequestFailed              the service failed in a way that the contract does not declare
        └── DeclaredError              base of the exceptions generated from declared errors
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import total_ordering

__all__ = [
    "BrokerUnavailable",
    "BusDenied",
    "BusError",
    "ClosedError",
    "CodecError",
    "ContractErrors",
    "DeclaredError",
    "DecodeError",
    "DeliveryError",
    "EncodeError",
    "GenerateError",
    "HandlerError",
    "IncompatibleRuntimeError",
    "KontraktError",
    "MessageRejected",
    "OutboxError",
    "PlanError",
    "Position",
    "Problem",
    "ProblemsError",
    "RegistryDenied",
    "RegistryError",
    "RegistryUnavailable",
    "RequestError",
    "RequestFailed",
    "RequestTimeout",
    "SchemaErrors",
    "SchemaNotFound",
    "SchemaNotRegistered",
    "SchemaRejected",
    "SettingsErrors",
    "SourceError",
    "StoreError",
    "TableError",
    "TableInUse",
    "TableOutdated",
    "TopicNotFound",
    "TransactionAborted",
    "TransactionFenced",
    "UnknownEvent",
    "UnresolvableError",
]


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """A place in a file. Some are looked up when line or column is asked for, and are equal to others all the same.

    Args:
        file: Path as the user knows it, or ``<text>`` for a schema that came as text.
        line: Line, from 1.
        column: Column in characters, from 1.
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Position):
            return NotImplemented
        return (self.file, self.line, self.column) == (other.file, other.line, other.column)

    def __lt__(self, other: Position) -> bool:
        return (self.file, self.line, self.column) < (other.file, other.line, other.column)

    def __hash__(self) -> int:
        return hash((self.file, self.line, self.column))


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it is, and what to do about it.

    Args:
        position: Where.
        message: What happened, one sentence without a full stop at its end.
        hint: What to do, or an empty string when the message already says it.
    """

    position: Position
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.position}: {self.message}" + (f" ({self.hint})" if self.hint else "")


class KontraktError(Exception):
    """Base of all errors of kontrakt."""


class ProblemsError(KontraktError):
    """Files that cannot be used.

    Attributes:
        problems: Every problem found, sorted by position.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(sorted(set(problems), key=lambda p: (p.position, p.message)))
        super().__init__("\n".join(map(str, self.problems)))


class SchemaErrors(ProblemsError):
    """The Avro of one or more files is not valid."""


class ContractErrors(ProblemsError):
    """Topics, keys, owners or projections are declared wrongly."""


class SettingsErrors(ProblemsError):
    """The settings are not valid."""


class SourceError(KontraktError):
    """What contracts are to be compared with cannot be read: a git ref, a folder or an archive."""


class PlanError(KontraktError):
    """A saved plan cannot be read, or no longer fits what the registry, the broker or the contracts say."""


class GenerateError(KontraktError):
    """The generator could not write its output; what was there is unchanged."""


class IncompatibleRuntimeError(KontraktError):
    """A generated package was made by a generator that this runtime does not fit."""


class CodecError(KontraktError):
    """A value or its bytes do not fit the schema.

    Attributes:
        path: The path of the field inside the value, such as ``lines[3].price``; empty for the value itself.
    """

    def __init__(self, message: str, *, path: str = "") -> None:
        self.path = path
        super().__init__(f"{path}: {message}" if path else message)


class EncodeError(CodecError):
    """A value does not fit its schema."""


class DecodeError(CodecError):
    """Bytes do not fit their schema.

    Attributes:
        position: How many bytes had been read when it was noticed, a frame included; None where it is not about a byte.
    """

    def __init__(self, message: str, *, path: str = "", position: int | None = None) -> None:
        self.position = position
        super().__init__(message, path=path)


class UnresolvableError(DecodeError):
    """A reader's schema cannot read what the writer's schema wrote (Avro specification, "Schema Resolution")."""


class UnknownEvent(DecodeError):
    """An event is of a type that the package was generated without."""


class RegistryError(KontraktError):
    """The schema registry answered with an error.

    Attributes:
        status: HTTP status, or 0 when there was no answer.
        code: The registry's ``error_code``, or 0.
    """

    def __init__(self, message: str, *, status: int = 0, code: int = 0) -> None:
        self.status = status
        self.code = code
        super().__init__(message)


class RegistryUnavailable(RegistryError):
    """The schema registry gave no answer, or a server error."""


class SchemaNotFound(RegistryError):
    """The registry knows no schema of that id, subject or version."""


class SchemaNotRegistered(RegistryError):
    """A schema was looked up that nobody registered under its subject."""


class SchemaRejected(RegistryError):
    """The registry refused a schema: invalid, or incompatible with what is registered."""


class RegistryDenied(RegistryError):
    """The registry refused the credentials, or they lack the right."""


class BusError(KontraktError):
    """Kafka reported an error."""


class BrokerUnavailable(BusError):
    """No broker answered in time."""


class DeliveryError(BusError):
    """A message was not acknowledged.

    Attributes:
        topic: The topic.
        key: The key bytes, or None.
    """

    def __init__(self, message: str, *, topic: str, key: bytes | None = None) -> None:
        self.topic = topic
        self.key = key
        super().__init__(message)


class TopicNotFound(BusError):
    """The broker knows no topic of that name."""


class MessageRejected(BusError):
    """The broker, or its client, does not take a message: it is too large, or against a rule of the topic."""


class BusDenied(BusError):
    """The broker refused the credentials, or they lack the right."""


class TransactionAborted(BusError):
    """A transaction was aborted: nothing of it will ever be visible, and it can be done again.

    Attributes:
        rebalanced: Whether that is because the consumer group gave the partitions to another member meanwhile.
    """

    def __init__(self, message: str, *, rebalanced: bool = False) -> None:
        self.rebalanced = rebalanced
        super().__init__(message)


class TransactionFenced(BusError):
    """Another instance works under the same transactional id, so this one is shut out."""


class ClosedError(BusError):
    """A client was used after it was closed."""


class OutboxError(KontraktError):
    """The table of an outbox is missing or cannot be reached, or the database is of a kind that has no outbox."""


class TableError(KontraktError):
    """The local copy of an entity topic cannot be kept."""


class StoreError(TableError):
    """The store of a table cannot be used, or failed."""


class TableOutdated(TableError):
    """A table holds what its topic no longer says, and it was told not to begin anew."""


class TableInUse(TableError):
    """A store was taken over by another table; nothing was changed in it since."""


class HandlerError(KontraktError):
    """User code failed on a message; ``__cause__`` is what it raised.

    Attributes:
        topic: The topic of the message.
        partition: Its partition.
        offset: Its offset.
    """

    def __init__(self, message: str, *, topic: str, partition: int, offset: int) -> None:
        self.topic = topic
        self.partition = partition
        self.offset = offset
        super().__init__(f"{topic}[{partition}]@{offset}: {message}")


class RequestError(KontraktError):
    """A request did not get the answer that it asked for."""


class RequestTimeout(RequestError):
    """No answer came before the deadline; the service may still have acted."""


class RequestFailed(RequestError):
    """The service failed in a way that its contract does not declare."""


class DeclaredError(RequestError):
    """Base of the exceptions that are generated from the errors a protocol declares.

    A subclass is a dataclass whose fields are those of the Avro error.
    """

    def __str__(self) -> str:
        fields: Iterable[str] = getattr(self, "__dataclass_fields__", ())
        shown = ", ".join(f"{name}={getattr(self, name, None)!r}" for name in fields)
        return f"{type(self).__name__}({shown})"
