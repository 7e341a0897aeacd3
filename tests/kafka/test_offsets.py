"""Offsets move when messages were handled: over ends of blocks, failures, crashes, Ctrl-C, and members that come and go."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from kontrakt import Bus, ClosedError, Delete, Put
from kontrakt.kafka.fetcher import BATCH

from tests.kafka.conftest import PATIENCE, Fresh, Place, in_thread
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Paid
from tests.kafka.old import orders as old
from tests.kafka.programs import line, program


def fill(bus: Bus, topic: type[Customers], count: int, key: str = "") -> None:
    """Messages with the visits 0 to ``count - 1``, in one partition where they have one key."""
    with topic.producer(bus) as customers:
        for n in range(count):
            customers.put(Customer(customer_id=key or f"c-{n}", visits=n))


def visits(change: Put[str, Customer] | Delete[str] | None) -> int:
    assert isinstance(change, Put)
    return change.value.visits


def test_the_last_message_of_a_block_that_ends_well_is_handled(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, 3, key="c")
    with topic.consumer(bus, group="g") as changes:
        for change in changes:
            if visits(change) == 1:
                break
    assert place.committed(topic.topic, "g") == 2
    with topic.consumer(bus, group="g") as changes:
        assert [visits(change) for change in changes.until_end()] == [2]


def test_the_last_message_of_a_block_that_fails_comes_again(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, 3, key="c")
    with pytest.raises(RuntimeError), topic.consumer(bus, group="g") as changes:
        for change in changes:
            if visits(change) == 1:
                raise RuntimeError
    assert place.committed(topic.topic, "g") == 1
    with topic.consumer(bus, group="g") as changes:
        assert [visits(change) for change in changes.until_end()] == [1, 2]


def test_closing_without_a_block_does_not_count_the_last_message(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, 2, key="c")
    changes = topic.consumer(bus, group="g")
    assert visits(changes.poll(PATIENCE)) == 0
    changes.close()
    with topic.consumer(bus, group="g") as changes:
        assert [visits(change) for change in changes.until_end()] == [0, 1]


def test_a_commit_counts_the_last_message_at_once(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, 3, key="c")
    with topic.consumer(bus, group="g") as changes:
        changes.commit()  # there is nothing yet
        for handled in (1, 2):
            changes.poll(PATIENCE)
            changes.commit()
            assert place.committed(topic.topic, "g") == handled


def test_ctrl_c_in_a_handler_leaves_its_message_unhandled(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, 2, key="c")

    def handle(change: Put[str, Customer] | Delete[str]) -> None:
        if visits(change) == 1:
            raise KeyboardInterrupt

    with topic.consumer(bus, group="g") as changes:
        with pytest.raises(KeyboardInterrupt):
            changes.run(handle)
    with topic.consumer(bus, group="g") as changes:
        assert [visits(change) for change in changes.until_end()] == [1]


CRASHING = """
import os, sys
import kontrakt
from tests.kafka.new.customers import Customers

class Named(Customers):
    topic = sys.argv[1]

last = int(sys.argv[2])
with kontrakt.connect() as bus, Named.consumer(bus, group="g") as changes:
    def handle(change):
        print(change.value.visits)
        if change.value.visits == last:
            os.kill(os.getpid(), 9)
        if change.value.visits == last - 2:
            changes.commit()
    changes.run(handle)
"""


def test_what_a_killed_process_had_not_handled_comes_again(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, 10, key="c")
    mortal = {f"KONTRAKT_KAFKA_{name.upper().replace('.', '_')}": str(n) for name, n in place.quick_to_give_up.items()}
    with program(CRASHING, topic.topic, "5", environment=place.environment | mortal) as process:
        said, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL, errors
    assert said.split() == ["0", "1", "2", "3", "4", "5"]
    # Up to 3 it was committed. Where the dead member is still in the group, this one waits until the group gives it up.
    with topic.consumer(bus, group="g", config=place.quick_to_give_up) as changes:
        again = [visits(changes.poll(PATIENCE)) for _ in range(6)]
    assert again == [4, 5, 6, 7, 8, 9]


def test_members_that_come_and_go_share_the_partitions_and_handle_each_message_once(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    handled: Counter[int] = Counter()
    second, everything = threading.Event(), threading.Event()
    enough = BATCH  # so that messages wait in the first member when the second comes

    def work(bus: Bus, begun: threading.Event) -> None:
        with topic.consumer(bus, group="g", config=place.quick_to_give_up) as changes:
            while not everything.is_set():
                change = changes.poll(0.2)
                if change is None:
                    continue
                begun.set()
                handled[visits(change)] += 1
                if len(handled) == enough:
                    everything.set()
                if not second.is_set():
                    second.wait(0.03)  # the first is slow until the second has its share

    with place.connect() as one, place.connect() as two:
        fill(one, topic, enough)
        first = threading.Event()
        with in_thread(lambda: work(one, first)):
            assert first.wait(PATIENCE)
            with in_thread(lambda: work(two, second)):
                assert everything.wait(PATIENCE)
    assert second.is_set()
    assert len(handled) == enough
    assert set(handled.values()) == {1}


def test_stop_ends_an_iteration_from_another_thread(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, 1)
    got: list[int] = []
    begun = threading.Event()
    with topic.consumer(bus, group="g") as changes:

        def work() -> None:
            for change in changes:
                got.append(visits(change))
                begun.set()

        with in_thread(work):
            assert begun.wait(PATIENCE)
            changes.stop()
        assert changes.poll(1) is None
        assert list(changes) == list(changes.until_end()) == []
    assert got == [0]


@pytest.mark.parametrize("closing", ["consumer", "bus"])
def test_closing_from_another_thread_ends_an_iteration_quietly(place: Place, fresh: Fresh, closing: str) -> None:
    topic = fresh(Customers)
    begun, closed = threading.Event(), threading.Event()
    with place.connect() as bus:
        fill(bus, topic, 3, key="c")
        changes = topic.consumer(bus, group="g")
        got: list[int] = []

        def handle(change: Put[str, Customer] | Delete[str]) -> None:
            got.append(visits(change))
            begun.set()
            assert closed.wait(PATIENCE)

        with in_thread(lambda: changes.run(handle)):
            assert begun.wait(PATIENCE)
            (changes if closing == "consumer" else bus).close()
            closed.set()
    assert got == [0]
    uses: list[Callable[[], object]] = [
        changes.poll,
        lambda: next(iter(changes)),
        lambda: next(changes.until_end()),
        changes.commit,
        lambda: changes.run(handle),
    ]
    for use in uses:
        with pytest.raises(ClosedError, match=f"{topic.topic}.*closed"):
            use()
    changes.close()
    with place.connect() as bus, topic.consumer(bus, group="g") as changes:
        assert [visits(change) for change in changes.until_end()] == [
            0,
            1,
            2,
        ]  # the first was not handled when it closed


def test_a_poll_ends_in_time_while_everything_is_skipped(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Orders)
    before = fresh(old.Orders, like=topic, register=False)
    ended = threading.Event()
    with topic.producer(bus) as orders, before.consumer(bus, group="g") as events:

        def send() -> None:
            while not ended.is_set():
                orders.send(Paid(order_id="o-1", total=1)).result(PATIENCE)

        with in_thread(send):
            assert events.poll(1.0) is None
            ended.set()


INTERRUPTED = """
import sys
import kontrakt
from tests.kafka.new.customers import Customers

class Named(Customers):
    topic = sys.argv[1]

try:
    with kontrakt.connect() as bus, Named.consumer(bus, group="g") as changes:
        for change in changes:
            print(change.value.visits)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_while_waiting_closes_and_commits(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, 2, key="c")
    with program(INTERRUPTED, topic.topic, environment=place.environment) as process:
        assert [line(process), line(process)] == ["0", "1"]
        fill(bus, topic, 1, key="c")
        assert line(process) == "0"
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=PATIENCE)
    assert (said, errors, process.returncode) == ("interrupted\n", "", 0)
    # The last one was waiting to be asked for the next, or in the loop's body: it may come again, those before it do not.
    assert place.committed(topic.topic, "g") >= 2


CLOSING = """
import sys, time
import kontrakt
from tests.kafka.new.customers import Customers

class Named(Customers):
    topic = sys.argv[1]

with kontrakt.connect() as bus:
    for n in range(int(sys.argv[2])):
        changes = Named.consumer(bus, group=f"g-{n}")
        time.sleep(n * 0.0002)
        changes.close()
"""


def test_consumers_that_are_closed_while_they_join_end(place: Place, fresh: Fresh) -> None:
    """Each at another moment. One of librdkafka's that is not waited for hangs about once in a hundred times."""
    many = "200" if "group.protocol" in place.kafka else "10"
    with program(CLOSING, fresh(Customers).topic, many, environment=place.environment) as process:
        said, errors = process.communicate(timeout=PATIENCE)
    assert (said, errors, process.returncode) == ("", "", 0)
