"""The cache of parts, with a script in Maven's place."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.real import parts
from tests.real.errors import PartMissingError
from tests.real.java import NoJavaError
from tests.real.parts import APICURIO_3, AVRO, KAFKA, PARTS, Part, fetch

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]

MAVEN = """#!/bin/sh
for argument; do case "$argument" in -DoutputDirectory=*) out="${argument#*=}";; esac; done
echo run >> "$MAVEN_RUNS"
mkdir -p "$out/lib" && echo jar > "$out/lib/a.jar" && echo another > "$out/b.jar"
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("KONTRAKT_TEST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MAVEN_RUNS", str(tmp_path / "runs"))
    return tmp_path / "cache"


@pytest.fixture
def maven(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a script in Maven's place."""

    def install(script: str) -> None:
        launcher = tmp_path / "bin" / "mvn"
        launcher.parent.mkdir(exist_ok=True)
        launcher.write_text(script)
        launcher.chmod(0o755)
        monkeypatch.setenv("PATH", f"{launcher.parent}:/usr/bin:/bin")

    install(MAVEN)
    return install


@pytest.fixture
def runs(tmp_path: Path) -> Callable[[], int]:
    """Counts how often Maven ran."""

    def count() -> int:
        file = tmp_path / "runs"
        return len(file.read_text().splitlines()) if file.exists() else 0

    return count


@pytest.mark.usefixtures("maven")
def test_fetches_once(cache: Path, runs: Callable[[], int]) -> None:
    folder = fetch(KAFKA)

    assert (folder / "lib" / "a.jar").read_text() == "jar\n"
    assert folder.is_relative_to(cache)
    assert fetch(KAFKA) == folder
    assert runs() == 1


@pytest.mark.usefixtures("maven")
@pytest.mark.parametrize("damage", ["lost", "cut short", "no manifest", "half a manifest"])
def test_fetches_again_what_is_damaged(runs: Callable[[], int], damage: str) -> None:
    folder = fetch(KAFKA)
    manifest = folder.parent / "manifest.json"
    match damage:
        case "lost":
            (folder / "b.jar").unlink()
        case "cut short":
            (folder / "b.jar").write_text("ano")
        case "no manifest":
            manifest.unlink()
        case _:
            manifest.write_text(manifest.read_text()[:10])

    assert (fetch(KAFKA) / "b.jar").read_text() == "another\n"
    assert runs() == 2


def test_a_failed_download_leaves_nothing(cache: Path, maven: Callable[[str], None]) -> None:
    maven(MAVEN + "echo '[ERROR] no such artifact'; exit 1\n")

    with pytest.raises(PartMissingError, match="no such artifact") as caught:
        fetch(KAFKA)

    assert caught.value.part == "Apache Kafka 4.3.1"
    assert "python -m tests.real fetch kafka" in caught.value.remedy
    assert [path.name for path in cache.iterdir()] == ["kafka.lock"]
    maven(MAVEN)
    assert (fetch(KAFKA) / "b.jar").exists()


@pytest.mark.usefixtures("maven")
def test_clears_what_a_killed_download_left(cache: Path) -> None:
    left_over = cache / "kafka.dead.partial"
    left_over.mkdir(parents=True)

    fetch(KAFKA)

    assert not left_over.exists()


def test_a_download_without_files_does_not_count(maven: Callable[[str], None], runs: Callable[[], int]) -> None:
    maven('#!/bin/sh\necho run >> "$MAVEN_RUNS"\n')

    for _ in range(2):
        with pytest.raises(PartMissingError, match="no files"):
            fetch(KAFKA)
    assert runs() == 2


@pytest.mark.usefixtures("maven")
def test_processes_at_once_fetch_once(runs: Callable[[], int]) -> None:
    program = "from tests.real.parts import KAFKA, fetch; print(fetch(KAFKA))"
    racing = [
        subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    folders = {process.communicate()[0] for process in racing}

    assert folders == {f"{fetch(KAFKA)}\n"}
    assert runs() == 1


@pytest.mark.usefixtures("cache")
def test_without_maven(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_args: object, **_options: object) -> None: ...

    monkeypatch.setattr(shutil, "which", nothing)

    with pytest.raises(PartMissingError, match="Maven \\(mvn\\) is not installed"):
        fetch(AVRO)


def test_without_a_java(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(*_args: object, **_options: object) -> None:
        raise NoJavaError("needs Java 21 or newer; found no Java at all")

    monkeypatch.setattr(parts, "find_java", nothing)

    with pytest.raises(PartMissingError, match="found no Java") as caught:
        parts.java_for(APICURIO_3)
    assert "JAVA_HOME_21" in caught.value.remedy


@pytest.mark.usefixtures("maven")
def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("KONTRAKT_TEST_CACHE", str(tmp_path / "file" / "cache"))

    with pytest.raises(PartMissingError) as caught:
        fetch(KAFKA)
    assert "KONTRAKT_TEST_CACHE" in caught.value.remedy


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_every_part_says_its_version(part: Part) -> None:
    assert re.fullmatch(r"\d+(\.\d+)+(\.Final)?", part.version)


def test_containers_have_the_same_versions() -> None:
    images = dict(re.findall(r"image: (\S+):(\S+)", (ROOT / "compose.yaml").read_text()))

    assert images == {
        "apache/kafka": KAFKA.version,
        "apicurio/apicurio-registry": APICURIO_3.version,
    }
