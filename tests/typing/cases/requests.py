"""Clients and services of requests."""

import datetime as dt
from decimal import Decimal
from typing import assert_type

from kontrakt import Bus, Meta
from shop.payments import (
    Authorization,
    AuthorizeRequest,
    Payments,
    Refund,
    RefundRequest,
    SettledRequest,
)
from shop.types import Money

AMOUNT = Money(amount=Decimal(5))


def ask(bus: Bus) -> None:
    with Payments.client(bus) as payments:
        assert_type(payments.authorize(order_id="o-1", amount=AMOUNT), Authorization)
        assert_type(payments.refund(order_id="o-1", authorization_id="a-1"), Refund)
        refund: Refund = payments.authorize(order_id="o-1", amount=AMOUNT)  # E: assignment / reportAssignmentType
        payments.authorize(order_id="o-1")  # E: call-arg / reportCallIssue
        payments.authorize(order_id="o-1", amount=5)  # E: arg-type / reportArgumentType
        payments.authorize("o-1", AMOUNT)  # E: call-arg / reportCallIssue
        payments.authorize(order_id="o-1", amount=AMOUNT, timeout=5)  # E: arg-type / reportArgumentType
        payments.authorize(order_id="o-1", amount=AMOUNT, timeout=dt.timedelta(seconds=5))
        payments.authorise(order_id="o-1", amount=AMOUNT)  # E: attr-defined / reportAttributeAccessIssue
        now = dt.datetime.now(dt.UTC)
        payments.settled(order_id="o-1", authorization_id="a-1", settled_at=now)
        refund = payments.settled(  # E: assignment func-returns-value / reportAssignmentType
            order_id="o-1", authorization_id="a-1", settled_at=now
        )
        del refund


class Bank(Payments.Service):
    def authorize(self, request: AuthorizeRequest, meta: Meta) -> Authorization:
        return Authorization(authorization_id="a-1", amount=request.amount, expires_at=dt.datetime.now(dt.UTC))

    def refund(self, request: RefundRequest, meta: Meta) -> Refund:
        return self.authorize(AuthorizeRequest(order_id="o", amount=AMOUNT), meta)  # E: return-value / reportReturnType

    def settled(self, request: SettledRequest, meta: Meta) -> None: ...


class WithoutRefunds(Payments.Service):
    def authorize(  # E: override / reportIncompatibleMethodOverride
        self, request: AuthorizeRequest, meta: Meta
    ) -> Refund:
        return Refund(refund_id=request.order_id, amount=request.amount)

    def settled(self, request: SettledRequest, meta: Meta) -> None: ...


def serve(bus: Bus) -> None:
    Payments.serve(bus, Bank(), group="g").run()
    Payments.serve(bus, WithoutRefunds(), group="g")  # E: abstract / reportAbstractUsage
    Payments.serve(bus, Bank, group="g")  # E: call-overload / reportArgumentType reportCallIssue
    Payments.serve(bus, Bank())  # E: call-overload / reportCallIssue
