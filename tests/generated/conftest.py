"""What the tests of generated code share: the tricky schemas, generated once in every style."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from kontrakt.codec.bundle import Style
from kontrakt.contract import Contracts, load
from kontrakt.settings import Settings
from kontrakt_codegen import run

SCHEMAS = Path(__file__).parent / "schemas"
STYLES = tuple(Style)


@pytest.fixture(scope="session")
def contracts() -> Contracts:
    """The tricky schemas."""
    return load(SCHEMAS)


@pytest.fixture(scope="session")
def tricky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Style], Path]]:
    """Generates the tricky schemas in a style, as the package ``tricky_<style>``; gives the folder it stands in."""
    added: list[str] = []

    @cache
    def generated(style: Style) -> Path:
        output = tmp_path_factory.mktemp(style.value)
        settings = Settings(style=style.value, package=f"tricky_{style.value}")
        run(SCHEMAS, output, settings)
        sys.path.insert(0, str(output))
        added.append(str(output))
        return output

    yield generated
    for place in added:
        sys.path.remove(place)


@pytest.fixture(scope="session", params=STYLES, ids=str)
def style(request: pytest.FixtureRequest) -> Style:
    """Every style, one after the other."""
    return Style(request.param)
