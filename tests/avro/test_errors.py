"""What is wrong with a schema: « marks each token that a problem points at, in the order of the messages."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from kontrakt.avro import parse
from kontrakt.errors import Position, SchemaErrors

from tests.avro.marked import unmarked
from tests.avro.strategies import json_values

TYPES = [
    ("«5", "expected a type, found 5"),
    ("«null", "expected a type, found null"),
    ("«true", "expected a type, found true"),
    ('«"record"', "a record needs its attributes"),
    ('«"Foo"', 'the type "Foo" is not defined'),
    ('{"type": «"Foo"}', 'the type "Foo" is not defined'),
    ('{"type": «"recrod", "name": "R"}', 'the type "recrod" is not defined'),
    ("«{}", 'a schema needs the attribute "type"'),
    ('{«"typ": "int"}', 'a schema needs the attribute "type"'),
    ('«{"type": "array"}', 'an array needs the attribute "items"'),
    ('{"type": "array", «"item": "int"}', 'an array needs the attribute "items"'),
    ('{"type": "array", "items": «5}', "expected a type, found 5"),
    ('«{"type": "map"}', 'a map needs the attribute "values"'),
    ('{"type": "map", "values": «"Foo"}', 'the type "Foo" is not defined'),
    (
        '{"type": {"type": "bytes"}, «"logicalType": "decimal"}',
        "a logical type beside a type that is defined elsewhere",
    ),
]

NAMES = [
    ('«{"type": "record", "fields": []}', 'a record needs the attribute "name"'),
    ('{"type": "record", "name": «5, "fields": []}', '"name" must be a string, found 5'),
    ('{"type": "record", "name": «"", "fields": []}', '"name" of a record is empty'),
    ('{"type": "record", "name": «"1a", "fields": []}', '"1a" is not a name for a record'),
    ('{"type": "error", "name": «"a-b", "fields": []}', '"a-b" is not a name for an error'),
    ('{"type": "enum", "name": «"é", "symbols": []}', '"é" is not a name for an enum'),
    ('{"type": "fixed", "name": «"a..b", "size": 1}', '"a..b" is not a name for a fixed'),
    ('{"type": "fixed", "name": «".b", "size": 1}', '".b" is not a name for a fixed'),
    ('{"type": "record", "name": «"string", "fields": []}', '"string" is the name of a primitive type'),
    ('{"type": "record", "name": «"a.int", "fields": []}', '"a.int" is the name of a primitive type'),
    ('{"type": "record", "name": "R", "namespace": «"a.1", "fields": []}', '"a.1" is not a namespace'),
    ('{"type": "record", "name": "R", "namespace": «1, "fields": []}', '"namespace" must be a string, found 1'),
    ('{"type": "record", "name": "R", "doc": «5, "fields": []}', '"doc" must be a string, found 5'),
    (
        '{"type": "record", "name": "R", "aliases": «"a", "fields": []}',
        '"aliases" must be an array of names, found "a"',
    ),
    ('{"type": "record", "name": "R", "aliases": [«5], "fields": []}', "an alias must be a string, found 5"),
    ('{"type": "record", "name": "R", "aliases": [«"1"], "fields": []}', '"1" is not a name for a record'),
    ('{"type": "record", "name": "R", "aliases": ["a", «"a"], "fields": []}', 'the alias "a" stands twice'),
    (
        '[{"type": "fixed", "name": "F", "size": 1}, {"type": "array", "items": {"type": "fixed", "name": «"F", "size": 2}}]',
        "F is defined twice",
    ),
]

FIELDS = [
    ('«{"type": "record", "name": "R"}', 'a record needs the attribute "fields"'),
    ('{"type": "record", "name": "R", "fields": «{}}', '"fields" must be an array, found {}'),
    ('{"type": "record", "name": "R", "fields": [«5]}', "expected a field as an object, found 5"),
    ('{"type": "record", "name": "R", "fields": [«{"type": "int"}]}', 'a field needs the attribute "name"'),
    ('{"type": "record", "name": "R", "fields": [«{"name": "a"}]}', 'the field "a" needs the attribute "type"'),
    ('{"type": "record", "name": "R", "fields": [{"name": "a", "type": «null}]}', "expected a type, found null"),
    ('{"type": "record", "name": "R", "fields": [{"name": «"a.b", "type": "int"}]}', '"a.b" is not a name for a field'),
    (
        '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int"}, {"name": «"a", "type": "int"}]}',
        'the field "a" stands twice',
    ),
    (
        '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "order": «"up"}]}',
        '"up" is not an order',
    ),
    ('{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "order": «1}]}', "1 is not an order"),
    (
        '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "aliases": [«"1"]}]}',
        '"1" is not a name for a field',
    ),
    (
        '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "aliases": ["b", «"b"]}]}',
        'the alias "b" stands twice',
    ),
    (
        """{"type": "record", "name": "R", "fields": [
            {"name": "a", "type": "int", "aliases": ["x"]}, {"name": "b", "type": "int", "aliases": [«"x"]}]}""",
        'the alias "x" is also one of "a"',
    ),
    (
        '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "aliases": [«"b"]}, {"name": "b", "type": "int"}]}',
        'the alias "b" is also the name of a field',
    ),
]

ENUMS_AND_FIXED = [
    ('«{"type": "enum", "name": "E"}', 'an enum needs the attribute "symbols"'),
    ('{"type": "enum", "name": "E", "symbols": «"A"}', '"symbols" must be an array, found "A"'),
    ('{"type": "enum", "name": "E", "symbols": [«5]}', "a symbol must be a string, found 5"),
    ('{"type": "enum", "name": "E", "symbols": [«"a-b"]}', '"a-b" is not a symbol'),
    ('{"type": "enum", "name": "E", "symbols": ["A", «"A"]}', 'the symbol "A" stands twice'),
    ('{"type": "enum", "name": "E", "symbols": ["A"], "default": «"B"}', 'the default "B" is none of the symbols'),
    ('{"type": "enum", "name": "E", "symbols": ["A"], "default": «null}', "the default null is none of the symbols"),
    ('«{"type": "fixed", "name": "F"}', 'a fixed needs the attribute "size"'),
    *(
        (f'{{"type": "fixed", "name": "F", "size": «{size}}}', "the size of a fixed must be a whole number of bytes")
        for size in ("-1", "1.0", '"1"', "true", "null", "2147483648")
    ),
]

UNIONS = [
    ("«[]", "a union needs at least one branch"),
    ('["int", «"int"]', "the union has int twice"),
    ('["int", «{"type": "int", "logicalType": "date"}]', "the union has int twice"),
    ('[{"type": "array", "items": "int"}, «{"type": "array", "items": "string"}]', "the union has array twice"),
    ('[{"type": "map", "values": "int"}, «{"type": "map", "values": "string"}]', "the union has map twice"),
    ('[{"type": "fixed", "name": "a.F", "size": 1}, «"a.F"]', "the union has a.F twice"),
    ('["null", «["int"]]', "a union stands directly in a union"),
    ('["null", «{"type": ["int"]}]', "a union stands directly in a union"),
]

LOGICAL = [
    ('{"type": "int", "logicalType": «5}', "a logical type must be a string"),
    ('{"type": "int", "logicalType": «"uuid"}', "uuid does not fit int"),
    ('{"type": "fixed", "name": "F", "size": 15, "logicalType": «"uuid"}', "uuid does not fit a fixed of 15 bytes"),
    (
        '{"type": "fixed", "name": "F", "size": 16, "logicalType": «"duration"}',
        "duration does not fit a fixed of 16 bytes",
    ),
    ('{"type": "bytes", "logicalType": «"duration"}', "duration does not fit bytes"),
    ('{"type": "string", "logicalType": «"decimal", "precision": 2}', "decimal does not fit string"),
    ('{"type": "bytes", "logicalType": «"decimal"}', "a decimal needs a precision"),
    *(
        (
            f'{{"type": "bytes", "logicalType": "decimal", "precision": «{precision}}}',
            "the precision of a decimal must be a whole number above 0",
        )
        for precision in ("0", "-1", "1.5", '"2"', "true")
    ),
    *(
        (
            f'{{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": «{scale}}}',
            "the scale of a decimal must be a whole number, 0 or more",
        )
        for scale in ("-1", "1.5", '"2"', "true", "null")
    ),
    (
        '{"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": «5}',
        "the scale 5 is larger than the precision 4",
    ),
    (
        '{"type": "fixed", "name": "F", "size": 4, "logicalType": "decimal", "precision": «10}',
        "10 digits do not fit a fixed of 4 bytes",
    ),
    *(
        (f'{{"type": "{other}", "logicalType": «"{name}"}}', f"{name} does not fit {other}")
        for name, other in (
            ("date", "long"),
            ("time-millis", "long"),
            ("time-micros", "int"),
            ("time-nanos", "int"),
            ("timestamp-millis", "int"),
            ("timestamp-micros", "string"),
            ("timestamp-nanos", "int"),
            ("local-timestamp-millis", "int"),
            ("local-timestamp-micros", "int"),
            ("local-timestamp-nanos", "double"),
        )
    ),
]


@pytest.mark.parametrize(("text", "message"), [*TYPES, *NAMES, *FIELDS, *ENUMS_AND_FIXED, *UNIONS, *LOGICAL])
def test_mistakes(text: str, message: str) -> None:
    plain, positions = unmarked(text)
    with pytest.raises(SchemaErrors) as raised:
        parse(plain)
    assert [problem.position for problem in raised.value.problems] == positions
    assert raised.value.problems[0].message.startswith(message)


def test_every_mistake_is_reported_at_once() -> None:
    text, positions = unmarked(
        """{"type": "record", "name": «"Customer-1", "fields": [
             {"name": "id", "type": «"strng"},
             {"name": «"id", "type": "int", "default": «"x"},
             {"name": "tier", "type": {"type": "enum", "name": "Tier", "symbols": ["A", «"A"], "default": «"B"}},
             «{"name": "tags"},
             {"name": "when", "type": {"type": "int", "logicalType": «"timestamp-millis"}},
             {"name": "parent", "type": ["null", «"null"]}«,
           ]}"""
    )
    with pytest.raises(SchemaErrors) as raised:
        parse(text)
    assert [problem.position for problem in raised.value.problems] == positions


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('["int", "strng"]', "did you mean string?"),
        ('[{"type": "fixed", "name": "shop.types.Money", "size": 1}, "Money"]', "did you mean shop.types.Money?"),
        ('[{"type": "fixed", "name": "shop.Customer", "size": 1}, "shop.Custmer"]', "did you mean shop.Customer?"),
        ('[{"type": "fixed", "name": "shop.Customer", "size": 1}, "Custmer"]', "did you mean shop.Customer?"),
        ('"Nothing"', "define it, or refer to it by its full name"),
        ('{"type": "array", "itmes": "int"}', 'found "itmes"'),
        ('{"type": "enum", "name": "E", "symbols": ["GOLD", "NONE"], "default": "GLOD"}', "did you mean GOLD?"),
    ],
)
def test_hints(text: str, hint: str) -> None:
    with pytest.raises(SchemaErrors) as raised:
        parse(text)
    assert raised.value.problems[0].hint == hint


def test_wording() -> None:
    with pytest.raises(SchemaErrors) as raised:
        parse(
            '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "int", "default": "x"}]}', file="a/b.avsc"
        )
    assert str(raised.value) == 'a/b.avsc:1:84: default "x" does not fit int (give a number, or change the type)'
    assert raised.value.problems[0].position == Position("a/b.avsc", 1, 84)


def test_json_mistakes_and_schema_mistakes_come_together() -> None:
    text, positions = unmarked('{"type": "array", "items": «"Foo"«,}')
    with pytest.raises(SchemaErrors) as raised:
        parse(text)
    assert [problem.position for problem in raised.value.problems] == positions


def judged(schema: Any, *, strict: bool) -> None:
    """A schema is read, or refused with its problems; it never raises anything else."""
    with suppress(SchemaErrors):
        assert parse(schema, strict=strict).canonical


@given(json_values())
def test_any_json_is_a_schema_or_has_problems(value: Any) -> None:
    for strict in (True, False):
        judged(json.dumps(value), strict=strict)


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize(
    "attribute",
    [
        "type",
        "name",
        "namespace",
        "aliases",
        "doc",
        "fields",
        "symbols",
        "default",
        "size",
        "items",
        "values",
        "order",
        "logicalType",
        "precision",
    ],
)
@pytest.mark.parametrize("value", [None, True, 5, 1.5, "x", "", [], [5], {}, {"type": 5}, [[]]])
def test_any_attribute_of_any_type_is_judged_without_a_traceback(attribute: str, value: Any, strict: bool) -> None:
    whole: tuple[dict[str, Any], ...] = (
        {"type": "record", "name": "R", "fields": []},
        {"type": "enum", "name": "E", "symbols": []},
        {"type": "fixed", "name": "F", "size": 5},
        {"type": "array", "items": "int"},
        {"type": "map", "values": "int"},
        {"type": "bytes", "logicalType": "decimal", "precision": 5},
    )
    for schema in whole:
        changed = {**schema, attribute: value}
        field = {"name": "f", "type": "int", attribute: value}
        for one in (changed, {"type": "record", "name": "R", "fields": [field]}):
            judged(one, strict=strict)
