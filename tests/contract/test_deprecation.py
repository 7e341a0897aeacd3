"""Fields that are marked deprecated: what the mark says, what is wrong with it, when the field may go."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kontrakt.avro import Field, Record, parse
from kontrakt.contract import from_files
from kontrakt.contract.deprecation import Deprecation, deprecation, may_be_removed
from kontrakt.errors import ContractErrors, Problem

TODAY = date(2026, 3, 1)
PERIOD = timedelta(days=90)


def marked(mark: Any) -> Field:
    said = {"name": "phone", "type": "string", "deprecated": mark}
    record = parse({"type": "record", "name": "Customer", "fields": [said]})
    assert isinstance(record, Record)
    return record.fields[0]


def problems(mark: str) -> list[Problem]:
    """What is said about a mark, written as JSON at line 3."""
    text = (
        '{"type": "record", "namespace": "a", "name": "Customer", "fields": [\n'
        '{"name": "phone", "type": "string",\n'
        f'"deprecated": {mark}}}]}}'
    )
    try:
        from_files({"a.avsc": text.encode()})
    except ContractErrors as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize(
    ("mark", "means"),
    [
        (False, None),
        (True, Deprecation(None, "")),
        ("use email", Deprecation(None, "use email")),
        ({"since": "2026-01-31"}, Deprecation(date(2026, 1, 31), "")),
        ({"since": "2026-01-31", "reason": "use email"}, Deprecation(date(2026, 1, 31), "use email")),
        # What a registry may hold from other tools.
        ({"since": "2026-02-30", "reason": 3}, Deprecation(None, "")),
        (None, Deprecation(None, "")),
        (7, Deprecation(None, "")),
    ],
)
def test_what_a_mark_means(mark: Any, means: Deprecation | None) -> None:
    assert deprecation(marked(mark)) == means


def test_a_field_without_a_mark() -> None:
    record = parse({"type": "record", "name": "A", "fields": [{"name": "f", "type": "int"}]})
    assert isinstance(record, Record)
    assert deprecation(record.fields[0]) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda v: st.dictionaries(st.sampled_from(["since", "reason", "x"]), v) | st.lists(v),
    )
)
def test_no_mark_is_too_odd_to_be_read(mark: Any) -> None:
    found = deprecation(marked(mark))
    assert (found is None) == (mark is False)
    may_be_removed(marked(mark), today=TODAY, period=PERIOD)


@pytest.mark.parametrize(
    "mark", ["true", "false", '"use email"', '{"since": "2026-01-31"}', '{"since": "2026-01-31", "reason": "x"}']
)
def test_marks_that_are_right(mark: str) -> None:
    assert problems(mark) == []


@pytest.mark.parametrize(
    ("mark", "column", "said", "hint"),
    [
        ('""', 15, "must be true, a text or an object", "2026-01-31"),
        ("null", 15, "must be true, a text or an object", "2026-01-31"),
        ("3", 15, "must be true, a text or an object", "2026-01-31"),
        ("{}", 15, "does not say since when", "2026-01-31"),
        ('{"reason": "x"}', 15, "does not say since when", "2026-01-31"),
        ('{"since": "2026-02-30"}', 25, "'2026-02-30' is not a day", "2026-01-31"),
        ('{"since": "20260131"}', 25, "'20260131' is not a day", "2026-01-31"),
        ('{"since": "31.01.2026"}', 25, "is not a day", "2026-01-31"),
        ('{"since": 2026}', 25, "2026 is not a day", "2026-01-31"),
        ('{"since": "2026-01-31", "reason": " "}', 49, "not empty", "such as"),
        ('{"since": "2026-01-31", "reson": "x"}', 48, 'has no "reson"', 'did you mean "reason"?'),
    ],
)
def test_marks_that_are_wrong(mark: str, column: int, said: str, hint: str) -> None:
    (problem,) = problems(mark)
    assert str(problem.position) == f"a.avsc:3:{column}"
    assert said in problem.message
    assert hint in problem.hint


def test_the_parameters_of_operations_are_held_to_it_once() -> None:
    protocol = {
        "protocol": "P",
        "namespace": "a",
        "topic": {"kind": "request", "name": "a.p", "key": "id", "owner": "a"},
        "messages": {
            "do": {
                "request": [
                    {"name": "id", "type": "string"},
                    {"name": "old", "type": "string", "default": "", "deprecated": {"since": "soon"}},
                ],
                "response": "null",
            }
        },
    }
    with pytest.raises(ContractErrors) as raised:
        from_files({"a.avpr": json.dumps(protocol).encode()})
    assert [problem.message for problem in raised.value.problems] == ["'soon' is not a day"]


def test_the_mark_reaches_the_registry() -> None:
    record = {
        "type": "record",
        "namespace": "a",
        "name": "A",
        "fields": [{"name": "f", "type": "int", "deprecated": "x"}],
    }
    (document,) = from_files({"a.avsc": json.dumps(record).encode()}).documents.values()
    assert json.loads(document.text)["fields"][0]["deprecated"] == "x"


@pytest.mark.parametrize(
    ("mark", "consumers", "obstacles"),
    [
        ({"since": "2025-12-01"}, (), ()),
        ({"since": "2025-12-02"}, (), ("`phone` is marked deprecated since 2025-12-02; it may go in 1 day",)),
        ({"since": "2026-03-01"}, (), ("`phone` is marked deprecated since 2026-03-01; it may go in 90 days",)),
        ({"since": "9999-12-31"}, (), ("`phone` is marked deprecated since 9999-12-31; it may go in 2912473 days",)),
        ({"since": "2025-01-01"}, ("billing",), ("`phone` is read by billing",)),
        (True, (), ("`phone` is marked deprecated without a day from which 90 days could run",)),
        (
            False,
            ("a", "b"),
            ("`phone` is read by a", "`phone` is read by b", "`phone` was not marked deprecated for 90 days before"),
        ),
    ],
)
def test_when_a_field_may_go(mark: Any, consumers: tuple[str, ...], obstacles: tuple[str, ...]) -> None:
    removal = may_be_removed(marked(mark), today=TODAY, period=PERIOD, consumers=consumers)
    assert removal.obstacles == obstacles
    assert removal.allowed == (not obstacles)
