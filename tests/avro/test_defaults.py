"""Defaults: which fit their type, and what they mean."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kontrakt.avro import Record, parse
from kontrakt.avro.defaults import default_value
from kontrakt.errors import SchemaErrors

from tests.avro.marked import unmarked

FIXED = '{"type": "fixed", "name": "F", "size": 2}'
ENUM = '{"type": "enum", "name": "E", "symbols": ["A", "B"], "default": "B"}'
POINT = """{"type": "record", "name": "P", "fields": [
    {"name": "x", "type": "int"}, {"name": "y", "type": ["null", "bytes"], "default": null}]}"""
LIST = '{"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"], "default": null}]}'

FITTING: list[tuple[str, str, Any]] = [
    ('"null"', "null", None),
    ('"boolean"', "true", True),
    ('"int"', "-2147483648", -(2**31)),
    ('"int"', "2147483647", 2**31 - 1),
    ('"long"', "-9223372036854775808", -(2**63)),
    ('"float"', "1", 1.0),
    ('"double"', "1.5", 1.5),
    ('"string"', '"é"', "é"),
    ('"bytes"', r'"\u0000\u00ff"', b"\x00\xff"),
    (FIXED, r'"\u0001a"', b"\x01a"),
    (ENUM, '"A"', "A"),
    ('{"type": "array", "items": "bytes"}', '["a", "b"]', [b"a", b"b"]),
    ('{"type": "map", "values": "float"}', '{"b": 1, "a": 2}', {"b": 1.0, "a": 2.0}),
    ('["null", "int"]', "null", None),
    ('["int", "null"]', "1", 1),
    (POINT, '{"x": 1}', {"x": 1, "y": None}),
    (f'{{"type": "array", "items": {POINT}}}', '[{"x": 1}]', [{"x": 1, "y": None}]),
    (LIST, "{}", {"next": None}),
    ('{"type": "int", "logicalType": "date"}', "5", 5),
    ('{"type": "bytes", "logicalType": "decimal", "precision": 2}', '"a"', b"a"),
]


def record_with(schema: str, default: str) -> str:
    return f'{{"type": "record", "name": "R", "fields": [{{"name": "f", "type": {schema}, "default": {default}}}]}}'


@pytest.mark.parametrize(("schema", "default", "value"), FITTING)
def test_what_fits(schema: str, default: str, value: Any) -> None:
    record = parse(record_with(schema, default))
    assert isinstance(record, Record)
    field = record.fields[0]
    found = default_value(field.schema, field.default)
    assert found == value
    assert type(found) is type(value)
    assert not isinstance(found, dict | list) or found is not default_value(field.schema, field.default)


@pytest.mark.parametrize(
    ("schema", "default", "message"),
    [
        ('"null"', "«0", "default 0 does not fit null"),
        ('"boolean"', "«1", "default 1 does not fit boolean"),
        ('"int"', "«2147483648", "default 2147483648 does not fit int"),
        ('"int"', "«true", "default true does not fit int"),
        ('"int"', "«1.0", "default 1.0 does not fit int"),
        ('"long"', "«9223372036854775808", "default 9223372036854775808 does not fit long"),
        ('"long"', "«" + "9" * 100, "default a number of more than 40 digits does not fit long"),
        ('"float"', '«"1"', 'default "1" does not fit float'),
        ('"double"', "«false", "default false does not fit double"),
        ('"string"', "«null", "default null does not fit string"),
        ('"bytes"', r'«"\u0100"', r'default "\u0100" does not fit bytes'),
        ('"bytes"', "«[1]", "default [...] does not fit bytes"),
        (FIXED, '«"abc"', 'default "abc" does not fit F'),
        (ENUM, '«"C"', 'default "C" does not fit E'),
        ('{"type": "array", "items": "int"}', "«{}", "default {} does not fit array"),
        ('{"type": "array", "items": "int"}', '[1, «"x"]', 'default "x" does not fit int'),
        ('{"type": "map", "values": "int"}', '{"a": 1, "b": «null}', "default null does not fit int"),
        ('["null", "string"]', '«"x"', 'default "x" does not fit null'),
        (POINT, "«[]", "default [] does not fit P"),
        (POINT, "«{}", 'the default has no "x", which P needs'),
        (POINT, '{"x": 1, «"z": 2}', 'P has no field "z"'),
        (POINT, '{"x": «"1"}', 'default "1" does not fit int'),
        (POINT, '{"x": 1, "y": «"z"}', 'default "z" does not fit null'),
        (f'{{"type": "array", "items": {LIST}}}', '[{"next": «{}}]', "default {} does not fit null"),
    ],
)
def test_what_does_not_fit(schema: str, default: str, message: str) -> None:
    text, positions = unmarked(record_with(schema, default))
    with pytest.raises(SchemaErrors) as raised:
        parse(text)
    assert [(problem.position, problem.message) for problem in raised.value.problems] == [(positions[0], message)]
    record = parse(text, strict=False)
    assert isinstance(record, Record)


def test_the_hint_of_a_union_says_what_to_put_first() -> None:
    with pytest.raises(SchemaErrors, match="put string first"):
        parse(record_with('["null", "string"]', '"x"'))


@pytest.mark.parametrize(
    ("schema", "default", "value"),
    [('["null", "string"]', '"x"', "x"), ('["null", "double"]', "1", 1.0), ('["string", "null"]', "null", None)],
)
def test_a_registry_may_hold_defaults_of_later_branches(schema: str, default: str, value: Any) -> None:
    assert default_value(parse(schema), json.loads(default)) == value


@pytest.mark.parametrize(
    "fields",
    [
        '{"name": "a", "type": "R", "default": «{}}',
        """{"name": "a", "type": {"type": "array", "items": "R"}, "default": «[{}]},
           {"name": "b", "type": "int", "default": 1}""",
        """{"name": "a", "type": {"type": "record", "name": "S", "fields": [
             {"name": "r", "type": "R", "default": {}}]}, "default": «{}}""",
    ],
)
def test_a_default_that_contains_itself(fields: str) -> None:
    text, positions = unmarked(f'{{"type": "record", "name": "R", "fields": [{fields}]}}')
    with pytest.raises(SchemaErrors) as raised:
        parse(text)
    assert [problem.position for problem in raised.value.problems] == positions
    assert "contains itself" in raised.value.problems[0].message
    schema = parse(text, strict=False)
    with pytest.raises(ValueError, match="contains itself"):
        default_value(schema, {})


def test_defaults_that_share_a_type_are_not_taken_for_endless() -> None:
    assert parse(
        f"""{{"type": "record", "name": "R", "fields": [
              {{"name": "a", "type": {POINT}, "default": {{"x": 1}}}}, {{"name": "b", "type": "P", "default": {{"x": 2}}}}]}}"""
    )


@pytest.mark.parametrize(("schema", "default"), [('"int"', "x"), (POINT, {}), ('["int", "string"]', None), ("[]", 1)])
def test_a_value_that_does_not_fit_is_refused(schema: str, default: Any) -> None:
    with pytest.raises(ValueError, match="default"):
        default_value(parse(schema, strict=False), default)
