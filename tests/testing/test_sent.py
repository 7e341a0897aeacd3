"""What was sent: found by its fields, and the nearest message and its differences when it is not there."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from unittest.mock import ANY

import pytest
from kontrakt import Delete, EmbeddedBus, Event, Put, testing
from kontrakt.testing import SentMessages
from shop.customers import Customer, Customers, Tier
from shop.order import OrderLine
from shop.order_events import OrderCancelled, OrderEvents, OrderPaid, OrderPlaced
from shop.payments import AuthorizeRequest, Payments
from shop.types import Address, Money

from tests.golden import held
from tests.kafka.new.acme import Reading, SensorKey
from tests.kafka.new.payments import Payments as Bank
from tests.kafka.new.payments import SettledRequest
from tests.kafka.new.readings import Readings
from tests.kafka.new.rooms import Rooms

GOLDEN = Path(__file__).parent / "golden"
NOON = dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)


def money(amount: str) -> Money:
    return Money(amount=Decimal(amount), currency="SEK")


def placed(order: str, *lines: str) -> OrderPlaced:
    return OrderPlaced(
        event_id=uuid.UUID(int=1),
        occurred_at=NOON,
        order_id=order,
        customer_id="c-1",
        lines=[OrderLine(product_id=line, quantity=1, unit_price=money("10.00")) for line in lines],
        total=money("10.00"),
    )


def later() -> None:
    """Return in another millisecond: what is sent in one has no order across keys."""
    now = time.time_ns() // 1_000_000
    while time.time_ns() // 1_000_000 == now:
        pass


ADA = Customer(customer_id="c-1", email="ada@example.org", tier=Tier.GOLD)
BO = Customer(
    customer_id="c-2",
    email="bo@example.org",
    address=Address(name="Bo", street="A 1", city="Umeå", postal_code="1", country="SE"),
)


@pytest.fixture
def full(kontrakt_bus: EmbeddedBus) -> SentMessages:
    """Two customers of which one left, and two orders."""
    with Customers.producer(kontrakt_bus) as customers:
        customers.put(ADA, headers={"trace": "t-1"}).result()
        later()
        customers.put(BO)
        customers.delete("c-2")
    with OrderEvents.producer(kontrakt_bus) as events:
        events.send(placed("o-1", "p-1", "p-2"))
        events.send(OrderCancelled(event_id=uuid.UUID(int=2), occurred_at=NOON, order_id="o-1", note="too late"))
    return testing.sent(kontrakt_bus)


def test_a_message_is_found_by_its_fields(full: SentMessages) -> None:
    found = full.one(Customers, customer_id="c-1", tier=Tier.GOLD)
    assert (found.key, found.value) == ("c-1", ADA)
    assert found.meta.header("trace") == b"t-1"
    assert full.one(OrderEvents, OrderCancelled).value.note == "too late"
    assert full.one(OrderEvents, OrderPlaced, order_id="o-1", lines=ANY).value.lines[1].product_id == "p-2"
    full.none(Customers, customer_id="c-3")
    full.none(OrderEvents, OrderPlaced, order_id="o-2")
    assert full.deleted(Customers, "c-2").key == "c-2"
    assert [type(one).__name__ for one in full.all(Customers) if one.key == "c-2"] == ["Put", "Delete"]


def test_what_nobody_flushed_is_there_too(kontrakt_bus: EmbeddedBus, kontrakt_sent: SentMessages) -> None:
    Customers.producer(kontrakt_bus).put(ADA)
    assert kontrakt_sent.one(Customers).value == ADA


def test_nothing_is_there_before_something_is_sent(kontrakt_sent: SentMessages) -> None:
    assert kontrakt_sent.all(Customers) == []
    kontrakt_sent.none(Customers)
    kontrakt_sent.expect(Customers)


def test_exactly_what_was_expected(full: SentMessages) -> None:
    full.expect(Customers, BO, ADA, Delete("c-2"))
    full.expect(OrderEvents, placed("o-1", "p-1", "p-2"), full.one(OrderEvents, OrderCancelled))


def test_keys_beside_the_value(kontrakt_bus: EmbeddedBus, kontrakt_sent: SentMessages) -> None:
    key, warm = SensorKey(building="b", sensor=1), Reading(celsius=21.5)
    with Rooms.producer(kontrakt_bus) as rooms:
        rooms.put("attic", warm)
        rooms.delete("attic")
    with Readings.producer(kontrakt_bus) as readings:
        readings.send(key, warm)
    kontrakt_sent.expect(Rooms, Put("attic", warm), Delete("attic"))
    kontrakt_sent.expect(Readings, Event(key, warm))
    assert kontrakt_sent.one(Readings, celsius=21.5).key == key
    with pytest.raises(AssertionError, match="delete, not sent"):
        kontrakt_sent.expect(Rooms, Put("attic", warm), Delete("attic"), Delete("attic"))


def test_requests(kontrakt_bus: EmbeddedBus, kontrakt_sent: SentMessages) -> None:
    with Bank.client(kontrakt_bus) as payments:
        payments.settled(order_id="o-1")
    assert kontrakt_sent.one(Bank, SettledRequest, order_id="o-1").key == "o-1"
    with pytest.raises(AssertionError, match="nothing was sent to shop.payments.requests"):
        kontrakt_sent.one(Payments, AuthorizeRequest)


FAILURES: dict[str, Callable[[SentMessages], object]] = {
    "nothing sent": lambda sent: sent.one(Payments, AuthorizeRequest, order_id="o-1"),
    "another tier": lambda sent: sent.one(Customers, customer_id="c-1", tier=Tier.SILVER),
    "another city": lambda sent: sent.one(
        Customers,
        email="bo@example.org",
        address=Address(name="Bo", street="A 1", city="Luleå", postal_code="1", country="SE"),
    ),
    "no such field": lambda sent: sent.one(Customers, customerid="c-1"),
    "another type": lambda sent: sent.one(OrderEvents, OrderPaid, order_id="o-1"),
    "other lines": lambda sent: sent.one(OrderEvents, OrderPlaced, lines=placed("o-1", "p-1", "p-3").lines),
    "several": lambda sent: sent.one(OrderEvents, order_id="o-1"),
    "some": lambda sent: sent.none(OrderEvents, OrderCancelled),
    "any": lambda sent: sent.none(Customers),
    "not deleted": lambda sent: sent.deleted(Customers, "c-1"),
    "never there": lambda sent: sent.deleted(Customers, "c-9"),
    "one missing, one too many, one other": lambda sent: sent.expect(
        Customers, Customer(customer_id="c-1", email="ada@example.com"), BO, Customer(customer_id="c-3", email="")
    ),
    "a tombstone in place of a value": lambda sent: sent.expect(Customers, ADA, Delete("c-2"), BO),
    "another order": lambda sent: sent.expect(
        OrderEvents, Event("o-1", sent.one(OrderEvents, OrderCancelled).value), placed("o-1", "p-1", "p-2")
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_what_a_failure_says(full: SentMessages, name: str) -> None:
    with pytest.raises(AssertionError) as failed:
        FAILURES[name](full)
    held(f"{failed.value}\n", GOLDEN / f"{name}.txt")
