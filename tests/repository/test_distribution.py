"""What is built to be published carries what it must and nothing else."""

from __future__ import annotations

import email
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from packaging.requirements import Requirement

ROOT: Final = Path(__file__).parents[2]
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())
VERSION: Final = importlib.import_module("kontrakt").__version__
OF_PACKAGING: Final = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}


EXTENSION: Final = f"kontrakt/codec/_native{sysconfig.get_config_var('EXT_SUFFIX')}"
COMPILER: Final = importlib.util.find_spec("kontrakt.codec._native") is not None
"""Whether this installation found one."""


def build(tree: Path, kind: Literal["wheel", "sdist"], output: Path, **environment: str) -> Path:
    """Build as pip does (PEP 517), with the build requirements that are installed here: nothing is fetched."""
    backend = PROJECT["build-system"]["build-backend"]
    code = f"import sys, {backend} as backend; print(backend.build_{kind}(sys.argv[1]))"
    output.mkdir(exist_ok=True)
    command = [sys.executable, "-c", code, str(output)]
    done = subprocess.run(
        command, cwd=tree, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (output / "said").write_text(done.stdout + done.stderr)
    return output / done.stdout.splitlines()[-1]


def names(archive: Path) -> set[str]:
    """The files of a wheel or an sdist; of an sdist without the folder that all stand in."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            return set(wheel.namelist())
    with tarfile.open(archive) as sdist:
        return {member.name.partition("/")[2] for member in sdist.getmembers() if member.isfile()}


def ours(*folders: str) -> set[str]:
    """The files of folders that a commit would carry."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *folders]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return {name for name in listed if (ROOT / name).is_file()}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the working tree, without what is ignored."""
    folder = tmp_path_factory.mktemp("tree")
    for name in ours():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture(scope="module")
def wheel(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tree, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tree, "sdist", tmp_path_factory.mktemp("sdist"))


def expected_in_wheel() -> set[str]:
    return {
        *(name.removeprefix("contracts/") for name in ours("contracts/kontrakt")),
        *(name.removeprefix("codegen/") for name in ours("codegen/kontrakt_codegen")),
        *(name.replace("schemas/", "kontrakt_codegen/example/", 1) for name in ours("schemas")),
        *(f"kontrakt-{VERSION}.dist-info/{name}" for name in OF_PACKAGING),
    }


def test_the_wheel_has_both_packages_the_example_the_codec_and_nothing_else(wheel: Path) -> None:
    assert names(wheel) == expected_in_wheel() | ({EXTENSION} if COMPILER else set())
    assert wheel.name.endswith("-none-any.whl") != COMPILER


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"KONTRAKT_PURE": "1"}, "without its codec in C: KONTRAKT_PURE is set"),
        ({"CC": "no-such-compiler"}, "without its codec in C, which encodes and decodes many times faster: "),
    ],
    ids=["not wanted", "no compiler"],
)
def test_a_wheel_without_the_codec_in_c(tree: Path, tmp_path: Path, environment: dict[str, str], said: str) -> None:
    wheel = build(tree, "wheel", tmp_path, **environment)
    assert names(wheel) == expected_in_wheel()
    assert wheel.name.endswith("-py3-none-any.whl")
    assert said in (tmp_path / "said").read_text()


@pytest.mark.parametrize(
    "name",
    [
        "kontrakt/py.typed",
        "kontrakt_codegen/py.typed",
        "kontrakt_codegen/templates/modules/entity.py.jinja",
        "kontrakt_codegen/templates/models/dataclass.jinja2",
        "kontrakt_codegen/example/customer.avsc",
        "kontrakt_codegen/example/payments.avpr",
        f"kontrakt-{VERSION}.dist-info/licenses/LICENSE",
    ],
)
def test_the_wheel_has_what_it_cannot_do_without(name: str, wheel: Path) -> None:
    assert name in names(wheel)


def test_the_wheel_says_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = email.message_from_bytes(archive.read(f"kontrakt-{VERSION}.dist-info/METADATA"))
        entry_points = archive.read(f"kontrakt-{VERSION}.dist-info/entry_points.txt").decode()
    needs = [Requirement(said) for said in metadata.get_all("Requires-Dist", [])]
    extras: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
    assert {str(one) for one in needs if one.marker is None} == set(
        map(str, map(Requirement, PROJECT["project"]["dependencies"]))
    )
    assert metadata.get_all("Provides-Extra") == list(extras)
    for extra, wanted in extras.items():
        of_extra = {one.name for one in needs if one.marker is not None and one.marker.evaluate({"extra": extra})}
        assert of_extra == {Requirement(one).name for one in wanted}
    assert (metadata["License-Expression"], metadata["Requires-Python"]) == ("Apache-2.0", ">=3.11")
    assert "kontrakt = kontrakt.cli:main" in entry_points


def test_the_sdist_has_the_sources_and_nothing_else(sdist: Path) -> None:
    folders = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    always = {"PKG-INFO", "pyproject.toml", "LICENSE", "README.md", ".gitignore"}
    assert names(sdist) == ours(*folders) | always


def test_what_is_built_from_the_sdist_is_the_same(sdist: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    assert names(build(unpacked, "wheel", tmp_path / "wheel")) == names(wheel)


def test_the_wheel_works_without_a_checkout(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    code = """
from pathlib import Path
import kontrakt, kontrakt_codegen
from kontrakt.settings import Settings
from kontrakt_codegen.demo import example
print(Path(kontrakt.__file__).parts[-3], Path(kontrakt_codegen.__file__).parts[-3], example().name)
print(kontrakt_codegen.run(example(), Path("out"), Settings()).summary)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["installed installed example", "11 written"]
