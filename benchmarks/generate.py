"""What generating costs: the example shop, 1,000 contracts and a published set of 1,100 topics, from cold and unchanged.

    python benchmarks/generate.py [--contracts 1000] [--style dataclass] [--rounds 3]

Each figure is the best of some rounds of a process of its own, as a build pipeline starts it: Python's start and all imports
included. Beside the wall time stands the time that its processors worked, which another load on the machine changes less.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.contract import large  # noqa: E402

COMMAND = [sys.executable, "-c", "from kontrakt.cli import main; main()"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT / "contracts"), str(ROOT / "codegen")))}


class Cost(NamedTuple):
    """What a process took, in seconds."""

    wall: float
    cpu: float


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


def run(folder: Path, *arguments: str) -> tuple[Cost, str]:
    """Runs a command in a process of its own; its cost, and what it said."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu), done.stdout.strip()


def shown(name: str, what: str, costs: list[Cost], said: str) -> None:
    """Prints the best of some rounds."""
    wall, cpu = min(cost.wall for cost in costs), min(cost.cpu for cost in costs)
    print(f"{name:<16} {what:<10} {wall:6.2f} s   {cpu:6.2f} s of processors   {said}")


def measure(name: str, folder: Path, style: str, rounds: int) -> None:
    """Prints what a folder of contracts costs."""
    for what in ("cold", "unchanged"):
        costs: list[Cost] = []
        said = ""
        for _ in range(rounds):
            if what == "cold":
                shutil.rmtree(folder / "generated", ignore_errors=True)
            cost, said = run(folder, "generate", "--style", style)
            costs.append(cost)
        shown(name, what, costs, said)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--contracts", type=int, default=1000)
    parser.add_argument("--style", default="dataclass")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        example, many, published = (Path(place, name) for name in ("example", "many", "published"))
        shutil.copytree(ROOT / "schemas", example / "schemas")
        large.write(many, {f"t{n}.avsc": json.dumps(contract(n), indent=2).encode() for n in range(options.contracts)})
        large.write(published, *large.published())
        shown("kontrakt", "--help", [run(example, "--help")[0] for _ in range(options.rounds)], "")
        measure("example", example, options.style, options.rounds)
        measure(f"{options.contracts} contracts", many, options.style, options.rounds)
        measure("1100 topics", published, options.style, options.rounds)


if __name__ == "__main__":
    main()
