"""Large and deep schemas."""

from __future__ import annotations

import inspect
import sys
import time
from typing import TYPE_CHECKING

import pytest
from kontrakt.avro import Record, parse
from kontrakt.avro.defaults import default_value
from kontrakt.avro.placed import read
from kontrakt.avro.render import closed, to_json
from kontrakt.avro.resolution import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator


def nested(levels: int, *, default: bool = False, more: str = "") -> str:
    schema = '{"type": "record", "name": "x.R", "fields": []}'
    for level in range(levels):
        given = ', "default": {}' if default else ""
        schema = (
            f'{{"type": "record", "name": "x.R{level}", "fields": [{{"name": "f", "type": {schema}{given}}}{more}]}}'
        )
    return schema


@pytest.fixture
def little_room() -> Iterator[None]:
    """A caller that is deep in its own stack already: 150 frames are left."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 150)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.usefixtures("little_room")
@pytest.mark.parametrize("levels", [200, 660])
def test_nested_records(levels: int) -> None:
    text = nested(levels)
    schema = parse(text)
    assert schema.canonical == parse(schema.canonical).canonical
    node, _ = read(text, "f")
    assert node is not None
    assert parse(to_json(node)).canonical == schema.canonical
    assert parse(closed(schema)).canonical == schema.canonical
    assert schema.fingerprint()
    assert resolve(schema, parse(text)).failures == ()
    longer = parse(nested(levels, more=', {"name": "g", "type": "int"}'))
    assert resolve(schema, longer).failures == ()
    assert len(resolve(longer, schema).failures) == levels


@pytest.mark.usefixtures("little_room")
def test_nested_unions_arrays_and_maps() -> None:
    schema = '"int"'
    for level in range(150):
        schema = f'["null", {{"type": "record", "name": "R{level}", "fields": [{{"name": "f", "type": {schema}}}]}}]'
        schema = f'{{"type": "array", "items": {{"type": "map", "values": {schema}}}}}'
    tree = parse(schema)
    assert parse(tree.canonical).canonical == tree.canonical
    assert resolve(tree, parse(schema)).failures == ()


@pytest.mark.usefixtures("little_room")
def test_nested_defaults() -> None:
    schema = parse(nested(200, default=True))
    value = default_value(schema, {})
    for _ in range(200):
        value = value["f"]
    assert value == {}


def test_two_thousand_fields() -> None:
    fields = ",\n".join(
        f'{{"name": "field_{index}", "type": ["null", "string"], "default": null, "doc": "Field {index}."}}'
        for index in range(2000)
    )
    schema = parse(f'{{"type": "record", "name": "Wide", "fields": [\n{fields}]}}')
    assert isinstance(schema, Record)
    assert len(schema.fields) == 2000
    assert schema.fields[1999].position.line == 2001
    assert resolve(schema, schema).failures == ()


def test_a_file_of_a_megabyte() -> None:
    fields = ",\n".join(f'{{"name": "f{index}", "type": "string", "doc": "{"x" * 60}"}}' for index in range(10_000))
    text = f'{{"type": "record", "name": "Large", "fields": [\n{fields}]}}'
    assert len(text) > 1_000_000
    started = time.process_time()
    assert parse(text)
    assert time.process_time() - started < 10  # about 0.7 s; what grows with the square of the size takes minutes
