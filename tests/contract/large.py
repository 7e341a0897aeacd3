"""Large sets of schemas, for tests and benchmarks.

``python -m tests.contract.large FOLDER`` writes the published set with its ``kontrakt.toml``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

QUESTIONNAIRE = "acme.active.Questionnaire"
KEY = "acme.kafka.ObservationKey"


def published(schemas: int = 230, topics: int = 1100, most: int = 700) -> tuple[dict[str, bytes], str]:
    """A published set that nobody here may edit: the key stands in a record apart, one record travels on most topics.

    Args:
        schemas: How many files, the key and the questionnaire among them.
        topics: How many topics in all.
        most: On how many of them the questionnaire travels.

    Returns:
        The files, and the ``kontrakt.toml`` that declares the topics.
    """
    files = {
        "acme/kafka/observation_key.avsc": _json(
            _record(
                KEY,
                [
                    _field("projectId", ["null", "string"], default=None),
                    _field("userId", "string"),
                    _field("sourceId", "string"),
                ],
            )
        ),
        "acme/active/questionnaire.avsc": _json(_questionnaire()),
    }
    tables = [_table(QUESTIONNAIRE, [f"questionnaire_{number:03}" for number in range(most)])]
    measures = schemas - len(files)
    left = topics - most
    for number in range(measures):
        name = f"acme.passive.sensor{number % 23}.Measure{number:03}"
        files[f"acme/passive/sensor{number % 23}/measure_{number:03}.avsc"] = _json(_measure(name, number))
        count = left // measures + (number < left % measures)
        if count:
            tables.append(_table(name, [f"measure_{number:03}_{copy}" for copy in range(count)]))
    return files, "\n".join(tables)


def contracts(count: int = 1000) -> dict[str, bytes]:
    """Contracts of many teams: entities, and as many shared types as tenth of them; each refers to one.

    Args:
        count: How many contracts.
    """
    files: dict[str, bytes] = {}
    for number in range(count // 10):
        name = f"big.types.Shared{number:03}"
        files[f"types/shared_{number:03}.avsc"] = _json(
            _record(name, [_field("code", "string"), _field("amount", _decimal(), default="\u0000")])
        )
    for number in range(count):
        kind = "event" if number % 3 == 0 else "entity"
        record = _measure(f"big.team{number % 50}.Thing{number:04}", number)
        record["fields"].append(_field("shared", f"big.types.Shared{number % max(count // 10, 1):03}"))
        record["topic"] = {"kind": kind, "name": f"big.things-{number:04}", "key": "id", "owner": f"team-{number % 50}"}
        files[f"team{number % 50}/thing_{number:04}.avsc"] = _json(record)
    return files


def write(folder: Path, files: dict[str, bytes], settings: str = "") -> None:
    """Writes a set: its files to ``schemas/``, its settings to ``kontrakt.toml``."""
    for path, data in files.items():
        place = folder / "schemas" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    if settings:
        (folder / "kontrakt.toml").write_text(settings)


def _measure(name: str, number: int) -> dict[str, Any]:
    fields = [
        _field("id", "string"),
        _field("time", {"type": "long", "logicalType": "timestamp-micros"}),
        _field("timeReceived", "double"),
        _field(
            "status",
            {
                "type": "enum",
                "name": f"Status{number:04}",
                "doc": "How it is.",
                "symbols": ["UNKNOWN", "ON", "OFF"],
                "default": "UNKNOWN",
            },
            default="UNKNOWN",
        ),
        *(_field(f"value{index}", ["null", "float"], default=None) for index in range(number % 12)),
        _field("labels", {"type": "map", "values": "string"}, default={}),
    ]
    return _record(name, fields)


def _questionnaire() -> dict[str, Any]:
    answer = _record(
        "acme.active.Answer",
        [
            _field("questionId", ["null", "string"], default=None),
            _field("value", ["int", "string", "double"]),
            _field("startTime", "double"),
            _field("endTime", "double"),
        ],
    )
    return _record(
        QUESTIONNAIRE,
        [
            _field("time", "double"),
            _field("timeCompleted", "double"),
            _field("name", "string"),
            _field("version", "string"),
            _field("answers", {"type": "array", "items": answer}),
        ],
    )


def _record(fullname: str, fields: list[dict[str, Any]]) -> dict[str, Any]:
    namespace, _, name = fullname.rpartition(".")
    return {"type": "record", "namespace": namespace, "name": name, "doc": f"A {name}.", "fields": fields}


def _field(name: str, type_: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": type_, "doc": f"The {name}.", **more}


def _decimal() -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}


def _table(record: str, names: list[str]) -> str:
    listed = "\n".join(f'  "{name}",' for name in names)
    key = f'key = {{ schema = "{KEY}" }}'
    return f'[[topics]]\nrecord = "{record}"\nkind = "event"\nname = [\n{listed}\n]\n{key}\nowner = "acme"\n'


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=2).encode()


if __name__ == "__main__":
    write(Path(sys.argv[1]), *published())
