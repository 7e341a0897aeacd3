"""Tables on an event loop: read by key, wait for what was written, hear of changes, stop and go on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kontrakt import Change, ClosedError, EncodeError, TopicNotFound
from kontrakt.kafka.aio.table import AsyncEntityTable

from tests.kafka.aio.test_entities import on
from tests.kafka.conftest import PATIENCE
from tests.kafka.new.customers import Customer, Customers

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place


@pytest.mark.parametrize("kept", [False, True], ids=["memory", "sqlite"])
def test_what_one_wrote_is_read(place: Place, fresh: Fresh, tmp_path: Path, kept: bool) -> None:
    topic = fresh(Customers)
    store = tmp_path / "customers.db" if kept else None
    ada, bo = Customer(customer_id="c-1", visits=3), Customer(customer_id="c-2")

    async def main() -> None:
        async with on(place) as bus, topic.producer(bus) as customers:
            await customers.put(ada)
            async with topic.table(bus, store=store) as table:
                assert await table.get("c-2") is None
                assert await table.get("c-2", ada) is ada
                await table.wait_for(await customers.put(bo))
                assert await table.get("c-2") == bo
                await table.wait_for(await (await customers.delete("c-1")))
                assert await table.get("c-1") is None
                assert await table.count() == 1
                assert [key async for key in table] == ["c-2"]
                assert [item async for item in table.items()] == [("c-2", bo)]
                assert (await table.lag()).total == 0
                with pytest.raises(EncodeError):
                    await table.get(5)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue, reportArgumentType]
            with pytest.raises(ClosedError):
                await table.get("c-2")

    asyncio.run(main())


def test_it_goes_on_where_it_stopped(place: Place, fresh: Fresh, tmp_path: Path) -> None:
    topic = fresh(Customers)
    many = 1200  # more than are read in the thread at once

    async def read() -> set[str]:
        async with on(place) as bus, topic.table(bus, store=tmp_path / "customers.db") as table:
            return {key async for key, _ in table.items()}

    async def write(first: int) -> None:
        async with on(place) as bus, topic.producer(bus) as customers:
            for number in range(first, first + many):
                await customers.put(Customer(customer_id=f"c-{number}"))

    asyncio.run(write(0))
    assert asyncio.run(read()) == {f"c-{number}" for number in range(many)}
    asyncio.run(write(many))
    assert asyncio.run(read()) == {f"c-{number}" for number in range(2 * many)}


def test_listeners_are_told_on_the_loop(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        told: asyncio.Queue[Change[str, Customer]] = asyncio.Queue()

        def listen(change: Change[str, Customer]) -> None:
            assert asyncio.get_running_loop() is loop
            told.put_nowait(change)

        async with on(place) as bus, topic.producer(bus) as customers, topic.table(bus) as table:
            cancel = await table.subscribe(listen)
            await customers.put(Customer(customer_id="c-1"))
            async with asyncio.timeout(PATIENCE):
                change = await told.get()
            assert (change.key, change.old, change.new) == ("c-1", None, Customer(customer_id="c-1"))
            cancel()
            await table.wait_for(await customers.put(Customer(customer_id="c-2")))
            assert told.empty()

    asyncio.run(main())


def test_who_waits_can_be_cancelled(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with on(place) as bus, topic.producer(bus) as customers, topic.table(bus) as table:
            sent = await (await customers.put(Customer(customer_id="c-1")))
            await table.wait_for(sent)
            later = type(sent)(sent.topic, sent.partition, sent.offset + 1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await table.wait_for(later)
            assert await table.count() == 1  # and the table goes on

    asyncio.run(main())


def test_a_table_without_a_topic(place: Place) -> None:
    class Nowhere(Customers):
        topic = "nowhere-at-all"

    async def main() -> None:
        async with on(place) as bus:
            table: AsyncEntityTable[str, Customer] = Nowhere.table(bus)
            with pytest.raises(TopicNotFound):
                await table.ready()

    if place.kafka:  # the embedded broker makes topics up
        pytest.skip("the embedded broker makes topics up")
    asyncio.run(main())


def test_several_tasks_open_one_table(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with on(place) as bus:
            table = topic.table(bus)
            assert await asyncio.gather(*(table.count() for _ in range(20))) == [0] * 20
            await table.close()

    asyncio.run(main())
