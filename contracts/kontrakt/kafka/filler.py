"""What keeps a table up to date: reads the topic, changes the rows, and looks where the topic ends."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Generic, Literal, TypeAlias, TypeVar

from confluent_kafka import KafkaException

from kontrakt.errors import (
    HandlerError,
    KontraktError,
    RegistryDenied,
    RegistryError,
    StoreError,
    TableError,
    TableOutdated,
)

from .failures import is_passing, translated
from .follower import Asked, Batch, Follower
from .policies import DeadLetter, Retry
from .replica import Leniency, Replica
from .told import told

if TYPE_CHECKING:
    from .clock import Clock

K = TypeVar("K")
V = TypeVar("V")

OnTableError: TypeAlias = Literal["stop", "skip"] | Retry
"""``stop`` ends the table with the error, ``skip`` logs the message and removes the row of its key. There are no dead letters of a
table: each instance has a copy of its own, and would send its own."""
Outdated: TypeAlias = Literal["rebuild", "stop"]

_log: Final = logging.getLogger("kontrakt.kafka")

_SLICE_SECONDS: Final = 0.1
_HORIZON_SECONDS: Final = 10.0
"""How often the broker is asked where the partitions end."""
_SAVE_SECONDS: Final = 60.0
"""How often it is written down that a table is current in which nothing changes."""
_TOLD_SECONDS: Final = 10.0
_WAIT_SLICE_SECONDS: Final = 0.2
_TOMBSTONES_SECONDS: Final = 86_400.0
"""Kafka's default of ``delete.retention.ms``."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a table has come on its way to the ends that the partitions had when it began.

    Attributes:
        read: How many offsets are behind it.
        total: How many there were when it began. Compaction leaves gaps, so there may be fewer messages.
    """

    read: int
    total: int


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a table is behind its topic.

    Attributes:
        partitions: How many offsets each partition lacks, as far as the broker has said.
        current: The moment up to which the table is known to have everything; None before it has caught up for the first time. While
            no broker answers it stays where it is.
    """

    partitions: Mapping[int, int]
    current: dt.datetime | None

    @property
    def total(self) -> int:
        """How many offsets are lacking in all."""
        return sum(self.partitions.values())


class Filler(Generic[K, V]):
    """Fills a table. One thread runs it; others read what it says of itself.

    Attributes:
        replica: The rows.
        ready: Whether they say everything that the topic said when the table was opened, or when it began anew.
        failure: Why it ended, when it was not told to stop.

    Args:
        replica: The rows.
        follower: The messages.
        clock: The time.
        on_error: What happens at a message that cannot be read, and where something fails.
        outdated: What happens when the store holds what the topic no longer says.
        on_progress: Called after each transaction until the table has caught up.
        changed: Called when there is something new for those who wait.
    """

    def __init__(
        self,
        replica: Replica[K, V],
        follower: Follower,
        clock: Clock,
        *,
        on_error: OnTableError,
        outdated: Outdated,
        on_progress: Callable[[Progress], None] | None,
        changed: Callable[[], None],
    ) -> None:
        if isinstance(on_error, DeadLetter) or (isinstance(on_error, Retry) and isinstance(on_error.then, DeadLetter)):
            raise TypeError("a table has no dead letters: each instance would send its own; use stop, skip or Retry")
        self.replica: Final = replica
        self.ready = False
        self.failure: KontraktError | None = None
        self._topic = replica.topic
        self._follower = follower
        self._clock = clock
        self._on_error: OnTableError = on_error
        self._outdated: Outdated = outdated
        self._on_progress = on_progress
        self._changed = changed
        self._stopping = False
        self._began: dict[int, int] = {}
        self._target: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._goal: tuple[float, Mapping[int, int]] | None = None
        self._horizon: Asked | None = None
        self._identity: Asked | None = None
        self._asked = self._saved = self._told = 0.0

    def stop(self) -> None:
        """End after the transaction that is on its way. May be called from any thread."""
        self._stopping = True

    def lag(self) -> Lag:
        """How far the rows are behind the topic."""
        state = self.replica.state
        missing = {one: max(0, end - state.offsets.get(one, 0)) for one, end in sorted(self._ends.items())}
        return Lag(missing, dt.datetime.fromtimestamp(state.current, dt.UTC) if self.ready else None)

    def open(self) -> None:
        """Take the store over, look whether it still fits the topic, and begin to read.

        Raises:
            TableOutdated: It does not, and the table is not to begin anew.
            TableError: The store cannot be used.
            BusError: The broker cannot be asked.
        """
        replica, now = self.replica, self._clock.now().timestamp()
        reason = replica.open()
        new = not replica.state.offsets
        bounds = self._follower.bounds()
        topic_id = ""
        if replica.state.topic_id:
            topic_id = self._follower.topic_id()
            if not reason and topic_id != replica.state.topic_id:
                reason = "the topic was deleted and made anew"
        if not reason:
            reason = self._stale(bounds, now)
        if not reason:
            self._start(bounds)
        elif new:
            self._reset(topic_id, bounds)
        else:
            self._begin_anew(TableOutdated(f"the table of {self._topic} is outdated: {reason}"), topic_id, bounds)

    def _stale(self, bounds: Mapping[int, tuple[int, int]], now: float) -> str:
        """Why reading on from the stored offsets would leave something out; empty when it would not."""
        state = self.replica.state
        for partition, offset in state.offsets.items():
            low, high = bounds.get(partition, (0, 0))
            if offset > high:
                return f"partition {partition} ends at {high}, and the table had read up to {offset}"
            if offset < low:
                return f"partition {partition} begins at {low}, and the table had read up to {offset} only"
        kept = self._follower.tombstones_last(_TOMBSTONES_SECONDS) if state.topic_id else _TOMBSTONES_SECONDS
        if now - state.current > kept:
            return f"it was current {now - state.current:.0f} s ago, and tombstones may be gone after {kept:.0f} s"
        return ""

    def _begin_anew(self, why: TableOutdated, topic_id: str, bounds: Mapping[int, tuple[int, int]]) -> None:
        """Read everything again, unless that is not wanted."""
        if self._outdated == "stop":
            raise TableOutdated(f'{why}; with outdated="rebuild" the table begins anew') from why.__cause__
        _log.warning("%s; it begins anew", why, extra=told("table.begun", topic=self._topic))
        self._reset(topic_id, bounds)

    def _reset(self, topic_id: str, bounds: Mapping[int, tuple[int, int]]) -> None:
        self.ready = False
        self.replica.reset(topic_id, self._clock.now().timestamp())
        self._start(bounds)

    def _start(self, bounds: Mapping[int, tuple[int, int]]) -> None:
        state = self.replica.state
        self._target = self._ends = {one: high for one, (_, high) in bounds.items()}
        self._began = {one: state.offsets.get(one, low) for one, (low, _) in bounds.items()}
        self._horizon = None
        self._asked = self._saved = self._told = self._clock.monotonic()
        self._goal = (self._clock.now().timestamp(), self._target)
        if not state.topic_id:
            self._identity = self._follower.ask(0.0, ends=False, topic=True)
        self._follower.start(state.offsets)
        _log.info(
            "the table of %s reads %d offsets",
            self._topic,
            self._progress().total,
            extra=told("table.begun", topic=self._topic),
        )

    def run(self) -> None:
        """Keep the rows up to date until :meth:`stop` is called or something fails."""
        try:
            while not self._stopping:
                try:
                    self._apply(self._follower.take(_SLICE_SECONDS))
                    self._look_ahead()
                except TableOutdated as why:
                    topic_id = self._follower.topic_id() if self.replica.state.topic_id else ""
                    self._begin_anew(why, topic_id, self._follower.bounds())
            if self.ready:
                self.replica.save()
        except KontraktError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - whoever reads is told
            failure = TableError(f"the table of {self._topic} failed: {type(error).__name__}: {error}")
            failure.__cause__ = error
            self._fail(failure)
        finally:
            self.close()
            self._changed()

    def close(self) -> None:
        """Let the broker and the store go."""
        self._follower.close()
        self.replica.close()

    def _fail(self, error: KontraktError) -> None:
        _log.error("the table of %s ends: %s", self._topic, error, extra=told("table.ended", topic=self._topic))
        self.failure = error

    def _apply(self, batch: Batch) -> None:
        """Bring the rows up to date; try again as the policy says."""
        offsets = self.replica.state.offsets
        if not batch.messages and all(offsets.get(one, 0) >= end for one, end in batch.ends.items()):
            self._catch_up()
            return
        policy = self._on_error
        retry = policy if isinstance(policy, Retry) else None
        then = retry.then if retry is not None else policy
        failures = 0
        while not self._stopping:
            last = retry is None or (retry.attempts is not None and failures + 1 >= retry.attempts)
            lenient = Leniency(broken=then == "skip", failed=then == "skip" and last)
            try:
                self.replica.apply(batch.messages, batch.ends, lenient)
            except (HandlerError, RegistryError, StoreError) as error:
                if last or retry is None or isinstance(error, RegistryDenied):
                    raise
                failures += 1
                seconds = retry.wait_after(failures)
                _log.warning(
                    "the table of %s tries again in %.1f s: %s",
                    self._topic,
                    seconds,
                    error,
                    extra=told("table.retried", topic=self._topic),
                )
                self._pause(seconds)
            else:
                break
        self._catch_up()
        self._changed()

    def _pause(self, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        while not self._stopping and (left := until - self._clock.monotonic()) > 0:
            self._clock.sleep(min(_WAIT_SLICE_SECONDS, left))

    def _catch_up(self) -> None:
        """See whether everything has been read that there was when the broker was asked."""
        if not self.ready:
            self._tell_progress()
        if self._goal is None:
            return
        moment, ends = self._goal
        state = self.replica.state
        if any(state.offsets.get(one, self._began.get(one, 0)) < end for one, end in ends.items()):
            return
        state.current = max(state.current, moment)
        self._goal = None
        if not self.ready:
            self.ready = True
            _log.info(
                "the table of %s has caught up",
                self._topic,
                extra=told("table.caught_up", topic=self._topic),
            )
            self._changed()
        elif self._clock.monotonic() - self._saved > _SAVE_SECONDS:
            self._saved = self._clock.monotonic()
            self._save()

    def _save(self) -> None:
        """Write down that the table is current; where the policy is to try again, that is done the next time."""
        try:
            self.replica.save()
        except StoreError as error:
            if not isinstance(self._on_error, Retry):
                raise
            _log.warning(
                "the table of %s is current, and that is written down later: %s",
                self._topic,
                error,
                extra=told("table.retried", topic=self._topic),
            )

    def _tell_progress(self) -> None:
        progress = self._progress()
        if self._on_progress is not None:
            self._on_progress(progress)
        if self._clock.monotonic() - self._told > _TOLD_SECONDS:
            self._told = self._clock.monotonic()
            _log.info(
                "the table of %s has read %d of %d offsets",
                self._topic,
                progress.read,
                progress.total,
                extra=told("table.filling", topic=self._topic),
            )

    def _progress(self) -> Progress:
        offsets = self.replica.state.offsets
        read = sum(max(0, offsets.get(one, start) - start) for one, start in self._began.items())
        total = sum(max(0, end - self._began[one]) for one, end in self._target.items())
        return Progress(min(read, total), total)

    def _look_ahead(self) -> None:
        """Ask the broker now and then where the topic ends, and whether it is still the same."""
        self._learn_identity()
        now = self._clock.monotonic()
        if self._horizon is None and now - self._asked >= _HORIZON_SECONDS:
            self._asked = now
            known = bool(self.replica.state.topic_id)
            self._horizon = self._follower.ask(self._clock.now().timestamp(), topic=known)
        if self._horizon is None or not self._horizon.done:
            return
        asked, self._horizon = self._horizon, None
        try:
            described, self._ends = asked.topic(), asked.ends()
        except KafkaException as error:
            if not is_passing(error):
                raise translated(error, f"find the ends of {self._topic}") from error
            self._follower.look_for_leaders()
            return
        if self._goal is None:
            self._goal = (asked.moment, self._ends)
        if described is None:
            return
        if described.id != self.replica.state.topic_id:
            raise TableOutdated(f"the table of {self._topic} is outdated: the topic was deleted and made anew")
        if described.partitions > self._follower.partitions:
            _log.warning(
                "%s has %d partitions now; keys may have moved",
                self._topic,
                described.partitions,
                extra=told("table.repartitioned", topic=self._topic),
            )
            self._follower.partitions = described.partitions
            self._follower.start(self.replica.state.offsets)

    def _learn_identity(self) -> None:
        if self._identity is None or not self._identity.done:
            return
        try:
            described = self._identity.topic()
        except KafkaException as error:
            _log.info(
                "%s: the broker does not describe its topics: %s",
                self._topic,
                error,
                extra=told("consumer.error", topic=self._topic),
            )
        else:
            self.replica.state.topic_id = "" if described is None else described.id
        self._identity = None
