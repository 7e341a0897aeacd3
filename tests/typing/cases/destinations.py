"""Producers on a bus, in transactions and on an outbox are the same."""

from typing import assert_type

from kontrakt import AsyncBus, AsyncRelay, AsyncTransactions, Bus, Delete, Event, Outbox, Put, Relay, Transactions
from kontrakt.kafka.aio.producer import AsyncDelivery, AsyncEntityProducer
from kontrakt.kafka.producer import EntityProducer
from shop.customers import Customer, Customers
from shop.order_events import OrderPlaced
from shop.products import Product
from sqlalchemy import Connection, Engine
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import Session


def transactional(bus: Bus, customer: Customer, product: Product) -> None:
    with bus.transactions("t-1") as work:
        assert_type(work, Transactions)
        customers = Customers.producer(work)
        assert_type(customers, EntityProducer[str, Customer])
        with work.transaction():
            customers.put(customer)
            customers.put(product)  # E: arg-type / reportArgumentType
        Customers.consumer(work, group="g")  # E: call-overload / reportArgumentType reportCallIssue
    bus.transactions()  # E: call-arg / reportCallIssue


def exactly_once(bus: Bus, work: Transactions) -> None:
    def change(change: Put[str, Customer] | Delete[str]) -> None: ...
    def event(event: Event[str, OrderPlaced]) -> None: ...

    with Customers.consumer(bus, group="g") as customers:
        work.run(customers, change)
        work.run(customers, event)  # E: arg-type / reportArgumentType reportCallIssue
        for batch in customers.batches():
            with work.transaction(customers, batch):
                assert_type(batch, list[Put[str, Customer] | Delete[str]])


def written(
    outbox: Outbox, connection: Connection, session: Session, engine: Engine, bus: Bus, customer: Customer
) -> None:
    for one in (connection, session):
        Customers.producer(outbox.on(one)).put(customer)
    Customers.producer(outbox).put(customer)  # E: call-overload / reportArgumentType reportCallIssue
    outbox.on(engine)  # E: call-overload / reportArgumentType reportCallIssue
    assert_type(Relay(outbox, engine, bus).run_until_empty(), int)


async def transactional_too(bus: AsyncBus, blocking: Bus, customer: Customer, product: Product) -> None:
    async def change(change: Put[str, Customer] | Delete[str]) -> None: ...
    async def event(event: Event[str, OrderPlaced]) -> None: ...
    def blocks(change: Put[str, Customer] | Delete[str]) -> None: ...

    async with bus.transactions("t-1") as work:
        assert_type(work, AsyncTransactions)
        customers = Customers.producer(work)
        assert_type(customers, AsyncEntityProducer[str, Customer])
        async with work.transaction():
            assert_type(await customers.put(customer), AsyncDelivery)
            await customers.put(product)  # E: arg-type / reportArgumentType
        async with Customers.consumer(bus, group="g") as changes:
            await work.run(changes, change)
            await work.run(changes, event)  # E: arg-type / reportArgumentType reportCallIssue
            await work.run(changes, blocks)  # E: arg-type / reportArgumentType reportCallIssue
        with Customers.consumer(blocking, group="g") as others:
            await work.run(others, change)  # E: call-overload / reportArgumentType reportCallIssue


async def written_too(
    outbox: Outbox,
    connection: AsyncConnection,
    session: AsyncSession,
    engine: AsyncEngine,
    bus: AsyncBus,
    customer: Customer,
) -> None:
    for one in (connection, session):
        await Customers.producer(outbox.on(one)).put(customer)
    outbox.on(engine)  # E: call-overload / reportArgumentType reportCallIssue
    assert_type(await AsyncRelay(outbox, engine, bus).run_until_empty(), int)
