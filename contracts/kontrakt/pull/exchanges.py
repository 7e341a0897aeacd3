"""Protocols behind pairs of topics: requests and responses whose records are those that a protocol's operations are carried by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from kontrakt.avro import Record
from kontrakt.avro.shapes import is_array
from kontrakt.contract.operations import UNDECLARED

if TYPE_CHECKING:
    from .inventory import Held

REQUESTS: Final = ".requests"
RESPONSES: Final = ".responses"
_REQUEST: Final = "Request"
_RESPONSE: Final = "Response"
_WORDS: Final = re.compile(r"[^A-Za-z0-9]+")


def protocol(pair: str, requests: Iterable[Held], responses: Iterable[Held]) -> dict[str, Any] | None:
    """The protocol whose operations are carried by some records; None where they are not of that form.

    Args:
        pair: The name that both topics begin with; the protocol is named after it.
        requests: What travels on ``<pair>.requests``.
        responses: What travels on ``<pair>.responses``.
    """
    asks = _records(requests, _REQUEST)
    answers = _records(responses, _RESPONSE)
    if not asks or None in asks.values() or None in answers.values() or answers.keys() - asks.keys():
        return None
    namespaces = {record.namespace for record in (*asks.values(), *answers.values()) if record is not None}
    if len(namespaces) != 1:
        return None
    messages: dict[str, Any] = {}
    for title, ask in sorted(asks.items()):
        assert ask is not None
        message = _message(ask, answers.get(title))
        if message is None:
            return None
        messages[title[:1].lower() + title[1:]] = message
    name = "".join(word[:1].upper() + word[1:] for word in _WORDS.split(pair.rpartition(".")[2]) if word) or "Requests"
    return {"protocol": name, "namespace": namespaces.pop(), "messages": messages}


def _records(held: Iterable[Held], suffix: str) -> dict[str, Record | None]:
    """The records by the title of their operation; None for one that carries none."""
    found: dict[str, Record | None] = {}
    for one in held:
        schema = one.schema
        title = schema.name.removesuffix(suffix) if isinstance(schema, Record) else ""
        fits = isinstance(schema, Record) and schema.name.endswith(suffix) and title and not _inline(one)
        found[title or one.version.subject] = schema if fits and isinstance(schema, Record) else None
    return found


def _inline(held: Held) -> bool:
    """Whether a text defines types inside its own: an operation's record names those that it uses."""
    fields = json.dumps(json.loads(held.version.text).get("fields", []))
    return any(f'"{word}":' in fields for word in ("fields", "symbols", "size"))


def _message(ask: Record, answer: Record | None) -> dict[str, Any] | None:
    said: dict[str, Any] = {"doc": ask.doc} if ask.doc else {}
    said["request"] = ask.source.value["fields"]
    if answer is None:
        return said | {"response": "null", "one-way": True}
    types = {field["name"]: field["type"] for field in answer.source.value["fields"]}
    errors, response = types.pop("error", None), types.pop("response", ["null", "null"])
    if types or not is_array(errors) or errors[:1] != ["null"] or errors[-1:] != [UNDECLARED]:
        return None
    if not is_array(response) or response[:1] != ["null"]:
        return None
    branches = response[1:]
    said["response"] = branches[0] if len(branches) == 1 else branches
    return said | ({"errors": errors[1:-1]} if errors[1:-1] else {})
