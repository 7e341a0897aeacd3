"""The same schemas in Avro's Java reference: what it takes, its canonical forms, its verdicts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from kontrakt.avro import parse
from kontrakt.avro.resolution import resolve
from kontrakt.errors import SchemaErrors

from tests.avro.plans import fails, steps
from tests.avro.strategies import evolutions, schemas
from tests.real.program import ForeignProgram, java_program

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.real.start import JavaLibraries

PROGRAM = """
import java.io.*;
import java.nio.charset.StandardCharsets;
import org.apache.avro.*;

public class Program {
    static String form(String schema, boolean strict) {
        try {
            Schema.Parser parser = strict ? new Schema.Parser() : new Schema.Parser(NameValidator.NO_VALIDATION);
            return SchemaNormalization.toParsingForm(parser.setValidateDefaults(strict).parse(schema));
        } catch (Exception refused) {
            return "";
        }
    }

    static String verdict(String reader, String writer) {
        Schema wanted = new Schema.Parser().parse(reader);
        Schema written = new Schema.Parser().parse(writer);
        return "" + SchemaCompatibility.checkReaderWriterCompatibility(wanted, written).getType();
    }

    public static void main(String[] arguments) throws Exception {
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream out = new PrintStream(System.out, true, "UTF-8");
        for (String line; (line = in.readLine()) != null; ) {
            String[] parts = line.split("\\t");
            out.println(parts[0].equals("verdict") ? verdict(parts[1], parts[2]) : form(parts[1], parts[0].equals("strict")));
        }
    }
}
"""


class Reference:
    """The program, asked in parts."""

    def __init__(self, program: ForeignProgram) -> None:
        self._program = program

    def ask(self, *parts: str) -> str:
        return self._program.ask("\t".join(parts))


@pytest.fixture(scope="module")
def reference(avro_libraries: JavaLibraries, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    source = tmp_path_factory.mktemp("reference") / "Program.java"
    source.write_text(PROGRAM)
    with java_program(avro_libraries, source) as program:
        yield Reference(program)


def ours(schema: str, *, strict: bool) -> str:
    try:
        return parse(schema, strict=strict).canonical
    except SchemaErrors:
        return ""


def record(fields: str, more: str = "") -> str:
    return f'{{"type": "record", "name": "R"{more}, "fields": [{fields}]}}'


def default(kind: str, value: str) -> str:
    return record(f'{{"name": "f", "type": {kind}, "default": {value}}}')


POINT = '{"type": "record", "name": "S", "fields": [{"name": "x", "type": "int"}]}'
ALIKE = [
    '"int"',
    '{"type": "int"}',
    '["null", "int"]',
    '[["int"]]',
    '["int", "int"]',
    '"Foo"',
    '{"type": "Foo"}',
    "null",
    "5",
    '""',
    '{"type": "array"}',
    '{"type": "map", "values": "string"}',
    '{"type": "int"} x',
    '{"type": "record", "name": "int", "fields": []}',
    '{"type": "record", "name": "record", "fields": []}',
    '{"type": "record", "name": "a.R", "namespace": "b", "fields": [{"name": "f", "type": ["null", "R"]}]}',
    '{"type": "error", "name": "R", "fields": []}',
    '{"type": "record", "name": "1a", "fields": []}',
    '{"type": "record", "name": "a-b", "fields": []}',
    '{"type": "record", "name": "R", "namespace": "a.b-c", "fields": []}',
    '{"type": "record", "fields": []}',
    '{"type": "record", "name": "R"}',
    record('{"name": "a", "type": "int"}, {"name": "a", "type": "int"}'),
    record('{"name": "a", "type": "int", "order": "up"}'),
    record('{"name": "1a", "type": "int"}'),
    record('{"name": "a"}'),
    record("5"),
    record('{"name": "a", "type": {"type": "record", "name": "R", "fields": []}}'),
    record('{"name": "m", "type": "N"}, {"name": "n", "type": {"type": "enum", "name": "N", "symbols": ["A"]}}'),
    record(
        '{"name": "n", "type": {"type": "fixed", "name": "N", "namespace": "", "size": 1}}, {"name": "m", "type": "N"}',
        ', "namespace": "x"',
    ),
    '["A", {"type": "record", "name": "A", "fields": []}]',
    '{"type": "enum", "name": "E", "symbols": ["A", "A"]}',
    '{"type": "enum", "name": "E", "symbols": ["1"]}',
    '{"type": "enum", "name": "E", "symbols": []}',
    '{"type": "enum", "name": "E", "symbols": ["A"], "default": "B"}',
    '{"type": "fixed", "name": "F", "size": -1}',
    '{"type": "fixed", "name": "F", "size": 0}',
    '{"type": "fixed", "name": "F", "size": 1.5}',
    '{"type": "fixed", "name": "F", "size": 99999999999}',
    '{"type": "int", "logicalType": "foo"}',
    default('"int"', '"x"'),
    default('"int"', "1.0"),
    default('"int"', "2147483648"),
    default('"long"', "9223372036854775808"),
    default('"float"', "1"),
    default('"double"', "true"),
    default('"string"', "1"),
    default('"null"', "0"),
    default('["null", "string"]', "5"),
    default('["null", "R"]', "null"),
    default('{"type": "array", "items": "int"}', '["a"]'),
    default('{"type": "map", "values": "int"}', '{"a": 1}'),
    default(POINT, "{}"),
    default(POINT, '{"x": 1}'),
]
"""Schemas on which this parser and the reference agree, strictly and leniently."""

STRICTER = [
    "[]",
    '{"type": "int", "type": "string"}',
    '{"type": "record", "name": "a.int", "fields": []}',
    '{"type": "record", "name": "R", "aliases": ["a", "a"], "fields": []}',
    '{"type": "record", "name": "R", "namespace": 5, "doc": 5, "fields": []}',
    record('{"name": "a", "type": "int", "aliases": ["b"]}, {"name": "b", "type": "int"}'),
    default('["null", "string"]', '"x"'),
    default('"double"', '"1"'),
    default('"bytes"', r'"\u0100"'),
    default('{"type": "fixed", "name": "F", "size": 2}', '"a"'),
    default('{"type": "enum", "name": "E", "symbols": ["A"]}', '"B"'),
    '{"type": "bytes", "logicalType": "decimal"}',
    '{"type": "int", "logicalType": "timestamp-millis"}',
]
"""Schemas that the reference takes in silence, and this parser only when it is lenient."""


@pytest.mark.parametrize("schema", ALIKE)
def test_it_takes_and_refuses_the_same(reference: Reference, schema: str) -> None:
    assert ours(schema, strict=True) == reference.ask("strict", schema)
    assert ours(schema, strict=False) == reference.ask("lenient", schema)


@pytest.mark.parametrize("schema", STRICTER)
def test_where_people_write_more_is_a_mistake(reference: Reference, schema: str) -> None:
    assert ours(schema, strict=True) == ""
    assert ours(schema, strict=False) == reference.ask("lenient", schema) == reference.ask("strict", schema) != ""


@given(schema=schemas())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_canonical_forms(reference: Reference, schema: Any) -> None:
    text = json.dumps(schema)
    assert ours(text, strict=True) == reference.ask("strict", text)


@given(pair=evolutions() | st.tuples(schemas(), schemas()))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=500)
def test_what_it_calls_compatible_has_a_plan_without_failures(reference: Reference, pair: tuple[Any, Any]) -> None:
    reader, writer = map(json.dumps, pair)
    try:
        plan = resolve(parse(reader), parse(writer))
    except SchemaErrors:
        reject()  # the change took away the definition of a type that is still used
    if reference.ask("verdict", reader, writer) == "COMPATIBLE":
        assert plan.failures == ()
        assert not any(map(fails, steps(plan.root)))
