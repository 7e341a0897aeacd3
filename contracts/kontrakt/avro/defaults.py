"""Defaults: whether the JSON of one fits its type, and the datum that it means.

Source of the rules: Avro specification, "Schema Record", the table of field default values. The default of a union is one of
its first branch: that is what every version of the specification and of its libraries agrees on (from 1.12 on, Java takes
any branch; older readers of the same topic do not).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from .node import MAX_DEPTH, Node
from .schema import MISSING, Array, Enum, Field, Fixed, Map, Record, Schema, Union, Unknown
from .shapes import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kontrakt.errors import Position

_INT: Final = (-(2**31), 2**31 - 1)
_LONG: Final = (-(2**63), 2**63 - 1)


@dataclass(frozen=True, slots=True)
class Misfit:
    """A default, or a part of one, that does not fit its type.

    Args:
        position: Where the part stands.
        message: What does not fit.
        hint: What to do.
    """

    position: Position
    message: str
    hint: str = ""


def misfits(schema: Schema, default: Node) -> list[Misfit]:
    """What of a default does not fit its type.

    Args:
        schema: The type.
        default: The JSON.

    Returns:
        Every part that does not fit; empty when all is well.
    """
    found: list[Misfit] = []
    stack = [(schema, default, "")]
    while stack:
        node_type, node, note = stack.pop()
        match node_type:
            case Unknown():
                continue
            case Union():
                if not node_type.branches:
                    continue
                other = next((b.type for b in node_type.branches[1:] if _fits(b, node.value)), "")
                note = f"a default is of the first branch of its union; put {other} first" if other else note
                stack.append((node_type.branches[0], node, note))
            case Record() if isinstance(node.value, dict):
                found.extend(_unknown_fields(node_type, node))
                for field in node_type.fields:
                    inner = node.members.get(field.name)
                    if inner is not None:
                        stack.append((field.schema, inner, ""))
                    elif not field.has_default:
                        message = f'the default has no "{field.name}", which {node_type.fullname} needs'
                        found.append(Misfit(node.position, message))
            case Array() if isinstance(node.value, list):
                stack.extend((node_type.items, item, "") for item in node.items)
            case Map() if isinstance(node.value, dict):
                stack.extend((node_type.values, member, "") for member in node.members.values())
            case _:
                hint = _misfit(node_type, node.value)
                if hint is not None:
                    what = _name(node_type)
                    found.append(
                        Misfit(node.position, f"default {shown(node.value)} does not fit {what}", note or hint)
                    )
    return found


def default_value(schema: Schema, value: Any) -> Any:
    """The datum that a default means.

    Args:
        schema: The type.
        value: The default as plain JSON.

    Returns:
        The plain Avro datum: records as dicts, complete with the defaults of the fields that the JSON leaves out; bytes and
        fixed as bytes; of a union the first branch that the JSON fits; nothing converted to a logical type. It is a new
        object on every call.

    Raises:
        ValueError: The default does not fit the type, or never ends.
    """
    result: list[Any] = [None]
    stack: list[tuple[Schema, Any, Any, Any, int]] = [(schema, value, result, 0, 0)]
    while stack:
        node, given, container, key, depth = stack.pop()
        node = branch_of(node, given)
        if _misfit(node, given) is not None:
            raise ValueError(f"default {shown(given)} does not fit {_name(node)}")
        if depth > MAX_DEPTH:
            raise ValueError(f"the default of {_name(schema)} contains itself")
        match node:
            case Record():
                record: dict[str, Any] = {}
                container[key] = record
                for field in node.fields:
                    inner = given.get(field.name, field.default)
                    if inner is MISSING:
                        raise ValueError(f'the default has no "{field.name}", which {node.fullname} needs')
                    record[field.name] = None  # holds its place in the order of the fields
                    stack.append((field.schema, inner, record, field.name, depth + 1))
            case Array():
                container[key] = array = [None] * len(given)
                stack.extend((node.items, item, array, at, depth + 1) for at, item in enumerate(given))
            case Map():
                container[key] = mapping = dict.fromkeys(given)
                stack.extend((node.values, item, mapping, name, depth + 1) for name, item in given.items())
            case _:
                container[key] = _scalar(node.type, given)
    return result[0]


def _scalar(kind: str, value: Any) -> Any:
    if kind in ("bytes", "fixed"):
        return value.encode("latin-1")
    return float(value) if kind in ("float", "double") else value


def branch_of(schema: Schema, value: Any) -> Schema:
    """The branch of a union that a default is of: the first whose outermost level it fits; another schema is its own.

    Args:
        schema: The type.
        value: The default as plain JSON.
    """
    if not isinstance(schema, Union):
        return schema
    return next((branch for branch in schema.branches if _fits(branch, value)), (*schema.branches, schema)[0])


def _unknown_fields(record: Record, default: Node) -> Iterator[Misfit]:
    known = {field.name for field in record.fields}
    for key, position in default.keys.items():
        if key not in known:
            yield Misfit(position, f'{record.fullname} has no field "{key}"')


def _fits(schema: Schema, value: Any) -> bool:
    """Whether a default fits a type at its outermost level."""
    if isinstance(schema, Union):
        return False
    return _misfit(schema, value) is None


def _misfit(schema: Schema, value: Any) -> str | None:
    """Why a value does not fit a type, as what to do about it; None where it fits.

    What is inside objects and arrays is left to the caller.
    """
    match schema.type:
        case "null":
            return None if value is None else "give null, or change the type"
        case "boolean":
            return None if isinstance(value, bool) else "give true or false, or change the type"
        case "int":
            return _integer(value, _INT, "32")
        case "long":
            return _integer(value, _LONG, "64")
        case "float" | "double":
            return None if _is_number(value) else "give a number, or change the type"
        case "string":
            return None if isinstance(value, str) else "give a string, or change the type"
        case "bytes" | "fixed":
            return _bytes(schema, value)
        case "enum":
            symbols = schema.symbols if isinstance(schema, Enum) else ()
            return None if isinstance(value, str) and value in symbols else f"one of {', '.join(symbols)}"
        case "array":
            return None if isinstance(value, list) else "give an array, or change the type"
        case _:
            return None if isinstance(value, dict) else "give an object, or change the type"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _integer(value: Any, limits: tuple[int, int], bits: str) -> str | None:
    if not isinstance(value, int) or isinstance(value, bool):
        return (
            "give a whole number without a point, or change the type"
            if _is_number(value)
            else ("give a number, or change the type")
        )
    return None if limits[0] <= value <= limits[1] else f"it has more than {bits} bits"


def _bytes(schema: Schema, value: Any) -> str | None:
    if not isinstance(value, str):
        return "give the bytes as a string of the characters \\u0000 to \\u00ff"
    if any(character > "\xff" for character in value):
        return "each character stands for a byte, \\u0000 to \\u00ff"
    if isinstance(schema, Fixed) and len(value) != schema.size:
        return f"it has {len(value)} bytes, and the fixed {schema.size}"
    return None


def _name(schema: Schema) -> str:
    return getattr(schema, "fullname", "") or schema.type


def shown(value: Any) -> str:
    """JSON, short enough for a message."""
    match value:
        case dict():
            return "{...}" if value else "{}"
        case list():
            return "[...]" if value else "[]"
        case str() if len(value) > 40:
            return json.dumps(value[:37] + "...")
        case int() if not isinstance(value, bool) and abs(value) >= 10**40:
            return "a number of more than 40 digits"
        case _:
            return json.dumps(value, default=lambda other: type(other).__name__)


def _pulled_in(field: Field) -> list[Field]:
    """The fields whose own default a field's default takes in, because it leaves them out."""
    found: list[Field] = []
    stack: list[tuple[Schema, Any]] = [(field.schema, field.default)]
    while stack:
        schema, value = stack.pop()
        schema = branch_of(schema, value)
        match schema:
            case Record() if is_object(value):
                for inner in schema.fields:
                    if inner.name in value:
                        stack.append((inner.schema, value[inner.name]))
                    elif inner.has_default:
                        found.append(inner)
            case Array() if is_array(value):
                stack.extend((schema.items, item) for item in value)
            case Map() if is_object(value):
                stack.extend((schema.values, item) for item in value.values())
            case _:
                continue
    return found


def endless(fields: Iterable[Field]) -> list[Field]:
    """The fields whose default takes itself in, and so never ends.

    Args:
        fields: Fields with defaults that fit their types.
    """
    done: set[Field] = set()
    found: list[Field] = []
    for start in fields:
        if start in done:
            continue
        path: dict[Field, None] = {}
        stack: list[tuple[Field, Iterator[Field]]] = [(start, iter(_pulled_in(start)))]
        path[start] = None
        while stack:
            field, inner = stack[-1]
            following = next(inner, None)
            if following is None:
                stack.pop()
                path.pop(field)
                done.add(field)
            elif following in path:
                found.append(following)
            elif following not in done:
                path[following] = None
                stack.append((following, iter(_pulled_in(following))))
    return found
