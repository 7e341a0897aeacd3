"""What each format says, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from kontrakt._version import __version__
from kontrakt.check.reports import FORMATS, View, render
from kontrakt.lint.rules import RULES

from tests.check.reports.examples import REPORTS, VIEW, FieldRemoved
from tests.golden import held

GOLDEN = Path(__file__).with_name("golden")
SUFFIX = {
    "text": "txt",
    "json": "json",
    "github": "txt",
    "gitlab": "json",
    "junit": "xml",
    "sarif": "sarif",
    "markdown": "md",
}
CASES = [
    (name, of)
    for name in FORMATS
    for of in ("shop", "tricky", "empty", "many", "lint")
    if of != "many" or name not in ("json", "sarif")
]


def rendered(name: str, of: str, view: View = VIEW) -> str:
    view = replace(view, rules={**RULES, FieldRemoved.id: FieldRemoved})
    return render(name, REPORTS[of], view).replace(f'"{__version__}"', '"VERSION"')


@pytest.mark.parametrize(("name", "of"), CASES)
def test_golden(name: str, of: str) -> None:
    held(rendered(name, of), GOLDEN / f"{of}.{name}.{SUFFIX[name]}")


def test_golden_in_color() -> None:
    held(rendered("text", "shop", replace(VIEW, color=True)), GOLDEN / "shop.color.txt")


def test_every_file_is_held() -> None:
    expected = {f"{of}.{name}.{SUFFIX[name]}" for name, of in CASES} | {"shop.color.txt"}
    assert {path.name for path in GOLDEN.iterdir()} == expected
