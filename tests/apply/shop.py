"""Contracts that the tests of plans are about, under names of the test's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kontrakt.contract import Contracts, from_files

SCHEMAS = Path(__file__).parents[2] / "schemas"


def example(name: str) -> dict[str, bytes]:
    """The files of the example shop with another name for the shop, so that servers may be shared."""
    return {
        path.relative_to(SCHEMAS).as_posix(): path.read_bytes().replace(b'"shop', b'"' + name.encode())
        for path in sorted(SCHEMAS.rglob("*.av*"))
    }


def entity(name: str, *fields: str, **topic: Any) -> dict[str, Any]:
    """An entity whose fields are texts: those that are not its key have a default."""
    said = {"kind": "entity", "name": f"{name}.customers", "key": "id", "owner": "customer-service", **topic}
    more = ({"name": field, "type": "string", "default": ""} for field in fields)
    return {
        "type": "record",
        "name": f"{name}.Customer",
        "topic": said,
        "fields": [{"name": "id", "type": "string"}, *more],
    }


def view(name: str, consumer: str, *fields: str) -> dict[str, Any]:
    """A consumer's projection of :func:`entity`."""
    return {
        "type": "record",
        "name": f"{name}.{consumer}.View",
        "projection": {"of": f"{name}.Customer", "consumer": consumer},
        "fields": [{"name": field, "type": "string"} for field in fields],
    }


def using(name: str, other: str) -> dict[str, Any]:
    """An entity that uses a shared type."""
    topic = {"kind": "entity", "name": f"{name}.orders", "key": "id", "owner": "order-service"}
    fields = [{"name": "id", "type": "string"}, {"name": "total", "type": other}]
    return {"type": "record", "name": f"{name}.Order", "topic": topic, "fields": fields}


def shared(fullname: str, *fields: str) -> dict[str, Any]:
    """A shared type."""
    more = [{"name": field, "type": "string", "default": ""} for field in fields]
    return {"type": "record", "name": fullname, "fields": [{"name": "amount", "type": "long"}, *more]}


def contracts(*records: Mapping[str, Any]) -> Contracts:
    """Contracts of some records, each a file of its own."""
    return from_files({f"{number}.avsc": json.dumps(one).encode() for number, one in enumerate(records)})
