"""Schemas that hypothesis makes: valid ones, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st
from kontrakt.avro.source import is_array, is_object

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")


@st.composite
def schemas(draw: DrawFn, depth: int = 4) -> Any:
    """A valid schema, self-contained, with references to types that it has defined already."""
    return _schema(draw, depth, [])


def _schema(draw: DrawFn, depth: int, names: list[str]) -> Any:
    simple = ["primitive", "enum", "fixed", *(["reference"] if names else [])]
    kind = draw(st.sampled_from(simple if depth <= 0 else [*simple, "array", "map", "record", "union"]))
    match kind:
        case "primitive":
            name = draw(st.sampled_from(PRIMITIVES))
            return draw(st.sampled_from([name, {"type": name}, {"type": name, "unit": "kg"}]))
        case "reference":
            return draw(st.sampled_from(names))
        case "array":
            return {"type": "array", "items": _schema(draw, depth - 1, names)}
        case "map":
            return {"type": "map", "values": _schema(draw, depth - 1, names)}
        case "union":
            return _union(draw, depth, names)
        case "enum":
            symbols = draw(st.lists(st.sampled_from("ABCDEF"), min_size=1, unique=True))
            return {"type": "enum", "name": _name(draw, names), "symbols": symbols, "doc": "An enum."}
        case "fixed":
            return {"type": "fixed", "name": _name(draw, names), "size": draw(st.integers(0, 40))}
        case _:
            name = _name(draw, names)
            fields = draw(st.lists(st.sampled_from("abcdefgh"), max_size=4, unique=True))
            return {
                "type": "record",
                "name": name,
                "fields": [{"name": field, "type": _schema(draw, depth - 1, names)} for field in fields],
            }


def _union(draw: DrawFn, depth: int, names: list[str]) -> Any:
    branches: list[Any] = list(draw(st.lists(st.sampled_from(PRIMITIVES), max_size=3, unique=True)))
    for _ in range(draw(st.integers(0, 2))):
        branch = _schema(draw, depth - 1, names)
        if isinstance(branch, dict) and branch["type"] in ("record", "enum", "fixed"):
            branches.append(branch)
    return branches or ["null"]


def _name(draw: DrawFn, names: list[str]) -> str:
    namespace = draw(st.sampled_from(["shop.", "shop.types.", "x."]))
    name = f"{namespace}T{len(names)}"
    names.append(name)
    return name


def json_values() -> SearchStrategy[Any]:
    """Any JSON value."""
    plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
    return st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@st.composite
def evolutions(draw: DrawFn) -> tuple[Any, Any]:
    """A writer's schema, and a reader's that is a changed copy of it."""
    writer = draw(schemas())
    return _changed(draw, writer), writer


def _changed(draw: DrawFn, schema: Any) -> Any:
    change = draw(st.sampled_from(["keep", "keep", "keep", "promote", "union", "branch"]))
    if is_array(schema):
        branches = [_changed(draw, branch) if is_object(branch) else branch for branch in schema]
        branches = [branch for branch in branches if not isinstance(branch, list)]
        return branches[::-1] if change == "branch" else branches or ["null"]
    if change == "promote" and schema in PRIMITIVES:
        return draw(st.sampled_from(PRIMITIVES))
    if change == "union" and schema != "null":
        return ["null", schema]
    if not is_object(schema):
        return schema
    schema = dict(schema)
    for inside in ("items", "values"):
        if inside in schema:
            schema[inside] = _changed(draw, schema[inside])
    if schema["type"] == "record":
        _change_fields(draw, schema)
    if schema["type"] == "enum" and change == "branch":
        schema["symbols"] = schema["symbols"][1:] or ["Z"]
        schema["default"] = schema["symbols"][0]
    return schema


def _change_fields(draw: DrawFn, record: dict[str, Any]) -> None:
    fields = [{**field, "type": _changed(draw, field["type"])} for field in record["fields"]]
    match draw(st.sampled_from(["keep", "reverse", "add", "need", "rename"])):
        case "reverse":
            fields.reverse()
        case "add":
            fields.append({"name": "added", "type": "int", "default": 1})
        case "need":
            fields.append({"name": "needed", "type": "int"})
        case "rename" if fields:
            fields[0] = {**fields[0], "name": "renamed", "aliases": [fields[0]["name"]]}
        case _:
            pass
    record["fields"] = fields
