"""Several threads handle the messages of a consumer: keys side by side, each in its order, offsets only behind what is finished."""

from __future__ import annotations

import datetime as dt
import threading
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from kontrakt import Bus, Delete, Event, HandlerError, Meta, Put, Retry
from kontrakt.kafka.fetcher import BATCH
from kontrakt.kafka.intake import WINDOW

from tests.kafka.conftest import PATIENCE, in_thread
from tests.kafka.new.acme import Reading
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Paid, Placed
from tests.kafka.new.ticks import Ticks
from tests.kafka.test_failures import fill, quick

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place

Change = Put[str, Customer] | Delete[str]

SAME = ("c-1", "c-3")
"""Keys of one partition."""


def put(change: Change) -> Put[str, Customer]:
    assert isinstance(change, Put)
    return change


def test_keys_of_one_partition_are_handled_at_the_same_time_each_in_its_order(
    place: Place, bus: Bus, fresh: Fresh
) -> None:
    topic = fresh(Customers)
    fill(bus, topic, *SAME, each=5)
    together = threading.Barrier(2)
    busy: set[str] = set()
    handled: dict[str, list[int]] = defaultdict(list)
    partitions: set[int] = set()
    with topic.consumer(bus, group="g") as changes:

        def handle(change: Change) -> None:
            key = change.key
            assert key not in busy
            busy.add(key)
            together.wait(PATIENCE)  # nobody comes past who is alone
            handled[key].append(put(change).value.visits)
            partitions.add(change.meta.partition)
            busy.remove(key)
            if sum(map(len, handled.values())) == 10:
                changes.stop()

        changes.run(handle, workers=4)
    assert len(partitions) == 1
    assert handled == {key: [0, 1, 2, 3, 4] for key in SAME}
    assert place.committed(topic.topic, "g") == 10


def test_an_offset_does_not_move_past_a_message_that_is_not_finished(place: Place, bus: Bus, fresh: Fresh) -> None:
    """And no more is fetched than the memory should bear."""
    topic = fresh(Customers)
    count = WINDOW + 2 * BATCH
    fill(bus, topic, "c-3", each=2)
    fill(bus, topic, "c-1", each=1)
    fill(bus, topic, "c-3", each=count)
    others, go_on = 0, threading.Event()
    full, done = threading.Event(), threading.Event()
    with topic.consumer(bus, group="g") as changes:

        def handle(change: Change) -> None:
            nonlocal others
            if change.key == "c-1":
                assert go_on.wait(PATIENCE)
                return
            others += 1
            if others == WINDOW:
                full.set()
            if others == count + 2:
                changes.stop()
                done.set()

        with in_thread(lambda: changes.run(handle, workers=3)):
            assert full.wait(PATIENCE)
            changes.commit()
            assert place.committed(topic.topic, "g") == 2
            assert not done.wait(0.5)
            assert others <= WINDOW + BATCH + 2
            go_on.set()
            assert done.wait(PATIENCE)
    assert place.committed(topic.topic, "g") == count + 3


def test_messages_without_a_key_keep_the_order_of_their_partition(bus: Bus, fresh: Fresh, place: Place) -> None:
    topic = fresh(Ticks)
    with topic.producer(bus) as ticks:
        for n in range(40):
            ticks.send(Reading(celsius=n))
    seen: dict[int, list[int]] = defaultdict(list)
    with topic.consumer(bus, group="g") as events:

        def handle(event: Event[None, Reading]) -> None:
            seen[event.meta.partition].append(event.meta.offset)
            if sum(map(len, seen.values())) == 40:
                events.stop()

        events.run(handle, workers=4)
    assert all(offsets == sorted(offsets) for offsets in seen.values())
    assert place.committed(topic.topic, "g") == 40


def test_methods_of_a_handler_are_called_by_several_threads(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Orders)
    with topic.producer(bus) as orders:
        for n in range(20):
            orders.send(Placed(order_id=f"o-{n}", total=n))
            orders.send(Paid(order_id=f"o-{n}", total=n))
    counting = Counting()
    with topic.consumer(bus, group="g") as events:
        counting.stop = events.stop
        events.run(counting, workers=4)
    assert sorted(type(event).__name__ for event in counting.seen) == ["Paid"] * 20 + ["Placed"] * 20


class Counting(Orders.Handler):
    """Keeps what it sees, and stops after 40."""

    def __init__(self) -> None:
        self.seen: list[Placed | Paid] = []
        self.stop: Callable[[], None]

    def on_placed(self, event: Placed, meta: Meta) -> None:
        self._see(event)

    def on_paid(self, event: Paid, meta: Meta) -> None:
        self._see(event)

    def _see(self, event: Placed | Paid) -> None:
        self.seen.append(event)
        if len(self.seen) == 40:
            self.stop()


def test_a_failure_ends_the_run_when_what_is_at_hand_is_finished(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, *SAME, each=3)
    failing = threading.Event()
    seen: list[tuple[str, int]] = []
    with topic.consumer(bus, group="g") as changes:

        def handle(change: Change) -> None:
            if change.key == "c-3":
                failing.set()
                raise RuntimeError("broken")
            assert failing.wait(PATIENCE)
            seen.append((change.key, put(change).value.visits))

        with pytest.raises(HandlerError, match="the handler failed: RuntimeError: broken"):
            changes.run(handle, workers=2)
        first = len(seen)

        def take(change: Change) -> None:
            seen.append((change.key, put(change).value.visits))
            if len(seen) == 6:
                changes.stop()

        changes.run(take, workers=2)  # what was not finished comes again
    assert first <= 3
    assert sorted(seen) == [(key, n) for key in SAME for n in range(3)]
    assert place.committed(topic.topic, "g") == 6


def test_members_with_workers_come_and_go_and_every_key_keeps_its_order(place: Place, fresh: Fresh) -> None:
    """Three members, one after the other, with failures in between: nothing is lost, and no message before its forerunner."""
    topic = fresh(Customers)
    keys, each = [f"c-{n}" for n in range(12)], 60
    lock = threading.Lock()
    handled: dict[str, list[int]] = defaultdict(list)
    members: list[set[str]] = [set(), set()]
    shared, everything = threading.Event(), threading.Event()

    def work(bus: Bus, member: int) -> None:
        with topic.consumer(bus, group="g", on_error=quick(None), config=place.quick_to_give_up) as changes:
            tried: set[tuple[str, int]] = set()

            def handle(change: Change) -> None:
                visits = put(change).value.visits
                with lock:
                    members[member].add(change.key)
                    if visits % 7 == 3 and (change.key, visits) not in tried:
                        tried.add((change.key, visits))
                        raise RuntimeError("once")
                    handled[change.key].append(visits)
                    if all(members):
                        shared.set()
                    if all(len(set(handled[key])) == each for key in keys):
                        everything.set()
                if not shared.is_set():
                    shared.wait(0.1)
                changes.commit()  # also while partitions move, which waits for this handler

            with in_thread(lambda: changes.run(handle, workers=3)):
                assert everything.wait(PATIENCE)
                changes.stop()

    with place.connect() as one, place.connect() as two:
        fill(one, topic, *keys, each=each)
        with in_thread(lambda: work(one, 0)), in_thread(lambda: work(two, 1)):
            assert everything.wait(PATIENCE)
    for key in keys:
        first_times = list(dict.fromkeys(handled[key]))
        assert first_times == list(range(each)), key


@pytest.mark.parametrize("workers", [1, 3])
def test_a_message_that_waits_to_be_tried_again_goes_to_the_next_owner(
    place: Place, fresh: Fresh, workers: int
) -> None:
    topic = fresh(Customers)
    keys = [f"c-{n}" for n in range(8)]
    failed, moved = threading.Event(), threading.Event()
    handled: list[str] = []
    long = dt.timedelta(minutes=5)
    with place.connect() as one, place.connect() as two:
        fill(one, topic, *keys, each=1)
        first = topic.consumer(one, group="g", on_error=Retry(first=long, longest=long), config=place.quick_to_give_up)

        def fail(_: Change) -> None:
            failed.set()
            raise RuntimeError("not here")

        with in_thread(lambda: first.run(fail, workers=workers)):
            assert failed.wait(PATIENCE)
            with topic.consumer(two, group="g", config=place.quick_to_give_up) as second:

                def take(change: Change) -> None:
                    handled.append(change.key)
                    moved.set()  # the first gave up some partitions, and gives up the others when it closes
                    if len(handled) == len(keys):
                        second.stop()

                with in_thread(lambda: second.run(take)):
                    assert moved.wait(PATIENCE)
                    first.close()
    assert sorted(handled) == keys
