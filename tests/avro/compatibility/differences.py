"""The engine beside Avro's Java reference, over families of schemas."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

from kontrakt.avro import Schema, parse
from kontrakt.avro.compatibility import Compatibility, IncompatibilityType, check
from kontrakt.errors import SchemaErrors

from tests.avro.compatibility.drafts import Written
from tests.avro.compatibility.families import family

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tests.real.program import ForeignProgram

FAMILY = 6
"""How many schemas a family has; each is compared with each, itself included."""


@dataclass(frozen=True)
class Difference:
    """A pair on which the two disagree."""

    reader: Written
    writer: Written
    ours: Any
    theirs: Any


@dataclass
class Outcome:
    """What was compared.

    Attributes:
        pairs: How many pairs both took.
        incompatible: How many of them the reference calls incompatible.
        thrown: How many of them it could not judge, because it throws.
        kinds: How many incompatibilities of each type it found.
        unsound: How many it calls compatible although some data cannot be read.
        refused: How many schemas it did not parse.
        differences: Where the engine says something else.
    """

    pairs: int = 0
    incompatible: int = 0
    thrown: int = 0
    kinds: Counter[str] = field(default_factory=Counter[str])
    unsound: int = 0
    refused: int = 0
    differences: list[Difference] = field(default_factory=list[Difference])


def compare(
    program: ForeignProgram, pairs: int, seed: int, progress: Callable[[Outcome], None] = lambda _: None
) -> Outcome:
    """Compare the engine with the reference.

    Args:
        program: ``Reference.java``, running.
        pairs: How many pairs at least.
        seed: Which ones.
        progress: Called after each family.
    """
    outcome = Outcome()
    families = _asked(program, Random(seed))
    while outcome.pairs < pairs:
        schemas, answers = next(families)
        _compare_family(schemas, answers, outcome)
        progress(outcome)
    return outcome


def document(schema: str, references: Sequence[str] = ()) -> dict[str, Any]:
    """A schema, as JSON text, as the program takes it."""
    return {"schema": schema, "references": list(references)}


def ask_pairs(program: ForeignProgram, pairs: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    """What the reference says of pairs of a reader's and a writer's schema, given as JSON values."""
    answers: dict[str, Any] = {}
    for name, pair in pairs.items():
        answer = program.ask(json.dumps({"family": [document(json.dumps(one)) for one in pair]}))
        answers[name] = json.loads(answer)[0][1]
    return answers


def _asked(program: ForeignProgram, random: Random) -> Iterator[tuple[list[Written], list[list[Any]]]]:
    """Families with the reference's answers. It works on one while the engine works on the one before."""
    schemas = _ask(program, random)
    while True:
        following = _ask(program, random)
        yield schemas, json.loads(program.answer())
        schemas = following


def _ask(program: ForeignProgram, random: Random) -> list[Written]:
    schemas = family(random, FAMILY)
    program.tell(json.dumps({"family": [document(one.schema, one.references) for one in schemas]}))
    return schemas


def _compare_family(schemas: list[Written], answers: list[list[Any]], outcome: Outcome) -> None:
    trees = [tree_of(one) for one in schemas]
    for reader, tree, row in zip(schemas, trees, answers, strict=True):
        outcome.refused += all(answer is None for answer in row)
        for writer, other, theirs in zip(schemas, trees, row, strict=True):
            if tree is None or other is None:
                if theirs is not None:
                    outcome.differences.append(Difference(reader, writer, "refused", theirs))
            elif theirs is not None:
                _compare_pair(Difference(reader, writer, check(tree, other), theirs), outcome)


def _compare_pair(pair: Difference, outcome: Outcome) -> None:
    result: Compatibility = pair.ours
    outcome.pairs += 1
    outcome.incompatible += pair.theirs != []
    if isinstance(pair.theirs, str):
        outcome.thrown += 1
    else:
        outcome.kinds.update(kind for kind, _, _ in pair.theirs)
    found = ours(result)
    if not same(found, pair.theirs) or result.compatible is not (pair.theirs == []):
        outcome.differences.append(Difference(pair.reader, pair.writer, found, pair.theirs))
    if not result.compatible and not result.causes:
        outcome.differences.append(Difference(pair.reader, pair.writer, "incompatible without a cause", pair.theirs))
    outcome.unsound += any(advisory.kind == "order-dependent" for advisory in result.advisories)


def ours(result: Compatibility) -> Any:
    """What the engine found, as the reference's answer is written."""
    found = result.incompatibilities
    if [one.type for one in found] == [IncompatibilityType.AMBIGUOUS_FIELD]:
        return found[0].message
    return [[one.type.value, one.location, one.message] for one in found]


def same(found: Any, theirs: Any) -> bool:
    """Whether two answers are the same; what was thrown goes on with the JSON of a schema, where we give its name."""
    if isinstance(found, str) and isinstance(theirs, str):
        return theirs.startswith(found.rpartition(" ")[0])
    return bool(found == theirs)


def tree_of(written: Written) -> Schema | None:
    """The tree of a schema with those that it refers to, or None where it is none."""
    references: list[Schema] = []
    try:
        for text in written.references:
            references.append(parse(text, strict=False, references=references))
        return parse(written.schema, strict=False, references=references)
    except SchemaErrors:
        return None
