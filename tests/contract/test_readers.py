"""Projections as their consumers publish them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kontrakt import avro
from kontrakt.avro.resolution import resolve
from kontrakt.contract import Contracts, from_files
from kontrakt.contract.readers import published, reader_subject, reads
from kontrakt.errors import ContractErrors

MONEY = {"type": "record", "name": "shop.Money", "fields": [{"name": "amount", "type": "long"}]}
TOPIC = {"kind": "event", "name": "paid", "key": "id", "owner": "payment-service"}


def payment(**topic: Any) -> dict[str, Any]:
    fields = [
        {"name": "id", "type": "string"},
        {"name": "total", "type": "shop.Money"},
        {"name": "note", "type": "string"},
    ]
    return {"type": "record", "name": "shop.Paid", "topic": {**TOPIC, **topic}, "fields": fields}


def projection(name: str, *fields: Any, consumer: str = "billing", **more: Any) -> dict[str, Any]:
    return {
        "type": "record",
        "name": name,
        "projection": {"of": "shop.Paid", "consumer": consumer},
        "fields": list(fields),
        **more,
    }


TOTAL = {"name": "sum", "type": "shop.Money", "aliases": ["total"]}


def loaded(*types: dict[str, Any]) -> Contracts:
    return from_files({f"{one['name']}.avsc": json.dumps(one).encode() for one in types})


def test_what_is_published_reads_what_the_topic_holds() -> None:
    contracts = loaded(MONEY, payment(), projection("billing.Sum", TOTAL, aliases=["billing.Old"]))
    (one,) = published(contracts)
    assert one.subject == "paid-value.readers.billing"
    assert one.document.references == ()
    schema = avro.parse(one.document.text)  # strictly, and with nothing beside it
    assert isinstance(schema, avro.Record)
    assert schema.aliases == ("shop.Paid", "billing.Old")
    assert not {"topic", "projection"} & schema.props.keys()
    assert not resolve(schema, contracts.types["shop.Paid"]).failures


def test_an_alias_that_is_there_already_stands_once() -> None:
    contracts = loaded(MONEY, payment(), projection("billing.Sum", TOTAL, aliases=["shop.Paid"]))
    assert json.loads(published(contracts)[0].document.text)["aliases"] == ["shop.Paid"]


def test_a_record_on_many_topics_is_read_on_each() -> None:
    contracts = loaded(MONEY, payment(name=["paid.a", "paid.b"]), projection("billing.Sum", TOTAL))
    assert [one.subject for one in published(contracts)] == [
        "paid.a-value.readers.billing",
        "paid.b-value.readers.billing",
    ]


def test_subjects_follow_the_strategy_of_the_topic() -> None:
    for strategy, subject in (("topic-record", "paid-shop.Paid"), ("record", "shop.Paid")):
        contracts = loaded(MONEY, payment(subjects=strategy), projection("billing.Sum", TOTAL))
        assert [one.subject for one in published(contracts)] == [f"{subject}.readers.billing"]


def test_consumers_publish_beside_each_other() -> None:
    contracts = loaded(
        MONEY,
        payment(),
        projection("billing.Sum", TOTAL),
        projection("audit.Note", {"name": "note", "type": "string"}, consumer="audit"),
    )
    assert [one.subject for one in published(contracts)] == ["paid-value.readers.audit", "paid-value.readers.billing"]


def test_a_consumer_publishes_one_projection_of_a_record() -> None:
    contracts = loaded(
        MONEY,
        payment(),
        projection("billing.Sum", TOTAL),
        projection("billing.Note", {"name": "note", "type": "string"}),
    )
    with pytest.raises(ContractErrors) as error:
        published(contracts)
    (problem,) = error.value.problems
    assert problem.position.file == "billing.Sum.avsc"
    assert problem.message == "billing has another projection of shop.Paid, billing.Note"


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("paid-value.readers.billing", ("paid-value", "billing")),
        ("a.readers.b-value.readers.c", ("a.readers.b-value", "c")),
        ("paid-value", None),
        (".readers.billing", None),
        ("paid-value.readers.", None),
    ],
)
def test_what_a_subject_says(subject: str, expected: tuple[str, str] | None) -> None:
    assert reads(subject) == expected
    if expected is not None:
        assert reader_subject(*expected) == subject
