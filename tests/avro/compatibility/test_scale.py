"""Schemas that are wide, deep, or grow when they are written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from kontrakt.avro import parse
from kontrakt.avro.compatibility import Compatibility, IncompatibilityType, check
from kontrakt.avro.compatibility.verdict import MOST

from tests.avro.compatibility.shapes import array, field, record

if TYPE_CHECKING:
    from kontrakt.avro import Schema


def wide(kind: str) -> Schema:
    return parse(record("R", *(field(f"f{index}", kind) for index in range(2000))))


def test_a_record_of_2000_fields() -> None:
    assert Compatibility(wide("long"), wide("int")).compatible
    result = Compatibility(wide("int"), wide("long"))
    assert [one.location for one in result.incompatibilities] == [f"/fields/{index}/type" for index in range(2000)]
    assert [cause.path for cause in result.causes] == [f"f{index}" for index in range(2000)]
    assert len(Compatibility(wide("float"), wide("int")).advisories) == 2000


def nested(levels: int, leaf: str, *, union: bool) -> Schema:
    """Records inside each other."""
    inner: Any = leaf
    for level in range(levels):
        named = record(f"R{level}", field("r", inner))
        inner = ["null", named] if union else named
    return parse(record("Top", field("r", inner)))


@pytest.mark.parametrize("union", [False, True])
@pytest.mark.parametrize("levels", [200, 390])
def test_records_inside_each_other(levels: int, union: bool) -> None:
    assert Compatibility(nested(levels, "double", union=union), nested(levels, "int", union=union)).compatible
    result = Compatibility(nested(levels, "int", union=union), nested(levels, "string", union=union))
    (incompatibility,) = result.incompatibilities
    step = "/fields/0/type"
    assert incompatibility.location == (f"{step}/1" if union else step * (levels + 1))
    (cause,) = result.causes
    assert cause.path == ".".join("r" * (levels + 1))
    assert cause.location == (step + (f"/1{step}" * levels if union else step * levels))


def chain(length: int, leaf: str) -> Schema:
    """Records of which each refers to the next by its name, so that the text is flat and the types are deep."""
    links = [record(f"R{index}", field("next", f"R{index + 1}")) for index in range(length)]
    links.append(record(f"R{length}", field("v", leaf)))
    return parse(record("Top", *(field(f"f{index}", link) for index, link in enumerate(links))))


def test_5000_types_in_a_chain() -> None:
    reader, writer = chain(5000, "float"), chain(5000, "long")
    result = Compatibility(reader, writer)
    assert result.compatible
    (advisory,) = result.advisories
    assert advisory.kind == "lossy-promotion"
    assert advisory.path == "f0" + ".next" * 5000 + ".v"
    result = Compatibility(reader, chain(5000, "string"))
    assert len(result.incompatibilities) == 5001  # told again for each field that reaches it
    (cause,) = result.causes
    assert cause.path == advisory.path


def test_2000_arrays_inside_each_other() -> None:
    def arrays(leaf: str) -> Schema:
        inner: Any = leaf
        for _ in range(900):
            inner = array(inner)
        return parse(inner)

    assert Compatibility(arrays("long"), arrays("int")).compatible
    (cause,) = Compatibility(arrays("int"), arrays("long")).causes
    assert cause.path == "[]" * 900


def doubled(levels: int, leaf: str) -> Any:
    """Each record holds the one below it twice."""
    inner: Any = record("R0", field("v", leaf))
    for level in range(1, levels):
        inner = record(f"R{level}", field("a", inner), field("b", f"R{level - 1}"))
    return inner


def test_incompatibilities_that_double_with_every_level() -> None:
    few = check(doubled(10, "int"), doubled(10, "string"))
    assert len(few.incompatibilities) == 2**9
    many = check(doubled(70, "int"), doubled(70, "string"))
    assert len(many.incompatibilities) == MOST
    assert {one.type for one in many.incompatibilities} == {IncompatibilityType.TYPE_MISMATCH}
    assert len(many.causes) == 1


def test_unions_of_300_records() -> None:
    def union(extra: str) -> Schema:
        return parse([record(f"R{index}", field("a"), field(extra, default=0)) for index in range(300)])

    result = Compatibility(union("b"), union("c"))
    assert result.compatible
    assert result.advisories == ()


def test_a_type_that_contains_itself_in_many_ways() -> None:
    def tangled(leaf: str) -> Schema:
        names = [f"R{index}" for index in range(40)]
        fields = [field(f"f{index}", ["null", name]) for index, name in enumerate(names)]
        parts = [record(name, *fields, field("v", leaf)) for name in names]
        return parse(record("Top", *(field(f"p{index}", part) for index, part in enumerate(parts))))

    assert Compatibility(tangled("long"), tangled("int")).compatible
    result = Compatibility(tangled("int"), tangled("long"))
    assert {cause.path.rpartition(".")[2] for cause in result.causes} == {"v"}
    assert len(result.causes) == 40
