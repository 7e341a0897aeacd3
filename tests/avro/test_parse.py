"""What is refused when people write it, where the problem is, and what a registry may hold all the same."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kontrakt import avro
from kontrakt.errors import SchemaErrors


def record(*fields: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": "A", "namespace": "a", "fields": list(fields), **more}


def field(type_: Any, **more: Any) -> dict[str, Any]:
    return record({"name": "f", "type": type_, **more})


REFUSED: list[tuple[str, str]] = [
    ('{"type": "record", "name": "A"}', "fields"),
    ('{"type": "record", "name": "1A", "fields": []}', "1A"),
    ('{"type": "record", "name": "A", "fields": [], "name": "B"}', "name"),
    ('{"type": "enum", "name": "E", "symbols": ["A", "A"]}', "A"),
    ('{"type": "enum", "name": "E", "symbols": ["A-B"]}', "A-B"),
    ('{"type": "enum", "name": "E", "symbols": ["A"], "default": "B"}', "B"),
    ('{"type": "fixed", "name": "F", "size": -1}', "size"),
    ('["null", "null"]', "null"),
    ('["string", ["int"]]', "union"),
    (json.dumps(field("sring")), "sring"),
    (json.dumps(field("int", default="x")), "x"),
    (json.dumps(field("int", default=2**31)), "2147483648"),
    (json.dumps(field(["null", "int"], default=3)), "3"),
    (json.dumps(field("int", order="up")), "up"),
    (json.dumps(record({"name": "f", "type": "int"}, {"name": "f", "type": "int"})), "f"),
    (json.dumps(field({"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3})), "scale"),
    (json.dumps(field({"type": "string", "logicalType": "date"})), "date"),
    (json.dumps(field({"type": "fixed", "name": "D", "size": 11, "logicalType": "duration"})), "duration"),
]


@pytest.mark.parametrize(("text", "named"), REFUSED)
def test_a_mistake_is_named_with_its_position(text: str, named: str) -> None:
    with pytest.raises(SchemaErrors) as caught:
        avro.parse(text, file="a.avsc")
    assert any(named in str(problem) for problem in caught.value.problems)
    assert all(problem.position.file == "a.avsc" for problem in caught.value.problems)


BROKEN: list[tuple[bytes, int, int]] = [
    (b"", 1, 1),
    (b'{"type": }', 1, 10),
    (b'{"type":\n "int",}', 2, 7),
    (b'"int" "long"', 1, 7),
    (b'{"type": "\xff"}', 1, 11),
    ('{"type": "int"}'.encode("utf-16"), 1, 1),
    (b"[" * 100_000, 1, 2001),
]


@pytest.mark.parametrize(("data", "line", "column"), BROKEN, ids=range(len(BROKEN)))
def test_what_is_not_json_is_a_problem_with_a_position(data: bytes, line: int, column: int) -> None:
    with pytest.raises(SchemaErrors) as caught:
        avro.parse(data)
    position = caught.value.problems[0].position
    assert position.line == line
    assert position.column == column


def test_all_mistakes_are_listed_at_once() -> None:
    text = json.dumps(
        record(
            {"name": "a-b", "type": "int"}, {"name": "c", "type": "nope"}, {"name": "d", "type": "int", "default": ""}
        )
    )
    with pytest.raises(SchemaErrors) as caught:
        avro.parse(text)
    assert len(caught.value.problems) == 3


def test_a_misspelt_type_is_answered_with_the_nearest() -> None:
    with pytest.raises(SchemaErrors, match="did you mean string"):
        avro.parse(json.dumps(field("strng")))


def test_a_position_points_at_what_it_is_about() -> None:
    text = '{"type": "record", "name": "A",\n "fields": [\n   {"name": "f", "type": "int"}]}'
    schema = avro.parse(text, file="a.avsc")
    assert isinstance(schema, avro.Record)
    assert str(schema.fields[0].position) == "a.avsc:3:4"
    assert str(schema.source.at("fields", 0, "type")) == "a.avsc:3:26"


def test_what_a_registry_holds_is_read_leniently() -> None:
    text = json.dumps(field("int", default="not a number"))
    assert avro.parse(text, strict=False).type == "record"


def test_recursive_records_contain_themselves() -> None:
    schema = avro.parse(json.dumps(field(["null", "a.A"])))
    assert isinstance(schema, avro.Record)
    inner = schema.fields[0].schema
    assert isinstance(inner, avro.Union)
    assert inner.branches[1] is schema


def test_deep_nesting_and_many_fields() -> None:
    deep: Any = "int"
    for level in range(200):
        deep = {"type": "record", "name": f"R{level}", "fields": [{"name": "f", "type": ["null", deep]}]}
    schema = avro.parse(json.dumps(deep))
    assert len(avro.named_types(schema)) == 200
    assert avro.parse(schema.canonical).canonical == schema.canonical
    wide = avro.parse(json.dumps(record(*({"name": f"f{n}", "type": "long"} for n in range(2000)))))
    assert isinstance(wide, avro.Record)
    assert len(wide.fields) == 2000


def test_references_between_files_in_any_order_and_what_is_wrong_with_them() -> None:
    files = {
        "a.avsc": json.dumps(field("b.B")).encode(),
        "b.avsc": b'{"type": "record", "name": "B", "namespace": "b", "fields": []}',
    }
    found = avro.parse_files(files)
    assert not found.problems
    assert found.order == ("b.avsc", "a.avsc")
    assert found.references["a.avsc"] == ("b.avsc",)

    circle = files | {
        "b.avsc": b'{"type": "record", "name": "B", "namespace": "b", "fields": [{"name": "f", "type": "a.A"}]}'
    }
    assert "a.avsc -> b.avsc -> a.avsc" in str(avro.parse_files(circle).problems[0])
    twice = files | {"c.avsc": files["b.avsc"]}
    assert "b.B" in str(avro.parse_files(twice).problems[0])
    assert "b.B" in str(avro.parse_files({"a.avsc": files["a.avsc"]}).problems[0])
