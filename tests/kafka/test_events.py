"""Event topics: several types on one, keys inside, beside and absent, handlers, types that a consumer does not know."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from kontrakt import Bus, DecodeError, EncodeError, Event, HandlerError, Meta

from tests.kafka.conftest import PARTITIONS
from tests.kafka.new.acme import Reading, SensorKey
from tests.kafka.new.orders import Orders, Paid, Placed
from tests.kafka.new.readings import Readings
from tests.kafka.new.ticks import Ticks
from tests.kafka.old import orders as old

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place


@dataclass
class Shipping(Orders.Handler):
    """Keeps what it handled; ends after so many attempts; fails where it is told to."""

    stop: Callable[[], None]
    after: int
    failing: str = ""
    handled: list[Placed | Paid] = field(default_factory=list[Placed | Paid])
    places: list[str] = field(default_factory=list[str])

    def on_placed(self, event: Placed, meta: Meta) -> None:
        self._handle(event, meta)

    def on_paid(self, event: Paid, meta: Meta) -> None:
        self._handle(event, meta)

    def _handle(self, event: Placed | Paid, meta: Meta) -> None:
        self.places.append(str(meta))
        if len(self.places) == self.after:
            self.stop()
        if event.order_id == self.failing:
            raise RuntimeError("no boxes")
        self.handled.append(event)


def test_events_of_several_types_share_a_topic_in_the_order_of_their_key(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Orders)
    sent: list[Placed | Paid] = [
        Placed(order_id="o-1", total=5),
        Paid(order_id="o-1", total=5),
        Placed(order_id="o-1", total=6),
    ]
    with topic.producer(bus) as orders:
        deliveries = [orders.send(event, headers={"n": str(n)}) for n, event in enumerate(sent)]
    with topic.consumer(bus, group="g") as events:
        got = list(events.until_end())
    assert [event.value for event in got] == sent
    assert {event.key for event in got} == {"o-1"}
    assert [event.meta.offset for event in got] == [one.result().offset for one in deliveries] == [0, 1, 2]
    assert [event.meta.header("n") for event in got] == [b"0", b"1", b"2"]


def test_a_key_beside_the_event_is_a_record(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Readings)
    key = SensorKey(building="north", sensor=7)
    with topic.producer(bus) as readings:
        readings.send(key, Reading(celsius=21.5))
        with pytest.raises(EncodeError, match="needs a key"):
            readings.send(None, Reading(celsius=0.0))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    with topic.consumer(bus, group="g") as events:
        (event,) = events.until_end()
    assert (event.key, event.value) == (key, Reading(celsius=21.5))


def test_events_without_a_key_have_none_and_use_every_partition(place: Place, fresh: Fresh) -> None:
    topic = fresh(Ticks)
    # Messages without a key that leave together go to one partition, as with Java's clients.
    with place.connect(sticky_partitioning_linger_ms=0) as bus:
        with topic.producer(bus) as ticks:
            for n in range(64):
                ticks.send(Reading(celsius=n))
        with topic.consumer(bus, group="g") as events:
            got = list(events.until_end())
    assert sorted(event.value.celsius for event in got) == list(range(64))
    assert [event.key for event in got] == [None] * 64
    assert {event.meta.partition for event in got} == set(range(PARTITIONS))


def test_a_handler_gets_each_type_in_a_method_of_its_own(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Orders)
    with topic.producer(bus) as orders:
        orders.send(Placed(order_id="o-1", total=5))
        orders.send(Paid(order_id="o-1", total=5))
    with topic.consumer(bus, group="g") as events:
        shipping = Shipping(stop=events.stop, after=2)
        events.run(shipping)
    assert shipping.handled == [Placed(order_id="o-1", total=5), Paid(order_id="o-1", total=5)]
    partition = shipping.places[0].partition("@")[0]
    assert shipping.places == [f"{partition}@0", f"{partition}@1"]


def test_a_function_gets_every_event(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Orders)
    with topic.producer(bus) as orders:
        orders.send(Placed(order_id="o-1", total=5))
    got: list[Event[str, Placed | Paid]] = []
    with topic.consumer(bus, group="g") as events:

        def take(event: Event[str, Placed | Paid]) -> None:
            got.append(event)
            events.stop()

        events.run(take)
    assert [event.value for event in got] == [Placed(order_id="o-1", total=5)]


def test_a_handler_of_another_topic_is_refused(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Orders)

    class Other(old.Orders.Handler):
        def on_placed(self, event: old.Placed, meta: Meta) -> None: ...

    with topic.consumer(bus, group="g") as events:
        with pytest.raises(TypeError, match="Other does not handle Paid, Placed"):
            events.run(Other())


def test_a_handler_that_fails_stops_and_says_at_which_message(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Orders)
    with topic.producer(bus) as orders:
        sent = [orders.send(Placed(order_id=one, total=1)).result(60) for one in ("o-1", "o-2")]
    place = f"{topic.topic}[{sent[1].partition}]@{sent[1].offset}"
    with topic.consumer(bus, group="g") as events:
        shipping = Shipping(stop=events.stop, after=3, failing="o-2")
        with pytest.raises(HandlerError, match=r"the handler failed: RuntimeError: no boxes") as failed:
            events.run(shipping)
        assert str(failed.value).startswith(f"{place}: ")
        assert isinstance(failed.value.__cause__, RuntimeError)
        assert (failed.value.topic, failed.value.partition, failed.value.offset) == (
            topic.topic,
            sent[1].partition,
            sent[1].offset,
        )
        shipping.failing = ""
        events.run(shipping)  # it comes again, and nothing is left out
    assert sorted(event.order_id for event in shipping.handled) == ["o-1", "o-2"]


def test_a_handler_that_fails_may_be_passed_over(bus: Bus, fresh: Fresh, caplog: pytest.LogCaptureFixture) -> None:
    topic = fresh(Orders)
    with topic.producer(bus) as orders:
        for one in ("o-1", "o-2", "o-3"):
            orders.send(Placed(order_id=one, total=1))
    with caplog.at_level(logging.ERROR, "kontrakt.kafka"), topic.consumer(bus, group="g", on_error="skip") as events:
        shipping = Shipping(stop=events.stop, after=3, failing="o-2")
        events.run(shipping)
    assert sorted(event.order_id for event in shipping.handled) == ["o-1", "o-3"]
    (record,) = caplog.records
    assert "no boxes" in record.getMessage()
    assert topic.topic in record.getMessage()
    with topic.consumer(bus, group="g") as events:
        assert list(events.until_end()) == []


def test_a_new_type_of_event_is_skipped_by_those_who_do_not_know_it(
    bus: Bus, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Orders)
    before = fresh(old.Orders, like=topic, register=False)
    with topic.producer(bus) as orders:
        for n in range(3):
            orders.send(Paid(order_id="o-1", total=n))
            orders.send(Placed(order_id="o-1", total=n))
    with caplog.at_level(logging.WARNING, "kontrakt.kafka"), before.consumer(bus, group="old") as events:
        assert [event.value for event in events.until_end()] == [old.Placed(order_id="o-1", total=n) for n in range(3)]
    (said,) = (record.getMessage() for record in caplog.records if "skipping" in record.getMessage())
    assert "acme.Paid" in said
    assert topic.topic in said
    with before.consumer(bus, group="old") as events:
        assert list(events.until_end()) == []  # what was skipped is behind the group


def test_a_new_type_of_event_may_stop_a_consumer(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Orders)
    before = fresh(old.Orders, like=topic, register=False)
    with topic.producer(bus) as orders:
        sent = orders.send(Paid(order_id="o-1", total=1)).result(60)
    with before.consumer(bus, group="old", unknown="stop") as events:
        with pytest.raises(DecodeError, match="it is acme.Paid, which this package was generated without") as refused:
            list(events.until_end())
        assert str(refused.value).startswith(f"{topic.topic}[{sent.partition}]@{sent.offset}: ")
        with pytest.raises(DecodeError, match=r"acme\.Paid"):  # and comes again
            events.poll(60)


def test_an_event_of_another_topic_is_refused(bus: Bus, fresh: Fresh) -> None:
    with fresh(Orders).producer(bus) as orders:
        with pytest.raises(EncodeError, match="carries Paid, Placed, not a Reading"):
            orders.send(Reading(celsius=1.0))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
