"""A way out that a finding names is one: whoever takes it passes the check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from .checking import checked
from .evolutions import BANK, CARD, NULLABLE, TIER, Evolution, enum, field, fixed, record

Fields = Sequence[Mapping[str, Any]]
FULL, BACKWARD, FORWARD = "FULL_TRANSITIVE", "BACKWARD", "FORWARD"

CASES: dict[str, tuple[str, Fields, Fields, str, Fields]] = {
    "a default for a new field": (
        FULL,
        [],
        [field("a", "int")],
        "give `a` a default",
        [field("a", "int", 0)],
    ),
    "keep what was removed": (
        FULL,
        [field("a", "int")],
        [],
        "keep `a`, and mark it as deprecated",
        [field("a", "int", deprecated=True)],
    ),
    "an alias": (
        BACKWARD,
        [field("email", "string")],
        [field("mail", "string")],
        "add the alias `email` to `mail`",
        [field("mail", "string", aliases=["email"])],
    ),
    "both names": (
        FULL,
        [field("email", "string")],
        [field("mail", "string")],
        "keep `email`, and add `mail` with a default beside it",
        [field("email", "string"), field("mail", "string", "")],
    ),
    "a field beside one of another type": (
        FULL,
        [field("a", "int")],
        [field("a", "string")],
        "keep `a` as it was, and add a field of another name with the new type and a default beside it",
        [field("a", "int"), field("a_text", "string", "")],
    ),
    "a field beside one that was widened": (
        FULL,
        [field("a", "int")],
        [field("a", "long")],
        "keep `a` as it was, and add a field of another name with the new type and a default beside it",
        [field("a", "int"), field("a_long", "long", 0)],
    ),
    "a field beside one that may be null": (
        FULL,
        [field("a", "string")],
        [field("a", NULLABLE, None)],
        "keep `a` as it was, and add a field of another name with the new type and a default beside it",
        [field("a", "string"), field("a_or_none", NULLABLE, None)],
    ),
    "null": (
        FULL,
        [field("a", NULLABLE, None)],
        [field("a", "string")],
        "keep null in the type of `a` of `acme.Thing`",
        [field("a", NULLABLE, None)],
    ),
    "a branch": (
        FULL,
        [field("paid", ["null", CARD, BANK], None)],
        [field("paid", ["null", CARD], None)],
        "keep the branch `acme.Bank`",
        [field("paid", ["null", CARD, BANK], None)],
    ),
    "a default of an enum, for a symbol that is gone": (
        BACKWARD,
        [field("tier", enum("Tier", *TIER))],
        [field("tier", enum("Tier", "STANDARD", "GOLD"))],
        'give `acme.Tier` a `default`, such as `"default": "STANDARD"`',
        [field("tier", enum("Tier", "STANDARD", "GOLD", default="STANDARD"))],
    ),
    "a field beside an enum": (
        FULL,
        [field("tier", enum("Tier", *TIER))],
        [field("tier", enum("Tier", *TIER, "PLATINUM"))],
        "keep the enum, and add a field beside `tier` with a default, whose enum has a default too",
        [
            field("tier", enum("Tier", *TIER)),
            field("level", enum("Level", *TIER, "PLATINUM", default="STANDARD"), "STANDARD"),
        ],
    ),
    "a field beside a fixed": (
        FULL,
        [field("sum", fixed("Sum", 16))],
        [field("sum", fixed("Sum", 32))],
        "keep 16 bytes, and add a field beside `sum` with a new fixed of another name and a default",
        [field("sum", fixed("Sum", 16)), field("sum32", ["null", fixed("Sum32", 32)], None)],
    ),
    "an alias of a type": (
        BACKWARD,
        [field("paid", CARD)],
        [field("paid", record("CreditCard", field("number", "string")))],
        "add the alias `acme.Card` to `acme.CreditCard`",
        [field("paid", record("CreditCard", field("number", "string"), aliases=["acme.Card"]))],
    ),
    "the name of a type": (
        FULL,
        [field("paid", CARD)],
        [field("paid", record("CreditCard", field("number", "string")))],
        "keep the name `acme.Card`",
        [field("paid", CARD)],
    ),
}
IN_TWO_STEPS: dict[str, tuple[Fields, Fields, str, Fields]] = {
    "a default before a field is removed": (
        [field("a", "int")],
        [],
        "give `a` a default in a version of its own, and remove it when every consumer has that version",
        [field("a", "int", 0)],
    ),
    "a default of an enum before a symbol is added": (
        [field("tier", enum("Tier", *TIER))],
        [field("tier", enum("Tier", *TIER, "PLATINUM", default="STANDARD"))],
        "give `acme.Tier` a `default` in a version of its own, and add `PLATINUM` when every consumer has that version",
        [field("tier", enum("Tier", *TIER, default="STANDARD"))],
    ),
}


@pytest.mark.parametrize(("level", "old", "new", "way", "repaired"), CASES.values(), ids=CASES)
def test_a_way_out(level: str, old: Fields, new: Fields, way: str, repaired: Fields) -> None:
    change = Evolution("a change", old, new, level=level)
    report = checked(change.files(old), change.files(new))
    assert report.failed
    assert way in {one for finding in report.findings for one in finding.ways_out}
    assert not checked(change.files(old), change.files(repaired)).failed


@pytest.mark.parametrize(("old", "new", "way", "between"), IN_TWO_STEPS.values(), ids=IN_TWO_STEPS)
def test_a_way_out_in_two_steps(old: Fields, new: Fields, way: str, between: Fields) -> None:
    """Where only the newest version counts; it is not named where older ones count too."""
    change = Evolution("a change", old, new, level=FORWARD)
    report = checked(change.files(old), change.files(new))
    assert way in {one for finding in report.findings for one in finding.ways_out}
    assert not checked(change.files(old), change.files(between)).failed
    assert not checked(change.files(between), change.files(new)).failed
    strict = Evolution("a change", old, new, level=FULL)
    assert way not in {
        one for finding in checked(strict.files(old), strict.files(new)).findings for one in finding.ways_out
    }
