"""What stands in for a bus where there is none: takes messages as bytes, and gives schemas their ids."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final

from confluent_kafka import TIMESTAMP_CREATE_TIME, Message

from kontrakt import avro
from kontrakt.kafka.clock import SYSTEM, Clock
from kontrakt.kafka.delivery import Deliveries, Delivery, Waiting
from kontrakt.kafka.messages import raw_pairs_of
from kontrakt.registry import Registry
from kontrakt.registry.documents import closure

if TYPE_CHECKING:
    from kontrakt.errors import DeliveryError
    from kontrakt.kafka.destination import Client
    from kontrakt.kafka.messages import Headers
    from kontrakt.registry import Document


class Schemas(Registry):
    """Schemas and their ids, in memory; no server is asked. It serves those who write and those who read."""

    def __init__(self) -> None:
        super().__init__("http://nowhere.invalid")
        self._ids: dict[tuple[str, ...], int] = {}
        self._trees: dict[int, avro.Schema] = {}
        self._lock = threading.Lock()

    def schema_id(self, subject: str, document: Document, documents: Mapping[str, Document]) -> int:  # noqa: ARG002
        """The id of a schema, whatever its subject; it has one from now on."""
        texts = tuple(one.text for one in closure(document, documents))
        with self._lock:
            if texts not in self._ids:
                trees: list[avro.Schema] = []
                for text in texts:
                    trees.append(avro.parse(text, strict=False, references=trees))
                self._ids[texts] = len(self._ids) + 1
                self._trees[self._ids[texts]] = trees[-1]
            return self._ids[texts]

    def writer_schema(self, schema_id: int) -> avro.Schema:
        """The schema of an id that was given out here."""
        return self._trees[schema_id]


@cache
def schemas() -> Schemas:
    """Those of this process: a client of a registry takes its time to be made, even where none is asked."""
    return Schemas()


class Bench:
    """Where producers are made whose messages stay here. It is a destination, and what sends for it.

    Attributes:
        messages: What was sent, as it would be read from a broker.
    """

    def __init__(self, registry: Registry) -> None:
        self.clock: Final[Clock] = SYSTEM
        self.registry: Final = registry
        self.messages: Final[list[Message]] = []

    @property
    def sender(self) -> Bench:
        """What takes the messages: this."""
        return self

    def opened(self, client: Client) -> None:
        """Nothing has to be closed here."""

    def ended(self, client: Client) -> None:
        """Nothing has to be closed here."""

    def deliveries(self) -> Deliveries:
        """Keeps what a client has on its way, which here is nothing."""
        return Deliveries(Waiting())

    def check(self) -> None:
        """Anything can be sent at any time."""

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
        """Keep a message, as a broker with one partition would."""
        message = Message(
            topic=topic,
            partition=max(partition, 0),
            offset=len(self.messages),
            key=key,
            value=value,
            headers=[*raw_pairs_of(headers)],
            timestamp=(TIMESTAMP_CREATE_TIME, int(self.clock.now().timestamp() * 1000)),
        )
        self.messages.append(message)
        delivery = Delivery(deliveries, topic, key, on_failure)
        delivery.arrived(None, message)
        return delivery
