from __future__ import annotations

import json
from typing import Any

from kontrakt.codec.bundle import Bundle, Document, Style


def record(name: str, *fields: dict[str, Any], kind: str = "record", **more: Any) -> dict[str, Any]:
    return {"type": kind, "namespace": "acme", "name": name, "fields": list(fields), **more}


def field(name: str, type_: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, **more}


def optional(*types: Any) -> list[Any]:
    return ["null", *types]


TIER = {"type": "enum", "name": "Tier", "symbols": ["NONE", "GOLD", "PLATINUM"], "default": "NONE"}
SCHEMAS = [
    TIER | {"namespace": "acme"},
    record(
        "Customer",
        field("customer_id", "string"),
        field("email", ["null", "string"], default=None, aliases=["mail"]),
        field("visits", "long", default=0),
        field("tier", "Tier", default="NONE"),
        field("tags", {"type": "array", "items": "string"}, default=[]),
    ),
    record("Placed", field("order_id", "string"), field("total", "long")),
    record("Paid", field("order_id", "string")),
    record("Line", field("order_id", "string"), field("line", "int"), field("quantity", "int")),
    record("LineKey", field("order_id", "string"), field("line", "int")),
    record("Counter", field("number", "long"), field("count", "long")),
    record("Reading", field("celsius", "double")),
    record("SensorKey", field("building", "string"), field("sensor", "int")),
    record("Authorization", field("authorization_id", "string")),
    record("CardDeclined", field("reason", "string"), kind="error"),
    record("AuthorizeRequest", field("order_id", "string"), field("amount", "long")),
    record(
        "AuthorizeResponse",
        field("response", optional("acme.Authorization"), default=None),
        field("error", optional("acme.CardDeclined", "string"), default=None),
    ),
    record("VoidRequest", field("order_id", "string")),
    record("VoidResponse", field("error", optional("string"), default=None)),
    record("SettledRequest", field("order_id", "string")),
]
REFERENCES = {
    "acme.Customer": ("acme.Tier",),
    "acme.AuthorizeResponse": ("acme.Authorization", "acme.CardDeclined"),
}
RECORDS = ("Tier", "Customer", "Placed", "Paid", "Line", "LineKey", "Counter", "Reading", "SensorKey")


def document(schema: dict[str, Any]) -> Document:
    name = f"{schema['namespace']}.{schema['name']}"
    return Document(
        name=name, text=json.dumps(schema), subject=name, references=REFERENCES.get(name, ()), defines=(name,)
    )


def place(name: str) -> str:
    return f"tests.kafka.acme.{'records' if name in RECORDS else 'payments'}:{name}"


BUNDLE = Bundle(
    package="tests.kafka.acme",
    generator="0.1.0",
    style=Style.DATACLASS,
    documents=tuple(map(document, SCHEMAS)),
    types={f"acme.{schema['name']}": place(str(schema["name"])) for schema in SCHEMAS},
)
