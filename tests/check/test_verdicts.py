"""The findings and the engine's verdict agree: what is incompatible has an error, what is compatible has none."""

from __future__ import annotations

import json
from itertools import product
from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from kontrakt import avro
from kontrakt.avro import Schema
from kontrakt.avro.compatibility import Direction, Level, check, check_history
from kontrakt.check.changes.told import type_entries
from kontrakt.check.changes.types import schema_changes
from kontrakt.check.clashes import Judged
from kontrakt.check.compare import compare
from kontrakt.check.findings import Finding, Severity
from kontrakt.check.lineage import Lineage, Role
from kontrakt.check.past import Past, Version
from kontrakt.check.places import Places
from kontrakt.check.rules import fields, safety, types
from kontrakt.check.rules.broken import grouped
from kontrakt.contract import from_files
from kontrakt.errors import ContractErrors, SchemaErrors

from tests.avro.compatibility.differences import tree_of
from tests.avro.compatibility.families import family
from tests.avro.strategies import evolutions

from .evolutions import field, record

BREAKING = {rule.id for rule in (*fields.RULES, *types.RULES)}
TOPIC = {"kind": "event", "name": "things", "key": None, "owner": "thing-service"}


def thing(kind: Any, **more: Any) -> dict[str, Any]:
    return record("Thing", field("value", kind), namespace="acme", **more)


@given(evolutions(), st.lists(evolutions(), max_size=1), st.sampled_from(Level))
def test_an_incompatible_pair_has_an_error_and_a_compatible_one_has_none(
    pair: tuple[Any, Any], before: list[tuple[Any, Any]], level: Level
) -> None:
    new, old = pair
    text = json.dumps(thing(new, topic=TOPIC | {"compatibility": level})).encode()
    try:
        contracts = from_files({"thing.avsc": text})
    except (SchemaErrors, ContractErrors):
        assume(False)
        raise
    said = [*(one for _, one in before), old]
    history = tuple(
        Version(number=number, schema=avro.parse(thing(one), file=f"things-value version {number}", strict=False))
        for number, one in enumerate(said, 1)
    )
    past = Past(name="the past", histories={"things-value": history})
    verdict = check_history(contracts.schemas["things-value"], [version.schema for version in history], level)
    found = [one for one in compare(contracts, past).findings if one.rule in BREAKING]
    assert all(finding.severity is Severity.ERROR for finding in found)
    assert bool(found) is not verdict.compatible
    for finding in found:
        assert finding.breaks
        assert finding.ways_out
        assert finding.reason
        assert "{" not in finding.message + finding.subject_of


def test_families_of_schemas_are_told_without_a_gap() -> None:
    """Aliases, namespaces, recursion, unions of records, references: whatever the engine says, a rule tells it."""
    random = Random(4)
    for _ in range(60):
        trees = [tree for tree in map(tree_of, family(random, 6)) if tree is not None]
        for old, new in product(trees, repeat=2):
            told = _told(old, new)
            for entry in type_entries(schema_changes(old, new), Places(None), Places(None)):
                assert entry.message
            for finding in told:
                assert finding.reason
                assert finding.ways_out
                assert "{" not in finding.message + finding.subject_of + finding.reason


def _told(old: Schema, new: Schema) -> list[Finding]:
    """What the rules about schemas say of a pair, and that each direction has its say."""
    version = Version(number=1, schema=old)
    lineage = Lineage(
        subject="things-value",
        role=Role.VALUE,
        schema=new,
        level=Level.FULL_TRANSITIVE,
        said="FULL_TRANSITIVE",
        promised="",
        topics=("things",),
        owner="thing-service",
        history=(version,),
        was="things-value",
    )
    judged = [Judged(old, new, way) for way in Direction]
    for way, one in zip(Direction, judged, strict=True):
        reader, writer = (new, old) if way is Direction.BACKWARD else (old, new)
        assert bool(one.clashes) is not check(reader, writer).compatible
        assert {clash.way for clash in one.clashes} <= {way}
    clashes = [(clash, lineage, version) for one in judged for clash in one.clashes]
    dangers = [(clash, lineage, version) for one in judged for clash in one.dangers]
    broken = [*grouped(clashes, (*fields.RULES, *types.RULES)), *grouped(dangers, safety.RULES)]
    assert sum(len(one.where) for one in broken) == len(clashes) + len(dangers)
    return [one.rule.found(one, Places(None), Places(None)) for one in broken]
