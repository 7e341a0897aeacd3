"""Messages of an outbox that cannot be sent: they and what has their key wait, the others go on, and people can see and mend it."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from click.testing import CliRunner
from kontrakt import (
    Bus,
    DeliveryError,
    MessageRejected,
    Outbox,
    Relay,
    SchemaNotRegistered,
    TopicNotFound,
)
from kontrakt.cli.group import kontrakt
from kontrakt.testing import FakeClock
from sqlalchemy import Engine, NullPool, create_engine

from tests.kafka.conftest import PATIENCE, Place, in_thread
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.test_outbox import read, until, waiting

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh
    from tests.real.postgres import Postgres

real = pytest.mark.parametrize("place", [pytest.param("apicurio3", marks=pytest.mark.real)], indirect=True)
embedded = pytest.mark.parametrize("place", ["embedded"], indirect=True)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
def engine(request: pytest.FixtureRequest, tmp_path: Path, outbox: Outbox) -> Engine:
    if request.param == "sqlite":
        made = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", poolclass=NullPool)
    else:
        server: Postgres = request.getfixturevalue("postgres_server")
        made = create_engine(server.url, poolclass=NullPool)
    outbox.create(made)
    return made


@pytest.fixture
def outbox() -> Outbox:
    return Outbox(name=f"outbox_{uuid.uuid4().hex[:8]}")


def put(outbox: Outbox, engine: Engine, topic: type[Customers], *changes: tuple[str, int]) -> None:
    with engine.begin() as connection:
        customers = topic.producer(outbox.on(connection))
        for key, visits in changes:
            customers.put(Customer(customer_id=key, visits=visits))


def named(name: str, like: type[Customers] = Customers) -> type[Customers]:
    return cast("type[Customers]", type("Customers", (like,), {"topic": name}))


def large(outbox: Outbox, engine: Engine, topic: type[Customers], key: str) -> None:
    """A message that no client of librdkafka takes as it is set up."""
    with engine.begin() as connection:
        topic.producer(outbox.on(connection)).put(
            Customer(customer_id=key, visits=0), headers=[("large", b"x" * 1_100_000)]
        )


def once(bus: Bus, topic: type[Customers]) -> list[tuple[str, int | None]]:
    """What a topic says, without repetitions: the embedded broker also shows what was aborted, and is sent again."""
    return list(dict.fromkeys(read(bus, topic)))


def test_what_has_the_key_waits_and_everything_else_goes_on(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, engine: Engine
) -> None:
    topic, unregistered = fresh(Customers), fresh(Customers, register=False)
    put(outbox, engine, topic, ("a", 1), ("b", 1))
    put(outbox, engine, unregistered, ("a", 1), ("a", 2))
    large(outbox, engine, topic, "b")
    put(outbox, engine, topic, ("b", 2), ("a", 2), ("c", 1))
    relay = Relay(outbox, engine, bus)
    with pytest.raises((SchemaNotRegistered, DeliveryError)):
        relay.run_until_empty()
    assert sorted(once(bus, topic)) == [("a", 1), ("a", 2), ("b", 1), ("c", 1)]
    with engine.begin() as connection:
        first, second = outbox.stuck.list(connection)
    assert (first.topic, first.key, first.attempts, first.parked) == (unregistered.topic, b"a", 1, None)
    assert "is not registered under the subject" in first.error
    assert (second.topic, second.key, second.attempts) == (topic.topic, b"b", 1)
    assert "Message size too large" in second.error
    bus.register(unregistered)
    with pytest.raises(DeliveryError) as failed:
        relay.run_until_empty()
    assert isinstance(failed.value.__cause__, MessageRejected)
    assert read(bus, unregistered) == [("a", 1), ("a", 2)]
    with engine.begin() as connection:
        assert outbox.stuck.remove(connection, [second.id]) == 1
    assert relay.run_until_empty() == 1
    assert [change for change in once(bus, topic) if change[0] == "b"] == [("b", 1), ("b", 2)]
    assert waiting(outbox, engine) == 0


@real
def test_a_topic_that_is_missing_holds_up_its_own_messages_alone(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, engine: Engine
) -> None:
    topic = fresh(Customers)
    missing = named(f"missing-{uuid.uuid4().hex[:8]}")
    bus.register(missing)
    put(outbox, engine, missing, ("a", 1), ("b", 1), ("a", 2))
    put(outbox, engine, topic, ("a", 1))
    with place.connect(topic_metadata_propagation_max_ms=500) as impatient:
        relay = Relay(outbox, engine, impatient)
        with pytest.raises(DeliveryError) as failed:
            relay.run_until_empty()
        assert isinstance(failed.value.__cause__, TopicNotFound)
        assert read(bus, topic) == [("a", 1)]
        with engine.begin() as connection:
            assert [(one.key, one.attempts) for one in outbox.stuck.list(connection)] == [(b"a", 1), (b"b", 1)]
        place.create(missing.topic)
        for _ in range(int(PATIENCE)):  # until every broker has heard of it
            try:
                relay.run_until_empty()
            except DeliveryError:
                continue
            break
    assert sorted(read(bus, missing)) == [("a", 1), ("a", 2), ("b", 1)]
    assert waiting(outbox, engine) == 0


@embedded
def test_after_so_many_attempts_a_message_is_parked_until_somebody_has_it_tried_again(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Customers, register=False)
    put(outbox, engine, topic, ("a", 1), ("a", 2))
    relay = Relay(outbox, engine, bus, attempts=3)
    for attempt in (1, 2, 3):
        with pytest.raises(SchemaNotRegistered):
            relay.run_until_empty()
        with engine.begin() as connection:
            (stuck,) = outbox.stuck.list(connection)
        assert (stuck.attempts, stuck.parked is not None) == (attempt, attempt == 3)
    assert f"the message {stuck.id} of the outbox {outbox.name} is parked" in caplog.text
    bus.register(topic)
    assert relay.run_until_empty() == 0  # it is not tried by itself, and nothing overtakes it
    with engine.begin() as connection:
        assert outbox.stuck.retry(connection, [stuck.id]) == 1
        assert outbox.stuck.list(connection) == []
    assert relay.run_until_empty() == 2
    assert read(bus, topic) == [("a", 1), ("a", 2)]


@embedded
def test_a_relay_that_runs_tries_again_after_waits_that_grow(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Customers, register=False)
    bus.clock = FakeClock(tick=dt.timedelta(seconds=1))
    put(outbox, engine, topic, ("a", 1))
    relay = Relay(outbox, engine, bus, attempts=4)

    def parked() -> bool:
        with engine.begin() as connection:
            return any(one.parked for one in outbox.stuck.list(connection))

    with in_thread(relay.run):
        until(parked)
        relay.stop()
    waits = [float(found) for found in re.findall(r"tried again in ([\d.]+) s", caplog.text)]
    assert len(waits) == 3
    assert waits == sorted(waits)
    assert caplog.text.count("is parked") == 1


def test_a_relay_makes_at_least_one_attempt(bus: Bus, outbox: Outbox, engine: Engine) -> None:
    with pytest.raises(ValueError, match="attempts must be at least 1 or None, not 0"):
        Relay(outbox, engine, bus, attempts=0)


@embedded
def test_the_command_shows_retries_and_removes(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, engine: Engine
) -> None:
    topic = fresh(Customers, register=False)
    put(outbox, engine, topic, ("a", 1), ("b", 1), ("b", 2))
    relay = Relay(outbox, engine, bus, attempts=1)
    with pytest.raises(SchemaNotRegistered):
        relay.run_until_empty()
    url = engine.url.render_as_string(hide_password=False)

    def run(what: str, *more: str) -> str:
        arguments = ["outbox", what, "--database", url, "--table", outbox.name, *more]
        return CliRunner().invoke(kontrakt, arguments, catch_exceptions=False).output

    shown = run("list")
    first, second = re.findall(r"^(\d+) +(\S+) +key (\S+) +1 attempt, parked since 20\S+$", shown, re.MULTILINE)
    assert (first[1:], second[1:]) == ((topic.topic, "'a'"), (topic.topic, "'b'"))
    assert "is not registered under the subject" in shown
    assert "2 messages of " in shown
    listed = json.loads(run("list", "--format", "json"))
    assert [(one["id"], one["key"], one["attempts"]) for one in listed["messages"]] == [
        (int(first[0]), "a", 1),
        (int(second[0]), "b", 1),
    ]
    for wrong in (["retry"], ["retry", "--all", first[0]], ["remove"]):
        assert "error: say which messages: their IDS, or --all" in run(*wrong)
    assert "1 of these are not there, so nothing was changed" in run("remove", first[0], "999999")
    assert run("remove", first[0]) == "1 message removed\n"
    bus.register(topic)
    assert run("retry", "--all") == "1 message is tried again\n"
    assert relay.run_until_empty() == 2
    assert read(bus, topic) == [("b", 1), ("b", 2)]
    assert run("list") == f"0 messages of {outbox.name} cannot be sent\n"
