"""Parsing Canonical Form and fingerprints, against the specification and against fastavro."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from fastavro.schema import fingerprint, parse_schema, to_parsing_canonical_form
from hypothesis import given
from kontrakt.avro import parse

from tests.avro.strategies import schemas


@pytest.mark.parametrize(
    ("schema", "canonical"),
    [
        ('{"type": "int"}', '"int"'),
        ('{"type": "int", "logicalType": "date", "unit": "day"}', '"int"'),
        ('[ "null" , {"type":"string"} ]', '["null","string"]'),
        ('{"items": "int", "type": "array", "default": []}', '{"type":"array","items":"int"}'),
        ('{"values": {"type": "bytes"}, "type": "map"}', '{"type":"map","values":"bytes"}'),
        ('{"size": 1, "name": "F", "namespace": "a.b", "type": "fixed"}', '{"name":"a.b.F","type":"fixed","size":1}'),
        (
            '{"type": "enum", "symbols": ["A"], "doc": "d", "default": "A", "aliases": ["x"], "name": "E"}',
            '{"name":"E","type":"enum","symbols":["A"]}',
        ),
        (
            """{"type": "error", "name": "R", "namespace": "x", "doc": "d", "topic": {}, "fields": [
                {"type": {"type": "fixed", "size": 2, "name": "F"}, "name": "a", "default": "ab", "order": "ignore"},
                {"name": "b", "type": ["null", "R", "F"], "aliases": ["c"]}]}""",
            (
                '{"name":"x.R","type":"record","fields":[{"name":"a","type":{"name":"x.F","type":"fixed","size":2}},'
                '{"name":"b","type":["null","x.R","x.F"]}]}'
            ),
        ),
        ('{"type": "record", "name": "\\u0052", "fields": []}', '{"name":"R","type":"record","fields":[]}'),
    ],
)
def test_the_rules_of_the_specification(schema: str, canonical: str) -> None:
    assert parse(schema).canonical == canonical


@given(schemas())
def test_a_canonical_form_is_its_own(schema: Any) -> None:
    canonical = parse(json.dumps(schema)).canonical
    assert parse(canonical).canonical == canonical


@given(schemas())
def test_fastavro_agrees(schema: Any) -> None:
    ours = parse(json.dumps(schema))
    theirs = to_parsing_canonical_form(parse_schema(schema))
    assert json.loads(ours.canonical) == json.loads(theirs)
    assert ours.canonical == theirs
    assert ours.fingerprint().hex() == fingerprint(theirs, "CRC-64-AVRO")
    assert ours.fingerprint("MD5").hex() == fingerprint(theirs, "MD5")
    assert ours.fingerprint("SHA-256").hex() == fingerprint(theirs, "SHA-256")


@pytest.mark.parametrize(
    ("schema", "number"),
    [
        # Avro's own test cases (share/test/data/schema-tests.txt)
        ('"null"', 7195948357588979594),
        ('{"type":"boolean"}', -6970731678124411036),
        ('"int"', 8247732601305521295),
        ('"long"', -3434872931120570953),
        ('"float"', 5583340709985441680),
        ('"double"', -8181574048448539266),
        ('"bytes"', 5746618253357095269),
        ('"string"', -8142146995180207161),
    ],
)
def test_known_fingerprints(schema: str, number: int) -> None:
    assert parse(schema).fingerprint() == number.to_bytes(8, "little", signed=True)


def test_other_fingerprints() -> None:
    schema = parse('"string"')
    assert schema.fingerprint("MD5") == hashlib.md5(b'"string"').digest()
    assert schema.fingerprint("SHA-256") == hashlib.sha256(b'"string"').digest()
    with pytest.raises(ValueError, match="SHA-1 is not an algorithm of Avro"):
        schema.fingerprint("SHA-1")
