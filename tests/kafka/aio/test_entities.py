"""Entities on an event loop: what was put comes back, a task that is cancelled loses nothing, a full queue waits."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import kontrakt
import pytest
from kontrakt import AsyncBus, Delete, DeliveryError, EncodeError, Put
from kontrakt.kafka.aio.producer import AsyncDelivery

from tests.kafka.conftest import PATIENCE
from tests.kafka.new.acme import Reading
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.rooms import Rooms

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place


def on(place: Place, **kafka: object) -> AsyncBus:
    """A bus of asyncio at a place."""
    return AsyncBus(lambda: place.connect(**kafka))


def test_what_is_put_and_deleted_comes_back(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    ada = Customer(customer_id="c-1", email="ada@example.org", visits=3)

    async def main() -> None:
        async with on(place) as bus:
            async with topic.producer(bus) as customers:
                delivery = await customers.put(ada, headers={"trace": "1"})
                sent = await delivery
                assert delivery.done
                assert (sent.topic, sent.offset) == (topic.topic, 0)
                await customers.delete("c-1")
            async with topic.consumer(bus, group="billing") as changes:
                first, second = [change async for change in changes.until_end()]
            assert isinstance(first, Put)
            assert (first.key, first.value, first.meta.header("trace")) == ("c-1", ada, b"1")
            assert isinstance(second, Delete)
            async with topic.consumer(bus, group="billing") as changes:
                assert [change async for change in changes.until_end()] == []  # the group has read them

    asyncio.run(main())


def test_a_key_beside_the_value(place: Place, fresh: Fresh) -> None:
    topic = fresh(Rooms)

    async def main() -> None:
        async with on(place) as bus, topic.producer(bus) as rooms:
            await rooms.put("attic", Reading(celsius=21.5))
            await rooms.delete("attic")
            await rooms.flush()
            async with topic.consumer(bus, group="g") as changes:
                assert [change.key async for change in changes.until_end()] == ["attic", "attic"]

    asyncio.run(main())


def test_only_what_was_handled_is_behind_a_group(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with on(place) as bus:
            async with topic.producer(bus) as customers:
                for number in range(5):
                    await customers.put(Customer(customer_id="c-1", visits=number))
            with pytest.raises(RuntimeError):
                async with topic.consumer(bus, group="g") as changes:
                    async for change in changes:
                        assert isinstance(change, Put)
                        if change.value.visits == 2:
                            raise RuntimeError("not handled")
            async with topic.consumer(bus, group="g") as changes:
                again = await changes.poll(PATIENCE)
                assert isinstance(again, Put)
                assert again.value.visits == 2
                await changes.commit()
            assert place.committed(topic.topic, "g") == 3

    asyncio.run(main())


def test_a_cancelled_task_takes_no_message_with_it(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    count = 50

    async def main() -> None:
        async with on(place) as bus:
            async with topic.producer(bus) as customers, topic.consumer(bus, group="g") as changes:
                seen: list[int] = []

                async def read() -> None:
                    async for change in changes:
                        assert isinstance(change, Put)
                        seen.append(change.value.visits)
                        if len(seen) == count:
                            changes.stop()

                number = 0
                while len(seen) < count:
                    task = asyncio.create_task(read())
                    if number < count:
                        await customers.put(Customer(customer_id="c-1", visits=number))
                        number += 1
                    await asyncio.wait([task], timeout=0.01 * (number % 3))
                    task.cancel()
                    await asyncio.wait([task])
            assert sorted(set(seen)) == list(range(count))
            assert seen == sorted(seen)
            assert place.committed(topic.topic, "g") >= count - 1

    asyncio.run(main())


def test_a_cancelled_run_leaves_the_group_and_its_message_comes_again(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with on(place) as bus:
            async with topic.producer(bus) as customers:
                await customers.put(Customer(customer_id="c-1", visits=1))
            begun, ended = asyncio.Event(), list[str]()

            async def handle(change: Put[str, Customer] | Delete[str]) -> None:
                begun.set()
                try:
                    await asyncio.Event().wait()
                except asyncio.CancelledError:
                    ended.append(str(change.key))
                    raise

            async def consume() -> None:
                async with topic.consumer(bus, group="g") as changes:
                    await changes.run(handle)

            task = asyncio.create_task(consume())
            await asyncio.wait_for(begun.wait(), PATIENCE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert ended == ["c-1"]
            async with topic.consumer(
                bus, group="g"
            ) as changes:  # a group that was not left would not give its partition
                assert (await changes.poll(PATIENCE)) is not None

    asyncio.run(main())


def test_batches(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with on(place) as bus:
            async with topic.producer(bus) as customers:
                for number in range(10):
                    await customers.put(Customer(customer_id="c-1", visits=number))
            seen: list[int] = []
            async with topic.consumer(bus, group="g") as changes:
                async for batch in changes.batches(size=4, timeout=0.1):
                    assert 1 <= len(batch) <= 4
                    seen += [change.value.visits for change in batch if isinstance(change, Put)]
                    if len(seen) == 10:
                        break
            assert seen == list(range(10))

            again: list[int] = []

            async def handle(batch: list[Put[str, Customer] | Delete[str]]) -> None:
                again.extend(change.value.visits for change in batch if isinstance(change, Put))
                if len(again) == 10:
                    changes.stop()

            async with topic.consumer(bus, group="h") as changes:
                await changes.run_batches(handle, size=4, timeout=0.1)
            assert again == list(range(10))

    asyncio.run(main())


def test_the_loop_goes_on_while_the_queue_is_full(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with on(place, queue_buffering_max_messages=100, linger_ms=50) as bus:
            turns = 0

            async def turn() -> None:
                nonlocal turns
                while True:
                    turns += 1
                    await asyncio.sleep(0)

            turning = asyncio.create_task(turn())
            async with topic.producer(bus) as customers:
                for number in range(1000):
                    await customers.put(Customer(customer_id=f"c-{number}"))
            turning.cancel()
            assert turns > 10
            async with topic.consumer(bus, group="g") as changes:
                assert len([change async for change in changes.until_end()]) == 1000

    asyncio.run(main())


def test_many_tasks_share_a_producer_and_its_deliveries(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        threads = threading.active_count()
        async with on(place) as bus, topic.producer(bus) as customers:

            async def put(number: int) -> int:
                return (await (await customers.put(Customer(customer_id="c-1", visits=number)))).offset

            offsets = await asyncio.gather(*(put(number) for number in range(500)))
            assert sorted(offsets) == list(range(500))
            assert threading.active_count() < threads + 50

    asyncio.run(main())


def test_a_value_that_does_not_fit_is_refused_before_it_is_sent(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    wrong = Customer(customer_id="c-1", visits="many")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]

    async def main() -> None:
        async with on(place) as bus, topic.producer(bus) as customers:
            for _ in range(2):
                with pytest.raises(EncodeError, match="visits"):
                    await customers.put(wrong)
                await customers.put(Customer(customer_id="c-1"))

    asyncio.run(main())


def test_what_is_not_acknowledged_is_raised_at_the_end() -> None:
    async def main() -> None:
        async with kontrakt.aio.embedded(Customers, kafka={"message.timeout.ms": 3000, "linger.ms": 0}) as bus:
            with pytest.raises(DeliveryError, match=r"customers with the key 'c-1' was not acknowledged"):
                async with Customers.producer(bus) as customers:
                    await (await customers.put(Customer(customer_id="c-0")))
                    bus.blocking._broker.close()  # type: ignore[attr-defined] # pyright: ignore
                    delivery: AsyncDelivery = await customers.put(Customer(customer_id="c-1"))
                    assert delivery.key == b"c-1"

    asyncio.run(main())


def test_a_bus_that_was_not_entered_says_how() -> None:
    bus = kontrakt.aio.connect(bootstrap_servers="127.0.0.1:1", registry_url="http://127.0.0.1:1")
    with pytest.raises(kontrakt.ClosedError, match=r"async with kontrakt\.aio\.connect"):
        asyncio.run(Customers.producer(bus).__aenter__())
