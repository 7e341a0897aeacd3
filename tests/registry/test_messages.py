"""What the embedded registry says in Confluent's format: reasons, groups of versions, normalized schemas."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kontrakt.registry.embedded.judge import LONGEST_TEXT

from tests.avro.compatibility.shapes import enum, field, fixed, record
from tests.registry.served import Served


def put(served: Served, level: str, *history: Any) -> list[str]:
    """Put schemas into the subject ``s``, and set its level.

    Returns:
        Their texts.
    """
    texts = [json.dumps(schema) for schema in history]
    for number, schema in enumerate(texts):
        served.register("s", schema)
        if number == 0:
            served.level("s", "NONE")
    served.level("s", level)
    return texts


def told(served: Served, new: Any, version: str = "") -> list[str]:
    """The reasons against a schema."""
    path = f"/compatibility/subjects/s/versions{version}?verbose=true"
    answer = served.post(path, {"schema": json.dumps(new)})
    assert answer.status == 200
    messages: list[str] = answer.json["messages"]
    assert answer.json["is_compatible"] is (messages == [])
    return messages


REASONS: list[tuple[Any, Any, str, str, str]] = [
    (
        record("R", field("a"), field("b")),
        record("R", field("a")),
        "READER_FIELD_MISSING_DEFAULT_VALUE",
        (
            "consumers with the new schema need the field b: producers with the old schema do not write it, and it has no default "
            "(at /fields/1)"
        ),
        "b",
    ),
    (
        record("R", field("a", "string")),
        record("R", field("a")),
        "TYPE_MISMATCH",
        "consumers with the new schema expect another type here than producers with the old schema write (at /fields/0/type)",
        "reader type: STRING not compatible with writer type: INT",
    ),
    (
        record("x.S"),
        record("x.R"),
        "NAME_MISMATCH",
        "consumers with the new schema know this type by another name than producers with the old schema (at /name)",
        "expected: x.R",
    ),
    (
        fixed("F", 2),
        fixed("F", 3),
        "FIXED_SIZE_MISMATCH",
        "consumers with the new schema expect another number of bytes here than producers with the old schema write (at /size)",
        "expected: 3, found: 2",
    ),
    (
        enum("E", "A"),
        enum("E", "CBA"),
        "MISSING_ENUM_SYMBOLS",
        "producers with the old schema may write [B, C], which consumers with the new schema do not know (at /symbols)",
        "[B, C]",
    ),
    (
        ["null"],
        ["null", "int"],
        "MISSING_UNION_BRANCH",
        "producers with the old schema may write a type here that consumers with the new schema do not take (at /1)",
        "reader union lacking writer type: INT",
    ),
    (
        record("R", field("c", aliases=["a", "b"])),
        record("R", field("a"), field("b")),
        "AMBIGUOUS_FIELD",
        "several fields that producers with the old schema write could be this one of the new schema (at /fields/0)",
        "Reader record field c type:INT pos:0 matches multiple fields in writer record schema R",
    ),
]


@pytest.mark.parametrize(("new", "old", "kind", "description", "said"), REASONS, ids=[one[2] for one in REASONS])
def test_reasons(embedded: Served, new: Any, old: Any, kind: str, description: str, said: str) -> None:
    (text,) = put(embedded, "BACKWARD", old)
    assert told(embedded, new) == [
        f"{{errorType:'{kind}', description:'{description}', additionalInfo:'{said}'}}",
        "{oldSchemaVersion: 1}",
        f"{{oldSchema: '{text}'}}",
        "{compatibility: 'BACKWARD'}",
    ]


def test_old_consumers_are_the_other_way_round(embedded: Served) -> None:
    (text,) = put(embedded, "FORWARD", record("R", field("a")))
    assert told(embedded, record("R")) == [
        (
            "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE', description:'consumers with the old schema need the field a: producers "
            "with the new schema do not write it, and it has no default (at /fields/0)', additionalInfo:'a'}"
        ),
        "{oldSchemaVersion: 1}",
        f"{{oldSchema: '{text}'}}",
        "{compatibility: 'FORWARD'}",
    ]


def test_full_tells_of_old_consumers_first(embedded: Served) -> None:
    put(embedded, "FULL", record("R", field("a")))
    messages = told(embedded, record("R", field("b")))
    assert [message.partition(",")[0] for message in messages] == [
        "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE'",
        "{errorType:'READER_FIELD_MISSING_DEFAULT_VALUE'",
        "{oldSchemaVersion: 1}",
        '{oldSchema: \'{"type": "record"',
        "{compatibility: 'FULL'}",
    ]
    assert "consumers with the old schema need the field a" in messages[0]
    assert "consumers with the new schema need the field b" in messages[1]
    # Where only old consumers fail, it names no version.
    assert len(told(embedded, record("R", field("a", "long")))) == 2


def test_a_transitive_level_tells_of_the_newest_version_that_fails(embedded: Served) -> None:
    one, two, three = record("R", field("a")), record("R", field("a"), field("b")), record("R", field("a"), field("c"))
    put(embedded, "BACKWARD_TRANSITIVE", one, three, two)
    messages = told(embedded, record("R", field("a"), field("b"), field("d", default=1)))
    assert messages[1] == "{oldSchemaVersion: 2}"
    assert messages[-1] == "{compatibility: 'BACKWARD_TRANSITIVE'}"
    refused = embedded.post("/subjects/s/versions", {"schema": json.dumps(record("R", field("z")))})
    assert refused.error == (409, 409)
    start = "the schema cannot become the next version of the subject s: {errorType:"
    assert refused.json["message"].startswith(start)
    assert "{oldSchemaVersion: 3}" in refused.json["message"]


def test_a_long_schema_is_cut(embedded: Served) -> None:
    (text,) = put(embedded, "BACKWARD", record("R", field("a"), doc="x" * LONGEST_TEXT))
    said = told(embedded, record("R", field("b")))[2]
    assert said == f"{{oldSchema: '{text[:LONGEST_TEXT]}', the first {LONGEST_TEXT} characters}}"


# Compatibility groups


def versioned(schema: Any, major: str | None) -> dict[str, Any]:
    body: dict[str, Any] = {"schema": json.dumps(schema)}
    return body if major is None else {**body, "metadata": {"properties": {"major": major}}}


def test_only_versions_of_one_group_are_compared(embedded: Served) -> None:
    path = "/subjects/s/versions"
    given = {"compatibility": "FULL_TRANSITIVE", "compatibilityGroup": "major"}
    assert embedded.put("/config/s", given).json == given
    assert embedded.get("/config/s").json == {"compatibilityLevel": "FULL_TRANSITIVE", "compatibilityGroup": "major"}
    one, two = record("R", field("a")), record("R", field("b"))
    assert embedded.post(path, versioned(one, "1")).status == 200
    assert embedded.post(path, versioned(two, "1")).status == 409
    assert embedded.post(path, versioned(two, "2")).status == 200
    assert embedded.post(path, versioned(one, "2")).status == 409
    assert embedded.post(path, versioned(record("R", field("c")), None)).status == 200
    assert embedded.post(path, versioned(one, None)).status == 409
    assert embedded.put("/config/s", {"compatibilityGroup": None}).json == {}
    assert embedded.get("/config/s").json == {"compatibilityLevel": "FULL_TRANSITIVE"}
    assert embedded.post(path, versioned(record("R", field("d")), "4")).status == 409


def test_what_a_subject_does_not_say_the_registry_says(embedded: Served) -> None:
    assert embedded.put("/config", {"compatibility": "NONE", "normalize": True}).status == 200
    assert embedded.put("/config/s", {"compatibility": "full"}).json == {"compatibility": "FULL"}
    assert embedded.get("/config/s").json == {"compatibilityLevel": "FULL"}
    assert embedded.get("/config/s?defaultToGlobal=true").json == {"compatibilityLevel": "FULL", "normalize": True}
    assert embedded.delete("/config/s").json == {"compatibilityLevel": "FULL"}
    assert embedded.delete("/config").json == {"compatibilityLevel": "NONE", "normalize": True}
    assert embedded.get("/config").json == {"compatibilityLevel": "BACKWARD"}


@pytest.mark.parametrize("given", [{"compatibilityGroup": 1}, {"normalize": "yes"}, {"compatibility": True}])
def test_what_is_set_is_of_the_right_kind(embedded: Served, given: dict[str, Any]) -> None:
    assert embedded.put("/config/s", given).error == (400, 400)
    assert embedded.get("/config/s").error == (404, 40408)


# Normalizing

SPREAD = '{"name": "a.R", "fields": [{"type": {"type": "int"}, "name": "x"}],  "type": "record", "doc": "ä"}'
NORMAL = '{"type":"record","name":"R","namespace":"a","doc":"ä","fields":[{"name":"x","type":"int"}]}'


def test_a_schema_is_kept_as_it_was_sent(embedded: Served) -> None:
    number = embedded.register("s", SPREAD)
    assert embedded.get(f"/schemas/ids/{number}").json["schema"] == SPREAD


@pytest.mark.parametrize("where", ["query", "subject", "registry"])
def test_a_schema_may_be_written_in_one_way(embedded: Served, where: str) -> None:
    if where != "query":
        embedded.put("/config/s" if where == "subject" else "/config", {"normalize": True})
    query = "?normalize=true" if where == "query" else ""
    answer = embedded.post(f"/subjects/s/versions{query}", {"schema": SPREAD})
    assert answer.status == 200
    assert embedded.get(f"/schemas/ids/{answer.json['id']}").json["schema"] == NORMAL
    assert embedded.post(f"/subjects/s{query}", {"schema": NORMAL}).json["id"] == answer.json["id"]


def test_references_are_sorted_where_schemas_are_normalized(embedded: Served) -> None:
    for name in ("A", "B"):
        embedded.register(name, json.dumps(record(name)))
    a, b = ({"name": name, "subject": name, "version": 1} for name in ("A", "B"))
    schema = json.dumps(record("R", field("a", "A"), field("b", "B")))
    numbers = {
        embedded.post("/subjects/s/versions?normalize=true", {"schema": schema, "references": order}).json["id"]
        for order in ([a, b], [b, a], [b, a, b])
    }
    (number,) = numbers
    assert embedded.get(f"/schemas/ids/{number}").json["references"] == [a, b]
