"""What a run would have to say if something went wrong."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.evidence import Evidence, Note
from tests.faults.tabling import Arrivals, doubled
from tests.kafka.new.customers import Customer


def evidence(topic: list[int], handled: list[tuple[int, int]], acknowledged: int = 0) -> Evidence:
    """A run with one key: its numbers in the topic, then offset and number of what was handled, in the order of time."""
    return Evidence(
        acknowledged={"red": acknowledged},
        topic={"red-0": topic},
        offsets=frozenset((0, offset) for offset in range(len(topic))),
        handled=tuple(Note(at, 0, offset, "red-0", number) for at, (offset, number) in enumerate(handled)),
    )


def test_all_is_well() -> None:
    good = evidence([0, 1, 2], [(0, 0), (1, 1), (0, 0), (1, 1), (2, 2)], acknowledged=1)
    assert (good.lost, good.never_handled, good.repeated) == ([], frozenset(), 2)
    assert (good.disordered_in_the_topic, good.disordered_when_handled) == ([], [])


def test_what_was_acknowledged_and_is_not_there_is_lost() -> None:
    assert evidence([], [], acknowledged=1).lost == [("red-0", 0)]
    assert evidence([1], [], acknowledged=1).lost == [("red-0", 0)]


def test_a_gap_a_repetition_and_another_order_in_the_topic_are_seen() -> None:
    for wrong in ([0, 2], [0, 0], [1, 0]):
        assert evidence(wrong, []).disordered_in_the_topic == ["red-0"]


def test_a_message_that_nobody_handled_is_seen() -> None:
    assert evidence([0, 1], [(0, 0)]).never_handled == {(0, 1)}


def test_another_order_of_handling_is_seen() -> None:
    assert evidence([0, 1], [(1, 1), (0, 0)]).disordered_when_handled == ["red-0"]


@pytest.mark.parametrize(("numbers", "wrong"), [([0, 1, 5], []), ([0, 0], ["red-0"]), ([0, 2, 1], ["red-0"])])
def test_what_comes_twice_into_the_table_is_seen(tmp_path: Path, numbers: list[int], wrong: list[str]) -> None:
    with closing(sqlite3.connect(tmp_path / "table.db")) as connection, connection:
        rows = Arrivals()
        rows.clear(connection)
        for number in numbers:
            rows.put(connection, "red-0", Customer(customer_id="red-0", visits=number))
    assert doubled(tmp_path / "table.db") == wrong
