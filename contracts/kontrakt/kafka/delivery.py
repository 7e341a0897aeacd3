"""What became of a message that was sent."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kontrakt.errors import DeliveryError

from .failures import shown_key, translated

if TYPE_CHECKING:
    from collections.abc import Callable

    from confluent_kafka import KafkaError, Message

_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Sent:
    """Where a message stands that the broker acknowledged.

    Attributes:
        topic: The topic.
        partition: The partition.
        offset: The offset.
    """

    topic: str
    partition: int
    offset: int


class Waiting:
    """Wakes the threads that wait for deliveries. Nobody pays for it unless somebody waits."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._waiting = 0

    def wait_for(self, done: Callable[[], bool], timeout: float | None) -> bool:
        """Wait until something holds that a delivery brings about; false when the time is up."""
        with self._condition:
            # Counted before the first look: whoever changes something after that look sees that somebody waits.
            self._waiting += 1
            try:
                return self._condition.wait_for(done, timeout)
            finally:
                self._waiting -= 1

    def wake(self) -> None:
        """Let those who wait look again."""
        if self._waiting:
            with self._condition:
                self._condition.notify_all()


class Outbox:
    """The messages of one client that are on their way, and those that failed without anybody having looked.

    Args:
        waiting: Wakes who waits.
    """

    def __init__(self, waiting: Waiting) -> None:
        self.waiting = waiting
        self.pending: set[Delivery] = set()
        self.failed: dict[Delivery, DeliveryError] = {}

    def wait(self, timeout: float | None) -> None:
        """Wait until every message is acknowledged or has failed.

        Raises:
            DeliveryError: Messages failed that nobody looked at, or are still on their way when the time is up. All are listed.
        """
        arrived = self.waiting.wait_for(lambda: not self.pending, timeout)
        failed = self.failed
        self.failed = {}
        unsent = [] if arrived else list(self.pending)
        if failed or unsent:
            raise _all_of(list(failed.items()), unsent, timeout)


class Delivery:
    """A message on its way: look at it later, or not at all. A failure that nobody looks at is raised when the client closes.

    Attributes:
        topic: The topic.
        key: The key bytes, or None.
    """

    __slots__ = ("__weakref__", "_on_failure", "_outbox", "_outcome", "key", "topic")

    def __init__(
        self, outbox: Outbox, topic: str, key: bytes | None, on_failure: Callable[[DeliveryError], None] | None = None
    ) -> None:
        self.topic = topic
        self.key = key
        self._outbox = outbox
        self._on_failure = on_failure
        self._outcome: Sent | DeliveryError | None = None

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
        """
        if self._outcome is None and not self._outbox.waiting.wait_for(lambda: self.done, timeout):
            raise TimeoutError(f"the message to {self.topic} is still on its way after {timeout} s")
        outcome = self._outcome
        assert outcome is not None
        if isinstance(outcome, Sent):
            return outcome
        self._outbox.failed.pop(self, None)
        raise outcome

    def arrived(self, error: KafkaError | None, message: Message) -> None:
        """Take the broker's answer. Called by the producer's thread.

        Args:
            error: Why it failed, or None.
            message: The message as it was written.
        """
        if error is None:
            self._outcome = Sent(self.topic, message.partition() or 0, message.offset() or 0)
        else:
            self.fail(error)
        self._outbox.pending.discard(self)
        self._outbox.waiting.wake()

    def fail(self, error: KafkaError) -> DeliveryError:
        """Note that it failed."""
        cause = translated(error, f"send to {self.topic}")
        failure = DeliveryError(
            f"a message to {self.topic} with the key {shown_key(self.key)} was not acknowledged: {cause}",
            topic=self.topic,
            key=self.key,
        )
        failure.__cause__ = cause
        self._outcome = failure
        self._outbox.failed[self] = failure
        if self._on_failure is not None:
            self._on_failure(failure)
        return failure

    def __repr__(self) -> str:
        state = "on its way" if self._outcome is None else repr(self._outcome)
        return f"<Delivery to {self.topic}, key {shown_key(self.key)}: {state}>"


def _all_of(
    failed: list[tuple[Delivery, DeliveryError]], unsent: Iterable[Delivery], timeout: float | None
) -> DeliveryError:
    """One error for several messages."""
    waiting = list(unsent)
    if len(failed) == 1 and not waiting:
        return failed[0][1]
    first = failed[0][0] if failed else waiting[0]
    parts: list[str] = []
    if failed:
        count = len(failed)
        parts.append(f"{count} message{'s' if count > 1 else ''} not acknowledged")
        parts.extend(f"  {error}" for _, error in failed[:_SHOWN])
        if count > _SHOWN:
            parts.append(f"  ... and {count - _SHOWN} more")
    if waiting:
        topics: dict[str, int] = {}
        for delivery in waiting:
            topics[delivery.topic] = topics.get(delivery.topic, 0) + 1
        shown = ", ".join(f"{count} to {topic}" for topic, count in sorted(topics.items()))
        parts.append(f"{len(waiting)} still on their way after {timeout} s: {shown}")
    error = DeliveryError("\n".join(parts), topic=first.topic, key=first.key)
    if failed:
        error.__cause__ = failed[0][1]
    return error
