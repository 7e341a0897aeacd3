"""What is compatible and unsafe: each danger on data, and the readers that fall into it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import avro.errors
import avro.io
import avro.schema
import pytest
from kontrakt.avro import parse
from kontrakt.avro.compatibility import AdvisoryKind, check
from kontrakt.codec import codec_for_schema
from kontrakt.errors import EncodeError, SchemaErrors
from kontrakt.severity import Severity

from tests.avro.compatibility.differences import document
from tests.avro.compatibility.shapes import array, enum, field, fixed, mapping, record
from tests.avro.compatibility.witnesses import (
    MICROS,
    MILLIS,
    WITNESSES,
    Witness,
    by_fastavro,
    by_kontrakt,
    decimal,
    logical,
)
from tests.real.program import java_program

if TYPE_CHECKING:
    from tests.real.start import JavaLibraries


def kinds(reader: Any, writer: Any) -> list[tuple[str, str]]:
    return [(advisory.kind.value, advisory.path) for advisory in check(reader, writer).advisories]


def test_every_kind_has_a_witness() -> None:
    assert {witness.kind for witness in WITNESSES} == set(AdvisoryKind)


@pytest.mark.parametrize("witness", WITNESSES, ids=lambda one: f"{one.kind} {one.before}")
def test_what_is_read(witness: Witness) -> None:
    data = bytes.fromhex(witness.data)
    assert by_fastavro(*witness.pair, data) == witness.fastavro
    assert by_kontrakt(*witness.pair, data) == witness.kontrakt


def test_what_java_reads(avro_libraries: JavaLibraries) -> None:
    with java_program(avro_libraries, Path(__file__).with_name("Reference.java")) as program:
        for witness in WITNESSES:
            reader, writer = (document(json.dumps(schema)) for schema in witness.pair)
            answer = json.loads(program.ask(json.dumps({"reader": reader, "writer": writer, "data": witness.data})))
            assert answer == (witness.java if witness.java.startswith("error") else f'{{"v": {witness.java}}}'), witness


@pytest.mark.parametrize("witness", WITNESSES, ids=lambda one: f"{one.kind} {one.before}")
def test_what_is_said(witness: Witness) -> None:
    result = check(*witness.pair)
    assert result.compatible
    advisory = result.advisories[0]
    assert (advisory.kind, advisory.severity) == (witness.kind, witness.severity)
    assert (advisory.before, advisory.after) == (witness.before, witness.after)
    assert advisory.path.split(".")[0] == "v"
    assert advisory.location.startswith("/fields/0")
    assert advisory.explanation.endswith(".")
    assert advisory.field_reader is not None
    if witness.kind is not AdvisoryKind.ORDER_DEPENDENT:
        assert [one.kind for one in result.advisories] == [witness.kind]
    if advisory.path == "v":
        assert advisory.reader_record is result.reader
        assert advisory.writer_record is result.writer


def test_a_decimal_with_too_many_digits_cannot_be_written_again() -> None:
    reader, writer = record("Top", field("v", decimal(4, 0))), record("Top", field("v", decimal(9, 0)))
    codec = codec_for_schema(json.dumps(reader))
    value = codec.reader(parse(writer))(bytes.fromhex("083b9ac9ff"), 0)
    with pytest.raises(EncodeError, match="digits"):
        codec.encode(value)


def test_a_default_of_a_later_branch_is_for_newer_readers_only() -> None:
    reader = record("R", field("v", ["null", "int"], default=1))
    (advisory,) = check(reader, record("R")).advisories
    assert (advisory.kind, advisory.severity) == (AdvisoryKind.UNUSABLE_DEFAULT, Severity.WARNING)
    assert by_fastavro(reader, record("R"), b"") == "1"
    with pytest.raises(SchemaErrors, match="first branch"):
        parse(json.dumps(reader))


def test_a_record_that_moved_is_refused_by_pythons_avro() -> None:
    old, new = (record(f"{space}.R", field("a")) for space in ("x", "y"))
    (advisory,) = check(new, old).advisories
    assert (advisory.kind, advisory.severity) == (AdvisoryKind.RENAMED_WITHOUT_ALIAS, Severity.WARNING)
    schemas = [avro.schema.parse(json.dumps(schema)) for schema in (old, new)]
    decoder = avro.io.BinaryDecoder(io.BytesIO(b"\x02"))
    with pytest.raises(avro.errors.SchemaResolutionException):
        avro.io.DatumReader(*schemas).read(decoder)


SAFE: list[tuple[Any, Any]] = [
    ("long", "int"),
    ("double", "int"),
    ("double", "float"),
    ("bytes", "string"),
    (decimal(9, 2), decimal(4, 2)),
    (MILLIS, MILLIS),
    (logical("int", "unknown-type"), "int"),
    (logical("string", "timestamp-millis"), "string"),
    (record("R", field("a", default=1)), record("R")),
    (record("R", field("a", ["null", "int"], default=None)), record("R")),
    (record("R", field("a", array("bytes"), default=[])), record("R")),
    (record("R", field("a", logical("string", "uuid"), default="6f1c64a2-2f0b-4e0e-9a41-2f6c1a7d9f10")), record("R")),
    (record("R", field("b", aliases=["a"])), record("R", field("a"))),
    (record("y.R", aliases=["x.R"]), record("x.R")),
    (enum("E", "AB"), enum("E", "A")),
    (["null", "int"], ["null", "int"]),
    ([], []),
]


@pytest.mark.parametrize(("reader", "writer"), SAFE)
def test_what_is_safe(reader: Any, writer: Any) -> None:
    assert kinds(reader, writer) == []


@pytest.mark.parametrize(
    ("reader", "writer", "found"),
    [
        # Several at one place
        ("string", decimal(4, 2), ["logical-dropped", "bytes-as-string"]),
        (decimal(4, 2), "string", ["logical-added"]),
        ("double", MILLIS, ["logical-dropped", "lossy-promotion"]),
        (logical("long", "local-timestamp-millis"), MICROS, ["logical-changed", "time-unit"]),
        (MILLIS, logical("int", "date"), ["logical-changed"]),
        (logical("long", "timestamp-nanos"), MICROS, ["time-unit"]),
        (decimal(4, 1), decimal(9, 2), ["decimal-scale"]),
        (logical("string", "uuid"), "bytes", ["logical-added", "bytes-as-string"]),
        # Of fixed
        ({**fixed("F", 16), "logicalType": "uuid"}, fixed("F", 16), ["logical-added"]),
        (fixed("F", 12), {**fixed("F", 12), "logicalType": "duration"}, ["logical-dropped"]),
        (fixed("y.F", 1), fixed("x.F", 1), ["renamed-without-alias"]),
        # Of types that moved
        (record("y.R"), record("x.R"), ["renamed-without-alias"]),
        (["null", record("y.R")], ["null", record("x.R")], ["renamed-without-alias"]),
    ],
)
def test_what_is_found(reader: Any, writer: Any, found: list[str]) -> None:
    assert [kind for kind, _ in kinds(reader, writer)] == found


def test_they_come_in_the_order_of_the_readers_fields_with_paths() -> None:
    inner = record("S", field("d", decimal(9, 2)), field("x", "long"))
    reader = record(
        "R",
        field("new", "bytes", default=""),
        field("lines", array(inner)),
        field("m", mapping(["null", "double"])),
        field("again", "S"),
    )
    written = record("S", field("x", "long"), field("d", decimal(9, 3)))
    writer = record("R", field("m", mapping("long")), field("again", written), field("lines", array("S")))
    result = check(reader, writer)
    assert [(one.kind.value, one.path, one.location) for one in result.advisories] == [
        ("default-differs", "new", "/fields/0"),
        ("decimal-scale", "lines[].d", "/fields/1/type/items/fields/0/type"),
        ("lossy-promotion", "m{}", "/fields/2/type/values/1"),
    ]
    new, scale, _ = result.advisories
    assert new.writer is None
    assert scale.reader_record is not None
    assert scale.reader_record.fullname == "S"
    assert scale.field_writer is not None
    assert scale.field_writer.name == "d"


def test_what_can_be_read_of_an_incompatible_pair_is_looked_at_too() -> None:
    reader, writer = record("R", field("a", "string"), field("t", MICROS)), record("R", field("a"), field("t", MILLIS))
    result = check(reader, writer)
    assert not result.compatible
    assert [advisory.path for advisory in result.advisories] == ["t"]
