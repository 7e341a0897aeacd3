"""docs/settings.md names every setting, its variable and its default, and no other."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from kontrakt.errors import SettingsErrors
from kontrakt.settings import Settings, read

from tests.docs.page import ROOT

PAGE = (ROOT / "docs" / "settings.md").read_text()
OF_THE_FILE = {"file", "folder", "place"}
"""What settings say of the file that they come from."""


class Row(NamedTuple):
    """A line of the table."""

    key: str
    variable: str
    default: str
    meaning: str


@cache
def rows() -> list[Row]:
    found = [
        Row(*(cell.strip().strip("`") for cell in line.strip("|").split("|")))
        for line in PAGE.splitlines()
        if line.startswith("| `")
    ]
    assert found
    return found


def complete() -> str:
    """The file with everything."""
    return PAGE.partition("`kontrakt.toml`:\n\n```toml\n")[2].partition("```")[0]


def said(key: str) -> Any:
    """What the file with everything says of a key."""
    value: Any = tomllib.loads(complete())
    for step in key.split(".", 1):
        value = value[step]
    return value


def known_keys(folder: Path) -> set[str]:
    """The keys that the reader names when it meets one that it does not know."""
    (folder / "kontrakt.toml").write_text("zzzzzzzzzz = 1\n")
    with pytest.raises(SettingsErrors) as caught:
        read(folder, {})
    (problem,) = caught.value.problems
    return set(problem.hint.removeprefix("known are ").split(", "))


def test_every_key_has_a_row(tmp_path: Path) -> None:
    assert {row.key.partition(".")[0] for row in rows()} == known_keys(tmp_path)


def test_the_file_with_everything_sets_everything(tmp_path: Path) -> None:
    (tmp_path / "kontrakt.toml").write_text(complete())
    settings, default = read(tmp_path, {}), Settings()
    same = {one.name for one in fields(Settings) if getattr(settings, one.name) == getattr(default, one.name)}
    assert same - OF_THE_FILE == set()


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.key)
def test_the_variable_says_the_same_as_the_file(row: Row, tmp_path: Path) -> None:
    if not row.variable:
        assert row.key in ("dependencies", "levels", "lint", "topics")
        return
    name, _, rest = row.key.partition(".")
    if rest == "*":
        value = said(name)
        option = next(one for one in value if one != "url")
        variable = row.variable.replace("*", option.upper().replace(".", "_"))
        lines, text = f'[{name}]\n"{option}" = "{value[option]}"\n', value[option]
    elif row.key == "distribution":
        variable, lines, text = row.variable, "distribution = true\n", "true"
    else:
        variable, text = row.variable, said(row.key)
        lines = f'[{name}]\n{rest} = "{text}"\n' if rest else f'{name} = "{text}"\n'
    (tmp_path / "kontrakt.toml").write_text(lines)
    from_file = read(tmp_path, {})
    switch = {"KONTRAKT_DISTRIBUTION": "true"} if name == "distribution" else {}
    (tmp_path / "kontrakt.toml").write_text("")
    from_variable = read(tmp_path, {**switch, variable: text})
    assert from_variable == from_file
    assert from_variable != read(tmp_path, {})
    assert row.variable == f"KONTRAKT_{row.key.upper().replace('.', '_')}"


@pytest.mark.parametrize("row", [row for row in rows() if row.default], ids=lambda row: row.key)
def test_the_default_is_what_counts_without_a_file(row: Row, tmp_path: Path) -> None:
    name, _, rest = row.key.partition(".")
    parent = f"[{name}]\n" if rest else ""
    quoted = row.default if row.default == "false" else f'"{row.default}"'
    (tmp_path / "kontrakt.toml").write_text(f"{parent}{rest or name} = {quoted}\n")
    stated = read(tmp_path, {})
    (tmp_path / "kontrakt.toml").write_text(parent)
    assert read(tmp_path, {}) == stated
