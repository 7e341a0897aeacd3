"""The parts that tests need and pip cannot bring: what they are, and a cache that has them whole.

Maven fetches each part as its pom in `poms/` says, from wherever this machine's Maven is set up to
look; `npm.py` fetches what npm has. A part lands in the cache by one rename, with a manifest of all its files; a download that was
cut short, and files that were lost since, are fetched again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree as ET

from tests.real.errors import PartMissingError
from tests.real.java import Java, NoJavaError, find_java

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

CACHE_VARIABLE = "KONTRAKT_TEST_CACHE"
DEFAULT_CACHE = "~/.cache/kontrakt-tests"

_POMS = Path(__file__).with_name("poms")
_MANIFEST = "manifest.json"
_MAVEN_JAVA = 17
_FETCH_SECONDS = 1800
_PROJECT = {"pom": "http://maven.apache.org/POM/4.0.0"}


@dataclass(frozen=True)
class Part:
    """Something that Maven can fetch.

    Attributes:
        key: Its short name, and the name of its pom.
        title: Its name for people, without the version.
        java: The feature version of Java that it needs.
        compiler: Whether it needs a JDK rather than any Java.
        goal: What Maven does with its artifacts: copy jars, or unpack archives.
    """

    key: str
    title: str
    java: int
    goal: Literal["copy-dependencies", "unpack-dependencies"]
    compiler: bool = False

    @property
    def pom(self) -> Path:
        """The file that says what to fetch."""
        return _POMS / f"{self.key}.xml"

    @property
    def version(self) -> str:
        """The version of the part, which is its pom's first dependency."""
        version = ET.parse(self.pom).findtext(".//pom:dependency/pom:version", None, _PROJECT)
        if version is None:
            raise ValueError(f"{self.pom} names no version")
        return version

    @property
    def label(self) -> str:
        """Its name and version, for messages."""
        return f"{self.title} {self.version}"


KAFKA = Part("kafka", "Apache Kafka", 17, "copy-dependencies")
AVRO = Part("avro", "Avro's reference implementation", 17, "copy-dependencies", compiler=True)
APICURIO_3 = Part("apicurio3", "Apicurio Registry", 21, "unpack-dependencies")
APICURIO_2 = Part("apicurio2", "Apicurio Registry", 17, "unpack-dependencies")
SARIF = Part("sarif", "SARIF's JSON Schema", 17, "copy-dependencies")
SPRING = Part("spring", "Spring for Apache Kafka", 17, "copy-dependencies", compiler=True)
PARTS = {part.key: part for part in (KAFKA, AVRO, APICURIO_3, APICURIO_2, SARIF, SPRING)}


def cache_folder() -> Path:
    """Return where parts are kept between runs."""
    return Path(os.environ.get(CACHE_VARIABLE) or DEFAULT_CACHE).expanduser()


def java_for(part: Part) -> Java:
    """Return the Java to run a part with.

    Raises:
        PartMissingError: There is none that is new enough.
    """
    return _java(part, part.java, compiler=part.compiler)


def fetch(part: Part) -> Path:
    """Return the folder with a part's files, fetched first where the cache does not have them.

    Raises:
        PartMissingError: It can be neither found nor fetched.
    """
    name = f"{part.key}-{part.version}"
    return kept(part.key, name, part.pom.read_bytes(), part.label, lambda folder: _run_maven(part, folder))


def kept(key: str, name: str, asked: bytes, label: str, fill: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, filled first where the cache does not have it whole.

    Args:
        key: Names the lock; what has the same key is fetched one after another.
        name: What the folder is called.
        asked: What says which files there should be; when it changes, they are fetched anew.
        label: The part's name, for messages.
        fill: Puts the files into the folder `files` of the folder that it is given.

    Raises:
        PartMissingError: It can be neither found nor fetched.
    """
    cache = cache_folder()
    entry = cache / f"{name}-{hashlib.sha256(asked).hexdigest()[:12]}"
    if _is_complete(entry):
        return entry / "files"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with _locked(cache / f"{key}.lock", label):
            if not _is_complete(entry):  # another process may have fetched it while we waited
                _fetch_into(entry, key, fill)
    except OSError as error:
        raise PartMissingError(
            label,
            f"the cache cannot be written: {error}",
            f"name a folder for it with {CACHE_VARIABLE}",
        ) from error
    return entry / "files"


def _fetch_into(entry: Path, key: str, fill: Callable[[Path], None]) -> None:
    """Fetch a part and put it in place; the caller holds the lock."""
    for left_over in entry.parent.glob(f"{key}.*.partial"):
        shutil.rmtree(left_over, ignore_errors=True)
    # A name nobody else has: the Maven of a process that was killed may still be writing to its own.
    partial = Path(tempfile.mkdtemp(dir=entry.parent, prefix=f"{key}.", suffix=".partial"))
    try:
        fill(partial)
        _write_manifest(partial)
        if entry.exists():
            shutil.rmtree(entry)
        partial.rename(entry)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _run_maven(part: Part, folder: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise _not_fetched(part, "Maven (mvn) is not installed")
    java = _java(part, _MAVEN_JAVA)
    # Beside its output, because Maven writes to the folder that the pom is in.
    shutil.copyfile(part.pom, folder / "pom.xml")
    command = [
        maven,
        "--batch-mode",
        "--no-transfer-progress",
        "--quiet",
        f"dependency:{part.goal}",
        f"-DoutputDirectory={folder / 'files'}",
    ]
    try:
        subprocess.run(
            command,
            cwd=folder,
            env=os.environ | {"JAVA_HOME": str(java.home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=_FETCH_SECONDS,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        said = "\n".join(str(error.stdout).strip().splitlines()[:8])
        raise _not_fetched(part, f"Maven cannot fetch it:\n{said}") from error
    except subprocess.TimeoutExpired as error:
        raise _not_fetched(part, f"Maven does not end after {_FETCH_SECONDS} s") from error
    except OSError as error:
        raise _not_fetched(part, f"Maven cannot be run: {error}") from error
    if not _sizes(folder / "files"):
        raise _not_fetched(part, "Maven brought no files")


def _not_fetched(part: Part, reason: str) -> PartMissingError:
    return PartMissingError(
        part.label,
        reason,
        f"install Maven and a JDK {_MAVEN_JAVA} or newer, connect it to a Maven repository, "
        f"then run `python -m tests.real fetch {part.key}`",
    )


def _java(part: Part, minimum: int, *, compiler: bool = False) -> Java:
    try:
        return find_java(minimum, compiler=compiler)
    except NoJavaError as error:
        raise PartMissingError(
            part.label,
            str(error),
            f"install a JDK {minimum} or newer, and name its folder in JAVA_HOME_{minimum} "
            "if it is in an unusual place",
        ) from error


def _sizes(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): path.stat().st_size for path in sorted(folder.rglob("*")) if path.is_file()
    }


def _write_manifest(entry: Path) -> None:
    sizes = _sizes(entry / "files")
    (entry / _MANIFEST).write_text(json.dumps(sizes, indent=1) + "\n", encoding="utf-8")


def _is_complete(entry: Path) -> bool:
    """Whether every file of the manifest is there in its full size."""
    try:
        manifest: object = json.loads((entry / _MANIFEST).read_text(encoding="utf-8"))
        return bool(manifest) and manifest == _sizes(entry / "files")
    except (OSError, ValueError):
        return False


@contextlib.contextmanager
def _locked(path: Path, label: str) -> Generator[None]:
    """Hold a lock that all processes on this machine respect and that no crash leaves behind."""
    try:
        import fcntl
    except ImportError as error:
        raise PartMissingError(
            label,
            "the servers of the tests need Linux or macOS",
            "run a broker and a registry elsewhere (compose.yaml) and point the tests at them",
        ) from error
    with path.open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
