"""Which files of a folder count, for every command alike."""

from __future__ import annotations

from pathlib import Path

import pytest
from kontrakt import settings
from kontrakt.contract import load
from kontrakt.files import read_files
from kontrakt_codegen import run

SCHEMA = b'{"type": "record", "name": "A", "namespace": "a", "fields": []}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    schemas = tmp_path / "schemas"
    (schemas / "inside").mkdir(parents=True)
    (schemas / "inside" / "a.avsc").write_bytes(SCHEMA)
    return schemas


def test_files_in_any_depth_but_none_that_are_hidden(folder: Path) -> None:
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "b.avsc").write_bytes(SCHEMA)
    (folder / ".c.avsc").write_bytes(SCHEMA)
    (folder / "notes.txt").write_bytes(b"")
    assert read_files(folder) == {f"{folder.as_posix()}/inside/a.avsc": SCHEMA}


def test_a_link_that_leads_back_ends(folder: Path) -> None:
    (folder / "inside" / "back").symlink_to(folder)
    assert len(read_files(folder)) == 1


def test_a_file_that_is_linked_twice_counts_once_for_every_command(folder: Path) -> None:
    (folder / "inside" / "again.avsc").symlink_to("a.avsc")
    assert len(read_files(folder)) == 1
    assert len(load(folder).types) == 1
    assert run(folder, folder.parent / "out", settings.Settings()).written
