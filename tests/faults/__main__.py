"""Run it long, and say what happened: `python -m tests.faults --messages 1000000`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.cluster import cluster
from tests.faults.run import Run


def main() -> int:
    """Run, print what happened, and return 1 where something was lost, out of order or double."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--messages", type=int, default=200_000, help="how many messages are written")
    parser.add_argument("--seconds", type=float, default=60.0, help="how long writing them takes at least")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kontrakt-faults-") as folder, cluster() as parts:
        told = Run(parts, messages=asked.messages, seconds=asked.seconds, folder=Path(folder), say=_say).go()
    evidence = told.evidence
    wrong = {
        "acknowledged and lost": len(evidence.lost),
        "keys out of order in the topic": len(evidence.disordered_in_the_topic),
        "never handled": len(evidence.never_handled),
        "keys out of order when handled": len(evidence.disordered_when_handled),
        "keys doubled in the table": len(evidence.doubled),
    }
    _say(f"{evidence.written:,} messages in {told.seconds:.0f} s, {evidence.repeated:,} of them handled more than once")
    for what, count in wrong.items():
        _say(f"{what}: {count:,}")
    return 1 if any(wrong.values()) else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
