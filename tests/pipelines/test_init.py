"""The pipelines that ``kontrakt init`` writes, from the first commit to a merge: their steps as scripts, on embedded servers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from kontrakt._version import __version__
from kontrakt.kafka.embedded import embedded
from kontrakt.start import Start, first_files

from tests.cli.test_commands import run
from tests.pipelines import workflow
from tests.pipelines.action import ROOT
from tests.pipelines.test_action import git
from tests.pipelines.workflow import Job

BREAKING = ('    {"name": "name", "type": "string", "doc": "What people call it."},\n', "")
HARMLESS = ('"doc": "What people call it."', '"doc": "What it is called."')


class Team:
    """A repository that ``kontrakt init`` began, with a pull request, servers, and comments."""

    def __init__(self, folder: Path, ci: str, servers: Mapping[str, str]) -> None:
        self.origin, self.checkout = folder / "origin", folder / "checkout"
        self.comments = folder / "comments.json"
        self.comments.write_text("[]")
        self.summary = folder / "summary"
        self.summary.touch()
        self.servers = servers
        self.environ = {
            "PATH": f"{workflow.commands(folder / 'commands')}:/usr/bin:/bin",
            "RUNNER_TEMP": str(folder),
            "GH_COMMENTS": str(self.comments),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_REPOSITORY": "acme/shop",
        }
        begun = run("init", str(self.origin), "--owner", "customer-service", "--namespace", "shop", "--ci", ci)
        assert begun.returncode == 0, begun.stderr
        git(self.origin, "init", "--quiet", "--initial-branch=main")
        git(self.origin, "add", "--all")
        git(self.origin, "commit", "--quiet", "--message=the contracts")
        git(self.origin, "checkout", "--quiet", "-b", "change")
        self.clone("main")

    def clone(self, branch: str) -> None:
        shutil.rmtree(self.checkout, ignore_errors=True)
        url = self.origin.as_uri()
        git(self.origin, "clone", "--quiet", "--depth=1", f"--branch={branch}", url, str(self.checkout))

    def change(self, old: str, new: str) -> None:
        """Commit a change of the entity to the pull request, with its clients."""
        file = self.origin / "schemas" / "customer.avsc"
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))
        assert run("generate", cwd=self.origin).returncode == 0
        git(self.origin, "commit", "--quiet", "--all", "--message=a change")
        self.clone("change")

    def merge(self) -> None:
        git(self.origin, "checkout", "--quiet", "main")
        git(self.origin, "merge", "--quiet", "change")
        self.clone("main")

    def job(self, name: str, event: str = "pull_request", *, variables: bool = True) -> Job:
        """Run a job of the workflow on GitHub."""
        pull_request = event == "pull_request"
        contexts: dict[str, Any] = {
            "github": {
                "event_name": event,
                "base_ref": "main" if pull_request else "",
                "token": "a-token",
                "event": {"pull_request": {"number": 7}} if pull_request else {},
            },
            "vars": self.servers if variables else {},
            "secrets": {},
        }
        environ = {**self.environ, **{key: text for key, text in self.servers.items() if "KAFKA_" in key}}
        file = self.checkout / ".github" / "workflows" / "contracts.yml"
        return workflow.github(file, name, self.checkout, contexts, environ)

    def comment_on(self, report: str) -> tuple[int, str]:
        """Write a report of the last job as a comment, as its step does: the exit code, and what it printed."""
        done = subprocess.run(
            ["bash", ".github/kontrakt-comment.sh", f"reports/{report}.md"],
            cwd=self.checkout,
            env={**os.environ, **self.environ, "GH_TOKEN": "a-token", "NUMBER": "7"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    def on_gitlab(self, name: str) -> Job:
        """Run a job of the pipeline on GitLab."""
        base = git(self.origin, "rev-parse", "main")
        environ = {**self.environ, **self.servers, "CI_MERGE_REQUEST_DIFF_BASE_SHA": base}
        return workflow.gitlab(self.checkout / ".gitlab-ci.yml", name, self.checkout, environ)

    def said(self) -> list[str]:
        """The bodies of the comments on the pull request."""
        found: list[dict[str, Any]] = json.loads(self.comments.read_text())
        return [one["body"] for one in found]


@pytest.fixture
def servers() -> Iterator[Mapping[str, str]]:
    """A broker and a registry of the test's own, as the environment tells of them."""
    with embedded() as bus:
        yield dict(bus.environment)


@pytest.fixture
def team(tmp_path: Path, servers: Mapping[str, str]) -> Team:
    return Team(tmp_path, "github", servers)


def test_from_the_first_commit_to_a_merge_on_github(team: Team) -> None:
    first = team.job("check", "push")
    assert first.failed == [], first.log
    assert "Check" not in first.steps
    applied = team.job("apply", "push")
    assert (applied.failed, applied.steps) == ([], ["Install kontrakt", "Apply"]), applied.log
    assert team.job("apply").ran is False

    team.change(*HARMLESS)
    checked = team.job("check")
    assert checked.failed == [], checked.log
    assert "github/codeql-action/upload-sarif" in checked.used
    planned = team.job("plan")
    assert planned.failed == [], planned.log
    check, plan = team.said()
    assert "no findings" in check
    assert "## kontrakt plan: 1 to change" in plan
    assert team.summary.read_text() == check + plan

    team.merge()
    applied = team.job("apply", "push")
    assert applied.failed == [], applied.log
    assert "shop.customers-value" in applied.log
    again = team.job("plan")
    assert again.failed == [], again.log
    assert len(team.said()) == 2  # the comment on the plan is updated
    assert "## kontrakt plan: nothing to do" in team.said()[1]
    pinned = (team.checkout.parent / "pip").read_text()
    assert f"kontrakt[codegen]=={__version__}" in pinned


def test_a_change_that_breaks_somebody_fails_with_a_comment(team: Team) -> None:
    team.change(*BREAKING)
    checked = team.job("check")
    assert checked.failed == ["Check"]
    assert "::error file=schemas/customer.avsc" in checked.log
    assert "Comment" in checked.steps
    assert "github/codeql-action/upload-sarif" in checked.used
    (comment,) = team.said()
    assert "### Who breaks" in comment


def test_clients_that_are_stale_fail(team: Team) -> None:
    file = team.checkout / "schemas" / "customer.avsc"
    file.write_text(file.read_text().replace(*HARMLESS))
    checked = team.job("check")
    assert checked.failed == ["The generated clients are up to date"]
    assert team.said() == []


def test_only_our_own_comment_is_updated_and_a_refusal_hides_no_verdict(team: Team) -> None:
    team.change(*HARMLESS)
    assert team.job("check").failed == []
    (comment,) = team.said()
    others = [{"id": number, "user": {"login": "mallory"}, "body": comment} for number in (1, 2, 3)]
    team.comments.write_text(json.dumps(others))
    assert team.comment_on("check") == team.comment_on("check") == (0, "")
    assert team.said() == 4 * [comment]
    team.environ["GH_REFUSES"] = "PATCH"
    code, said = team.comment_on("check")
    assert (code, said.splitlines()[-1][:41]) == (0, "::warning::kontrakt could not comment on ")


def test_without_servers_there_is_no_plan(team: Team) -> None:
    assert team.job("plan", variables=False).ran is False
    assert team.job("apply", "push", variables=False).ran is False


def test_from_the_first_commit_to_a_merge_on_gitlab(tmp_path: Path, servers: Mapping[str, str]) -> None:
    team = Team(tmp_path, "gitlab", servers)
    applied = team.on_gitlab("apply contracts")
    assert applied.failed == [], applied.log
    team.change(*HARMLESS)
    checked = team.on_gitlab("check contracts")
    assert checked.failed == [], checked.log
    assert json.loads((team.checkout / "quality.json").read_text()) == []
    assert (team.checkout / "contracts.xml").exists()
    planned = team.on_gitlab("plan contracts")
    assert planned.failed == [], planned.log
    assert "shop.customers-value" in (team.checkout / "plan.md").read_text()
    team.change(BREAKING[0].replace("What people call it.", "What it is called."), "")
    assert team.on_gitlab("check contracts").failed[0].startswith("kontrakt check")


def test_gitlab_has_a_rule_for_each_job() -> None:
    files = first_files(Start(owner="a", namespace="a", ci="gitlab"))
    jobs: dict[str, Any] = yaml.safe_load(files[".gitlab-ci.yml"])
    rules = {name: job["rules"][0]["if"] for name, job in jobs.items() if not name.startswith(".")}
    request = '$CI_PIPELINE_SOURCE == "merge_request_event"'
    assert rules == {
        "check contracts": request,
        "plan contracts": f"{request} && $KONTRAKT_REGISTRY_URL",
        "apply contracts": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH && $KONTRAKT_REGISTRY_URL",
    }


def test_the_hooks_are_content_with_what_they_begin_with(tmp_path: Path) -> None:
    """Installing them takes a package registry, which a test must not need: their entries come from this machine."""
    folder = tmp_path / "shop"
    begun = run("init", str(folder), "--owner", "customer-service", "--namespace", "shop", "--ci", "none")
    assert begun.returncode == 0, begun.stderr
    file = folder / ".pre-commit-config.yaml"
    said = yaml.safe_load(file.read_text())
    for hook in said["repos"][0]["hooks"]:
        assert (hook["language"], hook.pop("additional_dependencies")) == (
            "python",
            [f"kontrakt[codegen]=={__version__}"],
        )
        hook["language"] = "system"
    file.write_text(yaml.safe_dump(said))
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=the contracts")
    done = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--all-files", "--color=never"],
        cwd=folder,
        env={
            **os.environ,
            "PATH": f"{workflow.commands(tmp_path / 'commands')}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT / "contracts"),
            "PRE_COMMIT_HOME": str(tmp_path / "cache"),
            "RUNNER_TEMP": str(tmp_path),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("Passed") == 3
