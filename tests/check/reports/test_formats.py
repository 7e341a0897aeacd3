"""What holds of every report in a format: whoever reads the format can read it, and nothing in a schema acts there."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from kontrakt.check.findings import Finding, Report, Severity, merged
from kontrakt.check.reports import FORMATS, View, markdown, render, view
from kontrakt.check.reports import json as json_format
from kontrakt.errors import Position
from markdown_it import MarkdownIt

from tests.check.reports.examples import CROWD, HARM, MANY, NOTHING, REMOVED, REPORTS, SHOP, TOPICS, TRICKY, VIEW

JUNIT = xmlschema.XMLSchema(Path(__file__).with_name("junit.xsd"))
ALLOWED = {"h2", "h3", "p", "ul", "li", "strong", "blockquote", "pre", "code", "details", "summary", "b"}
"""The elements that a comment may consist of."""

odd = st.sampled_from(
    [
        "`",
        "``",
        "<b>",
        "</details>",
        "-->",
        "\n::error::x",
        "%0A",
        "@a",
        "#1",
        "|",
        "\x1b[0m",
        "\u202e",
        "]]>",
        "{0}",
        "[a](b)",
        "* a",
        "\n\n# h",
        "\\",
        "&amp;",
        "https://a.b",
        "\x9b",
        "\x00",
    ]
)
texts = st.lists(odd | st.text(max_size=8), max_size=6).map("".join)
names = st.lists(texts, max_size=3, unique=True).map(tuple)
places = st.none() | st.builds(
    Position, file=texts | texts.map(lambda text: f"{text}.avsc"), line=st.integers(1, 9), column=st.integers(1, 9)
)
findings = st.builds(
    Finding,
    rule=st.sampled_from(["field-removed", "waiver-unused"]),
    severity=st.sampled_from(Severity),
    message=texts,
    reason=texts,
    subject_of=texts,
    change=texts,
    breaks=names,
    ways_out=names,
    new=places,
    old=places,
    topics=names.map(sorted).map(tuple),
    example=texts,
    waived=st.just("") | texts,
)
reports = st.builds(
    Report,
    against=texts,
    findings=st.lists(findings, max_size=4).map(merged),
    topics=names.map(sorted).map(tuple),
    subjects=st.integers(0, 2_000),
    notes=names,
    fail_on=st.sampled_from(Severity),
)


def any_report(test: Callable[..., None]) -> Callable[..., None]:
    """Runs a test with reports of every kind as its ``report``."""
    return given(report=reports)(test)


examples = pytest.mark.parametrize("report", REPORTS.values(), ids=REPORTS)


# --- all of them --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FORMATS)
@any_report
def test_every_report_is_rendered_the_same_twice_and_can_be_written(name: str, report: Report) -> None:
    said = render(name, report, VIEW)
    assert said == render(name, report, VIEW)
    assert said.endswith("\n")
    said.encode("utf-8")


def test_a_format_that_does_not_exist() -> None:
    with pytest.raises(KeyError):
        render("html", SHOP)


def test_paths_start_from_the_repository() -> None:
    inside = View(root="/repository", folder="/repository/services/shop")
    assert inside.path("schemas/a.avsc") == "services/shop/schemas/a.avsc"
    assert inside.path("../types/a.avsc") == "services/types/a.avsc"
    assert inside.path("/repository/a.avsc") == "a.avsc"
    assert inside.path("/elsewhere/a.avsc") == "/elsewhere/a.avsc"
    assert View().path("./schemas/a.avsc") == "schemas/a.avsc"


@pytest.mark.parametrize(
    ("new", "old", "shown"),
    [
        ("schemas/a.avsc", "before/a.avsc", "schemas/a.avsc"),
        ("", "before/a.avsc", "before/a.avsc"),
        ("", "C:/before/a.avsc", "C:/before/a.avsc"),
        ("", "origin/main:schemas/a.avsc", "kontrakt.toml"),
        ("", "a-value version 3", "kontrakt.toml"),
        ("", "", "kontrakt.toml"),
    ],
)
def test_where_a_finding_is_shown(new: str, old: str, shown: str) -> None:
    new_place, old_place = (Position(file, 3, 4) if file else None for file in (new, old))
    place = view.anchor(replace(REMOVED, new=new_place, old=old_place))
    assert (place.file, place.line) == (shown, 1 if shown == "kontrakt.toml" else 3)


# --- json ---------------------------------------------------------------------------------------------------------------


def json_validator() -> Any:
    schema = json.loads(json_format.schema())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@any_report
def test_json_is_valid_and_says_everything(report: Report) -> None:
    said = json.loads(render("json", report))
    json_validator().validate(said)
    assert [finding["fingerprint"] for finding in said["findings"]] == [one.fingerprint for one in report.findings]
    assert said["failed"] == report.failed


@examples
def test_json_of_the_examples_is_valid(report: Report) -> None:
    json_validator().validate(json.loads(render("json", report)))


def test_the_json_schema_describes_every_member_and_no_other() -> None:
    schema = json.loads(json_format.schema())
    said = json.loads(render("json", SHOP))
    assert list(schema["properties"]) == list(said)
    assert schema["properties"]["version"]["const"] == said["version"]
    finding = schema["$defs"]["finding"]
    assert list(finding["properties"]) == list(said["findings"][0]) == finding["required"]
    assert list(schema["$defs"]["place"]["properties"]) == list(said["findings"][0]["new"])


@pytest.mark.parametrize(
    ("member", "wrong"),
    [("version", 2), ("findings", ["none"]), ("fail_on", "fatal"), ("counts", "none"), ("topics", ["a", "a"])],
)
def test_the_json_schema_refuses_what_is_wrong(member: str, wrong: object) -> None:
    with pytest.raises(jsonschema.ValidationError):
        json_validator().validate(json.loads(render("json", SHOP)) | {member: wrong})


# --- github -------------------------------------------------------------------------------------------------------------


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub's runner makes of lines: it knows a command by the two colons at the beginning of a line."""
    found: list[tuple[str, dict[str, str], str]] = []
    for line in text.split("\n"):
        if line.lstrip().startswith("::"):
            head, data = line.lstrip()[2:].split("::", 1)
            name, _, said = head.partition(" ")
            pairs = (pair.split("=", 1) for pair in said.split(",") if pair)
            found.append((name, {key: unescaped(value) for key, value in pairs}, unescaped(data)))
    return found


def unescaped(text: str) -> str:
    return text.replace("%3A", ":").replace("%2C", ",").replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")


@any_report
def test_github_gets_one_command_a_finding_and_no_other(report: Report) -> None:
    said = render("github", report, VIEW)
    found = commands(said)
    levels = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
    assert [name for name, _, _ in found] == [levels[finding.severity] for finding in report.open]
    for finding, (_, properties, data) in zip(report.open, found, strict=True):
        assert properties["title"].endswith(f"({finding.rule})")
        assert finding.fingerprint in data
        if finding.new is not None:
            assert (properties["line"], properties["col"]) == (str(finding.new.line), str(finding.new.column))
    lines = said.rstrip("\n").split("\n")
    assert len(lines) == len(report.open) + 1 + len(report.notes)
    assert all("##[" not in line for line in lines[len(report.open) :])


def test_github_text_comes_back_as_it_was() -> None:
    (first, *_) = commands(render("github", TRICKY, VIEW))
    assert first[1]["file"] == "services/shop/schemas/a b,c:d%e#f.avsc"
    assert "c%0Ad" in first[2]
    assert "<script>alert(1)</script>" in first[1]["title"]
    assert len(first[2].split("\n")) == 7


# --- gitlab -------------------------------------------------------------------------------------------------------------


@any_report
def test_gitlab_gets_what_it_needs(report: Report) -> None:
    issues = json.loads(render("gitlab", report, VIEW))
    assert [issue["fingerprint"] for issue in issues] == [finding.fingerprint for finding in report.open]
    for issue in issues:
        assert issue["severity"] in {"info", "minor", "major", "critical", "blocker"}
        assert issue["description"].strip()
        assert not issue["location"]["path"].startswith("./")
        assert issue["location"]["lines"]["begin"] >= 1


# --- junit --------------------------------------------------------------------------------------------------------------


@any_report
def test_junit_is_valid_and_counts_right(report: Report) -> None:
    said = render("junit", report, VIEW)
    JUNIT.validate(said)
    (suite,) = ET.fromstring(said)
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase"))
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure"))
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped"))
    assert (suite.attrib["failures"] != "0") == report.failed
    told = "".join(suite.itertext())
    for finding in report.open:
        assert told.count(finding.fingerprint) == 1


def test_junit_tells_a_finding_of_700_topics_once() -> None:
    (suite,) = ET.fromstring(render("junit", MANY, VIEW))
    assert [case.attrib["name"] for case in suite.findall("testcase")] == ["shop.types.Money.amount"]
    (crowd,) = ET.fromstring(render("junit", CROWD, VIEW))
    assert [case.attrib["name"] for case in crowd.findall("testcase")] == list(TOPICS)


def test_junit_says_when() -> None:
    view = View(when=datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC))
    assert 'timestamp="2026-12-31T23:59:58"' in render("junit", NOTHING, view)


# --- sarif --------------------------------------------------------------------------------------------------------------


def sarif_validator(schema: Any) -> Any:
    return jsonschema.Draft7Validator(schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)


@examples
def test_sarif_is_valid(report: Report, sarif_schema: Any) -> None:
    said = json.loads(render("sarif", report, VIEW))
    sarif_validator(sarif_schema).validate(said)


@any_report
def test_sarif_of_any_report_is_valid(report: Report, sarif_schema: Any) -> None:
    sarif_validator(sarif_schema).validate(json.loads(render("sarif", report, VIEW)))


@any_report
def test_sarif_says_what_code_scanning_needs(report: Report) -> None:
    (run,) = json.loads(render("sarif", report, VIEW))["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert len(run["results"]) == len(report.findings)
    for finding, result in zip(report.findings, run["results"], strict=True):
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == finding.rule
        (location,) = result["locations"]
        assert re.fullmatch(r"[A-Za-z0-9/_.~%-]+", location["physicalLocation"]["artifactLocation"]["uri"])
        assert bool(result.get("suppressions")) == bool(finding.waived)
        assert not re.search(r"(?<!\{)\{\d+\}", result["message"]["text"])
        assert "](" not in result["message"]["text"]


def test_sarif_explains_the_rules_that_it_names() -> None:
    (run,) = json.loads(render("sarif", REPORTS["nothing"], VIEW))["runs"]
    assert run["tool"]["driver"]["rules"] == []
    unused = Finding(rule="waiver-unused", severity=Severity.INFO, message="m", reason="r", subject_of="s")
    (run,) = json.loads(render("sarif", Report(against="", findings=(unused,)), VIEW))["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["help"]["markdown"].startswith("# waiver-unused: a waiver matches no finding\n")
    assert rule["defaultConfiguration"] == {"level": "note"}


# --- markdown -----------------------------------------------------------------------------------------------------------


class Elements(HTMLParser):
    """The elements, the comments, and the text outside code of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.open: list[str] = []
        self.attributes: list[Any] = []
        self.comments: list[str] = []
        self.prose = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[Any]) -> None:
        self.found.append(tag)
        self.open.append(tag)
        self.attributes.extend(attr for attr in attrs if (tag, attr) != ("code", ("class", "language-text")))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "code" not in self.open:
            self.prose += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_decl(self, decl: str) -> None:
        self.found.append(decl)

    def handle_pi(self, data: str) -> None:
        self.found.append(data)


def shown(report: Report) -> Elements:
    """A comment as a reader of Markdown shows it: CommonMark with HTML, tables and struck words."""
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    return Elements(reader.render(render("markdown", report, VIEW)))


@any_report
def test_nothing_in_a_schema_acts_in_a_comment(report: Report) -> None:
    page = shown(report)
    assert set(page.found) <= ALLOWED
    assert page.attributes == []
    assert page.open == []
    assert page.comments == [f" kontrakt-{report.command}: shop "]
    assert page.found.count("details") == len(report.open) + bool(report.waived)
    assert page.found.count("h2") == 1


@any_report
def test_a_comment_mentions_nobody_and_links_nowhere(report: Report) -> None:
    said = shown(report).prose
    assert not re.search(r"[@#]\w", said)
    assert "://" not in said
    assert "www." not in said


@examples
def test_a_comment_is_never_longer_than_github_takes(report: Report) -> None:
    assert len(render("markdown", report, VIEW)) <= markdown.LONGEST


def test_a_comment_of_very_many_findings_says_what_it_leaves_out() -> None:
    said = render("markdown", CROWD, VIEW)
    shown_ones = said.count("<summary>")
    assert f"{700 - shown_ones} more findings did not fit here" in said
    assert shown_ones > 50
    assert "- **service-0**" in said
    assert "- 681 others" in said


def test_long_texts_cannot_push_the_others_out() -> None:
    long = Finding(
        rule="r",
        severity=Severity.ERROR,
        message="m" * 70_000,
        reason="r" * 70_000,
        subject_of="s",
        breaks=("b" * 70_000,),
        ways_out=("w" * 70_000,),
        example="e" * 70_000,
        waived="",
    )
    report = Report(against="a" * 70_000, findings=(long, REMOVED), notes=("n" * 70_000,))
    said = render("markdown", report, VIEW)
    assert len(said) <= markdown.LONGEST
    assert "<code>email</code> was removed" in said


def test_the_summary_comes_first_then_who_breaks_then_what_changed() -> None:
    said = render("markdown", SHOP, VIEW)
    assert said.startswith("<!-- kontrakt-check: shop -->\n## kontrakt: 2 errors, 1 warning")
    assert said.index("### Who breaks") < said.index("- **billing-service**") < said.index("### What changed")
    assert "Nobody breaks." in render("markdown", MANY, VIEW)


@pytest.mark.parametrize("key", ["shop", "a b", "--> <b>", "a--b", "", "ü/`x`"])
def test_a_key_cannot_end_the_marker(key: str) -> None:
    marker = markdown.marker(key)
    assert re.fullmatch(r"<!-- kontrakt-check: [A-Za-z0-9._/-]* -->", marker)
    assert "--" not in marker[4:-3]


# --- text ---------------------------------------------------------------------------------------------------------------


@any_report
def test_nothing_in_a_schema_acts_on_a_terminal(report: Report) -> None:
    said = render("text", report)
    assert "\x1b" not in said
    unseen = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not [char for char in said if unicodedata.category(char) in unseen and char not in "\n\u200c\u200d"]


@examples
def test_text_fits_80_columns_where_names_do(report: Report) -> None:
    for line in render("text", report).splitlines():
        assert len(line) <= 80 or " " not in line.strip()


def test_color_changes_nothing_but_color() -> None:
    colored = render("text", TRICKY, View(color=True))
    assert "\x1b[1;31merror\x1b[0m" in colored
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render("text", TRICKY)


def test_text_says_all_that_a_repair_takes() -> None:
    said = " ".join(render("text", SHOP).split())
    for fact in (
        REMOVED.message,
        REMOVED.reason,
        *REMOVED.breaks,
        *REMOVED.ways_out,
        REMOVED.rule,
        REMOVED.fingerprint,
    ):
        assert fact in said
    assert str(REMOVED.new) in said
    assert str(REMOVED.old) in said


def test_the_package_carries_the_json_schema() -> None:
    assert files("kontrakt.check.reports").joinpath("check.schema.json").is_file()


def test_the_harm_is_harmful() -> None:
    """The finding that is out to do harm would do it if it were not escaped."""
    page = Elements(MarkdownIt("commonmark", {"html": True}).render(f"{HARM.message}\n\n{HARM.reason}"))
    assert {"script", "a", "img"} & set(page.found)
