"""Small pieces of JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

JsonSchema: TypeAlias = "dict[str, Any]"

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
NOT_BLANK: Final = r"\S"


def ref(name: str) -> JsonSchema:
    """A definition of the same schema."""
    return {"$ref": f"#/definitions/{name}"}


def described(name: str, doc: str) -> JsonSchema:
    """A definition with a description: in draft-07, what stands beside ``$ref`` itself is not read."""
    return {"description": doc, "allOf": [ref(name)]}


def text(doc: str = "", pattern: str = "") -> JsonSchema:
    """A string.

    Args:
        doc: What it is for; empty where its surroundings say so.
        pattern: A regular expression that all of it matches.
    """
    found: JsonSchema = {"description": doc} if doc else {}
    return found | {"type": "string"} | ({"pattern": f"^(?:{pattern})$"} if pattern else {})


def said(doc: str) -> JsonSchema:
    """A string that says something."""
    return {"description": doc, "type": "string", "pattern": NOT_BLANK}


def listed(items: JsonSchema, doc: str = "", *, least: int = 0, unique: bool = False) -> JsonSchema:
    """An array."""
    found: JsonSchema = {"description": doc} if doc else {}
    found |= {"type": "array", "items": items}
    if least:
        found["minItems"] = least
    if unique:
        found["uniqueItems"] = True
    return found


def one_of(values: Mapping[str, str], doc: str) -> JsonSchema:
    """One of some strings, each with what it means."""
    return {
        "description": doc,
        "anyOf": [{"const": value, "description": meaning} for value, meaning in values.items()],
    }


def closed(properties: JsonSchema, required: Iterable[str] = (), **more: Any) -> JsonSchema:
    """An object that has these members and no other."""
    return {
        "type": "object",
        **more,
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


def where(attribute: str, *values: Any) -> JsonSchema:
    """That an attribute has one of some values."""
    return {"properties": {attribute: {"enum": list(values)}}, "required": [attribute]}


def when(condition: JsonSchema, then: JsonSchema) -> JsonSchema:
    """That something holds where a condition does."""
    return {"if": condition, "then": then}


def without(*attributes: str) -> JsonSchema:
    """That none of some attributes is there."""
    return {"not": {"anyOf": [{"required": [attribute]} for attribute in attributes]}}
