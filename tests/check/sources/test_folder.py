"""Old contracts in a folder or an archive."""

from __future__ import annotations

import io
import os
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kontrakt.check.sources import archive
from kontrakt.errors import SourceError

from .projects import Project, customer, fields

if TYPE_CHECKING:
    from collections.abc import Callable

ARCHIVES = ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz", "whl"]
_FORMATS = {"zip": "zip", "whl": "zip", "tar": "tar", "tar.gz": "gztar", "tar.bz2": "bztar", "tar.xz": "xztar"}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    made = Project(tmp_path / "now")
    made.write("schemas/customer.avsc", customer("email", "name"))
    monkeypatch.chdir(made.root)
    return made


@pytest.fixture
def old(tmp_path: Path) -> Project:
    made = Project(tmp_path / "old")
    made.write("schemas/customer.avsc", customer("email"))
    return made


@pytest.fixture
def packed(tmp_path: Path) -> Callable[[Path, str], Path]:
    """Makes an archive of a folder."""

    def pack(folder: Path, suffix: str) -> Path:
        made = Path(shutil.make_archive(str(tmp_path / "made"), _FORMATS[suffix], folder.parent, folder.name))
        return made.rename(tmp_path / f"archive.{suffix}")

    return pack


def test_a_folder_of_schemas(project: Project, old: Project) -> None:
    found = project.past(str(old.root / "schemas"))
    assert fields(found) == ["id", "email"]
    assert found.name == (old.root / "schemas").as_posix()
    assert found.histories["shop.customers-value"][0].schema.position.file == f"{found.name}/customer.avsc"


def test_a_project(project: Project, old: Project) -> None:
    old.write("tests/schemas/customer.avsc", customer("wrong"))
    assert fields(project.past(str(old.root))) == ["id", "email"]
    (old.root / "schemas").rename(old.root / "avro")
    old.write("kontrakt.toml", 'schemas = "avro"\n')
    assert fields(project.past(str(old.root))) == ["id", "email"]


def test_a_project_inside_a_folder_with_files_of_its_own(project: Project, old: Project) -> None:
    old.write("order.avsc", customer("x", name="shop.Order", topic=None).replace('"topic": null,', ""))
    assert sorted(project.past(str(old.root)).histories) == ["shop.Order", "shop.customers-value"]


@pytest.mark.parametrize("suffix", ARCHIVES)
@pytest.mark.parametrize("part", ["", "schemas"])
def test_an_archive(
    project: Project, old: Project, packed: Callable[[Path, str], Path], suffix: str, part: str
) -> None:
    old.write("kontrakt.toml", 'schemas = "schemas"\n')
    old.write("schemas/.hidden/x.avsc", customer("wrong"))
    old.write("other/customer.avsc", customer("wrong"))
    made = packed(old.root / part, suffix)
    found = project.past(str(made))
    assert fields(found) == ["id", "email"]
    inside = "schemas/customer.avsc" if part else "old/schemas/customer.avsc"
    assert found.histories["shop.customers-value"][0].schema.position.file == f"{made.as_posix()}:{inside}"
    assert found.notes == []


@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_links_in_an_archive(project: Project, old: Project, tmp_path: Path, suffix: str) -> None:
    old.write("shared/money.avsc", '{"type": "record", "name": "shop.Money", "fields": []}')
    (old.root / "schemas/shared").symlink_to("../shared")
    (old.root / "schemas/again.avsc").symlink_to("customer.avsc")
    (old.root / "schemas/out.avsc").symlink_to("/etc/passwd")
    (old.root / "schemas/up.avsc").symlink_to("../../../../../../etc/passwd")
    (old.root / "schemas/loop").symlink_to("loop")
    made = tmp_path / f"old.{suffix}"
    if suffix == "tar":
        os.link(old.root / "schemas/customer.avsc", old.root / "schemas/hard.avsc")
        with tarfile.open(made, "w") as file:
            file.add(old.root, "old")
    else:
        with zipfile.ZipFile(made, "w") as file:
            for path in sorted(old.root.rglob("*")):
                if path.is_symlink():
                    entry = zipfile.ZipInfo(path.relative_to(old.root).as_posix())
                    entry.create_system, entry.external_attr = 3, 0o120777 << 16
                    file.writestr(entry, str(path.readlink()))
                elif path.is_file():
                    file.write(path, path.relative_to(old.root).as_posix())
    found = project.past(str(made))
    assert sorted(found.histories) == ["shop.Money", "shop.customers-value"]
    assert found.notes == []


@pytest.mark.parametrize("name", ["../../evil.avsc", "/evil.avsc", "..\\..\\evil.avsc", "a/../../evil.avsc"])
@pytest.mark.parametrize("suffix", ["zip", "tar"])
def test_names_that_lead_out_are_only_names(project: Project, tmp_path: Path, name: str, suffix: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    found = project.past(str(_archive(tmp_path / f"x.{suffix}", {name: customer("email").encode()})))
    assert fields(found) == ["id", "email"]
    assert sorted(tmp_path.rglob("*")) == sorted([*before, tmp_path / f"x.{suffix}"])
    assert ".." not in found.histories["shop.customers-value"][0].schema.position.file


def test_archives_that_hold_too_much(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST", 200_000)
    monkeypatch.setattr(archive, "MOST", 20)
    large = {f"{number}.avsc": b" " * 50_000 for number in range(5)}
    beside = {"x.avsc": customer().encode(), "x.bin": b"\0" * 250_000}
    many = {f"{number}.txt": b"" for number in range(21)}
    for suffix in ("zip", "tar.gz", "tar"):
        for files, said in ((large, "holds more than"), (many, "has more than 20 entries")):
            with pytest.raises(SourceError, match=said):
                project.past(str(_archive(tmp_path / f"x.{suffix}", files)))
    with pytest.raises(SourceError, match="holds more than"):  # a stream is unpacked to its end
        project.past(str(_archive(tmp_path / "x.tar.gz", beside)))
    assert project.past(str(_archive(tmp_path / "x.zip", beside))).histories  # in a zip, it is passed over


def test_a_file_in_an_archive_that_is_too_large(project: Project, tmp_path: Path) -> None:
    files = {"a.avsc": customer("email").encode(), "b.avsc": b" " * (16 * 1024 * 1024 + 1)}
    found = project.past(str(_archive(tmp_path / "x.zip", files)))
    assert fields(found) == ["id", "email"]
    assert "larger than 16 MB" in found.notes[0]


def test_what_is_no_archive(project: Project, tmp_path: Path) -> None:
    whole = {
        suffix: _archive(tmp_path / f"x.{suffix}", {"a.avsc": customer().encode() * 99}) for suffix in ("zip", "tar.gz")
    }
    broken = {
        "text": b"hello",
        "empty": b"",
        "gzip": b"\x1f\x8b\x08\x00hello, this is no gzip",
        "half.tar.gz": whole["tar.gz"].read_bytes()[:200],
        "half.zip": whole["zip"].read_bytes()[:150],
        "flipped.zip": bytes(byte ^ (0xFF if 40 < at < 60 else 0) for at, byte in enumerate(whole["zip"].read_bytes())),
    }
    for name, data in broken.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(SourceError, match="this is no archive, or a broken one|cannot be read"):
            project.past(str(tmp_path / name))


def test_nothing_to_compare_with(project: Project, old: Project, tmp_path: Path) -> None:
    shutil.rmtree(old.root / "schemas")
    for against in (old.root, _archive(tmp_path / "x.zip", {"readme.txt": b""})):
        with pytest.raises(SourceError, match=r"there is no \.avsc or \.avpr file in it"):
            project.past(str(against))
    with pytest.raises(SourceError, match="there is no such folder or archive; name registry, git:REF, or"):
        project.past("regsitry")
    for nothing in ("", " "):
        with pytest.raises(SourceError, match="nothing is named to compare with"):
            project.past(nothing)


def test_a_folder_that_cannot_be_read(project: Project, old: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.is_relative_to(old.root):
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(SourceError, match=r"customer\.avsc: cannot be read: Permission denied"):
        project.past(str(old.root / "schemas"))


def test_topics_declared_outside(project: Project, old: Project) -> None:
    topic = '[[topics]]\nrecord = "acme.Kept"\nkind = "event"\nname = "{}"\nkey = "id"\nowner = "acme"\n'
    kept = '{"type": "record", "name": "acme.Kept", "fields": [{"name": "id", "type": "string"}]}'
    for one in (project, old):
        one.write("schemas/kept.avsc", kept)
    project.write("kontrakt.toml", topic.format("kept"))
    assert "kept-value" in project.past(str(old.root)).histories  # the settings of now
    old.write("kontrakt.toml", topic.format("kept.before"))
    assert "kept.before-value" in project.past(str(old.root)).histories
    assert "kept.before-value" in project.past(str(old.root / "schemas")).histories


def _archive(path: Path, files: dict[str, bytes]) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
            for name, data in files.items():
                made.writestr(name, data)
        return path
    with tarfile.open(path, "w:gz" if path.name.endswith("gz") else "w") as made:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            made.addfile(entry, io.BytesIO(data))
    return path
