"""billing-service: keeps its own view of customers. Part of ``kontrakt demo``."""

from __future__ import annotations

import kontrakt
from kontrakt import Delete, Put
from shop.billing import Customers


def main() -> None:
    """Follows the customers until it has seen the three that are put, and the one that is deleted."""
    with kontrakt.connect() as bus, Customers.consumer(bus, group="billing") as changes:
        for seen, change in enumerate(changes, start=1):
            match change:
                case Put(key=customer_id, value=customer):
                    print(f"put     {customer_id}  invoices to {customer.invoice_email}")
                case Delete(key=customer_id):
                    print(f"delete  {customer_id}")
            if seen == 4:
                break


if __name__ == "__main__":
    main()
