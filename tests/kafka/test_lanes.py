"""The messages under way, against a model: whatever happens, each lane keeps its order and no offset moves past what is unfinished."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, cast

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from kontrakt.kafka.lanes import Lanes, Task

PLACES = [("t", 0), ("t", 1)]
KEYS = [None, b"a", b"b"]


class Fake:
    """A message as lanes look at it."""

    def __init__(self, partition: int, offset: int, key: bytes | None) -> None:
        self._place = ("t", partition, offset)
        self._key = key

    def topic(self) -> str:
        return self._place[0]

    def partition(self) -> int:
        return self._place[1]

    def offset(self) -> int:
        return self._place[2]

    def key(self) -> bytes | None:
        return self._key


class Model(RuleBasedStateMachine):
    """What a consumer does with lanes, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.lanes = Lanes()
        self.now = 0.0
        self.next_offset = dict.fromkeys(PLACES, 0)
        self.unfinished: dict[Any, dict[int, bytes | None]] = {place: {} for place in PLACES}
        self.committed = dict.fromkeys(PLACES, 0)
        self.running: list[Task] = []
        self.waiting: dict[int, float] = {}
        self.began: dict[Any, list[int]] = defaultdict(list)

    @initialize(by_key=st.booleans())
    def choose(self, *, by_key: bool) -> None:
        self.lanes.regroup(by_key=by_key)

    @rule(place=st.sampled_from(PLACES), key=st.sampled_from(KEYS), gap=st.integers(0, 2))
    def add(self, place: tuple[str, int], key: bytes | None, gap: int) -> None:
        offset = self.next_offset[place] + gap  # compaction and transactions leave gaps
        self.next_offset[place] = offset + 1
        self.unfinished[place][offset] = key
        self.lanes.add(cast("Any", Fake(place[1], offset, key)))

    @rule()
    def take(self) -> None:
        task = self.lanes.take()
        if task is None:
            return
        place, key = task.partition.place, task.message.key()
        lane = [n for n, other in self.unfinished[place].items() if other == key or not self.lanes.by_key]
        together = {one.offset for one in self.running if one.released and one.partition is task.partition}
        assert task.offset == min(set(lane) - together), "an earlier one of the lane is not finished"
        self.running.append(task)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        task = self.pop(data)
        self.lanes.finish(task)
        if not task.partition.gone:
            del self.unfinished[task.partition.place][task.offset]

    @precondition(lambda self: self.running)
    @rule(data=st.data(), seconds=st.floats(0, 5))
    def wait(self, data: st.DataObject, seconds: float) -> None:
        task = self.pop(data)
        if both := self.together(task):
            self.lanes.give_back(*sorted([task, *both], key=lambda one: one.offset))
            return
        task.due = self.now + seconds
        self.lanes.wait(task)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        task = self.pop(data)
        both = sorted([task, *self.together(task)], key=lambda one: one.offset)
        self.lanes.give_back(*both)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        task = data.draw(st.sampled_from(self.running))
        if not task.released and not task.partition.gone:
            self.lanes.release(task)

    @rule(seconds=st.floats(0, 5))
    def wake(self, seconds: float) -> None:
        self.now += seconds
        self.lanes.wake(self.now)

    @rule(place=st.sampled_from(PLACES))
    def drop(self, place: tuple[str, int]) -> None:
        self.collect()
        self.lanes.drop([place])
        self.unfinished[place].clear()
        self.next_offset[place] = self.committed[place]  # whoever gets it reads from here, and that may be this member

    @precondition(lambda self: not self.running)
    @rule(by_key=st.booleans())
    def regroup(self, *, by_key: bool) -> None:
        self.lanes.regroup(by_key=by_key)

    @invariant()
    def collect(self) -> None:
        for place, upto in self.lanes.progress():
            assert upto >= self.committed[place]
            self.committed[place] = upto
        for place, open_ in self.unfinished.items():
            if open_:
                assert self.committed[place] <= min(open_)

    def teardown(self) -> None:
        """Everything can be finished, and nothing is forgotten."""
        for task in self.running:
            self.lanes.finish(task)
            if not task.partition.gone:
                del self.unfinished[task.partition.place][task.offset]
        self.running.clear()
        self.lanes.wake(self.now + 1000)
        while (left := self.lanes.take()) is not None:
            self.lanes.finish(left)
            del self.unfinished[left.partition.place][left.offset]
        self.collect()
        assert not any(self.unfinished.values())
        assert not self.lanes

    def pop(self, data: st.DataObject) -> Task:
        return self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))

    def together(self, task: Task) -> list[Task]:
        """Those of the same lane that are being handled too: they go back with it."""
        both = [one for one in self.running if one.lane is task.lane]
        self.running = [one for one in self.running if one.lane is not task.lane]
        return both


Model.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestLanes = Model.TestCase
