"""Old contracts at a git ref, in real repositories."""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path

import pytest
from kontrakt.check.sources import past
from kontrakt.errors import SourceError
from kontrakt.settings import Settings

from .projects import ALONE, Project, customer, fields


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """git as it is on no machine in particular; nothing of a repository around this one."""
    for name, value in ALONE.items():
        monkeypatch.setenv(name, value)
    for name in [name for name in os.environ if name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A repository whose first commit has one contract, and whose working tree has a field more."""
    made = Project(tmp_path / "shop").init()
    made.write("schemas/customer.avsc", customer("email"))
    made.commit("first")
    made.write("schemas/customer.avsc", customer("email", "name"))
    monkeypatch.chdir(made.root)
    return made


def test_what_a_ref_holds(project: Project) -> None:
    before = project.git("status", "--porcelain"), project.git("rev-parse", "HEAD")
    found = project.past("git:main")
    commit = project.git("rev-parse", "main")
    assert found.name == f"git main ({commit[:8]})"
    assert fields(found) == ["id", "email"]
    assert found.notes == []
    assert found.contracts is not None
    assert [topic.name for topic in found.contracts.topics] == ["shop.customers"]
    assert (project.git("status", "--porcelain"), project.git("rev-parse", "HEAD")) == before
    assert project.git("worktree", "list").count("\n") == 0


def test_old_places_are_what_git_show_takes(project: Project) -> None:
    position = project.past("git:main").histories["shop.customers-value"][0].schema.position
    assert str(position) == "main:schemas/customer.avsc:1:1"
    assert project.git("show", position.file)


def test_what_is_unchanged(project: Project) -> None:
    project.write("schemas/money.avsc", '{"type": "record", "name": "shop.Money", "fields": []}')
    project.commit()
    assert project.past("git:HEAD").unchanged == {"shop.Money", "shop.customers-value"}
    assert project.past("git:HEAD~1").unchanged == set()


def test_a_shared_type_that_changed_changes_those_that_use_it(project: Project) -> None:
    project.write("schemas/money.avsc", _money())
    for name in ("Order", "Refund"):
        topic = f'"topic": {{"kind": "event", "name": "{name}", "key": null, "owner": "x"}}'
        used = '{"name": "of", "type": "shop.Money"}' if name == "Order" else '{"name": "of", "type": "long"}'
        text = f'{{"type": "record", "name": "shop.{name}", {topic}, "fields": [{used}]}}'
        project.write(f"schemas/{name}.avsc", text)
    project.commit()
    project.write("schemas/money.avsc", _money().replace("{", '{"doc": "Money.", ', 1))
    assert project.past("git:HEAD").unchanged == {"Refund-value", "shop.customers-value"}


# Where the folder is


def test_a_folder_of_a_monorepo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Project(tmp_path / "mono").init()
    service = Project(whole.root / "services" / "shop")
    service.write("kontrakt.toml", 'schemas = "contracts"')
    service.write("contracts/customer.avsc", customer("email"))
    whole.write("services/other/schemas/customer.avsc", customer("wrong"))
    whole.commit()
    service.write("contracts/customer.avsc", customer("email", "name"))
    monkeypatch.chdir(service.root)
    found = service.past("git:main")
    assert fields(found) == ["id", "email"]
    position = found.histories["shop.customers-value"][0].schema.position
    assert position.file == "main:services/shop/contracts/customer.avsc"
    monkeypatch.chdir(whole.root)  # and from elsewhere, with the folder named
    assert fields(whole.past("git:main", "services/shop/contracts")) == ["id", "email"]


def test_settings_of_that_time(project: Project) -> None:
    project.write(
        "avro/kept.avsc", '{"type": "record", "name": "acme.Kept", "fields": [{"name": "id", "type": "long"}]}'
    )
    topics = '[[topics]]\nrecord = "acme.Kept"\nkind = "event"\nname = "{}"\nkey = "id"\nowner = "acme"\n'
    project.write("kontrakt.toml", 'schemas = "avro"\n' + topics.format("kept"))
    project.commit()
    project.git("mv", "avro", "contracts")
    project.write("kontrakt.toml", 'schemas = "contracts"\n' + topics.format("kept.v2"))
    found = project.past("git:HEAD")
    assert sorted(found.histories) == ["kept-key", "kept-value"]  # the folder and the topic of that time


def test_settings_in_pyproject_and_none(project: Project) -> None:
    project.write("pyproject.toml", '[tool.kontrakt]\nschemas = "avro"\n')
    project.write("avro/customer.avsc", customer("a"))
    project.commit()
    assert fields(project.past("git:HEAD")) == ["id", "a"]
    assert fields(project.past("git:HEAD~1", "schemas")) == ["id", "email"]


def test_wrong_settings_of_that_time_are_a_note(project: Project) -> None:
    project.write("kontrakt.toml", "schemas = 7\n")
    project.commit()
    project.write("kontrakt.toml", "")
    found = project.past("git:HEAD")
    assert fields(found) == ["id", "email", "name"]
    assert "HEAD:kontrakt.toml:1:1: schemas must be text" in found.notes[0]


def test_a_folder_that_was_not_there(project: Project) -> None:
    project.write("new/order.avsc", customer("x", name="shop.Order"))
    found = project.past("git:main", "new")
    assert dict(found.histories) == {}
    assert "no contracts in new" in found.notes[0]


def test_a_file_that_moved(project: Project) -> None:
    project.git("mv", "schemas/customer.avsc", "schemas/moved.avsc")
    project.write("schemas/moved.avsc", customer("email"))
    found = project.past("git:HEAD")
    assert found.unchanged == {"shop.customers-value"}


def test_unusual_names(project: Project) -> None:
    names = ["größe \" ' \t\n.avsc", "a b/c:d.avsc", "-dash.avsc", ".hidden/x.avsc", os.fsdecode(b"latin\xe9.avsc")]
    for number, name in enumerate(names):
        project.write(f"schemas/{name}", f'{{"type": "record", "name": "shop.T{number}", "fields": []}}')
    project.commit()
    project.git("rm", "-rq", "--cached", ".")
    for name in names:
        (project.root / "schemas" / name).unlink()
    found = project.past("git:HEAD")
    assert sorted(found.histories) == ["shop.T0", "shop.T1", "shop.T2", "shop.T4", "shop.customers-value"]
    files = {found.histories[f"shop.T{number}"][0].schema.position.file for number in (0, 1, 2, 4)}
    escaped = [name if name.isprintable() or "\t" in name else "latin\\xe9.avsc" for name in names if name[0] != "."]
    assert files == {f"HEAD:schemas/{name}" for name in escaped}
    assert found.notes == []


def test_line_ends_and_byte_order_marks(project: Project) -> None:
    text = customer("email").replace("\n", "\r\n")
    project.write("schemas/customer.avsc", b"\xef\xbb\xbf" + text.encode())
    project.commit()
    found = project.past("git:HEAD").histories["shop.customers-value"][0].schema
    assert found.source.at("fields", 1, "name").line == text.split("\r\n").index('      "name": "email",') + 1


# Links, submodules, large files


def test_links(project: Project) -> None:
    project.write("shared/types/money.avsc", '{"type": "record", "name": "shop.Money", "fields": []}')
    project.write("shared/order.avsc", customer("a", name="shop.Order", topic={}).replace('"topic": {},', ""))
    schemas = project.root / "schemas"
    (schemas / "types").symlink_to("../shared/types")
    (schemas / "order.avsc").symlink_to("../shared/order.avsc")
    (schemas / "again.avsc").symlink_to("customer.avsc")  # read once
    (schemas / "back").symlink_to(".")
    (schemas / "loop").symlink_to("loop")
    project.commit()
    (schemas / "loop").unlink()
    found = project.past("git:HEAD")
    assert sorted(found.histories) == ["shop.Money", "shop.Order", "shop.customers-value"]
    assert found.notes == []
    assert found.unchanged == found.histories.keys()


def test_a_link_that_leads_out(project: Project, tmp_path: Path) -> None:
    (tmp_path / "outside.avsc").write_text('{"type": "record", "name": "Outside", "fields": []}')
    (project.root / "schemas/outside.avsc").symlink_to(tmp_path / "outside.avsc")
    project.commit()
    found = project.past("git:HEAD")
    assert "Outside" not in found.histories
    assert found.notes == [
        "HEAD:schemas/outside.avsc is a link to what the repository does not hold, so it is not compared"
    ]


def test_a_linked_folder_of_contracts(project: Project) -> None:
    project.git("mv", "schemas", "contracts")
    (project.root / "schemas").symlink_to("contracts")
    project.commit()
    assert fields(project.past("git:HEAD")) == ["id", "email", "name"]


@pytest.mark.parametrize("inside", ["schemas", "schemas/shared", "vendor"])
def test_contracts_in_a_submodule(project: Project, tmp_path: Path, inside: str) -> None:
    shared = Project(tmp_path / "shared").init()
    shared.write("schemas/money.avsc" if inside == "vendor" else "money.avsc", _money())
    old = shared.commit()
    if inside == "schemas":
        project.git("rm", "-rfq", "schemas")
    project.git("submodule", "--quiet", "add", f"file://{shared.root}", inside)
    project.commit("with a submodule")
    module = Project(project.root / inside)
    module.write("schemas/money.avsc" if inside == "vendor" else "money.avsc", _money('{"name": "x", "type": "int"}'))
    module.commit("newer")
    project.commit("and a newer one")
    folder = "vendor/schemas" if inside == "vendor" else "schemas"
    assert fields(project.past("git:HEAD", folder), "shop.Money") == ["x"]
    found = project.past("git:HEAD~1", folder)
    assert fields(found, "shop.Money") == []
    position = found.histories["shop.Money"][0].schema.position
    assert position.file == f"HEAD~1:{folder if inside == 'vendor' else inside}/money.avsc"
    assert module.git("rev-parse", "HEAD~1") == old


def test_a_submodule_whose_commit_is_not_there(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = Project(tmp_path / "shared").init()
    shared.write("money.avsc", _money())
    shared.commit()
    project.git("submodule", "--quiet", "add", f"file://{shared.root}", "schemas/shared")
    project.commit()
    clone = project.clone(tmp_path / "clone")
    monkeypatch.chdir(clone.root)
    found = clone.past("git:HEAD")
    assert sorted(found.histories) == ["shop.customers-value"]
    (note,) = found.notes
    command = re.search(r"fetch it with: (git submodule .*?), so", note)
    assert command is not None
    clone.git(*shlex.split(command[1])[1:])
    assert sorted(clone.past("git:HEAD").histories) == ["shop.Money", "shop.customers-value"]


def test_inside_a_submodule_its_own_refs_count(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Project(tmp_path / "whole").init()
    project.commit()
    whole.git("submodule", "--quiet", "add", f"file://{project.root}", "shop")
    inner = Project(whole.root / "shop")
    monkeypatch.chdir(inner.root)
    assert fields(inner.past("git:HEAD~1")) == ["id", "email"]


def test_a_worktree_of_a_bare_repository(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project.commit()
    bare = project.clone(tmp_path / "bare.git", "--bare")
    bare.git("worktree", "add", "-q", "--detach", str(tmp_path / "tree"), "main")
    tree = Project(tmp_path / "tree")
    monkeypatch.chdir(tree.root)
    assert fields(tree.past("git:main~1")) == ["id", "email"]


def test_inside_a_hook(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("services/shop/schemas/order.avsc", customer("a", name="shop.Order"))
    project.commit()
    inner = Project(project.root / "services" / "shop")
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    monkeypatch.chdir(inner.root)
    found = past("git:HEAD", inner.contracts(), Settings())
    assert fields(found) == ["id", "a"]


def test_git_lfs(project: Project) -> None:
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12\n"
    here, away = "ab" * 32, "cd" * 32
    project.write("schemas/here.avsc", pointer.format(here))
    project.write("schemas/away.avsc", pointer.format(away))
    commit = project.commit()
    (project.root / "schemas/here.avsc").write_text(_money())
    (project.root / "schemas/away.avsc").unlink()
    place = project.root / ".git/lfs/objects/ab/ab" / here
    place.parent.mkdir(parents=True)
    place.write_text(_money())
    found = project.past("git:HEAD")
    assert sorted(found.histories) == ["shop.Money", "shop.customers-value"]
    command = f"git lfs fetch origin {commit}"
    assert found.notes == [
        f"HEAD:schemas/away.avsc is kept in Git LFS and not here; fetch it with: {command}, so it is not compared"
    ]


def test_what_was_wrong_is_left_out(project: Project) -> None:
    project.write("schemas/broken.avsc", '{"type": "record", "name": "shop.Broken", "fields": [')
    project.write(
        "schemas/uses.avsc", '{"type": "record", "name": "shop.Uses", "fields": [{"name": "b", "type": "shop.Broken"}]}'
    )
    project.write("schemas/lenient.avsc", '{"type": "record", "name": "shop.Bad-Name", "fields": []}')
    project.write(
        "schemas/ownerless.avsc", customer("x", name="shop.Order", topic={"kind": "entity", "name": "orders"})
    )
    project.commit()
    project.git(
        "rm", "-q", "schemas/broken.avsc", "schemas/uses.avsc", "schemas/lenient.avsc", "schemas/ownerless.avsc"
    )
    found = project.past("git:HEAD")
    assert sorted(found.histories) == ["orders-value", "shop.Bad-Name", "shop.customers-value"]
    assert [note.partition("wrong in it: ")[2].partition(" ")[0] for note in found.notes] == [
        "HEAD:schemas/broken.avsc:1:54:",
        "HEAD:schemas/uses.avsc:1:74:",
        *["HEAD:schemas/ownerless.avsc:4:12:"] * 2,
    ]


# Refs that are not there


@pytest.fixture
def upstream(tmp_path: Path) -> Project:
    """A repository with a branch that left main two commits ago, and tags."""
    made = Project(tmp_path / "upstream").init()
    for count in range(3):
        made.write("schemas/customer.avsc", customer(*[f"f{number}" for number in range(count)]))
        made.commit(f"main {count}")
    made.git("tag", "v1.0")
    made.git("tag", "-a", "release/2", "-m", "two")
    made.git("checkout", "-q", "-b", "feature")
    for name in ("a", "b"):
        made.write(f"schemas/{name}.avsc", f'{{"type": "record", "name": "shop.{name}", "fields": []}}')
        made.commit(f"feature {name}")
    made.git("checkout", "-q", "main")
    made.write("schemas/customer.avsc", customer("f0", "f1", "f2"))
    made.commit("main goes on")
    return made


def follow(clone: Project, error: pytest.ExceptionInfo[SourceError]) -> None:
    """Runs the command that the message gives."""
    command = re.search(r"with: (git fetch .*?)(, and|$)", str(error.value))
    assert command is not None, str(error.value)
    clone.git(*shlex.split(command[1])[1:])


SHALLOW = ("--depth=1", "--branch", "feature")


@pytest.mark.parametrize("how", [SHALLOW, ("--single-branch", "--branch", "feature")])
@pytest.mark.parametrize(
    ("ref", "then"),
    [
        ("origin/main", "origin/main"),
        ("refs/remotes/origin/main", "refs/remotes/origin/main"),
        ("main", "origin/main"),
        ("origin/main...", "origin/main..."),
    ],
)
def test_the_message_fetches_a_branch(
    upstream: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...], ref: str, then: str
) -> None:
    clone = upstream.clone(tmp_path / "clone", *how)
    monkeypatch.chdir(clone.root)
    with pytest.raises(SourceError, match=r"there is no (refs/remotes/)?(origin/)?main in this") as error:
        clone.past(f"git:{ref}")
    follow(clone, error)
    parted = ref.endswith("...")
    if parted and how is SHALLOW:  # what was fetched first is not enough to tell
        with pytest.raises(SourceError, match="beyond the history that was fetched") as error:
            clone.past(f"git:{then}")
        follow(clone, error)
    found = clone.past(f"git:{then}")
    assert fields(found) == (["id", "f0", "f1"] if parted else ["id", "f0", "f1", "f2"])
    assert clone.git("status", "--porcelain") == ""


@pytest.mark.parametrize("ref", ["HEAD~2", "HEAD^^", "feature~3"])
def test_the_message_fetches_history(
    upstream: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ref: str
) -> None:
    clone = upstream.clone(tmp_path / "clone", *SHALLOW)
    monkeypatch.chdir(clone.root)
    with pytest.raises(SourceError, match="in this shallow clone") as error:
        clone.past(f"git:{ref}")
    follow(clone, error)
    assert fields(clone.past(f"git:{ref}"))[:2] == ["id", "f0"]


@pytest.mark.parametrize("how", [SHALLOW, ("--single-branch", "--no-tags", "--branch", "feature")])
@pytest.mark.parametrize("ref", ["v1.0", "refs/tags/release/2", "main"])
def test_the_message_fetches_a_tag_and_a_commit(
    upstream: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: tuple[str, ...], ref: str
) -> None:
    clone = upstream.clone(tmp_path / "clone", *how)
    monkeypatch.chdir(clone.root)
    name = upstream.git("rev-parse", "main") if ref == "main" else ref
    with pytest.raises(SourceError, match="there is no") as error:
        clone.past(f"git:{name}")
    follow(clone, error)
    assert fields(clone.past(f"git:{name}"))[:3] == ["id", "f0", "f1"]


def test_messages_where_no_command_helps(
    project: Project, upstream: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def message(where: Project, against: str) -> str:
        monkeypatch.chdir(where.root)
        with pytest.raises(SourceError) as error:
            where.past(against)
        return str(error.value)

    clone = upstream.clone(tmp_path / "clone", "--branch", "feature")
    assert message(clone, "git:main") == (
        "git: there is no main in this clone; there is origin/main; compare with git:origin/main"
    )
    assert message(clone, "git:HEAD~77").endswith("does not go back that far; git log shows what there is")
    assert "give all digits" in message(clone, "git:abcdef0")
    assert message(project, "git:nope").endswith("git branch --all and git tag show what there is")
    for wrong in ("git:", "git", "git:main..HEAD", "git:..."):
        assert "names no commit" in message(project, wrong)
    assert "there is no --help" in message(project, "git:--help")
    assert "there is no main:schemas" in message(project, "git:main:schemas")


def test_branches_that_have_nothing_in_common(project: Project) -> None:
    project.git("checkout", "-q", "--orphan", "other")
    project.commit()
    with pytest.raises(
        SourceError, match="main and HEAD have no commit in common; compare with one of the two: git:main"
    ):
        project.past("git:main...")


# A branch is compared with where it began, or with what main is now


def test_where_a_branch_and_main_parted(project: Project) -> None:
    project.git("checkout", "-qf", "-b", "feature")
    project.commit("feature")
    project.git("checkout", "-q", "main")
    project.write("schemas/customer.avsc", customer("email", "phone"))
    project.commit("main goes on")
    project.git("checkout", "-q", "feature")
    exact, parted = project.past("git:main"), project.past("git:main...")
    assert fields(exact) == ["id", "email", "phone"]
    (note,) = exact.notes
    assert "git:main... compares with the commit where the two parted" in note
    assert fields(parted) == ["id", "email"]
    assert parted.notes == []
    commit = project.git("merge-base", "main", "HEAD")[:8]
    assert parted.name == f"git main... ({commit})"
    assert parted.histories["shop.customers-value"][0].schema.position.file == f"{commit}:schemas/customer.avsc"


# Where git cannot help


def test_no_git(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SourceError, match="git is not installed"):
        project.past("git:main")


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path)
    project.write("schemas/customer.avsc", customer())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="this is in no git repository"):
        project.past("git:main")


def test_a_repository_without_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = Project(tmp_path).init()
    project.write("schemas/customer.avsc", customer())
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="there is no main in this clone"):
        project.past("git:main")
    with pytest.raises(SourceError, match="there is no HEAD in this clone"):
        project.past("git:HEAD")


def test_a_broken_repository(project: Project) -> None:
    blob = project.git("rev-parse", "HEAD:schemas/customer.avsc")
    (project.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    with pytest.raises(SourceError, match=f"the object {blob} is missing in this clone; run git fsck"):
        project.past("git:HEAD")


def _money(*said: str) -> str:
    return f'{{"type": "record", "name": "shop.Money", "fields": [{", ".join(said)}]}}'
