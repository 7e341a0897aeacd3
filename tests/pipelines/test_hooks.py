"""The hooks for pre-commit, run by pre-commit in a repository.

Installing them takes a package registry, which a test must not need: here pre-commit takes their entries from this machine. All
else of the file is used as it stands.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.pipelines.action import ROOT

HOOKS = ROOT / ".pre-commit-hooks.yaml"
Run = Callable[..., subprocess.CompletedProcess[str]]


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, timeout=60)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=a commit")


@pytest.fixture
def hooks(tmp_path: Path) -> Path:
    """A repository that offers the hooks."""
    folder = tmp_path / "hooks"
    folder.mkdir()
    offered: list[dict[str, Any]] = yaml.safe_load(HOOKS.read_text())
    for hook in offered:
        assert (hook["language"], hook.pop("additional_dependencies")) == ("python", [".[codegen]"])
        hook["language"] = "system"
    (folder / HOOKS.name).write_text(yaml.safe_dump(offered))
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with the example shop."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for name in ("schemas", "generated"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "README.md").touch()
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


@pytest.fixture
def run(hooks: Path, repository: Path, tmp_path: Path) -> Run:
    """Runs a hook."""
    commands = tmp_path / "commands"
    commands.mkdir()
    kontrakt = commands / "kontrakt"
    kontrakt.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from kontrakt.cli import main; main()" "$@"\n')
    kontrakt.chmod(0o755)
    environ = os.environ | {
        "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join(str(ROOT / name) for name in ("contracts", "codegen")),
        "PRE_COMMIT_HOME": str(tmp_path / "cache"),
    }

    def hook(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pre_commit", "try-repo", "--color=never", str(hooks), name, *arguments]
        return subprocess.run(
            command, cwd=repository, env=environ, capture_output=True, text=True, timeout=120, check=False
        )

    return hook


def edit(repository: Path, old: str, new: str) -> int:
    """Change the schema of an event, and say in which line first."""
    file = repository / "schemas" / "events" / "order_paid.avsc"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    git(repository, "add", "--all")
    return text[: text.index(old)].count("\n") + 1


@pytest.mark.parametrize("name", [hook["id"] for hook in yaml.safe_load(HOOKS.read_text())])
def test_a_hook_passes_on_contracts_that_are_right_and_skips_other_files(run: Run, name: str) -> None:
    done = run(name, "--all-files")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Passed" in done.stdout
    assert "Skipped" in run(name, "--files", "README.md").stdout


def test_lint_says_what_is_wrong(run: Run, repository: Path) -> None:
    line = edit(repository, '"type": "string"', '"type": "strng"')
    done = run("kontrakt-lint")
    assert done.returncode == 1
    assert f"schemas/events/order_paid.avsc:{line}:" in done.stdout


def test_generate_writes_what_changed_and_fails(run: Run, repository: Path) -> None:
    edit(repository, "How much was paid.", "How much the customer paid.")
    done = run("kontrakt-generate")
    assert done.returncode == 1
    assert "files were modified by this hook" in done.stdout
    assert "How much the customer paid." in (repository / "generated" / "shop" / "order_events.py").read_text()
    git(repository, "add", "--all")
    assert run("kontrakt-generate").returncode == 0


def test_check_compares_with_the_last_commit(run: Run, repository: Path) -> None:
    edit(repository, '    {"name": "amount", "type": "shop.types.Money", "doc": "How much was paid."},\n', "")
    done = run("kontrakt-check")
    assert done.returncode == 1
    assert "`amount`" in done.stdout
    assert "breaks" in done.stdout
    commit(repository)
    assert run("kontrakt-check", "--all-files").returncode == 0
