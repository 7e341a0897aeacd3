"""A change is judged and reported once, with everything that it reaches."""

from __future__ import annotations

from typing import Any

from kontrakt.check.findings import Severity

from .checking import checked, files
from .evolutions import array, field, record

MONEY = record("Money", field("amount", "long"), namespace="shop")
CHANGED = record("Money", field("amount", "string"), namespace="shop")


def order(number: int, money: Any) -> dict[str, Any]:
    topic = {"kind": "event", "name": f"orders-{number}", "key": "id", "owner": "order-service"}
    fields = [field("id", "string"), field("total", money), field("lines", array(money))]
    return record(f"Order{number}", *fields, namespace="shop", topic=topic)


def test_a_shared_type_in_fifty_records() -> None:
    orders = {f"order{number}": order(number, "shop.Money") for number in range(50)}
    report = checked(files(money=MONEY, **orders), files(money=CHANGED, **orders))
    (finding,) = report.findings
    assert (finding.rule, finding.subject_of) == ("type-changed", "shop.Money.amount")
    assert finding.topics == tuple(sorted(f"orders-{number}" for number in range(50)))
    assert finding.new is not None
    assert finding.new.file == "money.avsc"
    assert report.subjects == 51


def test_a_record_on_seven_hundred_topics() -> None:
    names = [f"questionnaire_{number}" for number in range(700)]
    topic = {"kind": "event", "name": names, "key": {"schema": "string"}, "owner": "phone-app"}

    def answers(*fields: Any) -> dict[str, bytes]:
        return files(answers=record("Answers", *fields, namespace="acme", topic=topic))

    (finding,) = checked(
        answers(field("score", "int")), answers(field("score", "int"), field("name", "string"))
    ).findings
    assert finding.rule == "field-added-without-default"
    assert finding.topics == tuple(sorted(names))


def test_a_shared_type_of_a_request_and_an_event_breaks_each_in_its_way() -> None:
    protocol = {
        "protocol": "Payments",
        "namespace": "shop",
        "topic": {"kind": "request", "name": "payments", "key": None, "owner": "payment-service"},
        "messages": {"pay": {"request": [field("sum", "shop.Money")], "response": "shop.Money"}},
    }
    old = files(money=MONEY, pay=protocol, order=order(1, "shop.Money"))
    new = files(money=CHANGED, pay=protocol, order=order(1, "shop.Money"))
    (finding,) = checked(old, new).findings
    assert set(finding.breaks) == {
        "old consumers reading new messages",
        "new consumers reading old messages",
        "old clients reading answers of the new payment-service",
        "the new payment-service reading requests of old clients",
    }
    assert finding.topics == ("orders-1", "payments.requests", "payments.responses")


def test_a_type_that_is_replaced_is_one_finding() -> None:
    old = order(1, "shop.Money") | {"fields": [field("id", "string"), field("total", "shop.Money")]}
    new = old | {"fields": [field("id", "string"), field("total", "shop.Sum")]}
    other = record("Sum", field("value", "int"), field("unit", "string"), namespace="shop")
    report = checked(files(money=MONEY, other=other, order=old), files(money=MONEY, other=other, order=new))
    assert [(one.rule, one.subject_of, one.severity) for one in report.findings] == [
        ("type-changed", "shop.Order1.total", Severity.ERROR)
    ]
