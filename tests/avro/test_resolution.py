"""Reader and writer matched: what each step of a plan says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from kontrakt.avro import parse
from kontrakt.avro.resolution import (
    Fail,
    IntoUnion,
    Plan,
    ReadArray,
    ReadEnum,
    ReadFixed,
    ReadMap,
    ReadRecord,
    ReadUnion,
    Same,
    Step,
    resolve,
)

from tests.avro.strategies import schemas

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
PROMOTED = {
    ("int", "long"),
    ("int", "float"),
    ("int", "double"),
    ("long", "float"),
    ("long", "double"),
    ("float", "double"),
    ("string", "bytes"),
    ("bytes", "string"),
}


def plan(reader: Any, writer: Any) -> Plan:
    return resolve(parse(json.dumps(reader)), parse(json.dumps(writer)))


def record(*fields: dict[str, Any], name: str = "x.R", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def field(name: str, kind: Any = "int", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def read_record(step: Step) -> ReadRecord:
    assert isinstance(step, ReadRecord)
    return step


@pytest.mark.parametrize("writer", PRIMITIVES)
@pytest.mark.parametrize("reader", PRIMITIVES)
def test_promotions(writer: str, reader: str) -> None:
    found = plan(reader, writer)
    if writer == reader or (writer, reader) in PROMOTED:
        assert isinstance(found.root, Same)
        assert (found.root.writer.type, found.root.reader.type) == (writer, reader)
        assert found.failures == ()
    else:
        assert isinstance(found.root, Fail)
        assert [str(failure) for failure in found.failures] == [
            f"the producer wrote {writer}, the consumer expects {reader}"
        ]


def test_a_record_field_by_field() -> None:
    found = plan(
        record(field("b", "long"), field("new", "string", default="x"), field("a", "int")),
        record(field("a"), field("gone", "string"), field("b")),
    )
    step = read_record(found.root)
    assert [(wrote.name, target.name if target else None) for wrote, target, _ in step.steps] == [
        ("a", "a"),
        ("gone", None),
        ("b", "b"),
    ]
    assert step.steps[1][2] is None
    assert isinstance(step.steps[2][2], Same)
    assert [missing.name for missing in step.defaults] == ["new"]
    assert step.missing == []
    assert found.failures == ()


def test_a_field_that_the_writer_lacks() -> None:
    found = plan(
        record(field("s", record(field("a"), field("b"), name="S"))), record(field("s", record(field("b"), name="S")))
    )
    assert [str(failure) for failure in found.failures] == [
        "s.a: the producer does not write it (x.S), and it has no default"
    ]


def test_field_aliases() -> None:
    found = plan(record(field("new", aliases=["older", "old"])), record(field("old"), field("x")))
    wrote, target, _ = read_record(found.root).steps[0]
    assert target is not None
    assert (wrote.name, target.name) == ("old", "new")
    assert found.failures == ()


def test_the_name_itself_wins_over_an_alias() -> None:
    found = plan(record(field("a", aliases=["b"])), record(field("b"), field("a")))
    assert [target is not None for _, target, _ in read_record(found.root).steps] == [False, True]


SHAPES: dict[str, dict[str, Any]] = {"record": {"fields": []}, "enum": {"symbols": ["A"]}, "fixed": {"size": 1}}


@pytest.mark.parametrize(
    ("reader", "writer", "fits"),
    [
        ({"name": "x.R"}, {"name": "x.R"}, True),
        ({"name": "y.R"}, {"name": "x.R"}, True),
        ({"name": "x.S"}, {"name": "x.R"}, False),
        ({"name": "x.S", "aliases": ["R"]}, {"name": "x.R"}, True),
        ({"name": "y.S", "aliases": ["R"]}, {"name": "x.R"}, False),
        ({"name": "y.S", "aliases": ["x.R"]}, {"name": "x.R"}, True),
        ({"name": "x.S"}, {"name": "x.R", "aliases": ["S"]}, False),
    ],
)
@pytest.mark.parametrize("kind", ["record", "enum", "fixed"])
def test_names_of_types(kind: str, reader: dict[str, Any], writer: dict[str, Any], fits: bool) -> None:
    shape = SHAPES[kind]
    found = plan({"type": kind, **reader, **shape}, {"type": kind, **writer, **shape})
    assert (found.failures == ()) is fits


@pytest.mark.parametrize(("default", "unknown"), [({}, None), ({"default": "A"}, "A")])
def test_enums(default: dict[str, str], unknown: str | None) -> None:
    found = plan(
        {"type": "enum", "name": "E", "symbols": ["B", "A"], **default},
        {"type": "enum", "name": "E", "symbols": ["A", "C", "B"]},
    )
    assert isinstance(found.root, ReadEnum)
    assert found.root.symbols == {"A": "A", "C": unknown, "B": "B"}
    assert found.failures == ()


def test_fixed() -> None:
    two, three = ({"type": "fixed", "name": "F", "size": size} for size in (2, 3))
    assert isinstance(plan(two, two).root, ReadFixed)
    assert [str(failure) for failure in plan(two, three).failures] == ["F has 3 bytes, the consumer expects 2"]


def test_arrays_and_maps() -> None:
    array = plan({"type": "array", "items": "long"}, {"type": "array", "items": "int"}).root
    mapping = plan({"type": "map", "values": "long"}, {"type": "map", "values": "int"}).root
    assert isinstance(array, ReadArray)
    assert isinstance(array.items, Same)
    assert isinstance(mapping, ReadMap)
    assert isinstance(mapping.values, Same)
    paths = [
        failure.path
        for kind in ("array", "map")
        for failure in plan(
            record(field("f", {"type": kind, "items": "int", "values": "int"})),
            record(field("f", {"type": kind, "items": "string", "values": "string"})),
        ).failures
    ]
    assert paths == ["f[]", "f{}"]


R, OTHER = record(field("a"), name="x.R"), record(field("a"), field("b"), name="y.R")


@pytest.mark.parametrize(
    ("reader", "writer", "branch"),
    [
        (["null", "long", "int"], "int", 2),
        (["null", "double", "long"], "int", 1),
        (["bytes", "string"], "string", 1),
        (["null", "bytes"], "string", 1),
        (["null", "string"], "int", None),
        (["float", {"type": "array", "items": "string"}], {"type": "array", "items": "string"}, 1),
        ([OTHER, R], R, 1),
        (["null", record(field("a"), name="z.R")], R, 1),
        ([OTHER, record(field("a"), name="z.R")], R, 1),
        ([record(field("q"), name="x.R"), record(field("a"), name="z.R")], R, 1),
        (["null", record(name="x.Q")], R, None),
        (["null", record(name="x.Q", aliases=["R"])], R, 1),
    ],
)
def test_a_reader_union_takes_the_exact_branch_or_the_first_that_can_be_read(
    reader: Any, writer: Any, branch: int | None
) -> None:
    found = plan(reader, writer)
    if branch is None:
        assert isinstance(found.root, Fail)
        assert len(found.failures) == 1
    else:
        assert isinstance(found.root, IntoUnion)
        assert found.root.branch == branch
        assert found.failures == ()


def test_a_writer_union_fails_only_for_the_data_that_cannot_be_read() -> None:
    found = plan("long", ["null", "int", "string"])
    assert isinstance(found.root, ReadUnion)
    assert [type(branch) for branch in found.root.branches] == [Fail, Same, Fail]
    assert found.failures == ()
    assert len(plan("boolean", ["null", "int"]).failures) == 2


def test_a_union_into_a_union() -> None:
    found = plan(["null", "long"], ["int", "null"])
    assert isinstance(found.root, ReadUnion)
    branches = found.root.branches
    assert [branch.branch for branch in branches if isinstance(branch, IntoUnion)] == [1, 0]
    assert found.failures == ()


def test_a_recursive_record_has_a_recursive_plan() -> None:
    linked = record(field("next", ["null", "x.R"], default=None), field("v"))
    step = read_record(plan(linked, linked).root)
    union = step.steps[0][2]
    assert isinstance(union, ReadUnion)
    into = union.branches[1]
    assert isinstance(into, IntoUnion)
    assert into.step is step


def test_a_recursive_failure_is_told_once() -> None:
    reader = record(field("r", {"type": "array", "items": "x.R"}), field("v", "string"))
    writer = record(field("r", {"type": "array", "items": "x.R"}), field("v", "int"))
    assert [failure.path for failure in plan(reader, writer).failures] == ["v"]


@given(schemas())
def test_every_schema_reads_itself(schema: Any) -> None:
    found = plan(schema, schema)
    assert found.failures == ()


@given(schemas(), schemas())
def test_any_two_schemas_have_a_plan(reader: Any, writer: Any) -> None:
    assert all(failure.reason for failure in plan(reader, writer).failures)
