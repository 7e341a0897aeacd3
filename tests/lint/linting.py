"""Contracts as the tests of lint write them: right in everything but what a case is about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from kontrakt.check.findings import Report
from kontrakt.contract import from_files
from kontrakt.lint.options import Options
from kontrakt.lint.run import lint

TEXT: Final = "string"
TIME: Final = {"type": "long", "logicalType": "timestamp-millis"}
UUID: Final = {"type": "string", "logicalType": "uuid"}


def _said(said: Mapping[str, Any]) -> dict[str, Any]:
    """What is said, but for what stands as ``...``."""
    return {key: value for key, value in said.items() if value is not ...}


def field(name: str, kind: Any = TEXT, **more: Any) -> dict[str, Any]:
    """A field with documentation."""
    return {"name": name, "type": kind, "doc": f"The {name}.", **more}


def enum(name: str = "Color", *symbols: str, **more: Any) -> dict[str, Any]:
    """An enum with documentation and a default."""
    symbols = symbols or ("RED", "BLUE")
    said = {"type": "enum", "name": name, "doc": "Some.", "symbols": list(symbols), "default": symbols[0]}
    return _said(said | more)


def record(name: str, *fields: Any, **more: Any) -> dict[str, Any]:
    """A record with documentation and a namespace."""
    said = {"type": "record", "namespace": "shop", "name": name, "doc": f"A {name}.", "fields": list(fields)}
    return said | more


def entity(*fields: Any, key: Any = "thing_id", topic: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An entity of the record ``Thing``, with an id."""
    said = {"kind": "entity", "name": "shop.things", "key": key, "owner": "thing-service", **(topic or {})}
    return record("Thing", field("thing_id"), *fields, **{"topic": said, **more})


def event(name: str = "ThingMade", *fields: Any, topic: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """An event with an id, a time and a key."""
    said = {"kind": "event", "name": "shop.thing-events", "key": "thing_id", "owner": "thing-service"}
    stamps = {"id": "event_id", "time": "occurred_at"}
    own = [field("event_id", UUID), field("occurred_at", TIME), field("thing_id")]
    return record(name, *own, *fields, **{"topic": _said(said | stamps | dict(topic or {})), **more})


def protocol(topic: Mapping[str, Any] | None = None, **messages: Any) -> dict[str, Any]:
    """A protocol with one declared error, and these operations."""
    said = {"kind": "request", "name": "shop.work", "key": "thing_id", "owner": "work-service", **(topic or {})}
    return {
        "protocol": "Work",
        "doc": "Mends things.",
        "namespace": "shop.work",
        "topic": said,
        "types": [{"type": "error", "name": "Refused", "doc": "No.", "fields": [field("reason")]}],
        "messages": messages or {"mend": operation()},
    }


def operation(*parameters: Any, **more: Any) -> dict[str, Any]:
    """An operation with documentation that declares an error."""
    said = {"doc": "Works.", "request": [field("thing_id"), *parameters], "response": "null", "errors": ["Refused"]}
    return _said(said | more)


def files(*said: Any) -> dict[str, bytes]:
    """Files of some schemas and protocols."""
    names = (f"{number}.{'avpr' if 'messages' in one else 'avsc'}" for number, one in enumerate(said))
    return {name: json.dumps(one, indent=1).encode() for name, one in zip(names, said, strict=True)}


def linted(written: Mapping[str, bytes], **options: Any) -> Report:
    """What lint says of some files."""
    return lint(from_files(written), written, Options(**options))
