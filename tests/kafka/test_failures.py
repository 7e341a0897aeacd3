"""Messages that fail follow a policy: tried again in the order of their key, passed over, or put aside; nothing is lost."""

from __future__ import annotations

import datetime as dt
import logging
import struct
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from kontrakt import (
    Bus,
    DeadLetter,
    Delete,
    HandlerError,
    Put,
    RegistryUnavailable,
    Retry,
    SchemaNotFound,
    TopicNotFound,
    UnknownEvent,
)
from kontrakt.codec.framing import frame_prefix
from kontrakt.kafka.dead_letters import headers_of
from kontrakt.registry.embedded import EmbeddedRegistry
from kontrakt.testing import FakeClock

from tests.kafka.bank import Bank
from tests.kafka.conftest import PATIENCE, Fresh, Place, in_thread
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Paid
from tests.kafka.new.payments import Payments
from tests.kafka.old import orders as old

if TYPE_CHECKING:
    from kontrakt import OnError
    from kontrakt.kafka.consumer import EntityConsumer

Change = Put[str, Customer] | Delete[str]

SOON = dt.timedelta(milliseconds=20)


def quick(attempts: int | None = 5, **more: Any) -> Retry:
    return Retry(attempts=attempts, first=SOON, longest=SOON, **more)


def fill(bus: Bus, topic: type[Customers], *keys: str, each: int = 3) -> None:
    """Messages with the visits 0, 1, ... of each key, the keys in turn."""
    with topic.producer(bus) as customers:
        for n in range(each):
            for key in keys:
                customers.put(Customer(customer_id=key, visits=n))


@dataclass
class Handling:
    """Keeps what came, by key; fails at a visit of a key as often as it is told to; stops after so many that it handled."""

    topic: type[Customers]
    bus: Bus
    count: int
    failing: dict[tuple[str, int], int]
    policy: OnError

    def __post_init__(self) -> None:
        self.tried: dict[str, list[int]] = defaultdict(list)
        self.handled: dict[str, list[int]] = defaultdict(list)
        self.lock = threading.Lock()

    def run(self, *, group: str = "g", workers: int = 1) -> None:
        with self.topic.consumer(self.bus, group=group, on_error=self.policy) as self.consumer:
            self.consumer.run(self.handle, workers=workers)

    def handle(self, change: Change) -> None:
        assert isinstance(change, Put)
        key, visits = change.key, change.value.visits
        with self.lock:
            self.tried[key].append(visits)
            left = self.failing.get((key, visits), 0)
            self.failing[key, visits] = left - 1
            if left > 0:
                raise RuntimeError(f"no {visits}")
            self.handled[key].append(visits)
            if sum(map(len, self.handled.values())) == self.count:
                self.consumer.stop()


WORKERS = pytest.mark.parametrize("workers", [1, 3])


@WORKERS
def test_a_handler_that_fails_is_tried_again_and_its_key_waits(
    place: Place, bus: Bus, fresh: Fresh, workers: int
) -> None:
    topic = fresh(Customers)
    fill(bus, topic, "c-1", "c-2", "c-3")
    failing = {("c-1", 0): 2, ("c-2", 1): 1}
    handling = Handling(topic, bus, 9, failing, quick())
    handling.run(workers=workers)
    assert handling.tried["c-1"] == [0, 0, 0, 1, 2]
    assert handling.tried["c-2"] == [0, 1, 1, 2]
    assert handling.handled == {key: [0, 1, 2] for key in ("c-1", "c-2", "c-3")}
    assert place.committed(topic.topic, "g") == 9


@WORKERS
def test_while_one_partition_waits_the_others_go_on(bus: Bus, fresh: Fresh, workers: int) -> None:
    """c-1 and c-2 are in different partitions. The first fails until the second is through."""
    topic = fresh(Customers)
    fill(bus, topic, "c-1")
    fill(bus, topic, "c-2", each=600)
    through = threading.Event()
    tried: list[int] = []

    with topic.consumer(bus, group="g", on_error=quick(None)) as changes:

        def handle(change: Change) -> None:
            assert isinstance(change, Put)
            if change.key == "c-2":
                if change.value.visits == 599:
                    if not tried:
                        raise RuntimeError("the other has not failed yet")
                    through.set()
                return
            tried.append(change.value.visits)
            if not through.is_set():
                raise RuntimeError("not yet")
            if change.value.visits == 2:
                changes.stop()

        changes.run(handle, workers=workers)
    assert tried[-3:] == [0, 1, 2]
    assert set(tried[:-3]) == {0}


@WORKERS
def test_after_the_last_attempt_it_stops(place: Place, bus: Bus, fresh: Fresh, workers: int) -> None:
    topic = fresh(Customers)
    fill(bus, topic, "c-1")
    handling = Handling(topic, bus, 3, {("c-1", 1): 99}, quick(3))
    with pytest.raises(HandlerError, match=rf"{topic.topic}\[\d\]@1: the handler failed: RuntimeError: no 1") as failed:
        handling.run(workers=workers)
    assert isinstance(failed.value.__cause__, RuntimeError)
    assert handling.tried["c-1"] == [0, 1, 1, 1]
    assert place.committed(topic.topic, "g") == 1
    again = Handling(topic, bus, 2, {}, "stop")
    again.run(workers=workers)
    assert again.handled["c-1"] == [1, 2]


@WORKERS
@pytest.mark.parametrize("policy", ["skip", quick(2, then="skip")])
def test_what_is_skipped_is_logged(
    place: Place, bus: Bus, fresh: Fresh, caplog: pytest.LogCaptureFixture, policy: OnError, workers: int
) -> None:
    topic = fresh(Customers)
    fill(bus, topic, "c-1")
    handling = Handling(topic, bus, 2, {("c-1", 1): 99}, policy)
    with caplog.at_level(logging.ERROR, "kontrakt.kafka"):
        handling.run(workers=workers)
    assert handling.handled["c-1"] == [0, 2]
    (record,) = [one for one in caplog.records if one.getMessage().startswith("skipping")]
    assert "the handler failed: RuntimeError: no 1" in record.getMessage()
    assert record.exc_info is not None
    assert place.committed(topic.topic, "g") == 3


@WORKERS
@pytest.mark.parametrize("policy", [DeadLetter(), quick(2, then=DeadLetter())])
def test_a_dead_letter_is_the_message_with_the_reason(
    place: Place, bus: Bus, fresh: Fresh, policy: OnError, workers: int
) -> None:
    topic = fresh(Customers)
    letters = f"{topic.topic}.g.dlq"
    place.create(letters)
    with topic.producer(bus) as customers:
        sent = customers.put(
            Customer(customer_id="c-1", visits=7), headers=[("trace", "1"), ("trace", b"\xff"), ("no", None)]
        )
    fill(bus, topic, "c-1")
    handling = Handling(topic, bus, 3, {("c-1", 7): 99}, policy)
    handling.run(workers=workers)
    assert place.committed(topic.topic, "g") == 4
    (letter,) = place.raw(letters, 1)
    original = next(one for one in place.raw(topic.topic, 4) if one.offset() == 0)
    assert (letter.key(), letter.value()) == (original.key(), original.value())
    headers = headers_of(letter)
    assert headers[:3] == [("trace", b"1"), ("trace", b"\xff"), ("no", None)]
    found = dict(headers[3:])
    at = sent.result()
    said = f"{topic.topic}[{at.partition}]@{at.offset}: the handler failed: RuntimeError: no 7".encode()
    assert b"Traceback" in (found.pop("kafka_dlt-exception-stacktrace") or b"")
    assert found == {
        "kafka_dlt-original-topic": topic.topic.encode(),
        "kafka_dlt-original-partition": struct.pack(">i", at.partition),
        "kafka_dlt-original-offset": struct.pack(">q", at.offset),
        "kafka_dlt-original-timestamp": struct.pack(">q", original.timestamp()[1]),
        "kafka_dlt-original-timestamp-type": b"CreateTime",
        "kafka_dlt-original-consumer-group": b"g",
        "kafka_dlt-exception-fqcn": b"kontrakt.errors.HandlerError",
        "kafka_dlt-exception-cause-fqcn": b"RuntimeError",
        "kafka_dlt-exception-message": said,
        "__connect.errors.topic": topic.topic.encode(),
        "__connect.errors.partition": str(at.partition).encode(),
        "__connect.errors.offset": str(at.offset).encode(),
        "__connect.errors.exception.class.name": b"RuntimeError",
        "__connect.errors.exception.message": said,
    }


USES: dict[str, Callable[[EntityConsumer[str, Customer]], list[Change]]] = {
    "iterated": lambda changes: [next(iter(changes))],
    "polled": lambda changes: [change for change in [changes.poll(PATIENCE)] if change is not None],
    "batches": lambda changes: next(changes.batches()),
    "until": lambda changes: list(changes.until_end()),
}


def test_what_cannot_be_read_is_put_aside_however_it_is_asked_for(place: Place, bus: Bus, fresh: Fresh) -> None:
    """Bytes that do not fit, a key that does not, a tombstone without a key: iterated, polled, in batches, and handled."""
    topic = fresh(Customers)
    broken: list[tuple[bytes | None, bytes | None]] = [(b"c-1", b"{}"), (b"\xff", None), (None, None), (b"c-1", b"")]
    for key, value in broken:
        place.send(topic.topic, value, key=key)
    place.send(topic.topic, None, key=b"c-9")
    for group, use in USES.items():
        place.create(f"{topic.topic}.{group}.dlq")
        with topic.consumer(bus, group=group, on_error=quick(then=DeadLetter())) as changes:
            (change,) = use(changes)
            assert change.key == "c-9"
        letters = place.raw(f"{topic.topic}.{group}.dlq", len(broken))
        assert sorted((str(one.key()), str(one.value())) for one in letters) == sorted(
            (str(key), str(value)) for key, value in broken
        )
        assert all(
            dict(headers_of(one))["kafka_dlt-exception-fqcn"] == b"kontrakt.errors.DecodeError" for one in letters
        )
        assert place.committed(topic.topic, group) == len(broken) + 1


def test_dead_letters_may_go_to_a_topic_that_is_named(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    letters = f"{topic.topic}-graveyard"
    place.create(letters)
    place.send(topic.topic, b"{}", key=b"c-1")
    with topic.consumer(bus, group="g", on_error=DeadLetter(letters)) as changes:
        assert list(changes.until_end()) == []
    (letter,) = place.raw(letters, 1)
    assert letter.value() == b"{}"


@pytest.mark.real
@pytest.mark.parametrize("place", ["apicurio3"], indirect=True)
def test_a_missing_topic_for_dead_letters_is_told_before_anything_is_read(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with pytest.raises(TopicNotFound, match=rf"{topic.topic}.g.dlq.*dead letters of the group g go there"):
        topic.consumer(bus, group="g", on_error=quick(then=DeadLetter()))


def test_an_unknown_type_has_a_policy_of_its_own(
    place: Place, bus: Bus, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Orders)
    before = fresh(old.Orders, like=topic, register=False)
    with topic.producer(bus) as orders:
        orders.send(Paid(order_id="o-1", total=1))
        orders.send(Paid(order_id="o-1", total=2))
    place.create(f"{topic.topic}.aside.dlq")
    with before.consumer(bus, group="aside", unknown=DeadLetter()) as events:
        assert list(events.until_end()) == []
    letters = place.raw(f"{topic.topic}.aside.dlq", 2)
    assert {dict(headers_of(one))["kafka_dlt-exception-fqcn"] for one in letters} == {b"kontrakt.errors.UnknownEvent"}
    with before.consumer(bus, group="stop", on_error="skip", unknown="stop") as events:
        with pytest.raises(UnknownEvent, match=rf"^{topic.topic}\[\d\]@0: it is shop.Paid|Paid"):
            list(events.until_end())
    with caplog.at_level(logging.WARNING, "kontrakt.kafka"), before.consumer(bus, group="skip") as events:
        assert list(events.until_end()) == []
    assert len([one for one in caplog.records if one.getMessage().startswith("skipping")]) == 1


class Registries:
    """A registry that goes away and comes back at the same address, with nothing in it."""

    def __init__(self, place: Place) -> None:
        self.running = EmbeddedRegistry(level="NONE")
        self.running.start()
        self.port = int(self.running.url.rpartition(":")[2])
        self.place = replace(place, registry_url=self.running.url)

    def stop(self) -> None:
        self.running.stop()

    def start(self) -> None:
        self.running = EmbeddedRegistry(port=self.port, level="NONE")
        self.running.start()


@pytest.fixture
def registries(place: Place) -> Iterator[Registries]:
    found = Registries(place)
    yield found
    found.stop()


def messages_of(registries: Registries, topic: type[Customers]) -> None:
    """Three messages of a key, whose schema only a registry knew that is gone."""
    with registries.place.connect() as bus:
        bus.register(topic)
        fill(bus, topic, "c-1")
    registries.stop()


@pytest.mark.parametrize("policy", ["stop", "skip", DeadLetter()])
def test_a_registry_that_is_away_is_no_reason_to_pass_over_a_message(
    place: Place, fresh: Fresh, registries: Registries, policy: OnError
) -> None:
    topic = fresh(Customers)
    messages_of(registries, topic)
    place.create(f"{topic.topic}.g.dlq")
    with registries.place.connect() as bus, topic.consumer(bus, group="g", on_error=policy) as changes:
        with pytest.raises(RegistryUnavailable, match=rf"^{topic.topic}\[\d\]@0: "):
            changes.poll(PATIENCE)
    assert place.committed(topic.topic, "g") == 0


def test_a_registry_that_is_away_and_a_schema_that_it_does_not_know_yet_are_waited_for(
    place: Place, fresh: Fresh, registries: Registries, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Customers)
    messages_of(registries, topic)

    def until(said: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not any(said in one.getMessage() for one in caplog.records):
            assert time.monotonic() < deadline, caplog.text
            time.sleep(0.02)

    with registries.place.connect() as bus, caplog.at_level(logging.WARNING, "kontrakt.kafka"):
        handling = Handling(topic, bus, 3, {}, quick(None))
        with in_thread(handling.run):
            until("trying again")
            registries.start()
            until("no schema has the id")
            bus.register(topic)
    assert handling.handled["c-1"] == [0, 1, 2]
    assert place.committed(topic.topic, "g") == 3


def test_a_schema_that_is_never_found_is_what_the_policy_says_in_the_end(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    place.send(topic.topic, frame_prefix(2**31 - 7) + b"\0", key=b"c-1")
    place.send(topic.topic, None, key=b"c-1")
    with topic.consumer(bus, group="g", on_error=quick(2, then="stop")) as changes:
        with pytest.raises(SchemaNotFound, match=rf"^{topic.topic}\[0\]@0: "):
            changes.poll(PATIENCE)
    with topic.consumer(bus, group="g", on_error=quick(2, then="skip")) as changes:
        assert [change.key for change in changes.until_end()] == ["c-1"]


def test_a_request_that_nobody_can_be_told_of_is_put_aside(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Payments)
    requests = f"{topic.topic}.requests"
    place.create(f"{requests}.bank.dlq")
    place.send(requests, b"{}")
    with topic.serve(bus, Bank(), group="bank", on_error=quick(then=DeadLetter())), topic.client(bus) as payments:
        payments.authorize(order_id="o-1", amount=5)
    (letter,) = place.raw(f"{requests}.bank.dlq", 1)
    assert letter.value() == b"{}"
    assert place.committed(requests, "bank") == 2


def test_waits_go_by_the_clock_of_the_bus(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    fill(bus, topic, "c-1", each=1)
    bus.clock = FakeClock(tick=dt.timedelta(minutes=10))
    hours = dt.timedelta(hours=3)
    handling = Handling(topic, bus, 1, {("c-1", 0): 3}, Retry(first=hours, longest=hours))
    handling.run()
    assert handling.tried["c-1"] == [0, 0, 0, 0]


@pytest.mark.parametrize("place", ["embedded"], indirect=True)  # librdkafka counts the silence, not the broker
def test_a_wait_may_be_longer_than_a_group_bears_silence(
    bus: Bus, fresh: Fresh, caplog: pytest.LogCaptureFixture
) -> None:
    """librdkafka is polled while a message waits: the member is not given up after ``max.poll.interval.ms``."""
    topic = fresh(Customers)
    fill(bus, topic, "c-1", each=1)
    tried: list[object] = []
    silence = {"group.protocol": "classic", "max.poll.interval.ms": 6000, "session.timeout.ms": 6000}
    long = dt.timedelta(seconds=8)
    policy = Retry(attempts=2, first=long, longest=long, jitter=0)
    with topic.consumer(bus, group="silent", on_error=policy, config=silence) as changes:

        def handle(change: Change) -> None:
            tried.append(change)
            if len(tried) < 2:
                raise RuntimeError("once")
            changes.stop()

        changes.run(handle)
    assert len(tried) == 2
    assert "lost partitions" not in caplog.text
    assert "max.poll.interval" not in caplog.text
