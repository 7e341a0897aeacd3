"""Folders of files: references, their order, circles."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from kontrakt.avro import Documents, Record, Union, parse_files

from tests.avro.marked import unmarked

if TYPE_CHECKING:
    from kontrakt.errors import Position


def read(**files: str) -> tuple[Documents, list[Position]]:
    """Files by their names without ``.avsc``, and the marks in them."""
    marks: list[Position] = []
    plain: dict[str, bytes] = {}
    for name, marked in files.items():
        text, found = unmarked(marked, f"{name}.avsc")
        plain[f"{name}.avsc"] = text.encode()
        marks += found
    return parse_files(plain), marks


def record(name: str, *types: str) -> str:
    fields = ", ".join(f'{{"name": "f{index}", "type": {kind}}}' for index, kind in enumerate(types))
    return f'{{"type": "record", "name": "{name}", "fields": [{fields}]}}'


def test_files_refer_to_each_other_in_any_order() -> None:
    documents, _ = read(
        a=record("x.A", '"x.B"', '"C"'),
        b=record("x.B", '["null", "y.D"]'),
        c=record("x.C", '"int"'),
        d="[" + record("y.D", '"E"') + ", " + record("y.E", '"long"') + "]",
        e=record("z.F", '"y.E"'),
    )
    assert documents.problems == ()
    assert documents.order == ("c.avsc", "d.avsc", "b.avsc", "a.avsc", "e.avsc")
    assert documents.references == {
        "a.avsc": ("b.avsc", "c.avsc"),
        "b.avsc": ("d.avsc",),
        "c.avsc": (),
        "d.avsc": (),
        "e.avsc": ("d.avsc",),
    }
    assert documents.defined_in["y.E"] == "d.avsc"
    assert set(documents.types) == {"x.A", "x.B", "x.C", "y.D", "y.E", "z.F"}
    assert set(documents.nodes) == set(documents.schemas) == set(documents.order)
    a, d = documents.schemas["a.avsc"], documents.schemas["d.avsc"]
    assert isinstance(a, Record)
    assert isinstance(d, Union)
    assert a.fields[0].schema is documents.types["x.B"]
    assert d.branches == (documents.types["y.D"], documents.types["y.E"])


def test_any_schema_may_stand_in_a_file() -> None:
    documents, _ = read(a='"string"', b='{"type": "array", "items": "x.C"}', c=record("x.C"))
    assert documents.problems == ()
    assert documents.schemas["a.avsc"].type == "string"
    assert documents.references["b.avsc"] == ("c.avsc",)


def test_nothing() -> None:
    assert parse_files({}) == Documents()


def test_a_record_may_contain_itself() -> None:
    documents, _ = read(a=record("x.A", '["null", "A"]', '["null", "x.B"]'), b=record("x.B", '["null", "x.B"]'))
    assert documents.problems == ()
    assert documents.references == {"a.avsc": ("b.avsc",), "b.avsc": ()}


def test_a_missing_type() -> None:
    documents, marks = read(a=record("x.A", '«"shop.Mony"', '«"Nothing"'), b=record("shop.Money"))
    assert [problem.position for problem in documents.problems] == marks
    assert documents.problems[0].hint == "did you mean shop.Money?"


def test_a_type_in_two_files() -> None:
    documents, marks = read(
        a=record("x.A", '"x.B"'), b=record("x.B"), c='{"type": "record", "name": «"x.B", "fields": []}'
    )
    (problem,) = documents.problems
    assert problem.position == marks[0]
    assert problem.message == "x.B is defined twice"
    assert problem.hint == "first at b.avsc:1:28; refer to it by its name"
    assert documents.defined_in["x.B"] == "b.avsc"


def test_a_circle_of_files() -> None:
    documents, marks = read(
        a=record("x.A", '"int"', '«"x.B"'),
        b=record("x.B", '["null", "x.C"]'),
        c=record("x.C", '"x.A"'),
        d=record("x.D", '"x.A"'),
        e=record("x.E"),
    )
    (problem,) = documents.problems
    assert problem.position == marks[0]
    assert problem.message == (
        "the files need each other in a circle: a.avsc -> b.avsc -> c.avsc -> a.avsc: a.avsc needs b.avsc at line 1, "
        "column 100, b.avsc needs c.avsc at line 1, column 78, c.avsc needs a.avsc at line 1, column 69"
    )
    assert documents.order == ("e.avsc", "a.avsc", "b.avsc", "c.avsc", "d.avsc")
    assert set(documents.types) == {"x.A", "x.B", "x.C", "x.D", "x.E"}


def test_two_circles_are_two_problems() -> None:
    documents, _ = read(a=record("A", '"B"'), b=record("B", '"A"', '"C"'), c=record("C", '"D"'), d=record("D", '"C"'))
    assert [problem.message.partition(": ")[2].partition(":")[0] for problem in documents.problems] == [
        "a.avsc -> b.avsc -> a.avsc",
        "c.avsc -> d.avsc -> c.avsc",
    ]


def test_all_problems_of_all_files() -> None:
    documents, marks = read(
        a=record("x.A", '«"x.Missing"'),
        b="«",
        c='{"type": "record", "name": «"1", "fields": []}',
        d=record("x.D", '"int"'),
        e='{"type": "int"«,}',
    )
    assert [problem.position for problem in documents.problems] == marks
    assert set(documents.nodes) == {"a.avsc", "c.avsc", "d.avsc", "e.avsc"}
    assert "x.D" in documents.types


@pytest.mark.parametrize("count", [1000])
def test_many_files(count: int) -> None:
    files = {f"f{index}.avsc": record(f"x.R{index}", f'"x.R{index + 1}"').encode() for index in range(count)}
    files[f"f{count}.avsc"] = record(f"x.R{count}").encode()
    documents = parse_files(files)
    assert documents.problems == ()
    assert documents.order == tuple(f"f{index}.avsc" for index in range(count, -1, -1))
