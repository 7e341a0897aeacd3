"""The names that are written down as taken are at least those that this Python and these packages take."""

from __future__ import annotations

import ast
import builtins
import enum
import keyword
import sys
from pathlib import Path

import pydantic
import pytest
from kontrakt.errors import DeclaredError
from kontrakt_codegen import naming, reserved

GOLDEN = Path(__file__).parent / "golden"


def public(*owners: object) -> set[str]:
    return {name for owner in owners for name in dir(owner) if not name.startswith("_")}


TAKEN = {
    "keywords": (set(keyword.kwlist), reserved.KEYWORDS),
    "builtin classes": ({name for name in dir(builtins) if name[0].isupper()}, naming.RESERVED_CLASSES),
    "str": (public(str), reserved.STR),
    "enums": (public(enum.StrEnum("Empty", []), enum.EnumMeta), naming.RESERVED_MEMBERS),
    "exceptions": (public(DeclaredError), naming.RESERVED_ERROR_ATTRIBUTES),
    "pydantic": (public(pydantic.BaseModel, type(pydantic.BaseModel)), reserved.PYDANTIC),
    "standard library": ({n for n in sys.stdlib_module_names if n[0] != "_"}, naming.RESERVED_PACKAGES),
}


@pytest.mark.parametrize("what", TAKEN)
def test_what_is_taken_is_reserved(what: str) -> None:
    here, written = TAKEN[what]
    assert here - written == set()


def test_every_class_that_modules_import_is_reserved() -> None:
    imported = {
        alias.asname or alias.name
        for file in GOLDEN.rglob("*.py")
        if file.name != "_kontrakt.py"
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.ImportFrom) and node.module and not node.module.startswith("acme")
        for alias in node.names
    }
    classes = {name for name in imported if name[0].isupper()}
    assert classes <= reserved.IMPORTED
    assert {"Decimal", "StrEnum", "UUID", "Entity", "Requests", "Struct", "TypedDict"} < classes
