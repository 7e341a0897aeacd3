"""A process that writes: rising numbers for each of its keys, at a steady pace, and says what was acknowledged."""

from __future__ import annotations

import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Final

import kontrakt

from tests.faults.story import PATIENCE, Changes, key_of
from tests.kafka.new.customers import Customer

if TYPE_CHECKING:
    from kontrakt import Delivery

_IN_FLIGHT: Final = 2000
_TICK_SECONDS: Final = 0.02


def main(name: str, pace: float) -> None:
    """Write as many messages as each line of the input says in all, and print how many were acknowledged.

    Args:
        name: What the keys begin with.
        pace: How many to write in a second, where nothing holds them up.
    """
    waiting: deque[Delivery] = deque()
    sent = acknowledged = 0
    burst = max(1, int(pace * _TICK_SECONDS))
    with kontrakt.connect() as bus, Changes.producer(bus) as changes:

        def say(number: int) -> None:
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()

        def settle(at_most: int) -> None:
            nonlocal acknowledged
            while waiting and (waiting[0].done or len(waiting) > at_most):
                waiting.popleft().result(PATIENCE)
                acknowledged += 1

        for line in sys.stdin:
            while sent < int(line):
                for _ in range(min(burst, int(line) - sent)):
                    key, number = key_of(name, sent)
                    waiting.append(changes.put(Customer(customer_id=key, visits=number)))
                    sent += 1
                settle(_IN_FLIGHT)
                say(acknowledged)
                time.sleep(_TICK_SECONDS)  # what was held up is not made up for: it goes on at its pace
            settle(0)
            say(acknowledged)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
