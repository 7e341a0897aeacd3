"""``kontrakt init``: what it writes passes every check, and what was there stays."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from kontrakt.contract import load
from kontrakt.errors import KontraktError
from kontrakt.settings import read
from kontrakt.start import Start, first_files, write
from kontrakt.start.files import namespace_of, owner_of

from tests.cli.test_commands import ENV, ROOT, RUN, run

GIVEN = ("--owner", "customer-service", "--namespace", "shop")


def check_jsonschema(schema: str, file: Path) -> str:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository that was begun in an empty folder, with everything."""
    folder = tmp_path_factory.mktemp("begun")
    done = run("init", *GIVEN, "--requests", cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


# What is written


def test_it_says_what_it_wrote(tmp_path: Path) -> None:
    done = run("init", "new", *GIVEN, "--ci", "none", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "written   new/.gitignore",
        "written   new/.pre-commit-config.yaml",
        "written   new/.vscode/contracts.schema.json",
        "written   new/.vscode/settings.json",
        "written   new/.vscode/settings.schema.json",
        "written   new/kontrakt.toml",
        "written   new/schemas/README.md",
        "written   new/schemas/customer.avsc",
        "written   new/schemas/customer_renamed.avsc",
        "new/generated: 5 written",
    ]


@pytest.mark.parametrize(
    "arguments",
    [("lint", "--fail-on", "info"), ("generate", "--check"), ("check", "--against", "schemas"), ("schema",)],
)
def test_every_command_is_content(begun: Path, arguments: tuple[str, ...]) -> None:
    done = run(*arguments, cwd=begun)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_a_check_has_no_finding_however_small(begun: Path) -> None:
    done = run("check", "--against", "schemas", "--fail-on", "info", cwd=begun)
    assert done.returncode == 0, done.stdout


def test_mypy_is_content_with_the_clients(begun: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "."]
    environ = os.environ | {"MYPYPATH": str(ROOT / "contracts")}
    done = subprocess.run(
        command, cwd=begun / "generated", env=environ, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_pyright_is_content_with_the_clients(begun: Path, tmp_path: Path) -> None:
    package = str(begun / "generated")
    settings = {"typeCheckingMode": "strict", "include": [package], "extraPaths": [str(ROOT / "contracts"), package]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "-p", str(tmp_path), "--pythonpath", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_clients_talk(begun: Path) -> None:
    program = """
import datetime as dt

import kontrakt
from shop.customer_commands import CustomerCommands, NameTaken
from shop.customer_events import CustomerEvents, CustomerRenamed
from shop.customers import Customer, Customers

ada = Customer(customer_id="c-1", name="Ada", created_at=dt.datetime.now(dt.UTC))


class Renaming(CustomerCommands.Service):
    def rename(self, request, meta):
        if request.name == "Bo":
            raise NameTaken(name=request.name)
        return Customer(customer_id=request.customer_id, name=request.name, created_at=ada.created_at)


with kontrakt.embedded(Customers, CustomerEvents, CustomerCommands) as bus:
    with Customers.producer(bus) as customers, CustomerEvents.producer(bus) as events:
        customers.put(ada)
        events.send(CustomerRenamed(customer_id="c-1", name="Bo"))
    with Customers.consumer(bus, group="a") as changes, CustomerEvents.consumer(bus, group="b") as seen:
        print([change.value.name for change in changes.until_end()], [event.value.name for event in seen.until_end()])
    with CustomerCommands.serve(bus, Renaming(), group="c"), CustomerCommands.client(bus) as commands:
        print(commands.rename(customer_id="c-1", name="Cy").name)
        try:
            commands.rename(customer_id="c-1", name="Bo")
        except NameTaken as taken:
            print("taken:", taken.name)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=begun,
        env=ENV | {"PYTHONPATH": f"{ROOT / 'contracts'}{os.pathsep}generated"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("['Ada'] ['Bo']\nCy\ntaken: Bo\n", 0), done.stderr


def test_the_settings_and_what_editors_are_told(begun: Path) -> None:
    said = json.loads((begun / ".vscode" / "settings.json").read_text())
    contracts, settings = said["json.schemas"][0]["url"], said["evenBetterToml.schema.associations"][r"kontrakt\.toml$"]
    toml = (begun / "kontrakt.toml").read_text()
    assert f"#:schema {settings}\n" in toml
    validators: list[Any] = [
        jsonschema.Draft7Validator(json.loads((begun / one).read_text())) for one in (contracts, settings)
    ]
    validators[1].validate(tomllib.loads(toml))
    for path in (begun / "schemas").glob("*.av*"):
        validators[0].validate(json.loads(path.read_text()))


def test_every_contract_is_in_the_readme_and_belongs_to_the_owner(begun: Path) -> None:
    page = (begun / "schemas" / "README.md").read_text()
    found = load(begun / "schemas", read(begun, {}))
    assert {topic.owner for topic in found.topics} | {pair.owner for pair in found.requests} == {"customer-service"}
    assert all(f"`{topic.name}`" in page for topic in found.topics)
    assert all(f"`{Path(file).name}`" in page for file in found.files)
    assert all(f"`{pair.name}.requests`" in page for pair in found.requests)


@pytest.mark.parametrize("requests", [True, False])
@pytest.mark.parametrize(
    ("owner", "namespace"),
    [("customer-service", "shop"), ("iot.app", "acme.things"), ("app", "acme"), ("Policy_Svc", "A"), ("x-box", "b.c")],
)
def test_any_owner_gets_contracts_that_are_valid(tmp_path: Path, owner: str, namespace: str, requests: bool) -> None:
    write(tmp_path, first_files(Start(owner=owner, namespace=namespace, requests=requests)))
    found = load(tmp_path / "schemas")
    assert {topic.owner for topic in found.topics} == {owner}
    assert len(found.requests) == requests
    assert all(name.startswith(f"{namespace}.") for name in found.topic_names)


# Pipelines


@pytest.mark.parametrize(
    ("ci", "files"),
    [
        ("github", {".github/workflows/contracts.yml": "vendor.github-workflows"}),
        ("gitlab", {".gitlab-ci.yml": "vendor.gitlab-ci"}),
        ("none", {}),
    ],
)
def test_pipelines_are_what_their_vendors_take(tmp_path: Path, ci: str, files: dict[str, str]) -> None:
    write(tmp_path, first_files(Start(owner="a", namespace="a", ci=ci)))
    assert {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.yml")} == set(files)
    for name, schema in files.items():
        assert check_jsonschema(schema, tmp_path / name) == ""


def test_the_hooks_are_what_pre_commit_takes(begun: Path) -> None:
    file = begun / ".pre-commit-config.yaml"
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(file)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    offered = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}
    for hook in yaml.safe_load(file.read_text())["repos"][0]["hooks"]:
        assert hook["entry"].startswith(offered[hook["id"]]["entry"].removesuffix(" --quiet"))


# What is there


def test_what_is_there_is_left(begun: Path) -> None:
    before = {path: path.read_bytes() for path in begun.rglob("*") if path.is_file()}
    done = run("init", "--owner", "other-service", "--namespace", "other", cwd=begun)
    assert done.returncode == 0, done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()[:-1]} == {"left"}
    assert "left      schemas/other.avsc (there are contracts in schemas already)" in done.stdout
    assert {path: path.read_bytes() for path in begun.rglob("*") if path.is_file()} == before


def test_lines_are_added_to_a_gitignore(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("reports\n*.log")
    done = run("init", *GIVEN, cwd=tmp_path)
    assert "added to  .gitignore (.kontrakt/, __pycache__/)\n" in done.stdout
    assert (tmp_path / ".gitignore").read_text() == "reports\n*.log\n.kontrakt/\n__pycache__/\n"


def test_settings_in_pyproject_stay_the_only_ones(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.kontrakt]\nstyle = "msgspec"\n')
    done = run("init", *GIVEN, cwd=tmp_path)
    assert "left      kontrakt.toml (the settings stand in pyproject.toml)" in done.stdout
    assert "msgspec" in (tmp_path / "generated" / "shop" / "customers.py").read_text()


def test_a_file_where_a_folder_is_needed(tmp_path: Path) -> None:
    (tmp_path / "schemas").write_text("")
    done = run("init", *GIVEN, cwd=tmp_path)
    assert done.returncode == 2
    assert "schemas" in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "schemas").read_text() == ""


# What is asked


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--owner", "a b"), "'a b' is not the name of a service"),
        (("--owner", "a", "--namespace", "a-b"), "'a-b' is not a namespace"),
        (("--owner", "a", "--namespace", "json"), "the package json would hide"),
        (("--ci", "jenkins"), "'jenkins' is not one of"),
    ],
)
def test_names_that_cannot_be(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run("init", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("folder", "owner", "namespace"),
    [
        ("customer-service", "customer-service", "customer"),
        ("My Orders", "my-orders", "my_orders"),
        ("2024_api", "api", "api"),
        ("...", "my-service", "my"),
    ],
)
def test_names_follow_from_the_folder(folder: str, owner: str, namespace: str) -> None:
    assert owner_of(folder) == owner
    assert namespace_of(owner) == namespace


def test_a_start_is_checked_where_it_is_made() -> None:
    with pytest.raises(KontraktError, match="is not a namespace"):
        Start(owner="a", namespace="")


@pytest.mark.parametrize("in_pipeline", [False, True])
def test_it_asks_on_a_terminal_and_never_in_a_pipeline(tmp_path: Path, in_pipeline: bool) -> None:
    folder = tmp_path / "billing-service"
    folder.mkdir()
    ours, theirs = pty.openpty()
    environ = {name: value for name, value in ENV.items() if name != "CI"} | ({"CI": "true"} if in_pipeline else {})
    try:
        os.write(ours, b"customer-service\nshop\ngitlab\n")
        done = subprocess.run(
            [*RUN, "init"],
            cwd=folder,
            env=environ,
            stdin=theirs,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0, done.stderr
    assert ("[billing-service]" in done.stdout + done.stderr) is not in_pipeline
    assert (folder / "schemas" / ("billing.avsc" if in_pipeline else "customer.avsc")).exists()
    assert (folder / ".gitlab-ci.yml").exists() is not in_pipeline
