"""The engine beside Avro's Java reference on 50,000 pairs of schemas; ``python -m tests.avro.compatibility`` runs more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from kontrakt.avro.compatibility import IncompatibilityType

from tests.avro.compatibility.differences import compare
from tests.real.program import java_program

if TYPE_CHECKING:
    from tests.real.start import JavaLibraries

PAIRS = 50_000
SEED = 7


def test_there_are_none(avro_libraries: JavaLibraries) -> None:
    with java_program(avro_libraries, Path(__file__).with_name("Reference.java")) as program:
        outcome = compare(program, PAIRS, SEED)
    assert outcome.differences == []
    assert outcome.pairs >= PAIRS
    # The pairs are worth comparing: both verdicts are frequent, and everything that the reference does happens.
    assert PAIRS / 4 < outcome.incompatible < PAIRS * 3 / 4
    assert outcome.thrown > PAIRS / 100
    assert outcome.unsound > 0
    assert min(outcome.kinds[kind] for kind in IncompatibilityType if kind != "AMBIGUOUS_FIELD") > PAIRS / 100
