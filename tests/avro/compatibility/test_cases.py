"""Small pairs of schemas: what the reference says of them is what the engine says, with Java and without."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kontrakt.avro.compatibility import check

from tests.avro.compatibility.cases import ANSWERS, CASES
from tests.avro.compatibility.differences import ask_pairs, ours, same
from tests.real.program import java_program

if TYPE_CHECKING:
    from tests.real.start import JavaLibraries

HERE = Path(__file__).parent


def test_every_case_has_an_answer() -> None:
    assert list(ANSWERS) == list(CASES)


@pytest.mark.parametrize("name", CASES)
def test_what_the_reference_says(name: str) -> None:
    result = check(*CASES[name])
    assert same(ours(result), ANSWERS[name])
    assert result.compatible is (ANSWERS[name] == [])
    assert result.compatible is (result.causes == ())


def test_that_is_what_it_says(avro_libraries: JavaLibraries) -> None:
    with java_program(avro_libraries, HERE / "Reference.java") as program:
        assert ask_pairs(program, CASES) == ANSWERS
