"""Making something once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from kontrakt.registry.once import Once


def test_a_value_is_made_once() -> None:
    once: Once[str, int] = Once()
    made: list[str] = []

    def make() -> int:
        made.append("a")
        return len(made)

    assert [once.get("a", make) for _ in range(3)] == [1, 1, 1]
    assert once.get("b", make) == 2
    once.forget("a")
    assert once.get("a", make) == 3


def test_threads_wait_for_the_first_of_them() -> None:
    once: Once[str, int] = Once()
    threads = 8
    together, made = threading.Barrier(threads), threading.Semaphore(1)

    def make() -> int:
        assert made.acquire(blocking=False), "made twice"
        return 7

    def ask() -> int:
        together.wait(30)
        return once.get("a", make)

    with ThreadPoolExecutor(threads) as pool:
        asked = [pool.submit(ask) for _ in range(threads)]
        assert [one.result(30) for one in asked] == [7] * threads


def test_a_failure_is_told_and_not_kept() -> None:
    once: Once[str, int] = Once()
    threads = 8
    together = threading.Barrier(threads)

    def make() -> int:
        raise LookupError("no")

    def ask() -> str:
        together.wait(30)
        with pytest.raises(LookupError, match="no"):
            once.get("a", make)
        return "failed"

    with ThreadPoolExecutor(threads) as pool:
        asked = [pool.submit(ask) for _ in range(threads)]
        assert [one.result(30) for one in asked] == ["failed"] * threads
    assert once.get("a", lambda: 7) == 7


def test_failures_are_remembered_for_a_time() -> None:
    now = [0.0]
    once: Once[str, int] = Once(remember_failures=5, failures=(LookupError,), clock=lambda: now[0])
    asked: list[float] = []

    def make() -> int:
        asked.append(now[0])
        raise LookupError("no")

    for now[0] in (0.0, 1.0, 4.9, 5.0, 9.0, 10.0):
        with pytest.raises(LookupError):
            once.get("a", make)
    assert asked == [0.0, 5.0, 10.0]
    now[0] = 20.0
    assert once.get("a", lambda: 1) == 1


def test_other_failures_are_not_remembered() -> None:
    once: Once[str, int] = Once(remember_failures=5, failures=(LookupError,), clock=lambda: 0.0)

    def make() -> int:
        raise ValueError("no")

    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            once.get("a", make)
    assert once.get("a", lambda: 1) == 1


def test_a_value_may_need_others() -> None:
    once: Once[str, int] = Once()
    assert once.get("a", lambda: once.get("b", lambda: 1) + 1) == 2
