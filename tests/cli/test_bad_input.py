"""Wrong input, as strangers bring it: every problem at once, where it is and what to do, never a traceback."""

from __future__ import annotations

import os
from pathlib import Path
from string import ascii_letters

import pytest

from .mistakes import CASES, FINE, Case
from .test_commands import run


def problems(error: str) -> list[str]:
    """The problems of an error output, each on one line."""
    *lines, count = error.replace("schemas/", "").removesuffix("\n").split("\n")
    found: list[str] = []
    for line in lines[:-1]:
        if line.startswith("    "):
            found[-1] += f" ({line.strip()})"
        else:
            found.append(line)
    assert count == f"{len(found)} problem{'' if len(found) == 1 else 's'}"
    return found


@pytest.mark.parametrize("command", ["lint", "generate"])
@pytest.mark.parametrize("case", CASES, ids=lambda one: one.name)
def test_every_problem_is_told(tmp_path: Path, case: Case, command: str) -> None:
    """What is wrong with contracts is a finding (1); with wrong settings the tool cannot work (2)."""
    case.write(tmp_path)
    done = run(command, cwd=tmp_path)
    assert problems(done.stderr) == list(case.said)
    wrong_settings = case.name.startswith("settings")
    assert (done.returncode, done.stdout) == (2 if wrong_settings else 1, "")
    assert not (tmp_path / "generated").exists()


def test_all_mistakes_in_one_folder(tmp_path: Path) -> None:
    """What is wrong with one file hides nothing of another."""
    wanted: list[str] = []
    files: dict[str, str | bytes] = {}
    for number, one in enumerate(CASES):
        text = one.files.get("a.avsc", b"")
        told = " ".join(one.said)
        if isinstance(text, str) and len(one.files) == 1 and "acme" not in told and "topic" not in text:
            name = f"{number:02}.avsc"
            files[name] = text.replace('"name": "A"', f'"name": "{ascii_letters[number]}"')
            wanted += [line.replace("a.avsc", name, 1) for line in one.said]
    Case("all", files, ()).write(tmp_path)
    done = run("lint", cwd=tmp_path)
    assert len(files) > 15
    assert problems(done.stderr) == wanted


BIG = {
    "a huge file": (
        '{"type": "record", "name": "A", "doc": "' + "x" * 17_000_000 + '", "fields": []}',
        "a.avsc:1:1: the file is larger than 16 MB (split it)",
    ),
    "types nested 10,000 deep": (
        '{"type":"array","items":' * 10_000 + '"string"' + "}" * 10_000,
        "a.avsc:1:48001: nested deeper than 2000 levels",
    ),
    "lists nested 10,000 deep": ("[" * 10_000 + "]" * 10_000, "a.avsc:1:2001: nested deeper than 2000 levels"),
}


@pytest.mark.parametrize("name", BIG)
def test_what_is_too_big(tmp_path: Path, name: str) -> None:
    text, said = BIG[name]
    Case(name, {"a.avsc": text}, ()).write(tmp_path)
    done = run("generate", cwd=tmp_path)
    assert (done.returncode, problems(done.stderr)) == (1, [said])


def test_many_problems_are_all_told(tmp_path: Path) -> None:
    fields = ", ".join(f'{{"name": "f{number}", "type": "nope"}}' for number in range(300))
    files = {f"m{number}.avsc": "{" for number in range(150)}
    wrong = f'{{"type": "record", "name": "A", "fields": [{fields}]}}'
    Case("many", {**files, "a.avsc": wrong}, ()).write(tmp_path)
    done = run("lint", cwd=tmp_path)
    assert (done.returncode, len(problems(done.stderr))) == (1, 450)


# --- files that cannot be read ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["lint", "generate"])
@pytest.mark.parametrize(("target", "said"), [("nowhere", "No such file"), ("b.avsc", "symbolic links")])
def test_a_link_that_leads_nowhere(tmp_path: Path, command: str, target: str, said: str) -> None:
    Case("link", {}, ()).write(tmp_path)
    (tmp_path / "schemas" / "b.avsc").symlink_to(target)
    done = run(command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: schemas/b.avsc: ")
    assert said in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("command", ["lint", "generate"])
def test_a_file_that_may_not_be_read(tmp_path: Path, command: str) -> None:
    Case("forbidden", {"a.avsc": FINE}, ()).write(tmp_path)
    (tmp_path / "schemas" / "a.avsc").chmod(0)
    done = run(command, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: schemas/a.avsc: Permission denied\n"


def test_what_is_no_file_of_ours_is_left_out(tmp_path: Path) -> None:
    """A byte order mark is none of Avro's business, and a folder may be called like a file."""
    Case("fine", {"mark.avsc": b"\xef\xbb\xbf" + FINE.replace("Fine", "Mark").encode()}, ()).write(tmp_path)
    (tmp_path / "schemas" / "folder.avsc").mkdir()
    done = run("lint", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 topics and 2 subjects linted: " in done.stdout


@pytest.mark.parametrize("command", ["lint", "generate"])
@pytest.mark.parametrize(
    ("name", "said"),
    [("empty", "no .avsc or .avpr file is in this folder"), ("none", "does not exist"), ("file", "is not a folder")],
)
def test_a_folder_without_contracts(tmp_path: Path, command: str, name: str, said: str) -> None:
    """Nothing is removed because a folder was named that is another."""
    Case("fine", {}, ()).write(tmp_path)
    assert run("generate", cwd=tmp_path).returncode == 0
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    done = run(command, "--schemas", name, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert (tmp_path / "generated" / "acme" / "__init__.py").exists()


@pytest.mark.parametrize(
    "name", ["a\nb", 'a"""b', "a\\b", "ünï {{ x }} 🎉", b"a\xff".decode("utf-8", "surrogateescape")]
)
def test_files_may_be_called_anything(tmp_path: Path, name: str) -> None:
    Case("names", {f"{name}.avsc": FINE.replace("Fine", "Odd")}, ()).write(tmp_path)
    done = run("generate", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "schemas" / f"{name}.avsc").write_text("{")
    done = run("lint", cwd=tmp_path)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr


# --- packages that cannot be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("package", "said"),
    [
        ("../evil", "not the name of a package"),
        ("a/b", "not the name of a package"),
        ("a..b", "not the name of a package"),
        ("1x", "not the name of a package"),
        ("a.class", "not the name of a package"),
        ("é", "not the name of a package"),
        ("json", "would hide"),
        ("kontrakt.mine", "would hide"),
    ],
)
def test_packages_that_cannot_be(tmp_path: Path, package: str, said: str) -> None:
    Case("fine", {}, ()).write(tmp_path)
    done = run("generate", "--package", package, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["schemas"]
