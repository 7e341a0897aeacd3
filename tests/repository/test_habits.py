"""What CONTRIBUTING.md, the Makefile and the pre-commit configuration say is so."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[2]
CONTRIBUTING: Final = (ROOT / "CONTRIBUTING.md").read_text()
MAKEFILE: Final = (ROOT / "Makefile").read_text()
HOOKS: Final[list[dict[str, Any]]] = [
    hook for repo in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"] for hook in repo["hooks"]
]
BIN: Final = Path(sys.executable).parent


# --- the map of the rooms ----------------------------------------------------------------------------------------------


def rooms() -> list[str]:
    table = CONTRIBUTING.partition("## Where does a change go?")[2].partition("\n## ")[0]
    return [path for line in table.splitlines() if line.startswith("|") for path in re.findall(r"`([\w./]+)`", line)]


def test_every_room_on_the_map_exists() -> None:
    assert {room for room in rooms() if "/" in room}
    assert [room for room in rooms() if "/" in room and not (ROOT / room).exists()] == []


def test_every_package_of_kontrakt_is_on_the_map() -> None:
    packages = {
        f"contracts/kontrakt/{path.parent.name}/" for path in (ROOT / "contracts" / "kontrakt").glob("*/__init__.py")
    }
    assert packages - set(rooms()) == set()


# --- the Makefile ------------------------------------------------------------------------------------------------------


def targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


def make(*arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    command = ["make", *arguments]  # also where make runs the tests
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_help_lists_every_target() -> None:
    listed = {line.split()[1] for line in make("help").splitlines()}
    assert listed == targets()
    assert make() == make("help")


def test_no_target_is_taken_for_a_file() -> None:
    phony = re.search(r"^\.PHONY: (.+)$", MAKEFILE, re.MULTILINE)
    assert phony
    assert set(phony[1].split()) == targets()


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", ".ci/run"])
def test_targets_that_are_spoken_of_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    spoken = set(re.findall(r"^(?:\w+=\S+ )*make ([a-z]+)", text, re.MULTILINE)) | set(
        re.findall(r"`make ([a-z]+)`", text)
    )
    assert spoken
    assert spoken <= targets()


def test_bench_runs_every_benchmark() -> None:
    commands = make("--dry-run", "bench")
    assert "benchmarks/*.py" in commands
    for path in (ROOT / "benchmarks").glob("*.py"):
        assert 'if __name__ == "__main__":' in path.read_text(), path.name


# --- pre-commit --------------------------------------------------------------------------------------------------------


def git(*arguments: str, folder: Path) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, check=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A small repository with our configuration, in which the hooks have little to do."""
    for name in (".pre-commit-config.yaml", "pyproject.toml", "conftest.py", ".gitignore"):
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "schemas", tmp_path / "schemas")
    for folder in ("contracts", "codegen", "generated", "tests", "benchmarks"):
        (tmp_path / folder / f"no_{folder}").mkdir(parents=True)
        (tmp_path / folder / f"no_{folder}" / "__init__.py").write_text('"""Nothing."""\n')
    for name in ("conftest.py", "hatch_build.py"):
        (tmp_path / name).write_text('"""Nothing."""\n')
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(BIN)
    git("init", "--quiet", folder=tmp_path)
    git("add", ".", folder=tmp_path)
    return tmp_path


def run_hooks(repository: Path) -> dict[str, str]:
    """What pre-commit says of each hook."""
    git("add", ".", folder=repository)
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color", "never"],
        cwd=repository,
        env={**os.environ, "PRE_COMMIT_HOME": str(repository.parent / "pre-commit")},
        capture_output=True,
        text=True,
        check=False,
    )
    said = {
        hook["id"]: match[1]
        for hook in HOOKS
        if (match := re.search(rf"^{re.escape(hook['name'])}\.+(\w+|\(.+\)\w+)$", done.stdout, re.MULTILINE))
    }
    assert len(said) == len(HOOKS), done.stdout + done.stderr
    return said


def test_hooks_need_no_network_and_no_install() -> None:
    assert {hook["language"] for hook in HOOKS} == {"system"}
    for hook in HOOKS:
        program, *_ = shlex.split(hook["entry"])
        assert program.startswith(".venv/bin/")
        assert (BIN / Path(program).name).exists(), program


def test_hooks_pass_on_what_is_right(repository: Path) -> None:
    assert set(run_hooks(repository).values()) == {"Passed"}


def test_each_hook_fails_on_what_it_is_for(repository: Path) -> None:
    (repository / "contracts" / "no_contracts" / "__init__.py").write_text(
        '"""Nothing."""\n\nimport os\n\nx: int = ("a" )\n'
    )
    customer = repository / "schemas" / "customer.avsc"
    customer.write_text(customer.read_text().replace('"string"', '"strng"', 1))
    assert set(run_hooks(repository).values()) == {"Failed"}
