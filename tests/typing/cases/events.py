"""Producers, consumers and handlers of events."""

from typing import assert_never, assert_type

from kontrakt import Bus, Event, Meta
from shop.customers import Customer
from shop.order_events import OrderCancelled, OrderEvents, OrderPaid, OrderPlaced


def produce(bus: Bus, placed: OrderPlaced, customer: Customer) -> None:
    with OrderEvents.producer(bus) as events:
        events.send(placed)
        events.send(customer)  # E: arg-type / reportArgumentType
        events.send("o-1", placed)  # E: arg-type call-arg / reportCallIssue
        events.put(placed)  # E: attr-defined / reportAttributeAccessIssue


def consume(bus: Bus) -> str:
    with OrderEvents.consumer(bus, group="g") as events:
        for event in events:
            assert_type(event, Event[str, OrderCancelled | OrderPaid | OrderPlaced])
            match event.value:
                case OrderPlaced(customer_id=customer_id):
                    return customer_id
                case OrderPaid() | OrderCancelled() as ended:
                    assert_type(ended, OrderPaid | OrderCancelled)
                case _:
                    assert_never(event.value)
    return ""


class Complete(OrderEvents.Handler):
    def on_order_placed(self, event: OrderPlaced, meta: Meta) -> None: ...
    def on_order_paid(self, event: OrderPaid, meta: Meta) -> None: ...
    def on_order_cancelled(self, event: OrderCancelled, meta: Meta) -> None: ...


class WithoutCancelled(OrderEvents.Handler):
    def on_order_placed(self, event: OrderPlaced, meta: Meta) -> None: ...
    def on_order_paid(self, event: OrderPaid, meta: Meta) -> None: ...


class OfAnotherType(Complete):
    def on_order_paid(self, event: OrderPlaced, meta: Meta) -> None:  # E: override / reportIncompatibleMethodOverride
        assert event.order_id


def handle(bus: Bus) -> None:
    with OrderEvents.consumer(bus, group="g") as events:
        events.run(Complete())
        events.run(WithoutCancelled())  # E: abstract / reportAbstractUsage
        events.run(Complete)  # E: arg-type / reportArgumentType
        OrderEvents.Handler()  # E: abstract / reportAbstractUsage
