"""Contracts of earlier times, which may be wrong: what can be read is read, and nothing is raised."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.contract import from_files, salvage
from kontrakt.errors import ContractErrors, SchemaErrors
from kontrakt.files import read_files

if TYPE_CHECKING:
    from hypothesis.strategies import DataObject

SHOP = read_files(Path(__file__).parents[2] / "schemas")


def test_what_is_right_is_as_it_is() -> None:
    salvaged, problems = salvage(SHOP)
    whole = from_files(SHOP)
    assert problems == ()
    assert salvaged.documents == whole.documents
    assert salvaged.subjects == whole.subjects
    assert salvaged.files == whole.files


def files(**said: Any) -> dict[str, bytes]:
    return {f"{name}.avsc": json.dumps(one).encode() for name, one in said.items()}


def record(name: str, *fields: Any, **more: Any) -> dict[str, Any]:
    return {"type": "record", "name": name, "fields": list(fields), **more}


def test_a_file_that_cannot_be_read_takes_along_what_uses_it() -> None:
    uses, uses_that = record("B", {"name": "a", "type": "A"}), record("C", {"name": "b", "type": "B"})
    salvaged, problems = salvage({**files(b=uses, c=uses_that, d=record("D")), "a.avsc": b"{"})
    assert list(salvaged.types) == ["D"]
    assert salvaged.files == ("d.avsc",)
    assert [problem.position.file for problem in problems] == ["a.avsc", "b.avsc", "c.avsc"]


def test_what_a_registry_would_take_is_taken() -> None:
    said = files(a=record("not-a-name", {"name": "x", "type": "int", "default": "no"}))
    salvaged, problems = salvage(said)
    assert list(salvaged.types) == ["not-a-name"]
    assert problems == ()


def test_types_that_need_each_other_in_a_circle() -> None:
    field = [{"name": "x", "type": "B"}]
    array = [record("A", *field), record("B", {"name": "x", "type": "A"})]
    apart = files(a=record("E", {"name": "x", "type": "F"}), b=record("F", {"name": "x", "type": "E"}))
    salvaged, problems = salvage({**apart, **files(circle=array, d=record("D"))})
    assert list(salvaged.types) == ["D"]
    assert any("circle" in problem.message for problem in problems)


def test_what_is_declared_wrongly_is_kept_as_far_as_it_makes_sense() -> None:
    topic = {"kind": "entity", "name": "things", "key": "gone"}  # no owner, and no such key
    salvaged, problems = salvage(files(a=record("A", {"name": "id", "type": "string"}, topic=topic)))
    assert [one.name for one in salvaged.subjects] == ["things-value"]
    assert {problem.message.partition(" ")[0] for problem in problems}


def spots(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of everything in a JSON value."""
    inside: list[tuple[Any, Any]] = []
    if is_object(value):
        inside.extend(value.items())
    elif is_array(value):
        inside.extend(enumerate(value))
    return [path, *(spot for key, one in inside for spot in spots(one, (*path, key)))]


JUNK: list[Any] = [
    None,
    0,
    -1,
    "",
    "x",
    "shop.Nope",
    "A.B",
    [],
    {},
    ["null"],
    {"type": "record"},
    True,
    "shop.types.Money",
]


@settings(max_examples=300)
@given(st.data())
def test_whatever_files_say_nothing_is_raised(data: DataObject) -> None:
    changed = dict(SHOP)
    for _ in range(data.draw(st.integers(1, 4))):
        name = data.draw(st.sampled_from(sorted(changed)))
        value: Any = json.loads(SHOP[name]) if changed[name] is SHOP[name] else copy.deepcopy(json.loads(changed[name]))
        below = spots(value)[1:]
        if not below:
            continue
        path = data.draw(st.sampled_from(below))
        place = value
        for step in path[:-1]:
            place = place[step]
        if data.draw(st.booleans()):
            del place[path[-1]]
        else:
            place[path[-1]] = data.draw(st.sampled_from(JUNK))
        changed[name] = json.dumps(value).encode()
    salvaged, problems = salvage(changed)
    for subject in salvaged.subjects:
        assert salvaged.schemas[subject.name].canonical
    try:
        from_files(changed)
    except (SchemaErrors, ContractErrors):
        return
    assert problems == ()
