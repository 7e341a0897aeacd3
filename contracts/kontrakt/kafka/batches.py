"""Messages that are handled together."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from kontrakt.errors import KontraktError

if TYPE_CHECKING:
    from confluent_kafka import Message

    from .intake import Intake
    from .lanes import Task

T = TypeVar("T")

Decode: TypeAlias = "Callable[[Message], T | None]"
Refuse: TypeAlias = "Callable[[Task, KontraktError], None]"


def gather(intake: Intake, decode: Decode[T], refuse: Refuse, size: int, timeout: float) -> list[tuple[Task, T]]:
    """The next messages to handle together, those of each partition in their order.

    Args:
        intake: Where they come from.
        decode: What a message says; None for one to pass over.
        refuse: Asks the policy about one that cannot be read. What came before it is handled first.
        size: How many at most.
        timeout: For how many seconds to wait for more after the first.

    Returns:
        The messages; none when the intake was stopped.

    Raises:
        KontraktError: What the intake or the policy raises; the messages are the next ones again.
    """
    while not intake.fetcher.stopped:
        batch = _filled(intake, decode, refuse, size, timeout)
        gone = [task for task, _ in batch if task.partition.leaving]  # given up meanwhile: another member handles them
        intake.give_back(*gone)
        if len(gone) < len(batch):
            return [one for one in batch if not one[0].partition.leaving]
    return []


def _filled(intake: Intake, decode: Decode[T], refuse: Refuse, size: int, timeout: float) -> list[tuple[Task, T]]:
    batch: list[tuple[Task, T]] = []
    until: float | None = None
    try:
        while len(batch) < size:
            task = intake.next(None if until is None else max(0.0, until - time.monotonic()))
            if task is None:
                break
            if batch and task.alone:
                intake.give_back(task)
                break
            try:
                item = decode(task.message)
            except KontraktError as error:
                if batch:
                    intake.give_back(task)
                    break
                refuse(task, error)
                continue
            except BaseException:
                intake.give_back(task)
                raise
            if item is None:
                intake.finish(task)
                continue
            intake.lanes.release(task)
            batch.append((task, item))
            until = until or time.monotonic() + timeout
            if task.alone:
                break
    except BaseException:
        intake.give_back(*(task for task, _ in batch))
        raise
    return batch
