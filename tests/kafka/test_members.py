"""Members of a group as processes of their own: told to end, restarted under their name, and joined by others."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.kafka.conftest import PARTITIONS, PATIENCE, in_thread
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.programs import line, program
from tests.kafka.test_failures import fill

if TYPE_CHECKING:
    from kontrakt import Bus

    from tests.kafka.conftest import Fresh, Place

ENDING = """
import sys, time
import kontrakt
from tests.kafka.new.customers import Customers

class Named(Customers):
    topic = sys.argv[1]

form = sys.argv[2]

def handle(change):
    print(f"begun {change.value.visits}", flush=True)
    time.sleep(0.5)
    print(f"ended {change.value.visits}", flush=True)

with kontrakt.connect() as bus, Named.consumer(bus, group="g") as changes, kontrakt.stop_on_signals(changes):
    if form == "iterated":
        for change in changes:
            handle(change)
    elif form == "batches":
        changes.run_batches(lambda batch: handle(batch[0]), size=1)
    else:
        changes.run(handle, workers=int(form))
print("closed")
"""


@pytest.mark.parametrize(
    ("form", "number"),
    [("1", signal.SIGTERM), ("3", signal.SIGINT), ("batches", signal.SIGTERM), ("iterated", signal.SIGINT)],
)
def test_a_process_that_is_told_to_end_finishes_the_message_at_hand(
    place: Place, bus: Bus, fresh: Fresh, form: str, number: signal.Signals
) -> None:
    topic = fresh(Customers)
    fill(bus, topic, "c-1")
    with program(ENDING, topic.topic, form, environment=place.environment) as process:
        assert line(process) == "begun 0"
        process.send_signal(number)
        said, errors = process.communicate(timeout=PATIENCE)
    assert (said, errors, process.returncode) == ("ended 0\nclosed\n", "", 0)
    assert place.committed(topic.topic, "g") == 1


HANDLING = """
import logging, sys
import kontrakt
from tests.kafka.new.customers import Customers

class Named(Customers):
    topic = sys.argv[1]

logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
logging.getLogger("kontrakt.kafka.client").setLevel(logging.ERROR)
config = dict(setting.split("=") for setting in sys.argv[2:])
with kontrakt.connect() as bus, Named.consumer(bus, group=Named.topic, config=config) as changes, kontrakt.stop_on_signals(changes):
    changes.run(lambda change: print(f"handled {change.meta.partition} {change.key} {change.value.visits}", flush=True))
"""


class Member:
    """A process that handles, and what it said."""

    def __init__(self, stack: ExitStack, place: Place, topic: str, *settings: str) -> None:
        self.process: subprocess.Popen[str] = stack.enter_context(
            program(HANDLING, topic, *settings, environment=place.environment)
        )
        self.handled: list[tuple[int, str, int]] = []
        self.said: list[str] = []
        self.thread = threading.Thread(target=self._listen, daemon=True)
        self.thread.start()

    @property
    def partitions(self) -> set[int]:
        return {partition for partition, _, _ in self.handled}

    def end(self, number: signal.Signals) -> None:
        self.process.send_signal(number)
        self.process.wait(PATIENCE)
        self.thread.join(PATIENCE)

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for said in self.process.stdout:
            words = said.split()
            if words[0] == "handled":
                self.handled.append((int(words[1]), words[2], int(words[3])))
            else:
                self.said.append(said)


class Stream:
    """A producer that goes on, so that every partition always has something to handle."""

    def __init__(self, bus: Bus, topic: type[Customers]) -> None:
        self.ended = threading.Event()
        self.bus = bus
        self.topic = topic
        self.keys = [f"c-{n}" for n in range(16)]
        self.sent = 0

    def run(self) -> None:
        with self.topic.producer(self.bus) as customers:
            while not self.ended.wait(0.05):
                for key in self.keys:
                    customers.put(Customer(customer_id=key, visits=self.sent))
                customers.flush()
                self.sent += 1


def until(happened: Callable[[], object]) -> None:
    """Wait for something that other processes do."""
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


CLASSIC = ("group.protocol=classic", "partition.assignment.strategy=cooperative-sticky")


@pytest.mark.real
@pytest.mark.parametrize("place", ["apicurio3"], indirect=True)
def test_members_join_and_leave_while_the_others_keep_what_stays_theirs(place: Place, bus: Bus, fresh: Fresh) -> None:
    """Cooperative rebalancing: no member gives up a partition that it keeps, every key keeps its order, nothing is lost."""
    topic = fresh(Customers)
    stream = Stream(bus, topic)
    with ExitStack() as stack, in_thread(stream.run):
        try:
            first = Member(stack, place, topic.topic, *CLASSIC)
            until(lambda: len(first.partitions) == PARTITIONS)
            second = Member(stack, place, topic.topic, *CLASSIC)
            until(lambda: second.handled)
            third = Member(stack, place, topic.topic, *CLASSIC)
            until(lambda: third.handled)
            second.end(signal.SIGTERM)
            third.process.kill()
            before = len(first.handled)
            until(lambda: len(first.handled) > before)
        finally:
            stream.ended.set()
        gave_up = [said for said in first.said if "gave up partitions" in said]
        assert gave_up
        assert all(len(said.partition("partitions ")[2].split(",")) < PARTITIONS for said in gave_up), gave_up
    assert second.process.returncode == 0
    for key in stream.keys:
        seen = {visits for member in (first, second, third) for _, one, visits in member.handled if one == key}
        assert seen == set(range(max(seen) + 1)), f"{key}: some are missing"
        for member in (first, second, third):
            mine = list(dict.fromkeys(visits for _, one, visits in member.handled if one == key))
            assert mine == sorted(mine)


@pytest.mark.real
@pytest.mark.parametrize("place", ["apicurio3"], indirect=True)
def test_a_static_member_that_restarts_gets_its_partitions_back_and_moves_nobody(
    place: Place, bus: Bus, fresh: Fresh
) -> None:
    """Killed with SIGKILL and started under the same ``group.instance.id`` (KIP-345): the other member does not notice."""
    topic = fresh(Customers)
    stream = Stream(bus, topic)
    patient = (*CLASSIC, "session.timeout.ms=300000")
    with ExitStack() as stack, in_thread(stream.run):
        try:
            first = Member(stack, place, topic.topic, *patient, "group.instance.id=one")
            second = Member(stack, place, topic.topic, *patient, "group.instance.id=two")
            until(lambda: len(settled(first)) == len(settled(second)) == PARTITIONS // 2)
            moved = len(second.said)
            mine = settled(first)
            first.end(signal.SIGKILL)
            again = Member(stack, place, topic.topic, *patient, "group.instance.id=one")
            until(lambda: again.partitions == mine)
        finally:
            stream.ended.set()
        assert second.said[moved:] == []
        second.end(signal.SIGTERM)
        again.end(signal.SIGTERM)
    last = {key: max((visits for _, one, visits in first.handled if one == key), default=-1) for key in stream.keys}
    for partition, key, visits in again.handled:
        assert partition in mine
        assert visits <= last[key] + 1
        last[key] = max(last[key], visits)


def settled(member: Member) -> set[int]:
    """The partitions of what a member handled last."""
    return {partition for partition, _, _ in member.handled[-64:]}
