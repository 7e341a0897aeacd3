"""A process that reads as a member of the group, and notes each message that it handled."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import kontrakt
from kontrakt import Delete, Put

from tests.faults.story import GROUP, Changes
from tests.kafka.new.customers import Customer


def main(notes: Path) -> None:
    """Handle messages until asked to end.

    Args:
        notes: The file that gets a line for each: when, the partition, the offset, the key, the number.
    """
    file = os.open(notes, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def handle(change: Put[str, Customer] | Delete[str]) -> None:
        assert isinstance(change, Put)
        at = f"{time.monotonic_ns()} {change.meta.partition} {change.meta.offset}"
        os.write(file, f"{at} {change.key} {change.value.visits}\n".encode())

    quick: dict[str, Any] = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 1000}
    with kontrakt.connect() as bus:
        while True:
            try:
                with Changes.consumer(bus, group=GROUP, config=quick) as changes:
                    signal.signal(signal.SIGTERM, lambda _number, _frame: changes.stop())
                    changes.run(handle)
                    return
            except kontrakt.RegistryError:
                time.sleep(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
