"""billing-service: keeps its own view of customers. Part of ``kontrakt demo``."""

from __future__ import annotations

import kontrakt
from kontrakt import Delete, Put
from shop.billing import Customers


def main() -> None:
    """Follows the customers until one is deleted."""
    with kontrakt.connect() as bus, Customers.consumer(bus, group="billing") as changes:
        for change in changes:
            match change:
                case Put(key=customer_id, value=customer):
                    print(f"put     {customer_id}  invoices to {customer.invoice_email}")
                case Delete(key=customer_id):
                    print(f"delete  {customer_id}")
                    break


if __name__ == "__main__":
    main()
