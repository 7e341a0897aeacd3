"""Folders of schemas: what they declare, and every mistake at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from kontrakt import settings
from kontrakt.contract import Contracts, KeyFormat, Kind, SubjectStrategy, from_files, load
from kontrakt.errors import ContractErrors, SchemaErrors

SCHEMAS = Path(__file__).parents[2] / "schemas"
TOPIC = {"kind": "entity", "name": "a.things", "key": "id", "owner": "a-service"}
ID = {"name": "id", "type": "string"}


def thing(topic: Any = None, name: str = "Thing", fields: Any = (ID,), **more: Any) -> bytes:
    said = {"type": "record", "namespace": "a", "name": name, "fields": list(fields), **more}
    return json.dumps(said if topic is None else said | {"topic": topic}).encode()


def contracts(**files: bytes) -> Contracts:
    return from_files({f"{name}.avsc": data for name, data in files.items()})


def test_the_example_domain() -> None:
    found = load(SCHEMAS)
    assert [(topic.name, topic.kind, topic.owner) for topic in found.topics] == [
        ("shop.customers", Kind.ENTITY, "customer-service"),
        ("shop.order-events", Kind.EVENT, "order-service"),
        ("shop.orders", Kind.ENTITY, "order-service"),
        ("shop.products", Kind.ENTITY, "catalogue-service"),
    ]
    events = found.topics[1]
    assert [value.name for value in events.values] == ["OrderCancelled", "OrderPaid", "OrderPlaced"]
    assert events.subjects is SubjectStrategy.TOPIC_RECORD
    payments = found.requests[0]
    assert [operation.name for operation in payments.operations] == ["authorize", "refund", "settled"]
    assert [field.name for field in payments.operations[0].request.fields] == ["order_id", "amount"]
    assert payments.operations[2].response is None
    assert [projection.consumer for projection in found.projections] == ["billing-service"]


def test_subjects_come_after_those_that_they_refer_to() -> None:
    found = load(SCHEMAS)
    registered: set[str] = set()
    for subject in found.subjects:
        needed = {found.documents[name].subject for name in found.documents[subject.document].references}
        assert needed <= registered, subject
        registered.add(subject.name)
    assert len(registered) == len(found.subjects)


def test_own_attributes_never_reach_a_registry() -> None:
    for document in load(SCHEMAS).documents.values():
        said = json.loads(document.text)
        assert "topic" not in said
        assert "projection" not in said


WRONG: list[tuple[Any, str]] = [
    (TOPIC | {"kind": "entitty"}, 'did you mean "entity"'),
    (TOPIC | {"kye": "id"}, 'did you mean "key"'),
    (TOPIC | {"key": "idd"}, 'did you mean "id"'),
    ({k: v for k, v in TOPIC.items() if k != "owner"}, "owner"),
    ({k: v for k, v in TOPIC.items() if k != "key"}, "no key"),
    (TOPIC | {"key": None}, "entity topic needs a key"),
    (TOPIC | {"name": "a things"}, "a things"),
    (TOPIC | {"partitions": 0}, "partitions"),
    (TOPIC | {"compatibility": "FULLY"}, 'did you mean "FULL"'),
    (TOPIC | {"key_format": "long"}, "long"),
    (TOPIC | {"kind": "request"}, "protocol"),
    (TOPIC | {"key": {"schema": "a.Nothing"}}, "a.Nothing"),
    (TOPIC | {"key": {"schema": "double"}}, "double"),
    ("a.things", "object"),
]


@pytest.mark.parametrize(("topic", "said"), WRONG)
def test_a_wrong_declaration_is_a_problem_that_helps(topic: Any, said: str) -> None:
    with pytest.raises(ContractErrors) as caught:
        contracts(thing=thing(topic))
    assert said in str(caught.value)
    assert caught.value.problems[0].position.file == "thing.avsc"


def test_all_problems_are_listed_those_of_the_avro_and_those_of_the_contracts() -> None:
    with pytest.raises(SchemaErrors) as caught:
        contracts(bad=b'{"type": "nope"}', thing=thing(TOPIC | {"key": "idd"}))
    assert {problem.position.file for problem in caught.value.problems} == {"bad.avsc", "thing.avsc"}


def test_an_entity_topic_carries_one_record() -> None:
    with pytest.raises(ContractErrors, match="carries a.Thing already"):
        contracts(a=thing(TOPIC), b=thing(TOPIC, name="Other"))


def test_a_topic_has_one_owner_and_one_kind() -> None:
    event = TOPIC | {"kind": "event"}
    with pytest.raises(ContractErrors, match="another owner"):
        contracts(a=thing(event), b=thing(event | {"owner": "b-service"}, name="Other"))
    with pytest.raises(ContractErrors, match="another kind"):
        contracts(a=thing(event), b=thing(TOPIC, name="Other"))


def test_keys_inside_beside_and_composite() -> None:
    fields = [ID, {"name": "line", "type": "int"}, {"name": "uid", "type": {"type": "string", "logicalType": "uuid"}}]
    topic = contracts(a=thing(TOPIC | {"key": "uid"}, fields=fields)).topics[0]
    assert topic.key is not None
    assert (topic.key.format, topic.key.fields) == (KeyFormat.STRING, ("uid",))
    found = contracts(a=thing(TOPIC | {"key": ["id", "line"]}, fields=fields))
    assert "a.ThingKey" in found.types
    assert [subject.name for subject in found.subjects] == ["a.things-value", "a.things-key"]
    topic = contracts(a=thing(TOPIC | {"key": {"schema": "long"}, "key_format": "long"})).topics[0]
    assert topic.key is not None
    assert not topic.key.inside


def test_a_projection_reads_what_its_record_says() -> None:
    def view(*fields: Any) -> bytes:
        return thing(name="View", fields=fields, projection={"of": "a.Thing", "consumer": "b-service"})

    source = thing(TOPIC, fields=[ID, {"name": "n", "type": "int"}])
    found = contracts(a=source, b=view(ID, {"name": "number", "aliases": ["n"], "type": "long"}))
    assert found.projections[0].of.fullname == "a.Thing"
    with pytest.raises(ContractErrors, match="cannot read a.Thing"):
        contracts(a=source, b=view({"name": "gone", "type": "int"}))
    with pytest.raises(ContractErrors, match="did you mean"):
        contracts(a=source, b=thing(name="View", projection={"of": "a.Thin", "consumer": "b"}))


def test_topics_from_outside(tmp_path: Path) -> None:
    (tmp_path / "kontrakt.toml").write_text(
        '[[topics]]\nrecord = "a.Thing"\nkind = "event"\nname = ["one", "two"]\nkey = { schema = "a.Key" }\nowner = "x"\n'
    )
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "thing.avsc").write_bytes(thing())
    (tmp_path / "schemas" / "key.avsc").write_bytes(thing(name="Key"))
    said = settings.read(tmp_path, {})
    found = load(tmp_path / "schemas", said)
    assert [topic.name for topic in found.topics] == ["one", "two"]
    (tmp_path / "kontrakt.toml").write_text(
        '[[topics]]\nrecord = "a.Thin"\nkind = "event"\nname = "one"\nowner = "x"\n'
    )
    with pytest.raises(ContractErrors) as caught:
        load(tmp_path / "schemas", settings.read(tmp_path, {}))
    assert caught.value.problems[0].position.line == 2


def test_one_record_on_many_topics_is_one_document() -> None:
    found = contracts(a=thing(TOPIC | {"kind": "event", "name": [f"t{n}" for n in range(700)]}))
    assert len(found.topics) == 700
    assert len(found.subjects) == 700
    assert list(found.documents) == ["a.Thing"]


def test_levels_of_subjects_are_said_in_the_settings(tmp_path: Path) -> None:
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "money.avsc").write_bytes(thing(name="Money"))
    toml = tmp_path / "kontrakt.toml"
    toml.write_text('[levels]\n"a.Money" = "BACKWARD"\n')
    (subject,) = load(tmp_path / "schemas", settings.read(tmp_path, {})).subjects
    assert (subject.name, subject.compatibility) == ("a.Money", "BACKWARD")
    toml.write_text('[levels]\n"a.Money" = "BACKWARDS"\n"a.Mony" = "FULL"\n')
    with pytest.raises(ContractErrors) as caught:
        load(tmp_path / "schemas", settings.read(tmp_path, {}))
    assert [(problem.position.line, problem.message) for problem in caught.value.problems] == [
        (2, "'BACKWARDS' is not a level"),
        (3, "there is no subject a.Mony"),
    ]
