"""Reader and writer matched (Avro specification, "Schema Resolution")."""

from __future__ import annotations

import json
from typing import Any

import pytest
from kontrakt import avro
from kontrakt.avro.resolution import IntoUnion, ReadEnum, ReadRecord, ReadUnion, resolve


def record(*fields: Any, name: str = "a.A", **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def f(name: str, type_: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, **more}


def plan(reader: Any, writer: Any) -> Any:
    return resolve(avro.parse(json.dumps(reader)), avro.parse(json.dumps(writer)))


E1 = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
READS: list[tuple[Any, Any, tuple[str, ...]]] = [
    ("int", "int", ()),
    ("long", "int", ()),
    ("double", "float", ()),
    ("string", "bytes", ()),
    ("int", "long", ("",)),
    ("string", "int", ("",)),
    (["null", "string"], "string", ()),
    (["null", "string"], "int", ("",)),
    ("string", ["null", "string"], ()),
    ("int", ["null", "string"], ("", "")),
    (record(f("x", "int")), record(f("x", "int"), f("y", "int")), ()),
    (record(f("x", "int"), f("y", "int", default=1)), record(f("x", "int")), ()),
    (record(f("x", "int"), f("y", "int")), record(f("x", "int")), ("y",)),
    (record(f("mail", "string", aliases=["email"])), record(f("email", "string")), ()),
    (record(name="a.B"), record(name="a.A"), ("",)),
    (record(name="b.A"), record(name="a.A"), ()),
    (record(name="a.B", aliases=["a.A"]), record(name="a.A"), ()),
    ({"type": "array", "items": "int"}, {"type": "array", "items": "string"}, ("[]",)),
    ({"type": "fixed", "name": "F", "size": 2}, {"type": "fixed", "name": "F", "size": 3}, ("",)),
]


@pytest.mark.parametrize(("reader", "writer", "failing"), READS)
def test_what_reads_what(reader: Any, writer: Any, failing: tuple[str, ...]) -> None:
    assert tuple(failure.path for failure in plan(reader, writer).failures) == failing


def test_fields_are_read_in_the_order_written() -> None:
    found = plan(record(f("b", "long"), f("d", "int", default=4)), record(f("a", "int"), f("b", "int"))).root
    assert isinstance(found, ReadRecord)
    assert [(wrote.name, target and target.name) for wrote, target, _ in found.steps] == [("a", None), ("b", "b")]
    assert [target.name for target in found.defaults] == ["d"]


def test_an_unknown_symbol_becomes_the_default_of_the_enum() -> None:
    old = {"type": "enum", "name": "E", "symbols": ["A"], "default": "A"}
    found = plan(old, E1).root
    assert isinstance(found, ReadEnum)
    assert found.symbols == {"A": "A", "B": "A"}


def test_a_recursive_plan_contains_itself() -> None:
    tree = record(f("next", ["null", "a.A"], default=None))
    root = plan(tree, tree).root
    assert isinstance(root, ReadRecord)
    union = root.steps[0][2]
    assert isinstance(union, ReadUnion)
    branch = union.branches[1]
    assert isinstance(branch, IntoUnion)
    assert branch.step is root


def test_the_exact_branch_wins_over_one_that_could_be_promoted_to() -> None:
    root = plan(["double", "int"], "int").root
    assert isinstance(root, IntoUnion)
    assert root.branch == 1


def test_deep_schemas_are_matched() -> None:
    deep: Any = "int"
    for level in range(200):
        deep = {"type": "record", "name": f"R{level}", "fields": [{"name": "f", "type": ["null", deep]}]}
    assert plan(deep, deep).failures == ()
