"""The client, on the embedded registry and on two that we did not write."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from kontrakt import avro
from kontrakt.codec.bundle import Document
from kontrakt.errors import RegistryError, SchemaNotFound, SchemaNotRegistered, SchemaRejected
from kontrakt.registry import Reference, Registered, Registry, Verdict

from tests.registry.served import Served, record


def shop(name: str) -> dict[str, Document]:
    """Documents that refer to each other: an order to its lines and to money, lines to money."""
    return {
        document.name: document
        for document in (
            _document(f"{name}.Money", ("amount", "long"), ("currency", _enum("Currency"))),
            _document(f"{name}.Line", ("price", f"{name}.Money"), references=(f"{name}.Money",)),
            _document(
                f"{name}.Order",
                ("lines", {"type": "array", "items": "Line"}),
                ("currency", f"{name}.Currency"),
                references=(f"{name}.Line", f"{name}.Money"),
            ),
        )
    }


def _document(name: str, *fields: tuple[str, object], references: tuple[str, ...] = ()) -> Document:
    return Document(name=name, text=record(name, *fields), subject=name, references=references)


def _enum(name: str) -> dict[str, object]:
    return {"type": "enum", "name": name, "symbols": ["EUR", "USD"]}


def registered(registry: Registry, documents: dict[str, Document]) -> list[Registered]:
    return [registry.register(document.subject, document, documents) for document in documents.values()]


def test_registering_says_what_is_new(registry: Registry, name: str) -> None:
    documents = shop(name)
    first = registered(registry, documents)
    assert [(one.subject, one.version, one.new) for one in first] == [
        (f"{name}.Money", 1, True),
        (f"{name}.Line", 1, True),
        (f"{name}.Order", 1, True),
    ]
    again = registered(registry, documents)
    assert [(one.subject, one.version, one.id, one.new) for one in again] == [
        (one.subject, one.version, one.id, False) for one in first
    ]


def test_a_producer_finds_its_id(served: Served, registry: Registry, name: str) -> None:
    documents = shop(name)
    order = registered(registry, documents)[-1]
    with Registry(served.url) as other:
        assert other.schema_id(f"{name}.Order", documents[f"{name}.Order"], documents) == order.id
        assert other.look_up(f"{name}.Order", documents[f"{name}.Order"], documents).version == 1


def test_a_consumer_gets_the_whole_schema(served: Served, registry: Registry, name: str) -> None:
    documents = shop(name)
    order = registered(registry, documents)[-1]
    with Registry(served.url) as other:
        schema = other.writer_schema(order.id)
        assert isinstance(schema, avro.Record)
        assert set(avro.named_types(schema)) == {f"{name}.{one}" for one in ("Order", "Line", "Money", "Currency")}
        assert other.writer_schema(order.id) is schema


def test_a_key_is_a_schema_without_a_name(registry: Registry, name: str) -> None:
    key = Document(name="long", text='"long"', subject=f"{name}-key")
    found = registry.register(key.subject, key, {})
    assert registry.writer_schema(found.id).type == "long"


def test_what_is_not_registered_says_what_to_do(registry: Registry, name: str) -> None:
    documents = shop(name)
    money = documents[f"{name}.Money"]
    with pytest.raises(SchemaNotRegistered) as caught:
        registry.schema_id(f"{name}-value", money, documents)
    assert f"{name}.Money is not registered under the subject {name}-value" in str(caught.value)
    assert f"kontrakt apply --registry {registry.url}" in str(caught.value)
    registry.register(f"{name}-value", money, documents)
    assert registry.schema_id(f"{name}-value", money, documents) > 0


def test_a_missing_reference_is_named(registry: Registry, name: str) -> None:
    documents = shop(name)
    with pytest.raises(SchemaNotRegistered, match=rf"{name}\.Money is not registered under the subject {name}\.Money"):
        registry.schema_id(f"{name}.Order", documents[f"{name}.Order"], documents)
    with pytest.raises(SchemaNotRegistered, match=rf"{name}\.Money is not registered"):
        registry.register(f"{name}.Line", documents[f"{name}.Line"], documents)


def test_another_schema_of_the_subject_is_not_this_one(registry: Registry, name: str) -> None:
    documents = shop(name)
    registered(registry, documents)
    changed = _document(f"{name}.Money", ("amount", "int"), ("currency", _enum("Currency")))
    with pytest.raises(SchemaNotRegistered):
        registry.schema_id(f"{name}.Money", changed, documents)


def test_a_changed_reference_is_a_new_version_of_what_refers_to_it(
    served: Served, registry: Registry, name: str
) -> None:
    documents = shop(name)
    before = registered(registry, documents)
    for document in documents.values():
        served.level(document.subject, "NONE")
    documents[f"{name}.Money"] = _document(f"{name}.Money", ("amount", "double"), ("currency", _enum("Currency")))
    after = registered(registry, documents)
    assert [one.version for one in after] == [2, 2, 2]
    assert {one.id for one in before}.isdisjoint(one.id for one in after)
    for ids, kind in ((before, "long"), (after, "double")):
        money = avro.named_types(registry.writer_schema(ids[-1].id))[f"{name}.Money"]
        assert isinstance(money, avro.Record)
        assert money.fields[0].schema.type == kind


def test_a_schema_that_another_tool_wrote_differently_is_found(served: Served, registry: Registry, name: str) -> None:
    documents = shop(name)
    registered(registry, {key: documents[key] for key in (f"{name}.Money", f"{name}.Line")})
    order = documents[f"{name}.Order"]
    # Another order of references and of attributes, other white space, another way to say the same names.
    other = json.dumps(
        {
            "fields": [
                {"type": {"items": f"{name}.Line", "type": "array"}, "name": "lines"},
                {"type": "Currency", "name": "currency"},
            ],
            "name": f"{name}.Order",
            "type": "record",
        },
        indent=1,
    )
    references = [{"name": one, "subject": one, "version": 1} for one in reversed(order.references)]
    number = served.register(order.subject, other, references=references)
    served.level(order.subject, "NONE")
    served.register(order.subject, record(order.name, ("x", "int")))
    assert registry.schema_id(order.subject, order, documents) == number
    found = registry.register(order.subject, order, documents)
    assert (found.id, found.new) == (number, False)


def test_a_refused_schema_says_why(registry: Registry, name: str) -> None:
    broken = Document(name=f"{name}.A", text='{"type": "record", "name": "A"', subject=name)
    with pytest.raises(SchemaRejected, match=rf"cannot register {name}\.A under the subject {name}: ") as caught:
        registry.register(name, broken, {})
    assert (caught.value.status, caught.value.code) == (422, 42201)


def test_an_incompatible_schema_is_refused(served: Served, registry: Registry, name: str) -> None:
    registry.register(name, _document(f"{name}.A", ("x", "int")), {})
    served.level(name, "BACKWARD")
    with pytest.raises(SchemaRejected) as caught:
        registry.register(name, _document(f"{name}.A", ("x", "string")), {})
    assert caught.value.status == 409


def test_a_registry_is_asked_before_anything_is_registered(served: Served, registry: Registry, name: str) -> None:
    """With everything that the schema refers to, which need not be registered."""
    documents = shop(name)
    schemas: list[avro.Schema] = []
    for document in documents.values():
        schemas.append(avro.parse(document.text, strict=False, references=schemas))
    fine = registry.compatible(f"{name}-order", schemas[-1])  # of a new subject, Apicurio knows nothing
    assert fine in (None, Verdict(True))
    registry.register(f"{name}-value", _document(f"{name}.Thing", ("a", "int")), {})
    registry.set_level(f"{name}-value", "BACKWARD")
    thing = avro.parse(record(f"{name}.Thing", ("a", "string")), strict=False)
    answer = registry.compatible(f"{name}-value", thing)
    assert answer is not None
    assert not answer.compatible
    assert bool(answer.messages) == (served.dialect != "apicurio3")


def test_unknown_ids(registry: Registry) -> None:
    with pytest.raises(SchemaNotFound, match="cannot fetch schema id 99999999: "):
        registry.writer_schema(99999999)
    with pytest.raises(SchemaNotFound, match="GUID"):
        registry.writer_schema_by_guid(UUID(int=0))


def test_a_guid_leads_to_the_schema(served: Served, registry: Registry, name: str) -> None:
    order = registered(registry, shop(name))[-1]
    guid = served.get(f"/schemas/ids/{order.id}").json.get("guid")
    if served.dialect != "confluent":
        assert guid is None
        return
    by_guid = registry.writer_schema_by_guid(guid)
    assert by_guid.canonical == registry.writer_schema(order.id).canonical


def test_histories(served: Served, registry: Registry, name: str) -> None:
    assert registry.versions(name) == []
    assert registry.latest(name) is None
    with pytest.raises(SchemaNotFound):
        registry.version(name, 1)
    documents = shop(name)
    line = registered(registry, documents)[1]
    served.level(f"{name}.Line", "NONE")
    registry.register(f"{name}.Line", _document(f"{name}.Line", ("price", "int")), {})
    assert registry.versions(f"{name}.Line") == [1, 2]
    first = registry.version(f"{name}.Line", 1)
    assert (first.id, first.type) == (line.id, "AVRO")
    assert first.references == (Reference(f"{name}.Money", f"{name}.Money", 1),)
    latest = registry.latest(f"{name}.Line")
    assert latest is not None
    assert (latest.subject, latest.version, latest.references) == (f"{name}.Line", 2, ())
    assert {f"{name}.Line", f"{name}.Money", f"{name}.Order"} == set(registry.subjects(f"{name}."))


def test_levels(registry: Registry, name: str) -> None:
    assert registry.get_level(name) is None
    registry.register(name, _document(f"{name}.A"), {})
    registry.set_level(name, "FULL_TRANSITIVE")
    assert registry.get_level(name) == "FULL_TRANSITIVE"
    assert registry.get_level() in {"BACKWARD", "NONE"}
    with pytest.raises(RegistryError):
        registry.set_level(name, "WRONG")


def test_modes(registry: Registry, name: str) -> None:
    assert registry.get_mode() == "READWRITE"
    assert registry.get_mode(f"{name}-value") == "READWRITE"


def test_odd_subjects(registry: Registry, name: str) -> None:
    document = _document(f"{name}.A")
    found = registry.register(f"{name}/ä b%20", document, {})
    assert registry.schema_id(f"{name}/ä b%20", document, {}) == found.id
    assert registry.versions(f"{name}/ä b%20") == [1]


def test_documents_in_a_circle(registry: Registry, name: str) -> None:
    documents = {
        "a": Document(name="a", text='"int"', subject=name, references=("b",)),
        "b": Document(name="b", text='"int"', subject=name, references=("a",)),
    }
    with pytest.raises(RegistryError, match="in a circle: "):
        registry.schema_id(name, documents["a"], documents)
    with pytest.raises(RegistryError, match="a refers to b, and there is no such document"):
        registry.schema_id(name, documents["a"], {})
