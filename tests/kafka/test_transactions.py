"""Transactions: visible together or not at all, with the offsets of what was read; one instance an id.

The embedded broker takes the requests of transactions and isolates nothing: it shows what was aborted, shuts nobody out, and keeps no
offset. What it can show runs there too.
"""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import kontrakt
import pytest
from kontrakt import Bus, BusError, ClosedError, DeliveryError, TransactionAborted, TransactionFenced

from tests.kafka.conftest import PATIENCE, Place, in_thread
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Paid, Placed
from tests.kafka.programs import line, program

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh

real = pytest.mark.parametrize("place", [pytest.param("apicurio3", marks=pytest.mark.real)], indirect=True)


@pytest.fixture
def work(bus: Bus) -> Iterator[kontrakt.Transactions]:
    with bus.transactions(uuid.uuid4().hex) as work:
        yield work


def visible(bus: Bus, topic: type[Customers]) -> list[str]:
    """The keys that a consumer sees which was told nothing about transactions."""
    with topic.consumer(bus, group=uuid.uuid4().hex) as changes:
        return [change.key for change in changes.until_end()]


def test_what_was_committed_is_visible(bus: Bus, fresh: Fresh, work: kontrakt.Transactions) -> None:
    customers, orders = fresh(Customers), fresh(Orders)
    put, send = customers.producer(work), orders.producer(work)
    for number in range(3):
        with work.transaction():
            delivery = put.put(Customer(customer_id=f"c-{number}"))
            send.send(Placed(order_id="o-1", total=number))
        assert delivery.result(PATIENCE).topic == customers.topic
    assert sorted(visible(bus, customers)) == ["c-0", "c-1", "c-2"]
    with orders.consumer(bus, group="g") as events:
        assert [event.value for event in events.until_end()] == [Placed(order_id="o-1", total=n) for n in range(3)]


@real
def test_what_was_aborted_never_is(bus: Bus, fresh: Fresh, work: kontrakt.Transactions) -> None:
    topic = fresh(Customers)
    with topic.producer(work) as customers:
        with pytest.raises(ZeroDivisionError), work.transaction():
            customers.put(Customer(customer_id="never")).result(PATIENCE)  # it stands in the log
            raise ZeroDivisionError
        with work.transaction():
            customers.put(Customer(customer_id="c-1"))
        assert visible(bus, topic) == ["c-1"]
        with pytest.raises(KeyboardInterrupt), work.transaction():
            customers.put(Customer(customer_id="never"))  # it does not even leave
            raise KeyboardInterrupt
    assert visible(bus, topic) == ["c-1"]


@real
def test_what_is_open_is_not_visible_and_ends_with_the_bus(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    with place.connect() as other:
        work = other.transactions(uuid.uuid4().hex)
        customers = topic.producer(work)
        transaction = work.transaction()
        transaction.__enter__()
        customers.put(Customer(customer_id="open")).result(PATIENCE)
        assert visible(bus, topic) == []
    with topic.producer(bus) as plain:
        plain.put(Customer(customer_id="c-1"))
    assert visible(bus, topic) == ["c-1"]
    with pytest.raises(ClosedError):
        customers.put(Customer(customer_id="late"))


def test_nothing_is_sent_outside_of_a_transaction_and_there_is_one_at_a_time(
    fresh: Fresh, work: kontrakt.Transactions
) -> None:
    topic = fresh(Customers)
    customers = topic.producer(work)
    with pytest.raises(BusError, match=r"no transaction of \w+ has begun: send within"):
        customers.put(Customer(customer_id="c-1"))
    with pytest.raises(BusError, match="is open already; there is one at a time"), work.transaction():
        with work.transaction():
            pass
    with work.transaction():
        customers.put(Customer(customer_id="c-1"))
    work.close()
    with pytest.raises(ClosedError), work.transaction():
        pass


@real
def test_whoever_takes_an_id_over_shuts_the_earlier_instance_out(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)
    name = uuid.uuid4().hex
    with place.connect() as one, place.connect() as two:
        first = one.transactions(name)
        old = topic.producer(first)
        transaction = first.transaction()
        transaction.__enter__()
        old.put(Customer(customer_id="never")).result(PATIENCE)
        second = two.transactions(name)
        with pytest.raises(TransactionFenced, match=f"{name}.*give each instance an id of its own"):
            transaction.__exit__(None, None, None)
        with pytest.raises(TransactionFenced), first.transaction():  # it stays so
            pass
        with second.transaction():
            topic.producer(second).put(Customer(customer_id="c-1"))
    assert visible(bus, topic) == ["c-1"]


@real
def test_a_message_that_is_not_delivered_aborts_its_transaction(place: Place, bus: Bus, fresh: Fresh) -> None:
    topic = fresh(Customers)

    class Missing(Customers):
        topic = "kontrakt-missing"

    bus.register(Missing)
    config = {"topic.metadata.propagation.max.ms": 500}
    with bus.transactions(uuid.uuid4().hex, config=config) as work, topic.producer(work) as customers:
        with pytest.raises(TransactionAborted, match="nothing of it is visible: do it again") as aborted:
            with work.transaction():
                customers.put(Customer(customer_id="never"))
                Missing.producer(work).put(Customer(customer_id="nowhere"))
        assert isinstance(aborted.value.__cause__, DeliveryError)
        assert not aborted.value.rebalanced
        with work.transaction():
            customers.put(Customer(customer_id="c-1"))
    assert visible(bus, topic) == ["c-1"]


@real
def test_a_message_that_is_refused_aborts_its_transaction_too(
    bus: Bus, fresh: Fresh, work: kontrakt.Transactions
) -> None:
    topic = fresh(Customers)
    customers = topic.producer(work)
    with pytest.raises(DeliveryError, match="too large"), work.transaction():
        customers.put(Customer(customer_id="never"))
        customers.put(Customer(customer_id="c-1", tags=["x" * 2_000_000]))
    with work.transaction():
        customers.put(Customer(customer_id="c-1"))
    assert visible(bus, topic) == ["c-1"]


def test_without_a_broker_nobody_takes_an_id_over(place: Place) -> None:
    with kontrakt.connect(
        bootstrap_servers="127.0.0.1:1", registry_url=place.registry_url, kafka={"log_level": 0}
    ) as bus:
        with pytest.raises(kontrakt.BrokerUnavailable, match="cannot take over the transactions of t-1: no answer"):
            bus.transactions("t-1", config={"transaction.timeout.ms": 1000})


def test_a_configuration_that_librdkafka_refuses(bus: Bus) -> None:
    with pytest.raises(BusError, match="enable.idempotence"):
        bus.transactions("t-1", config={"enable.idempotence": False})


# --- from a topic to others ---------------------------------------------------------------------------------------------


def place_orders(bus: Bus, topic: type[Orders], *totals: int) -> None:
    with topic.producer(bus) as orders:
        for total in totals:
            orders.send(Placed(order_id=f"o-{total}", total=total))


def test_what_a_handler_sends_and_the_offset_take_effect_together(
    place: Place, bus: Bus, fresh: Fresh, work: kontrakt.Transactions
) -> None:
    orders, customers = fresh(Orders), fresh(Customers)
    place_orders(bus, orders, *range(10))
    group = uuid.uuid4().hex
    seen: set[int] = set()
    with orders.consumer(bus, group=group) as events, customers.producer(work) as put:

        class Handler(Orders.Handler):
            def on_placed(self, event: Placed, meta: kontrakt.Meta) -> None:
                put.put(Customer(customer_id=event.order_id, visits=event.total))
                seen.add(event.total)
                if len(seen) == 10:  # keys stand in several partitions, whose messages come in any order
                    events.stop()

            def on_paid(self, event: Paid, meta: kontrakt.Meta) -> None:
                raise AssertionError(event)

        work.run(events, Handler())
    assert sorted(visible(bus, customers)) == [f"o-{total}" for total in range(10)]
    assert place.committed(orders.topic, group) == 10


def test_a_loop_of_ones_own_commits_offsets_with_its_transaction(
    bus: Bus, fresh: Fresh, work: kontrakt.Transactions
) -> None:
    orders, customers = fresh(Orders), fresh(Customers)
    place_orders(bus, orders, *range(10))
    with orders.consumer(bus, group="g") as events, customers.producer(work) as put:
        seen = 0
        for batch in events.batches(timeout=0.1):
            with work.transaction(events, batch):
                for event in batch:
                    put.put(Customer(customer_id=event.value.order_id))
            seen += len(batch)
            if seen == 10:
                break
    assert len(visible(bus, customers)) == 10


@real
@pytest.mark.parametrize("policy", ["stop", "skip"])
def test_a_handler_that_fails_aborts_and_the_policy_holds(
    policy: kontrakt.OnError, place: Place, bus: Bus, fresh: Fresh, work: kontrakt.Transactions
) -> None:
    orders, customers = fresh(Orders), fresh(Customers)
    place_orders(bus, orders, *range(20))
    group = uuid.uuid4().hex
    asked: list[int] = []
    with orders.consumer(bus, group=group, on_error=policy) as events, customers.producer(work) as put:

        def handle(event: kontrakt.Event[str, Placed | Paid]) -> None:
            asked.append(event.value.total)
            put.put(Customer(customer_id=event.key))
            if event.value.total == 13:
                raise ZeroDivisionError
            if set(asked) == set(range(20)):
                events.stop()

        if policy == "stop":
            with pytest.raises(kontrakt.HandlerError) as failed:
                work.run(events, handle)
            assert isinstance(failed.value.__cause__, ZeroDivisionError)
            assert f"while handling {orders.topic}[" in failed.value.__cause__.__notes__[0]
        else:
            work.run(events, handle)
    keys = visible(bus, customers)
    assert len(keys) == len(set(keys))
    assert "o-13" not in keys
    if policy == "skip":
        assert len(keys) == 19
        assert place.committed(orders.topic, group) == 20
    else:
        assert place.committed(orders.topic, group) == len(keys)


@real
def test_a_member_that_lost_its_partitions_commits_nothing_and_goes_on(
    place: Place, bus: Bus, fresh: Fresh, work: kontrakt.Transactions, caplog: pytest.LogCaptureFixture
) -> None:
    """The first member of the group works for so long that the second one got its partitions."""
    orders, customers = fresh(Orders), fresh(Customers)
    place_orders(bus, orders, *range(20))
    group = uuid.uuid4().hex
    limits = {"max.poll.interval.ms": 6000, "session.timeout.ms": 6000}
    taken = threading.Event()
    with place.connect() as second_bus, orders.consumer(bus, group=group, config=limits) as slow:
        with (
            second_bus.transactions(uuid.uuid4().hex) as second_work,
            orders.consumer(second_bus, group=group) as quick,
        ):
            mine, theirs = customers.producer(work), customers.producer(second_work)

            def handle(event: kontrakt.Event[str, Placed | Paid]) -> None:
                mine.put(Customer(customer_id=event.key))
                assert taken.wait(PATIENCE)

            def handle_too(event: kontrakt.Event[str, Placed | Paid]) -> None:
                theirs.put(Customer(customer_id=event.key))

            def watch() -> None:
                try:
                    until(lambda: place.committed(orders.topic, group) == 20)
                    taken.set()
                    until(lambda: "nothing of it is visible" in caplog.text)
                finally:
                    taken.set()
                    slow.stop()
                    quick.stop()

            with in_thread(watch), in_thread(lambda: second_work.run(quick, handle_too)):
                work.run(slow, handle)
    assert sorted(visible(bus, customers)) == sorted(f"o-{total}" for total in range(20))


BILLING = """
import signal
import sys
import kontrakt
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders

class From(Orders):
    topic = sys.argv[1]

class To(Customers):
    topic = sys.argv[2]

handled = 0
with kontrakt.connect() as bus, bus.transactions("billing-" + sys.argv[1]) as work:
    # A member that is known by name gets its partitions back at once.
    member = {"group.instance.id": "billing-1"}
    with From.consumer(bus, group="billing", config=member) as orders, To.producer(work) as customers:
        signal.signal(signal.SIGTERM, lambda *_: orders.stop())

        def bill(event):
            global handled
            customers.put(Customer(customer_id=event.key, visits=event.value.total))
            handled += 1
            if handled % 1000 == 0:
                customers.flush()  # what a killed process had sent stands in the log
                print(handled, flush=True)

        work.run(orders, bill)
"""

ORDERS = 20_000


@real
def test_each_message_takes_effect_once_whoever_is_killed(place: Place, bus: Bus, fresh: Fresh) -> None:
    orders, customers = fresh(Orders), fresh(Customers)
    place_orders(bus, orders, *range(ORDERS))
    for lives_for in (3, 1, 6):  # killed in the middle of a transaction, after so many thousands
        with program(BILLING, orders.topic, customers.topic, environment=place.environment) as billing:
            for _ in range(lives_for):
                line(billing)
            billing.kill()
    with program(BILLING, orders.topic, customers.topic, environment=place.environment) as billing:
        until(lambda: place.committed(orders.topic, "billing") == ORDERS)
        billing.send_signal(signal.SIGTERM)
        _, said = billing.communicate(timeout=PATIENCE)
        assert billing.returncode == 0, said
    with customers.consumer(bus, group="reader") as changes:
        seen = sorted(change.value.visits for change in changes.until_end() if isinstance(change, kontrakt.Put))
    assert seen == list(range(ORDERS))


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)
