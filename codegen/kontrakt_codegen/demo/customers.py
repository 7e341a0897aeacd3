"""customer-service: owns the topic of customers. Part of ``kontrakt demo``."""

from __future__ import annotations

import kontrakt
from shop.customers import Customer, Customers, Tier
from shop.types import Address


def main() -> None:
    """Publishes three customers, and deletes one again."""
    home = Address(name="Ada", street="Kungsgatan 1", city="Stockholm", postal_code="111 43", country="SE")
    with kontrakt.connect() as bus, Customers.producer(bus) as customers:
        for customer in (
            Customer(customer_id="c-1", email="ada@example.org", name="Ada", address=home, tier=Tier.GOLD),
            Customer(customer_id="c-2", email="bo@example.org"),
            Customer(customer_id="c-3", email="cy@example.org"),
        ):
            customers.put(customer)
            print(f"put     {customer.customer_id}  {customer.email}")
        customers.delete("c-3")
        print("delete  c-3  (a tombstone)")


if __name__ == "__main__":
    main()
