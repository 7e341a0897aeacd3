"""Registering contracts: the example shop on each registry."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from kontrakt.contract import Contracts, Document, Subject, from_files, load
from kontrakt.errors import SchemaRejected
from kontrakt.registry import Registry, publish, register

from tests.registry.served import Served, record

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture(scope="module")
def shop() -> Contracts:
    return load(SCHEMAS)


def test_the_shop_is_registered_and_stays_as_it_is(served: Served, shop: Contracts) -> None:
    with Registry(served.url) as registry:
        first = register(shop, registry)
    assert [one.subject for one in first] == [subject.name for subject in shop.subjects]
    with Registry(served.url) as registry:
        again = register(shop, registry)
        assert [(one.subject, one.id, one.version, one.new) for one in again] == [
            (one.subject, one.id, one.version, False) for one in first
        ]
        for subject, found in zip(shop.subjects, first, strict=True):
            document = shop.documents[subject.document]
            assert registry.schema_id(subject.name, document, shop.documents) == found.id
            registry.writer_schema(found.id)
            if subject.compatibility:
                assert registry.get_level(subject.name) == subject.compatibility


def contracts(*subjects: Subject, documents: dict[str, Document]) -> Contracts:
    return Contracts(
        topics=(),
        requests=(),
        projections=(),
        documents=documents,
        subjects=subjects,
        types={},
        files=(),
        document_of={},
    )


def one(name: str, level: str, *fields: tuple[str, object]) -> Contracts:
    """Contracts of a single subject."""
    document = Document(name=name, text=record(name, *fields), references=(), subject=name, defines=(name,), file="")
    return contracts(Subject(name=name, document=name, compatibility=level, topic=""), documents={name: document})


@pytest.mark.parametrize("level", ["NONE", "FULL_TRANSITIVE"])
def test_a_new_subject_gets_its_level(registry: Registry, name: str, level: str) -> None:
    register(one(f"{name}.A", level), registry)
    assert registry.get_level(f"{name}.A") == level
    register(one(f"{name}.A", level), registry)
    assert registry.versions(f"{name}.A") == [1]


def test_the_level_counts_before_the_schema(registry: Registry, name: str) -> None:
    register(one(f"{name}.A", "FULL", ("x", "int")), registry)
    register(one(f"{name}.A", "NONE", ("x", "string")), registry)
    assert registry.versions(f"{name}.A") == [1, 2]


def test_without_a_level_the_registrys_own_counts(registry: Registry, name: str) -> None:
    before = registry.get_level(f"{name}.A")
    register(one(f"{name}.A", ""), registry)
    assert registry.get_level(f"{name}.A") in {before, registry.get_level()}


def test_progress_is_told(registry: Registry, name: str) -> None:
    told: list[tuple[int, int, str]] = []
    register(one(f"{name}.A", ""), registry, lambda done, total, what: told.append((done, total, what)))
    assert told == [(0, 1, "registering")]


def test_a_refused_schema_stops_it(registry: Registry, name: str) -> None:
    good, bad = f"{name}.A", f"{name}.B"
    documents = {
        good: Document(name=good, text=record(good), references=(), subject=good, defines=(good,), file=""),
        bad: Document(name=bad, text='{"type": "record"', references=(), subject=bad, defines=(bad,), file=""),
    }
    subjects = [Subject(name=subject, document=subject, compatibility="", topic="") for subject in (good, bad)]
    with pytest.raises(SchemaRejected, match=rf"cannot register {name}\.B under the subject {name}\.B"):
        register(contracts(*subjects, documents=documents), registry)
    assert registry.versions(good) == [1]
    assert registry.versions(bad) == []


def customer(name: str, *read: str) -> Contracts:
    """An entity, and a projection of it that reads some fields."""
    fields = [{"name": one, "type": "string", "default": ""} for one in ("id", "email", "phone")]
    topic = {"kind": "entity", "name": f"{name}.customers", "key": "id", "owner": "customer-service"}
    entity = {"type": "record", "name": f"{name}.Customer", "topic": topic, "fields": fields}
    view = {
        "type": "record",
        "name": f"{name}.View",
        "projection": {"of": f"{name}.Customer", "consumer": "billing"},
        "fields": [one for one in fields if one["name"] in read],
    }
    return from_files({"customer.avsc": json.dumps(entity).encode(), "view.avsc": json.dumps(view).encode()})


def test_projections_are_published(registry: Registry, name: str) -> None:
    subject = f"{name}.customers-value.readers.billing"

    def newest() -> list[str]:
        version = registry.latest(subject)
        assert version is not None
        return [field["name"] for field in json.loads(version.text)["fields"]]

    for read in (["email"], ["email", "phone"], ["email"], ["phone"], ["email", "phone"], ["email", "phone"]):
        (done,) = publish(customer(name, *read), registry)
        assert (done.subject, newest()) == (subject, read)  # also where it is an older version again
        assert registry.get_level(subject) == "NONE"
    assert publish(customer(name, "email", "phone"), registry)[0].new is False
    assert registry.versions(f"{name}.customers-value") == []  # nothing else is registered
