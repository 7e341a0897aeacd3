"""Records: what they are made of."""

from decimal import Decimal
from typing import assert_never, assert_type

from shop.customers import Customer, Tier
from shop.orders import BankTransfer, CardPayment, Order, Voucher
from shop.payments import CardDeclined, DeclineReason
from shop.types import Money

Customer(customer_id="c-1", email="ada@example.org", tier=Tier.GOLD)
Customer(customer_id=1, email="ada@example.org")  # E: arg-type / reportArgumentType
Customer(customer_id="c-1")  # E: call-arg / reportCallIssue
Customer("c-1", "ada@example.org")  # E: call-arg / reportCallIssue
Customer(customer_id="c-1", email="ada@example.org", phone="1")  # E: call-arg / reportCallIssue
Customer(customer_id="c-1", email=None)  # E: arg-type / reportArgumentType
Customer(customer_id="c-1", email="ada@example.org", tier="GOLD")  # E: arg-type / reportArgumentType
Customer(customer_id="c-1", email="ada@example.org", interests=[1])  # E: list-item / reportArgumentType
Money(amount=9.99)  # E: arg-type / reportArgumentType
Money(amount=Decimal("9.99"), currency="SEK")


def of_a_customer(customer: Customer) -> None:
    assert_type(customer.email, str)
    assert_type(customer.name, str | None)
    assert_type(customer.interests, list[str])
    customer.email = "bo@example.org"
    customer.email = None  # E: assignment / reportAttributeAccessIssue
    customer.mail = "bo@example.org"  # E: attr-defined / reportAttributeAccessIssue
    customer.name.upper()  # E: union-attr / reportOptionalMemberAccess


def of_a_tier(tier: Tier) -> int:
    match tier:
        case Tier.STANDARD:
            return 0
        case Tier.SILVER:
            return 5
        case Tier.GOLD:
            return 10
        case _:
            assert_never(tier)


def of_a_union(order: Order) -> str:
    match order.payment:
        case CardPayment(brand=brand):
            return assert_type(brand, str)
        case BankTransfer() as transfer:
            return assert_type(transfer, BankTransfer).iban
        case Voucher():
            return "voucher"
        case None:
            return ""


def of_a_union_without_vouchers(order: Order) -> str:  # E: return / reportReturnType
    match order.payment:  # E: - / reportMatchNotExhaustive
        case CardPayment() | BankTransfer():
            return "paid"
        case None:
            return ""


def of_a_declared_error() -> None:
    try:
        raise CardDeclined(reason=DeclineReason.STOLEN)
    except CardDeclined as declined:
        assert_type(declined.reason, DeclineReason)
        assert_type(declined.retry, bool)
