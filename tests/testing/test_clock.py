"""A clock that stands still."""

from __future__ import annotations

import datetime as dt

import kontrakt
import pytest
from kontrakt.testing import FakeClock

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
