"""Ending cleanly when the process is told to."""

from __future__ import annotations

import signal
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from types import FrameType


SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Stoppable(Protocol):
    """What can be told to end: a consumer, a service."""

    def stop(self) -> None:
        """Lets it end soon."""
        ...


@contextmanager
def stop_on_signals(*clients: Stoppable, signals: Sequence[signal.Signals] = SIGNALS) -> Generator[None]:
    """Within the block, a signal stops consumers and services: the message at hand is finished, then their loops end.

    .. code-block:: python

        with Orders.consumer(bus, group="billing") as orders, kontrakt.stop_on_signals(orders):
            orders.run(handle)

    The same signal once more does what it did before the block: a second Ctrl-C interrupts the handler. After the block
    everything is as it was before.

    Args:
        clients: What is stopped.
        signals: The signals; by default SIGTERM, which orchestrators send, and SIGINT, which is Ctrl-C.

    Raises:
        ValueError: This is not the main thread, which alone can receive signals.
    """
    before = {number: signal.getsignal(number) for number in signals}

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, before[signal.Signals(number)])
        for client in clients:
            client.stop()

    try:
        for number in signals:
            signal.signal(number, stop)
        yield
    finally:
        for number, handler in before.items():
            if signal.getsignal(number) is stop:
                signal.signal(number, handler)
