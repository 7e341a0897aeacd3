"""Making something once, however many threads ask for it at the same time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Once(Generic[K, V]):
    """A cache whose values never change, and that makes each at most once at a time.

    Threads that ask for the same key wait for the first of them and share its result. A failure is shared with those that
    wait already; whoever asks later tries again.

    Args:
        remember_failures: Seconds for which a failure of the remembered kinds answers for itself.
        failures: The kinds of failure to remember.
        clock: Tells the time in seconds.
    """

    def __init__(
        self,
        *,
        remember_failures: float = 0.0,
        failures: tuple[type[Exception], ...] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._values: dict[K, V] = {}
        self._failed: dict[K, tuple[float, Exception]] = {}
        self._running: dict[K, Future[V]] = {}
        self._lock = threading.Lock()
        self._remember = remember_failures
        self._failures = failures
        self._clock = clock

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The value of a key.

        Args:
            key: The key.
            make: Makes the value. It may ask this cache for other keys, as long as none of them asks for this one.

        Raises:
            Exception: What ``make`` raised.
        """
        try:
            return self._values[key]
        except KeyError:
            pass
        with self._lock:
            if key in self._values:
                return self._values[key]
            self._raise_remembered(key)
            running = self._running.get(key)
            ours: Future[V] = Future()
            if running is None:
                self._running[key] = ours
        return running.result() if running is not None else self._make(key, make, ours)

    def forget(self, key: K) -> None:
        """Drop a value, so that it is made again."""
        with self._lock:
            self._values.pop(key, None)
            self._failed.pop(key, None)

    def _make(self, key: K, make: Callable[[], V], ours: Future[V]) -> V:
        try:
            value = make()
        except BaseException as error:
            with self._lock:
                del self._running[key]
                if self._remember and isinstance(error, self._failures):
                    self._failed[key] = (self._clock() + self._remember, error)
            ours.set_exception(error)
            raise
        with self._lock:
            self._values[key] = value
            del self._running[key]
        ours.set_result(value)
        return value

    def _raise_remembered(self, key: K) -> None:
        failed = self._failed.get(key)
        if failed is None:
            return
        until, error = failed
        if self._clock() < until:
            # Without its traceback, which would grow with every time that it is raised.
            raise error.with_traceback(None)
        del self._failed[key]
