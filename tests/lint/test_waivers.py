"""What a schema lets pass: where a waiver counts, and what is said of those that do not."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
from kontrakt.check.findings import Finding, Severity
from kontrakt.contract import from_files
from kontrakt.lint.options import Options
from kontrakt.lint.run import lint

from .linting import entity, enum, field, files, linted, operation, protocol

ENUM: Final = {"enum-without-default": "there are two"}
NO_DOC: Final = {"field-without-doc": "it is plain"}


def by_rule(said: Any, rule: str) -> list[Finding]:
    return [finding for finding in linted(files(said)).findings if finding.rule == rule]


@pytest.mark.parametrize(
    "said",
    [
        entity(field("color", enum(default=..., waive=ENUM))),
        entity(field("color", enum(default=...), waive=ENUM)),
        entity(field("color", enum(default=...)), waive=ENUM),
        entity(field("colors", {"type": "map", "values": enum(default=...), "waive": ENUM})),
        entity(field("colors", {"type": "array", "items": ["null", enum(default=..., waive=ENUM)]})),
        protocol(mend=operation(field("color", enum(default=...)), waive=ENUM)),
        {**protocol(mend=operation(field("color", enum(default=...)))), "waive": ENUM},
    ],
)
def test_it_counts_where_it_stands_and_for_what_is_inside(said: Any) -> None:
    report = linted(files(said))
    assert [(finding.rule, finding.waived) for finding in report.findings] == [
        ("enum-without-default", "there are two")
    ]
    assert not report.open


def test_it_counts_for_a_topic_and_its_key() -> None:
    said = entity(
        field("email"), key="email", topic={"name": "Things"}, waive={"key-can-change": "a", "topic-name-style": "b"}
    )
    assert sorted(finding.waived for finding in linted(files(said)).findings) == ["a", "b"]


def test_one_beside_it_does_not_count() -> None:
    said = entity(field("color", enum(default=...)), field("size", waive=ENUM))
    assert [finding.waived for finding in by_rule(said, "enum-without-default")] == [""]
    (unused,) = by_rule(said, "schema-waiver-unused")
    assert unused.message == "nothing in `size` is found by enum-without-default"


def test_the_nearest_says_why() -> None:
    said = entity(field("a", doc="", waive={"field-without-doc": "nearer"}), waive=NO_DOC)
    assert [finding.waived for finding in by_rule(said, "field-without-doc")] == ["nearer"]


def test_one_finding_of_several_places_is_open_while_one_place_is_not_waived() -> None:
    one, other = enum("A", "X", namespace="Shop"), enum("B", "X", namespace="Shop", waive={"namespace-style": "old"})
    for fields in ((field("a", one), field("b", other)), (field("a", other), field("b", one))):
        assert [finding.waived for finding in by_rule(entity(*fields), "namespace-style")] == [""]


def test_places_are_found_on_one_line_and_behind_a_mark() -> None:
    said = entity(field("\u00fcber", doc="").copy() | {"name": "a", "doc": "", "waive": NO_DOC})
    written = {"a.avsc": b"\xef\xbb\xbf" + json.dumps(said, ensure_ascii=False).encode()}
    assert [finding.waived for finding in lint(from_files(written), written).findings] == ["it is plain"]


def test_what_has_the_name_only_waives_nothing() -> None:
    default = {"waive": {"field-without-doc": "no"}}
    kind = {"type": "map", "values": {"type": "map", "values": "string"}}
    said = entity({"name": "a", "type": kind, "default": default}, custom={"waive": {"field-without-doc": "no"}})
    assert [(finding.rule, finding.waived) for finding in linted(files(said)).findings] == [("field-without-doc", "")]


def test_of_a_rule_that_is_switched_off_none_is_unused() -> None:
    written = files(entity(waive=ENUM))
    assert [finding.rule for finding in linted(written).findings] == ["schema-waiver-unused"]
    assert linted(written, severities={"enum-without-default": None}).findings == ()


def test_severities_are_those_that_are_set() -> None:
    written = files(entity(field("a", doc="")))
    assert [one.severity for one in linted(written).findings] == [Severity.INFO]
    raised = lint(from_files(written), written, Options(severities={"field-without-doc": Severity.ERROR}))
    assert [one.severity for one in raised.findings] == [Severity.ERROR]
    assert raised.failed


def test_the_same_finding_has_the_same_fingerprint_after_edits_elsewhere() -> None:
    before = entity(field("a", doc=""))
    after = entity(field("z"), field("a", doc=""), doc="More.")
    assert [f.fingerprint for f in linted(files(before)).findings] == [
        f.fingerprint for f in linted(files(after)).findings
    ]


def test_fields_of_one_name_have_waivers_of_their_own() -> None:
    inner = {"type": "record", "name": "Inner", "doc": "In.", "fields": [field("note", waive=ENUM)]}
    said = entity(field("note", waive=ENUM), field("inner", inner))
    assert [finding.subject_of for finding in by_rule(said, "schema-waiver-unused")] == [
        "0.avsc Thing fields note enum-without-default",
        "0.avsc Thing fields inner Inner fields note enum-without-default",
    ]
