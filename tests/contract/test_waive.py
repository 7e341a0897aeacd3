"""The attribute that lets findings of lint pass: nobody but lint sees it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest
from kontrakt.avro.placed import read
from kontrakt.avro.render import to_json, waiving
from kontrakt.avro.shapes import is_array, is_object
from kontrakt.check.changes.compare import diff
from kontrakt.check.compare import compare
from kontrakt.check.sources.snapshot import from_files as past_of
from kontrakt.contract import from_files
from kontrakt.files import read_files
from kontrakt.settings import Settings
from kontrakt_codegen import run

from tests.golden import contents

ROOT: Final = Path(__file__).parents[2]
WAIVE: Final = {"some-rule": "a reason"}


def waived(said: Any, role: str = "schema") -> Any:
    """A file that waives wherever Avro takes attributes."""
    if is_array(said):
        return [waived(one, {"fields": "field"}.get(role, role)) for one in said]
    if not is_object(said):
        return said
    inside: dict[str, str] = {
        "schema": {"type": "schema", "items": "schema", "values": "schema", "types": "schema", "fields": "fields"},
        "field": {"type": "schema"},
        "message": {"request": "fields", "response": "schema", "errors": "schema"},
    }[role]
    shown: dict[str, Any] = {key: waived(one, inside[key]) if key in inside else one for key, one in said.items()}
    if "messages" in said:
        shown["messages"] = {name: waived(one, "message") for name, one in said["messages"].items()}
    return {"waive": WAIVE, **shown}


@pytest.fixture(scope="module")
def plain() -> dict[str, bytes]:
    return read_files(ROOT / "schemas")


@pytest.fixture(scope="module")
def marked(plain: dict[str, bytes]) -> dict[str, bytes]:
    return {file: json.dumps(waived(json.loads(data)), ensure_ascii=False).encode() for file, data in plain.items()}


def test_it_stands_in_many_places(marked: dict[str, bytes]) -> None:
    assert sum(data.count(b'"waive":') for data in marked.values()) > 100
    assert from_files(marked).types["shop.types.Money"].fields[0].schema.logical is not None


def test_the_registry_never_sees_it(plain: dict[str, bytes], marked: dict[str, bytes]) -> None:
    before, after = from_files(plain), from_files(marked)
    assert {name: one.text for name, one in after.documents.items()} == {
        name: one.text for name, one in before.documents.items()
    }
    assert after.subjects == before.subjects


def test_no_generated_code_has_it(marked: dict[str, bytes], tmp_path: Path) -> None:
    for file, data in marked.items():
        path = tmp_path / "schemas" / Path(file).relative_to(ROOT / "schemas")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    run(tmp_path / "schemas", tmp_path / "generated", Settings())
    assert contents(tmp_path / "generated") == contents(ROOT / "generated")


def test_it_is_no_change(plain: dict[str, bytes], marked: dict[str, bytes]) -> None:
    for old, new in ((plain, marked), (marked, plain)):
        contracts = from_files(new)
        past = past_of("before", old, None, contracts)
        report = compare(contracts, past)
        assert (report.findings, len(report.topics)) == ((), 6)
        assert not diff(contracts, past, report).entries


def test_what_only_has_its_name_stays() -> None:
    def written(**mark: Any) -> str:
        ints = {"type": "map", "values": {"type": "int", **mark}, **mark}
        fields: list[Any] = [
            {"name": "waive", "type": "R", "default": {"waive": {}}, **mark},
            {"name": "m", "type": ints},
        ]
        said: Any = {"type": "record", "name": "R", "fields": fields, "custom": {"waive": 1}}
        return json.dumps(said, separators=(",", ":"))

    node, _ = read(written(waive=WAIVE), "f")
    assert node is not None
    assert to_json(node) == written()
    assert [one.value["type"] for one in waiving(node)] == ["R", "map", "int"]
