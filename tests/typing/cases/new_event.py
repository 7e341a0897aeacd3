"""A new type of event is an error until it is handled: this was written before `OrderReturned` came."""

from typing import assert_never

from kontrakt import Bus, Event, Meta
from next.shop.order_events import OrderCancelled, OrderEvents, OrderPaid, OrderPlaced, OrderReturned


class Shipping(OrderEvents.Handler):
    def on_order_placed(self, event: OrderPlaced, meta: Meta) -> None: ...
    def on_order_paid(self, event: OrderPaid, meta: Meta) -> None: ...
    def on_order_cancelled(self, event: OrderCancelled, meta: Meta) -> None: ...


def handle(bus: Bus) -> None:
    with OrderEvents.consumer(bus, group="g") as events:
        events.run(Shipping())  # E: abstract / reportAbstractUsage


def match(event: Event[str, OrderCancelled | OrderPaid | OrderPlaced | OrderReturned]) -> str:
    match event.value:
        case OrderPlaced() | OrderPaid() | OrderCancelled():
            return event.key
        case _:
            assert_never(event.value)  # E: arg-type / reportArgumentType


class Upgraded(Shipping):
    def on_order_returned(self, event: OrderReturned, meta: Meta) -> None: ...


Upgraded()
