"""Where a producer's messages go: to Kafka, into a transaction of Kafka, or into an outbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kontrakt.errors import DeliveryError
    from kontrakt.registry import Document

    from .clock import Clock
    from .delivery import Deliveries, Delivery
    from .messages import Headers


class Client(Protocol):
    """What a destination closes."""

    def close(self) -> None:
        """Ends it; may raise what went wrong unseen."""
        ...


class SchemaIds(Protocol):
    """Knows the numbers by which messages name their schemas."""

    def schema_id(self, subject: str, document: Document, documents: Mapping[str, Document]) -> int:
        """The id of a schema under a subject."""
        ...


class Sending(Protocol):
    """Takes the bytes of messages."""

    def deliveries(self) -> Deliveries:
        """Keeps what a new client has on its way."""
        ...

    def check(self) -> None:
        """Raise when nothing can be sent now."""
        ...

    def send(
        self,
        deliveries: Deliveries,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
        partition: int = -1,
        on_failure: Callable[[DeliveryError], None] | None = None,
    ) -> Delivery:
        """Take a message."""
        ...


class Destination(Protocol):
    """What generated producers are made on: a bus, its transactions, or a database connection of an outbox."""

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        ...

    @property
    def registry(self) -> SchemaIds:
        """Where the ids of schemas are looked up."""
        ...

    @property
    def sender(self) -> Sending:
        """What takes the messages."""
        ...

    def opened(self, client: Client) -> None:
        """Remember a client, to close it with what it was made on."""
        ...

    def ended(self, client: Client) -> None:
        """Forget a client that was closed."""
        ...
