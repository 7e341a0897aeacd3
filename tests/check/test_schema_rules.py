"""Each change of a schema is told by the rule that it is, at its place, with who breaks."""

from __future__ import annotations

import pytest
from kontrakt.check.findings import Severity
from kontrakt.check.rules import RULES

from .checking import checked, told
from .evolutions import EVOLUTIONS, Evolution


@pytest.mark.parametrize("evolution", EVOLUTIONS, ids=lambda evolution: evolution.name)
def test_a_change_is_told_by_its_rule(evolution: Evolution) -> None:
    report = checked(evolution.files(evolution.old), evolution.files(evolution.new))
    assert sorted(map(told, report.findings)) == sorted(evolution.found)
    assert report.failed == evolution.breaks
    for finding in report.findings:
        assert finding.topics == ("things",)
        assert finding.new is not None
        assert finding.new.file == "thing.avsc"
        assert (finding.severity is Severity.ERROR) == bool(finding.breaks)


def test_names_are_unique() -> None:
    names = [evolution.name for evolution in EVOLUTIONS]
    assert len(set(names)) == len(names)


def test_every_rule_about_schemas_is_met() -> None:
    met = {rule for evolution in EVOLUTIONS for rule, _, _ in evolution.found}
    modules = {"fields", "types", "safety", "defaults"}
    about_schemas = {name for name, rule in RULES.items() if rule.__module__.rpartition(".")[2] in modules}
    of_their_own = {
        "error-added",
        "deprecated-field-removed",
        "registry-misjudges",
        "shared-field",
        "unusable-default",
        "incompatible",
    }
    assert about_schemas - met == of_their_own
