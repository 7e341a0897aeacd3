"""A service on the JVM beside one of kontrakt, on Apache Kafka and a foreign registry: each reads what the other wrote, and asks it."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from kontrakt import Bus, DeadLetter, Delete, Put
from shop.customers import Customer, Customers
from shop.order import OrderLine
from shop.order_events import OrderEvents, OrderPlaced
from shop.types import Money

from tests.kafka.bank import Bank, raising
from tests.kafka.conftest import PATIENCE, bus, fresh, place
from tests.kafka.new.door_locks import DoorLocks, Lock
from tests.kafka.new.payments import CardDeclined, Payments
from tests.real.program import ForeignProgram, java_program

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place
    from tests.real.start import JavaLibraries

__all__ = ["bus", "fresh", "place"]  # fixtures

PROGRAM = Path(__file__).with_name("Peer.java")
TENANT = UUID("9f8b2c64-1111-4222-8333-444455556666")

pytestmark = [pytest.mark.parametrize("place", ["apicurio3"], indirect=True), pytest.mark.real]


class Peer:
    """The service on the JVM."""

    def __init__(self, program: ForeignProgram, place: Place) -> None:
        self._program = program
        self._where = {"servers": place.bootstrap_servers, "registry": place.registry_url}

    def __call__(self, do: str, **given: Any) -> Any:
        return json.loads(self._program.ask(json.dumps({"do": do, **self._where, **given})))


@pytest.fixture(scope="module")
def program(spring_libraries: JavaLibraries) -> Iterator[ForeignProgram]:
    with java_program(spring_libraries, PROGRAM) as running:
        yield running


@pytest.fixture
def peer(program: ForeignProgram, place: Place) -> Peer:
    return Peer(program, place)


PLACED = OrderPlaced(
    event_id=UUID("00000000-0000-4000-8000-000000000001"),
    occurred_at=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC),
    order_id="o-1",
    customer_id="c-å",
    lines=[OrderLine(product_id="p-7", quantity=2, unit_price=Money(amount=Decimal("24.95"), currency="SEK"))],
    total=Money(amount=Decimal("49.90"), currency="SEK"),
)
AS_JAVA_HAS_IT = {
    "event_id": "00000000-0000-4000-8000-000000000001",
    "occurred_at": 1_772_366_400_000,
    "order_id": "o-1",
    "customer_id": "c-å",
    "lines": [{"product_id": "p-7", "quantity": 2, "unit_price": {"amount": "\x09\xbf", "currency": "SEK"}}],
    "total": {"amount": "\x13\x7e", "currency": "SEK"},
    "ship_to": None,
}


def test_java_reads_what_kontrakt_wrote(bus: Bus, fresh: Fresh, peer: Peer) -> None:
    """Schemas with references, logical types, a union."""
    topic = fresh(OrderEvents)
    with topic.producer(bus) as events:
        sent = events.send(PLACED).result(PATIENCE)
    (read,) = peer("read", topic=topic.topic, count=1)
    assert read == {"partition": sent.partition, "key": "o-1", "value": AS_JAVA_HAS_IT, "headers": {}}


def test_kontrakt_reads_what_java_wrote(bus: Bus, fresh: Fresh, peer: Peer) -> None:
    topic = fresh(OrderEvents)
    subject = f"{topic.topic}-shop.order.OrderPlaced"
    message = {"key": "o-1", "subject": subject, "value": AS_JAVA_HAS_IT}
    (partition,) = peer("write", topic=topic.topic, messages=[message])
    with topic.consumer(bus, group="g") as events:
        (event,) = events.until_end()
    assert (event.key, event.value, event.meta.partition) == ("o-1", PLACED, partition)
    assert event.meta.event_id == PLACED.event_id


KEYS = ["c-1", "c-2", "c-3", "", "å", "鍵", "🔑", "a-little-bit-longer-string"]


def test_both_send_a_key_to_the_same_partition(bus: Bus, fresh: Fresh, peer: Peer) -> None:
    """So that what both write of one entity has one order; a tombstone of one deletes what the other wrote."""
    topic = fresh(Customers)
    with topic.producer(bus) as customers:
        sent = [customers.put(Customer(customer_id=key, email=f"{key}@a")) for key in KEYS]
        ours = [delivery.result(PATIENCE).partition for delivery in sent]
    assert peer("write", topic=topic.topic, messages=[{"key": key, "value": None} for key in KEYS]) == ours
    with topic.consumer(bus, group="g") as changes:
        seen = list(changes.until_end())
    for key in KEYS:
        put, delete = (change for change in seen if change.key == key)
        assert isinstance(put, Put)
        assert isinstance(delete, Delete)


def test_declared_headers_are_what_javas_serializers_write(bus: Bus, fresh: Fresh, peer: Peer) -> None:
    topic = fresh(DoorLocks)
    header = {"tenant": str(TENANT).encode().hex()}
    with topic.producer(bus) as locks:
        locks.put(Lock(door="d-1", locked=True), headers=topic.Headers(tenant=TENANT))
    value = {"door": "d-1", "locked": False}
    written = {"key": "d-1", "subject": f"{topic.topic}-value", "value": value, "headers": header}
    peer("write", topic=topic.topic, messages=[written])
    first, second = peer("read", topic=topic.topic, count=2)
    assert first["headers"] == second["headers"] == header
    with topic.consumer(bus, group="g") as changes:
        assert [topic.Headers.of(change.meta) for change in changes.until_end()] == [topic.Headers(tenant=TENANT)] * 2


def test_java_reads_a_dead_letter_as_it_reads_springs_own(bus: Bus, fresh: Fresh, place: Place, peer: Peer) -> None:
    """Spring puts the same message aside; the letters say the same in the same bytes, but for what failed."""
    topic = fresh(OrderEvents)
    ours, springs = f"{topic.topic}.billing.dlq", f"{topic.topic}.spring.dlq"
    for one in (ours, springs):
        place.create(one)
    with topic.producer(bus) as events:
        sent = events.send(PLACED, headers=[("tenant", "ä")]).result(PATIENCE)

    def refuse(_event: object) -> None:
        failing.stop()
        raise RuntimeError("the ledger is lockéd")

    with topic.consumer(bus, group="billing", on_error=DeadLetter()) as failing:
        failing.run(refuse)
    (raw,) = place.raw(ours, 1)
    letter = peer("letter", topic=ours)
    assert letter.pop("stacktrace").endswith(letter["message"] + "\n")
    assert letter == {
        "key": "o-1",
        "value": AS_JAVA_HAS_IT,
        "topic": topic.topic,
        "partition": sent.partition,
        "offset": sent.offset,
        "timestamp": raw_time(place, topic.topic),
        "timestamp_type": "CreateTime",
        "group": "billing",
        "error": "kontrakt.errors.HandlerError",
        "cause": "RuntimeError",
        "message": f"{topic.topic}[{sent.partition}]@{sent.offset}: the handler failed: RuntimeError: the ledger is lockéd",
    }
    peer("recover", topic=topic.topic, to=springs, group="billing", message="the ledger is lockéd")
    (theirs,) = place.raw(springs, 1)
    assert (theirs.key(), theirs.value(), theirs.partition()) == (raw.key(), raw.value(), raw.partition())
    kept, put_aside = headers(raw), headers(theirs)
    assert kept["tenant"] == put_aside["tenant"] == "ä".encode()
    assert {name for name in put_aside if name.startswith("kafka_dlt-")} <= kept.keys()
    originals = [name for name in kept if name.startswith("kafka_dlt-original-")]
    assert {name: kept[name] for name in originals} == {name: put_aside[name] for name in originals}


def headers(message: Any) -> dict[str, bytes]:
    return dict(message.headers())


def raw_time(place: Place, topic: str) -> int:
    (message,) = place.raw(topic, 1)
    return int(message.timestamp()[1])


@pytest.mark.parametrize("partition", [None, 2], ids=["all partitions", "one partition"])
def test_springs_reply_template_asks_a_service_of_kontrakt(
    bus: Bus, fresh: Fresh, peer: Peer, partition: int | None
) -> None:
    topic = fresh(Payments)
    bank = Bank()
    question = {
        "topic": topic.topic,
        "key": "o-1",
        "subject": f"{topic.topic}.requests-acme.AuthorizeRequest",
        "value": {"order_id": "o-1", "amount": 5, "currency": "SEK"},
        "partition": partition,
    }
    with topic.serve(bus, bank, group="bank"):
        answer = peer("ask", **question)
        made = {"authorization_id": "a-o-1-5SEK", "note": ""}
        assert answer["value"] == {"response": {"acme.Authorization": made}, "error": None}
        assert partition in (None, answer["partition"])
        bank.instead = raising(CardDeclined(reason="expired", retry=True))
        answer = peer("ask", **question)
    declined = {"acme.CardDeclined": {"reason": "expired", "retry": True}}
    assert answer["value"] == {"response": None, "error": declined}


def test_a_client_of_kontrakt_asks_a_listener_of_spring(bus: Bus, fresh: Fresh, peer: Peer) -> None:
    """Which knows nothing of kontrakt: it answers where the headers of the request say."""
    topic = fresh(Payments)
    assert peer("answer", topic=topic.topic) is True
    with topic.client(bus) as payments, topic.client(bus) as others:
        for number in range(5):
            assert payments.authorize(order_id=f"o-{number}", amount=5).authorization_id == f"jvm-o-{number}"
            assert others.authorize(order_id=f"p-{number}", amount=5).authorization_id == f"jvm-p-{number}"
