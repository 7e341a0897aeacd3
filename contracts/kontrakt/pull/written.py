"""Contracts as files: topics declared inside the schemas, or from outside in ``[[topics]]``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from kontrakt.avro.shapes import is_array, is_object

if TYPE_CHECKING:
    from .recover import Declared

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_BODY: Final = ("fields", "types", "messages")


def declared_inside(said: Mapping[str, Any], topics: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The JSON of a schema or protocol with its topics.

    Args:
        said: The JSON without them.
        topics: What is declared of each topic that it travels on.
    """
    listed = [dict(one) for one in topics]
    if not listed:
        return dict(said)
    topic = listed[0] if len(listed) == 1 else listed
    body = next((word for word in said if word in _BODY), None)
    result: dict[str, Any] = {}
    for word, value in said.items():
        if word == body:
            result["topic"] = topic
        result[word] = value
    return result if body is not None else {**result, "topic": topic}


def fullname(said: Mapping[str, Any]) -> str:
    """The full name of the type or protocol that a file's JSON defines."""
    name = str(said.get("protocol") or said.get("name"))
    return name if "." in name or not said.get("namespace") else f"{said['namespace']}.{name}"


def text(said: Mapping[str, Any]) -> str:
    """A file of JSON."""
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def tables(topics: Iterable[Declared], levels: Mapping[str, str]) -> str:
    """``[[topics]]`` tables for the settings, and the table of levels; an empty string where there is nothing to say."""
    lines = [line for one in topics for name in one.types for line in _table(one, name)]
    if levels:
        lines += ["[levels]", *(f"{_toml(name)} = {_toml(level)}" for name, level in levels.items()), ""]
    return "\n".join(lines)


def _table(topic: Declared, fullname: str) -> Iterable[str]:
    yield "[[topics]]"
    yield f"{'protocol' if topic.said['kind'] == 'request' else 'record'} = {_toml(fullname)}"
    for word, value in topic.said.items():
        if value is None:  # TOML has no null, and what is left out there is null
            why = topic.why.get(word)
            if why:
                yield f"# no {word}, guessed: {why}"
            continue
        why = topic.why.get(word)
        yield f"{word} = {_toml(value)}{f'  # guessed: {why}' if why else ''}"
    yield ""


def _toml(value: object) -> str:
    if is_object(value):
        return "{" + ", ".join(f"{_key(key)} = {_toml(one)}" for key, one in value.items()) + "}"
    if is_array(value):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)  # text, numbers and booleans are written alike


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False)
