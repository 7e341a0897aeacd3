"""A registry that grew: all naming strategies, keys, references, types that stand inline twice, and what is no contract."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.registry.served import Served


def record(name: str, *fields: tuple[str, Any], **more: Any) -> dict[str, Any]:
    """A record; what is written first is not what kontrakt writes first."""
    listed = [{"name": field, "type": kind} for field, kind in fields]
    return {"name": name, "doc": f"Of {name}.", "type": "record", "fields": listed, "of-our-own": 1, **more}


def fill(served: Served, n: str) -> dict[str, str]:
    """Fills a registry, and gives the subjects that contracts cannot stand for, with a part of why.

    Args:
        served: The registry.
        n: The namespace, and how every name begins.
    """

    def put(subject: str, schema: Any, *references: str, **more: Any) -> None:
        used = [{"name": one, "subject": one, "version": 1} for one in references]
        served.register(subject, json.dumps(schema, indent=1), **({"references": used} if used else {}), **more)

    address = record(f"{n}.Address", ("street", "string"))
    put(f"{n}.Money", record(f"{n}.Money", ("amount", "long")))
    put(f"{n}.customers-value", record(f"{n}.Customer", ("id", "string"), ("owes", f"{n}.Money")), f"{n}.Money")
    put(f"{n}.customers-key", {"type": "string", "avro.java.string": "String"})
    put(f"{n}.orders-key", record(f"{n}.OrderKey", ("id", "string"), ("shop", "int")))
    put(f"{n}.orders-value", record(f"{n}.Order", ("to", address), ("total", f"{n}.Money")), f"{n}.Money")
    put(f"{n}.log-{n}.Placed", record(f"{n}.Placed", ("at", {"type": "long", "logicalType": "timestamp-millis"})))
    put(f"{n}.log-{n}.Moved", record(f"{n}.Moved", ("to", address), ("from", f"{n}.Address")))
    put(f"{n}.twin-a-value", record(f"{n}.Twin", ("x", "int")))
    put(f"{n}.twin-b-value", record(f"{n}.Twin", ("x", "int")))
    for subject in (
        "customers-value",
        "customers-key",
        "Money",
    ):  # a type that topics share has the strictest of their levels
        served.level(f"{n}.{subject}", "FULL")
    put(f"{n}.text-value", "string")
    put(f"{n}.odd", record(f"{n}.Odd", ("x", "int")))
    put(f"{n}.other-twin-value", record(f"{n}.Twin", ("y", "int")))
    put(f"{n}.alone-key", "long")
    put(f"{n}.customers-value.readers.billing", record(f"{n}.View", ("id", "string")))
    return {
        f"{n}.text-value": "a topic carries records",
        f"{n}.odd": "none of the three naming strategies",
        f"{n}.other-twin-value": f"it defines {n}.Twin otherwise than the subject",
        f"{n}.alone-key": "nothing is registered for its values",
        f"{n}.customers-value.readers.billing": "what a consumer publishes",
    }
