"""Schemas with logical types and values for them, made by hypothesis."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from hypothesis import reject
from hypothesis import strategies as st
from kontrakt.avro import Array, Enum, Fixed, Map, Named, Record, Schema, Union
from kontrakt.avro.shapes import is_array, is_object

from tests.avro.strategies import schemas

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from tests.codec.packages import Package

DEEPEST = 6
"""Where values of recursive types end."""

_LOGICAL: dict[str, list[dict[str, Any]]] = {
    "int": [{"logicalType": "date"}, {"logicalType": "time-millis"}],
    "long": [
        {"logicalType": name}
        for name in (
            "time-micros",
            "timestamp-millis",
            "timestamp-micros",
            "local-timestamp-millis",
            "local-timestamp-micros",
        )
    ],
    "bytes": [{"logicalType": "decimal", "precision": 12, "scale": 3}, {"logicalType": "decimal", "precision": 5}],
    "string": [{"logicalType": "uuid"}],
}
_INSTANTS = st.datetimes(
    dt.datetime(1, 1, 2),  # noqa: DTZ001
    dt.datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(dt.UTC),
).map(lambda moment: moment.replace(fold=0))
_LOCAL = st.datetimes().map(lambda moment: moment.replace(fold=0))
_TIMES = st.times().map(lambda time: time.replace(fold=0))


def _to_millis(value: Any) -> Any:
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def _decimals(precision: int, scale: int) -> SearchStrategy[Decimal]:
    highest = 10**precision - 1
    return st.integers(-highest, highest).map(lambda unscaled: Decimal(unscaled).scaleb(-scale))


_VALUES: dict[str, SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "float": st.floats(width=32, allow_nan=False),
    "double": st.floats(allow_nan=False),
    "bytes": st.binary(max_size=20),
    "string": st.text(max_size=20),
    "date": st.dates(),
    "time-millis": _TIMES.map(_to_millis),
    "time-micros": _TIMES,
    "timestamp-millis": _INSTANTS.map(_to_millis),
    "timestamp-micros": _INSTANTS,
    "local-timestamp-millis": _LOCAL.map(_to_millis),
    "local-timestamp-micros": _LOCAL,
    "uuid": st.uuids(),
}


@st.composite
def logical_schemas(draw: DrawFn) -> Any:
    """A valid schema, in which some types have a logical type."""
    return _with_logical(draw, draw(schemas()))


def _with_logical(draw: DrawFn, schema: Any) -> Any:
    if is_array(schema):
        return [_with_logical(draw, branch) for branch in schema]
    if not is_object(schema):
        return (
            {"type": schema, **draw(st.sampled_from(_LOGICAL[schema]))}
            if schema in _LOGICAL and draw(st.booleans())
            else schema
        )
    if schema["type"] == "record":
        fields = [{**field, "type": _with_logical(draw, field["type"])} for field in schema["fields"]]
        return {**schema, "fields": fields}
    return {key: _with_logical(draw, inner) if key in ("items", "values") else inner for key, inner in schema.items()}


def ambiguous(schema: Schema) -> bool:
    """Whether a union has branches whose values are of one class, so that a value does not say which it came from."""
    return isinstance(schema, Union) and len({_class(branch) for branch in schema.branches}) < len(schema.branches)


def _class(branch: Schema) -> str:
    if isinstance(branch, Record | Enum):
        return branch.fullname
    if branch.logical is not None:
        return branch.logical.name.removeprefix("local-").partition("-")[0]
    return {"long": "int", "double": "float", "fixed": "bytes"}.get(branch.type, branch.type)


@st.composite
def values(draw: DrawFn, made: Package, kind: str) -> tuple[Any, Any]:
    """A record of a package twice: as fastavro takes it, and as the package's classes have it."""
    return _value(draw, made.schema(kind), made, 0)


def _value(draw: DrawFn, schema: Schema, made: Package, depth: int) -> tuple[Any, Any]:
    if depth > DEEPEST + 10:
        reject()  # a record that always contains itself has no values
    match schema:
        case Union():
            return _branch(draw, schema, made, depth)
        case Record():
            parts = {field.name: _value(draw, field.schema, made, depth + 1) for field in schema.fields}
            datum = {name: pair[0] for name, pair in parts.items()}
            return datum, made.make(schema.name, **{name: pair[1] for name, pair in parts.items()})
        case Array():
            pairs = [_value(draw, schema.items, made, depth + 1) for _ in range(_count(draw, depth))]
            return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        case Map():
            keys = draw(
                st.lists(st.text(max_size=5), min_size=(count := _count(draw, depth)), max_size=count, unique=True)
            )
            members = {key: _value(draw, schema.values, made, depth + 1) for key in keys}
            return {key: pair[0] for key, pair in members.items()}, {key: pair[1] for key, pair in members.items()}
        case Enum():
            symbol = draw(st.sampled_from(schema.symbols))
            return symbol, getattr(made, schema.name)(symbol)
        case Fixed():
            return (data := draw(st.binary(min_size=schema.size, max_size=schema.size))), data
        case _ if schema.logical is not None and schema.logical.name == "decimal":
            number = draw(_decimals(schema.logical.precision, schema.logical.scale))
            return number, number
        case _:
            value = draw(_VALUES[schema.logical.name if schema.logical else schema.type])
            return value, value


def _count(draw: DrawFn, depth: int) -> int:
    return 0 if depth > DEEPEST else draw(st.integers(0, 3))


def _branch(draw: DrawFn, union: Union, made: Package, depth: int) -> tuple[Any, Any]:
    branches = [branch for branch in union.branches if depth <= DEEPEST or not isinstance(branch, Record)]
    branch = draw(st.sampled_from(branches or union.branches))
    datum, value = _value(draw, branch, made, depth + 1)
    if branch.type == "null":
        return None, None
    return (branch.fullname if isinstance(branch, Named) else branch.type, datum), value
