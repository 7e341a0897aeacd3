"""How many requests are under way at a time. The clocks of these tests say what they are told to."""

from __future__ import annotations

from threading import Barrier, get_ident

import pytest
from kontrakt.registry import history
from kontrakt.registry.history import CONNECTIONS, side_by_side


class Clocks:
    """The time that passed, and the time that a processor worked.

    Args:
        patch: Puts them in place of the real ones.
        takes: Seconds that a call takes.
        works: Seconds of them that a processor works.
    """

    def __init__(self, patch: pytest.MonkeyPatch, *, takes: float, works: float) -> None:
        self._takes, self._works = takes, works
        self.calls = 0
        patch.setattr(history, "perf_counter", lambda: self.calls * self._takes)
        patch.setattr(history, "thread_time", lambda: self.calls * self._works)


@pytest.mark.parametrize(
    ("takes", "works", "alone", "then"),
    [
        (0.1, 0.0, 1, CONNECTIONS),  # a clock of processors that is too coarse
        (0.1, 0.001, 1, CONNECTIONS),
        (0.1, 0.025, 1, 4),
        (0.02, 0.01, 3, 2),  # not before it is known
    ],
)
def test_as_many_at_a_time_as_keep_a_processor_busy(
    monkeypatch: pytest.MonkeyPatch, takes: float, works: float, alone: int, then: int
) -> None:
    clocks = Clocks(monkeypatch, takes=takes, works=works)
    together = Barrier(then)
    caller = get_ident()

    def call(number: int) -> tuple[int, bool]:
        clocks.calls += 1
        if number >= alone:
            together.wait(timeout=60)  # passes when that many wait
        return number, get_ident() == caller

    answers = side_by_side(call, range(alone + 2 * then))
    assert answers == [(number, number < alone) for number in range(alone + 2 * then)]


def test_what_keeps_a_processor_busy_is_asked_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clocks = Clocks(monkeypatch, takes=0.1, works=0.08)
    steps: list[tuple[int, int, str]] = []

    def call(_number: int) -> int:
        clocks.calls += 1
        return get_ident()

    found = side_by_side(call, range(20), lambda done, of, what: steps.append((done, of, what)), "levels")
    assert found == [get_ident()] * 20
    assert steps == [(done, 20, "levels") for done in range(1, 21)]


@pytest.mark.parametrize("bad", [0, 5])
def test_an_error_ends_it(monkeypatch: pytest.MonkeyPatch, bad: int) -> None:
    clocks = Clocks(monkeypatch, takes=0.1, works=0.05)
    asked: list[int] = []

    def call(number: int) -> int:
        clocks.calls += 1
        asked.append(number)
        if number == bad:
            raise LookupError(number)
        return number

    with pytest.raises(LookupError, match=str(bad)):
        side_by_side(call, range(10))
    assert bad > 0 or asked == [0]


def test_nothing_is_asked() -> None:
    assert side_by_side(str, []) == []
