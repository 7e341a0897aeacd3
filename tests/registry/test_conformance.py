"""Requests that a registry with Confluent's REST API answers as documented, and where the foreign ones differ.

``differs`` names what Confluent's registry (and ours) does first, then what Apicurio does in its place. Source of the first:
https://docs.confluent.io/platform/current/schema-registry/develop/api.html
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.registry.served import Served, record


def test_a_schema_gets_an_id_once(served: Served, name: str) -> None:
    schema = record(f"{name}.A", ("x", "int"))
    first = served.register(name, schema)
    assert served.register(name, schema) == first
    assert served.get(f"/subjects/{name}/versions").json == [1]
    assert served.get(f"/subjects/{name}/versions/1").json["id"] == first


def test_white_space_makes_no_new_schema(served: Served, name: str) -> None:
    schema = record(f"{name}.A", ("x", "int"))
    spread = json.dumps(json.loads(schema), indent=2)
    first = served.register(name, schema)
    if served.dialect == "apicurio2":
        served.level(name, "NONE")
    assert (served.register(name, spread) == first) == served.differs(True, apicurio2=False)
    assert served.get(f"/subjects/{name}/versions").json == served.differs([1], apicurio2=[1, 2])


def test_one_schema_has_one_id_in_all_subjects(served: Served, name: str) -> None:
    schema = record(f"{name}.A", ("x", "int"))
    assert served.register(f"{name}-a", schema) == served.register(f"{name}-b", schema)


def test_another_schema_is_another_version(served: Served, name: str) -> None:
    one, two = record(f"{name}.A", ("x", "int")), record(f"{name}.A", ("x", "string"))
    first = served.register(name, one)
    served.level(name, "NONE")
    second = served.register(name, two)
    assert second > first
    assert served.get(f"/subjects/{name}/versions").json == [1, 2]
    latest = served.get(f"/subjects/{name}/versions/latest").json
    assert (latest["subject"], latest["version"], latest["id"]) == (name, 2, second)
    assert json.loads(latest["schema"]) == json.loads(two)
    assert served.get(f"/subjects/{name}/versions/-1").json["version"] == 2
    assert served.get(f"/subjects/{name}/versions/1/schema").json == json.loads(one)
    assert served.register(name, one) == first
    assert served.get(f"/subjects/{name}/versions").json == [1, 2]


def test_what_is_not_said_is_left_out(served: Served, name: str) -> None:
    served.register(name, '"string"')
    version = served.get(f"/subjects/{name}/versions/1").json
    assert "schemaType" not in version
    assert ("references" in version) == served.differs(False, apicurio2=True)


def test_a_schema_is_found_under_its_subject(served: Served, name: str) -> None:
    schema = record(f"{name}.A", ("x", "int"))
    number = served.register(name, schema)
    found = served.post(f"/subjects/{name}", {"schema": schema})
    assert found.status == 200
    assert (found.json["subject"], found.json["version"], found.json["id"]) == (name, 1, number)
    assert json.loads(found.json["schema"]) == json.loads(schema)


def test_a_schema_that_is_not_there_is_not_found(served: Served, name: str) -> None:
    schema, other = record(f"{name}.A", ("x", "int")), record(f"{name}.A", ("x", "long"))
    assert served.post(f"/subjects/{name}", {"schema": schema}).error == (404, 40401)
    served.register(name, schema)
    assert served.post(f"/subjects/{name}", {"schema": other}).error == (404, 40403)


def test_an_id_leads_to_its_schema(served: Served, name: str) -> None:
    schema = record(f"{name}.A", ("x", "int"))
    number = served.register(name, schema)
    assert json.loads(served.get(f"/schemas/ids/{number}").json["schema"]) == json.loads(schema)
    assert served.get("/schemas/ids/99999999").error == (404, 40403)


def test_an_id_leads_to_its_versions(served: Served, name: str) -> None:
    number = served.register(name, record(f"{name}.A", ("x", "int")))
    assert served.get(f"/schemas/ids/{number}/versions").json == [{"subject": name, "version": 1}]
    subjects = served.get(f"/schemas/ids/{number}/subjects")
    assert subjects.status == served.differs(200, apicurio2=404)
    if subjects.status == 200:
        assert subjects.json == [name]


def test_what_is_missing_has_a_code(served: Served, name: str) -> None:
    served.register(name, '"int"')
    assert served.get(f"/subjects/{name}-no/versions").error == (404, 40401)
    assert served.get(f"/subjects/{name}-no/versions/latest").error == (404, 40401)
    assert served.get(f"/subjects/{name}/versions/7").error == (404, 40402)


@pytest.mark.parametrize("version", ["abc", "0", "99999999999"])
def test_a_version_is_a_number(served: Served, name: str, version: str) -> None:
    served.register(name, '"int"')
    answer = served.get(f"/subjects/{name}/versions/{version}")
    assert answer.error == served.differs((422, 42202), apicurio3=(404, 40402), apicurio2=(404, 40402))


# References


def shop(served: Served, name: str) -> tuple[dict[str, Any], int]:
    """A money type, a line that uses it, and an order that uses both; returns the order's body and id."""
    money = record(
        f"{name}.Money", ("amount", "long"), ("currency", {"type": "enum", "name": "Cur", "symbols": ["EUR"]})
    )
    served.register(f"{name}.Money", money)
    to_money = {"name": f"{name}.Money", "subject": f"{name}.Money", "version": 1}
    served.register(f"{name}.Line", record(f"{name}.Line", ("price", f"{name}.Money")), references=[to_money])
    body = {
        "schema": record(
            f"{name}.Order", ("lines", {"type": "array", "items": "Line"}), ("total", "Money"), ("currency", "Cur")
        ),
        "references": [{"name": f"{name}.Line", "subject": f"{name}.Line", "version": 1}, to_money],
    }
    answer = served.post(f"/subjects/{name}.Order/versions", body)
    assert answer.status == 200, answer
    return body, answer.json["id"]


def test_references_come_back(served: Served, name: str) -> None:
    body, number = shop(served, name)
    assert served.get(f"/schemas/ids/{number}").json["references"] == body["references"]
    assert served.get(f"/subjects/{name}.Order/versions/1").json["references"] == body["references"]
    assert served.post(f"/subjects/{name}.Order", body).json["id"] == number


def test_a_reference_reaches_what_it_refers_to(served: Served, name: str) -> None:
    body, _ = shop(served, name)
    again = {"schema": record(f"{name}.Other", ("total", "Money")), "references": body["references"][:1]}
    assert served.post(f"/subjects/{name}.Other/versions", again).status == 200


def test_the_same_text_with_other_references_is_another_schema(served: Served, name: str) -> None:
    money = f"{name}.Money"
    served.register(money, record(money, ("amount", "long")))
    served.level(money, "NONE")
    served.register(money, record(money, ("amount", "int")))
    order = record(f"{name}.Order", ("total", money))
    references = [[{"name": money, "subject": money, "version": version}] for version in (1, 2)]
    first = served.register(f"{name}.Order", order, references=references[0])
    served.level(f"{name}.Order", "NONE")
    second = served.register(f"{name}.Order", order, references=references[1])
    assert first != second
    for number, given in zip((first, second), references, strict=True):
        found = served.post(f"/subjects/{name}.Order", {"schema": order, "references": given})
        assert found.json["id"] == number


def test_a_reference_must_exist(served: Served, name: str) -> None:
    schema = record(f"{name}.Order", ("total", f"{name}.Money"))
    references = [{"name": f"{name}.Money", "subject": f"{name}.Money", "version": 1}]
    answer = served.post(f"/subjects/{name}/versions", {"schema": schema, "references": references})
    assert answer.error == (422, 42201)
    assert served.post(f"/subjects/{name}/versions", {"schema": schema}).error == (422, 42201)


def test_what_is_referred_to_cannot_be_deleted(served: Served, name: str) -> None:
    _, order = shop(served, name)
    users = served.get(f"/subjects/{name}.Line/versions/1/referencedby").json
    assert users == [order]
    assert served.delete(f"/subjects/{name}.Line/versions/1").error == (422, 42206)
    assert served.delete(f"/subjects/{name}.Line").error == (422, 42206)


# Requests that are none


@pytest.mark.parametrize("schema", ['{"type": "rec', '{"type": "record", "name": "A"}', '{"type": "nope"}'])
def test_an_invalid_schema_has_a_code(served: Served, name: str, schema: str) -> None:
    answer = served.post(f"/subjects/{name}/versions", {"schema": schema})
    assert answer.error == (422, 42201)
    assert served.get(f"/subjects/{name}/versions").error == (404, 40401)


def test_an_empty_schema_is_none(served: Served, name: str) -> None:
    answer = served.post(f"/subjects/{name}/versions", {"schema": ""})
    # Apicurio registers it, as what it calls an empty schema.
    assert answer.status == served.differs(422, apicurio3=200, apicurio2=200)


def test_a_body_is_json(served: Served, name: str) -> None:
    assert served.post(f"/subjects/{name}/versions", b'{"sche').status == 400


def test_a_path_that_is_none(served: Served) -> None:
    assert served.get("/nowhere").status == 404
    assert served.ask("PATCH", "/subjects").status == 405


@pytest.mark.parametrize("odd", ["a/b", "a b", "a%b", "ä", "a?b", "a+b"])
def test_a_subject_is_any_text(served: Served, name: str, odd: str) -> None:
    served.register(f"{name}{odd}", '"string"')
    assert f"{name}{odd}" in served.get("/subjects").json


# Levels


def test_the_level_of_a_new_registry(served: Served) -> None:
    level = served.differs("BACKWARD", apicurio3="NONE", apicurio2="NONE")
    assert served.get("/config").json == {"compatibilityLevel": level}


def test_a_level_is_set_and_taken_back(served: Served, name: str) -> None:
    served.register(name, '"int"')
    # Apicurio answers for a subject that exists as if defaultToGlobal were set, and for another one with 40401.
    missing = served.differs((404, 40408), apicurio3=(200, None), apicurio2=(200, None))
    assert served.get(f"/config/{name}").error == missing
    other = served.get(f"/config/{name}-no").error
    assert other == served.differs((404, 40408), apicurio3=(404, 40401), apicurio2=(404, 40401))
    set_to = served.put(f"/config/{name}", {"compatibility": "FULL"})
    assert set_to.status == 200
    assert set_to.json["compatibility"] == "FULL"
    assert served.get(f"/config/{name}").json == {"compatibilityLevel": "FULL"}
    assert served.delete(f"/config/{name}").json == {"compatibilityLevel": "FULL"}
    assert served.get(f"/config/{name}").error == missing


def test_a_level_comes_before_the_first_version(served: Served, name: str) -> None:
    assert served.put(f"/config/{name}-a", {"compatibility": "FULL"}).status == 200
    # Apicurio 2 takes NONE for the absence of a rule, and looks for it.
    assert served.put(f"/config/{name}-b", {"compatibility": "NONE"}).status == served.differs(200, apicurio2=404)


def test_a_subject_may_answer_with_the_default_level(served: Served, name: str) -> None:
    answer = served.get(f"/config/{name}?defaultToGlobal=true")
    assert answer.status == served.differs(200, apicurio3=404, apicurio2=404)
    if answer.status == 200:
        assert answer.json == served.get("/config").json


def test_a_level_is_one_of_seven(served: Served, name: str) -> None:
    served.register(name, '"int"')
    answer = served.put(f"/config/{name}", {"compatibility": "WRONG"})
    assert answer.error == served.differs((422, 42203), apicurio2=(400, None))
    nothing = served.delete(f"/config/{name}").error
    assert nothing == served.differs((404, 40401), apicurio3=(200, None), apicurio2=(200, None))


def test_a_changed_schema_is_judged(served: Served, name: str) -> None:
    served.register(name, record(f"{name}.A", ("x", "int")))
    served.level(name, "BACKWARD")
    changed = {"schema": record(f"{name}.A", ("x", "string"))}
    answer = served.post(f"/subjects/{name}/versions", changed)
    assert answer.error == (409, 409)
    answer = served.post(f"/compatibility/subjects/{name}/versions/latest", changed)
    assert (answer.status, answer.json["is_compatible"]) == (200, False)


def test_nothing_is_judged_under_none(served: Served, name: str) -> None:
    served.register(name, record(f"{name}.A", ("x", "int")))
    served.level(name, "NONE")
    changed = {"schema": record(f"{name}.A", ("x", "string"))}
    for path in (f"/compatibility/subjects/{name}/versions/latest", f"/compatibility/subjects/{name}/versions"):
        answer = served.post(path, changed)
        assert answer.status == 200
        assert answer.json["is_compatible"] is True


def test_a_new_subject_stands_against_nothing(served: Served, name: str) -> None:
    schema = {"schema": record(f"{name}.A", ("x", "int"))}
    latest = served.post(f"/compatibility/subjects/{name}/versions/latest", schema)
    assert latest.error == served.differs((200, None), apicurio2=(404, 40402))
    history = served.post(f"/compatibility/subjects/{name}/versions", schema)
    assert history.error == served.differs((200, None), apicurio3=(404, 40401), apicurio2=(404, 40401))


def test_judging_by_a_version_that_is_not_there(served: Served, name: str) -> None:
    served.register(name, '"int"')
    answer = served.post(f"/compatibility/subjects/{name}/versions/9", {"schema": '"int"'})
    assert answer.error == (404, 40402)


# Modes


def test_a_mode_is_set_and_taken_back(served: Served, name: str) -> None:
    if served.dialect == "apicurio2":
        assert served.get("/mode").status == 404
        assert served.get(f"/mode/{name}").status == 404
        return
    assert served.get("/mode").json == {"mode": "READWRITE"}
    # Apicurio 3 always answers for a subject as if defaultToGlobal were set.
    assert served.get(f"/mode/{name}").error == served.differs((404, 40409), apicurio3=(200, None))
    assert served.get(f"/mode/{name}?defaultToGlobal=true").json == {"mode": "READWRITE"}
    assert served.put(f"/mode/{name}", {"mode": "READONLY"}).json == {"mode": "READONLY"}
    assert served.get(f"/mode/{name}").json == {"mode": "READONLY"}
    refused = served.post(f"/subjects/{name}/versions", {"schema": '"int"'})
    # Apicurio 3 remembers the mode and lets everything pass.
    assert refused.error == served.differs((422, 42205), apicurio3=(200, None))
    assert served.delete(f"/mode/{name}").json == {"mode": "READONLY"}
    wrong = served.put(f"/mode/{name}", {"mode": "WRONG"})
    assert wrong.error == served.differs((422, 42204), apicurio3=(422, 42201))


# Deleting


def test_a_subject_is_deleted_in_two_steps(served: Served, name: str) -> None:
    served.register(name, '"int"')
    early = served.delete(f"/subjects/{name}?permanent=true")
    assert early.error == served.differs((404, 40405), apicurio3=(409, 40405), apicurio2=(409, 40405))
    assert served.delete(f"/subjects/{name}").json == [1]
    assert served.get(f"/subjects/{name}/versions").error == (404, 40401)
    assert name not in served.get("/subjects").json
    assert name in served.get("/subjects?deleted=true").json
    assert served.delete(f"/subjects/{name}").error == (404, 40404)
    assert served.delete(f"/subjects/{name}?permanent=true").json == [1]
    assert name not in served.get("/subjects?deleted=true").json
    assert served.delete(f"/subjects/{name}").error == (404, 40401)


def test_a_version_is_deleted_in_two_steps(served: Served, name: str) -> None:
    served.register(name, '"int"')
    served.level(name, "NONE")
    second = served.register(name, '"string"')
    path = f"/subjects/{name}/versions/2"
    early = served.delete(f"{path}?permanent=true")
    assert early.error == served.differs((404, 40407), apicurio3=(409, 40407), apicurio2=(409, 40407))
    assert served.delete(path).json == 2
    assert served.get(f"/subjects/{name}/versions").json == [1]
    assert served.get(f"/subjects/{name}/versions?deleted=true").json == [1, 2]
    assert served.get(path).error == (404, 40402)
    assert served.get(f"{path}?deleted=true").json["id"] == second
    assert served.get(f"/schemas/ids/{second}").status == 200
    again = served.delete(path)
    assert again.error == served.differs((404, 40406), apicurio3=(409, 40406), apicurio2=(409, 40406))
    assert served.delete(f"{path}?permanent=true").json == 2
    assert served.get(f"/subjects/{name}/versions?deleted=true").json == [1]


def test_what_is_not_there_cannot_be_deleted(served: Served, name: str) -> None:
    assert served.delete(f"/subjects/{name}").error == (404, 40401)
    served.register(name, '"int"')
    assert served.delete(f"/subjects/{name}/versions/7").error == (404, 40402)


def test_a_schema_comes_back_as_a_new_version(served: Served, name: str) -> None:
    first = served.register(name, '"int"')
    served.level(name, "NONE")
    served.register(name, '"string"')
    assert served.delete(f"/subjects/{name}/versions/1").json == 1
    assert served.register(name, '"int"') == first
    assert served.get(f"/subjects/{name}/versions").json == [2, 3]


# The rest


def test_subjects_have_prefixes(served: Served, name: str) -> None:
    served.register(f"{name}-a", '"int"')
    served.register(f"{name}-b", '"int"')
    served.register(f"z{name}", '"int"')
    found = served.get(f"/subjects?subjectPrefix={name}").json
    assert {f"{name}-a", f"{name}-b"} <= set(found)
    assert (f"z{name}" in found) == served.differs(False, apicurio3=True, apicurio2=True)


def test_avro_is_spoken(served: Served) -> None:
    assert "AVRO" in served.get("/schemas/types").json


def test_there_is_a_default_context(served: Served) -> None:
    assert served.differs(".", apicurio3=":.:", apicurio2=":.:") in served.get("/contexts").json


def test_a_guid_leads_to_its_schema(served: Served, name: str) -> None:
    number = served.register(name, record(f"{name}.A", ("x", "int")))
    guid = served.get(f"/schemas/ids/{number}").json.get("guid")
    assert (guid is not None) == served.differs(True, apicurio3=False, apicurio2=False)
    if guid is not None:
        assert served.get(f"/schemas/guids/{guid}").json["schema"] == record(f"{name}.A", ("x", "int"))
    assert served.get("/schemas/guids/00000000-0000-0000-0000-000000000000").status == 404
