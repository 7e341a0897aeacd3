"""Verdicts of registries: ours, and two that we did not write. Where they differ from Confluent's, the tests say how."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kontrakt import avro
from kontrakt.avro.compatibility import Compatibility
from kontrakt.errors import SchemaErrors

from tests.avro.compatibility.cases import ANSWERS, CASES
from tests.avro.compatibility.shapes import array, field
from tests.registry.served import Served
from tests.registry.served import record as text


def strict(schema: Any) -> avro.Schema | None:
    """The tree of a schema that registries take; None of another."""
    try:
        return avro.parse(json.dumps(schema))
    except SchemaErrors:
        return None


PAIRS = {
    name: (json.dumps(new), json.dumps(old), Compatibility(reader, writer).compatible)
    for name, (new, old) in CASES.items()
    if (reader := strict(new)) and (writer := strict(old))
}


THROWN = {name for name in PAIRS if isinstance(ANSWERS[name], str)}
"""Where the reference throws, Confluent's registry calls it incompatible, and Apicurio calls the schema invalid."""


@pytest.mark.parametrize("case", PAIRS)
def test_a_verdict(served: Served, name: str, case: str) -> None:
    new, old, compatible = PAIRS[case]
    served.register(name, old)
    served.level(name, "BACKWARD")
    asked = served.post(f"/compatibility/subjects/{name}/versions/latest", {"schema": new})
    if case in THROWN and served.dialect != "confluent":
        assert asked.error == (422, 42201)
        return
    assert (asked.status, asked.json["is_compatible"]) == (200, compatible)
    assert served.post(f"/subjects/{name}/versions", {"schema": new}).status == (200 if compatible else 409)


def thing(name: str, *fields: tuple[str, Any], **more: object) -> str:
    return text(f"{name}.Thing", *fields, **more)


NARROW, WIDE = [field("a")], [field("a"), field("b")]
"""Adding ``b`` without a default breaks new consumers, leaving it out breaks old ones."""
LONG = [field("a", "long")]
"""Making ``a`` longer breaks old consumers."""
SAFE = [field("a"), field("b", default=1)]

HISTORIES: list[tuple[str, list[Any], list[list[Any]], bool, bool]] = [
    ("NONE", WIDE, [NARROW], True, True),
    ("BACKWARD", WIDE, [NARROW], False, False),
    ("BACKWARD", NARROW, [WIDE], True, True),
    ("BACKWARD", SAFE, [NARROW], True, True),
    ("FORWARD", WIDE, [NARROW], True, True),
    ("FORWARD", NARROW, [WIDE], False, False),
    ("FORWARD", LONG, [NARROW], False, False),
    ("FULL", SAFE, [NARROW], True, True),
    ("FULL", LONG, [NARROW], False, False),
    ("FULL", NARROW, [WIDE], False, False),
    # Only the newest counts ...
    ("BACKWARD", [*WIDE, field("c", default=1)], [NARROW, WIDE], True, False),
    ("FORWARD", [field("c", default=1)], [WIDE, []], True, False),
    ("FULL", [*LONG, field("c", default=1)], [NARROW, LONG], True, False),
    # ... unless the level is transitive.
    ("BACKWARD_TRANSITIVE", [*WIDE, field("c", default=1)], [NARROW, WIDE], False, False),
    ("BACKWARD_TRANSITIVE", [*SAFE, field("c", default=1)], [NARROW, SAFE], True, True),
    ("FORWARD_TRANSITIVE", [field("c", default=1)], [WIDE, []], False, False),
    ("FORWARD_TRANSITIVE", [*WIDE, field("c", default=1)], [NARROW, WIDE], True, True),
    ("FULL_TRANSITIVE", [*LONG, field("c", default=1)], [NARROW, LONG], False, False),
    ("FULL_TRANSITIVE", [*SAFE, field("c", default=1)], [NARROW, SAFE], True, True),
]
"""A level, a new schema, those before it, whether they are compatible, and whether they are with all versions."""


def body(name: str, fields: list[Any]) -> dict[str, Any]:
    schema = {"type": "record", "name": "Thing", "namespace": name, "fields": fields}
    return {"schema": json.dumps(schema)}


def given(served: Served, name: str, level: str, history: list[list[Any]]) -> None:
    """A subject with some versions and a level."""
    for number, fields in enumerate(history):
        served.register(name, body(name, fields)["schema"])
        if number == 0 and len(history) > 1:
            served.level(name, "NONE")
    served.level(name, level)


@pytest.mark.parametrize(("level", "new", "history", "compatible", "with_all"), HISTORIES)
def test_a_level(
    served: Served, name: str, level: str, new: list[Any], history: list[list[Any]], compatible: bool, with_all: bool
) -> None:
    given(served, name, level, history)
    asked = served.post(f"/compatibility/subjects/{name}/versions", body(name, new))
    # Apicurio answers for all versions, whether the level is transitive or not. Registering goes by the level.
    expected = served.differs(compatible, apicurio3=with_all, apicurio2=with_all)
    assert (asked.status, asked.json["is_compatible"]) == (200, expected)
    answer = served.post(f"/subjects/{name}/versions", body(name, new))
    assert answer.error == ((200, None) if compatible else (409, 409))
    numbers = list(range(1, len(history) + compatible + 1))
    assert served.get(f"/subjects/{name}/versions").json == numbers


def test_one_version_is_asked_about_whatever_the_level(served: Served, name: str) -> None:
    given(served, name, "BACKWARD_TRANSITIVE", [NARROW, WIDE])
    new = body(name, [*WIDE, field("c", default=1)])
    answers = {
        version: served.post(f"/compatibility/subjects/{name}/versions/{version}", new).json["is_compatible"]
        for version in ("1", "2", "latest")
    }
    assert answers == {"1": False, "2": True, "latest": True}


def test_the_level_of_the_registry_counts_where_a_subject_has_none(served: Served, name: str) -> None:
    before = served.get("/config").json["compatibilityLevel"]
    try:
        assert served.put("/config", {"compatibility": "FULL"}).status == 200
        served.register(name, body(name, NARROW)["schema"])
        assert served.post(f"/subjects/{name}/versions", body(name, LONG)).status == 409
        served.level(name, "BACKWARD")
        assert served.post(f"/subjects/{name}/versions", body(name, LONG)).status == 200
    finally:
        served.put("/config", {"compatibility": before})


def test_what_is_deleted_does_not_count(served: Served, name: str) -> None:
    given(served, name, "BACKWARD_TRANSITIVE", [NARROW, WIDE])
    new = body(name, [*WIDE, field("c", default=1)])
    assert served.post(f"/subjects/{name}/versions", new).status == 409
    assert served.delete(f"/subjects/{name}/versions/1").status == 200
    assert served.post(f"/compatibility/subjects/{name}/versions", new).json["is_compatible"] is True
    gone = served.post(f"/compatibility/subjects/{name}/versions/1", new)
    assert gone.error == served.differs((404, 40402), apicurio3=(200, None), apicurio2=(200, None))
    assert served.post(f"/subjects/{name}/versions", new).status == 200


def test_a_schema_that_is_there_is_not_judged(served: Served, name: str) -> None:
    first = served.register(name, body(name, NARROW)["schema"])
    served.level(name, "NONE")
    served.register(name, body(name, [field("a", "string")])["schema"])
    served.level(name, "FULL_TRANSITIVE")
    assert served.register(name, body(name, NARROW)["schema"]) == first
    assert served.get(f"/subjects/{name}/versions").json == [1, 2]
    # Asking is judging all the same.
    asked = served.post(f"/compatibility/subjects/{name}/versions", body(name, NARROW))
    assert asked.json["is_compatible"] is False


def test_types_behind_references_are_compared(served: Served, name: str) -> None:
    money, order = f"{name}.Money", f"{name}.Order"
    served.register(money, text(money, ("amount", "int")))
    served.level(money, "NONE")
    served.register(money, text(money, ("amount", "long")))
    served.register(money, text(money, ("amount", "string")))
    schema = text(order, ("totals", array(money)))
    references = [[{"name": money, "subject": money, "version": version}] for version in (1, 2, 3)]
    served.register(order, schema, references=references[0])
    served.level(order, "BACKWARD")
    path = f"/compatibility/subjects/{order}/versions/latest"
    asked = [served.post(path, {"schema": schema, "references": one}) for one in references]
    worse, better = ({"schema": schema, "references": references[number]} for number in (2, 1))
    if served.dialect == "confluent":
        assert [answer.json["is_compatible"] for answer in asked] == [True, True, False]
        assert served.post(f"/subjects/{order}/versions", worse).error == (409, 409)
    else:  # Apicurio is not asked with references, and registers without a look at them
        assert [answer.error for answer in asked] == [(422, 42201)] * 3
        assert served.post(f"/subjects/{order}/versions", worse).status == 200
    assert served.post(f"/subjects/{order}/versions", better).status == 200


def test_what_is_refused_says_where(served: Served, name: str) -> None:
    served.register(name, thing(name, ("a", "int")))
    served.level(name, "BACKWARD")
    refused = served.post(f"/subjects/{name}/versions", {"schema": thing(name, ("a", "int"), ("b", "int"))})
    assert refused.error == (409, 409)
    assert "/fields/1" in refused.json["message"]


def test_reasons_are_told_on_request(served: Served, name: str) -> None:
    served.register(name, thing(name, ("a", "int")))
    served.level(name, "BACKWARD")
    path = f"/compatibility/subjects/{name}/versions/latest"
    changed = {"schema": thing(name, ("a", "int"), ("b", "int"))}
    assert "messages" not in served.post(path, changed).json
    verbose = served.post(f"{path}?verbose=true", changed).json
    assert verbose["is_compatible"] is False
    if served.dialect == "confluent":
        assert verbose["messages"][0].startswith("{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE'")
    else:
        assert "messages" not in verbose
        assert ("reason" in verbose) == served.differs(False, apicurio3=False, apicurio2=True)


@pytest.mark.parametrize("verbose", ["", "?verbose=true"])
def test_an_invalid_schema_is_not_judged(served: Served, name: str, verbose: str) -> None:
    served.register(name, '"int"')
    served.level(name, "BACKWARD")
    answer = served.post(f"/compatibility/subjects/{name}/versions/latest{verbose}", {"schema": '{"type": "nope"}'})
    told = (200, None) if verbose else (422, 42201)
    assert answer.error == served.differs(told, apicurio3=(422, 42201), apicurio2=(422, 42201))
    if answer.status == 200:
        assert answer.json["is_compatible"] is False
        assert "nope" in answer.json["messages"][0]


def test_a_version_that_nobody_has(served: Served, name: str) -> None:
    answer = served.post(f"/compatibility/subjects/{name}/versions/3", {"schema": '"int"'})
    assert answer.error == served.differs((404, 40402), apicurio3=(404, 40402), apicurio2=(404, 40402))
