"""The messages of an intake are handled: in one thread, or in several, each key's in their order."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .intake import Intake
    from .lanes import Task

_SLICE_SECONDS: Final = 0.2


def work(intake: Intake, handle: Callable[[Task], None], workers: int) -> None:
    """Handle messages until the intake is stopped.

    Args:
        intake: Where they come from.
        handle: Handles one, and says so to the intake; what it raises ends the run.
        workers: How many threads handle messages, each those of another key; with one, it is this.
    """
    if checked(workers) > 1:
        Workers(intake, handle, workers).run()
        return
    while (task := intake.next(None)) is not None:
        handle(task)


def checked(workers: int) -> int:
    """A number of workers.

    Raises:
        ValueError: It is none.
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    return workers


class Workers:
    """A pool of threads that handle messages, while the thread that runs it talks to the broker.

    Args:
        intake: Where messages come from.
        handle: Handles one, and says so to the intake; what it raises ends the run.
        count: How many threads.
    """

    def __init__(self, intake: Intake, handle: Callable[[Task], None], count: int) -> None:
        self._intake = intake
        self._lanes = intake.lanes
        self._handle = handle
        self._failure: BaseException | None = None
        self._ending = False
        self._threads = [
            threading.Thread(target=self._work, name=f"kontrakt-{intake.fetcher.topic}-{number}", daemon=True)
            for number in range(count)
        ]

    def run(self) -> None:
        """Handle messages until the intake is stopped; those at hand are finished before this returns.

        Raises:
            BaseException: What a thread met first that its policy does not pass over.
        """
        intake, lanes = self._intake, self._lanes
        pooled, intake.pooled = intake.pooled, True
        lanes.regroup(by_key=True)
        for thread in self._threads:
            thread.start()
        try:
            while not intake.fetcher.stopped and not self._ending:
                intake.wake()
                intake.fetch(_SLICE_SECONDS)
                intake.note()
        finally:
            self._end()
            for thread in self._threads:
                thread.join()
            intake.note()
            intake.pooled = pooled
            lanes.regroup(by_key=False)
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        while (task := self._lanes.take(self._ended)) is not None:
            try:
                if task.delivery is not None:
                    self._intake.settle(task)
                else:
                    self._handle(task)
            except BaseException as error:  # noqa: BLE001 - raised by the thread that runs the pool
                if self._failure is None:
                    self._failure = error
                self._end()

    def _ended(self) -> bool:
        return self._ending

    def _end(self) -> None:
        self._ending = True
        with self._lanes.changed:
            self._lanes.changed.notify_all()
