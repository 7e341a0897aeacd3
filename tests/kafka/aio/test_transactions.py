"""Transactions on an event loop: as the blocking ones, whose tests show what a broker does; and a cancelled task leaves none open."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

import kontrakt
import pytest
from kontrakt import BusError, ClosedError, Event, HandlerError, Meta, TransactionFenced

from tests.kafka.aio.test_entities import on
from tests.kafka.conftest import PATIENCE
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Paid, Placed
from tests.kafka.test_transactions import real

if TYPE_CHECKING:
    from kontrakt import AsyncBus

    from tests.kafka.conftest import Fresh, Place


async def visible(bus: AsyncBus, topic: type[Customers]) -> list[str]:
    """The keys that a consumer sees which was told nothing about transactions."""
    async with topic.consumer(bus, group=uuid.uuid4().hex) as changes:
        return [change.key async for change in changes.until_end()]


async def place_orders(bus: AsyncBus, topic: type[Orders], *totals: int) -> None:
    async with topic.producer(bus) as orders:
        for total in totals:
            await orders.send(Placed(order_id=f"o-{total}", total=total))


def test_what_was_committed_is_visible(place: Place, fresh: Fresh) -> None:
    customers, orders = fresh(Customers), fresh(Orders)

    async def main() -> None:
        async with on(place) as bus, bus.transactions(uuid.uuid4().hex) as work:
            async with customers.producer(work) as put, orders.producer(work) as send:
                for number in range(3):
                    async with work.transaction():
                        delivery = await put.put(Customer(customer_id=f"c-{number}"))
                        await send.send(Placed(order_id="o-1", total=number))
                    assert (await delivery).topic == customers.topic
            assert sorted(await visible(bus, customers)) == ["c-0", "c-1", "c-2"]
            async with orders.consumer(bus, group="g") as events:
                assert [event.value.total async for event in events.until_end()] == [0, 1, 2]

    asyncio.run(main())


@real
def test_what_was_aborted_never_is(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with on(place) as bus, bus.transactions(uuid.uuid4().hex) as work, topic.producer(work) as customers:
            with pytest.raises(ZeroDivisionError):
                async with work.transaction():
                    await (await customers.put(Customer(customer_id="never")))  # it stands in the log
                    raise ZeroDivisionError
            async with work.transaction():
                await customers.put(Customer(customer_id="c-1"))
            assert await visible(bus, topic) == ["c-1"]

    asyncio.run(main())


@real
def test_a_cancelled_task_aborts_its_transaction(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with on(place) as bus, bus.transactions(uuid.uuid4().hex) as work, topic.producer(work) as customers:
            stands = asyncio.Event()

            async def work_for_ever() -> None:
                async with work.transaction():
                    await (await customers.put(Customer(customer_id="never")))
                    stands.set()
                    await asyncio.Event().wait()

            task = asyncio.create_task(work_for_ever())
            await asyncio.wait_for(stands.wait(), PATIENCE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            async with work.transaction():  # the next one can begin at once
                await customers.put(Customer(customer_id="c-1"))
            assert await visible(bus, topic) == ["c-1"]

    asyncio.run(main())


def test_a_task_that_is_cancelled_while_a_transaction_begins_leaves_none_open(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with on(place) as bus, bus.transactions(uuid.uuid4().hex) as work:

            async def begin() -> None:
                async with work.transaction():
                    raise AssertionError("it was cancelled before")

            for _ in range(20):
                task = asyncio.create_task(begin())
                await asyncio.sleep(0)  # it has begun, in its thread
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            async with work.transaction(), topic.producer(work) as customers:
                await customers.put(Customer(customer_id="c-1"))

    asyncio.run(main())


def test_nothing_is_sent_outside_of_a_transaction_and_there_is_one_at_a_time(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with on(place) as bus:
            closed = bus.transactions("t-1")
            with pytest.raises(ClosedError, match="use them as: async with bus.transactions"):
                async with closed.transaction():
                    pass
            async with bus.transactions(uuid.uuid4().hex) as work:
                customers = topic.producer(work)
                with pytest.raises(BusError, match=r"no transaction of \w+ has begun: send within"):
                    await customers.put(Customer(customer_id="c-1"))
                with pytest.raises(BusError, match="is open already; there is one at a time"):
                    async with work.transaction():
                        async with work.transaction():
                            pass
            with pytest.raises(ClosedError):
                async with work.transaction():
                    pass

    asyncio.run(main())


@real
def test_whoever_takes_an_id_over_shuts_the_earlier_instance_out(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    name = uuid.uuid4().hex

    async def main() -> None:
        async with on(place) as bus, bus.transactions(name) as first:
            async with topic.producer(first) as customers:
                with pytest.raises(TransactionFenced, match=name):
                    async with first.transaction():
                        await (await customers.put(Customer(customer_id="never")))
                        async with bus.transactions(name) as second, second.transaction():
                            await topic.producer(second).put(Customer(customer_id="c-1"))
            assert await visible(bus, topic) == ["c-1"]

    asyncio.run(main())


def test_what_a_handler_sends_and_the_offset_take_effect_together(place: Place, fresh: Fresh) -> None:
    orders, customers = fresh(Orders), fresh(Customers)
    group = uuid.uuid4().hex

    async def main() -> None:
        async with on(place) as bus:
            await place_orders(bus, orders, *range(10))
            async with (
                bus.transactions(uuid.uuid4().hex) as work,
                orders.consumer(bus, group=group) as events,
                customers.producer(work) as put,
            ):
                seen: set[int] = set()

                class Handler(Orders.AsyncHandler):
                    async def on_placed(self, event: Placed, meta: Meta) -> None:
                        await put.put(Customer(customer_id=event.order_id, visits=event.total))
                        seen.add(event.total)
                        if len(seen) == 10:
                            events.stop()

                    async def on_paid(self, event: Paid, meta: Meta) -> None:
                        raise AssertionError(event)

                await work.run(events, Handler())
            assert sorted(await visible(bus, customers)) == [f"o-{total}" for total in range(10)]
            assert place.committed(orders.topic, group) == 10

    asyncio.run(main())


def test_a_loop_of_ones_own_commits_offsets_with_its_transaction(place: Place, fresh: Fresh) -> None:
    orders, customers = fresh(Orders), fresh(Customers)
    group = uuid.uuid4().hex

    async def main() -> None:
        async with on(place) as bus:
            await place_orders(bus, orders, *range(10))
            async with bus.transactions(uuid.uuid4().hex) as work, customers.producer(work) as put:
                unread = orders.consumer(bus, group=group)
                with pytest.raises(ClosedError, match="the consumer has not joined its group"):
                    async with work.transaction(unread):
                        pass
                async with unread as events:
                    seen = 0
                    async for batch in events.batches(timeout=0.1):
                        async with work.transaction(events, batch):
                            for event in batch:
                                await put.put(Customer(customer_id=event.value.order_id))
                        seen += len(batch)
                        if seen == 10:
                            break
            assert len(await visible(bus, customers)) == 10
            assert place.committed(orders.topic, group) == 10

    asyncio.run(main())


@real
@pytest.mark.parametrize("policy", ["stop", "skip"])
def test_a_handler_that_fails_aborts_and_the_policy_holds(policy: kontrakt.OnError, place: Place, fresh: Fresh) -> None:
    orders, customers = fresh(Orders), fresh(Customers)
    group = uuid.uuid4().hex
    asked: set[int] = set()

    async def main() -> None:
        async with on(place) as bus:
            await place_orders(bus, orders, *range(20))
            async with (
                bus.transactions(uuid.uuid4().hex) as work,
                orders.consumer(bus, group=group, on_error=policy) as events,
                customers.producer(work) as put,
            ):

                async def handle(event: Event[str, Placed | Paid]) -> None:
                    asked.add(event.value.total)
                    await put.put(Customer(customer_id=event.key))
                    if event.value.total == 13:
                        raise ZeroDivisionError
                    if asked == set(range(20)):
                        events.stop()

                if policy == "stop":
                    with pytest.raises(HandlerError) as failed:
                        await work.run(events, handle)
                    assert isinstance(failed.value.__cause__, ZeroDivisionError)
                else:
                    await work.run(events, handle)
            keys = await visible(bus, customers)
        assert len(keys) == len(set(keys))
        assert "o-13" not in keys
        assert place.committed(orders.topic, group) == (len(keys) if policy == "stop" else 20)
        if policy == "skip":
            assert len(keys) == 19

    asyncio.run(main())


@real
def test_each_message_takes_effect_once_whoever_is_cancelled(place: Place, fresh: Fresh) -> None:
    """In the middle of transactions, at moments that nothing chooses."""
    orders, customers = fresh(Orders), fresh(Customers)
    group, name = uuid.uuid4().hex, uuid.uuid4().hex
    count = 400

    async def main() -> None:
        async with on(place) as bus:
            await place_orders(bus, orders, *range(count))
            handled = 0
            for upto in (150, 190, 420, 100_000):
                async with (
                    bus.transactions(name) as work,
                    orders.consumer(bus, group=group) as events,
                    customers.producer(work) as put,
                ):

                    async def bill(event: Event[str, Placed | Paid]) -> None:
                        nonlocal handled
                        await put.put(Customer(customer_id=event.key, visits=event.value.total))
                        handled += 1

                    task = asyncio.create_task(work.run(events, bill, size=50))
                    while handled < upto and place.committed(orders.topic, group) < count:  # noqa: ASYNC110
                        await asyncio.sleep(0.02)
                    task.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await task
            assert sorted(await visible(bus, customers)) == sorted(f"o-{number}" for number in range(count))

    asyncio.run(main())
