"""Parsing what is valid: what the tree says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from kontrakt import avro
from kontrakt.avro import MISSING, Array, Enum, Fixed, Logical, Map, Primitive, Record, Union, parse
from kontrakt.errors import Position, SchemaErrors

from tests.avro.strategies import schemas

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")


def record(text: str, **options: Any) -> Record:
    schema = parse(text, **options)
    assert isinstance(schema, Record)
    return schema


@pytest.mark.parametrize("name", PRIMITIVES)
@pytest.mark.parametrize("form", ['"{}"', '{{"type": "{}"}}', '{{"type": {{"type": "{}"}}}}'])
def test_primitives(name: str, form: str) -> None:
    schema = parse(form.format(name))
    assert isinstance(schema, Primitive)
    assert schema.type == name


def test_a_record_with_everything() -> None:
    schema = record(
        """{"type": "record", "name": "Customer", "namespace": "shop", "doc": "A customer.", "aliases": ["Client", "old.Client"],
            "owner": "team", "fields": [
              {"name": "id", "type": "string", "doc": "Its id.", "aliases": ["key"], "order": "descending", "pii": true},
              {"name": "tier", "type": {"type": "enum", "name": "Tier", "symbols": ["GOLD", "NONE"], "default": "NONE"},
               "default": "GOLD"},
              {"name": "parent", "type": ["null", "Customer"], "default": null},
              {"name": "hash", "type": {"type": "fixed", "name": "x.Md5", "size": 16}},
              {"name": "tags", "type": {"type": "map", "values": {"type": "array", "items": "shop.Tier"}}, "order": "ignore"}
            ]}"""
    )
    assert (schema.fullname, schema.name, schema.namespace) == ("shop.Customer", "Customer", "shop")
    assert schema.aliases == ("shop.Client", "old.Client")
    assert schema.doc == "A customer."
    assert schema.props == {"owner": "team"}
    key, tier, parent, md5, tags = schema.fields
    assert (key.doc, key.aliases, key.order, key.props) == ("Its id.", ("key",), "descending", {"pii": True})
    assert key.default is MISSING
    assert not key.has_default
    assert isinstance(tier.schema, Enum)
    assert (tier.schema.fullname, tier.schema.symbols, tier.schema.default) == ("shop.Tier", ("GOLD", "NONE"), "NONE")
    assert tier.default == "GOLD"
    assert isinstance(parent.schema, Union)
    assert parent.schema.nullable
    assert parent.schema.branches[1] is schema
    assert parent.has_default
    assert parent.default is None
    assert isinstance(md5.schema, Fixed)
    assert (md5.schema.fullname, md5.schema.size) == ("x.Md5", 16)
    assert isinstance(tags.schema, Map)
    assert isinstance(tags.schema.values, Array)
    assert tags.schema.values.items is tier.schema
    assert schema.field("tags") is tags
    assert schema.field("nothing") is None
    assert list(avro.named_types(schema)) == ["shop.Customer", "shop.Tier", "x.Md5"]
    assert [type(inner).__name__ for inner in avro.children(schema)] == ["Primitive", "Enum", "Union", "Fixed", "Map"]


def test_positions() -> None:
    schema = record('{"type": "record", "name": "R",\n "fields": [\n  {"name": "a",\n   "type": "int", "default": 1}]}')
    field = schema.fields[0]
    assert schema.position == Position("<text>", 1, 1)
    assert field.position == Position("<text>", 3, 3)
    assert field.schema.position == Position("<text>", 4, 12)
    assert field.source.at("default") == Position("<text>", 4, 30)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"type": "record", "name": "R", "fields": []}', ["R"]),
        ('{"type": "record", "name": "a.R", "namespace": "b", "fields": []}', ["a.R"]),
        ('{"type": "record", "name": "R", "namespace": "", "fields": []}', ["R"]),
        (
            '{"type": "record", "name": "a.R", "fields": [{"name": "f", "type": {"type": "fixed", "name": "F", "size": 1}}]}',
            ["a.R", "a.F"],
        ),
        (
            """{"type": "record", "name": "a.R", "fields": [
                {"name": "f", "type": {"type": "record", "name": "S", "namespace": "b", "fields": [
                  {"name": "g", "type": {"type": "fixed", "name": "F", "size": 1}}, {"name": "h", "type": "F"}]}},
                {"name": "i", "type": "b.F"}, {"name": "j", "type": {"type": "fixed", "name": "F", "size": 2}},
                {"name": "k", "type": "F"}]}""",
            ["a.R", "b.S", "b.F", "a.F"],
        ),
        (
            """{"type": "record", "name": "a.R", "fields": [
                {"name": "f", "type": {"type": "fixed", "name": "F", "namespace": "", "size": 1}}, {"name": "g", "type": "F"}]}""",
            ["a.R", "F"],
        ),
    ],
)
def test_namespaces(text: str, names: list[str]) -> None:
    assert list(avro.named_types(parse(text))) == names


def test_names_may_be_used_before_they_are_defined() -> None:
    schema = parse(
        """[{"type": "record", "name": "A", "fields": [{"name": "b", "type": "B"}]},
            {"type": "record", "name": "B", "fields": [{"name": "a", "type": ["null", "A"]}]}]"""
    )
    assert isinstance(schema, Union)
    first, second = schema.branches
    assert isinstance(first, Record)
    assert first.fields[0].schema is second


def test_references() -> None:
    money = parse('{"type": "record", "name": "shop.Money", "fields": []}')
    order = record(
        '{"type": "record", "name": "shop.Order", "fields": [{"name": "total", "type": "Money"}]}', references=[money]
    )
    assert order.fields[0].schema is money


@pytest.mark.parametrize("as_bytes", [False, True])
def test_every_form_of_input(as_bytes: bool) -> None:
    value = {"type": "array", "items": "int"}
    text = json.dumps(value)
    schema = parse(text.encode() if as_bytes else text)
    assert schema.canonical == parse(value).canonical == text.replace(" ", "")
    assert parse(["null", "int"]).canonical == '["null","int"]'


@pytest.mark.parametrize(
    ("text", "logical"),
    [
        ('{"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}', Logical("decimal", 9, 2)),
        ('{"type": "bytes", "logicalType": "decimal", "precision": 9}', Logical("decimal", 9, 0)),
        (
            '{"type": "fixed", "name": "D", "size": 4, "logicalType": "decimal", "precision": 9}',
            Logical("decimal", 9, 0),
        ),
        (
            '{"type": "fixed", "name": "D", "size": 16, "logicalType": "decimal", "precision": 38}',
            Logical("decimal", 38),
        ),
        ('{"type": "string", "logicalType": "uuid"}', Logical("uuid")),
        ('{"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}', Logical("uuid")),
        ('{"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"}', Logical("duration")),
        ('{"type": "int", "logicalType": "date"}', Logical("date")),
        ('{"type": "int", "logicalType": "time-millis"}', Logical("time-millis")),
        *(
            (f'{{"type": "long", "logicalType": "{name}"}}', Logical(name))
            for name in (
                "time-micros",
                "time-nanos",
                "timestamp-millis",
                "timestamp-micros",
                "timestamp-nanos",
                "local-timestamp-millis",
                "local-timestamp-micros",
                "local-timestamp-nanos",
            )
        ),
        ('{"type": "string", "logicalType": "iso-country"}', None),
        ('{"type": "string"}', None),
    ],
)
def test_logical_types(text: str, logical: Logical | None) -> None:
    schema = parse(text)
    assert schema.logical == logical
    assert schema.props.get("logicalType") == json.loads(text).get("logicalType")


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "record", "name": "1-x", "fields": []}',
        '{"type": "record", "name": "a..b", "namespace": 5, "doc": 5, "fields": []}',
        '{"type": "record", "name": "a.int", "fields": []}',
        '{"type": "record", "name": "R", "fields": [{"name": "a b", "type": "int", "default": "x", "order": "IGNORE"}]}',
        '{"type": "record", "name": "R", "aliases": ["1", "1"], "fields": []}',
        '{"type": "record", "name": "R", "fields": [{"name": "a", "type": ["null", "int"], "default": 1}]}',
        '{"type": "enum", "name": "E", "symbols": ["1", "a-b"], "default": 5}',
        '{"type": "int", "type": "string"}',
        "[]",
    ],
)
def test_lenient_parsing_takes_what_a_registry_holds(text: str) -> None:
    assert parse(text, strict=False)
    with pytest.raises(SchemaErrors):
        parse(text)


def test_lenient_parsing_ignores_a_logical_type_that_is_not_valid() -> None:
    schema = parse('{"type": "int", "logicalType": "uuid"}', strict=False)
    assert schema.logical is None
    assert schema.props == {"logicalType": "uuid"}


@given(schemas())
def test_every_valid_schema_parses(schema: Any) -> None:
    plain = parse(schema) if not isinstance(schema, str) else parse(json.dumps(schema))
    assert plain.canonical == parse(json.dumps(schema, indent=2)).canonical


def test_a_tree_is_shown_without_end_and_without_its_source() -> None:
    schema = record('{"type": "record", "name": "R", "fields": [{"name": "r", "type": ["null", "R"]}]}')
    assert repr(schema) == "Record(R)"
    assert "Node" not in repr(schema.fields[0])


def test_importing_is_cheap() -> None:
    code = (
        "import kontrakt.avro, sys; print(*(m for m in ('fastavro', 'confluent_kafka', 'difflib') if m in sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert shown.stdout.strip() == ""
