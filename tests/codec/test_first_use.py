"""A generated package that is used for the first time by several threads at once."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import kontrakt
import pytest

PATIENCE = 60.0
NAME = "first_use_by_threads"

RECORDS = """
from dataclasses import dataclass

@dataclass(slots=True, kw_only=True)
class Thing:
    name: str
"""

BUNDLE = f"""
import {NAME}
from kontrakt.codec.bundle import Bundle, Document, Style

{NAME}.begun.set()
assert {NAME}.go_on.wait(60)
SCHEMA = '{{"type": "record", "name": "Thing", "fields": [{{"name": "name", "type": "string"}}]}}'
BUNDLE = Bundle(
    package="{NAME}",
    generator="0",
    style=Style.DATACLASS,
    documents=(Document(name="Thing", text=SCHEMA, subject="Thing", defines=("Thing",)),),
    types={{"Thing": "{NAME}.records:Thing"}},
)
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A package whose schemas take their time to be imported."""
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / "__init__.py").write_text("import threading\n\nbegun, go_on = threading.Event(), threading.Event()\n")
    (folder / "records.py").write_text(RECORDS)
    (folder / "_kontrakt.py").write_text(BUNDLE)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield importlib.import_module(NAME)
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


def test_who_comes_second_waits_for_the_schemas(package: Any) -> None:
    thing = importlib.import_module(f"{NAME}.records").Thing(name="a")
    begun: threading.Event = package.begun
    with ThreadPoolExecutor(2) as threads:
        try:
            first = threads.submit(kontrakt.encode, thing)
            assert begun.wait(PATIENCE)
            second = threads.submit(kontrakt.encode, thing)
            wait([second], timeout=0.3)  # it must not end before the first does
        finally:
            package.go_on.set()
        assert first.result(PATIENCE) == second.result(PATIENCE) == b"\x02a"
