"""Columns and rows of the caller's own, changed in the transaction in which the table changes."""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import threading
import uuid
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from kontrakt import Bus, HandlerError, Retry, StoreError
from kontrakt.kafka.stores import SQLiteStore
from kontrakt.kafka.stores.sql import SQLStore
from shop.customers import Customer as Shopper
from shop.customers import Customers as Shoppers
from shop.orders import Order, Orders, OrderStatus
from shop.types import Address, Money

from tests.kafka.conftest import PATIENCE
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.gauges import Gauge, Gauges
from tests.kafka.stores import Reopen, in_databases, reopener

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh

MOMENT = dt.datetime(2026, 5, 1, 12, 30, tzinfo=dt.timezone(dt.timedelta(hours=2)))
SHOPPER = Shopper(
    customer_id="c-1",
    email="ada@example.org",
    address=Address(name="Ada", street="Main 1", postal_code="1", city="Lund", country="SE"),
    birthday=dt.date(1990, 2, 3),
    registered_at=MOMENT,
)
COLUMNS = {"mail": "email", "city": "address.city", "born": "birthday", "since": "registered_at", "tier": "tier"}


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Reopen:
    return reopener(request, request.param, tmp_path)


def query(store: Any, text: str) -> list[tuple[Any, ...]]:
    """Ask the database of a store, as another program would."""
    if hasattr(store, "_engine"):
        engine = sa.create_engine(store._engine.url)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(sa.text(text.format(store._table.name)))]
        engine.dispose()
        return found
    reader = sqlite3.connect(store._path)
    found = reader.execute(text.format(store._table)).fetchall()
    reader.close()
    return found


@in_databases
def test_columns_are_fields(bus: Bus, fresh: Fresh, store: Reopen) -> None:
    topic = fresh(Shoppers)
    made = store(columns=COLUMNS)
    with topic.producer(bus) as customers:
        customers.put(SHOPPER)
        customers.put(Shopper(customer_id="c-2", email="bo@example.org"))
        customers.put(Shopper(customer_id="c-3", email="cy@example.org"))
        customers.delete("c-3")
    with topic.table(bus, store=made) as table:
        assert len(table) == 2
        rows = query(made, "SELECT mail, city, born, since, tier FROM {} ORDER BY mail")
        is_text = isinstance(rows[0][2], str)
    born: Any = "1990-02-03" if is_text else dt.date(1990, 2, 3)
    since: Any = "2026-05-01 10:30:00.000000+00:00" if is_text else MOMENT
    assert rows == [
        ("ada@example.org", "Lund", born, since, "STANDARD"),
        ("bo@example.org", None, None, None, "STANDARD"),
    ]


@in_databases
def test_columns_of_numbers_bytes_and_decimals(
    bus: Bus, fresh: Fresh, store: Reopen, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    made_as: str = request.node.callspec.params["store"]
    gauges, orders = fresh(Gauges), fresh(Orders)
    gauge = Gauge(
        gauge_id="g",
        int_to_long=2**40,
        int_to_double=0.5,
        long_to_float=1.5,
        float_to_double=-2.0,
        bytes_to_string="å",
        string_to_bytes=b"\x00\xff",
    )
    names = ["int_to_long", "int_to_double", "long_to_float", "bytes_to_string", "string_to_bytes"]
    made = store(columns={name: name for name in names})
    with gauges.producer(bus) as producer:
        producer.put(gauge)
    with gauges.table(bus, store=made) as table:
        assert table["g"] == gauge
        ((*numbers, data),) = query(made, f"SELECT {', '.join(names)} FROM {{}}")
    assert numbers == [2**40, 0.5, 1.5, "å"]
    assert bytes(data) == b"\x00\xff"

    order = Order(order_id="o", customer_id="c", lines=[], total=Money(amount=Decimal("12.50")), placed_at=MOMENT)
    with orders.producer(bus) as producer_of_orders:
        producer_of_orders.put(order)
    columns = {"amount": "total.amount", "status": "status", "customer": "customer_id"}
    another = reopener(request, made_as, tmp_path)(columns=columns)
    with orders.table(bus, store=another) as table_of_orders:
        assert len(table_of_orders) == 1
        ((amount, status, customer),) = query(another, "SELECT amount, status, customer FROM {}")
    assert Decimal(amount) == Decimal("12.50")
    assert (status, customer) == (OrderStatus.PLACED, "c")


@pytest.mark.parametrize("place", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"a": "nothing"}, "Customer has no field 'nothing'; it has customer_id, email"),
        ({"a": "email.host"}, "leads into a string, which has no fields"),
        ({"a": "tags"}, "the field tags of Customer is of the type array, for which there is no column"),
        ({'a"; DROP TABLE x': "email"}, "cannot be the name of a column"),
        ({"kontrakt_key": "email"}, "cannot be the name of a column"),
    ],
)
def test_columns_that_cannot_be(bus: Bus, fresh: Fresh, tmp_path: Path, columns: dict[str, str], said: str) -> None:
    for made in (
        SQLiteStore(tmp_path / "t.db", columns=columns),
        SQLStore(f"sqlite:///{tmp_path}/s.db", columns=columns),
    ):
        with pytest.raises(StoreError, match=said):
            fresh(Customers).table(bus, store=made)


class Visits:
    """How often each customer came, in a table of the service's own. It works on both kinds of connection."""

    def __init__(self, name: str, version: str = "1") -> None:
        self.name = name
        self.version = version
        self.refuse: Callable[[Customer], bool] = lambda _: False

    def put(self, connection: Any, key: str, value: Customer) -> None:
        if self.refuse(value):
            raise ValueError(f"{key} came too often")
        self.delete(connection, key)
        self._run(connection, f"INSERT INTO {self.name} VALUES ('{key}', {value.visits})")

    def delete(self, connection: Any, key: str) -> None:
        self._run(connection, f"DELETE FROM {self.name} WHERE who = '{key}'")

    def clear(self, connection: Any) -> None:
        self._run(connection, f"DROP TABLE IF EXISTS {self.name}")
        self._run(connection, f"CREATE TABLE {self.name} (who VARCHAR(100) PRIMARY KEY, visits INTEGER)")

    def _run(self, connection: Any, text: str) -> None:
        connection.execute(text if isinstance(connection, sqlite3.Connection) else sa.text(text))


@pytest.fixture
def visits() -> Visits:
    return Visits(f"visits_{uuid.uuid4().hex[:12]}")


@in_databases
def test_rows_of_the_callers_own(bus: Bus, fresh: Fresh, store: Reopen, visits: Visits) -> None:
    topic = fresh(Customers)
    made = store(rows=visits)
    all_visits = f"SELECT who, visits FROM {visits.name} ORDER BY who"
    with topic.producer(bus) as customers, topic.table(bus, store=made) as table:
        for number in range(3):
            table.wait_for(customers.put(Customer(customer_id=f"c-{number}", visits=number)), PATIENCE)
        table.wait_for(customers.put(Customer(customer_id="c-0", visits=9)), PATIENCE)
        table.wait_for(customers.delete("c-1"), PATIENCE)
    assert query(made, all_visits) == [("c-0", 9), ("c-2", 2)]
    visits.version = "2"  # they are made otherwise now, so they are made anew
    with topic.table(bus, store=store(rows=visits)) as table:
        assert len(table) == 2
    assert query(made, all_visits) == [("c-0", 9), ("c-2", 2)]


@in_databases
def test_rows_that_fail_change_nothing(bus: Bus, fresh: Fresh, store: Reopen, visits: Visits) -> None:
    topic = fresh(Customers)
    made = store(rows=visits)
    visits.refuse = lambda customer: customer.visits > 100
    with topic.producer(bus) as customers, topic.table(bus, store=made) as table:
        table.wait_for(customers.put(Customer(customer_id="c-1", visits=1)), PATIENCE)
        sent = customers.put(Customer(customer_id="c-1", visits=1000))
        with pytest.raises(HandlerError, match=rf"{topic.topic}\[\d\]@1: .*ValueError: c-1 came too often") as failed:
            table.wait_for(sent, PATIENCE)
        assert isinstance(failed.value.__cause__, ValueError)
    assert query(made, f"SELECT visits FROM {visits.name}") == [(1,)]
    with topic.table(bus, store=store(rows=visits), on_error="skip") as table:  # the message is not the state any more
        assert len(table) == 0
    assert query(made, f"SELECT visits FROM {visits.name}") == []


@in_databases
def test_what_fails_is_tried_again(bus: Bus, fresh: Fresh, store: Reopen, visits: Visits, caplog: Any) -> None:
    topic = fresh(Customers)
    tried: list[int] = []

    def twice(customer: Customer) -> bool:
        tried.append(customer.visits)
        return len(tried) < 3

    visits.refuse = twice
    policy = Retry(attempts=3, first=dt.timedelta(milliseconds=1), longest=dt.timedelta(milliseconds=1))
    with caplog.at_level(logging.WARNING), topic.table(bus, store=store(rows=visits), on_error=policy) as table:
        with topic.producer(bus) as customers:
            table.wait_for(customers.put(Customer(customer_id="c-1", visits=5)), PATIENCE)
        assert table["c-1"].visits == 5
    assert tried == [5, 5, 5]
    assert sum("tries again in" in one.message for one in caplog.records) == 2


@pytest.mark.parametrize("then", ["stop", "skip"])
@pytest.mark.parametrize("place", ["embedded"], indirect=True)
def test_what_fails_to_the_end(bus: Bus, fresh: Fresh, tmp_path: Path, visits: Visits, then: Any) -> None:
    topic = fresh(Customers)
    visits.refuse = lambda customer: customer.customer_id == "c-1"
    policy = Retry(attempts=2, first=dt.timedelta(), longest=dt.timedelta(), then=then)
    with topic.table(bus, store=SQLiteStore(tmp_path / "t.db", rows=visits), on_error=policy) as table:
        with topic.producer(bus) as customers:
            sent = customers.put(Customer(customer_id="c-1"))
            if then == "stop":
                with pytest.raises(HandlerError):
                    table.wait_for(sent, PATIENCE)
            else:
                table.wait_for(customers.put(Customer(customer_id="c-2")), PATIENCE)
                table.wait_for(sent, PATIENCE)
                assert list(table) == ["c-2"]


@pytest.mark.parametrize("place", ["embedded"], indirect=True)
def test_a_store_that_is_locked_for_a_while(
    bus: Bus, fresh: Fresh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store's own failures are tried again too."""
    from kontrakt.kafka.stores import sqlite

    monkeypatch.setattr(sqlite, "_BUSY_SECONDS", 0.01)
    topic = fresh(Customers)
    policy = Retry(attempts=None, first=dt.timedelta(milliseconds=20), longest=dt.timedelta(milliseconds=20))
    with topic.table(bus, store=tmp_path / "t.db", on_error=policy) as table, topic.producer(bus) as customers:
        table.ready(PATIENCE)
        other = sqlite3.connect(tmp_path / "t.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        sent = customers.put(Customer(customer_id="c-1"))
        with pytest.raises(TimeoutError):
            table.wait_for(sent.result(PATIENCE), 0.2)
        other.execute("COMMIT")
        other.close()
        table.wait_for(sent, PATIENCE)
        assert "c-1" in table


@pytest.mark.parametrize("place", ["embedded"], indirect=True)
def test_a_table_has_no_dead_letters(bus: Bus, fresh: Fresh) -> None:
    from kontrakt import DeadLetter

    for policy in (DeadLetter(), Retry(then=DeadLetter())):
        with pytest.raises(TypeError, match="no dead letters"):
            fresh(Customers).table(bus, on_error=policy)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("place", ["embedded"], indirect=True)
def test_closing_ends_a_wait_between_attempts(bus: Bus, fresh: Fresh, tmp_path: Path, visits: Visits) -> None:
    topic = fresh(Customers)
    visits.refuse = lambda _: True
    policy = Retry(first=dt.timedelta(hours=1), longest=dt.timedelta(hours=1))
    with topic.producer(bus) as customers:
        customers.put(Customer(customer_id="c-1"))
    with topic.table(bus, store=SQLiteStore(tmp_path / "t.db", rows=visits), on_error=policy) as table:
        with pytest.raises(TimeoutError):
            table.ready(0.5)
    assert f"kontrakt-table-{topic.topic}" not in {thread.name for thread in threading.enumerate()}
