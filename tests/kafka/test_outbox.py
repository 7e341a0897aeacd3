"""The outbox: written with the caller's transaction, sent in order by one of several relays, at least once, and cleaned up."""

from __future__ import annotations

import datetime as dt
import signal
import time
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import kontrakt
import pytest
from kontrakt import Bus, Outbox, OutboxError, Relay, SchemaNotRegistered, Sent
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    MetaData,
    NullPool,
    String,
    Table,
    create_engine,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.orm import Session

from tests.kafka.conftest import PATIENCE, Place, in_thread
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Placed
from tests.kafka.programs import line, program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kafka.conftest import Fresh
    from tests.real.postgres import Postgres

real = pytest.mark.parametrize("place", [pytest.param("apicurio3", marks=pytest.mark.real)], indirect=True)
embedded = pytest.mark.parametrize("place", ["embedded"], indirect=True)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.real)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "sqlite":
        return create_engine(f"sqlite:///{tmp_path / 'shop.db'}", poolclass=NullPool)
    server: Postgres = request.getfixturevalue("postgres_server")
    return create_engine(server.url, poolclass=NullPool)


@pytest.fixture
def postgres(postgres_server: Postgres) -> Engine:
    return create_engine(postgres_server.url, poolclass=NullPool)


@pytest.fixture
def outbox() -> Outbox:
    """Tables of a test's own."""
    return Outbox(name=f"outbox_{uuid.uuid4().hex[:8]}")


@pytest.fixture
def created(outbox: Outbox, engine: Engine) -> Engine:
    outbox.create(engine)
    outbox.create(engine)  # what is there stays
    return engine


def relayed(outbox: Outbox, engine: Engine, bus: Bus, **options: Any) -> int:
    return Relay(outbox, engine, bus, pause=dt.timedelta(milliseconds=5), **options).run_until_empty()


def waiting(outbox: Outbox, engine: Engine) -> int:
    with engine.begin() as connection:
        return connection.execute(select(func.count()).select_from(outbox.messages)).scalar_one()


def read(bus: Bus, topic: type[Customers]) -> list[tuple[str, int | None]]:
    """Key and visits of each change, None for a tombstone."""
    with topic.consumer(bus, group=uuid.uuid4().hex) as changes:
        return [
            (change.key, change.value.visits if isinstance(change, kontrakt.Put) else None)
            for change in changes.until_end()
        ]


# --- written with the caller's transaction -----------------------------------------------------------------------------


def test_a_message_is_sent_when_its_transaction_was_committed_and_never_otherwise(
    bus: Bus, fresh: Fresh, outbox: Outbox, created: Engine
) -> None:
    topic = fresh(Customers)
    metadata = MetaData()
    rows = Table(f"customers_{uuid.uuid4().hex[:8]}", metadata, Column("id", String(20), primary_key=True))
    metadata.create_all(created)
    with created.begin() as connection:
        connection.execute(insert(rows).values(id="c-1"))
        topic.producer(outbox.on(connection)).put(Customer(customer_id="c-1", visits=1))
    with pytest.raises(ZeroDivisionError), created.begin() as connection:
        topic.producer(outbox.on(connection)).put(Customer(customer_id="never"))
        raise ZeroDivisionError
    with Session(created) as session, session.begin():
        with topic.producer(outbox.on(session)) as customers:
            written = customers.put(Customer(customer_id="c-1", visits=2))
            customers.delete("c-1")
        with pytest.raises(ZeroDivisionError), session.begin_nested():
            topic.producer(outbox.on(session)).delete("never")
            raise ZeroDivisionError
    assert written.done
    assert written.result() == Sent(topic.topic, partition=-1, offset=-1)
    assert relayed(outbox, created, bus) == 3
    assert read(bus, topic) == [("c-1", 1), ("c-1", 2), ("c-1", None)]
    assert waiting(outbox, created) == 0
    assert relayed(outbox, created, bus) == 0


@embedded
def test_writing_needs_neither_broker_nor_registry(place: Place, fresh: Fresh, outbox: Outbox, created: Engine) -> None:
    topic = fresh(Customers, register=False)
    with created.begin() as connection:
        topic.producer(outbox.on(connection)).put(Customer(customer_id="c-1"))
    with place.connect() as bus:
        with pytest.raises(SchemaNotRegistered):  # nothing is lost by that
            relayed(outbox, created, bus)
        bus.register(topic)
        assert relayed(outbox, created, bus) == 1
        assert read(bus, topic) == [("c-1", 0)]


@embedded
def test_keys_headers_and_types_arrive_as_a_producer_would_send_them(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, created: Engine
) -> None:
    topic = fresh(Orders)
    headers: list[tuple[str, str | bytes | None]] = [("a", "å"), ("a", b"\xff"), ("b", None)]
    with created.begin() as connection, topic.producer(bus) as direct:
        for producer in (topic.producer(outbox.on(connection)), direct):
            producer.send(Placed(order_id="o-1", total=1), headers=headers)
    relayed(outbox, created, bus)
    one, other = place.raw(topic.topic, 2)
    assert (one.key(), one.value(), one.headers()) == (other.key(), other.value(), other.headers())


def test_other_databases_are_refused_because_they_could_mix_up_the_order(outbox: Outbox) -> None:
    other = Mock(spec=Connection, dialect=SimpleNamespace(name="oracle"))
    with pytest.raises(OutboxError, match="an outbox in oracle could send messages in another order"):
        outbox.on(other)


def test_tables_that_are_missing_are_said(bus: Bus, outbox: Outbox, engine: Engine) -> None:
    relay = Relay(outbox, engine, bus)
    for go in (relay.run, relay.run_until_empty):
        with pytest.raises(OutboxError, match=r"cannot be read.*create its tables: outbox\.create\(engine\)"):
            go()


# --- order -------------------------------------------------------------------------------------------------------------


@embedded
def test_nothing_overtakes_a_slower_transaction_with_a_lower_id(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, postgres: Engine
) -> None:
    """Two transactions that commit in the opposite order."""
    outbox.create(postgres)
    topic = fresh(Customers)
    with postgres.connect() as slow, postgres.connect() as quick:
        topic.producer(outbox.on(slow)).put(Customer(customer_id="c", visits=1))
        topic.producer(outbox.on(quick)).put(Customer(customer_id="c", visits=2))
        quick.commit()
        assert waiting(outbox, postgres) == 1  # the later one stands in the table ...
        assert relayed(outbox, postgres, bus) == 0  # ... and waits for the earlier one
        slow.commit()
    assert relayed(outbox, postgres, bus) == 2
    assert read(bus, topic) == [("c", 1), ("c", 2)]


@embedded
def test_nor_does_it_where_the_slower_one_began_later(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, postgres: Engine
) -> None:
    """PostgreSQL's own numbers of transactions would not tell: the one with the lower id has the higher of them."""
    outbox.create(postgres)
    topic = fresh(Customers)
    with postgres.connect() as first, postgres.connect() as second:
        first.execute(text("SELECT pg_current_xact_id()"))
        second.execute(text("SELECT pg_current_xact_id()"))
        topic.producer(outbox.on(second)).put(Customer(customer_id="c", visits=1))
        topic.producer(outbox.on(first)).put(Customer(customer_id="c", visits=2))
        first.commit()
        assert relayed(outbox, postgres, bus) == 0
        second.rollback()
    assert relayed(outbox, postgres, bus) == 1
    assert read(bus, topic) == [("c", 2)]


@embedded
def test_a_savepoint_that_is_undone_does_not_let_others_overtake(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, postgres: Engine
) -> None:
    outbox.create(postgres)
    topic = fresh(Customers)
    with postgres.connect() as slow, postgres.connect() as quick:
        with slow.begin():
            with slow.begin_nested() as undone:
                topic.producer(outbox.on(slow)).put(Customer(customer_id="never"))
                undone.rollback()
            topic.producer(outbox.on(slow)).put(Customer(customer_id="c", visits=1))
            topic.producer(outbox.on(quick)).put(Customer(customer_id="c", visits=2))
            quick.commit()
            assert relayed(outbox, postgres, bus) == 0
    assert relayed(outbox, postgres, bus) == 2
    assert read(bus, topic) == [("c", 1), ("c", 2)]


@real
def test_many_writers_and_a_relay_keep_the_order_of_each_key(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, postgres: Engine
) -> None:
    outbox.create(postgres)
    topic = fresh(Customers)
    relay = Relay(outbox, postgres, bus, size=7, pause=dt.timedelta(milliseconds=1))
    keys, each = 4, 50

    def write(key: int) -> None:
        with postgres.connect() as connection:
            for number in range(each):
                with connection.begin():
                    topic.producer(outbox.on(connection)).put(Customer(customer_id=f"c-{key}", visits=number))

    with in_thread(relay.run):
        with in_thread(lambda: write(0)), in_thread(lambda: write(1)), in_thread(lambda: write(2)):
            write(3)
        until_empty(outbox, postgres)
        relay.stop()
    seen: dict[str, list[int | None]] = {}
    for key, visits in read(bus, topic):
        seen.setdefault(key, []).append(visits)
    assert seen == {f"c-{key}": list(range(each)) for key in range(keys)}


def until_empty(outbox: Outbox, engine: Engine) -> None:
    until(lambda: waiting(outbox, engine) == 0)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# --- relays ------------------------------------------------------------------------------------------------------------


@embedded
def test_one_relay_works_at_a_time_and_another_one_follows_at_once_when_it_stops(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, created: Engine
) -> None:
    topic = fresh(Customers)
    first = Relay(outbox, created, bus, pause=dt.timedelta(milliseconds=5), lease=dt.timedelta(hours=1))
    with in_thread(first.run):
        with created.begin() as connection:
            topic.producer(outbox.on(connection)).put(Customer(customer_id="c-1"))
        until_empty(outbox, created)
        second = Relay(outbox, created, bus, pause=dt.timedelta(milliseconds=5), lease=dt.timedelta(hours=1))
        with in_thread(second.run):
            first.stop()
            with created.begin() as connection:
                topic.producer(outbox.on(connection)).put(Customer(customer_id="c-1", visits=2))
            until_empty(outbox, created)
            second.stop()
    assert read(bus, topic) == [("c-1", 0), ("c-1", 2)]
    assert owner(outbox, created) == ""


def owner(outbox: Outbox, engine: Engine) -> str:
    with engine.begin() as connection:
        return str(connection.execute(select(outbox.leases.c.owner)).scalar_one())


RELAY = """
import os
import signal
import sys
import kontrakt
from kontrakt import Outbox, Relay
from kontrakt.kafka import transactions
from sqlalchemy import create_engine

_, name, url, how = sys.argv
commit = transactions.TransactionalSender.commit

def stops(sender):
    if how == "before":
        print("sent", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
    try:
        commit(sender)
    except Exception as error:
        print(type(error).__name__, flush=True)
        raise
    print("committed", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)

transactions.TransactionalSender.commit = stops
with kontrakt.connect() as bus:
    Relay(Outbox(name=name), create_engine(url), bus).run()
"""


@real
@pytest.mark.parametrize("how", ["before", "after"])
def test_another_relay_takes_over_from_one_that_was_killed(
    how: str, place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, postgres: Engine
) -> None:
    """Killed before its transaction was committed, it has sent nothing; killed after, and before it could note that, twice."""
    outbox.create(postgres)
    topic = fresh(Customers)
    with postgres.begin() as connection:
        customers = topic.producer(outbox.on(connection))
        for number in range(3):
            customers.put(Customer(customer_id="c", visits=number))
    url = postgres.url.render_as_string(hide_password=False)
    with program(RELAY, outbox.name, url, how, environment=place.environment) as relay:
        assert line(relay) == ("sent" if how == "before" else "committed")
        relay.kill()
    assert relayed(outbox, postgres, bus, lease=dt.timedelta(milliseconds=100)) == 3
    once = [("c", 0), ("c", 1), ("c", 2)]
    assert read(bus, topic) == once * (1 if how == "before" else 2)


@real
def test_a_relay_that_was_only_slow_is_shut_out(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, postgres: Engine
) -> None:
    outbox.create(postgres)
    topic = fresh(Customers)
    with postgres.begin() as connection:
        topic.producer(outbox.on(connection)).put(Customer(customer_id="c", visits=1))
    url = postgres.url.render_as_string(hide_password=False)
    with program(RELAY, outbox.name, url, "before", environment=place.environment) as slow:
        assert line(slow) == "sent"
        assert relayed(outbox, postgres, bus, lease=dt.timedelta(milliseconds=100)) == 1
        with postgres.begin() as connection:
            topic.producer(outbox.on(connection)).put(Customer(customer_id="c", visits=2))
        slow.send_signal(signal.SIGCONT)
        assert line(slow) == "TransactionFenced"
        assert relayed(outbox, postgres, bus, lease=dt.timedelta(milliseconds=100)) == 1
    assert read(bus, topic) == [("c", 1), ("c", 2)]


@embedded
def test_what_may_pass_is_logged_and_tried_again(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, created: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    topic = fresh(Customers, register=False)
    with created.begin() as connection:
        topic.producer(outbox.on(connection)).put(Customer(customer_id="c-1"))
    relay = Relay(outbox, created, bus, pause=dt.timedelta(milliseconds=5))
    with in_thread(relay.run):
        until(lambda: f"of the outbox {outbox.name} waits" in caplog.text)
        assert "kontrakt apply" in caplog.text
        bus.register(topic)
        until_empty(outbox, created)
        relay.stop()
    assert read(bus, topic) == [("c-1", 0)]


@embedded
def test_what_was_sent_may_be_kept_for_a_while(
    place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, created: Engine
) -> None:
    topic = fresh(Customers)

    def put(*visits: int) -> None:
        with created.begin() as connection:
            for one in visits:
                topic.producer(outbox.on(connection)).put(Customer(customer_id="c", visits=one))

    put(1, 2, 3)
    assert relayed(outbox, created, bus, retention=dt.timedelta(hours=1), size=2) == 3
    assert waiting(outbox, created) == 3
    with created.begin() as connection:
        old = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
        connection.execute(outbox.messages.update().where(outbox.messages.c.id < 3).values(sent=old))
    put(4)
    assert relayed(outbox, created, bus, retention=dt.timedelta(hours=1)) == 1
    assert waiting(outbox, created) == 2
    assert [visits for _, visits in read(bus, topic)] == [1, 2, 3, 4]


# --- the command -------------------------------------------------------------------------------------------------------

COMMAND = "from kontrakt.cli import main; main()"


@embedded
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_command_sends_until_a_signal_ends_it(
    ending: signal.Signals, place: Place, bus: Bus, fresh: Fresh, outbox: Outbox, tmp_path: Path
) -> None:
    topic = fresh(Customers)
    url = f"sqlite:///{tmp_path / 'shop.db'}"
    engine = create_engine(url, poolclass=NullPool)
    outbox.create(engine)
    with program(
        COMMAND,
        "relay",
        *("--table", outbox.name),
        environment=place.environment | {"KONTRAKT_RELAY_DATABASE": url},
        folder=tmp_path,
    ) as relay:
        with engine.begin() as connection:
            topic.producer(outbox.on(connection)).put(Customer(customer_id="c", visits=1))
        until_empty(outbox, engine)
        relay.send_signal(ending)
        _, said = relay.communicate(timeout=PATIENCE)
    assert relay.returncode == 0, said
    assert f"sending what waits in the outbox {outbox.name}" in said
    assert owner(outbox, engine) == ""
    assert read(bus, topic) == [("c", 1)]


@embedded
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://me:secret@127.0.0.1:1/shop", None),
        ("nosuch://me:secret@host/shop", "SQLAlchemy cannot use the URL of the database"),
        ("me:secret", "SQLAlchemy cannot use the URL of the database"),
    ],
)
def test_the_command_never_shows_the_password_of_the_database(
    url: str, said: str | None, place: Place, tmp_path: Path
) -> None:
    with program(COMMAND, "relay", "--database", url, environment=place.environment, folder=tmp_path) as relay:
        assert relay.stderr is not None
        shown = relay.stderr.readline()
        if said is None:
            assert "cannot be read" in shown  # and it tries again
        else:
            shown += relay.communicate(timeout=PATIENCE)[1]
            assert said in shown
            assert relay.returncode == 2
    assert "secret" not in shown
