"""What the tests of generated code share: the tricky schemas, generated once in every style and layout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from kontrakt.codec.bundle import Bundle, Style
from kontrakt.contract import Contracts, load
from kontrakt.settings import Settings
from kontrakt_codegen import run

SCHEMAS = Path(__file__).parent / "schemas"


@dataclass(frozen=True)
class Generated:
    """The tricky schemas as Python.

    Args:
        style: What records are.
        folder: Where the packages stand.
        package: The package that everything is in; empty for one after each first part of a namespace.
    """

    style: Style
    folder: Path
    package: str = ""

    @property
    def modules(self) -> list[str]:
        """Every module, as Python imports it."""
        parts = (path.relative_to(self.folder).with_suffix("").parts for path in sorted(self.folder.rglob("*.py")))
        return [".".join(path[:-1] if path[-1] == "__init__" else path) for path in parts]

    @property
    def bundles(self) -> list[Bundle]:
        """What each package says of itself."""
        return [import_module(name).BUNDLE for name in self.modules if name.endswith("._kontrakt")]

    def types(self) -> dict[str, Any]:
        """The class of each type."""
        places = {name: place for bundle in self.bundles for name, place in bundle.types.items()}
        found: dict[str, Any] = {}
        for name, place in places.items():
            module, _, qualname = place.partition(":")
            found[name] = getattr(import_module(module), qualname)
        return found


@cache
def _made(root: Path, style: Style, package: str) -> Generated:
    folder = root / f"{style.value}-{package or 'none'}"
    run(SCHEMAS, folder, Settings(style=style.value, package=package))
    return Generated(style, folder, package)


@pytest.fixture(scope="session")
def contracts() -> Contracts:
    """The tricky schemas."""
    return load(SCHEMAS)


@pytest.fixture(scope="session")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where everything is generated."""
    return tmp_path_factory.mktemp("generated")


@pytest.fixture(scope="session")
def packaged(root: Path) -> list[Generated]:
    """One package for each style."""
    return [_made(root, style, f"tricky_{style.value}") for style in Style]


@pytest.fixture(scope="session")
def rooted(root: Path) -> Generated:
    """Packages named as the namespaces are, with dataclasses."""
    return _made(root, Style.DATACLASS, "")


@pytest.fixture(params=[*Style, "many packages"], ids=str)
def generated(request: pytest.FixtureRequest, root: Path) -> Iterator[Generated]:
    """Every style in one package, and dataclasses in many, importable while a test runs."""
    many = request.param == "many packages"
    style = Style.DATACLASS if many else Style(request.param)
    made = _made(root, style, "" if many else f"tricky_{style.value}")
    before = set(sys.modules)
    sys.path.insert(0, str(made.folder))
    try:
        yield made
    finally:
        sys.path.remove(str(made.folder))
        for name in set(sys.modules) - before:
            if str(getattr(sys.modules[name], "__file__", None)).startswith(str(made.folder)):
                del sys.modules[name]
