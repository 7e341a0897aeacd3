"""Consumers of entity and event topics."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from kontrakt.errors import HandlerError, KontraktError, UnknownEvent

from .batches import gather
from .decoding import EntityDecoder, EventDecoder
from .fetcher import place_of
from .handlers import handling
from .intake import Intake
from .messages import Delete, Event, Put
from .told import told
from .topics import EventHandler
from .workers import checked, work

if TYPE_CHECKING:
    from types import TracebackType

    from confluent_kafka import Message

    from .bus import Bus
    from .lanes import Task
    from .policies import OnError
    from .topics import EntityView, EventsView, Start, Topic

_log: Final = logging.getLogger("kontrakt.kafka")

_SLICE_SECONDS: Final = 0.1

K = TypeVar("K")
V = TypeVar("V")
T = TypeVar("T")


class Consumer(ABC, Generic[T]):
    """The messages of a topic, typed, for one member of a consumer group.

    A message counts as handled when the next one is asked for, and at the end of a ``with`` block that did not fail; only then may
    its offset be committed. So after a crash a message may come again, and none is lost. An error that is caught inside the block,
    around the loop, does not make it fail: catch outside of it. Use it from one thread; :meth:`stop` and :meth:`close` may be called
    from any.

    Messages that cannot be read follow the policy, however they are asked for. Handlers of :meth:`run` do too; what the body of a
    loop over the consumer raises is the user's.

    Args:
        bus: Where.
        topic: The topic.
        group: The consumer group.
        start: Where the group starts when it has no offset yet.
        on_error: The policy: what happens at a message that cannot be read, or whose handler failed.
        more: Other policies that may be asked.
        config: More for librdkafka, by its own names.
    """

    def __init__(
        self,
        bus: Bus,
        topic: type[Topic],
        *,
        group: str,
        start: Start = "earliest",
        on_error: OnError = "stop",
        more: tuple[OnError, ...] = (),
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self._bus = bus
        self._topic = topic.topic
        self._on_error: OnError = on_error
        self._current: list[Task] = []
        self._intake = Intake(bus, topic.topic, group=group, start=start, policies=(on_error, *more), config=config)
        self._fetcher = self._intake.fetcher
        try:
            bus.opened(self)
        except BaseException:  # librdkafka may wait for itself for ever when a consumer that nobody closed is collected
            self._intake.close()
            raise

    def __iter__(self) -> Iterator[T]:
        """Every message, for ever; ends after :meth:`stop`, or when another thread closes the consumer or the bus.

        Raises:
            DecodeError: A message cannot be read; it names topic, partition and offset. It comes again when one goes on.
            RegistryError: Its schema cannot be fetched; the same holds.
            BusError: The topic cannot be read any more.
            ClosedError: The consumer is closed already.
        """
        self._fetcher.check()
        while (item := self._next(None)) is not None:
            with self.handling():
                yield item

    def poll(self, timeout: float = 0.0) -> T | None:
        """The next message, or None when there is none in time.

        Args:
            timeout: Seconds to wait.

        Raises:
            DecodeError: A message cannot be read; it names topic, partition and offset. It comes again when one goes on.
            RegistryError: Its schema cannot be fetched; the same holds.
            BusError: The topic cannot be read any more.
            ClosedError: The consumer is closed.
        """
        self._fetcher.check()
        return self._next(timeout)

    def until_end(self) -> Iterator[T]:
        """Every message up to where the topic ended when this began: to catch up, in tests and in jobs.

        Raises:
            KontraktError: As when one iterates.
        """
        for item in self.up_to_end():
            with self.handling():
                yield item

    def up_to_end(self) -> Iterator[T]:
        """As :meth:`until_end`, for those who say themselves what surrounds the work on a message."""
        self._fetcher.check()
        self._fetcher.note_end()
        while not self._fetcher.stopped and not self._intake.at_end():
            item = self._next(_SLICE_SECONDS)
            if item is not None:
                yield item
                self._handled()
        self._handled()

    def batches(self, size: int = 500, timeout: float = 1.0) -> Iterator[list[T]]:
        """Messages in lists, for ever; ends as an iteration does. All of a list count as handled when the next one is asked for.

        Args:
            size: The most that a list holds.
            timeout: For how many seconds to wait for more after the first.

        Raises:
            KontraktError: As when one iterates; what came before the message that cannot be read is handed out first.
        """
        while batch := self.batch(size, timeout):
            with self.handling():
                yield batch

    def batch(self, size: int, timeout: float) -> list[T]:
        """The next list of :meth:`batches`; an empty one at the end."""
        self._fetcher.check()
        batch = self._gather(size, timeout)
        self._current = [task for task, _ in batch]
        return [item for _, (_, item) in batch]

    def handling(self) -> AbstractContextManager[None]:
        """What surrounds the work on what was handed out last."""
        return self._instrumented(self._current)

    def run_batches(self, handle: Callable[[list[T]], None], size: int = 500, timeout: float = 1.0) -> None:
        """Handle messages in lists until :meth:`stop` is called.

        Args:
            handle: Called with each list. Its offsets may be committed when it has returned. When it fails and the policy is not to
                stop, it is called with each message of that list alone, and the policy is asked about those that fail again.
            size: The most that a list holds.
            timeout: For how many seconds to wait for more after the first.

        Raises:
            HandlerError: It failed, and the policy is to stop; ``__cause__`` is what it raised.
            DecodeError: A message cannot be read, and the policy is to stop.
        """
        self._fetcher.check()
        while batch := self._gather(size, timeout):
            self._attempt([task for task, _ in batch], partial(handle, [item for _, (_, item) in batch]))

    def commit(self) -> None:
        """Count the message that was handed out last as handled, and commit now rather than within the next seconds.

        Called by a thread of ``run(workers=...)``, it commits what is finished, without the message at hand.

        Raises:
            BusError: The offsets could not be committed.
        """
        self._handled()
        self._intake.commit()

    def group_metadata(self) -> object:
        """What says in a transaction who commits offsets: the group, and this member with its generation.

        Raises:
            ClosedError: The consumer is closed.
        """
        return self._fetcher.group_metadata()

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop, or is closed."""
        return self._fetcher.stopped

    def give_back(self) -> None:
        """Let what was handed out last come again: it was not handled."""
        current, self._current = self._current, []
        self._intake.give_back(*current)

    def stop(self) -> None:
        """Let the iteration end soon. May be called from any thread and from a signal handler."""
        self._fetcher.stop()

    def close(self) -> None:
        """Commit what was handled and leave the group; while no broker answers, for at most ``session.timeout.ms``."""
        self._bus.ended(self)
        self._intake.close()

    # --- running -----------------------------------------------------------------------------------------------------

    def _run(self, handle: Callable[[type[Any], T], None], workers: int) -> None:
        checked(workers)
        self._fetcher.check()
        self._handled()
        work(self._intake, lambda task: self._handle(task, handle), workers)

    def _handle(self, task: Task, handle: Callable[[type[Any], T], None]) -> None:
        """Read a message and handle it, or do what the policy says."""
        if (found := self._read(task)) is not None:
            self._attempt([task], partial(handle, *found))

    def _attempt(self, tasks: list[Task], handle: Callable[[], None]) -> None:
        if not self._intake.pooled:
            self._current = tasks
        try:
            with self._instrumented(tasks):
                handle()
        except Exception as error:  # noqa: BLE001 - the policy is asked
            self._failed(tasks, _failure(tasks, error))
        except BaseException:  # Ctrl-C: they were not handled
            self._current = []
            self._intake.give_back(*tasks)
            raise
        else:
            self._intake.finish(*tasks)

    def _instrumented(self, tasks: Sequence[Task]) -> AbstractContextManager[None]:
        return self._bus.instrument.handling([task.message for task in tasks], self._fetcher.group)

    def _failed(self, tasks: Sequence[Task], failure: HandlerError) -> None:
        self._current = []
        if len(tasks) == 1:
            self._intake.failed(tasks[0], failure, self._on_error)
            return
        self._intake.give_back(*tasks)
        if self._on_error == "stop":
            raise failure
        _log.warning(
            "handling each alone: %s", failure, extra=told("batch.split", topic=self._topic, group=self._fetcher.group)
        )
        for task in tasks:
            task.alone = True

    # --- reading -----------------------------------------------------------------------------------------------------

    def _next(self, timeout: float | None) -> T | None:
        self._handled()
        until = None if timeout is None else time.monotonic() + timeout
        while (task := self._intake.next(timeout)) is not None:
            if (found := self._read(task)) is not None:
                self._current = [task]
                return found[1]
            if until is not None:
                timeout = max(0.0, until - time.monotonic())
        return None

    def _gather(self, size: int, timeout: float) -> list[tuple[Task, tuple[type[Any], T]]]:
        self._handled()
        return gather(self._intake, self._decode, self._refuse, size, timeout)

    def _read(self, task: Task) -> tuple[type[Any], T] | None:
        """What a message says; None when it is passed over, or the policy said what happens to it."""
        try:
            found = self._decode(task.message)
        except KontraktError as error:
            self._refuse(task, error)
            return None
        except BaseException:
            self._intake.give_back(task)
            raise
        if found is None:
            self._intake.finish(task)
        return found

    def _handled(self) -> None:
        if self._current:
            self._intake.finish(*self._current)
            self._current = []

    def _refuse(self, task: Task, error: KontraktError) -> None:
        """Do what the policy says of a message that cannot be read."""
        self._intake.failed(task, error, self._on_error)

    @abstractmethod
    def _decode(self, message: Message) -> tuple[type[Any], T] | None:
        """The type of a message and what it says, or None for one to pass over."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._handled()
        self.close()


class EntityConsumer(Consumer["Put[K, V] | Delete[K]"], Generic[K, V]):
    """The changes of entities: ``Put`` and ``Delete``."""

    def __init__(
        self,
        bus: Bus,
        topic: type[EntityView[K, V]],
        *,
        group: str,
        start: Start = "earliest",
        on_error: OnError = "stop",
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(bus, topic, group=group, start=start, on_error=on_error, config=config)
        self._decoder = EntityDecoder(bus.registry, topic)

    def run(self, handle: Callable[[Put[K, V] | Delete[K]], None], *, workers: int = 1) -> None:
        """Handle every change until :meth:`stop` is called.

        Args:
            handle: Called with each change. Its offset may be committed when it has returned.
            workers: How many threads call it. With more than one, changes of different keys are handled at the same time, those
                of one key one after the other; an offset may be committed when everything before it was handled too.

        Raises:
            HandlerError: It failed, and the policy is to stop; ``__cause__`` is what it raised.
            DecodeError: A message cannot be read, and the policy is to stop.
            DeliveryError: A dead letter was not acknowledged; its message comes again.
        """
        self._run(lambda _, change: handle(change), workers)

    def _decode(self, message: Message) -> tuple[type[Any], Put[K, V] | Delete[K]]:
        return self._decoder.decode(message)


class EventConsumer(Consumer["Event[K, V]"], Generic[K, V]):
    """Events as they happened."""

    def __init__(
        self,
        bus: Bus,
        topic: type[EventsView[K, V]],
        *,
        group: str,
        start: Start = "earliest",
        on_error: OnError = "stop",
        unknown: OnError = "skip",
        config: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(bus, topic, group=group, start=start, on_error=on_error, more=(unknown,), config=config)
        self.types: Final = topic.types
        """The types that travel on the topic."""
        self._unknown: OnError = unknown
        self._decoder = EventDecoder(bus.registry, topic, unknown)

    def run(self, handler: EventHandler | Callable[[Event[K, V]], None], *, workers: int = 1) -> None:
        """Handle every event until :meth:`stop` is called.

        Args:
            handler: An instance of a subclass of the topic's ``Handler``, whose method for the type of event is called; or a
                function that takes every event. An event's offset may be committed when that has returned.
            workers: How many threads call it. With more than one, events with different keys are handled at the same time, those
                with one key one after the other; an offset may be committed when everything before it was handled too.

        Raises:
            HandlerError: It failed, and the policy is to stop; ``__cause__`` is what it raised.
            DecodeError: A message cannot be read, and the policy is to stop.
            DeliveryError: A dead letter was not acknowledged; its message comes again.
            TypeError: The handler is one of another topic.
        """
        self._run(handling(handler, self.types), workers)

    def _decode(self, message: Message) -> tuple[type[Any], Event[K, V]] | None:
        return self._decoder.decode(message)

    def _refuse(self, task: Task, error: KontraktError) -> None:
        self._intake.failed(task, error, self._unknown if isinstance(error, UnknownEvent) else self._on_error)


def _failure(tasks: Sequence[Task], error: Exception) -> HandlerError:
    """What is raised when a handler failed."""
    topic, partition, offset = place_of(tasks[0].message)
    together = f" on this and {len(tasks) - 1} more messages" if len(tasks) > 1 else ""
    what = f"the handler failed{together}: {type(error).__name__}: {error}"
    failure = HandlerError(what, topic=topic, partition=partition, offset=offset)
    failure.__cause__ = error
    return failure
