"""A run: processes that write and read, and one fault after the other while they do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from tests.faults.cluster import Cluster, await_that
from tests.faults.evidence import Evidence, Notes
from tests.faults.tabling import doubled, newest
from tests.faults.workers import Worker

PRODUCERS: Final = ("red", "green", "blue")
_SILENCE_SECONDS: Final = 6.0
"""How long what is paused stays paused: longer than the cluster waits for a broker."""


@dataclass(frozen=True)
class Told:
    """What a run has to tell.

    Attributes:
        evidence: What was acknowledged, written and handled.
        faults: What went wrong, and how many seconds it took.
        seconds: How long all of it took.
    """

    evidence: Evidence
    faults: tuple[tuple[str, float], ...]
    seconds: float


class Run:
    """A run.

    Args:
        cluster: Where.
        messages: How many.
        seconds: How long writing them is to take where nothing holds it up.
        folder: For what the processes note.
        say: Told what happens.
    """

    def __init__(
        self, cluster: Cluster, *, messages: int, seconds: float, folder: Path, say: Callable[[str], object]
    ) -> None:
        self._cluster = cluster
        self._each = messages // len(PRODUCERS)
        self._messages = self._each * len(PRODUCERS)
        self._seconds = seconds
        self._folder = folder
        self._say = say
        self._notes = Notes(folder)
        self._stack = ExitStack()
        self._producers: dict[str, Worker] = {}
        self._consumers: list[Worker] = []
        self._made = 0
        self._table = folder / "table.db"
        self._tables = 0

    def go(self) -> Told:
        """Everything, from the first message to the last.

        Raises:
            AssertionError: A process failed, or something did not happen in time.
        """
        began = time.monotonic()
        with self._stack:
            for name in PRODUCERS:
                self._producers[name] = self._worker(name, "producing", name, self._each / self._seconds)
            for _ in range(3):
                self._join()
            self._open_table()
            faults = list(self._in_turn())
            for producer in self._producers.values():
                producer.join()
            acknowledged = {name: producer.said for name, producer in self._producers.items()}
            with self._cluster.connect() as bus:
                evidence = Evidence.of(bus, acknowledged)
            self._await(lambda: self._handled() >= evidence.written, "everything that was written is handled")
            self._await(lambda: newest(self._table) == evidence.newest, "the table has the newest of each key")
            for worker in (*self._consumers, self._copying):
                worker.stop()
            evidence = replace(evidence, handled=tuple(self._notes.all()), doubled=tuple(doubled(self._table)))
        return Told(evidence, tuple(faults), time.monotonic() - began)

    def _in_turn(self) -> Iterator[tuple[str, float]]:
        faults = (
            self.a_broker_is_paused,
            self.a_consumer_is_killed,
            self.a_table_is_killed,
            self.the_controller_is_killed,
            self.the_registry_is_killed,
            self.a_disk_is_gone,
            self.consumers_leave_and_join,
            self.two_consumers_a_producer_and_the_table_are_killed,
            self.all_brokers_are_killed,
        )
        for stage, fault in enumerate(faults, 1):
            began_with = self._acknowledged()
            self._allow(stage / (len(faults) + 1))
            self._await_messages(began_with + self._messages // len(faults) // 4)
            began = time.monotonic()
            fault()
            took = time.monotonic() - began
            name = fault.__name__.replace("_", " ")
            self._say(f"{self._acknowledged():>9,} acknowledged, {self._handled():>9,} handled: {name}, {took:.1f} s")
            yield name, took
        self._allow(1)

    def _allow(self, share: float) -> None:
        """Let the producers write so much of the whole."""
        for producer in self._producers.values():
            producer.tell(str(int(self._each * share)))

    # --- faults ------------------------------------------------------------------------------------------------------

    def a_broker_is_paused(self) -> None:
        """It is silent for longer than the cluster waits; its partitions move, and it comes back."""
        self._cluster.second.pause()
        time.sleep(_SILENCE_SECONDS)
        self._cluster.second.resume()

    def a_consumer_is_killed(self) -> None:
        """In the middle of what it fetched; another one comes."""
        self._kill_consumer()
        self._join()

    def a_table_is_killed(self) -> None:
        """Three times, wherever it is; it goes on in the same file."""
        for _ in range(3):
            self._copying.kill()
            self._open_table()
            time.sleep(_SILENCE_SECONDS / 4)

    def the_controller_is_killed(self) -> None:
        """With the broker that runs in it; it comes back with its data."""
        self._cluster.first.kill()
        self._cluster.first.start()

    def the_registry_is_killed(self) -> None:
        """A consumer that joins now waits for it; it comes back empty and is filled again."""
        self._cluster.registry.kill()
        self._join()
        time.sleep(_SILENCE_SECONDS / 2)
        self._cluster.registry.start()
        self._cluster.register()

    def a_disk_is_gone(self) -> None:
        """A broker dies and comes back empty; the other one has everything."""
        self._cluster.await_both()
        self._cluster.second.kill()
        self._cluster.second.lose_disk()
        self._cluster.second.start()

    def consumers_leave_and_join(self) -> None:
        """In good order, one after the other."""
        for _ in range(2):
            self._consumers.pop(0).stop()
            self._join()

    def two_consumers_a_producer_and_the_table_are_killed(self) -> None:
        """At once; two other consumers come, and the table goes on."""
        self._kill_consumer()
        self._kill_consumer()
        blue = self._producers["blue"]
        blue.kill()
        self._each += (self._each - blue.said) // 2  # which the others write in its place
        self._copying.kill()
        self._open_table()
        self._join()
        self._join()

    def all_brokers_are_killed(self) -> None:
        """Nothing answers until they are back with their data."""
        self._cluster.await_both()
        self._cluster.second.kill()
        self._cluster.first.kill()
        self._cluster.first.start()
        self._cluster.second.start()

    # --- processes ---------------------------------------------------------------------------------------------------

    def _join(self) -> None:
        name = f"consumer-{self._made}"
        self._made += 1
        self._consumers.append(self._worker(name, "consuming", self._folder / f"{name}.notes", 1 + self._made % 2 * 3))

    def _open_table(self) -> None:
        self._copying = self._worker(f"table-{self._tables}", "tabling", self._table)
        self._tables += 1

    def _kill_consumer(self) -> None:
        """Kill one while it handles messages."""
        before = {consumer: self._size(consumer) for consumer in self._consumers}
        await_that(lambda: any(self._size(one) > before[one] for one in self._consumers), "a consumer handles messages")
        busy = next(one for one in self._consumers if self._size(one) > before[one])
        busy.kill()
        self._consumers.remove(busy)

    def _size(self, consumer: Worker) -> int:
        notes = self._folder / f"{consumer.name}.notes"
        return notes.stat().st_size if notes.exists() else 0

    def _worker(self, name: str, module: str, *arguments: object) -> Worker:
        worker = Worker(name, module, *arguments, folder=self._folder, environment=self._cluster.environment)
        self._stack.callback(worker.kill)
        return worker

    def _await_messages(self, count: int) -> None:
        self._await(lambda: self._acknowledged() >= count, f"{count} messages are acknowledged")

    def _await(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds, or a process that should not have ended has."""

        def looked() -> bool:
            for worker in (*self._consumers, *self._producers.values(), self._copying):
                worker.check()
            return holds()

        await_that(looked, what)

    def _acknowledged(self) -> int:
        return sum(producer.said for producer in self._producers.values())

    def _handled(self) -> int:
        return len(self._notes.places())
