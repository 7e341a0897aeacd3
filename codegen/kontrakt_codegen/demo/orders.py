"""order-service: asks for money, then tells what happened to the order. Part of ``kontrakt demo``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from uuid import uuid4

import kontrakt
from shop.order import OrderLine
from shop.order_events import CancelReason, OrderCancelled, OrderEvents, OrderPaid, OrderPlaced
from shop.payments import CardDeclined, Payments
from shop.types import Money


def main() -> None:
    """Places two orders; the card of the second is declined."""
    with kontrakt.connect() as bus, OrderEvents.producer(bus) as events, Payments.client(bus) as payments:
        for order_id, price in (("o-1", Decimal("49.90")), ("o-2", Decimal("990.00"))):
            total = Money(amount=price, currency="SEK")
            events.send(
                OrderPlaced(
                    event_id=uuid4(),
                    occurred_at=now(),
                    order_id=order_id,
                    customer_id="c-1",
                    lines=[OrderLine(product_id="p-7", quantity=1, unit_price=total)],
                    total=total,
                )
            )
            print(f"event   {order_id} placed, {price} SEK")
            try:
                authorization = payments.authorize(order_id=order_id, amount=total)
            except CardDeclined as declined:
                print(f"answer  {order_id} declined: {declined.reason}")
                events.send(
                    OrderCancelled(
                        event_id=uuid4(), occurred_at=now(), order_id=order_id, reason=CancelReason.PAYMENT_FAILED
                    )
                )
            else:
                print(f"answer  {order_id} authorized as {authorization.authorization_id}")
                events.send(
                    OrderPaid(
                        event_id=uuid4(),
                        occurred_at=now(),
                        order_id=order_id,
                        authorization_id=authorization.authorization_id,
                        amount=total,
                    )
                )
        payments.settled(order_id="o-1", authorization_id="a-o-1", settled_at=now())
        print("one-way o-1 settled")


def now() -> dt.datetime:
    """The time, aware of its zone."""
    return dt.datetime.now(dt.UTC)


if __name__ == "__main__":
    main()
