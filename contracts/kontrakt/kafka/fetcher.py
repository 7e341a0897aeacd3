"""Raw messages of a consumer group: fetched in batches, handed out one at a time, committed only when they were handled."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from kontrakt.errors import BrokerUnavailable, ClosedError

from .config import consumer_config
from .failures import is_final, translated
from .forks import FORKED, keep, watch
from .handles import consumer, ends_of, partitions_of, patience
from .told import told

if TYPE_CHECKING:
    from .topics import Start

_log: Final = logging.getLogger("kontrakt.kafka")

BATCH: Final = 500
"""Messages that are taken from librdkafka at once, which has them already."""

_SLICE_SECONDS: Final = 0.2
"""How long librdkafka waits before Python looks whether it was stopped or a signal came."""
_STORE_SECONDS: Final = 1.0
_ALIVE_SECONDS: Final = 5.0
"""How often librdkafka hears from us while a batch is being handled, so that the group does not give us up."""
_JOIN_SECONDS: Final = 5.0
_JOIN_SLICE_SECONDS: Final = 0.05
_EOF: Final = "_PARTITION_EOF"

Place = tuple[str, int]


class Fetcher:
    """The messages of one topic for one member of a consumer group.

    One thread takes messages; :meth:`stop` and :meth:`close` may come from any.

    Args:
        config: What the user says of Kafka clients, by librdkafka's names.
        topic: The topic.
        group: The consumer group.
        start: Where the group starts when it has no offset.
        own: What the user says of this consumer.
        on_leaving: Called with the partitions that are given up, while their offsets can still be stored, and whether they are
            lost already, when they cannot.

    Raises:
        TopicNotFound: There is no such topic.
        BrokerUnavailable: No broker answers within librdkafka's ``socket.connection.setup.timeout.ms``.
        BusError: librdkafka refuses the configuration.
    """

    def __init__(
        self,
        config: Mapping[str, Any],
        topic: str,
        *,
        group: str,
        start: Start = "earliest",
        own: Mapping[str, Any] | None = None,
        on_leaving: Callable[[Collection[Place], bool], None] | None = None,
    ) -> None:
        self.topic = topic
        self.group = group
        self._on_leaving = on_leaving
        self._buffer: deque[Message] = deque()
        self._handled: dict[Place, int] = {}
        self._ends: dict[Place, int] = {}
        self._eof: dict[Place, int] = {}
        self._assigned = False
        self._closed = ""
        self._stopping = False  # no lock: it is set in signal handlers too
        self._lock = threading.RLock()  # librdkafka's consumer refuses a second thread
        self._polled = self._stored = time.monotonic()
        said: dict[str, Any] = {**consumer_config(config, own), "group.id": group, "auto.offset.reset": start}
        self._refused: KafkaError | None = None
        self._on_error: Callable[[KafkaError], None] | None = said.get("error_cb")
        whole = {**said, "error_cb": self._note_error}
        self._patience = patience(whole)
        self._broker_assigns = whole.get("group.protocol") == "consumer"
        self._consumer = consumer(whole)
        watch(self)
        try:
            self._find(topic, str(whole.get("bootstrap.servers", "")))
            self._consumer.subscribe(
                [topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_lost
            )
        except BaseException:
            self._consumer.close()
            raise

    @property
    def stopped(self) -> bool:
        """Whether it was told to stop, or is closed."""
        return self._stopping

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return bool(self._closed)

    def check(self) -> None:
        """Raise when nothing can be read any more.

        Raises:
            ClosedError: It is closed.
        """
        if self._closed:
            raise ClosedError(f"cannot read {self.topic}: {self._closed}")

    def partitions_of(self, topic: str) -> int:
        """How many partitions another topic has.

        Raises:
            TopicNotFound: There is no such topic.
            BrokerUnavailable: No broker answers.
        """
        with self._lock:
            return partitions_of(self._consumer, topic, self._patience)

    def take(self, timeout: float | None = None) -> Message | None:
        """The next message.

        Args:
            timeout: Seconds; without it, until there is one or :meth:`stop` is called.

        Returns:
            The message, or None when the time is up or it was stopped or closed.

        Raises:
            TopicNotFound: The topic was deleted.
            BusDenied: The credentials lack the right.
            BusError: The consumer cannot go on.
        """
        if self._buffer and not self._stopping and not self._due():
            return self._buffer.popleft()
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._stopping:
            with self._lock:
                if self._closed:
                    return None
                self._fill(_remaining(deadline))
                if self._buffer:
                    return self._buffer.popleft()
            if deadline is not None and time.monotonic() >= deadline:
                return None
        return None

    def give_back(self, message: Message) -> None:
        """Put a message back in front, so that it is handed out again."""
        self._buffer.appendleft(message)

    def handled(self, message: Message) -> None:
        """Note that a message was handled: its offset may be committed."""
        topic, partition, offset = place_of(message)
        self.handled_up_to((topic, partition), offset + 1)

    def handled_up_to(self, place: Place, offset: int) -> None:
        """Note that everything before an offset was handled."""
        with self._lock:  # a thread that commits may be storing what was handled
            self._handled[place] = offset

    def pause(self, place: Place) -> None:
        """Fetch no more of a partition for now. Rebalances and other partitions go on."""
        self._at(place, self._consumer.pause)

    def resume(self, place: Place) -> None:
        """Fetch a partition again."""
        self._at(place, self._consumer.resume)

    def commit(self) -> None:
        """Commit what was handled, now. It happens by itself every few seconds and when partitions are given up.

        Raises:
            BusError: The offsets could not be committed.
        """
        doing = f"commit offsets of {self.topic} for the group {self.group}"
        with self._lock:
            self.check()
            self._store()
            try:
                committed = self._consumer.commit(asynchronous=False) or []
            except KafkaException as error:
                if error.args[0].name() == "_NO_OFFSET":
                    return
                raise translated(error, doing) from error
        for one in committed:
            if one.error is not None:
                raise translated(one.error, f"{doing} in partition {one.partition}")

    def group_metadata(self) -> object:
        """What says in a transaction who commits offsets: the group, and this member with its generation."""
        with self._lock:
            self.check()
            return self._consumer.consumer_group_metadata()

    def commit_when_free(self, before: Callable[[], None], timeout: float) -> bool:
        """Commit what was handled, unless another thread is at work on the consumer all the while.

        Args:
            before: Called just before.
            timeout: Seconds to wait for that thread.

        Returns:
            Whether it was done.

        Raises:
            BusError: The offsets could not be committed.
        """
        if not self._lock.acquire(timeout=timeout):
            return False
        try:
            before()
            self.commit()
        finally:
            self._lock.release()
        return True

    def note_end(self) -> None:
        """Find anew where the partitions end; see :meth:`at_end`."""
        self._ends.clear()

    def at_end(self) -> bool:
        """Whether everything was handed out that stood in this member's partitions when the end was noted.

        Asks the broker for the ends of partitions that it has not seen yet.
        """
        if self._buffer or not self._assigned:
            return False
        with self._lock:
            if self._closed:
                return True
            for one in self._consumer.assignment():
                place = (one.topic, one.partition)
                if place not in self._ends:
                    self._ends[place] = self._end_of(place)
            return all(
                end <= 0 or self._eof.get(place, -1) >= end or self._position(place) >= end
                for place, end in self._ends.items()
            )

    def stop(self) -> None:
        """Let whoever takes messages end soon. May be called from any thread and from a signal handler."""
        self._stopping = True

    def close(self) -> None:
        """Commit what was handled, leave the group, and take no more."""
        self._stopping = True
        with self._lock:
            if self._closed:
                return
            self._store()
            self._closed = "the consumer is closed"
            self._finish_joining()
            self._consumer.close()

    def after_fork(self) -> None:
        """Note that this is a forked child: the group's member is the parent."""
        self._lock = threading.RLock()
        self._closed = FORKED
        self._stopping = True
        self._buffer.clear()
        keep(self._consumer)

    def _finish_joining(self) -> None:
        """Wait until a group in which the broker assigns partitions has answered for the first time.

        A consumer of librdkafka 2.16 that is closed just then may wait for itself for ever, deaf to Ctrl-C.
        """
        deadline = time.monotonic() + _JOIN_SECONDS
        while self._broker_assigns and not self._assigned and time.monotonic() < deadline:
            with suppress(KafkaException):
                self._consumer.poll(_JOIN_SLICE_SECONDS)

    # --- librdkafka --------------------------------------------------------------------------------------------------

    def _find(self, topic: str, servers: str) -> None:
        """See that there is a topic; where nobody answers because the credentials are wrong, say that."""
        try:
            partitions_of(self._consumer, topic, self._patience, servers)
        except BrokerUnavailable as error:
            with suppress(KafkaException):
                self._consumer.poll(0)  # hands out what librdkafka has to say of its connections
            if self._refused is None:
                raise
            raise translated(self._refused, f"find the topic {topic}") from error

    def _note_error(self, error: KafkaError) -> None:
        """Keep that credentials are refused, which librdkafka says beside what it answers."""
        if error.name() in ("_AUTHENTICATION", "_SSL"):
            self._refused = error
        if self._on_error is not None:
            self._on_error(error)

    def _at(self, place: Place, act: Callable[[list[TopicPartition]], None]) -> None:
        with self._lock, suppress(KafkaException):  # it is not ours any more
            if not self._closed:
                act([TopicPartition(*place)])

    def _due(self) -> bool:
        """Whether librdkafka must hear from us although there are messages left."""
        return time.monotonic() - self._polled > _ALIVE_SECONDS

    def _fill(self, remaining: float | None) -> None:
        """Take what librdkafka has; wait a little for the first message when there is none. Rebalances happen in here."""
        if not self._buffer or time.monotonic() - self._stored > _STORE_SECONDS:
            self._store()
        keep_alive = bool(self._buffer)
        wait = 0.0 if keep_alive else min(_SLICE_SECONDS, remaining if remaining is not None else _SLICE_SECONDS)
        try:
            first = self._consumer.poll(wait)
            if first is not None:
                self._accept([first])
                if not keep_alive:
                    self._accept(self._consumer.consume(BATCH, 0))
        except KafkaException as error:
            raise translated(error, f"read {self.topic}") from error
        self._polled = time.monotonic()

    def _accept(self, messages: list[Message]) -> None:
        """Keep the messages of a batch; librdkafka's errors come among them."""
        final: KafkaError | None = None
        for message in messages:
            error = message.error()
            if error is None:
                self._buffer.append(message)
            elif error.name() == _EOF:
                topic, partition, offset = place_of(message)
                self._eof[topic, partition] = offset
            elif is_final(error):
                final = error
            else:
                _log.warning(
                    "reading %s: %s",
                    self.topic,
                    error.str(),
                    extra=told("consumer.error", topic=self.topic, group=self.group),
                )
        if final is not None:
            raise translated(final, f"read {self.topic} as a member of the group {self.group}")

    def _store(self) -> None:
        """Tell librdkafka what was handled; it commits that in the background."""
        self._stored = time.monotonic()
        if not self._handled:
            return
        handled, self._handled = self._handled, {}
        for (topic, partition), offset in list(handled.items()):  # a closing thread is not the one that handles
            try:
                self._consumer.store_offsets(offsets=[TopicPartition(topic, partition, offset)])
            except KafkaException as error:
                _log.warning(
                    "the group %s handled %s[%d] up to %d, but does not own the partition any more: %s",
                    self.group,
                    topic,
                    partition,
                    offset,
                    error.args[0].str(),
                    extra=told("offset.not_stored", topic=topic, partition=partition, offset=offset, group=self.group),
                )

    def _end_of(self, place: Place) -> int:
        """The offset behind the last message; 0 when there is none to read."""
        low, high = ends_of(self._consumer, *place, self._patience)
        return high if high > low else 0

    def _position(self, place: Place) -> int:
        (found,) = self._consumer.position([TopicPartition(*place)])
        return found.offset

    def _on_assign(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._assigned = True
        if partitions:
            _log.info(
                "%s: %s got partitions %s",
                self.topic,
                self.group,
                _numbers(partitions),
                extra=told("partitions.assigned", topic=self.topic, group=self.group),
            )

    def _on_revoke(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._leave(partitions, lost=False)
        self._store()
        self._forget(partitions)
        _log.info(
            "%s: %s gave up partitions %s",
            self.topic,
            self.group,
            _numbers(partitions),
            extra=told("partitions.revoked", topic=self.topic, group=self.group),
        )

    def _on_lost(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        self._leave(partitions, lost=True)
        self._forget(partitions)
        _log.warning(
            "%s: %s lost partitions %s; others read them from the last committed offsets on",
            self.topic,
            self.group,
            _numbers(partitions),
            extra=told("partitions.lost", topic=self.topic, group=self.group),
        )

    def _leave(self, partitions: list[TopicPartition], *, lost: bool) -> None:
        if self._on_leaving is not None and not self._closed:
            self._on_leaving({(one.topic, one.partition) for one in partitions}, lost)

    def _forget(self, partitions: list[TopicPartition]) -> None:
        """Drop what was fetched and not handed out: whoever gets the partitions reads it."""
        if self._closed:
            return  # whoever takes messages may still look at the buffer, and ends anyway
        gone = {(one.topic, one.partition) for one in partitions}
        kept = [message for message in self._buffer if (message.topic(), message.partition()) not in gone]
        self._buffer.clear()
        self._buffer.extend(kept)
        for place in gone:
            self._handled.pop(place, None)
            self._ends.pop(place, None)
            self._eof.pop(place, None)


def _remaining(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())


def _numbers(partitions: list[TopicPartition]) -> str:
    return ", ".join(str(one.partition) for one in sorted(partitions)) or "none"


def place_of(message: Message) -> tuple[str, int, int]:
    """Topic, partition and offset of a message, which none lacks that came from a broker."""
    return message.topic() or "", message.partition() or 0, message.offset() or 0
