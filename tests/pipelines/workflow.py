"""The jobs of a workflow, or of GitLab's pipeline, as scripts on this machine: pip is noted, and kontrakt is the one under test."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from tests.pipelines.action import ROOT, filled, value

_COMPARED: Final = re.compile(r"([\w.-]+) (==|!=) '([^']*)'")
_THERE: Final = re.compile(r"hashFiles\('([^']+)'\) != ''")
PYTHON: Final = f"""#!/bin/sh
if [ "$1 $2" = "-m pip" ]; then
    echo "$@" >> "$RUNNER_TEMP/pip"
else
    exec "{sys.executable}" "$@"
fi
"""
KONTRAKT: Final = f"""#!/bin/sh
exec "{sys.executable}" -c "from kontrakt.cli import main; main()" "$@"
"""


@dataclass
class Job:
    """What came of a job.

    Attributes:
        ran: Whether its condition held.
        failed: The names of the steps that failed.
        steps: The names of the steps whose scripts ran.
        used: The other actions that were used.
        log: What was printed.
    """

    ran: bool = True
    failed: list[str] = field(default_factory=list[str])
    steps: list[str] = field(default_factory=list[str])
    used: list[str] = field(default_factory=list[str])
    log: str = ""


def commands(folder: Path) -> Path:
    """A folder with ``python``, ``kontrakt`` and ``gh`` as a job finds them."""
    folder.mkdir()
    gh = f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("gh.py")}" "$@"\n'
    for name, text in {"python": PYTHON, "kontrakt": KONTRAKT, "gh": gh}.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


def github(file: Path, job: str, checkout: Path, contexts: Mapping[str, Any], environ: Mapping[str, str]) -> Job:
    """Run a job of a workflow.

    Args:
        file: The workflow.
        job: The job.
        checkout: Where the repository is checked out.
        contexts: What expressions may name: ``github``, ``vars``, ``secrets``.
        environ: The environment of the runner.
    """
    workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
    said, done = workflow["jobs"][job], Job()
    if not _holds(said.get("if", "always()"), contexts, checkout):
        return Job(ran=False)
    general = {name: filled(text, contexts) for name, text in workflow.get("env", {}).items()}
    for step in said["steps"]:
        condition = step.get("if", "")
        if (done.failed and "always()" not in condition) or not _holds(condition or "always()", contexts, checkout):
            continue
        if "uses" in step:
            done.used.append(step["uses"].partition("@")[0])
            continue
        assert "${{" not in step["run"], "what is filled into a script may be a script"
        own = {name: filled(text, contexts) for name, text in step.get("env", {}).items()}
        if _script(step["run"], checkout, {**environ, **general, **own}, done):
            done.failed.append(step["name"])
        done.steps.append(step["name"])
    return done


def gitlab(file: Path, job: str, checkout: Path, environ: Mapping[str, str]) -> Job:
    """Run the scripts of a job of GitLab's pipeline, those of what it extends first; its rules are the caller's to judge."""
    pipeline = yaml.safe_load(file.read_text(encoding="utf-8"))
    said, done = pipeline[job], Job()
    for line in [*pipeline[said["extends"]]["before_script"], *said["script"]]:
        done.steps.append(line)
        if _script(line, checkout, environ, done):
            done.failed.append(line)
            break
    return done


def _script(text: str, checkout: Path, environ: Mapping[str, str], done: Job) -> int:
    ran = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", text],
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(ROOT / "contracts"), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    done.log += ran.stdout
    return ran.returncode


def _holds(condition: str, contexts: Mapping[str, Any], checkout: Path) -> bool:
    """Whether a condition holds: calls that are known here and comparisons with a text, joined by ``&&``."""
    for part in condition.split(" && "):
        if part == "always()":
            continue
        if there := _THERE.fullmatch(part):
            if not (checkout / there[1]).exists():
                return False
            continue
        compared = _COMPARED.fullmatch(part)
        assert compared, f"{part} is not understood here"
        if (value(compared[1], contexts) == compared[3]) is not (compared[2] == "=="):
            return False
    return True
