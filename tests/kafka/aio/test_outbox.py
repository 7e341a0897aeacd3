"""The outbox on an event loop: written through SQLAlchemy's asyncio, in the caller's own transaction, and relayed by a task."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from kontrakt import AsyncBus, AsyncRelay, ClosedError, Outbox, OutboxError, Put, SchemaNotRegistered, Sent
from sqlalchemy import Column, MetaData, NullPool, String, Table, create_engine, func, insert, make_url, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from tests.kafka.aio.test_entities import on
from tests.kafka.conftest import PATIENCE
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.test_outbox import embedded

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL

    from tests.kafka.conftest import Fresh, Place
    from tests.real.postgres import Postgres

SOON = dt.timedelta(milliseconds=5)
NEVER = dt.timedelta(hours=1)


@pytest.fixture(
    params=[
        "sqlite+aiosqlite",
        pytest.param("postgresql+psycopg", marks=pytest.mark.real),
        pytest.param("postgresql+asyncpg", marks=pytest.mark.real),
    ]
)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> URL | str:
    """A database, by each driver of asyncio."""
    if request.param == "sqlite+aiosqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}"
    return of_postgres(request.getfixturevalue("postgres_server"), request.param)


def of_postgres(server: Postgres, driver: str) -> URL:
    return make_url(server.url).set(drivername=driver)


@pytest.fixture
def outbox() -> Outbox:
    """Tables of a test's own."""
    return Outbox(name=f"outbox_{uuid.uuid4().hex[:8]}")


@asynccontextmanager
async def database(url: URL | str, outbox: Outbox | None = None) -> AsyncGenerator[AsyncEngine]:
    """An engine, and the tables of an outbox."""
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        if outbox is not None:
            async with engine.begin() as connection:
                await connection.run_sync(outbox.create)
        yield engine
    finally:
        await engine.dispose()


async def waiting(outbox: Outbox, engine: AsyncEngine) -> int:
    async with engine.begin() as connection:
        return (await connection.execute(select(func.count()).select_from(outbox.messages))).scalar_one()


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def until_empty(outbox: Outbox, engine: AsyncEngine) -> None:
    async def empty() -> bool:
        return await waiting(outbox, engine) == 0

    await until(empty)


async def owner(outbox: Outbox, engine: AsyncEngine) -> str:
    async with engine.begin() as connection:
        return str((await connection.execute(select(outbox.leases.c.owner))).scalar_one())


async def relayed(outbox: Outbox, engine: AsyncEngine, bus: AsyncBus) -> int:
    return await AsyncRelay(outbox, engine, bus, pause=SOON).run_until_empty()


async def read(bus: AsyncBus, topic: type[Customers]) -> list[tuple[str, int | None]]:
    """Key and visits of each change, None for a tombstone."""
    async with topic.consumer(bus, group=uuid.uuid4().hex) as changes:
        return [
            (change.key, change.value.visits if isinstance(change, Put) else None)
            async for change in changes.until_end()
        ]


def test_a_message_is_sent_when_its_transaction_was_committed_and_never_otherwise(
    place: Place, fresh: Fresh, outbox: Outbox, url: URL | str
) -> None:
    topic = fresh(Customers)
    rows = Table(f"customers_{uuid.uuid4().hex[:8]}", MetaData(), Column("id", String(20), primary_key=True))

    async def main() -> None:
        async with database(url, outbox) as engine, on(place) as bus:
            async with engine.begin() as connection:
                await connection.run_sync(rows.create)
            async with engine.begin() as connection:
                await connection.execute(insert(rows).values(id="c-1"))
                await topic.producer(outbox.on(connection)).put(Customer(customer_id="c-1", visits=1))
            with pytest.raises(ZeroDivisionError):
                async with engine.begin() as connection:
                    await topic.producer(outbox.on(connection)).put(Customer(customer_id="never"))
                    raise ZeroDivisionError
            async with AsyncSession(engine) as session, session.begin():
                await session.execute(insert(rows).values(id="c-2"))
                async with topic.producer(outbox.on(session)) as customers:
                    written = await customers.put(Customer(customer_id="c-1", visits=2))
                    await customers.delete("c-1")
                with pytest.raises(ZeroDivisionError):
                    async with session.begin_nested():
                        await topic.producer(outbox.on(session)).delete("never")
                        raise ZeroDivisionError
            assert written.done
            assert await written == Sent(topic.topic, partition=-1, offset=-1)
            assert await relayed(outbox, engine, bus) == 3
            assert await read(bus, topic) == [("c-1", 1), ("c-1", 2), ("c-1", None)]
            assert await waiting(outbox, engine) == 0
            assert await relayed(outbox, engine, bus) == 0

    asyncio.run(main())


def test_a_task_that_is_cancelled_in_its_transaction_sends_nothing(
    place: Place, fresh: Fresh, outbox: Outbox, url: URL | str
) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with database(url, outbox) as engine, on(place) as bus:
            written = asyncio.Event()

            async def write() -> None:
                async with engine.begin() as connection:
                    await topic.producer(outbox.on(connection)).put(Customer(customer_id="never"))
                    written.set()
                    await asyncio.Event().wait()

            task = asyncio.create_task(write())
            await asyncio.wait_for(written.wait(), PATIENCE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert await relayed(outbox, engine, bus) == 0

    asyncio.run(main())


@embedded
def test_nothing_overtakes_a_slower_transaction_with_a_lower_id(
    place: Place, fresh: Fresh, outbox: Outbox, postgres_server: Postgres
) -> None:
    topic = fresh(Customers)

    async def main() -> None:
        async with (
            database(of_postgres(postgres_server, "postgresql+asyncpg"), outbox) as engine,
            on(place) as bus,
        ):
            async with engine.connect() as slow, engine.connect() as quick:
                await topic.producer(outbox.on(slow)).put(Customer(customer_id="c", visits=1))
                await topic.producer(outbox.on(quick)).put(Customer(customer_id="c", visits=2))
                await quick.commit()
                assert await waiting(outbox, engine) == 1
                assert await relayed(outbox, engine, bus) == 0
                await slow.commit()
            assert await relayed(outbox, engine, bus) == 2
            assert await read(bus, topic) == [("c", 1), ("c", 2)]

    asyncio.run(main())


def test_a_relay_sends_what_comes_while_the_loop_goes_on_and_hands_over_when_it_is_cancelled(
    place: Place, fresh: Fresh, outbox: Outbox, url: URL | str
) -> None:
    topic = fresh(Customers)

    async def write(engine: AsyncEngine, visits: int) -> None:
        async with engine.begin() as connection:
            await topic.producer(outbox.on(connection)).put(Customer(customer_id="c", visits=visits))

    async def main() -> None:
        async with database(url, outbox) as engine, on(place) as bus:
            first = asyncio.create_task(AsyncRelay(outbox, engine, bus, pause=SOON, lease=NEVER).run())
            for number in range(3):
                await write(engine, number)
                await until_empty(outbox, engine)
            second = AsyncRelay(outbox, engine, bus, pause=SOON, lease=NEVER)
            standing_by = asyncio.create_task(second.run())
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            await write(engine, 3)
            await until_empty(outbox, engine)  # nobody waited for the end of the lease
            second.stop()
            await standing_by
            assert await owner(outbox, engine) == ""
            assert await read(bus, topic) == [("c", number) for number in range(4)]

    asyncio.run(main())


@embedded
def test_an_engine_that_blocks_will_do_too(place: Place, fresh: Fresh, outbox: Outbox, tmp_path: Path) -> None:
    topic = fresh(Customers)
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}", poolclass=NullPool)
    outbox.create(engine)

    async def main() -> None:
        async with on(place) as bus:
            with engine.begin() as connection:
                topic.producer(outbox.on(connection)).put(Customer(customer_id="c"))
            relay = AsyncRelay(outbox, engine, bus, pause=SOON)
            assert await relay.run_until_empty() == 1
            relay.stop()
            await relay.run()  # ends at once

    asyncio.run(main())


def test_what_is_missing_is_said(place: Place, fresh: Fresh, outbox: Outbox, url: URL | str) -> None:
    topic = fresh(Customers, register=False)

    async def main() -> None:
        async with on(place) as bus:
            async with database(url) as engine:
                for go in (AsyncRelay.run, AsyncRelay.run_until_empty):
                    with pytest.raises(
                        OutboxError, match=r"cannot be read.*create its tables: outbox\.create\(engine\)"
                    ):
                        await go(AsyncRelay(outbox, engine, bus))
            async with database(url, outbox) as engine:
                async with engine.begin() as connection:
                    await topic.producer(outbox.on(connection)).put(Customer(customer_id="c"))
                with pytest.raises(SchemaNotRegistered):
                    await relayed(outbox, engine, bus)

    asyncio.run(main())


@embedded
def test_a_relay_ends_when_its_bus_is_closed(place: Place, outbox: Outbox, tmp_path: Path) -> None:
    async def main() -> None:
        async with database(f"sqlite+aiosqlite:///{tmp_path / 'shop.db'}", outbox) as engine:
            async with on(place) as bus:
                relaying = asyncio.create_task(AsyncRelay(outbox, engine, bus, pause=SOON).run())
                await until(lambda: leased(engine))
            with pytest.raises(ClosedError):
                await relaying

    async def leased(engine: AsyncEngine) -> bool:
        async with engine.begin() as connection:
            return (await connection.execute(select(outbox.leases))).one_or_none() is not None

    asyncio.run(main())
