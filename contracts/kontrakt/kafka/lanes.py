"""Messages that were fetched and are not finished yet, in lanes: those of one lane are handled one after the other."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Hashable, Iterator
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from .fetcher import Place, place_of

if TYPE_CHECKING:
    from confluent_kafka import Message

    from .delivery import Delivery

LaneKey: TypeAlias = Hashable

SOON_SECONDS: Final = 0.01
"""How often to look whether dead letters were acknowledged."""


class Partition:
    """Which messages of a partition are under way, for as long as this member owns it.

    Args:
        place: Topic and partition.
    """

    __slots__ = ("_finished", "_open", "gone", "leaving", "place", "running")

    def __init__(self, place: Place) -> None:
        self.place: Final = place
        self.running = 0
        self.leaving = False  # what is being handled may still be finished, and nothing begins
        self.gone = False
        self._open: deque[int] = deque()
        self._finished: set[int] = set()

    def __len__(self) -> int:
        """How many messages stand between the offset that may be committed and the newest one that was fetched."""
        return len(self._open)

    def begin(self, offset: int) -> None:
        """Note a message that was fetched."""
        self._open.append(offset)

    def finish(self, offset: int) -> int | None:
        """Note a message that is finished.

        Returns:
            The offset up to which every message is finished, or None where one before this one is not.
        """
        if self._open[0] != offset:
            self._finished.add(offset)
            return None
        last = self._open.popleft()
        while self._open and self._open[0] in self._finished:
            last = self._open.popleft()
            self._finished.discard(last)
        return last + 1


class Task:
    """A message that is to be handled.

    Attributes:
        message: The message.
        failure: What went wrong last, by its kind.
        failures: How often that went wrong, one time after the other.
        delivery: That of its dead letter, when it has been put aside.
        due: When it is to be tried again, by the monotonic clock.
        alone: Whether it is no longer handled together with others.
        finished: Whether it is finished. That is final.
    """

    __slots__ = (
        "alone",
        "delivery",
        "due",
        "failure",
        "failures",
        "finished",
        "lane",
        "message",
        "offset",
        "partition",
        "released",
    )

    def __init__(self, message: Message, partition: Partition, lane: Lane, offset: int) -> None:
        self.message: Final = message
        self.partition: Final = partition
        self.lane = lane
        self.offset: Final = offset
        self.failure: type[Exception] | None = None
        self.failures = 0
        self.delivery: Delivery | None = None
        self.due = 0.0
        self.alone = False
        self.finished = False
        self.released = False  # its lane did not wait for it


class Lane:
    """Messages that keep their order.

    Args:
        key: What they have in common.
    """

    __slots__ = ("busy", "key", "queue", "released")

    def __init__(self, key: LaneKey) -> None:
        self.key: Final = key
        self.queue: deque[Task] = deque()
        self.busy = False  # its first message is ready, being handled, or waiting to be tried again
        self.released = 0  # messages that are being handled together with later ones


class Lanes:
    """All messages that were fetched and are not finished. Threads may share it.

    A lane is a partition, or a key within a partition.

    Args:
        keyless: Whether messages without a key share a lane, or have one each.
    """

    def __init__(self, keyless: Literal["share", "alone"] = "share") -> None:
        self._keyless = keyless
        self.by_key = False
        self.changed: Final = threading.Condition()
        self.waited_for = False
        """Whether partitions are to be given up as soon as their messages that are being handled are finished."""
        self._partitions: dict[Place, Partition] = {}
        self._lanes: dict[LaneKey, Lane] = {}
        self._ready: deque[Task] = deque()
        self._waiting: set[Task] = set()
        self._progress: dict[Place, int] = {}

    def __bool__(self) -> bool:
        """Whether there are messages that are not finished."""
        return bool(self._lanes)

    def add(self, message: Message) -> Partition:
        """Queue a message behind those of its lane."""
        topic, partition_number, offset = place_of(message)
        place = (topic, partition_number)
        with self.changed:
            partition = self._partitions.get(place)
            if partition is None:
                partition = self._partitions[place] = Partition(place)
            partition.begin(offset)
            key = self._key_of(message, place, offset)
            lane = self._lanes.get(key)
            if lane is None:
                lane = self._lanes[key] = Lane(key)
            task = Task(message, partition, lane, offset)
            if lane.busy:
                lane.queue.append(task)
            else:
                lane.busy = True
                self._ready.append(task)
                self.changed.notify()
            return partition

    def take(self, ended: Callable[[], bool] | None = None) -> Task | None:
        """The next message of a lane that is free; the lane is not until the task is finished, given back or waits.

        Args:
            ended: Says when not to wait for one any more; without it, nobody waits.
        """
        if ended is None and not self._ready:
            return None
        with self.changed:
            if ended is not None:
                self.changed.wait_for(lambda: self._ready or ended())
            if not self._ready or (ended is not None and ended()):
                return None
            task = self._ready.popleft()
            task.partition.running += 1
            return task

    def release(self, task: Task) -> None:
        """Let the next messages of a lane be taken while one that was taken is not finished: they are handled together."""
        with self.changed:
            task.released = True
            task.lane.released += 1
            self._next_of(task.lane)

    def finish(self, task: Task) -> None:
        """Note that a message is finished; the next one of its lane is ready."""
        with self.changed:
            if task.finished:
                return
            task.finished = True
            if not task.partition.gone and (upto := task.partition.finish(task.offset)) is not None:
                self._progress[task.partition.place] = upto
            self._ended(task)

    def give_back(self, *tasks: Task) -> None:
        """Let messages that were taken be the next ones again, in their order."""
        tasks = tuple(task for task in tasks if not task.finished)
        with self.changed:
            for lane in dict.fromkeys(task.lane for task in reversed(tasks)):
                mine = [task for task in tasks if task.lane is lane]
                self._hold(lane)
                lane.queue.extendleft(task for task in reversed(mine) if not task.partition.leaving)
                for task in mine:
                    self._stopped(task)
                if lane.queue:
                    self._ready.appendleft(lane.queue.popleft())
                    self.changed.notify()
                else:
                    self._next_of(lane)

    def wait(self, task: Task) -> None:
        """Let a message that was taken wait, and with it its lane: for its dead letter, or until it is due; see :meth:`wake`."""
        with self.changed:
            if task.partition.leaving:
                self._ended(task)
            else:
                self._hold(task.lane)
                self._stopped(task)
                self._waiting.add(task)

    def wake(self, now: float) -> float | None:
        """Look which of those that wait need not any more.

        Args:
            now: Seconds by the monotonic clock.

        Returns:
            In how many seconds to look again; None when nobody waits.
        """
        if not self._waiting:
            return None
        with self.changed:
            for task in sorted(self._waiting, key=lambda task: task.due):
                if task.delivery.done if task.delivery is not None else task.due <= now:
                    self._waiting.discard(task)
                    self._ready.append(task)
                    self.changed.notify()
            if any(task.delivery is not None for task in self._waiting):
                return SOON_SECONDS
            return max(SOON_SECONDS, min((task.due for task in self._waiting), default=now) - now)

    def waits(self, place: Place) -> bool:
        """Whether a message of a partition waits."""
        with self.changed:
            return any(task.partition.place == place for task in self._waiting)

    def unfinished(self, place: Place) -> int:
        """How many messages stand between the offset of a partition that may be committed and the newest one fetched."""
        partition = self._partitions.get(place)
        return len(partition) if partition is not None else 0

    def progress(self) -> Iterator[tuple[Place, int]]:
        """The partitions that are handled further than when this was last asked, and up to which offset."""
        if not self._progress:
            return iter(())
        with self.changed:
            found, self._progress = self._progress, {}
        return iter(found.items())

    def put_aside(self, places: Collection[Place] | None = None) -> list[Task]:
        """Those whose dead letters are on their way, of some partitions or of all."""
        with self.changed:
            return [
                task
                for task in self._waiting
                if task.delivery is not None and (places is None or task.partition.place in places)
            ]

    def finish_waiting(self, task: Task) -> None:
        """Note that a message that waits is finished."""
        with self.changed:
            if task in self._waiting:
                self._waiting.discard(task)
                task.partition.running += 1
                self.finish(task)

    def drop(self, places: Collection[Place], *, wait: bool = False) -> None:
        """Forget the messages of partitions that this member gives up: whoever gets them reads them.

        Args:
            places: The partitions.
            wait: Whether to wait for those that are being handled, which then count as finished.
        """
        with self.changed:
            leaving = {self._partitions[place] for place in places if place in self._partitions}
            for partition in leaving:
                partition.leaving = True
            for lane in self._lanes.values():
                lane.queue = deque(task for task in lane.queue if task.partition not in leaving)
            idle = [task for task in (*self._ready, *self._waiting) if task.partition in leaving]
            self._ready = deque(task for task in self._ready if task.partition not in leaving)
            for task in idle:
                self._waiting.discard(task)
                self._next_of(task.lane)
            if wait:
                self.waited_for = True
                self.changed.wait_for(lambda: not any(partition.running for partition in leaving))
                self.waited_for = False
            for partition in leaving:
                partition.gone = True
                del self._partitions[partition.place]

    def regroup(self, *, by_key: bool) -> None:
        """Choose what a lane is. Called while no message is being handled; those that wait are ready at once."""
        if self.by_key == by_key:
            return
        with self.changed:
            tasks = [*self._ready, *self._waiting, *(task for lane in self._lanes.values() for task in lane.queue)]
            self.by_key = by_key
            self._ready.clear()
            self._waiting.clear()
            self._lanes.clear()
            for task in sorted(tasks, key=lambda task: (task.partition.place, task.offset)):
                key = self._key_of(task.message, task.partition.place, task.offset)
                task.lane = self._lanes.setdefault(key, Lane(key))
                task.lane.queue.append(task)
            for lane in list(self._lanes.values()):
                self._next_of(lane)

    def wait_for_all(self) -> None:
        """Wait until nothing is being handled any more."""
        with self.changed:
            self.changed.wait_for(lambda: not any(partition.running for partition in self._partitions.values()))

    def _key_of(self, message: Message, place: Place, offset: int) -> LaneKey:
        """What a message has in common with those that it must not overtake."""
        if not self.by_key:
            return place
        key = message.key()
        return (place, offset) if key is None and self._keyless == "alone" else (place, key)

    def _hold(self, lane: Lane) -> None:
        """Let nothing of a lane be taken, also where one that was taken had been released."""
        if behind := next((task for task in self._ready if task.lane is lane), None):
            self._ready.remove(behind)
            lane.queue.appendleft(behind)
        lane.busy = True
        self._lanes[lane.key] = lane

    def _ended(self, task: Task) -> None:
        """Let the lane of a message that was taken go on."""
        released = task.released
        self._stopped(task)
        if not released or not task.lane.busy:
            self._next_of(task.lane)

    def _stopped(self, task: Task) -> None:
        """Note that a message is not being handled any more."""
        if task.released:
            task.released = False
            task.lane.released -= 1
        task.partition.running -= 1
        if not task.partition.running:
            self.changed.notify_all()

    def _next_of(self, lane: Lane) -> None:
        """Make the next message of a lane ready; a lane that has none is forgotten."""
        lane.busy = bool(lane.queue)
        if lane.queue:
            self._ready.append(lane.queue.popleft())
            self.changed.notify()
        elif not lane.released:
            self._lanes.pop(lane.key, None)
