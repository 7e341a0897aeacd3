"""Messages that cannot be read: each error says which message, why, and what to do; the offset stays, or it is passed over."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from kontrakt import Bus, DecodeError, Put, SchemaNotFound, UnresolvableError
from kontrakt.codec.framing import KEY_SCHEMA_HEADER, VALUE_SCHEMA_HEADER, frame_prefix

from tests.kafka.conftest import PATIENCE
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Paid, Placed
from tests.kafka.new.readings import Readings
from tests.kafka.new.ticks import Ticks

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place


def good(place: Place, bus: Bus, fresh: Fresh) -> bytes:
    """The payload of a customer, as it stands on a topic."""
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1", email="ada@example.org"))
    (message,) = place.raw(topic.topic, 1)
    value = message.value()
    assert value is not None
    return value


BROKEN: list[tuple[str, Callable[[bytes], bytes], type[Exception], str]] = [
    ("empty", lambda _: b"", DecodeError, "not Confluent-framed Avro: .* the message has none"),
    ("bad magic byte", lambda data: b"\x07" + data[1:], DecodeError, "it starts with the byte 0x07 and not with 0"),
    ("JSON", lambda _: b'{"customer_id": "c-1"}', DecodeError, "it looks like JSON"),
    ("cut off in the frame", lambda data: data[:3], DecodeError, "a frame has 5 bytes.*the message has 3"),
    ("cut off in the value", lambda data: data[:-3], DecodeError, "ends"),
    ("too long", lambda data: data + b"\0", DecodeError, "1 byte follows after the value"),
    ("unknown schema id", lambda data: frame_prefix(2**31 - 7) + data[5:], SchemaNotFound, "schema id 2147483641"),
]


@pytest.mark.parametrize(("make", "kind", "said"), [one[1:] for one in BROKEN], ids=[one[0] for one in BROKEN])
def test_a_broken_payload_stops_a_consumer_and_says_where_it_is(
    place: Place,
    bus: Bus,
    fresh: Fresh,
    make: Callable[[bytes], bytes],
    kind: type[Exception],
    said: str,
) -> None:
    data = good(place, bus, fresh)
    topic = fresh(Customers)
    for value in (data, make(data), data):
        place.send(topic.topic, value, key=b"c-1", partition=2)
    with topic.consumer(bus, group="g") as changes:
        assert changes.poll(PATIENCE) is not None
        for _ in range(2):  # it comes again
            with pytest.raises(kind, match=rf'^{topic.topic}\[2\]@1: .*{said}.*on_error="skip"'):
                changes.poll(PATIENCE)
        with pytest.raises(kind, match=said):
            next(iter(changes))
        with pytest.raises(kind, match=said):
            next(changes.until_end())
        with pytest.raises(kind, match=said):
            changes.run(lambda _: None)
    assert place.committed(topic.topic, "g") == 1


def test_broken_payloads_may_be_passed_over(
    place: Place, bus: Bus, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    data = good(place, bus, fresh)
    topic = fresh(Customers)
    for _, make, _, _ in BROKEN:
        place.send(topic.topic, make(data), key=b"c-1")
    place.send(topic.topic, data, key=b"c-1")
    with caplog.at_level(logging.ERROR, "kontrakt.kafka"), topic.consumer(bus, group="g", on_error="skip") as changes:
        (change,) = changes.until_end()
        assert isinstance(change, Put)
        assert change.meta.offset == len(BROKEN)
    said = [record.getMessage() for record in caplog.records if record.getMessage().startswith("skipping")]
    for offset, (one, (*_, why)) in enumerate(zip(said, BROKEN, strict=True)):
        assert one.startswith(f"skipping {topic.topic}[0]@{offset}, which cannot be read: ")
        assert why.split(".*")[0] in one
    assert place.committed(topic.topic, "g") == len(BROKEN) + 1


def test_a_broken_key_says_that_it_is_the_key(place: Place, bus: Bus, fresh: Fresh) -> None:
    data = good(place, bus, fresh)
    for value in (data, None):  # of a tombstone too
        for key, said in ((None, "key: the message has no key"), (b"\xff", "key: not UTF-8")):
            topic = fresh(Customers)
            place.send(topic.topic, value, key=key)
            with (
                topic.consumer(bus, group="g") as changes,
                pytest.raises(DecodeError, match=rf"^{topic.topic}\[0\]@0: {said}"),
            ):
                changes.poll(PATIENCE)


def test_a_broken_key_in_avro_says_that_it_is_the_key(place: Place, bus: Bus, fresh: Fresh) -> None:
    from tests.kafka.new.acme import Reading, SensorKey

    topic = fresh(Readings)
    with topic.producer(bus) as readings:
        sent = readings.send(SensorKey(building="north", sensor=1), Reading(celsius=1)).result(PATIENCE)
    (message,) = place.raw(topic.topic, 1)
    key, value = message.key(), message.value()
    assert key is not None
    assert value is not None
    cases = [
        (key[:-1], DecodeError, r"key: .*ends"),
        (b"north-1", DecodeError, "key: not Confluent-framed Avro"),
        (value, UnresolvableError, "key: it is acme.Reading, not SensorKey"),
    ]
    with topic.consumer(bus, group="g") as events:
        assert events.poll(PATIENCE) is not None
    for offset, (broken, kind, said) in enumerate(cases, start=1):
        place.send(topic.topic, value, key=broken, partition=sent.partition)
        with topic.consumer(bus, group="g", on_error="stop") as events:
            with pytest.raises(kind, match=rf"^{topic.topic}\[{sent.partition}\]@{offset}: {said}"):
                events.poll(PATIENCE)
        with topic.consumer(bus, group="g", on_error="skip") as events:
            assert list(events.until_end()) == []


def test_a_payload_of_another_record_is_refused(place: Place, bus: Bus, fresh: Fresh) -> None:
    data = good(place, bus, fresh)
    topic = fresh(Ticks)
    place.send(topic.topic, data)
    with topic.consumer(bus, group="g", unknown="stop") as events:
        with pytest.raises(DecodeError, match=rf"^{topic.topic}\[0\]@0: it is acme.Customer, which this package"):
            events.poll(PATIENCE)
    orders = fresh(Orders)
    with orders.producer(bus) as producer:
        producer.send(Paid(order_id="o-1", total=1))
    (message,) = place.raw(orders.topic, 1)
    entities = fresh(Customers)
    place.send(entities.topic, message.value())
    with entities.consumer(bus, group="g") as changes:
        with pytest.raises(DecodeError, match=rf"^{entities.topic}\[0\]@0: it is acme.Paid, not a Customer"):
            changes.poll(PATIENCE)


def test_an_event_without_a_payload_is_refused(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Orders)
    place.send(topic.topic, None)
    with topic.consumer(bus, group="g") as events:
        with pytest.raises(DecodeError, match=rf"^{topic.topic}\[0\]@0: a message without a payload is not an event"):
            events.poll(PATIENCE)


def test_the_schema_may_be_named_in_a_header(place: Place, bus: Bus, fresh: Fresh) -> None:
    """As newer clients of Confluent do: the payload is bare."""
    data = good(place, bus, fresh)
    topic = fresh(Customers)
    place.send(topic.topic, data[5:], key=b"c-1", headers=[(VALUE_SCHEMA_HEADER, data[:5])])
    place.send(topic.topic, data[5:], key=b"c-1", headers=[(VALUE_SCHEMA_HEADER, b"\1\2")])
    with topic.consumer(bus, group="g") as changes:
        change = changes.poll(PATIENCE)
        assert isinstance(change, Put)
        assert change.value.email == "ada@example.org"
        with pytest.raises(DecodeError, match=rf"^{topic.topic}\[0\]@1: the schema header holds neither"):
            changes.poll(PATIENCE)


def test_the_schema_of_a_key_may_be_named_in_a_header(place: Place, bus: Bus, fresh: Fresh) -> None:
    from tests.kafka.new.acme import Reading, SensorKey

    topic = fresh(Readings)
    with topic.producer(bus) as readings:
        readings.send(SensorKey(building="north", sensor=1), Reading(celsius=1))
    (message,) = place.raw(topic.topic, 1)
    key = message.key()
    assert key is not None
    again = fresh(Readings, like=topic)
    place.send(again.topic, message.value(), key=key[5:], headers=[(KEY_SCHEMA_HEADER, key[:5])])
    with again.consumer(bus, group="g") as events:
        assert [event.key for event in events.until_end()] == [SensorKey(building="north", sensor=1)] * 2


def test_a_handler_is_not_called_for_what_cannot_be_read(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Orders)
    place.send(topic.topic, b"{}")
    with topic.producer(bus) as orders:
        orders.send(Placed(order_id="o-1", total=1))
    handled: list[object] = []
    with topic.consumer(bus, group="g", on_error="skip") as events:

        def handle(event: object) -> None:
            handled.append(event)
            events.stop()

        events.run(handle)
    assert len(handled) == 1
