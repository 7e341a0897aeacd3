"""Rules about what few schemas have, and about what only a registry's schemas have."""

from __future__ import annotations

from typing import Any

from kontrakt import avro
from kontrakt.avro.compatibility import Direction, check
from kontrakt.check.clashes import Clash
from kontrakt.check.findings import Finding, Severity
from kontrakt.check.lineage import Role
from kontrakt.check.past import Past, Version
from kontrakt.check.rules import fields, types

from .checking import against, files
from .evolutions import field, record

TOPIC = {"kind": "event", "name": "things", "key": None, "owner": "thing-service"}


def thing(*said: Any, **more: Any) -> dict[str, Any]:
    return record("Thing", *said, namespace="acme", **more)


def found(old: Any, new: Any) -> tuple[Finding, ...]:
    """What is found against a registry's version, which is read leniently."""
    schema = avro.parse(old, file="things-value version 1", strict=False)
    past = Past(name="the registry", histories={"things-value": (Version(number=1, schema=schema),)})
    return against(past, files(thing=new | {"topic": TOPIC})).findings


def test_a_change_that_a_registry_misjudges() -> None:
    """Java remembers what it concluded inside of the branch that failed."""
    child = record("Child", field("back", "x.Node"), namespace="x")
    node = record("Node", field("next", ["null", child]), namespace="x")
    old = thing(field("first", node), field("second", "x.Child"))
    needy = record("Node", field("next", ["null", child]), field("bad", "int"), namespace="x")
    easy = record("Node", namespace="y")
    new = thing(field("first", [needy, easy]), field("second", "x.Child"))
    assert check(reader=new, writer=old).compatible
    (finding,) = (one for one in found(old, new) if one.rule == "registry-misjudges")
    assert finding.severity is Severity.ERROR
    assert finding.breaks == ("new consumers reading old messages",)
    assert "the new consumer needs" in finding.reason


def test_a_default_of_old_consumers_that_cannot_be_used() -> None:
    old = thing(field("a", "int"), field("b", ["string", "null"], None))
    (finding,) = (one for one in found(old, thing(field("a", "int"))) if one.rule == "unusable-default")
    assert finding.subject_of == "acme.Thing.b"
    assert "The new producer does not write b" in finding.reason


def test_two_fields_that_are_meant_for_one() -> None:
    old = thing(field("mail", "string", ""), field("email", "string", "") | {"aliases": ["mail"]})
    (finding,) = (one for one in found(old, thing(field("mail", "string", ""))) if one.rule == "shared-field")
    assert finding.severity is Severity.ERROR
    assert finding.subject_of == "acme.Thing.mail"
    assert "of the old consumer are both meant for mail of the new producer" in finding.reason


def test_what_no_other_rule_tells_is_told_all_the_same() -> None:
    schema = avro.parse(thing())
    clash = Clash(kind=None, way=Direction.BACKWARD, old=schema, new=schema, detail=("SOMETHING at /fields/0",))
    fitting = [rule.id for rule in (*fields.RULES, *types.RULES) if rule.fits(clash, Role.VALUE)]
    assert fitting == ["incompatible"]
    assert types.Incompatible.told.format_map(clash.names) == (
        "`acme.Thing` is refused by a registry: SOMETHING at /fields/0"
    )
