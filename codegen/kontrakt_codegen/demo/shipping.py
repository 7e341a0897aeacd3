"""shipping-service: handles each event of an order. Part of ``kontrakt demo``."""

from __future__ import annotations

from collections.abc import Callable

import kontrakt
from kontrakt import Meta
from shop.order_events import OrderCancelled, OrderEvents, OrderPaid, OrderPlaced


class Shipping(OrderEvents.Handler):
    """Packs what is paid. A new type of event is a type error here until it is handled."""

    def __init__(self, done: Callable[[], None]) -> None:
        self._done = done
        self._settled: set[str] = set()

    def on_order_placed(self, event: OrderPlaced, meta: Meta) -> None:
        """Waits for the money."""
        print(f"event   {event.order_id} placed: {len(event.lines)} line")

    def on_order_paid(self, event: OrderPaid, meta: Meta) -> None:
        """Packs it."""
        print(f"event   {event.order_id} paid: packing")
        self._settle(event.order_id)

    def on_order_cancelled(self, event: OrderCancelled, meta: Meta) -> None:
        """Puts it back."""
        print(f"event   {event.order_id} cancelled: {event.reason}")
        self._settle(event.order_id)

    def _settle(self, order_id: str) -> None:
        self._settled.add(order_id)
        if self._settled == {"o-1", "o-2"}:
            self._done()


def main() -> None:
    """Handles events until both orders are settled."""
    with kontrakt.connect() as bus, OrderEvents.consumer(bus, group="shipping") as events:
        events.run(Shipping(done=events.stop))


if __name__ == "__main__":
    main()
