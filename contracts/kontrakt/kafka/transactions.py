"""Messages that become visible together or not at all, with the offsets of what they were made from (KIP-98, KIP-447)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias, TypeVar, overload

from confluent_kafka import KafkaError, KafkaException, TopicPartition

from kontrakt.errors import BusDenied, BusError, ClosedError, KontraktError, TransactionAborted, TransactionFenced

from .consumer import EventConsumer
from .failures import is_fencing, is_of_group, translated
from .handlers import methods_of
from .instrument import SILENT, Instrument
from .sender import Sender
from .serialization import Kinds
from .told import told
from .topics import EventHandler

if TYPE_CHECKING:
    from types import TracebackType

    from kontrakt.errors import DeliveryError
    from kontrakt.registry import Registry

    from .bus import Bus
    from .clock import Clock
    from .consumer import Consumer, EntityConsumer
    from .delivery import Deliveries, Delivery
    from .destination import Client
    from .messages import Delete, Event, Headers, Put

_log: Final = logging.getLogger("kontrakt.kafka")

_TIMEOUT_MS: Final = 60_000
_SLICE_SECONDS: Final = 1.0
"""How long librdkafka is asked to wait before Python looks whether a signal came."""

_PAUSE_SECONDS: Final = 0.02
_REBALANCE_SECONDS: Final = 0.5
"""How long to wait for the rebalance on account of which a transaction was aborted."""

SIZE: Final = 500
"""How many messages a transaction of ``run`` takes at most."""

K = TypeVar("K")
V = TypeVar("V")

Message: TypeAlias = "Put[Any, Any] | Delete[Any] | Event[Any, Any]"


class Transactions:
    """Sends in transactions of Kafka. Generated producers are made on it as on a bus.

    .. code-block:: python

        with bus.transactions("billing-1") as work:
            invoices = Invoices.producer(work)
            with work.transaction():
                invoices.put(first)
                invoices.put(second)

    It is a producer of its own, with one transaction at a time. Made by ``bus.transactions()``.

    Args:
        bus: Where.
        transactional_id: Whose transactions these are. Each instance that runs at the same time needs one of its own, and keeps it
            when it starts again.
        config: More for librdkafka's producer, by its own names.

    Raises:
        TransactionFenced: Another instance took the id over meanwhile.
        BrokerUnavailable: No broker answers within librdkafka's ``transaction.timeout.ms``, one minute by default.
        BusDenied: The credentials lack the right to the id.
        BusError: librdkafka refuses the configuration, or the broker the id.
    """

    def __init__(self, bus: Bus, transactional_id: str, *, config: Mapping[str, Any] | None = None) -> None:
        self.transactional_id: Final = transactional_id
        self._bus = bus
        self._sender = TransactionalSender({**bus.kafka, **(config or {})}, transactional_id, bus.clock, bus.instrument)
        try:
            self._sender.init()
            bus.opened(self)
        except BaseException:
            self._sender.close()
            raise

    @property
    def clock(self) -> Clock:
        """What tells the time: that of the bus."""
        return self._bus.clock

    @property
    def registry(self) -> Registry:
        """The client of the schema registry."""
        return self._bus.registry

    @property
    def sender(self) -> TransactionalSender:
        """The producer of these transactions."""
        return self._sender

    def opened(self, client: Client) -> None:
        """Remember a client, to close it with the bus."""
        self._bus.opened(client)

    def ended(self, client: Client) -> None:
        """Forget a client that was closed."""
        self._bus.ended(client)

    @contextmanager
    def transaction(self, consumer: Consumer[Any] | None = None, handled: Iterable[Message] = ()) -> Generator[None]:
        """A transaction: committed at the end of the block, aborted when the block fails.

        .. code-block:: python

            for batch in orders.batches():
                with work.transaction(orders, batch):
                    for order in batch:
                        invoices.put(invoice_for(order))

        Args:
            consumer: Whose group's offsets are committed with it.
            handled: What was read from that consumer, and counts as handled when the transaction is committed.

        Raises:
            TransactionAborted: It was aborted, and nothing of it will ever be visible. Do it again, in a new transaction.
            TransactionFenced: Another instance works under the id. This one must end.
            BrokerUnavailable: No broker answered in time, and it is not known whether it was committed. Whoever takes the id next
                knows: make new ``transactions``, and read the group's offsets again.
            BusError: There is a transaction already, or librdkafka cannot go on.
        """
        self._sender.begin()
        try:
            yield
            if consumer is not None and (offsets := _behind(handled)):
                self._sender.add_offsets(offsets, consumer.group_metadata())
        except BaseException as error:
            self._sender.abort_after(error)
            raise
        self._sender.commit()

    @overload
    def run(
        self, consumer: EntityConsumer[K, V], handle: Callable[[Put[K, V] | Delete[K]], None], *, size: int = SIZE
    ) -> None: ...
    @overload
    def run(
        self,
        consumer: EventConsumer[K, V],
        handle: EventHandler | Callable[[Event[K, V]], None],
        *,
        size: int = SIZE,
    ) -> None: ...
    def run(
        self,
        consumer: EntityConsumer[Any, Any] | EventConsumer[Any, Any],
        handle: EventHandler | Callable[[Any], None],
        *,
        size: int = SIZE,
    ) -> None:
        """Handle every message until the consumer is stopped; what the handler sends, and the offset, take effect exactly once.

        What has arrived is handled in one transaction. When the handler fails, the transaction is aborted; then the consumer's
        policy holds, and those messages are handled again, each in a transaction of its own.

        Args:
            consumer: A consumer of entities or events, which was not iterated yet.
            handle: As for the consumer's own ``run``. What it sends through producers that were made here belongs to the
                transaction; what it does elsewhere does not, and may happen again.
            size: How many messages a transaction takes at most. All of them have to be handled within librdkafka's
                ``transaction.timeout.ms``, one minute by default.

        Raises:
            HandlerError: The handler failed, and the policy is to stop; ``__cause__`` is what it raised.
            TransactionAborted: A transaction could not be committed; its messages come again.
            TransactionFenced: Another instance works under the id. This one must end.
            BusError: As for :meth:`transaction`, and as when one iterates.
        """
        one = _by_kind(consumer, handle) if isinstance(handle, EventHandler) else handle

        def attempt(batch: list[Any]) -> None:
            try:
                with self.transaction(consumer, batch):
                    for item in batch:
                        try:
                            one(item)
                        except Exception as error:
                            error.add_note(f"while handling {item.meta}")
                            raise
            except (TransactionAborted, TransactionFenced) as error:
                raise _Unhandled(error) from error
            except KontraktError as error:
                if self._sender.broken:
                    raise _Unhandled(error) from error
                raise

        while not consumer.stopped:
            try:
                consumer.run_batches(attempt, size, 0.0)
            except _Unhandled as unhandled:
                error = unhandled.error
                if not isinstance(error, TransactionAborted) or not error.rebalanced:
                    raise error from error.__cause__
                _log.warning("%s", error, extra=told("transaction.aborted"))
                self.clock.sleep(_REBALANCE_SECONDS)

    def close(self) -> None:
        """Abort the transaction that is open, if any, and give the id free for others."""
        self._bus.ended(self)
        self._sender.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Transactions {self.transactional_id} on {self._bus!r}>"


class _Unhandled(BaseException):
    """Passes by the policy for handlers that fail: the transaction did, and its messages come again."""

    def __init__(self, error: KontraktError) -> None:
        self.error = error
        super().__init__(str(error))


class TransactionalSender(Sender):
    """A producer with transactions. Errors are treated as librdkafka's introduction says ("Transactional Producer").

    Args:
        config: What the user says of Kafka clients, by librdkafka's names.
        transactional_id: The id.
        clock: What tells the time.
        instrument: Is told of each message.
    """

    def __init__(
        self, config: Mapping[str, Any], transactional_id: str, clock: Clock, instrument: Instrument = SILENT
    ) -> None:
        self._id = transactional_id
        self._clock = clock
        timeout = config.get("transaction.timeout.ms", _TIMEOUT_MS)
        self._until_given_up = float(timeout) / 1000
        self._open = False
        self._failed: DeliveryError | None = None
        self.broken: KontraktError | None = None
        """Why this instance cannot begin another transaction."""
        # A message may not outlive its transaction.
        lifetime = (
            {} if config.keys() & {"delivery.timeout.ms", "message.timeout.ms"} else {"delivery.timeout.ms": timeout}
        )
        super().__init__(config, {**lifetime, "transactional.id": transactional_id}, instrument)

    def check(self) -> None:
        """Raise when nothing can be sent now.

        Raises:
            ClosedError: It is closed.
            BusError: No transaction has begun.
        """
        super().check()
        if not self._open:
            raise BusError(f"no transaction of {self._id} has begun: send within `with transactions.transaction():`")

    def send(
        self,
        deliveries: Deliveries,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Headers | None = None,
        partition: int = -1,
        on_failure: Callable[[DeliveryError], None] | None = None,
        *,
        wait: bool = True,
    ) -> Delivery:
        """Hand a message to librdkafka. That it failed is raised when the transaction is committed."""
        return super().send(deliveries, topic, key, value, headers, partition, on_failure or self._note, wait=wait)

    def init(self) -> None:
        """Take the id over: a transaction that an earlier instance left open is aborted."""
        self._attempt("take over", self._producer.init_transactions)

    def begin(self) -> None:
        """Begin a transaction."""
        super().check()
        if self.broken is not None:
            raise self.broken
        if self._open:
            raise BusError(f"a transaction of {self._id} is open already; there is one at a time")
        self._failed = None
        self._attempt("begin", lambda _: self._producer.begin_transaction())
        self._open = True

    def add_offsets(self, offsets: list[TopicPartition], group: object) -> None:
        """Commit offsets of a consumer group with the transaction."""
        self._attempt(
            "commit offsets in",
            lambda seconds: self._producer.send_offsets_to_transaction(offsets, group, seconds),
        )

    def commit(self) -> None:
        """Commit the transaction; abort it where librdkafka says that it must be."""
        try:
            self._attempt("commit", self._producer.commit_transaction)
        except TransactionAborted as error:
            self.abort_after(error)
            raise
        finally:
            self._open = False

    def abort_after(self, error: BaseException) -> None:
        """Abort the transaction because of an error, which is raised afterwards unless this instance has been shut out.

        Raises:
            TransactionFenced: Another instance works under the id, which is why the error happened.
        """
        if not self._open:
            return
        self._open = False
        if self.broken is not None:
            return
        try:
            self._attempt("abort", self._producer.abort_transaction)
        except TransactionFenced as fenced:
            if isinstance(error, BusError):
                raise fenced from error
            error.add_note(f"and when the transaction was aborted: {fenced}")
        except KontraktError as failure:
            error.add_note(f"and when the transaction was aborted: {failure}")

    def close(self) -> None:
        """Abort what is open, and stop."""
        if not self._closed:
            self.abort_after(ClosedError("closed"))
        super().close()

    def _note(self, failure: DeliveryError) -> None:
        if self._open:
            self._failed = self._failed or failure

    def _attempt(self, doing: str, call: Callable[[float], object]) -> None:
        """Ask librdkafka, again where it says that this may help, for as long as a transaction may take."""
        what = (
            f"{doing} a transaction of {self._id}"
            if doing != "take over"
            else f"take over the transactions of {self._id}"
        )
        deadline = self._clock.monotonic() + self._until_given_up
        while True:
            try:
                call(_SLICE_SECONDS)
            except KafkaException as error:
                reported = error.args[0]
                if reported.retriable() and self._clock.monotonic() < deadline:
                    self._clock.sleep(_PAUSE_SECONDS)
                    continue
                failure = self._failure(reported, what)
                raise failure from failure.__cause__ or error
            return

    def _failure(self, reported: KafkaError, what: str) -> KontraktError:
        """What to raise; everything but an abort means that this instance is done for."""
        said = translated(reported, what)
        if reported.txn_requires_abort():
            advice = "it was aborted, nothing of it is visible: do it again"
            aborted = TransactionAborted(f"{said}; {advice}", rebalanced=is_of_group(reported))
            # Of a topic that is refused, the transaction says why, and its messages only that they were given up.
            aborted.__cause__ = said if isinstance(said, BusDenied) else self._failed or said
            return aborted
        if is_fencing(reported):
            self.broken = TransactionFenced(
                f"{said}: another instance works under this id, or a transaction took longer than transaction.timeout.ms "
                f"({self._until_given_up:g} s); end this one, and give each instance an id of its own"
            )
        else:
            self.broken = said
        return self.broken


def _by_kind(
    consumer: EntityConsumer[Any, Any] | EventConsumer[Any, Any], handler: EventHandler
) -> Callable[[Event[Any, Any]], None]:
    """A function that calls the handler's method for the type of an event."""
    if not isinstance(consumer, EventConsumer):
        raise TypeError(f"{type(handler).__name__} handles events, and the consumer reads none")
    methods = methods_of(handler, consumer.types)
    kinds = Kinds(tuple(methods))

    def handle(event: Event[Any, Any]) -> None:
        kind = kinds.of(event.value)
        assert kind is not None
        methods[kind](event.value, event.meta)

    return handle


def _behind(handled: Iterable[Message]) -> list[TopicPartition]:
    """The offsets to go on from when messages were handled."""
    ends: dict[tuple[str, int], int] = {}
    for one in handled:
        place = (one.meta.topic, one.meta.partition)
        ends[place] = max(ends.get(place, 0), one.meta.offset + 1)
    return [TopicPartition(topic, partition, offset) for (topic, partition), offset in ends.items()]
