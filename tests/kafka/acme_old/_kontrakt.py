from __future__ import annotations

import json

from kontrakt.codec.bundle import Bundle, Document, Style

SCHEMA = {
    "type": "record",
    "namespace": "acme",
    "name": "Customer",
    "fields": [
        {"name": "customer_id", "type": "string"},
        {"name": "mail", "type": ["null", "string"], "default": None},
        {"name": "visits", "type": "int", "default": 0},
        {
            "name": "tier",
            "type": {"type": "enum", "name": "Tier", "symbols": ["NONE", "GOLD"], "default": "NONE"},
            "default": "NONE",
        },
    ],
}
BUNDLE = Bundle(
    package="tests.kafka.acme_old",
    generator="0.1.0",
    style=Style.DATACLASS,
    documents=(
        Document(
            name="acme.Customer",
            text=json.dumps(SCHEMA),
            subject="acme.customers-value",
            defines=("acme.Customer", "acme.Tier"),
        ),
    ),
    types={
        "acme.Customer": "tests.kafka.acme_old.customers:Customer",
        "acme.Tier": "tests.kafka.acme_old.customers:Tier",
    },
)
