"""Levels: which versions count, in which direction, in which order."""

from __future__ import annotations

from typing import Any

import pytest
from kontrakt.avro import parse
from kontrakt.avro.compatibility import Direction, Level, check_history

from tests.avro.compatibility.shapes import field, record

BACKWARD, FORWARD = Direction.BACKWARD, Direction.FORWARD

ONE = record("R", field("a"))
TWO = record("R", field("a"), field("b"))
WIDE = record("R", field("a", "long"))


def defaulted(*names: str) -> dict[str, Any]:
    return record("R", *(field(name, default=0) for name in names))


@pytest.mark.parametrize(
    ("level", "backward", "forward", "transitive"),
    [
        ("NONE", False, False, False),
        ("BACKWARD", True, False, False),
        ("BACKWARD_TRANSITIVE", True, False, True),
        ("FORWARD", False, True, False),
        ("FORWARD_TRANSITIVE", False, True, True),
        ("FULL", True, True, False),
        ("FULL_TRANSITIVE", True, True, True),
    ],
)
def test_what_levels_ask(level: str, backward: bool, forward: bool, transitive: bool) -> None:
    found = Level(level)
    assert (found.backward, found.forward, found.transitive) == (backward, forward, transitive)


@pytest.mark.parametrize(
    ("level", "new", "history", "compared", "failures"),
    [
        ("NONE", ONE, [TWO], [], []),
        ("BACKWARD", ONE, [], [], []),
        ("FULL_TRANSITIVE", ONE, [], [], []),
        ("BACKWARD", TWO, [ONE], [(0, BACKWARD)], [(0, BACKWARD)]),
        ("BACKWARD", ONE, [TWO], [(0, BACKWARD)], []),
        ("FORWARD", ONE, [TWO], [(0, FORWARD)], [(0, FORWARD)]),
        ("FORWARD", TWO, [ONE], [(0, FORWARD)], []),
        ("FULL", TWO, [ONE], [(0, FORWARD), (0, BACKWARD)], [(0, BACKWARD)]),
        ("FULL", WIDE, [ONE], [(0, FORWARD), (0, BACKWARD)], [(0, FORWARD)]),
        ("FULL", '"int"', ['"string"'], [(0, FORWARD), (0, BACKWARD)], [(0, FORWARD), (0, BACKWARD)]),
        # Only the newest counts ...
        ("BACKWARD", TWO, [ONE, TWO], [(1, BACKWARD)], []),
        # ... unless the level is transitive; the newest goes first, and the first that fails is the last.
        ("BACKWARD_TRANSITIVE", TWO, [ONE, TWO], [(1, BACKWARD), (0, BACKWARD)], [(0, BACKWARD)]),
        ("BACKWARD_TRANSITIVE", TWO, [ONE, ONE, TWO], [(2, BACKWARD), (1, BACKWARD)], [(1, BACKWARD)]),
        ("FORWARD_TRANSITIVE", ONE, [TWO, ONE, TWO], [(2, FORWARD)], [(2, FORWARD)]),
        (
            "FULL_TRANSITIVE",
            defaulted("a", "b"),
            [TWO, defaulted("a")],
            [(1, FORWARD), (1, BACKWARD), (0, FORWARD), (0, BACKWARD)],
            [],
        ),
    ],
)
def test_a_history(
    level: str,
    new: Any,
    history: list[Any],
    compared: list[tuple[int, Direction]],
    failures: list[tuple[int, Direction]],
) -> None:
    found = check_history(new, history, level)
    assert [(one.index, one.direction) for one in found.comparisons] == compared
    assert [(one.index, one.direction) for one in found.failures] == failures
    assert found.compatible is bool(found) is (not failures)


def test_a_report_goes_through_all_versions() -> None:
    history = [ONE, TWO, ONE]
    found = check_history(TWO, history, "FULL_TRANSITIVE", all_versions=True)
    assert [one.index for one in found.comparisons] == [2, 2, 1, 1, 0, 0]
    assert [(one.index, one.direction) for one in found.failures] == [(2, BACKWARD), (0, BACKWARD)]


def test_who_reads_whom() -> None:
    new, old = parse('"long"'), parse('"int"')
    forward, backward = check_history(new, [old], Level.FULL).comparisons
    assert (forward.compatibility.reader, forward.compatibility.writer) == (old, new)
    assert (backward.compatibility.reader, backward.compatibility.writer) == (new, old)


def test_there_are_seven_levels() -> None:
    with pytest.raises(ValueError, match="SIDEWAYS"):
        check_history('"int"', ['"int"'], "SIDEWAYS")
