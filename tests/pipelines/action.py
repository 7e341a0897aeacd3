"""The action's steps, run on this machine as GitHub's runner would run them.

What the runner does is little: it fills in ``${{ ... }}``, skips a step whose ``if`` does not hold, and gives each script to bash
with a file for its outputs. Steps that use other actions are noted; ``actions/setup-python`` answers with a Python that makes no
virtual environment and installs nothing, but offers the kontrakt under test.
"""

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
from kontrakt.avro.shapes import is_object

ROOT: Final = Path(__file__).parents[2]
ACTION: Final = ROOT / "action.yml"
_EXPRESSION: Final = re.compile(r"\$\{\{ *(.+?) *\}\}")
_EQUALS: Final = re.compile(r"([\w.-]+) == '([^']*)'")

PYTHON: Final = f"""#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    printf '#!/bin/sh\\nexec "%s" -c "from kontrakt.cli import main; main()" "$@"\\n' "{sys.executable}" > "$3/bin/kontrakt"
    chmod +x "$3/bin/kontrakt"
elif [ "$1 $2" = "-m pip" ]; then
    echo "$@" >> "$RUNNER_TEMP/pip"
else
    exec "{sys.executable}" "$@"
fi
"""


@dataclass(kw_only=True)
class Ran:
    """What came of the action.

    Attributes:
        failed: The id or name of the step that failed, or an empty string.
        log: What the scripts printed.
        summary: The job's summary.
        outputs: The action's outputs.
        used: The other actions that were used, and with what.
        scripts: The ids of the steps whose scripts ran.
    """

    failed: str = ""
    log: str = ""
    summary: str = ""
    outputs: dict[str, str] = field(default_factory=dict[str, str])
    used: dict[str, dict[str, str]] = field(default_factory=dict[str, "dict[str, str]"])
    scripts: list[str] = field(default_factory=list[str])


def run(
    workspace: Path, temporary: Path, inputs: Mapping[str, str], github: Mapping[str, Any], environ: Mapping[str, str]
) -> Ran:
    """Run the action.

    Args:
        workspace: Where the repository is checked out.
        temporary: The runner's folder for what is temporary.
        inputs: What the workflow gives the action.
        github: The context ``github``.
        environ: More environment variables.
    """
    action = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
    unknown = set(inputs) - set(action["inputs"])
    assert not unknown, unknown
    steps: dict[str, Any] = {}
    contexts: dict[str, Any] = {"github": github, "steps": steps, "inputs": {}}
    for name, one in action["inputs"].items():
        contexts["inputs"][name] = inputs.get(name, filled(one["default"], contexts))
    python = temporary / "python"
    python.write_text(PYTHON)
    python.chmod(0o755)
    ran = Ran()
    for step in action["runs"]["steps"]:
        if not holds(step.get("if", "true"), contexts):
            continue
        if "uses" in step:
            ran.used[step["uses"]] = {key: filled(value, contexts) for key, value in step["with"].items()}
            outputs = {"python-path": str(python)} if step["uses"].startswith("actions/setup-python@") else {}
        else:
            outputs = _script(step, contexts, workspace, temporary, environ, ran)
        if "id" in step:
            steps[step["id"]] = {"outputs": outputs}
        if ran.failed:
            break
    ran.outputs = {name: filled(one["value"], contexts) for name, one in action["outputs"].items()}
    return ran


def _script(
    step: Mapping[str, Any],
    contexts: Mapping[str, Any],
    workspace: Path,
    temporary: Path,
    environ: Mapping[str, str],
    ran: Ran,
) -> dict[str, str]:
    assert step["shell"] == "bash"
    assert "${{" not in step["run"], "what is filled into a script may be a script"
    script, outputs, summary = (temporary / name for name in ("script.sh", "outputs", "summary"))
    script.write_text(step["run"], encoding="utf-8")
    outputs.write_text("")
    summary.touch()
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
        cwd=workspace / filled(step.get("working-directory", "."), contexts),
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT / "contracts"),
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(outputs),
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_STEP_SUMMARY": str(summary),
            "RUNNER_TEMP": str(temporary),
            **environ,
            **{name: filled(value, contexts) for name, value in step.get("env", {}).items()},
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    ran.log += done.stdout
    ran.scripts.append(step["id"])
    if done.returncode:
        ran.failed = step["id"]
    ran.summary = summary.read_text(encoding="utf-8")
    return dict(line.split("=", 1) for line in outputs.read_text(encoding="utf-8").splitlines())


def filled(text: str, contexts: Mapping[str, Any]) -> str:
    """A text with its expressions replaced by their values."""
    return _EXPRESSION.sub(lambda found: value(found[1], contexts), text)


def holds(condition: str, contexts: Mapping[str, Any]) -> bool:
    """Whether a condition holds: names and comparisons with a text, joined by ``&&``."""
    parts: list[bool] = []
    for part in condition.split(" && "):
        compared = _EQUALS.fullmatch(part)
        parts.append(value(compared[1], contexts) == compared[2] if compared else bool(value(part, contexts)))
    return all(parts)


def value(name: str, contexts: Mapping[str, Any]) -> str:
    """The value of a name, such as ``steps.check.outputs.json``; empty where there is none, as GitHub has it."""
    if name == "true":
        return name
    first, *rest = name.split(".")
    assert re.fullmatch(r"[\w.-]+", name), f"{name} is not understood here"
    found: Any = contexts[first]
    for step in rest:
        found = found.get(step, {}) if is_object(found) else {}
    return "" if is_object(found) else str(found)
