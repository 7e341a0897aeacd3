"""What a policy says: how long to wait, where dead letters go, which numbers it refuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import kontrakt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontrakt import (
    BusDenied,
    DeadLetter,
    DecodeError,
    HandlerError,
    KontraktError,
    RegistryDenied,
    RegistryError,
    RegistryUnavailable,
    Retry,
    SchemaNotFound,
    TopicNotFound,
    UnknownEvent,
    UnresolvableError,
)
from kontrakt.kafka.clock import SYSTEM
from kontrakt.kafka.policies import verdict

SECONDS = st.floats(0.001, 1000).map(lambda seconds: dt.timedelta(seconds=seconds))


@given(
    first=SECONDS,
    more=SECONDS,
    factor=st.floats(1, 10),
    jitter=st.floats(0, 1),
    failures=st.integers(1, 2000),
)
def test_waits_grow_up_to_the_longest(
    first: dt.timedelta, more: dt.timedelta, factor: float, jitter: float, failures: int
) -> None:
    longest = first + more
    plain = Retry(first=first, factor=factor, longest=longest, jitter=0)
    wait = plain.wait_after(failures)
    assert first.total_seconds() <= wait <= longest.total_seconds()
    assert wait <= plain.wait_after(failures + 1)
    shaken = Retry(first=first, factor=factor, longest=longest, jitter=jitter).wait_after(failures)
    assert wait * (1 - jitter) * 0.999 <= shaken <= wait * (1 + jitter) * 1.001


def test_the_waits_of_the_default() -> None:
    waits = [Retry(jitter=0).wait_after(failures) for failures in range(1, 9)]
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"attempts": 0}, "attempts"),
        ({"first": dt.timedelta(seconds=-1)}, "waits"),
        ({"first": dt.timedelta(minutes=2)}, "longest"),
        ({"factor": 0.5}, "factor"),
        ({"jitter": 1.5}, "jitter"),
    ],
)
def test_numbers_out_of_range_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Retry(**wrong)


def test_dead_letters_go_to_a_topic_of_their_group_or_to_the_one_that_is_named() -> None:
    assert DeadLetter().topic_for("shop.orders", "billing") == "shop.orders.billing.dlq"
    assert DeadLetter("graveyard").topic_for("shop.orders", "billing") == "graveyard"


def test_a_bus_has_the_clock_of_the_machine() -> None:
    bus = kontrakt.connect(bootstrap_servers="localhost:1", registry_url="http://localhost:1")
    assert bus.clock is SYSTEM
    before = bus.clock.monotonic(), bus.clock.now()
    bus.clock.sleep(0.001)
    assert before[0] < bus.clock.monotonic()
    assert before[1] < bus.clock.now()
    assert bus.clock.now().utcoffset() == dt.timedelta()
    bus.close()


ASIDE = DeadLetter()
WAIT = Retry(attempts=3, first=dt.timedelta(seconds=1), jitter=0, then=ASIDE)


def handler_failed(message: str) -> HandlerError:
    return HandlerError(message, topic="t", partition=0, offset=0)


@pytest.mark.parametrize(
    ("kind", "stop", "skip", "first", "last", "aside"),
    [
        (DecodeError, "stop", "skip", ASIDE, ASIDE, ASIDE),
        (UnresolvableError, "stop", "skip", ASIDE, ASIDE, ASIDE),
        (UnknownEvent, "stop", "skip", ASIDE, ASIDE, ASIDE),
        (SchemaNotFound, "stop", "skip", 1.0, ASIDE, ASIDE),
        (handler_failed, "stop", "skip", 1.0, ASIDE, ASIDE),
        (RegistryUnavailable, "stop", "stop", 1.0, 4.0, "stop"),
        (RegistryDenied, "stop", "stop", "stop", "stop", "stop"),
        (RegistryError, "stop", "stop", "stop", "stop", "stop"),
        (BusDenied, "stop", "stop", "stop", "stop", "stop"),
        (TopicNotFound, "stop", "stop", "stop", "stop", "stop"),
    ],
)
def test_what_each_policy_says_of_each_error(
    kind: Callable[[str], KontraktError], stop: object, skip: object, first: object, last: object, aside: object
) -> None:
    """The table of docs/failures.md."""
    error = kind("it failed")
    assert verdict("stop", error, 1) == stop
    assert verdict("skip", error, 1) == skip
    assert (verdict(WAIT, error, 1), verdict(WAIT, error, 3)) == (first, last)
    assert verdict(ASIDE, error, 1) == aside
