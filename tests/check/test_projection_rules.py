"""Who reads what: published projections, those of the old contracts, and those of this folder."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest
from kontrakt import avro
from kontrakt.avro import Record
from kontrakt.check.compare import compare
from kontrakt.check.findings import Report
from kontrakt.check.past import Past, Reader, Version
from kontrakt.contract import from_files

from .checking import TODAY, against, checked, files
from .evolutions import enum, field, record

TOPIC = {"kind": "entity", "name": "customers", "key": "id", "owner": "customer-service"}
OF = {"of": "shop.Customer", "consumer": "billing-service"}
ID = field("id", "string")
EMAIL = field("email", "string", "")
INVOICES = field("invoice_email", "string", aliases=["email"])


def customer(*fields: Any, **topic: Any) -> dict[str, Any]:
    return record("Customer", ID, *fields, namespace="shop", topic=TOPIC | topic)


def projection(*fields: Any) -> dict[str, Any]:
    return record("Customer", ID, *fields, namespace="billing", projection=OF)


def published(*fields: Any, consumer: str = "billing-service") -> Reader:
    said = record("Customer", ID, *fields, namespace=consumer.replace("-", "_"), aliases=["shop.Customer"])
    schema = avro.parse(said, file=f"customers-value.readers.{consumer} version 1", strict=False)
    assert isinstance(schema, Record)
    return Reader(consumer=consumer, subject="customers-value", schema=schema)


def owners_check(
    old: dict[str, Any], new: dict[str, Any], *readers: Reader, level: str = "", today: date = TODAY
) -> Report:
    schema = avro.parse({**old, "topic": None}, file="customers-value version 1", strict=False)
    past = Past(
        name="the registry",
        histories={"customers-value": (Version(number=1, schema=schema),)},
        levels={"customers-value": level} if level else {},
        default_level="BACKWARD",
        readers=readers,
    )
    return against(past, files(customer=new), today)


def errors(report: Report) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(one.rule, one.subject_of, one.breaks) for one in report.findings if one.severity == "error"]


def test_a_field_that_a_consumer_reads_cannot_go_and_one_that_nobody_reads_can() -> None:
    phone = field("phone", "string", "")
    reader = published(INVOICES)
    broken = owners_check(customer(EMAIL, phone), customer(phone), reader)
    assert errors(broken) == [("projection-broken", "billing-service shop.Customer.email", ("billing-service",))]
    assert broken.failed
    (finding,) = (one for one in broken.findings if one.rule == "projection-broken")
    assert finding.message == ("billing-service reads `email` of `shop.Customer` (as `invoice_email`), and it is gone")
    assert finding.topics == ("customers",)
    assert (
        "`email` is read by billing-service."
        in next(one for one in broken.findings if one.rule == "field-removed").reason
    )
    fine = owners_check(customer(EMAIL, phone), customer(EMAIL), reader)
    assert errors(fine) == []
    assert not fine.failed


def test_a_level_of_none_keeps_no_consumer_from_being_named() -> None:
    report = owners_check(customer(EMAIL), customer(compatibility="NONE"), published(INVOICES))
    assert [rule for rule, _, _ in errors(report)] == ["projection-broken"]


def test_a_renamed_field() -> None:
    report = owners_check(
        customer(EMAIL), customer(field("mail", "string", "", aliases=["email"])), published(INVOICES)
    )
    (finding,) = (one for one in report.findings if one.rule == "projection-broken")
    assert finding.message.endswith("and it is called `mail` now")
    assert "add `mail` beside `email`, and fill both" in finding.ways_out


@pytest.mark.parametrize(
    ("old", "new", "read", "said"),
    [
        (field("a", "int"), field("a", "string"), field("a", "long"), "cannot read the `string` that it may be now"),
        (
            field("a", "int"),
            field("a", ["null", "int"]),
            field("a", "int"),
            "cannot read the `null` that it may be now",
        ),
        (
            field("a", enum("T", "A")),
            field("a", enum("T", "A", "B")),
            field("a", enum("T", "A")),
            "it may be `B` now, which that consumer does not know",
        ),
    ],
)
def test_a_field_of_another_type(old: Any, new: Any, read: Any, said: str) -> None:
    report = owners_check(customer(old), customer(new), published(read))
    (finding,) = (one for one in report.findings if one.rule == "projection-broken")
    assert finding.message == f"billing-service reads `a` of `shop.Customer`, and {said}"
    everybody = {who for one in report.findings for who in one.breaks}
    assert "billing-service" in everybody
    assert "old consumers reading new messages" in everybody


def test_a_change_that_the_projection_survives() -> None:
    report = owners_check(
        customer(field("a", "int"), compatibility="BACKWARD"),
        customer(field("a", "long"), compatibility="BACKWARD"),
        published(field("a", "double")),
    )
    assert report.findings == ()


def test_a_projection_that_falls_back_on_its_default() -> None:
    report = owners_check(customer(EMAIL), customer(), published(field("email", "string", "none")))
    assert [(one.rule, one.severity.value) for one in report.findings] == [
        ("field-removed", "warning"),
        ("projection-falls-back", "warning"),
    ]


def test_what_a_projection_could_not_read_before_is_not_of_this_change() -> None:
    report = owners_check(customer(EMAIL), customer(EMAIL, field("a", "int", 0)), published(field("b", "int")))
    assert report.findings == ()


def test_all_who_read_a_field_are_named() -> None:
    report = owners_check(
        customer(field("email", "string")),
        customer(),
        published(INVOICES),
        published(field("email", "string"), consumer="mail-service"),
    )
    (removed,) = (one for one in report.findings if one.rule == "field-removed-without-default")
    assert removed.breaks == ("old consumers reading new messages", "billing-service", "mail-service")


def test_a_projection_of_the_old_contracts_still_runs() -> None:
    old = files(customer=customer(EMAIL), billing=projection(INVOICES))
    new = files(customer=customer(), billing=projection())
    assert [rule for rule, _, _ in errors(checked(old, new))] == ["projection-broken"]


def test_a_projection_reads_every_version_that_the_topic_may_hold() -> None:
    def version(number: int, *fields: Any) -> Version:
        said = record("Customer", ID, *fields, namespace="shop")
        file = f"customers-value version {number}"
        return Version(number=number, schema=avro.parse(said, file=file, strict=False))

    contracts = from_files(files(customer=customer(EMAIL), billing=projection(INVOICES)))
    past = Past(
        name="the registry",
        histories={"customers-value": (version(1), version(2), version(3, EMAIL))},
        unchanged=frozenset(("customers-value",)),
    )
    (finding,) = compare(contracts, past, today=TODAY).findings
    assert finding.rule == "projection-unreadable"
    assert finding.message == (
        "the projection of billing-service cannot read versions 1-2 of `customers-value`: there is no `invoice_email`, which "
        "has no default"
    )
    assert finding.breaks == ("billing-service",)
    assert finding.new is not None
    assert finding.new.file == "billing.avsc"
    text = json.dumps(projection(field("invoice_email", "string", "", aliases=["email"]))).encode()
    repaired = from_files(files(customer=customer(EMAIL)) | {"billing.avsc": text})
    assert compare(repaired, past, today=TODAY).findings == ()


def test_a_deprecated_field_goes_when_its_time_is_over_and_nobody_reads_it() -> None:
    since = {"since": "2025-10-01", "reason": "use `contact`"}
    old, new = customer(EMAIL | {"deprecated": since}), customer()
    found = owners_check(old, new).findings
    assert [(one.rule, one.severity.value) for one in found] == [("deprecated-field-removed", "info")]
    early = owners_check(old, new, today=date(2025, 11, 1))
    assert [(one.rule, one.severity.value) for one in early.findings] == [("field-removed", "warning")]
    assert "may go in 59 days" in early.findings[0].reason
    read = owners_check(old, new, published(INVOICES))
    assert {one.rule for one in read.findings} == {"field-removed", "projection-broken"}


def test_a_projection_in_the_same_folder_is_told_whom_the_change_breaks() -> None:
    old = files(customer=customer(EMAIL), billing=projection(INVOICES))
    new = files(customer=customer(), billing=projection(INVOICES))
    report = checked(old, new)
    assert [rule for rule, _, _ in errors(report)] == ["projection-broken"]
    assert "billing-service reads `email`" in report.findings[0].message


def test_a_new_projection_that_does_not_fit_is_found() -> None:
    old = files(customer=customer(EMAIL))
    new = files(customer=customer(EMAIL), billing=projection(field("invoice_mail", "string", aliases=["mail"])))
    (finding,) = checked(old, new).findings
    assert finding.rule == "projection-unreadable"
    (first,) = checked({}, new).findings
    assert first.message.startswith(
        "the projection of billing-service cannot read what `shop.Customer` is now: there is no "
    )
