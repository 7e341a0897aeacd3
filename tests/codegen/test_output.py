"""What a run writes, keeps, removes and refuses, and that one which fails leaves everything as it was."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from kontrakt.errors import GenerateError
from kontrakt.settings import Settings, read
from kontrakt_codegen import Result, manifest, output
from kontrakt_codegen import run as generate

from tests.golden import contents

ROOT = Path(__file__).parents[2]
TRICKY = ROOT / "tests" / "generated" / "schemas"
RUN = "from kontrakt.cli import main; main()"


def record(name: str, *fields: str) -> str:
    written = ", ".join(f'{{"name": "{field}", "type": "string"}}' for field in ("id", *fields))
    topic = f'{{"kind": "entity", "name": "acme.{name.lower()}s", "key": "id", "owner": "acme"}}'
    return f'{{"type": "record", "namespace": "acme", "name": "{name}", "topic": {topic}, "fields": [{written}]}}'


class Repository:
    """A folder with the contracts of apples and pears, and what is generated of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.schemas = folder / "schemas"
        self.output = folder / "generated"
        self.schemas.mkdir()
        self.declare("Apple")
        self.declare("Pear")
        self.run()

    def declare(self, name: str, *fields: str) -> None:
        (self.schemas / f"{name.lower()}.avsc").write_text(record(name, *fields))

    def move(self, name: str) -> None:
        """Into another namespace, and so into another package."""
        (self.schemas / f"{name.lower()}.avsc").write_text(record(name).replace("acme", "fruit"))

    def withdraw(self, name: str) -> None:
        (self.schemas / f"{name.lower()}.avsc").unlink()

    def run(self, *, check: bool = False, package: str = "") -> Result:
        return generate(self.schemas, self.output, Settings(package=package), check=check)

    def state(self) -> dict[str, tuple[bytes, int]]:
        """The bytes of every file and when it was written, hidden files among them."""
        files = (path for path in self.output.rglob("*") if path.is_file() and path.suffix != ".pyc")
        return {str(path.relative_to(self.output)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}

    def forget(self) -> None:
        """What a fresh clone has not: the memory of the last run."""
        (self.output / manifest.NAME).unlink()


def folders(output: Path) -> list[str]:
    return sorted(path.name for path in output.iterdir() if path.name[0] != ".")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


# --- the same everywhere ----------------------------------------------------------------------------------------------


def test_the_output_does_not_depend_on_where_and_how_it_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another seed of hashes, folder, locale and time zone, and one process instead of several."""
    settings = tmp_path / "kontrakt.toml"
    settings.write_text("")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / one) for one in ("contracts", "codegen"))}
    ways = [
        ({"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8"}, tmp_path, TRICKY),
        ({"PYTHONHASHSEED": "2", "TZ": "America/St_Johns", "LC_ALL": "C", "PYTHONUTF8": "0"}, TRICKY, Path()),
    ]
    for index, (variables, place, schemas) in enumerate(ways):
        subprocess.run(
            [sys.executable, "-c", RUN, "generate", "--quiet", "--schemas", schemas, "--output", tmp_path / str(index)],
            cwd=place,
            env=environment | variables,
            check=True,
        )
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    generate(TRICKY, tmp_path / "alone", Settings())
    first = contents(tmp_path / "0")
    assert len(first) > 200
    assert first == contents(tmp_path / "1")
    assert first == contents(tmp_path / "alone")


def test_what_lies_in_the_current_folder_is_not_imported(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('imported')\n")
    (tmp_path / "yaml.py").write_text("raise SystemExit('imported')\n")
    subprocess.run(
        [sys.executable, "-P", "-c", RUN, "generate", "--quiet", "--schemas", TRICKY, "--output", "out"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / one) for one in ("contracts", "codegen"))},
        check=True,
    )


# --- what is written and what goes ------------------------------------------------------------------------------------


def test_a_second_run_writes_nothing(repository: Repository) -> None:
    before = repository.state()
    result = repository.run()
    assert (result.written, result.removed, result.stale) == ((), (), False)
    assert repository.state() == before


@pytest.mark.parametrize("remembered", [True, False])
def test_only_files_that_change_are_written(repository: Repository, *, remembered: bool) -> None:
    before = repository.state()
    if not remembered:
        repository.forget()
    repository.declare("Apple", "colour")
    result = repository.run()
    assert set(result.written) == {"acme/apples.py", "acme/_kontrakt.py"}
    after = repository.state()
    changed = {name for name, state in after.items() if state != before[name]}
    assert changed == {"acme/apples.py", "acme/_kontrakt.py", manifest.NAME}


@pytest.mark.parametrize("remembered", [True, False])
def test_files_of_contracts_that_are_gone_go(repository: Repository, *, remembered: bool) -> None:
    if not remembered:
        repository.forget()
    repository.withdraw("Pear")
    assert repository.run().removed == ("acme/pears.py",)
    assert not (repository.output / "acme" / "pears.py").exists()


def test_a_package_that_is_gone_goes_with_its_folder(repository: Repository) -> None:
    repository.move("Pear")
    repository.run()
    assert folders(repository.output) == ["acme", "fruit"]
    (repository.output / "acme" / "__pycache__").mkdir()
    (repository.output / "acme" / "__pycache__" / "apples.cpython-311.pyc").write_bytes(b"")
    repository.withdraw("Apple")
    assert "acme/apples.py" in repository.run().removed
    assert folders(repository.output) == ["fruit"]


@pytest.mark.parametrize("remembered", [True, False])
@pytest.mark.parametrize(
    ("one", "two"), [("", "fruit"), ("co.apples", "co.pears"), ("co", "co.pears"), ("co.pears", "co")]
)
def test_two_packages_share_an_output(tmp_path: Path, one: str, two: str, *, remembered: bool) -> None:
    repository = Repository(tmp_path)
    repository.run(package=one)
    before = contents(repository.output)
    if not remembered:
        repository.forget()
    done = repository.run(package=two)
    assert not done.removed
    assert done.others == ((one.replace(".", "/") or "acme",) if remembered else ())
    assert contents(repository.output).items() > before.items()
    repository.withdraw("Pear")
    assert [Path(name).name for name in repository.run(package=two).removed] == ["pears.py"]
    assert contents(repository.output).items() > before.items()
    assert not repository.run(package=two, check=True).stale
    assert [Path(name).name for name in repository.run(package=one, check=True).removed] == ["pears.py"]


def test_what_a_person_wrote_stays_beside_what_goes(repository: Repository) -> None:
    mine = {
        "acme/mine.py": "Mine = 1\n",
        "acme/sub/__init__.py": "",
        "acme/sub/py.typed": "",
        "acme/notes.md": "Generated by kontrakt 0.1.0. DO NOT EDIT.",
        "setup.cfg": "",
    }
    for name, text in mine.items():
        (repository.output / name).parent.mkdir(exist_ok=True)
        (repository.output / name).write_text(text)
    (repository.output / "acme" / "pears.py").write_text("# taken over by a person\n")
    repository.move("Apple")
    repository.withdraw("Pear")
    repository.run()
    left = contents(repository.output)
    assert {name: text for name, text in left.items() if not name.startswith("fruit/")} == {
        **mine,
        "acme/pears.py": "# taken over by a person\n",
    }


def test_what_was_edited_by_hand_is_written_anew(repository: Repository) -> None:
    file = repository.output / "acme" / "apples.py"
    written = file.read_text()
    file.write_text(written.replace("acme.apples", "acme.plums"))
    assert repository.run().written == ("acme/apples.py",)
    assert file.read_text() == written


def test_a_memory_that_says_anything_does_no_harm(repository: Repository) -> None:
    """It is a file like any other: a merge may break it, and nobody may use it to have other files removed."""
    outside = repository.folder / "outside.py"
    outside.write_text('"""Generated by kontrakt 0.1.0. DO NOT EDIT."""\n')
    memory = repository.output / manifest.NAME
    said = memory.read_text()
    memory.write_bytes(b"\xff")
    repository.run()
    for text in (
        "<<<<<<< HEAD\n" + said,
        "[]",
        '{"generator": 1}',
        said.replace('"acme/pears.py"', '"../outside.py"'),
        said.replace('"acme/pears.py"', f'"{outside}"'),
    ):
        memory.write_text(text)
        repository.declare("Apple", "colour")
        repository.run()
        repository.declare("Apple")
        repository.run()
    assert outside.exists()
    assert memory.read_text() == said


def test_settings_that_move_to_another_file_are_named_there(tmp_path: Path) -> None:
    """With the memory of the last run and without it, the output is the same."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "thing.avsc").write_text('{"type": "record", "name": "acme.Thing", "fields": []}')
    table = '[[{}topics]]\nrecord = "acme.Thing"\nkind = "event"\nname = "acme.things"\nkey = { schema = "string" }\nowner = "acme"\n'
    for name, prefix in (("kontrakt.toml", ""), ("pyproject.toml", "tool.kontrakt.")):
        (tmp_path / name).write_text(table.replace("{}", prefix))
        generate(tmp_path / "schemas", tmp_path / "generated", read(tmp_path, {}))
        assert name in (tmp_path / "generated" / "acme" / "things.py").read_text()
        (tmp_path / name).unlink()


# --- what is refused --------------------------------------------------------------------------------------------------


def _file(place: Path) -> None:
    place.write_text("Mine = 1\n")


def _empty(place: Path) -> None:
    place.write_text("")


def _folder(place: Path) -> None:
    place.mkdir()
    (place / "mine.txt").write_text("mine")


def _dangling(place: Path) -> None:
    place.symlink_to("nowhere.py")


def _linked(place: Path) -> None:
    mine = place.parent.parent.parent / "mine.py"
    mine.write_text("Mine = 1\n")
    place.symlink_to(mine)


@pytest.mark.parametrize("put", [_file, _empty, _folder, _dangling, _linked])
def test_what_kontrakt_did_not_write_is_not_overwritten(repository: Repository, put: Callable[[Path], None]) -> None:
    """The error names every such file, and nothing is written at all."""
    for name in ("plums", "quinces"):
        put(repository.output / "acme" / f"{name}.py")
    repository.declare("Plum")
    repository.declare("Quince")
    repository.withdraw("Pear")
    before = repository.state()
    with pytest.raises(GenerateError) as raised:
        repository.run()
    for name in ("plums", "quinces"):
        assert str(repository.output / "acme" / f"{name}.py") in str(raised.value)
    assert repository.state() == before


def test_a_link_to_what_kontrakt_wrote_is_replaced_and_its_target_stays(repository: Repository) -> None:
    place, target = repository.output / "acme" / "apples.py", repository.folder / "elsewhere.py"
    place.rename(target)
    place.symlink_to(target)
    before = target.read_bytes()
    repository.declare("Apple", "colour")
    repository.run()
    assert not place.is_symlink()
    assert target.read_bytes() == before


def test_an_output_that_is_a_link_is_written_where_it_leads(repository: Repository) -> None:
    real = repository.folder / "real"
    repository.output.rename(real)
    repository.output.symlink_to(real)
    repository.declare("Apple", "colour")
    assert "acme/apples.py" in repository.run().written
    assert repository.output.is_symlink()
    assert "colour" in (real / "acme" / "apples.py").read_text()


@pytest.mark.parametrize("name", ["generated", "generated/acme"])
def test_a_file_where_a_folder_is_needed(repository: Repository, name: str) -> None:
    place = repository.folder / name
    shutil.rmtree(repository.output)
    place.parent.mkdir(exist_ok=True)
    place.write_text("mine")
    with pytest.raises(GenerateError, match=f"{place}: not written by kontrakt"):
        repository.run()
    assert place.read_text() == "mine"


def test_a_marker_of_somebody_else_is_kept(repository: Repository) -> None:
    (repository.output / "acme" / "py.typed").write_text("partial\n")
    repository.declare("Apple", "colour")
    repository.run()
    assert (repository.output / "acme" / "py.typed").read_text() == "partial\n"


# --- runs that fail ---------------------------------------------------------------------------------------------------


def _change_much(repository: Repository) -> None:
    """Files come, change and go, a folder comes and another goes."""
    repository.declare("Apple", "colour")
    repository.withdraw("Pear")
    (repository.schemas / "plum.avsc").write_text(record("Plum").replace("acme.plums", "acme.stone.plums"))


FAULTS: list[tuple[object, str, int]] = [
    *((Path, "write_bytes", at) for at in range(5)),
    *((Path, "replace", at) for at in range(5)),
    *((Path, "mkdir", at) for at in (0, 3)),
    *((shutil, "copy2", at) for at in (0, 2)),
    (Path, "unlink", 0),
]


@pytest.mark.parametrize(("owner", "name", "at"), FAULTS)
def test_a_run_that_fails_leaves_the_old_output_whole(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, at: int
) -> None:
    """The disk is full or the folder cannot be written, at any moment of putting files in place."""
    _change_much(repository)
    before = repository.state()
    real, calls = getattr(owner, name), iter(range(1000))

    def faulty(*arguments: object, **more: object) -> object:
        if str(repository.output) in str(arguments[0]) and next(calls) == at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, faulty)
        with pytest.raises(OSError, match="No space left"):
            repository.run()
    assert repository.state() == before
    assert not list((repository.output / manifest.FOLDER).glob(f"{output.STAGE}*"))
    assert {"acme/apples.py", "acme/stone/plums.py"} < set(repository.run().written)


def test_an_interrupted_run_leaves_the_old_output_whole(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    _change_much(repository)
    before = repository.state()
    real, calls = Path.replace, iter(range(1000))

    def interrupted(self: Path, target: Path) -> Path:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return real(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            repository.run()
    assert repository.state() == before


KILLED = """
import os, signal, sys
from pathlib import Path
from kontrakt.settings import Settings, read
from kontrakt_codegen import formatting, run

owner, name, at = {"replace": Path, "_ruff": formatting}[sys.argv[3]], sys.argv[3], int(sys.argv[4])
real, calls = getattr(owner, name), iter(range(1000))

def killed(*arguments):
    if next(calls) == at:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)

setattr(owner, name, killed)
run(Path(sys.argv[1]), Path(sys.argv[2]), Settings())
"""


@pytest.mark.parametrize(("name", "at"), [("_ruff", 0), ("replace", 0), ("replace", 2), ("replace", 4)])
def test_a_killed_run_leaves_whole_files_and_the_next_one_finds_what_is_missing(
    repository: Repository, name: str, at: int
) -> None:
    old = contents(repository.output)
    _change_much(repository)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(ROOT / one) for one in ("contracts", "codegen"))}
    command = [sys.executable, "-c", KILLED, str(repository.schemas), str(repository.output), name, str(at)]
    done = subprocess.run(command, env=environment, check=False)
    assert done.returncode == -signal.SIGKILL
    between = contents(repository.output)
    fresh = repository.folder / "fresh"
    generate(repository.schemas, fresh, Settings())
    new = contents(fresh)
    assert all(text in (old.get(name), new.get(name)) for name, text in between.items())
    if at == 0:
        assert between == old
    left = list((repository.output / manifest.FOLDER).glob(f"{output.STAGE}*"))
    for stage in left:
        os.utime(stage, (0, 0))  # it was long ago
    repository.run()
    assert contents(repository.output) == new
    assert not list((repository.output / manifest.FOLDER).glob(f"{output.STAGE}*"))


def test_the_place_of_a_run_that_may_go_on_is_left_alone(repository: Repository) -> None:
    other = repository.output / manifest.FOLDER / f"{output.STAGE}other"
    other.mkdir()
    repository.declare("Apple", "colour")
    repository.run()
    assert other.is_dir()


# --- only checking ----------------------------------------------------------------------------------------------------


def test_a_check_writes_nothing_and_its_diff_is_what_a_run_does(repository: Repository) -> None:
    repository.declare("Apple", "colour")
    repository.withdraw("Pear")
    before = repository.state()
    result = repository.run(check=True)
    assert repository.state() == before
    assert (result.written, result.removed) == (("acme/_kontrakt.py", "acme/apples.py"), ("acme/pears.py",))
    copy = repository.folder / "copy"
    shutil.copytree(repository.output, copy)
    subprocess.run(["git", "apply", "-p1"], cwd=copy, input="".join(result.diffs), text=True, check=True)
    repository.run()
    assert contents(copy) == contents(repository.output)


def test_a_check_needs_no_memory_and_no_output(repository: Repository) -> None:
    repository.forget()
    assert not repository.run(check=True).stale
    shutil.rmtree(repository.output)
    assert repository.run(check=True).stale
    assert not repository.output.exists()
