"""Imports go one way: ``avro`` <- ``contract`` <- ``registry`` <- ``check`` <- ``lint``, ``apply``, ``pull`` <- cli, and ``avro`` <- ``codec`` <- ``kafka``."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = {"kontrakt": ROOT / "contracts" / "kontrakt", "kontrakt_codegen": ROOT / "codegen" / "kontrakt_codegen"}

LEAVES = {"errors", "values", "_version", "files", "severity", "collection", "stamps"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "files": set(),
    "collection": set(),
    "severity": set(),
    "values": {"errors"},
    "stamps": {"values"},
    "_version": set(),
    "settings": LEAVES,
    "avro": LEAVES,
    "contract": LEAVES | {"avro", "settings"},
    "codec": LEAVES | {"avro"},
    "registry": LEAVES | {"avro", "codec", "contract"},
    "check": LEAVES | {"avro", "contract", "registry", "settings"},
    "apply": LEAVES | {"avro", "contract", "registry", "check", "settings", "kafka.failures"},
    "pull": LEAVES | {"avro", "contract", "registry", "check", "kafka.failures", "settings"},
    "lint": LEAVES | {"avro", "contract", "check", "settings"},
    "kafka": LEAVES | {"avro", "codec", "registry", "settings"},
    "aio": {"kafka"},
    "testing": LEAVES | {"", "avro", "codec", "kafka", "registry"},
    "": LEAVES | {"aio", "codec", "kafka", "settings", "testing"},
    "editor": LEAVES | {"avro", "contract", "lint", "pull", "settings"},
    "start": LEAVES | {"avro", "editor"},
    "cli": LEAVES
    | {
        "apply",
        "avro",
        "editor",
        "start",
        "contract",
        "check",
        "pull",
        "lint",
        "registry",
        "kafka",
        "codec",
        "settings",
        "codegen",
        "codegen.demo",
    },
    "codegen": LEAVES | {"avro", "contract", "codec.bundle", "settings"},
    "codegen.demo": LEAVES | {"", "codegen", "contract", "registry", "settings"},
}


def room(module: str) -> str:
    """The room a module stands in: ``kontrakt.avro.parser`` -> ``avro``."""
    parts = module.split(".")
    if parts[0] == "kontrakt_codegen":
        return "codegen.demo" if parts[1:2] == ["demo"] else "codegen"
    return parts[1] if len(parts) > 1 else ""


def imported(path: Path, module: str) -> set[str]:
    """The modules of ours that a file imports, as full names."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{base}.{alias.name}"
                found.add(whole if _is_module(whole) else base)
    return {name for name in found if name.split(".")[0] in SOURCES}


def _is_module(name: str) -> bool:
    first, *rest = name.split(".")
    if first not in SOURCES:
        return False
    place = SOURCES[first].joinpath(*rest)
    return place.with_suffix(".py").exists() or (place / "__init__.py").exists()


def modules() -> list[tuple[str, Path]]:
    return [
        (".".join([name, *path.relative_to(root).with_suffix("").parts]).removesuffix(".__init__"), path)
        for name, root in SOURCES.items()
        for path in sorted(root.rglob("*.py"))
    ]


@pytest.mark.parametrize(("module", "path"), modules(), ids=[name for name, _ in modules()])
def test_imports_go_one_way(module: str, path: Path) -> None:
    here = room(module)
    allowed = MAY_IMPORT[here] | {here}
    wrong = sorted(
        name
        for name in imported(path, module)
        if room(name) not in allowed
        and not any(name.startswith(f"kontrakt.{whole}") for whole in allowed if "." in whole)
    )
    assert not wrong, f"{module} must not import {', '.join(wrong)}"


def test_every_room_is_in_the_map() -> None:
    assert {room(name) for name, _ in modules()} <= set(MAY_IMPORT)
