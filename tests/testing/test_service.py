"""A service is called without a broker, through its generated client."""

from __future__ import annotations

import pytest
from kontrakt import EncodeError, Meta, RequestFailed, testing
from shop.payments import Payments as Others

from tests.kafka.bank import Bank, raising, returning
from tests.kafka.new.payments import (
    Authorization,
    AuthorizeRequest,
    CardDeclined,
    Payments,
    ReturnRequest,
    SettledRequest,
)


def test_a_client_gets_what_the_service_answers() -> None:
    bank = Bank()
    payments = testing.client(Payments, bank)
    answer = payments.authorize(order_id="o-1", amount=5)
    assert answer == Authorization(authorization_id="a-o-1-5SEK")
    payments.return_(order_id="o-1")
    payments.settled(order_id="o-1")
    assert bank.asked == ["o-1", "return o-1", "settled o-1"]
    assert bank.places == ["payments.requests[0]@0"]


def test_errors_are_raised_as_a_client_gets_them() -> None:
    payments = testing.client(Payments, Bank(instead=raising(CardDeclined(reason="too much"))))
    with pytest.raises(CardDeclined, match="too much"):
        payments.authorize(order_id="o-1", amount=5)
    cause = ZeroDivisionError("no rate")
    payments = testing.client(Payments, Bank(instead=raising(cause)))
    with pytest.raises(RequestFailed, match=r"payments.authorize failed: ZeroDivisionError: no rate") as failed:
        payments.authorize(order_id="o-1", amount=5)
    assert failed.value.__cause__ is cause


def test_what_cannot_be_sent_fails_here_too() -> None:
    bank = Bank()
    with pytest.raises(EncodeError, match="amount"):
        testing.client(Payments, bank).authorize(order_id="o-1", amount="5")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    assert bank.asked == []
    with pytest.raises(RequestFailed, match="authorize failed"):
        testing.client(Payments, Bank(instead=returning("yes"))).authorize(order_id="o-1", amount=5)
    with pytest.raises(RuntimeError, match="the ledger is locked"):
        testing.client(Payments, bank).settled(order_id="broken")


class Unsure(Payments.Service):
    def authorize(self, request: AuthorizeRequest, meta: Meta) -> Authorization:
        raise NotImplementedError

    def return_(self, request: ReturnRequest, meta: Meta) -> None: ...

    def settled(self, request: SettledRequest, meta: Meta) -> None: ...


def test_a_service_of_another_protocol_is_refused() -> None:
    with pytest.raises(TypeError, match="Unsure is not a service of Payments"):
        testing.client(Others, Unsure())
