"""The findings and the engine's verdict agree: what is incompatible has an error, what is compatible has none."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from kontrakt import avro
from kontrakt.avro.compatibility import Level, check_history
from kontrakt.check.compare import compare
from kontrakt.check.findings import Severity
from kontrakt.check.past import Past, Version
from kontrakt.check.rules import fields, types
from kontrakt.contract import from_files
from kontrakt.errors import ContractErrors, SchemaErrors

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
