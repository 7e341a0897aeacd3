"""Which level a subject is judged by: that of the contracts, and what was promised before."""

from __future__ import annotations

import pytest
from kontrakt import avro
from kontrakt.avro.compatibility import Level
from kontrakt.check.lineage import lineages
from kontrakt.check.past import Past, Version
from kontrakt.contract import from_files

from .checking import files
from .evolutions import field, record


@pytest.mark.parametrize(
    ("said", "in_registry", "default", "offline", "counts"),
    [
        ("", "", "BACKWARD", False, "FULL_TRANSITIVE"),  # what follows from the kind
        ("BACKWARD", "", "NONE", False, "BACKWARD"),
        ("BACKWARD", "FULL", "NONE", False, "FULL"),
        ("BACKWARD", "FULL", "NONE", True, "BACKWARD"),
        ("BACKWARD", "FORWARD", "NONE", False, "FULL"),
        ("BACKWARD", "FORWARD_TRANSITIVE", "NONE", False, "FULL_TRANSITIVE"),
        ("FORWARD", "BACKWARD", "BACKWARD", False, "FORWARD"),  # some registries give their default for any subject
        ("NONE", "", "FULL", False, "NONE"),
        ("NONE", "BACKWARD", "FULL", False, "BACKWARD"),
    ],
)
def test_the_level_of_a_topic(said: str, in_registry: str, default: str, offline: bool, counts: str) -> None:
    topic = {"kind": "event", "name": "things", "key": None, "owner": "a"} | ({"compatibility": said} if said else {})
    contracts = from_files(files(thing=record("Thing", field("a", "int"), topic=topic)))
    past = Past(
        name="the registry",
        histories={"things-value": (Version(number=1, schema=avro.parse(record("Thing"))),)},
        levels={"things-value": in_registry} if in_registry else {},
        default_level=default,
    )
    (lineage,) = lineages(contracts, past, offline_levels=offline)
    assert lineage.level is Level(counts)


@pytest.mark.parametrize(("default", "counts"), [("FULL", "FULL"), ("", "BACKWARD")])
def test_a_shared_type_that_no_topic_uses_has_the_default(default: str, counts: str) -> None:
    contracts = from_files(files(money=record("Money", field("a", "int"))))
    (lineage,) = lineages(contracts, Past(name="the past", histories={}, default_level=default))
    assert lineage.level is Level(counts)


def test_only_the_versions_that_the_level_looks_at_are_judged() -> None:
    versions = tuple(Version(number=number, schema=avro.parse(record("Thing"))) for number in (1, 2, 5))
    for level, judged in (("NONE", []), ("FULL", [5]), ("FULL_TRANSITIVE", [5, 2, 1])):
        topic = {"kind": "event", "name": "things", "key": None, "owner": "a", "compatibility": level}
        contracts = from_files(files(thing=record("Thing", field("a", "int"), topic=topic)))
        (lineage,) = lineages(contracts, Past(name="the past", histories={"things-value": versions}))
        assert [version.number for version in lineage.judged] == judged
