"""Code of users, judged by type checkers: what is right passes, and each mistake is the error that it should be.

The code of the documentation is judged too, and is right. A line of a case ends with ``# E: mypy's codes / pyright's rules`` where it is wrong; ``-`` stands for none. Each checker runs once for all cases.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import pytest
from kontrakt.settings import Settings, Style
from kontrakt_codegen import run
from sybil import Document

from tests.docs.examples import Block, markdown

ROOT: Final = Path(__file__).parents[2]
CASES: Final = Path(__file__).parent / "cases"
NAMES: Final = sorted(path.name for path in CASES.glob("*.py"))
STYLES: Final[Sequence[Style]] = ("msgspec", "pydantic", "typeddict")
PAGES: Final = [
    ROOT / "README.md",
    *(ROOT / "docs" / f"{name}.md" for name in ("entities", "events", "requests", "asyncio", "testing")),
]
TRICKY: Final = ROOT / "tests" / "generated" / "schemas" / "topics"
NEW_EVENT: Final = {
    "type": "record",
    "namespace": "shop.order",
    "name": "OrderReturned",
    "topic": {"kind": "event", "name": "shop.order-events", "key": "order_id", "owner": "order-service"},
    "fields": [{"name": "order_id", "type": "string"}],
}


class Wanted(NamedTuple):
    """A package to generate."""

    schemas: Path
    package: str
    style: Style = "dataclass"


class Code(NamedTuple):
    """What is judged: files, and the folders that their packages stand in."""

    files: Sequence[Path]
    path: Sequence[str]


Found: TypeAlias = "Mapping[str, set[tuple[int, str]]]"
"""What a checker says of each file: lines, and the codes of what is wrong there."""


def of_documentation(page: Path, folder: Path) -> list[Path]:
    """Write the code of a page, and generate what it imports: as a package of the page's name, for each page has its own `shop`."""
    document = Document(page.read_text(), str(page))
    blocks: list[Block] = [region.parsed for region in markdown(document)]
    package = f"of_{page.stem}_page"
    for block in blocks:
        if block.file.startswith("schemas/"):
            target = folder / block.file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.source)
    names = list[str]()
    if (folder / "schemas").exists():
        run(folder / "schemas", folder, Settings(package=package))
        names = [one.stem for one in (folder / package).iterdir() if one.is_dir()]
    modules = {block.file: block.source for block in blocks if block.file.endswith(".py")}
    modules[f"of_{page.stem}.py"] = "\n".join(one.source for one in blocks if one.language == "python" and not one.file)
    for file, source in modules.items():
        (folder / file).write_text(
            re.sub(rf"^from ({'|'.join(names) or '$'})\b", rf"from {package}.\1", source, flags=re.MULTILINE)
        )
    return [folder / file for file in modules]


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Code:
    """The cases, with the packages that they import beside that of the example, and the code of the documentation."""
    files, path = [CASES / name for name in NAMES], list[str]()
    for page in PAGES:
        folder = tmp_path_factory.mktemp(page.stem)
        files += of_documentation(page, folder)
        path.append(str(folder))
    folder = tmp_path_factory.mktemp("packages")
    next_schemas = folder / "schemas"
    shutil.copytree(ROOT / "schemas", next_schemas)
    (next_schemas / "order_returned.avsc").write_text(json.dumps(NEW_EVENT))
    wanted = [Wanted(ROOT / "schemas", f"in_{style}", style) for style in STYLES]
    wanted += [Wanted(TRICKY, "keyed"), Wanted(next_schemas, "next")]
    for one in wanted:
        run(one.schemas, folder / one.package, Settings(style=one.style, package=one.package))
    path += [str(folder / one.package) for one in wanted]
    return Code(files, path)


@pytest.fixture(scope="module")
def mypy(code: Code) -> Found:
    """What mypy --strict says."""
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--output", "json", *map(str, code.files)],
        cwd=ROOT,
        env={**os.environ, "MYPYPATH": os.pathsep.join(code.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    found = defaultdict[str, set[tuple[int, str]]](set)
    for line in done.stdout.splitlines():
        said: dict[str, Any] = json.loads(line)
        if said["severity"] == "error":
            found[Path(said["file"]).name].add((said["line"], said["code"]))
    return found


@pytest.fixture(scope="module")
def pyright(code: Code, tmp_path_factory: pytest.TempPathFactory) -> Found:
    """What pyright strict says."""
    settings = tmp_path_factory.mktemp("pyright") / "pyrightconfig.json"
    settings.write_text(
        json.dumps(
            {
                "typeCheckingMode": "strict",
                "reportUnknownMemberType": False,  # always beside another error
                "pythonVersion": "3.11",
                "include": [str(file) for file in code.files],
                "extraPaths": [*code.path, *(str(ROOT / name) for name in ("contracts", "generated"))],
            }
        )
    )
    command = [sys.executable, "-m", "basedpyright", "-p", str(settings), "--pythonpath", sys.executable]
    done = subprocess.run([*command, "--outputjson"], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    found = defaultdict[str, set[tuple[int, str]]](set)
    for said in json.loads(done.stdout)["generalDiagnostics"]:
        if said["severity"] == "error":
            found[Path(said["file"]).name].add((said["range"]["start"]["line"] + 1, said["rule"]))
    return found


def expected(name: str, checker: int) -> set[tuple[int, str]]:
    """The errors that a case announces; of mypy (0) or pyright (1)."""
    return {
        (number, code)
        for number, line in enumerate((CASES / name).read_text().splitlines(), start=1)
        if (mark := re.search(r"# E: (.+) / (.+)$", line))
        for code in mark.groups()[checker].split()
        if code != "-"
    }


@pytest.mark.parametrize("name", NAMES)
def test_mypy_finds_exactly_the_mistakes(name: str, mypy: Found) -> None:
    assert sorted(mypy[name]) == sorted(expected(name, 0))


@pytest.mark.parametrize("name", NAMES)
def test_pyright_finds_exactly_the_mistakes(name: str, pyright: Found) -> None:
    assert sorted(pyright[name]) == sorted(expected(name, 1))


def test_the_code_of_the_documentation_is_right(mypy: Found, pyright: Found) -> None:
    assert {*mypy, *pyright} <= set(NAMES)


def test_every_case_has_mistakes_and_what_is_right() -> None:
    for name in NAMES:
        text = (CASES / name).read_text()
        assert expected(name, 0), name
        assert expected(name, 1), name
        assert "assert_type" in text or "assert_never" in text, name
