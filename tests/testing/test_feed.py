"""Handlers get what a consumer would give them, without a broker."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from kontrakt import Delete, EncodeError, Event, Meta, Put, testing
from shop.billing import Customer as BillingCustomer
from shop.billing import Customers as BillingCustomers
from shop.customers import Customer, Customers, Tier
from shop.order_events import OrderCancelled, OrderEvents, OrderPaid, OrderPlaced

from tests.kafka.new.acme import Reading, SensorKey
from tests.kafka.new.readings import Readings
from tests.kafka.new.rooms import Rooms

CANCELLED = OrderCancelled(
    event_id=uuid.UUID(int=1), occurred_at=dt.datetime(2030, 1, 1, tzinfo=dt.UTC), order_id="o-1"
)
KEY = SensorKey(building="b", sensor=1)


class Shipping(OrderEvents.Handler):
    def __init__(self) -> None:
        self.seen: list[tuple[Any, Meta]] = []

    def on_order_cancelled(self, event: OrderCancelled, meta: Meta) -> None:
        self.seen.append((event, meta))

    def on_order_paid(self, event: OrderPaid, meta: Meta) -> None:
        raise NotImplementedError

    def on_order_placed(self, event: OrderPlaced, meta: Meta) -> None:
        raise NotImplementedError


def test_a_handler_gets_the_event_and_where_it_stood() -> None:
    shipping = Shipping()
    testing.feed(OrderEvents, shipping, CANCELLED, CANCELLED, headers={"trace": "t-1"})
    (event, first), (_, second) = shipping.seen
    assert event == CANCELLED
    assert event is not CANCELLED
    assert (str(first), str(second)) == ("shop.order-events[0]@0", "shop.order-events[0]@1")
    assert first.header("trace") == b"t-1"
    assert first.timestamp is not None


def test_a_function_gets_changes() -> None:
    changes: list[Put[str, Customer] | Delete[str]] = []
    customer = Customer(customer_id="c-1", email="ada@example.org", tier=Tier.GOLD)
    testing.feed(Customers, changes.append, customer, Delete("c-1"))
    put, delete = changes
    assert isinstance(put, Put)
    assert (put.key, put.value) == ("c-1", customer)
    assert isinstance(delete, Delete)
    assert delete.key == "c-1"


def test_a_projection_is_fed_like_the_entity() -> None:
    changes: list[Put[str, BillingCustomer] | Delete[str]] = []
    testing.feed(BillingCustomers, changes.append, BillingCustomer(customer_id="c-1", invoice_email="ada@example.org"))
    assert changes[0].key == "c-1"


def test_keys_beside_the_value() -> None:
    readings: list[Event[SensorKey, Reading]] = []
    testing.feed(Readings, readings.append, Event(KEY, Reading(celsius=21.5)))
    assert (readings[0].key, readings[0].value) == (KEY, Reading(celsius=21.5))
    rooms: list[Put[str, Reading] | Delete[str]] = []
    testing.feed(Rooms, rooms.append, Put("attic", Reading(celsius=21.5)), Delete("attic"))
    assert [type(one).__name__ for one in rooms] == ["Put", "Delete"]


def refuse(_: object) -> None:
    raise AssertionError("what cannot be sent is not handled")


@pytest.mark.parametrize(
    ("feed", "error", "says"),
    [
        (
            lambda: testing.feed(Customers, refuse, Customer(customer_id="c-1", email=7)),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
            EncodeError,
            "email",
        ),
        (lambda: testing.feed(Rooms, refuse, Reading(celsius=1.0)), TypeError, r"give Put\(key, value\)"),
        (lambda: testing.feed(Readings, refuse, Reading(celsius=1.0)), TypeError, r"give Event\(key, value\)"),
        (lambda: testing.feed(Readings, Shipping(), Event(KEY, Reading(celsius=1.0))), TypeError, "does not handle"),
    ],
    ids=["not of its type", "no key for an entity", "no key for an event", "a handler of another topic"],
)
def test_what_cannot_be_fed(feed: Callable[[], None], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        feed()


def test_what_a_handler_raises_is_raised() -> None:
    with pytest.raises(AssertionError, match="not handled"):
        testing.feed(Customers, refuse, Customer(customer_id="c-1", email=""))
