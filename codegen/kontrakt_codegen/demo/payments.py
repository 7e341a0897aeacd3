"""payment-service: answers requests. Part of ``kontrakt demo``."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import kontrakt
from kontrakt import Meta
from shop.payments import (
    Authorization,
    AuthorizeRequest,
    CardDeclined,
    DeclineReason,
    NothingToRefund,
    Payments,
    Refund,
    RefundRequest,
    SettledRequest,
)


class Bank(Payments.Service):
    """Takes money up to a limit."""

    def authorize(self, request: AuthorizeRequest, meta: Meta) -> Authorization:
        """Sets money aside, or declines."""
        if request.amount.amount > Decimal(500):
            print(f"request {request.order_id} authorize {request.amount.amount}: too much")
            raise CardDeclined(reason=DeclineReason.INSUFFICIENT_FUNDS)
        print(f"request {request.order_id} authorize {request.amount.amount}: fine")
        return Authorization(
            authorization_id=f"a-{request.order_id}",
            amount=request.amount,
            expires_at=dt.datetime.now(dt.UTC) + dt.timedelta(days=7),
        )

    def refund(self, request: RefundRequest, meta: Meta) -> Refund:
        """Gives nothing back."""
        raise NothingToRefund(authorization_id=request.authorization_id)

    def settled(self, request: SettledRequest, meta: Meta) -> None:
        """Takes note; nobody waits for an answer."""
        print(f"one-way {request.order_id} settled: {request.authorization_id}")


def main() -> None:
    """Serves until it is stopped; what it has at hand is answered before."""
    with kontrakt.connect() as bus:
        runner = Payments.serve(bus, Bank(), group="payment-service")
        with kontrakt.stop_on_signals(runner):
            runner.run()


if __name__ == "__main__":
    main()
