"""Repairs: what they write, and that they change nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.check.findings import Report
from kontrakt.contract import Contracts, from_files
from kontrakt.errors import KontraktError
from kontrakt.lint.fix import FIXABLE, fixed, judged, repaired
from kontrakt.lint.options import Options
from kontrakt.lint.run import lint

from tests.avro.strategies import schemas


def again(files: Mapping[str, bytes]) -> tuple[Contracts, Report]:
    contracts = from_files(files)
    return contracts, lint(contracts, files, Options())


def repair(text: str | bytes, file: str = "a.avsc") -> bytes:
    """A file after all repairs."""
    files = {file: text.encode() if isinstance(text, str) else text}
    after, report, _ = repaired(*again(files)[:1], files, again(files)[1], again)
    assert not [
        finding for finding in report.open if finding.rule in FIXABLE and "null first" not in finding.ways_out[0]
    ]
    return after[file]


def in_record(field: str) -> str:
    return f'{{"type": "record", "name": "A", "fields": [{field}]}}'


FIELDS: Final = [
    ('{"name": "a", "type": ["null", "int"]}', '{"name": "a", "type": ["null", "int"], "default": null}'),
    (
        '{"type":[ "null","int" ] , "name":"a" }',
        '{"type":[ "null","int" ], "default": null , "name":"a" }',
    ),
    (
        '{"name": "a", "type": [{"type": "null"}, {"type": "string", "x": "]}\\"\\\\"}]}',
        '{"name": "a", "type": [{"type": "null"}, {"type": "string", "x": "]}\\"\\\\"}], "default": null}',
    ),
    ('{\n\t"name": "a",\n\t"type": ["null"]\n}', '{\n\t"name": "a",\n\t"type": ["null"],\n\t"default": null\n}'),
    (
        '{\r\n  "type": ["null", "int"],\r\n  "name": "a"\r\n}',
        '{\r\n  "type": ["null", "int"],\r\n  "default": null,\r\n  "name": "a"\r\n}',
    ),
    ('{"name": "a", "type": ["int", "null"]}', ""),
    ('{"name": "a", "type": ["null", "int"], "default": null}', ""),
    ('{"name": "a", "type": ["null", "int"], "waive": {"nullable-without-default": "why"}}', ""),
    ('{"name": "a", "type": "int", "aliases": ["a"]}', '{"name": "a", "type": "int"}'),
    ('{"aliases": ["a"], "name": "a", "type": "int"}', '{"name": "a", "type": "int"}'),
    ('{"name": "a", "type": "int", "aliases": ["b", "a", "c"]}', '{"name": "a", "type": "int", "aliases": ["b", "c"]}'),
    ('{"name": "a", "type": "int", "aliases": [\n"a" ,\n "c"]}', '{"name": "a", "type": "int", "aliases": [\n"c"]}'),
    ('{"name": "a", "type": "int", "waive": {"soft-delete": "x"}}', '{"name": "a", "type": "int"}'),
    (
        '{"name": "a", "type": ["null", "int"], "waive": {"soft-delete": "x", "money-as-float": "y"}}',
        '{"name": "a", "type": ["null", "int"], "default": null}',
    ),
    (
        '{"name": "a", "type": "int", "waive": {"soft-delete": "x", "field-without-doc": "y"}}',
        '{"name": "a", "type": "int", "waive": {"field-without-doc": "y"}}',
    ),
    (
        '{"name": "a", "aliases": ["a"], "type": ["null", {"type": "int", "waive": {"soft-delete": "x"}}]}',
        '{"name": "a", "type": ["null", {"type": "int"}], "default": null}',
    ),
]


@pytest.mark.parametrize(("before", "after"), FIELDS)
def test_what_is_written(before: str, after: str) -> None:
    assert repair(in_record(before)).decode() == in_record(after or before)


def test_parameters_of_operations_are_repaired_too() -> None:
    before = '{"protocol": "P", "messages": {"m": {"request": [{"name": "a", "type": ["null", "int"]}], "response": "null"}}}'
    text = before.replace(
        '"protocol": "P"', '"protocol": "P", "topic": {"kind": "request", "name": "p", "key": null, "owner": "o"}'
    )
    assert repair(text, "p.avpr").decode() == text.replace('["null", "int"]', '["null", "int"], "default": null')


def test_a_mark_at_the_beginning_stays() -> None:
    before = b"\xef\xbb\xbf" + in_record('{"name": "\u00fc", "type": ["null"]}').replace("\u00fc", "a").encode()
    assert repair(before) == before.replace(b'["null"]', b'["null"], "default": null')


def test_what_pulled_files_say_is_left() -> None:
    files = {"a.avsc": in_record('{"name": "a", "type": ["null", "int"]}').encode()}
    contracts = from_files(files, foreign=frozenset(files))
    report = lint(contracts, files)
    assert report.findings == ()
    assert fixed(files, report.open) == (files, [])


def test_findings_that_are_let_pass_elsewhere_are_left() -> None:
    files = {"a.avsc": in_record('{"name": "a", "type": ["null", "int"]}').encode()}
    contracts, report = again(files)
    leave = {finding.fingerprint for finding in report.findings}
    assert repaired(contracts, files, report, again, leave) == (files, report, [])


def test_a_repair_that_repairs_nothing_or_changes_a_meaning_is_refused() -> None:
    files = {"a.avsc": in_record('{"name": "a", "type": ["null", "int"]}').encode()}
    contracts, report = again(files)
    (finding,) = (one for one in report.findings if one.rule in FIXABLE)
    with pytest.raises(KontraktError, match="did not repair it; nothing was written"):
        judged(contracts, contracts, report, [finding])
    other, clean = again({"a.avsc": in_record('{"name": "a", "type": "string"}').encode()})
    with pytest.raises(KontraktError, match="would change what A means; nothing was written"):
        judged(contracts, other, clean, [finding])


# --- properties ---------------------------------------------------------------------------------------------------------


def _mistaken(said: Any, draw: st.DataObject) -> Any:
    """A schema with fields that may be repaired."""
    if is_array(said):
        return [_mistaken(one, draw) for one in said]
    if not is_object(said):
        return said
    more: dict[str, Any] = {key: _mistaken(one, draw) for key, one in said.items()}
    if "name" in more and "type" in more and not {"fields", "symbols", "size"} & more.keys():
        if draw.draw(st.booleans()):
            name = more["name"]
            orders = st.permutations([name, f"{name}_x", f"{name}_y"])
            more["aliases"] = draw.draw(orders)[: draw.draw(st.integers(1, 3))]
        if draw.draw(st.booleans()):
            more["waive"] = draw.draw(
                st.sampled_from([{"soft-delete": "x"}, {"soft-delete": "x", "uuid-as-text": "y"}])
            )
    return more


def _expected(said: Any) -> Any:
    """The same schema repaired."""
    if is_array(said):
        return [_expected(one) for one in said]
    if not is_object(said):
        return said
    more: dict[str, Any] = {key: _expected(one) for key, one in said.items() if key != "waive"}
    kind = more.get("type")
    if "name" in more and is_array(kind) and kind and kind[0] in ("null", {"type": "null"}):
        more["default"] = None
    if more.get("name") in more.get("aliases", ()):
        more["aliases"] = [name for name in more["aliases"] if name != more["name"]]
    return {key: one for key, one in more.items() if one != [] or key != "aliases"}


@settings(max_examples=40)
@given(schemas(), st.data(), st.sampled_from([None, 1, 3, "\t"]), st.sampled_from(["\n", "\r\n"]))
def test_it_changes_what_it_says_and_nothing_else(
    schema: Any, draw: st.DataObject, indent: int | str | None, newline: str
) -> None:
    wrapped = {"type": "record", "name": "Outermost", "fields": [{"name": "f", "type": schema}]}
    said = _mistaken(wrapped, draw)
    before = json.dumps(said, indent=indent).replace("\n", newline)
    files = {"a.avsc": before.encode()}
    contracts, report = again(files)
    after, _, findings = repaired(contracts, files, report, again)
    text = after["a.avsc"].decode()
    assert json.loads(text) == _expected(said)
    assert fixed(after, again(after)[1].open) == (dict(after), [])  # a second time there is nothing to do
    assert bool(findings) is (text != before)
    if indent is not None:  # its layout stays: members and items on lines of their own, with the same indent
        assert text == json.dumps(json.loads(text), indent=indent).replace("\n", newline)
