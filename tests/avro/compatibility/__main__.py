# ruff: noqa: T201 - it is a command
"""Compare the engine with Avro's Java reference for as long as you like.

::

    python -m tests.avro.compatibility --pairs 1000000 --seed 1
    python -m tests.avro.compatibility --freeze
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

from tests.avro.compatibility.cases import CASES
from tests.avro.compatibility.differences import Outcome, ask_pairs, compare
from tests.real.parts import AVRO
from tests.real.program import java_program
from tests.real.start import libraries


def main() -> int:
    """Run, and say what was seen."""
    about = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m tests.avro.compatibility", description=about)
    parser.add_argument("--pairs", type=int, default=1_000_000, help="how many pairs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: %(default)s)")
    parser.add_argument(
        "--freeze", action="store_true", help="write the reference's answers to the cases into answers.json"
    )
    given = parser.parse_args()
    here = Path(__file__).parent
    if given.freeze:
        with java_program(libraries(AVRO), here / "Reference.java") as program:
            answers = json.dumps(ask_pairs(program, CASES), indent=1, ensure_ascii=False)
        (here / "answers.json").write_text(f"{answers}\n", encoding="utf-8")
        return 0
    start = time.monotonic()

    def progress(outcome: Outcome) -> None:
        if sys.stderr.isatty():
            print(f"\r{outcome.pairs:,} pairs", end="", file=sys.stderr)

    with java_program(libraries(AVRO), here / "Reference.java") as program:
        outcome = compare(program, given.pairs, given.seed, progress)
    print(f"\n{outcome.pairs:,} pairs in {time.monotonic() - start:,.0f} s (seed {given.seed})")
    print(f"incompatible:  {outcome.incompatible:,}, of which the reference throws on {outcome.thrown:,}")
    for kind, count in sorted(outcome.kinds.items()):
        print(f"  {count:>9,} {kind}")
    print(f"wrongly called compatible by the reference, with an advisory here: {outcome.unsound:,}")
    print(f"schemas that the reference refused: {outcome.refused:,}")
    print(f"differences:   {len(outcome.differences):,}")
    for difference in outcome.differences[:5]:
        print(f"\nreader: {difference.reader}\nwriter: {difference.writer}")
        print(f"ours:   {difference.ours}\ntheirs: {difference.theirs}")
    return 1 if outcome.differences else 0


if __name__ == "__main__":
    sys.exit(main())
