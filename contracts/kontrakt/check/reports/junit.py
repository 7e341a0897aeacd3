"""JUnit's XML: a test case a topic.

A finding that lets the check fail, or is waived, is in the case of the topic that it reaches. One that reaches several topics, or
none, has a case of its own, so that it is told once; topics that it reaches and that have no finding of their own have no case,
because they do not pass. Every other finding is in the output of the suite.

The XML is what both usual schemas take, Apache Ant's (Windy Road's ``JUnit.xsd``) and Jenkins' (``junit-10.xsd``).
"""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree as ET

from kontrakt.check.findings import Finding, Report

from .view import View, body, compared, one_line, some

_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'


def render(report: Report, view: View) -> str:
    """A report as XML."""
    told = [finding for finding in report.findings if finding.waived or _fails(finding, report)]
    cases: dict[tuple[str, str], list[Finding]] = {("topic", topic): [] for topic in report.topics}
    for finding in told:
        case = ("topic", finding.topics[0]) if len(finding.topics) == 1 else ("shared", finding.subject_of)
        cases.setdefault(case, []).append(finding)
    reached = {topic for finding in told if len(finding.topics) > 1 for topic in finding.topics}
    elements = [_case(kind, name, found) for (kind, name), found in cases.items() if found or name not in reached]
    root = ET.Element("testsuites")
    suite = ET.SubElement(
        root,
        "testsuite",
        name=f"kontrakt {report.command}",
        package="kontrakt",
        id="0",
        timestamp=view.when.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname="localhost",
        tests=str(len(elements)),
        failures=str(sum(element.find("failure") is not None for element in elements)),
        errors="0",
        skipped=str(sum(element.find("skipped") is not None for element in elements)),
        time="0",
    )
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="against", value=one_line(report.against))
    ET.SubElement(properties, "property", name="fail_on", value=report.fail_on.value)
    suite.extend(elements)
    minor = [_told(finding) for finding in report.open if not _fails(finding, report)]
    said = [compared(report), *map(one_line, report.notes), *minor]
    ET.SubElement(suite, "system-out").text = "\n".join(said)
    ET.SubElement(suite, "system-err")
    ET.indent(root)
    return f"{_DECLARATION}\n{ET.tostring(root, encoding='unicode')}\n"


def _fails(finding: Finding, report: Report) -> bool:
    return not finding.waived and finding.severity.at_least(report.fail_on)


def _case(kind: str, name: str, findings: list[Finding]) -> ET.Element:
    case = ET.Element("testcase", name=one_line(name), classname=f"kontrakt.{kind}", time="0")
    failing = [finding for finding in findings if not finding.waived]
    if failing:
        first, *others = (one_line(finding.message) for finding in failing)
        message = f"{first} and {len(others)} more" if others else first
        failure = ET.SubElement(case, "failure", message=message, type=failing[0].rule)
        failure.text = "\n\n".join(_told(finding) for finding in failing)
    elif findings:
        reasons = dict.fromkeys(finding.waived for finding in findings)
        ET.SubElement(case, "skipped", message=f"waived: {some(reasons, 'reason')}")
    return case


def _told(finding: Finding) -> str:
    return f"{finding.severity.value}: {one_line(finding.message)}\n{body(finding)}"
