"""order-service: asks for money, then tells what happened to the order. Part of ``kontrakt demo``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

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
                events.send(OrderCancelled(order_id=order_id, reason=CancelReason.PAYMENT_FAILED))
            else:
                print(f"answer  {order_id} authorized as {authorization.authorization_id}")
                events.send(
                    OrderPaid(
                        order_id=order_id,
                        authorization_id=authorization.authorization_id,
                        amount=total,
                    )
                )
        payments.settled(order_id="o-1", authorization_id="a-o-1", settled_at=dt.datetime.now(dt.UTC))
        print("one-way o-1 settled")


if __name__ == "__main__":
    main()
