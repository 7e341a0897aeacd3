"""What each rule finds, and what it does not."""

from __future__ import annotations

import pytest
from kontrakt.lint.rules import RULES, LintRule

from .cases import CASES, Case
from .linting import entity, event, field, files, linted, protocol


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.rule}-{case.about or 'not'}")
def test_what_a_rule_finds(case: Case) -> None:
    found = [one for one in linted(files(*case.said), **case.options).findings if one.rule == case.rule]
    assert [one.subject_of for one in found] == ([case.about] if case.about else [])
    rule = RULES[case.rule]
    for finding in found:
        assert finding.severity.value == (case.severity or rule.severity)
        assert finding.new is not None
        assert finding.new.line > 1 or case.about.startswith("shop")
        assert finding.reason
        assert finding.ways_out
        assert not finding.waived


def test_each_rule_has_both_kinds_of_case() -> None:
    assert {case.rule for case in CASES if case.about} == set(RULES)
    assert {case.rule for case in CASES if not case.about} == set(RULES)


def test_the_contracts_of_the_cases_are_right_otherwise() -> None:
    assert linted(files(entity(field("note")), event(), protocol())).findings == ()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_each_rule_says_what_why_and_what_to_do(rule: type[LintRule]) -> None:
    for said in (rule.title, rule.reason, rule.before, rule.after, *rule.ways_out):
        assert said.strip()
    assert rule.ways_out
    assert not rule.title.endswith(".")
    assert rule.reason.endswith(".")
    assert not any(way.endswith(".") for way in rule.ways_out)
