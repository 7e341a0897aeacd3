"""The files of pipelines that docs/ci.md shows are what GitHub, GitLab and pre-commit take."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.pipelines.action import ACTION, ROOT

PAGE = (ROOT / "docs" / "ci.md").read_text()
SCHEMAS = {".github/workflows/contracts.yml": "vendor.github-workflows", ".gitlab-ci.yml": "vendor.gitlab-ci"}


def shown(name: str) -> str:
    found = re.search(rf"^`{re.escape(name)}`:\n\n```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


def ran(*command: str) -> str:
    done = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def valid(schema: str, file: Path) -> str:
    return ran("check_jsonschema", "--builtin-schema", schema, str(file))


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_pipeline_is_what_its_vendor_takes(name: str, tmp_path: Path) -> None:
    file = tmp_path / Path(name).name
    file.write_text(shown(name))
    assert valid(SCHEMAS[name], file) == ""
    file.write_text(shown(name).replace("  script:", "  skript:").replace("    steps:", "    stepz:"))
    assert "was unexpected" in valid(SCHEMAS[name], file)


def test_the_configuration_of_pre_commit(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(shown(".pre-commit-config.yaml"))
    assert ran("pre_commit", "validate-config", str(file)) == ""
    offered = {hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    assert {hook["id"] for repo in yaml.safe_load(file.read_text())["repos"] for hook in repo["hooks"]} == offered
    assert ran("pre_commit", "validate-manifest", str(ROOT / ".pre-commit-hooks.yaml")) == ""


def test_the_action_is_what_github_takes() -> None:
    assert valid("vendor.github-actions", ACTION) == ""


def test_every_input_and_output_of_the_action_is_explained() -> None:
    described = yaml.safe_load(ACTION.read_text())
    for name in (*described["inputs"], *described["outputs"]):
        assert f"| `{name}` |" in PAGE
