"""Producers and consumers of entities."""

from typing import assert_never, assert_type

from kontrakt import Bus, Change, Delete, Delivery, Meta, Put, Sent
from shop import billing
from shop.customers import Customer, Customers
from shop.products import Product, Products


def produce(bus: Bus, customer: Customer, product: Product) -> None:
    with Customers.producer(bus) as customers:
        assert_type(customers.put(customer), Delivery)
        assert_type(customers.delete("c-1").result(timeout=1.0), Sent)
        customers.put(product)  # E: arg-type / reportArgumentType
        customers.put("c-1", customer)  # E: arg-type call-arg / reportCallIssue
        customers.delete(1)  # E: arg-type / reportArgumentType
        customers.delete(customer)  # E: arg-type / reportArgumentType
        customers.put(customer, headers={"source": 1})  # E: dict-item / reportArgumentType
        customers.send(customer)  # E: attr-defined / reportAttributeAccessIssue
    with Products.producer(bus) as products:
        products.put(customer)  # E: arg-type / reportArgumentType


def consume(bus: Bus) -> None:
    with Customers.consumer(bus, group="g") as changes:
        for change in changes:
            assert_type(change, Put[str, Customer] | Delete[str])
            assert_type(change.meta, Meta)
            change.value  # E: union-attr / reportAttributeAccessIssue
        assert_type(changes.poll(1.0), Put[str, Customer] | Delete[str] | None)
    Customers.consumer(bus)  # E: call-overload / reportCallIssue
    Customers.consumer(bus, group="g", start="now")  # E: call-overload / reportArgumentType reportCallIssue
    Customers.consumer(bus, group="g", on_error="ignore")  # E: call-overload / reportArgumentType reportCallIssue


def exhaustive(change: Put[str, Customer] | Delete[str]) -> str:
    match change:
        case Put(key, value):
            assert_type(key, str)
            return assert_type(value, Customer).email
        case Delete(key):
            return key
        case _:
            assert_never(change)


def without_deletes(change: Put[str, Customer] | Delete[str]) -> str:  # E: return / reportReturnType
    match change:  # E: - / reportMatchNotExhaustive
        case Put(_, value):
            return value.email


def handle(bus: Bus) -> None:
    def right(change: Put[str, Customer] | Delete[str]) -> None: ...
    def wrong(change: Put[str, Product] | Delete[str]) -> None: ...
    def puts_only(change: Put[str, Customer]) -> None: ...

    with Customers.consumer(bus, group="g") as changes:
        changes.run(right)
        changes.run(wrong)  # E: arg-type / reportArgumentType
        changes.run(puts_only)  # E: arg-type / reportArgumentType


def view(bus: Bus) -> None:
    with billing.Customers.consumer(bus, group="g") as changes:
        for change in changes:
            if isinstance(change, Put):
                assert_type(change.value, billing.Customer)
                assert_type(change.value.invoice_email, str)
                change.value.email  # E: attr-defined / reportAttributeAccessIssue
    billing.Customers.producer(bus)  # E: attr-defined / reportAttributeAccessIssue


def look_up(bus: Bus) -> None:
    def told(change: Change[str, Customer]) -> None: ...
    def wrong(change: Change[str, Product]) -> None: ...

    with Customers.table(bus, store="billing.db", on_error="skip") as table:
        assert_type(table["c-1"], Customer)
        assert_type(table.get("c-1"), Customer | None)
        assert_type(table.get("c-1", "none"), Customer | str)
        assert_type(list(table), list[str])
        assert_type(dict(table.items()), dict[str, Customer])
        table.subscribe(told)
        table.subscribe(wrong)  # E: arg-type / reportArgumentType
        table[1]  # E: index / reportArgumentType
        table["c-1"].nothing  # E: attr-defined / reportAttributeAccessIssue
        table.get(1)  # E: call-overload / reportArgumentType
    Customers.table(bus, store=1)  # E: call-overload / reportArgumentType reportCallIssue
    Customers.table(bus, outdated="ignore")  # E: call-overload / reportArgumentType reportCallIssue
    with billing.Customers.table(bus) as views:
        assert_type(views["c-1"], billing.Customer)
