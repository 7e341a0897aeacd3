"""The registry's own answer, asked beside ours."""

from __future__ import annotations

from kontrakt import avro
from kontrakt.check.compare import compare
from kontrakt.check.findings import Finding
from kontrakt.check.past import Past, Version
from kontrakt.contract import from_files
from kontrakt.registry import Verdict

from .checking import TODAY, files
from .evolutions import field, record

TOPIC = {"kind": "event", "name": "things", "key": None, "owner": "thing-service"}


def found(answer: Verdict | None, *fields: object, level: str = "FULL") -> list[Finding]:
    """What is found about the registry's answer; the old schema has one field ``a``, an int."""
    old = avro.parse(record("Thing", field("a", "int"), namespace="acme"), file="things-value version 1", strict=False)
    past = Past(
        name="the registry",
        histories={"things-value": (Version(number=1, schema=old),)},
        levels={"things-value": level},
        default_level="NONE",
    )
    asked: list[str] = []

    def ask(subject: str) -> Verdict | None:
        asked.append(subject)
        return answer

    contracts = from_files(files(thing=record("Thing", *fields, namespace="acme", topic=TOPIC)))
    report = compare(contracts, past, ask=ask, today=TODAY)
    assert asked == ["things-value"]
    return [one for one in report.findings if one.rule == "registry-disagrees"]


def test_the_registry_refuses_what_we_pass() -> None:
    (finding,) = found(Verdict(False, ("it is Tuesday",)), field("a", "int"), field("b", "int", 0))
    assert finding.message == (
        "the registry calls the new schema of `things-value` incompatible, and this check calls it compatible at the "
        "registry's level FULL"
    )
    assert "The registry says: it is Tuesday." in finding.reason
    assert finding.topics == ("things",)


def test_the_registry_takes_what_we_refuse() -> None:
    (finding,) = found(Verdict(True), field("a", "string"))
    assert "compatible, and this check calls it incompatible" in finding.message


def test_both_agree() -> None:
    assert found(Verdict(True), field("a", "int"), field("b", "int", 0)) == []
    assert found(Verdict(False), field("a", "string")) == []


def test_it_is_judged_by_the_level_of_the_registry() -> None:
    """A registry at the level NONE takes everything, and is right to."""
    assert found(Verdict(True), field("a", "string"), level="NONE") == []


def test_a_registry_that_cannot_say() -> None:
    assert found(None, field("a", "string")) == []
