"""``kontrakt check`` as a user runs it: on a small repository, against git, a folder and a registry."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kontrakt.registry import Registry
from kontrakt.registry.embedded import EmbeddedRegistry

from tests.golden import held

from .test_commands import run

HERE = Path(__file__).parent
CUSTOMER = """{
  "type": "record",
  "namespace": "shop",
  "name": "Customer",
  "doc": "Current state of a customer.",
  "topic": {"kind": "entity", "name": "shop.customers", "key": "customer_id", "owner": "customer-service"},
  "fields": [
    {"name": "customer_id", "type": "string"},
    {"name": "email", "type": "string"},
    {"name": "tier", "type": {"type": "enum", "name": "Tier", "symbols": ["STANDARD", "GOLD"]}, "default": "STANDARD"},
    {"name": "phone", "type": "string", "default": ""}
  ]
}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one contract, committed."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "customer.avsc").write_text(CUSTOMER)
    git(tmp_path, "init", "-q", "-b", "main")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, timeout=60)


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "A commit.")


def head(folder: Path) -> str:
    """The commit as messages name it."""
    asked = ["git", "rev-parse", "HEAD"]
    return subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True, timeout=60).stdout[:8]


def change(folder: Path, *replacements: tuple[str, str]) -> None:
    file = folder / "schemas" / "customer.avsc"
    text = file.read_text()
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    file.write_text(text)


RENAMED = ('"email", "type"', '"mail", "type"')
SYMBOL = ('["STANDARD", "GOLD"]', '["STANDARD", "GOLD", "PLATINUM"]')


def test_nothing_changed(repository: Path) -> None:
    done = run("check", "--against", "git:main", cwd=repository)
    assert (done.returncode, done.stderr) == (0, "")
    assert "no findings" in done.stdout


def test_what_a_stranger_sees(repository: Path) -> None:
    """The output alone has to do: what changed, where, who breaks, why, and what to do."""
    change(repository, RENAMED, SYMBOL, ('"default": ""', '"default": "none"'))
    git(repository, "tag", "before")
    done = run("check", "--against", "git:before", cwd=repository)
    assert (done.returncode, done.stderr) == (1, "")
    held(done.stdout.replace(head(repository), "<commit>"), HERE / "golden" / "stranger.txt")


def test_the_way_out_that_it_names_is_one(repository: Path) -> None:
    change(
        repository,
        ('"email", "type": "string"}', '"email", "type": "string"},\n    {"name": "mail", "type": "string"}'),
    )
    done = run("check", "--against", "git:main", cwd=repository)
    assert done.returncode == 1
    assert "give `mail` a default" in done.stdout
    change(repository, ('"mail", "type": "string"', '"mail", "type": "string", "default": ""'))
    assert run("check", "--against", "git:main", cwd=repository).returncode == 0


def test_the_severity_that_fails_and_the_format(repository: Path) -> None:
    change(repository, ('"default": ""', '"default": "none"'))
    arguments = ("check", "--against", "git:main", "--format", "json")
    done = run(*arguments, cwd=repository)
    assert done.returncode == 0
    assert [one["rule"] for one in json.loads(done.stdout)["findings"]] == ["default-changed"]
    assert run(*arguments, "--fail-on", "warning", cwd=repository).returncode == 0
    assert run(*arguments, "--fail-on", "info", cwd=repository).returncode == 1


def test_a_waiver_lets_one_finding_pass(repository: Path) -> None:
    change(repository, SYMBOL)
    done = run("check", "--against", "git:main", "--format", "json", cwd=repository)
    (finding,) = json.loads(done.stdout)["findings"]
    waiver = (
        f'[[waivers]]\nfingerprint = "{finding["fingerprint"]}"\nrule = "enum-symbol-added"\nreason = "all upgraded"\n'
    )
    (repository / "kontrakt-waivers.toml").write_text(waiver + "expires = 9999-12-31\n")
    assert run("check", "--against", "git:main", cwd=repository).returncode == 0
    change(repository, RENAMED)
    assert run("check", "--against", "git:main", cwd=repository).returncode == 1


def test_a_baseline_of_what_was_there(repository: Path) -> None:
    change(repository, SYMBOL)
    assert run("check", "--against", "git:main", "--write-baseline", cwd=repository).returncode == 0
    assert run("check", "--against", "git:main", cwd=repository).returncode == 0


def test_against_a_folder(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(repository / "schemas", other / "schemas")
    change(repository, RENAMED)
    done = run("check", "--against", str(other / "schemas"), cwd=repository)
    assert done.returncode == 1
    assert "field-renamed" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--against", "git:nowhere"), "nowhere"),
        (("--against", "no/such/folder"), "no/such/folder"),
        (("--against", "registry"), "KONTRAKT_REGISTRY_URL"),
        (("--against", "registry", "--registry", "http://127.0.0.1:9"), "127.0.0.1:9"),
        ((), "--against"),
    ],
)
def test_what_keeps_the_check_from_working_is_said(repository: Path, arguments: tuple[str, ...], said: str) -> None:
    done = run("check", *arguments, cwd=repository)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.fixture
def registry() -> Iterator[str]:
    """An embedded registry's address."""
    with EmbeddedRegistry() as embedded:
        yield embedded.url


def test_against_a_registry(repository: Path, registry: str) -> None:
    where = ("--against", "registry", "--registry", registry)
    assert run("check", *where, cwd=repository).returncode == 0  # everything is new
    assert run("apply", "--only", "registry", "--registry", registry, cwd=repository).returncode == 0
    assert run("check", *where, cwd=repository).returncode == 0
    change(repository, RENAMED)
    done = run("check", *where, cwd=repository)
    assert done.returncode == 1
    assert "shop.customers-value version 1:1:" in done.stdout
    assert "is called `mail` now" in done.stdout


def test_only_the_levels_of_the_contracts(repository: Path, registry: str) -> None:
    change(repository, ('"owner": "customer-service"', '"owner": "customer-service", "compatibility": "BACKWARD"'))
    run("apply", "--only", "registry", "--registry", registry, cwd=repository)
    with Registry(registry) as client:
        client.set_level("shop.customers-value", "FULL")
    change(repository, ('    {"name": "email", "type": "string"},\n', ""))
    where = ("--against", "registry", "--registry", registry, "--format", "json")

    def rules(*more: str) -> list[str]:
        done = run("check", *where, *more, cwd=repository)
        return [one["rule"] for one in json.loads(done.stdout)["findings"]]

    assert rules() == ["field-removed-without-default", "level-weakened"]
    assert rules("--offline-levels") == []


def project(folder: Path, **files: Any) -> Path:
    (folder / "schemas").mkdir(parents=True, exist_ok=True)
    for name, said in files.items():
        (folder / "schemas" / f"{name}.avsc").write_text(json.dumps(said))
    return folder


def test_two_repositories_and_one_registry(tmp_path: Path, registry: str) -> None:
    """What a consumer publishes makes the owner's check fail on what it reads, and pass on what nobody reads."""
    said = json.loads(CUSTOMER)
    said["fields"][1]["default"] = ""  # may go, as far as Avro is asked
    owner = project(tmp_path / "owner", customer=said)
    billing = {
        "type": "record",
        "namespace": "billing",
        "name": "Customer",
        "projection": {"of": "shop.Customer", "consumer": "billing-service"},
        "fields": [
            {"name": "customer_id", "type": "string"},
            {"name": "invoice_email", "aliases": ["email"], "type": "string"},
        ],
    }
    consumer = project(tmp_path / "consumer", customer=said, billing=billing)
    where = ("--against", "registry", "--registry", registry)
    assert run("apply", "--only", "registry", "--registry", registry, cwd=owner).returncode == 0
    assert run("check", *where, cwd=consumer).returncode == 0
    done = run("apply", "--only", "readers", "--registry", registry, cwd=consumer)
    assert "shop.customers-value.readers.billing-service: version 1, id " in done.stdout, done.stderr

    without_phone = said | {"fields": [field for field in said["fields"] if field["name"] != "phone"]}
    project(owner, customer=without_phone)
    done = run("check", *where, cwd=owner)
    assert done.returncode == 0, done.stdout
    assert "billing-service" not in done.stdout

    without_email = said | {"fields": [field for field in said["fields"] if field["name"] != "email"]}
    project(owner, customer=without_email)
    done = run("check", *where, cwd=owner)
    assert done.returncode == 1
    text = " ".join(done.stdout.split())
    assert "billing-service reads `email` of `shop.Customer` (as `invoice_email`), and it is gone" in text
    assert "breaks billing-service" in text
    assert "let billing-service publish a projection that can do without it" in text


def test_the_difference_in_words(repository: Path) -> None:
    change(repository, RENAMED, SYMBOL, ('"default": ""', '"default": "none"'), ('"customer-service"', '"accounts"'))
    git(repository, "tag", "before")
    commit_id = head(repository)
    for form, name in (("text", "diff.txt"), ("markdown", "diff.md")):
        done = run("diff", "--against", "git:before", "--format", form, cwd=repository)
        assert (done.returncode, done.stderr) == (0, "")
        held(done.stdout.replace(commit_id, "<commit>"), HERE / "golden" / name)
    document = json.loads(run("diff", "--against", "git:before", "--format", "json", cwd=repository).stdout)
    assert document["step"] == "major"
    assert document["breaking"] == 2
