"""Clients of asyncio: the same topics on another bus, and what was not awaited."""

from typing import assert_type

from kontrakt import AsyncBus, Delete, Meta, Put, Sent
from kontrakt.kafka.aio.producer import AsyncDelivery
from shop.customers import Customer, Customers
from shop.order_events import OrderCancelled, OrderEvents, OrderPaid, OrderPlaced
from shop.payments import Authorization, AuthorizeRequest, Payments, Refund, RefundRequest, SettledRequest
from shop.types import Money


async def produce(bus: AsyncBus, customer: Customer, event: OrderPaid) -> None:
    async with Customers.producer(bus) as customers:
        assert_type(await customers.put(customer), AsyncDelivery)
        assert_type(await (await customers.delete("c-1")), Sent)
        customers.put(customer)  # E: unused-coroutine / reportUnusedCoroutine
        await customers.put(event)  # E: arg-type / reportArgumentType
    with Customers.producer(bus):  # E: attr-defined / reportGeneralTypeIssues
        pass
    async with OrderEvents.producer(bus) as events:
        await events.send(event)
        events.send(event)  # E: unused-coroutine / reportUnusedCoroutine


async def consume(bus: AsyncBus) -> None:
    async with Customers.consumer(bus, group="g") as changes:
        async for change in changes:
            assert_type(change, Put[str, Customer] | Delete[str])
        async for change in changes.until_end():
            assert_type(change, Put[str, Customer] | Delete[str])
        assert_type(await changes.poll(1.0), Put[str, Customer] | Delete[str] | None)
        for _ in changes:  # E: attr-defined / reportGeneralTypeIssues reportUnknownVariableType
            pass


async def tables(bus: AsyncBus) -> None:
    async with Customers.table(bus) as table:
        assert_type(await table.get("c-1"), Customer | None)
        async for customer_id, customer in table.items():
            assert_type(customer_id, str)
            assert_type(customer, Customer)
        await table.get(1)  # E: call-overload / reportArgumentType


class Shipping(OrderEvents.AsyncHandler):
    async def on_order_cancelled(self, event: OrderCancelled, meta: Meta) -> None: ...
    async def on_order_paid(self, event: OrderPaid, meta: Meta) -> None: ...
    async def on_order_placed(self, event: OrderPlaced, meta: Meta) -> None: ...


class Blocking(OrderEvents.AsyncHandler):
    async def on_order_cancelled(self, event: OrderCancelled, meta: Meta) -> None: ...
    async def on_order_paid(self, event: OrderPaid, meta: Meta) -> None: ...
    def on_order_placed(  # E: override / reportIncompatibleMethodOverride
        self, event: OrderPlaced, meta: Meta
    ) -> None: ...


class Incomplete(OrderEvents.AsyncHandler):
    async def on_order_paid(self, event: OrderPaid, meta: Meta) -> None: ...


async def handle(bus: AsyncBus) -> None:
    async with OrderEvents.consumer(bus, group="g") as events:
        await events.run(Shipping())
        await events.run(Incomplete())  # E: abstract / reportAbstractUsage
        events.run(Shipping())  # E: unused-coroutine / reportUnusedCoroutine


class Bank(Payments.AsyncService):
    async def authorize(self, request: AuthorizeRequest, meta: Meta) -> Authorization:
        raise NotImplementedError

    async def refund(self, request: RefundRequest, meta: Meta) -> Refund:
        raise NotImplementedError

    async def settled(self, request: SettledRequest, meta: Meta) -> None: ...


async def ask(bus: AsyncBus, amount: Money) -> None:
    async with Payments.serve(bus, Bank(), group="g"), Payments.client(bus) as payments:
        assert_type(await payments.authorize(order_id="o-1", amount=amount), Authorization)
        payments.authorize(order_id="o-1", amount=amount)  # E: unused-coroutine / reportUnusedCoroutine
        await payments.authorize(order_id="o-1")  # E: call-arg / reportCallIssue
