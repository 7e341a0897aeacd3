"""Tables: local copies of entity topics."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar, overload

from kontrakt.errors import ClosedError, TableError

from .delivery import Delivery, Sent
from .filler import Filler, Lag, OnTableError, Outdated, Progress
from .follower import Follower
from .forks import FORKED, keep, watch
from .replica import Change, Replica
from .stores import MemoryStore, SQLiteStore, Store

if TYPE_CHECKING:
    from types import TracebackType

    from .bus import Bus
    from .topics import EntityView

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")

_JOIN_SECONDS: Final = 60.0


class EntityTable(Generic[K, V]):
    """A local copy of an entity topic, kept up to date by a thread of its own. Any thread may read it.

    It reads all partitions, without a consumer group: each instance of a service has a whole copy, in a store of its own. Rows and
    offsets change in one transaction, so after a stop or a crash it goes on exactly where it stopped. When two fill the same store,
    the later one has it, and the other ends with :class:`~kontrakt.TableInUse`.

    Reading waits until the table has caught up with where the topic ended when it was opened, so what is read is never older than
    that. When the table cannot go on, reading raises why.

    Args:
        bus: Where.
        topic: The topic, or a view of it.
        store: Where the rows are kept: a file of SQLite by its path, a store, or nothing for memory.
        on_error: What happens at a message that cannot be read, or where the store, the caller's own rows or the registry fail.
        outdated: What happens when the store holds what the topic no longer says: ``rebuild`` or ``stop``.
        on_progress: Called after each transaction until the table has caught up.
        config: More for librdkafka, by its own names.
    """

    def __init__(
        self,
        bus: Bus,
        topic: type[EntityView[K, V]],
        *,
        store: Store | str | os.PathLike[str] | None = None,
        on_error: OnTableError = "stop",
        outdated: Outdated = "rebuild",
        on_progress: Callable[[Progress], None] | None = None,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        if topic.key is None:
            raise TableError(f"{topic.topic} has no keys, and a table needs them")
        self._bus = bus
        self._topic = topic.topic
        self._changed = threading.Condition()
        self._closed = ""
        self._replica = Replica(topic, _store_of(store), bus.registry)
        bus.ensure_topic(topic.topic)
        self._follower = Follower(bus.kafka, topic.topic, config)
        self._filler = Filler(
            self._replica,
            self._follower,
            bus.clock,
            on_error=on_error,
            outdated=outdated,
            on_progress=on_progress,
            changed=self._wake,
        )
        try:
            self._filler.open()
            self._thread = threading.Thread(target=self._filler.run, name=f"kontrakt-table-{topic.topic}", daemon=True)
            bus.opened(self)
        except BaseException:
            self._filler.close()
            raise
        watch(self)
        self._thread.start()

    # --- reading -----------------------------------------------------------------------------------------------------

    @overload
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: D) -> V | D: ...
    def get(self, key: K, default: Any = None) -> Any:
        """The entity of a key.

        Args:
            key: The key.
            default: What is given when there is none.

        Raises:
            EncodeError: It is not a key of this topic.
            KontraktError: The table cannot go on, or its row cannot be read.
            ClosedError: The table is closed.
        """
        self._readable()
        found = self._replica.get(key)
        return default if found is None else found

    def __getitem__(self, key: K) -> V:
        """The entity of a key.

        Raises:
            KeyError: There is none.
            KontraktError: As for :meth:`get`.
        """
        self._readable()
        found = self._replica.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __contains__(self, key: K) -> bool:
        """Whether there is an entity of a key."""
        self._readable()
        return self._replica.get(key) is not None

    def __len__(self) -> int:
        """How many entities there are."""
        self._readable()
        return self._replica.count()

    def __iter__(self) -> Iterator[K]:
        """All keys, as they were at one moment between two transactions."""
        self._readable()
        return self._replica.keys()

    def items(self) -> Iterator[tuple[K, V]]:
        """All keys with their entities, as they were at one moment between two transactions. In no particular order.

        Raises:
            KontraktError: The table cannot go on, or a row cannot be read.
        """
        self._readable()
        return self._replica.items()

    def values(self) -> Iterator[V]:
        """All entities, as they were at one moment between two transactions. In no particular order.

        Raises:
            KontraktError: The table cannot go on, or a row cannot be read.
        """
        return (value for _, value in self.items())

    # --- waiting -----------------------------------------------------------------------------------------------------

    def ready(self, timeout: float | None = None) -> None:
        """Wait until the table has caught up with where the topic ended when it was opened, or when it began anew.

        Args:
            timeout: Seconds; without it, as long as it takes.

        Raises:
            TimeoutError: The time is up; it goes on all the same.
            KontraktError: The table cannot go on.
        """
        self._await(lambda: self._filler.ready, timeout, "has not caught up")

    def wait_for(self, delivery: Delivery | Sent, timeout: float | None = None) -> None:
        """Wait until a message is in the table: read what you wrote.

        Args:
            delivery: What ``put`` or ``delete`` returned, or its result.
            timeout: Seconds, for the broker's answer and for the table each; without it, as long as it takes.

        Raises:
            ValueError: The message went to another topic.
            DeliveryError: It was not delivered.
            TimeoutError: The time is up.
            KontraktError: The table cannot go on.
        """
        sent = delivery.result(timeout) if isinstance(delivery, Delivery) else delivery
        if sent.topic != self._topic:
            raise ValueError(f"the message went to {sent.topic}, and this is a table of {self._topic}")

        def there() -> bool:
            return self._replica.state.offsets.get(sent.partition, 0) > sent.offset

        self._await(there, timeout, f"has not come to the offset {sent.offset} of partition {sent.partition}")

    def lag(self) -> Lag:
        """How far the table is behind its topic. The broker is asked every 10 seconds.

        Raises:
            KontraktError: The table cannot go on.
        """
        self._check()
        return self._filler.lag()

    def subscribe(self, listener: Callable[[Change[K, V]], None]) -> Callable[[], None]:
        """Be told of each entity that a transaction changed, after it. Of several changes in one transaction the last counts.

        When the table begins anew, every entity is told as deleted, then as it comes.

        Args:
            listener: Called by the table's thread, so it should be quick. What it raises is logged.

        Returns:
            A function that ends the subscription.
        """
        listeners = self._replica.listeners
        listeners.append(listener)

        def cancel() -> None:
            with suppress(ValueError):
                listeners.remove(listener)

        return cancel

    # --- ending ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Stop after the transaction that is on its way, and let the store go. What was read stays in it."""
        self._filler.stop()
        if not self._closed:
            self._closed = "the table is closed"
            self._bus.ended(self)
        self._wake()
        if threading.current_thread() is not self._thread and self._closed != FORKED:
            self._thread.join(_JOIN_SECONDS)

    def after_fork(self) -> None:
        """Note that this is a forked child: the thread that fills the table is the parent's."""
        self._closed = FORKED
        self._filler.stop()
        self._changed = threading.Condition()
        for handle in self._follower.handles:
            keep(handle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- inside: whoever reads ---------------------------------------------------------------------------------------

    def _check(self) -> None:
        failure = self._filler.failure
        if failure is not None:
            raise failure.with_traceback(None)
        if self._closed:
            raise ClosedError(f"cannot read the table of {self._topic}: {self._closed}")

    def _readable(self) -> None:
        if not self._filler.ready and threading.current_thread() is not self._thread:
            self.ready()
        self._check()

    def _await(self, done: Callable[[], bool], timeout: float | None, what: str) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._filler.failure is not None or bool(self._closed) or done(), timeout)
        self._check()
        if not done():
            raise TimeoutError(f"the table of {self._topic} {what} after {timeout} s: {self.lag().total} offsets to go")

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()


def _store_of(store: Store | str | os.PathLike[str] | None) -> Store:
    if store is None:
        return MemoryStore()
    return SQLiteStore(store) if isinstance(store, str | os.PathLike) else store
