"""A process that reads as a member of the group, and notes each message that it handled."""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, Final

import kontrakt
from kontrakt import Delete, Put, Retry

from tests.faults.story import GROUP, Changes
from tests.kafka.new.customers import Customer

_SECOND: Final = dt.timedelta(seconds=1)
_QUICK: Final[dict[str, Any]] = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 1000}
_UNTIL_THE_REGISTRY_IS_BACK: Final = Retry(attempts=None, longest=_SECOND)


def main(notes: Path, workers: int) -> None:
    """Handle messages until asked to end.

    Args:
        notes: The file that gets a line for each: when, the partition, the offset, the key, the number.
        workers: How many threads handle them.
    """
    file = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def handle(change: Put[str, Customer] | Delete[str]) -> None:
        assert isinstance(change, Put)
        at = f"{time.monotonic_ns()} {change.meta.partition} {change.meta.offset}"
        os.write(file, f"{at} {change.key} {change.value.visits}\n".encode())

    with (
        kontrakt.connect() as bus,
        Changes.consumer(bus, group=GROUP, on_error=_UNTIL_THE_REGISTRY_IS_BACK, config=_QUICK) as changes,
    ):
        signal.signal(signal.SIGTERM, lambda _number, _frame: changes.stop())
        changes.run(handle, workers=workers)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
