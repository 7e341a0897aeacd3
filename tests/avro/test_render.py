"""Schemas as JSON again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastavro.schema import parse_schema, to_parsing_canonical_form
from hypothesis import given
from kontrakt.avro import parse, parse_files
from kontrakt.avro.placed import read
from kontrakt.avro.render import closed, to_json

from tests.avro.strategies import json_values, schemas


@given(json_values())
def test_a_file_is_written_as_it_was(value: Any) -> None:
    node, _ = read(json.dumps(value), "f")
    assert node is not None
    assert to_json(node, drop=()) == json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def test_own_attributes_are_dropped_from_named_types_only() -> None:
    written: dict[str, Any] = {
        "type": "record",
        "name": "R",
        "topic": {"name": "rs"},
        "doc": "topic",
        "fields": [
            {"name": "topic", "type": "string", "topic": "stays", "default": "topic"},
            {
                "name": "a",
                "type": {
                    "type": "array",
                    "topic": "stays",
                    "items": {"type": "enum", "name": "E", "symbols": [], "projection": {}},
                },
            },
            {
                "name": "m",
                "type": ["null", {"type": "map", "values": {"type": "fixed", "name": "F", "size": 1, "topic": 1}}],
            },
            {"name": "d", "type": "R", "default": {"type": "record", "topic": "stays"}},
        ],
        "custom": {"type": "record", "topic": "stays"},
        "projection": {},
    }
    node, _ = read(json.dumps(written), "f")
    assert node is not None
    expected: Any = json.loads(json.dumps(written))
    del expected["topic"], expected["projection"]
    del expected["fields"][1]["type"]["items"]["projection"]
    del expected["fields"][2]["type"][1]["values"]["topic"]
    assert to_json(node) == json.dumps(expected, separators=(",", ":"))


@given(schemas())
def test_a_closed_schema_means_the_same(schema: Any) -> None:
    tree = parse(json.dumps(schema))
    again = closed(tree)
    assert parse(json.dumps(again)).canonical == tree.canonical
    assert to_parsing_canonical_form(parse_schema(again)) == tree.canonical


def test_a_closed_schema_needs_no_other() -> None:
    documents = parse_files(
        {
            "a.avsc": b"""{"type": "record", "name": "x.A", "topic": {}, "doc": "A.", "owner": "o", "aliases": ["Old"], "fields": [
                {"name": "b", "type": "y.B", "doc": "Its b.", "aliases": ["c"], "order": "ignore", "unit": "kg",
                 "default": {"m": null}},
                {"name": "again", "type": ["null", "y.B", "A"], "default": null},
                {"name": "e", "type": {"type": "enum", "name": "E", "symbols": ["P"], "default": "P"}}]}""",
            "b.avsc": b"""{"type": "record", "name": "y.B", "fields": [{"name": "m", "type": ["null",
                {"type": "fixed", "name": "M", "size": 4, "logicalType": "decimal", "precision": 4}]}]}""",
        }
    )
    assert documents.problems == ()
    enum = {"type": "enum", "name": "E", "namespace": "x", "symbols": ["P"], "default": "P"}
    fixed = {"type": "fixed", "name": "M", "namespace": "y", "size": 4, "logicalType": "decimal", "precision": 4}
    assert closed(documents.schemas["a.avsc"]) == {
        "type": "record",
        "name": "A",
        "namespace": "x",
        "doc": "A.",
        "owner": "o",
        "aliases": ["x.Old"],
        "fields": [
            {
                "name": "b",
                "type": {
                    "type": "record",
                    "name": "B",
                    "namespace": "y",
                    "fields": [{"name": "m", "type": ["null", fixed]}],
                },
                "doc": "Its b.",
                "aliases": ["c"],
                "order": "ignore",
                "unit": "kg",
                "default": {"m": None},
            },
            {"name": "again", "type": ["null", "y.B", "x.A"], "default": None},
            {"name": "e", "type": enum},
        ],
    }
    assert "doc" not in json.dumps(closed(documents.schemas["a.avsc"], docs=False))


@pytest.mark.parametrize(
    "text",
    ['{"type": "int", "logicalType": "uuid"}', '{"type": "bytes", "logicalType": "decimal", "precision": 0}'],
)
def test_a_closed_schema_has_no_logical_type_that_is_not_valid(text: str) -> None:
    again = closed(parse(text, strict=False))
    assert "logicalType" not in again
    assert parse_schema(again)


def test_simple_schemas() -> None:
    assert closed(parse('"int"')) == "int"
    assert closed(parse('["null", {"type": "int", "logicalType": "date"}]')) == [
        "null",
        {"type": "int", "logicalType": "date"},
    ]
