"""The messages that a consumer is to handle, and what becomes of those that fail."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Final, Literal

from kontrakt.errors import BusError, DecodeError, HandlerError, KontraktError, SchemaNotFound

from .dead_letters import DeadLetters
from .failures import located
from .fetcher import Fetcher, place_of
from .lanes import Lanes
from .policies import DeadLetter, verdict
from .told import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .bus import Bus
    from .fetcher import Place
    from .lanes import Task
    from .policies import OnError
    from .topics import Start

_log: Final = logging.getLogger("kontrakt.kafka")

WINDOW: Final = 1000
"""How many messages of a partition may lie between the committed offset and the newest one; then no more are fetched."""

_SLICE_SECONDS: Final = 0.2
_SETTLE_SECONDS: Final = 10.0
_ADVICE: Final = (
    '; it comes again until it can be read, or a consumer with on_error="skip" or DeadLetter() passes over it'
)


class Intake:
    """Takes the messages of a topic, keeps the order of those that wait to be tried again, and asks the policy at a failure.

    One thread takes from the broker: it calls :meth:`next`, :meth:`fetch` and :meth:`note`. Those that handle messages may be others.

    Args:
        bus: Where.
        topic: The topic.
        group: The consumer group.
        start: Where the group starts when it has no offset.
        policies: Every policy that may be asked.
        config: More for librdkafka.
        keyless: Whether messages without a key share a lane, or have one each.

    Raises:
        TopicNotFound: The topic is missing, or one for dead letters.
        BrokerUnavailable: No broker answers.
        BusError: librdkafka refuses the configuration.
    """

    def __init__(
        self,
        bus: Bus,
        topic: str,
        *,
        group: str,
        start: Start,
        policies: Collection[OnError],
        config: Mapping[str, Any] | None,
        keyless: Literal["share", "alone"] = "share",
    ) -> None:
        self._clock = bus.clock
        self._paused: set[Place] = set()
        self._look_again: float | None = None
        self.lanes: Final = Lanes(keyless)
        self.pooled = False
        """Whether messages are finished by other threads than the one that takes them."""
        bus.ensure_topic(topic)
        self.fetcher: Final = Fetcher(bus.kafka, topic, group=group, start=start, own=config, on_leaving=self._leave)
        try:
            self.letters: Final = DeadLetters(bus, self.fetcher, policies)
        except BaseException:
            self.fetcher.close()
            raise

    def next(self, timeout: float | None) -> Task | None:
        """The next message whose lane is free.

        Args:
            timeout: Seconds; without it, until there is one or it is stopped.

        Returns:
            It, or None when the time is up or it was stopped or closed.

        Raises:
            BusError: The topic cannot be read any more.
            DeliveryError: A dead letter was not acknowledged; its message comes again.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while not self.fetcher.stopped:
            self.wake()
            if self.pooled:
                self.note()
            if (task := self.lanes.take()) is not None:
                if task.delivery is None:
                    return task
                self.settle(task)
                continue
            left = _SLICE_SECONDS if until is None else max(0.0, until - time.monotonic())
            if not self.fetch(min(left, _SLICE_SECONDS)) and not left:
                return None
        return None

    def fetch(self, seconds: float) -> bool:
        """Take a message from the broker into its lane; librdkafka is polled, and rebalances happen in here.

        Args:
            seconds: How long to wait for one; less when somebody waits who is due before.
        """
        message = self.fetcher.take(seconds if self._look_again is None else min(seconds, self._look_again))
        if message is None:
            return False
        partition = self.lanes.add(message)
        if self.pooled and len(partition) >= WINDOW:
            self._pause(partition.place)
        return True

    def wake(self) -> None:
        """Let those go on that have waited long enough, and fetch again what was paused for them."""
        for place in [*self._paused]:
            if self.lanes.unfinished(place) <= WINDOW // 2 and (self.pooled or not self.lanes.waits(place)):
                self._paused.discard(place)
                self.fetcher.resume(place)
        self._look_again = self.lanes.wake(self._clock.monotonic())

    def finish(self, *tasks: Task) -> None:
        """Note that messages are finished; their offsets may be committed."""
        for task in tasks:
            self.lanes.finish(task)
        if not self.pooled:
            self.note()

    def give_back(self, *tasks: Task) -> None:
        """Let messages be the next ones again."""
        self.lanes.give_back(*tasks)

    def note(self) -> None:
        """Hand on which offsets may be committed."""
        for place, upto in self.lanes.progress():
            self.fetcher.handled_up_to(place, upto)

    def failed(self, task: Task, error: KontraktError, policy: OnError) -> None:
        """Ask the policy about a message, and do what it says.

        Args:
            task: The message.
            error: What went wrong.
            policy: The policy.

        Raises:
            KontraktError: The error, when the policy is to stop; the message is the next one again.
            DeliveryError: Its dead letter cannot be sent.
        """
        task.failures = task.failures + 1 if task.failure is type(error) else 1
        task.failure = type(error)
        said = str(error) if isinstance(error, HandlerError) else f"{_place(task)}, which cannot be read: {error}"
        match verdict(policy, error, task.failures):
            case "stop":
                self.give_back(task)
                raise self._final(task, error)
            case _ if task.finished:
                _log.error("after it was committed: %s", said, extra=self._told("message.failed", task))
            case "skip":
                _log.error(
                    "skipping %s",
                    said,
                    exc_info=error.__cause__ if isinstance(error, HandlerError) else None,
                    extra=self._told("message.skipped", task),
                )
                self.finish(task)
            case DeadLetter() as letter:
                self._put_aside(task, letter, error)
                _log.error("putting aside %s", said, extra=self._told("message.put_aside", task))
            case seconds:
                _log.warning("trying again in %.1f s: %s", seconds, said, extra=self._told("message.retried", task))
                task.due = self._clock.monotonic() + seconds
                self._hold(task)

    def settle(self, task: Task) -> None:
        """Finish a message whose dead letter was acknowledged.

        Raises:
            DeliveryError: It was not; the message is the next one again.
        """
        delivery, task.delivery = task.delivery, None
        assert delivery is not None
        try:
            delivery.result()
        except BaseException:
            self.give_back(task)
            raise
        self.finish(task)

    def at_end(self) -> bool:
        """Whether everything up to the noted end was handed out and finished."""
        return not self.lanes and self.fetcher.at_end()

    def commit(self) -> None:
        """Commit what was handled, now.

        Raises:
            BusError: The offsets could not be committed.
        """
        while not self.fetcher.commit_when_free(self.note, _SLICE_SECONDS):
            if self.lanes.waited_for:  # by the thread that gives partitions up, which commits what is finished
                return

    def close(self) -> None:
        """Wait for the dead letters that are on their way, commit what was handled, and leave the group."""
        if not self.fetcher.closed:
            self._settle_all()
            self.note()
        self.fetcher.close()

    def _final(self, task: Task, error: KontraktError) -> KontraktError:
        """The error to raise."""
        if isinstance(error, HandlerError):
            return error
        found = located(error, _place(task), _ADVICE if isinstance(error, DecodeError | SchemaNotFound) else "")
        found.__cause__ = error
        return found

    def _put_aside(self, task: Task, policy: DeadLetter, error: KontraktError) -> None:
        try:
            task.delivery = self.letters.send(task.message, policy, error)
        except BaseException:
            self.give_back(task)
            raise
        self._hold(task)

    def _hold(self, task: Task) -> None:
        """Let a message wait, and what stands behind it."""
        self.lanes.wait(task)
        if not self.pooled:
            self._pause(task.partition.place)

    def _pause(self, place: Place) -> None:
        if place not in self._paused:
            self._paused.add(place)
            self.fetcher.pause(place)

    def _settle_all(self, places: Collection[Place] | None = None) -> None:
        """Wait for dead letters that are on their way. Those that do not arrive in time are sent again with their messages."""
        for task in self.lanes.put_aside(places):
            assert task.delivery is not None
            try:
                task.delivery.result(_SETTLE_SECONDS)
            except (BusError, TimeoutError) as error:
                _log.warning("%s comes again: %s", _place(task), error, extra=self._told("message.given_back", task))
            else:
                self.lanes.finish_waiting(task)

    def _told(self, event: str, task: Task) -> dict[str, object]:
        """What a log record about a message says beside its text."""
        topic, partition, offset = place_of(task.message)
        return told(event, topic=topic, partition=partition, offset=offset, group=self.fetcher.group)

    def _leave(self, places: Collection[Place], lost: bool) -> None:
        """Finish what can be finished of partitions that are given up, and forget the rest."""
        if not lost:
            self._settle_all(places)
        self.lanes.drop(places, wait=self.pooled and not lost)
        self._paused.difference_update(places)
        self.note()


def _place(task: Task) -> str:
    topic, partition, offset = place_of(task.message)
    return f"{topic}[{partition}]@{offset}"
