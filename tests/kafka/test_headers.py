"""Headers that a contract declares, and the id and time of events: typed on both sides, beside the headers that nobody declared."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import pytest
from kontrakt import Bus, DecodeError, Delete, EncodeError, Put, RequestFailed, RequestMeta

from tests.kafka.conftest import PATIENCE
from tests.kafka.new.acme import Counter
from tests.kafka.new.counters import Counters
from tests.kafka.new.door_locks import DoorLocks, Lock
from tests.kafka.new.doors import Doors, Opened
from tests.kafka.new.locksmith import KnockRequest, Locksmith, OpenRequest

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place

TENANT = UUID("9f8b2c64-1111-4222-8333-444455556666")


def test_what_is_sent_is_read(place: Place, bus: Bus, fresh: Fresh) -> None:
    """In the bytes that Java's serializers write."""
    topic = fresh(Doors)
    whole = topic.Headers(tenant=TENANT, trace_id="å-1", hops=-2, sent=2**40, raw=b"\0\xff")
    with topic.producer(bus) as doors:
        doors.send(Opened(door="d-1"), headers=whole)
        doors.send(Opened(door="d-1"), headers=[*topic.Headers(tenant=TENANT), ("more", b"1"), ("more", b"2")])
        doors.send(Opened(door="d-1"), headers=[("tenant", str(TENANT)), ("hops", b"\0\0\0\7")])
    with topic.consumer(bus, group="g") as events:
        first, second, third = (event.meta for event in events.until_end())
    assert topic.Headers.of(first) == whole
    assert first.headers == [
        ("tenant", str(TENANT).encode()),
        ("Trace-Id", "å-1".encode()),
        ("hops", b"\xff\xff\xff\xfe"),
        ("sent", b"\0\0\1\0\0\0\0\0"),
        ("raw", b"\0\xff"),
    ]
    assert topic.Headers.of(second) == topic.Headers(tenant=TENANT)
    assert [value for name, value in second.headers if name == "more"] == [b"1", b"2"]
    assert topic.Headers.of(third) == topic.Headers(tenant=TENANT, hops=7)


def test_tombstones_carry_headers_too(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(DoorLocks)
    with topic.producer(bus) as locks:
        locks.put(Lock(door="d-1", locked=True), headers=topic.Headers(tenant=TENANT))
        locks.delete("d-1", headers=topic.Headers(tenant=TENANT))
        with pytest.raises(
            EncodeError, match=rf"a message to {topic.topic}: the header tenant is missing.*DoorLocks\.Headers"
        ):
            locks.delete("d-1")
    with topic.consumer(bus, group="g") as changes:
        put, delete = changes.until_end()
    assert isinstance(put, Put)
    assert isinstance(delete, Delete)
    assert {topic.Headers.of(change.meta).tenant for change in (put, delete)} == {TENANT}


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (None, "the header tenant is missing, which the contract declares"),
        ({}, "the header tenant is missing"),
        ({"Tenant": str(TENANT)}, "the header tenant is missing"),  # Kafka's headers tell capitals from small letters
        ({"tenant": "me"}, "the header tenant: 'me' is not a UUID"),
        ({"tenant": b"\xff"}, "the header tenant: not UTF-8"),
        ({"tenant": str(TENANT), "hops": b"\1"}, "the header hops: expected 4 bytes, got 1"),
        (Doors.Headers(tenant="me"), "the header tenant: expected UUID, got str"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        (Doors.Headers(tenant=None), "the header tenant is None, and it is not optional"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
        (Doors.Headers(tenant=TENANT, hops=2**31), "the header hops: int 2147483648 does not fit into 32 bits"),
        (Doors.Headers(tenant=TENANT, raw="x"), "the header raw: expected bytes, got str"),  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    ],
)
def test_a_message_whose_headers_are_wrong_is_not_sent(bus: Bus, fresh: Fresh, headers: Any, said: str) -> None:
    topic = fresh(Doors)
    with topic.producer(bus) as doors, pytest.raises(EncodeError, match=said):
        doors.send(Opened(door="d-1"), headers=headers)
    with topic.consumer(bus, group="g") as events:
        assert list(events.until_end()) == []


def test_headers_that_others_wrote_wrongly_are_said_when_they_are_looked_at(
    place: Place, bus: Bus, fresh: Fresh
) -> None:
    topic = fresh(Doors)
    with topic.producer(bus) as doors:
        doors.send(Opened(door="d-1"), headers=topic.Headers(tenant=TENANT))
    (message,) = place.raw(topic.topic, 1)
    wrongly: list[tuple[str, str | bytes | None]] = [("tenant", b"me")]
    for headers in ([], wrongly):
        place.send(topic.topic, message.value(), key=b"d-1", partition=message.partition() or 0, headers=headers)
    with topic.consumer(bus, group="g") as events:
        _, without, wrong = events.until_end()
    with pytest.raises(DecodeError, match=r"^doors-\S+\[\d\]@1: the header tenant is missing"):
        topic.Headers.of(without.meta)
    with pytest.raises(DecodeError, match=r"^doors-\S+\[\d\]@2: the header tenant: 'me' is not a UUID"):
        topic.Headers.of(wrong.meta)


def test_requests_carry_the_headers_that_the_protocol_declares(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Locksmith)
    knocked: list[Locksmith.Headers] = []

    class Smith(Locksmith.Service):
        def open(self, request: OpenRequest, meta: RequestMeta) -> str:
            headers = topic.Headers.of(meta)
            return f"{headers.tenant} {headers.reason}"

        def knock(self, request: KnockRequest, meta: RequestMeta) -> None:
            knocked.append(topic.Headers.of(meta))

    with topic.serve(bus, Smith(), group="g"), topic.client(bus) as locksmith:
        locksmith.knock(door="d-1", headers=topic.Headers(tenant=TENANT))
        assert locksmith.open(door="d-1", headers=topic.Headers(tenant=TENANT)) == f"{TENANT} None"
        assert (
            locksmith.open(door="d-1", headers=topic.Headers(tenant=TENANT, reason="lost key")) == f"{TENANT} lost key"
        )
        with pytest.raises(TypeError, match="headers"):
            locksmith.open(door="d-1")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    assert knocked == [topic.Headers(tenant=TENANT)]


def test_a_request_of_a_stranger_without_them_fails_by_itself(place: Place, bus: Bus, fresh: Fresh) -> None:
    class Bare(Locksmith):
        Headers = None  # type: ignore[assignment] # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride]

    topic = fresh(Locksmith)
    bare = fresh(Bare, like=topic)

    class Smith(Locksmith.Service):
        def open(self, request: OpenRequest, meta: RequestMeta) -> str:
            return str(topic.Headers.of(meta))

        def knock(self, request: KnockRequest, meta: RequestMeta) -> None: ...

    with topic.serve(bus, Smith(), group="g"), bare.client(bus) as locksmith:
        with pytest.raises(RequestFailed, match=r"DecodeError: locksmith-.*: the header tenant is missing"):
            locksmith.open(door="d-1", headers=None)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_topics_that_declare_none_take_any(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Counters)
    with topic.producer(bus) as counters:
        counters.put(Counter(number=1, count=1), headers=[("a", None), ("a", "b")])
    with topic.consumer(bus, group="g") as changes:
        (change,) = changes.until_end()
    assert change.meta.headers == [("a", None), ("a", b"b")]


def test_an_event_has_an_id_and_a_time_which_meta_shows(bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Doors)
    before = dt.datetime.now(dt.UTC) - dt.timedelta(milliseconds=1)
    made = [Opened(door="d-1") for _ in range(2)]
    after = dt.datetime.now(dt.UTC)
    assert made[0].event_id != made[1].event_id
    assert all(before <= event.at <= after for event in made)
    said = Opened(door="d-1", event_id=uuid4(), at=dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
    with topic.producer(bus) as doors:
        for event in (*made, said, made[0]):  # the same event, sent twice, is known as the same
            doors.send(event, headers=topic.Headers(tenant=TENANT)).result(PATIENCE)
    with topic.consumer(bus, group="g") as events:
        read = list(events.until_end())
    assert [event.value for event in read] == [*made, said, made[0]]
    assert [event.meta.event_id for event in read] == [event.value.event_id for event in read]
    assert [event.meta.event_time for event in read] == [event.value.at for event in read]
