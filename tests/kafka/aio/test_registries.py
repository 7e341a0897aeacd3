"""Every kind of topic on an event loop, with the embedded registry and with each generation of one that we did not write."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from kontrakt import Delete, Put, RegistryUnavailable, SchemaNotRegistered

from tests.kafka.aio.test_entities import on
from tests.kafka.aio.test_requests import AsyncBank
from tests.kafka.between import between
from tests.kafka.conftest import PLACES
from tests.kafka.new.customers import Customer, Customers
from tests.kafka.new.orders import Orders, Paid, Placed
from tests.kafka.new.payments import CardDeclined, Payments
from tests.kafka.old.customers import Customers as OldCustomers

if TYPE_CHECKING:
    from tests.kafka.conftest import Fresh, Place

pytestmark = pytest.mark.parametrize("place", PLACES, indirect=True)


def test_each_kind_of_topic_is_written_and_read(place: Place, fresh: Fresh) -> None:
    customers, orders, payments = fresh(Customers), fresh(Orders), fresh(Payments)
    ada = Customer(customer_id="c-1", email="ada@example.org", visits=3)

    async def main() -> None:
        async with on(place) as bus:
            async with customers.producer(bus) as put, orders.producer(bus) as send:
                await put.put(ada)
                await put.delete("c-1")
                for event in (Placed(order_id="o-1", total=1), Paid(order_id="o-1", total=1)):
                    await send.send(event)
            async with customers.consumer(bus, group="g") as changes:
                first, second = [change async for change in changes.until_end()]
            assert isinstance(first, Put)
            assert first.value == ada
            assert isinstance(second, Delete)
            async with orders.consumer(bus, group="g") as events:
                found = [event.value async for event in events.until_end()]
            assert found == [Placed(order_id="o-1", total=1), Paid(order_id="o-1", total=1)]
            async with payments.serve(bus, AsyncBank(), group="bank", workers=2), payments.client(bus) as client:
                assert (await client.authorize(order_id="o-1", amount=5)).authorization_id == "a-o-1"
                with pytest.raises(CardDeclined):
                    await client.authorize(order_id="poor", amount=5)

    asyncio.run(main())


def test_a_consumer_of_an_older_package_reads_what_a_newer_one_writes(place: Place, fresh: Fresh) -> None:
    topic = fresh(Customers)
    before = fresh(OldCustomers, like=topic, register=False)

    async def main() -> None:
        async with on(place) as bus:
            async with topic.producer(bus) as put:
                await put.put(Customer(customer_id="c-1", email="ada@example.org", visits=3))
            async with before.consumer(bus, group="g") as changes:
                (change,) = [change async for change in changes.until_end()]
            assert isinstance(change, Put)
            assert change.value.customer_id == "c-1"

    asyncio.run(main())


def test_a_schema_that_is_not_registered_and_a_registry_that_fails_are_told(place: Place, fresh: Fresh) -> None:
    """And neither ends the producer: what can be sent is, once it can."""
    topic = fresh(Customers, register=False)

    async def main() -> None:
        with between(place.registry_url) as proxy:
            place.registry_url = proxy.url
            async with on(place) as bus, topic.producer(bus) as customers:
                proxy.failing = True
                with pytest.raises(RegistryUnavailable):
                    await customers.put(Customer(customer_id="c-1"))
                proxy.failing = False
                with pytest.raises(SchemaNotRegistered, match="kontrakt "):
                    await customers.put(Customer(customer_id="c-1"))
                await bus.register(topic)
                assert (await (await customers.put(Customer(customer_id="c-1")))).offset == 0
            async with on(place) as other, topic.consumer(other, group="g") as changes:  # which knows no schema yet
                proxy.failing = True
                with pytest.raises(RegistryUnavailable):
                    await anext(changes.until_end())
                proxy.failing = False
                assert [change.key async for change in changes.until_end()] == ["c-1"]

    asyncio.run(main())
