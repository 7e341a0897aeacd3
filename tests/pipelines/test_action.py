"""The GitHub Action on a pull request: its steps as scripts, in a clone as GitHub makes it, with a stand-in for ``gh``."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines import action
from tests.pipelines.action import ROOT, Ran

BOT = "github-actions[bot]"
BREAKING = ('    {"name": "amount", "type": "shop.types.Money", "doc": "How much was paid."},\n', "")
PULL_REQUEST: Mapping[str, Any] = {
    "token": "a-token",
    "base_ref": "main",
    "event": {"pull_request": {"number": 7}},
}
PUSH: Mapping[str, Any] = {"token": "a-token", "base_ref": "", "event": {}}


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True, timeout=60
    )
    return done.stdout.strip()


class Place:
    """A repository with a pull request, a runner for it, and the comments on it."""

    def __init__(self, folder: Path) -> None:
        self.origin = folder / "origin"
        self.workspace = folder / "workspace"
        self.temporary = folder / "temporary"
        self.comments_file = folder / "comments.json"
        commands = folder / "commands"
        for one in (self.origin, self.temporary, commands):
            one.mkdir()
        self.comments = []
        gh = commands / "gh"
        gh.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("gh.py")}" "$@"\n')
        gh.chmod(0o755)
        self.environ = {"PATH": f"{commands}:/usr/bin:/bin", "GH_COMMENTS": str(self.comments_file)}
        shutil.copytree(ROOT / "schemas", self.origin / "services" / "schemas")
        git(self.origin, "init", "--quiet", "--initial-branch=main")
        self.commit("the contracts")
        git(self.origin, "checkout", "--quiet", "-b", "change")

    @property
    def comments(self) -> list[dict[str, Any]]:
        """The comments on the pull request."""
        found: list[dict[str, Any]] = json.loads(self.comments_file.read_text())
        return found

    @comments.setter
    def comments(self, comments: list[dict[str, Any]]) -> None:
        self.comments_file.write_text(json.dumps(comments))

    def commit(self, message: str) -> None:
        git(self.origin, "add", "--all")
        git(self.origin, "commit", "--quiet", "--allow-empty", f"--message={message}")

    def change(self, replaced: tuple[str, str] = BREAKING) -> int:
        """Commit a change of a schema to the pull request, and say in which line it is first."""
        file = self.origin / "services" / "schemas" / "events" / "order_paid.avsc"
        text = file.read_text()
        assert replaced[0] in text
        file.write_text(text.replace(*replaced))
        self.commit("a change")
        return text[: text.index(replaced[0])].count("\n") + 1

    def run(self, github: Mapping[str, Any] = PULL_REQUEST, inputs: Mapping[str, str] | None = None) -> Ran:
        """Check the pull request out, shallow and with one branch as GitHub does, and run the action."""
        shutil.rmtree(self.workspace, ignore_errors=True)
        shutil.rmtree(self.temporary)
        self.temporary.mkdir()
        url = self.origin.as_uri()
        git(self.origin.parent, "clone", "--quiet", "--depth=1", "--branch=change", url, str(self.workspace))
        given = {"working-directory": "services"} | dict(inputs or {})
        return action.run(self.workspace, self.temporary, given, github, self.environ)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_a_pull_request_that_breaks_nobody(place: Place) -> None:
    ran = place.run()
    assert ran.failed == ""
    assert ran.outputs["result"] == "passed"
    assert "::error" not in ran.log
    assert ran.summary.startswith("<!-- kontrakt-check: default -->\n## kontrakt: no findings\n")
    assert place.comments == []  # nothing to say, so nothing is said


def test_a_pull_request_that_breaks_somebody(place: Place) -> None:
    place.change()
    ran = place.run()
    assert ran.failed == "verdict"
    assert ran.outputs["result"] == "failed"
    assert "::error file=services/schemas/events/order_paid.avsc,line=1,col=1,title=" in ran.log
    assert "### Who breaks" in ran.summary
    (comment,) = place.comments
    assert comment["body"] == Path(ran.outputs["markdown"]).read_text() == ran.summary
    assert json.loads(Path(ran.outputs["json"]).read_text())["failed"]
    assert json.loads(Path(ran.outputs["sarif"]).read_text())["version"] == "2.1.0"
    assert git(place.workspace, "rev-parse", "--is-shallow-repository") == "true"


def test_the_comment_is_updated_and_is_ours(place: Place) -> None:
    marker = "<!-- kontrakt-check: default -->"
    others: list[dict[str, Any]] = [
        {"id": 1, "user": {"login": "mallory"}, "body": f"{marker}\nall is well"},
        {"id": 2, "user": {"login": BOT}, "body": f"about {marker}\nsomething else"},
        {"id": 3, "user": {"login": BOT}, "body": ""},
        {"id": 4, "user": {"login": BOT}, "body": "<!-- kontrakt-check: other -->\nof another check"},
    ]
    place.comments = others
    place.change()
    place.run()
    assert place.comments[:4] == others
    assert "1 error" in place.comments[4]["body"]
    place.change(('"An order was paid in full."', '"Paid."'))
    place.run()
    assert len(place.comments) == 5
    git(place.origin, "reset", "--quiet", "--hard", "main")
    ran = place.run()
    assert ran.failed == ""
    assert place.comments[:4] == others
    assert "no findings" in place.comments[4]["body"]
    assert len(place.comments) == 5


def test_checks_with_keys_of_their_own_have_comments_of_their_own(place: Place) -> None:
    place.change()
    place.run(inputs={"comment-key": "orders"})
    place.run(inputs={"comment-key": "payments"})
    place.run(inputs={"comment-key": "orders"})
    assert [one["body"].partition("\n")[0] for one in place.comments] == [
        "<!-- kontrakt-check: orders -->",
        "<!-- kontrakt-check: payments -->",
    ]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_token_that_may_not_comment_does_not_hide_the_verdict(place: Place, method: str) -> None:
    place.change()
    if method == "PATCH":
        place.run()
    place.environ["GH_REFUSES"] = method
    ran = place.run()
    assert "::warning::kontrakt could not comment" in ran.log
    assert ran.failed == "verdict"
    place.environ.pop("GH_REFUSES")
    git(place.origin, "reset", "--quiet", "--hard", "main")
    assert place.run().failed == ""


def test_no_comment_where_none_is_wanted_or_there_is_no_pull_request(place: Place) -> None:
    place.change()
    assert "comment" not in place.run(inputs={"comment": "false"}).scripts
    ran = place.run(PUSH, inputs={"against": "git:HEAD"})
    assert "comment" not in ran.scripts
    assert ran.failed == ""
    assert place.comments == []


def test_outside_of_a_pull_request_it_has_to_be_said_what_to_compare_with(place: Place) -> None:
    ran = place.run(PUSH)
    assert ran.failed == "check"
    assert "::error::this is no pull request" in ran.log


def test_a_full_clone_stays_one(place: Place) -> None:
    place.change()
    url = place.origin.as_uri()
    git(place.origin.parent, "clone", "--quiet", "--branch=change", url, str(place.workspace))
    ran = action.run(place.workspace, place.temporary, {"working-directory": "services"}, PULL_REQUEST, place.environ)
    assert ran.failed == "verdict"
    assert git(place.workspace, "rev-parse", "--is-shallow-repository") == "false"


def test_inputs_reach_the_check(place: Place) -> None:
    place.change(('"An order was paid in full."', '"Paid."'))
    (place.origin / "services" / "schemas").rename(place.origin / "services" / "contracts 2")
    place.commit("moved")
    ran = place.run(inputs={"schemas": "contracts 2", "fail-on": "info", "against": "git:HEAD"})
    assert ran.failed == ""
    assert json.loads(Path(ran.outputs["json"]).read_text())["fail_on"] == "info"
    assert place.run(inputs={"fail-on": "fatal"}).failed == "check"


def test_inputs_are_never_scripts(place: Place) -> None:
    for name in ("against", "schemas", "fail-on", "comment-key"):
        place.run(inputs={name: '$(touch "$RUNNER_TEMP/owned"); `touch "$RUNNER_TEMP/owned"`"; touch owned #'})
        assert not (place.temporary / "owned").exists()
        assert not (place.workspace / "services" / "owned").exists()


def test_contracts_that_cannot_be_read_fail_with_what_is_wrong(place: Place) -> None:
    line = place.change(('"type": "string"', '"type": "strng"'))
    ran = place.run()
    assert ran.failed == "check"
    assert f"schemas/events/order_paid.avsc:{line}:" in ran.log
    assert 'the type "strng" is not defined' in ran.log
    assert ran.summary == ""


def test_code_scanning_gets_the_findings_where_it_is_wanted(place: Place) -> None:
    place.change()
    assert not [name for name in place.run().used if name.startswith("github/codeql-action/")]
    ran = place.run(inputs={"upload-sarif": "true", "comment-key": "orders"})
    (given,) = [one for name, one in ran.used.items() if name.startswith("github/codeql-action/upload-sarif@")]
    assert given == {"sarif_file": ran.outputs["sarif"], "category": "kontrakt-orders"}


def test_it_installs_itself_with_pinned_versions_and_leaves_the_python_of_the_job_alone(place: Place) -> None:
    ran = place.run()
    assert ran.used["actions/setup-python@v6"] == {"python-version": "3.13", "update-environment": "false"}
    constraints = f"{ROOT}/constraints.txt"
    pip, itself = (place.temporary / "pip").read_text().splitlines()
    assert pip.endswith(f"--constraint {constraints} --upgrade pip")  # the first that knows --build-constraint is 25.3
    assert itself.endswith(f"--constraint {constraints} --build-constraint {constraints} {ROOT}[codegen]")
