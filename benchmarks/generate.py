"""What generating costs: the example domain and 1,000 contracts, from cold and unchanged.

    python benchmarks/generate.py [--contracts 1000] [--style dataclass]

Each figure is the wall time of a process of its own, as a build pipeline starts it: Python's start and all imports included.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RUN = """
import sys
from pathlib import Path
from kontrakt.settings import Settings
from kontrakt_codegen import run
print(run(Path(sys.argv[1]), Path(sys.argv[2]), Settings(style=sys.argv[3])).summary)
"""


def contract(index: int) -> dict[str, Any]:
    """An entity as services have them: ten fields, a nested record, an enum, a list, a decimal and times."""
    return {
        "type": "record",
        "namespace": f"bench.area{index % 20}",
        "name": f"Thing{index}",
        "doc": f"Thing number {index}.",
        "topic": {"kind": "entity", "name": f"bench.things-{index}", "key": "thing_id", "owner": "bench-service"},
        "fields": [
            {"name": "thing_id", "type": "string", "doc": "The thing's id."},
            {"name": "name", "type": ["null", "string"], "default": None, "doc": "What it is called."},
            {
                "name": "state",
                "type": {"type": "enum", "name": f"State{index}", "symbols": ["NEW", "OLD"]},
                "default": "NEW",
            },
            {"name": "price", "type": {"type": "bytes", "logicalType": "decimal", "precision": 9, "scale": 2}},
            {"name": "made_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
            {"name": "labels", "type": {"type": "map", "values": "string"}, "default": {}},
            {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []},
            {
                "name": "size",
                "type": {
                    "type": "record",
                    "name": f"Size{index}",
                    "fields": [{"name": "width", "type": "int"}, {"name": "height", "type": "int", "default": 0}],
                },
            },
            {"name": "weight", "type": "double", "default": 0.0},
            {"name": "active", "type": "boolean", "default": True},
        ],
    }


def timed(schemas: Path, output: Path, style: str) -> tuple[float, str]:
    """Generates in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "contracts"), str(ROOT / "codegen")))}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(schemas), str(output), style],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - start, done.stdout.strip()


def measure(name: str, schemas: Path, place: Path, style: str) -> None:
    """Prints what a folder of schemas costs."""
    output = place / name
    for what in ("cold", "unchanged"):
        seconds, summary = timed(schemas, output, style)
        print(f"{name:<16} {what:<10} {seconds:6.2f} s   {summary}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, default=1000)
    parser.add_argument("--style", default="dataclass")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        schemas = place / "schemas"
        schemas.mkdir()
        for index in range(options.contracts):
            (schemas / f"thing_{index}.avsc").write_text(json.dumps(contract(index), indent=2))
        measure("example", ROOT / "schemas", place, options.style)
        measure(f"{options.contracts} contracts", schemas, place, options.style)


if __name__ == "__main__":
    main()
