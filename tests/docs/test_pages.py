"""What the documentation names exists, and what exists is named: public names, errors, commands and their options."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from typing import Any

import click
import kontrakt
import pytest
from kontrakt import errors
from kontrakt.cli.group import COMMANDS, Commands
from kontrakt.cli.group import kontrakt as commands
from sphinx.util.inventory import InventoryFile

from tests.docs.page import ROOT

PAGES = ROOT / "docs"


def page(name: str) -> str:
    return (PAGES / name).read_text()


@pytest.fixture(scope="module")
def documented(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every Python name that the documentation describes, from a strict build."""
    folder = tmp_path_factory.mktemp("docs")
    strict = ["--fail-on-warning", "--keep-going", "--nitpicky", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", *strict, "--builder", "html", str(PAGES), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    inventory = InventoryFile.loads((folder / "objects.inv").read_bytes(), uri="")
    return {name for kind, entries in inventory.data.items() if kind.startswith("py:") for name in entries}


def test_every_public_name_has_a_reference_entry(documented: set[str]) -> None:
    missing = set[str]()
    for name in kontrakt.__all__:
        value: Any = getattr(kontrakt, name)
        home = getattr(value, "__module__", "kontrakt")
        if documented.isdisjoint({f"kontrakt.{name}", f"{home}.{name}"}):
            missing.add(name)
    assert not missing


def test_every_page_is_in_the_table_of_contents() -> None:
    listed = re.search(r"```\{toctree\}\n(?::.*\n)*\n((?:\w+\n)+)```", page("index.md"))
    assert listed
    assert {*listed[1].split(), "index"} == {path.stem for path in PAGES.glob("*.md")}


def test_links_lead_to_files() -> None:
    for path in (*ROOT.glob("*.md"), *PAGES.glob("*.md")):
        targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text())
        wrong = [one for one in targets if "://" not in one and not (path.parent / one).exists()]
        assert not wrong, f"{path.name}: {wrong}"


# --- errors ------------------------------------------------------------------------------------------------------------


def classes() -> dict[str, type[BaseException]]:
    found = {name: getattr(errors, name) for name in errors.__all__}
    return {name: one for name, one in found.items() if inspect.isclass(one) and issubclass(one, BaseException)}


def test_the_hierarchy_is_the_one_that_is_drawn() -> None:
    drawn = dict[str, str]()
    above = list[str]()
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([ │├└─]*)([A-Z]\w+)", line)
        if found:
            depth = len(found[1]) // 4
            del above[depth:]
            drawn[found[2]] = above[-1] if above else "Exception"
            above.append(found[2])
    assert drawn == {name: one.__bases__[0].__name__ for name, one in classes().items()}


def test_the_page_of_errors_says_what_to_do_about_each() -> None:
    table = page("errors.md").partition("## What to do")[2].partition("\n## ")[0]
    of_leaves = set(classes()) - {one.__bases__[0].__name__ for one in classes().values()}
    assert of_leaves <= set(re.findall(r"`(\w+)`", table))


# --- commands ----------------------------------------------------------------------------------------------------------


def options_of(command: click.Command) -> set[str]:
    if isinstance(command, click.Group):
        return {option for one in command.commands.values() for option in options_of(one)}
    return {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("--")
    }


def sections() -> dict[str, str]:
    """What docs/commands.md says of each command."""
    parts = re.split(r"^## kontrakt ([\w-]+)$", page("commands.md"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_command_has_a_section_in_their_order() -> None:
    assert isinstance(commands, Commands)
    assert list(sections()) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_section_names_the_options_of_its_command_and_no_other(name: str) -> None:
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    told = {
        option
        for row in re.findall(r"^\| (.+?) \|", sections()[name], re.MULTILINE)
        for option in re.findall(r"--[\w-]+", row)
    }
    assert told == options_of(command)


def test_the_list_of_commands_says_what_they_say_themselves() -> None:
    context = click.Context(commands)
    for name, line in COMMANDS.items():
        command = commands.get_command(context, name)
        assert command is not None
        assert (command.help or "").partition("\n")[0] == line


# --- the changelog -----------------------------------------------------------------------------------------------------

CHANGELOG = (ROOT / "CHANGELOG.md").read_text()


def test_the_changelog_is_one_that_tools_read() -> None:
    headings = re.findall(r"^## (.+)$", CHANGELOG, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", one) for one in headings[1:])
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)) <= kinds


@pytest.mark.parametrize("name", COMMANDS)
def test_the_changelog_tells_of_every_command(name: str) -> None:
    assert f"`kontrakt {name}" in CHANGELOG
