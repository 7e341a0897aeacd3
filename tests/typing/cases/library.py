"""What `kontrakt` itself offers, and what topics say of themselves."""

from typing import assert_type

import kontrakt
from shop.customers import Customer, Customers
from shop.order_events import OrderEvents, OrderPaid

assert_type(kontrakt.encode(Customer(customer_id="c-1", email="e")), bytes)
assert_type(kontrakt.decode(Customer, b""), Customer)
assert_type(kontrakt.decode(Customer, b"", writer='"string"'), Customer)
kontrakt.decode("Customer", b"")  # E: arg-type / reportArgumentType
kontrakt.decode(Customer, "text")  # E: arg-type / reportArgumentType

with kontrakt.embedded(Customers, OrderEvents) as embedded:
    assert_type(embedded, kontrakt.EmbeddedBus)
    assert_type(embedded.environment, dict[str, str])
with kontrakt.connect(bootstrap_servers="localhost:9092") as bus:
    assert_type(bus, kontrakt.Bus)
kontrakt.embedded(Customer)  # E: arg-type / reportArgumentType
kontrakt.connect("localhost:9092")  # E: arg-type / reportArgumentType

# Reading what a topic says is fine; changing it is not.
assert_type(Customers.topic, str)
Customers.topic = 1  # E: assignment / reportAttributeAccessIssue
Customers().topic = "elsewhere"  # E: misc / reportAttributeAccessIssue
Customers.key.fields.pop()  # E: attr-defined / reportAttributeAccessIssue reportOptionalMemberAccess
OrderEvents.types.append(Customer)  # E: attr-defined / reportAttributeAccessIssue
OrderEvents.Handler.handles[OrderPaid] = "on_paid"  # E: - / reportIndexIssue

# That these files are checked at all: an assertion that is wrong is an error.
assert_type(Customers.topic, bytes)  # E: assert-type / reportAssertTypeFailure
