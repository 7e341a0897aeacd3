"""A clock that stands still."""

from __future__ import annotations

import datetime as dt

import kontrakt
import pytest
from kontrakt.testing import FakeClock
from shop.customers import Customer, Customers
from shop.payments import Payments

SECOND = dt.timedelta(seconds=1)


def test_it_moves_when_it_is_moved() -> None:
    clock = FakeClock(dt.datetime(2030, 1, 1, tzinfo=dt.timezone(SECOND * 3600)))
    assert clock.now() == dt.datetime(2029, 12, 31, 23, tzinfo=dt.UTC)
    assert clock.monotonic() == clock.monotonic() == 0.0
    clock.advance(SECOND * 90)
    clock.sleep(0.5)
    assert clock.monotonic() == 90.5
    assert clock.now() == dt.datetime(2029, 12, 31, 23, 1, 30, 500_000, tzinfo=dt.UTC)


def test_waits_pass_by_themselves_when_it_ticks() -> None:
    clock = FakeClock(tick=SECOND)
    assert [clock.monotonic() for _ in range(3)] == [1.0, 2.0, 3.0]


def test_it_does_not_go_back() -> None:
    with pytest.raises(ValueError, match="does not go back"):
        FakeClock().advance(-SECOND)
    with pytest.raises(ValueError, match="needs a time zone"):
        FakeClock(dt.datetime(2030, 1, 1))  # noqa: DTZ001


def test_a_bus_goes_by_it(kontrakt_bus: kontrakt.EmbeddedBus, kontrakt_clock: FakeClock) -> None:
    assert kontrakt_bus.clock is kontrakt_clock


def test_hours_of_retries_pass_in_no_time(kontrakt_bus: kontrakt.EmbeddedBus, kontrakt_clock: FakeClock) -> None:
    kontrakt_clock.tick = SECOND * 600
    with Customers.producer(kontrakt_bus) as customers:
        customers.put(Customer(customer_id="c-1", email="ada@example.org"))
    tried: list[dt.datetime] = []
    hourly = kontrakt.Retry(attempts=3, first=SECOND * 3600, longest=SECOND * 7200, jitter=0.0)
    with Customers.consumer(kontrakt_bus, group="hourly", on_error=hourly) as changes:

        def handle(_change: kontrakt.Put[str, Customer] | kontrakt.Delete[str]) -> None:
            tried.append(kontrakt_clock.now())
            if len(tried) < 3:
                raise RuntimeError("not yet")
            changes.stop()

        changes.run(handle)
    first, second, third = tried
    assert second - first >= SECOND * 3600
    assert third - second >= SECOND * 7200


def test_a_deadline_passes_in_no_time(kontrakt_bus: kontrakt.EmbeddedBus, kontrakt_clock: FakeClock) -> None:
    kontrakt_bus.register(Payments)
    kontrakt_clock.tick = SECOND * 10
    with Payments.client(kontrakt_bus) as payments, pytest.raises(kontrakt.RequestTimeout, match="within 30 s"):
        payments.refund(order_id="o-1", authorization_id="a-1")
