"""How messages name schemas: short, in backticks where it is a name or a piece of Avro."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

from kontrakt.avro import Array, Map, Named, Schema, Union

_LONGEST: Final = 60
_LISTED: Final = 6


def code(text: str) -> str:
    """A name or a piece of Avro, in backticks."""
    return f"`{text}`"


def type_name(schema: Schema | None) -> str:
    """A type as one would say it: ``int``, ``shop.types.Money``, ``null | string``, ``array of int``; empty for none."""
    match schema:
        case None:
            return ""
        case Union():
            return " | ".join(type_name(branch) for branch in schema.branches)
        case Array():
            return f"array of {_grouped(schema.items)}"
        case Map():
            return f"map of {_grouped(schema.values)}"
        case Named() if schema.logical is None:
            return schema.fullname
        case _:
            return _logical_name(schema) or schema.type


def _grouped(schema: Schema) -> str:
    return f"({type_name(schema)})" if isinstance(schema, Union) else type_name(schema)


def _logical_name(schema: Schema) -> str:
    logical = schema.logical
    if logical is None:
        return ""
    name = f"decimal({logical.precision}, {logical.scale})" if logical.name == "decimal" else logical.name
    return f"{name} on {schema.fullname}" if isinstance(schema, Named) else name


def json_text(value: Any) -> str:
    """A JSON value on one line, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def listed(names: Iterable[str], word: str = "and") -> str:
    """Names as a sentence lists them: ``a, b and c``; of many the first and how many more.

    Args:
        names: The names.
        word: What stands before the last.
    """
    found: Sequence[str] = list(names)
    if len(found) > _LISTED:
        found = [*found[: _LISTED - 1], f"{len(found) - _LISTED + 1} more"]
    return f" {word} ".join(filter(None, (", ".join(found[:-1]), found[-1]))) if found else ""


def codes(names: Iterable[str], word: str = "and") -> str:
    """Names in backticks, listed."""
    return listed([code(name) for name in names], word)


def counted(count: int, word: str) -> str:
    """A count with its word: ``1 topic``, ``3 topics``."""
    return f"{count} {word}{'' if count == 1 else 's'}"


def spans(numbers: Iterable[int]) -> str:
    """Numbers of versions, sorted, as ``version 3`` or ``versions 1-4 and 7``."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    shown = [str(span[0]) if len(span) == 1 else f"{span[0]}-{span[-1]}" for span in found]
    return f"version{'s' if len(found) > 1 or len(found[0]) > 1 else ''} {listed(shown)}"
