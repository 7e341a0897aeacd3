"""What became of a message that was sent."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kontrakt.errors import ClosedError, DeliveryError

from .failures import shown_key, translated
from .forks import FORKED
from .told import told

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from confluent_kafka import KafkaError, Message

    from .instrument import Ended

_log: Final = logging.getLogger("kontrakt.kafka")

KEPT: Final = 1000
"""Failures of a client that wait to be looked at. Those beyond are logged, so that an outage does not fill the memory."""
_SHOWN: Final = 5
_DONE_FOR: Final = frozenset(("_FATAL", "_PURGE_INFLIGHT", "_PURGE_QUEUE"))
"""What librdkafka says of messages when its producer is done for, in place of why."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message stands that the broker acknowledged.

    Attributes:
        topic: The topic.
        partition: The partition; -1 for a message that waits in an outbox.
        offset: The offset; -1 likewise.
    """

    topic: str
    partition: int
    offset: int


UNKNOWN: Final = -1


class Waiting:
    """Wakes the threads that wait for deliveries. Nobody pays for it unless somebody waits."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting = 0
        self._forked = False
        self.flushing = 0
        """How many threads wait for everything of theirs: no message lingers meanwhile."""
        self.fatal: KafkaError | None = None
        """Why librdkafka's producer is done for, when it is."""

    def wait_for(self, done: Callable[[], bool], timeout: float | None, *, flush: bool = False) -> bool:
        """Wait until something holds that a delivery brings about; false when the time is up.

        Args:
            done: What has to hold.
            timeout: Seconds; without it, for ever.
            flush: Whether messages are sent at once rather than when a batch is full (librdkafka's ``linger.ms``).

        Raises:
            ClosedError: This is a forked child, where nothing is ever delivered.
        """
        if self._forked and not done():
            raise ClosedError(FORKED)
        with self._condition:
            # Counted before the first look: whoever changes something after that look sees that somebody waits.
            self._waiting += 1
            self.flushing += flush
            try:
                return self._condition.wait_for(done, timeout)
            finally:
                self._waiting -= 1
                self.flushing -= flush

    def wake(self) -> None:
        """Let those who wait look again."""
        if self._waiting:
            with self._condition:
                self._condition.notify_all()

    def after_fork(self) -> None:
        """Note that nothing is delivered in this process."""
        self._forked = True


class Deliveries:
    """The messages of one client that are on their way, and those that failed without anybody having looked.

    Args:
        waiting: Wakes who waits.
    """

    def __init__(self, waiting: Waiting) -> None:
        self.waiting = waiting
        self.pending: set[Delivery] = set()
        self._failed: dict[Delivery, DeliveryError] = {}
        self._abandoned = False

    def wait(self, timeout: float | None) -> None:
        """Wait until every message is acknowledged or has failed.

        Raises:
            DeliveryError: Messages failed that nobody looked at, or are still on their way when the time is up. All are listed.
        """
        arrived = self.waiting.wait_for(lambda: not self.pending, timeout, flush=True)
        failed, self._failed = self._failed, {}
        unsent = [] if arrived else list(self.pending)
        if failed or unsent:
            raise _all_of(list(failed.values()), unsent, timeout)

    def abandon(self) -> None:
        """Nobody will wait: what failed, and what fails from now on, is logged."""
        self._abandoned = True
        failed, self._failed = self._failed, {}
        for failure in list(failed.values()):
            _log.error("%s", failure, extra=told("delivery.failed", topic=failure.topic))

    def failed(self, delivery: Delivery, failure: DeliveryError) -> None:
        """Keep a failure until somebody looks."""
        if self._abandoned or len(self._failed) >= KEPT:
            _log.error("%s", failure, extra=told("delivery.failed", topic=failure.topic))
        else:
            self._failed[delivery] = failure

    def seen(self, delivery: Delivery) -> None:
        """Note that somebody looked at a failure."""
        self._failed.pop(delivery, None)


class Delivery:
    """A message on its way: look at it later, or not at all. A failure that nobody looks at is raised when the client closes.

    Attributes:
        topic: The topic.
        key: The key bytes, or None.
    """

    __slots__ = ("__weakref__", "_deliveries", "_ended", "_on_failure", "_outcome", "_tell", "key", "topic")

    def __init__(
        self,
        deliveries: Deliveries,
        topic: str,
        key: bytes | None,
        on_failure: Callable[[DeliveryError], None] | None = None,
        ended: Ended | None = None,
    ) -> None:
        self.topic = topic
        self.key = key
        self._deliveries = deliveries
        self._on_failure = on_failure
        self._ended = ended
        self._outcome: Sent | DeliveryError | None = None
        self._tell: tuple[Callable[[], None], ...] = ()

    @classmethod
    def settled(cls, deliveries: Deliveries, topic: str, key: bytes | None) -> Delivery:
        """That of a message that was written into an outbox: there is nothing to wait for."""
        delivery = cls(deliveries, topic, key)
        delivery._outcome = Sent(topic, UNKNOWN, UNKNOWN)
        return delivery

    @property
    def done(self) -> bool:
        """Whether it is known what became of it."""
        return self._outcome is not None

    def result(self, timeout: float | None = None) -> Sent:
        """Wait until the broker acknowledged the message.

        Args:
            timeout: Seconds; without it, as long as the producer tries (librdkafka's ``delivery.timeout.ms``).

        Raises:
            DeliveryError: It failed; ``__cause__`` says why in other words.
            TimeoutError: It is still on its way.
            ClosedError: The process forked after it was sent, and this is the child.
        """
        if self._outcome is None and not self._deliveries.waiting.wait_for(lambda: self.done, timeout):
            raise TimeoutError(f"the message to {self.topic} is still on its way after {timeout} s")
        outcome = self._outcome
        assert outcome is not None
        if isinstance(outcome, Sent):
            return outcome
        self._deliveries.seen(self)
        raise outcome.with_traceback(None)

    def when_done(self, tell: Callable[[], None]) -> None:
        """Have somebody told when it is known what became of it, at least once.

        Args:
            tell: Called by the producer's thread; at once where it is known already.
        """
        self._tell = (*self._tell, tell)
        if self._outcome is not None:
            tell()

    def arrived(self, error: KafkaError | None, message: Message) -> None:
        """Take the broker's answer. Called by the producer's thread.

        Args:
            error: Why it failed, or None.
            message: The message as it was written.
        """
        if error is None:
            self._outcome = Sent(self.topic, message.partition() or 0, message.offset() or 0)
        else:
            self._outcome = failure = self.failure(error)
            if self._on_failure is not None:
                self._on_failure(failure)
            else:
                self._deliveries.failed(self, failure)
        if self._ended is not None:
            self._ended(self._outcome)
        self._deliveries.pending.discard(self)
        self._deliveries.waiting.wake()
        for tell in self._tell:
            tell()

    def failure(self, error: KafkaError) -> DeliveryError:
        """What to raise when it failed."""
        fatal = self._deliveries.waiting.fatal
        cause = translated(fatal if fatal is not None and error.name() in _DONE_FOR else error, f"send to {self.topic}")
        failure = DeliveryError(
            f"a message to {self.topic} with the key {shown_key(self.key)} was not acknowledged: {cause}",
            topic=self.topic,
            key=self.key,
        )
        failure.__cause__ = cause
        return failure

    def refused(self, error: KafkaError) -> DeliveryError:
        """What to raise when librdkafka does not take it."""
        failure = self.failure(error)
        if self._ended is not None:
            self._ended(failure)
        return failure

    def __repr__(self) -> str:
        state = "on its way" if self._outcome is None else repr(self._outcome)
        return f"<Delivery to {self.topic}, key {shown_key(self.key)}: {state}>"


def _all_of(failed: list[DeliveryError], unsent: Collection[Delivery], timeout: float | None) -> DeliveryError:
    """One error for several messages."""
    if len(failed) == 1 and not unsent:
        return failed[0]
    parts: list[str] = []
    if failed:
        parts.append(f"{len(failed)} message{'s' if len(failed) > 1 else ''} not acknowledged")
        parts.extend(f"  {error}" for error in failed[:_SHOWN])
        if len(failed) > _SHOWN:
            parts.append(f"  ... and {len(failed) - _SHOWN} more")
    if unsent:
        topics = Counter(delivery.topic for delivery in unsent)
        shown = ", ".join(f"{count} to {topic}" for topic, count in sorted(topics.items()))
        parts.append(f"{len(unsent)} still on their way after {timeout} s: {shown}")
    first: DeliveryError | Delivery = failed[0] if failed else next(iter(unsent))
    error = DeliveryError("\n".join(parts), topic=first.topic, key=first.key)
    if failed:
        error.__cause__ = failed[0]
    return error
