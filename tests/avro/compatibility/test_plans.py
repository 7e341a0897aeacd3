"""The judge and the codec do not drift: what is compatible has a plan that reads it, and what is not has one that fails."""

from __future__ import annotations

import json
from random import Random
from typing import TYPE_CHECKING

import pytest
from kontrakt.avro import parse
from kontrakt.avro.compatibility import AdvisoryKind, CauseKind, Compatibility
from kontrakt.avro.render import closed
from kontrakt.avro.resolution import resolve
from kontrakt.codec import codec_for_schema

from tests.avro.compatibility.drafts import Written
from tests.avro.compatibility.families import family
from tests.avro.plans import fails, steps
from tests.codec.implementations import written
from tests.generated.data import Maker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kontrakt.avro import Schema

HARMLESS = frozenset(AdvisoryKind) - {
    AdvisoryKind.BYTES_AS_STRING,
    AdvisoryKind.LOGICAL_ADDED,
    AdvisoryKind.LOGICAL_CHANGED,
    AdvisoryKind.ORDER_DEPENDENT,
    AdvisoryKind.SHARED_FIELD,
    AdvisoryKind.UNUSABLE_DEFAULT,
}
"""The dangers in spite of which kontrakt reads everything."""


def pairs(seed: int) -> Iterator[Compatibility]:
    """The pairs of some families."""
    random = Random(seed)
    for _ in range(15):
        trees = [tree(one) for one in family(random, 5)]
        yield from (Compatibility(reader, writer) for reader in trees for writer in trees)


def tree(one: Written) -> Schema:
    references = [parse(text, strict=False) for text in one.references]
    return parse(one.schema, strict=False, references=references)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_compatible_is_read(seed: int) -> None:
    maker = Maker(seed)
    for pair in pairs(seed):
        if not pair.compatible or not {advisory.kind for advisory in pair.advisories} <= HARMLESS:
            continue
        plan = resolve(pair.reader, pair.writer)
        assert plan.failures == ()
        assert not any(map(fails, steps(plan.root)))
        try:
            data = [written(pair.writer, maker.datum(pair.writer)) for _ in range(3)]
        except (RecursionError, IndexError):
            continue  # no data: a type that contains itself without an end, or a union without branches
        read = codec_for_schema(as_text(pair.reader)).reader(pair.writer)
        for one in data:
            read(one, 0)


@pytest.mark.parametrize("seed", range(20))
def test_what_has_a_cause_has_a_plan_that_fails(seed: int) -> None:
    for pair in pairs(seed):
        dangers = {advisory.kind for advisory in pair.advisories}
        if AdvisoryKind.SHARED_FIELD in dangers or CauseKind.AMBIGUOUS_FIELD in {cause.kind for cause in pair.causes}:
            continue  # where two fields are meant for one, a plan takes one, and the reference both or none
        failing = any(map(fails, steps(resolve(pair.reader, pair.writer).root)))
        assert failing is (bool(pair.causes) or AdvisoryKind.ORDER_DEPENDENT in dangers)


def as_text(schema: Schema) -> str:
    return json.dumps(closed(schema))
