"""Consumers of entity and event topics."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

from kontrakt.errors import DecodeError, HandlerError, KontraktError, SchemaNotFound

from .decoding import EntityDecoder, EventDecoder, meta_of
from .failures import located
from .fetcher import Fetcher, place_of
from .messages import Delete, Event, Meta, Put
from .topics import EventHandler

if TYPE_CHECKING:
    from types import TracebackType

    from confluent_kafka import Message

    from .bus import Bus
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

    Args:
        bus: Where.
        topic: The topic.
        group: The consumer group.
        start: Where the group starts when it has no offset yet.
        on_error: What happens at a message that cannot be read: ``stop`` or ``skip``.
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
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self._bus = bus
        self._topic = topic.topic
        self._on_error = on_error
        self._current: Message | None = None
        bus.ensure_topic(topic.topic)
        self._fetcher = Fetcher(bus.kafka, topic.topic, group=group, start=start, own=config)
        bus.opened(self)

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
        self._fetcher.check()
        self._fetcher.note_end()
        while not self._fetcher.stopped and not self._fetcher.at_end():
            item = self._next(_SLICE_SECONDS)
            if item is not None:
                yield item
        self._handled()

    def commit(self) -> None:
        """Count the message that was handed out last as handled, and commit now rather than within the next seconds.

        Raises:
            BusError: The offsets could not be committed.
        """
        self._handled()
        self._fetcher.commit()

    def group_metadata(self) -> object:
        """What says in a transaction who commits offsets: the group, and this member with its generation.

        Raises:
            ClosedError: The consumer is closed.
        """
        return self._fetcher.group_metadata()

    def stop(self) -> None:
        """Let the iteration end soon. May be called from any thread and from a signal handler."""
        self._fetcher.stop()

    def close(self) -> None:
        """Commit what was handled and leave the group; while no broker answers, for at most ``session.timeout.ms``."""
        self._bus.ended(self)
        self._fetcher.close()

    def _run(self, handle: Callable[[T], None]) -> None:
        self._fetcher.check()
        while (item := self._next(None)) is not None:
            message = self._current
            assert message is not None
            try:
                handle(item)
            except Exception as error:
                topic, partition, offset = place_of(message)
                what = f"the handler failed: {type(error).__name__}: {error}"
                failure = HandlerError(what, topic=topic, partition=partition, offset=offset)
                if self._on_error == "skip":
                    _log.exception("skipping %s", failure)
                    continue
                self._unhandled(message)
                raise failure from error
            except BaseException:  # Ctrl-C: it was not handled
                self._unhandled(message)
                raise

    def _next(self, timeout: float | None) -> T | None:
        self._handled()
        deadline = None if timeout is None else time.monotonic() + timeout
        while (message := self._fetcher.take(timeout)) is not None:
            try:
                item = self._decode(message)
            except KontraktError as error:
                self._refuse(message, error)
            except BaseException:
                self._unhandled(message)
                raise
            else:
                if item is not None:
                    self._current = message
                    return item
            self._fetcher.handled(message)  # skipped
            if deadline is not None:
                timeout = max(0.0, deadline - time.monotonic())
        return None

    def _handled(self) -> None:
        if self._current is not None:
            self._fetcher.handled(self._current)
            self._current = None

    def _unhandled(self, message: Message) -> None:
        """Let a message come again."""
        self._current = None
        self._fetcher.give_back(message)

    def _refuse(self, message: Message, error: KontraktError) -> None:
        """Skip a message that cannot be read, or raise and leave it where it is."""
        place = str(meta_of(message))
        broken = isinstance(error, DecodeError | SchemaNotFound)
        if broken and self._on_error == "skip":
            _log.error("skipping %s, which cannot be read: %s", place, error)
            return
        self._unhandled(message)
        advice = '; it comes again until it can be read, or a consumer with on_error="skip" passes over it'
        raise located(error, place, advice if broken else "") from error

    @abstractmethod
    def _decode(self, message: Message) -> T | None:
        """The item for a message, or None for one to skip."""

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

    def run(self, handle: Callable[[Put[K, V] | Delete[K]], None]) -> None:
        """Handle every change until :meth:`stop` is called.

        Args:
            handle: Called with each change. Its offset may be committed when it has returned.

        Raises:
            HandlerError: It failed, and the policy is to stop; ``__cause__`` is what it raised.
            DecodeError: A message cannot be read, and the policy is to stop.
        """
        self._run(handle)

    def _decode(self, message: Message) -> Put[K, V] | Delete[K]:
        return self._decoder.decode(message)[1]


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
        super().__init__(bus, topic, group=group, start=start, on_error=on_error, config=config)
        self._types = topic.types
        self._decoder = EventDecoder(bus.registry, topic, unknown)
        self._kind: type[Any] | None = None

    def run(self, handler: EventHandler | Callable[[Event[K, V]], None]) -> None:
        """Handle every event until :meth:`stop` is called.

        Args:
            handler: An instance of a subclass of the topic's ``Handler``, whose method for the type of event is called; or a
                function that takes every event. An event's offset may be committed when that has returned.

        Raises:
            HandlerError: It failed, and the policy is to stop; ``__cause__`` is what it raised.
            DecodeError: A message cannot be read, and the policy is to stop.
            TypeError: The handler is one of another topic.
        """
        if not isinstance(handler, EventHandler):
            self._run(handler)
            return
        if missing := [kind.__name__ for kind in self._types if kind not in handler.handles]:
            raise TypeError(f"{type(handler).__name__} does not handle {', '.join(missing)}")
        methods: dict[type[Any], Callable[[V, Meta], None]] = {
            kind: getattr(handler, name) for kind, name in handler.handles.items()
        }

        def dispatch(event: Event[K, V]) -> None:
            assert self._kind is not None
            methods[self._kind](event.value, event.meta)

        self._run(dispatch)

    def _decode(self, message: Message) -> Event[K, V] | None:
        found = self._decoder.decode(message)
        if found is None:
            return None
        self._kind, event = found
        return event
