"""Finding a Java that is new enough, wherever this machine keeps it.

A machine often has an old default Java and a newer one beside it, so the one on `PATH` is only a
candidate among others. Each candidate is asked for its version; folder names say little.
"""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

JVM_FOLDERS = (
    "/usr/lib/jvm/*",
    "/Library/Java/JavaVirtualMachines/*/Contents/Home",
    "~/.sdkman/candidates/java/*",
)
"""Patterns of folders in which operating systems and installers put Javas."""

_ANSWER_SECONDS = 30
_PROPERTY = re.compile(r"^\s*(java\.home|java\.specification\.version) = (.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Java:
    """An installed Java.

    Attributes:
        home: Its folder, the one with `bin/java`.
        version: Its feature version: 8, 17, 21.
    """

    home: Path
    version: int

    @property
    def executable(self) -> Path:
        """The launcher."""
        return self.home / "bin" / "java"

    @property
    def has_compiler(self) -> bool:
        """Whether this is a full JDK."""
        return (self.home / "bin" / "javac").is_file()


class NoJavaError(Exception):
    """No Java here is new enough; the message lists what was found."""


def find_java(
    minimum: int,
    *,
    compiler: bool = False,
    environ: Mapping[str, str] | None = None,
    folders: Sequence[str] = JVM_FOLDERS,
) -> Java:
    """Find the lowest Java that satisfies a need.

    The lowest, because software that asks for 17 has been tested with 17 longest.

    Args:
        minimum: The feature version it must at least have.
        compiler: Whether it must be a JDK, with `javac`.
        environ: The environment to look in; this process's by default.
        folders: Patterns of further folders to look in.

    Returns:
        The Java. Of several with the same version, the one found first: `JAVA_HOME` goes first.

    Raises:
        NoJavaError: There is none.
    """
    environment = os.environ if environ is None else environ
    found = list(installed_javas(environment, folders))
    fitting = [java for java in found if java.version >= minimum and (java.has_compiler or not compiler)]
    if fitting:
        return min(fitting, key=lambda java: java.version)
    need = f"Java {minimum} or newer{' with a compiler (a JDK)' if compiler else ''}"
    seen = ", ".join(f"{java.version} in {java.home}" for java in found) or "no Java at all"
    raise NoJavaError(f"needs {need}; found {seen}")


def installed_javas(environ: Mapping[str, str], folders: Sequence[str]) -> Iterator[Java]:
    """Yield every working Java once, in the order in which they are looked for."""
    seen: set[Path] = set()
    for executable in _candidates(environ, folders):
        if (java := _ask(executable)) is not None and java.home not in seen:
            seen.add(java.home)
            yield java


def _candidates(environ: Mapping[str, str], folders: Sequence[str]) -> Iterator[Path]:
    homes = [environ.get("JAVA_HOME", "")]
    homes += [environ[name] for name in sorted(environ) if name.startswith("JAVA_HOME_")]
    yield from (Path(home) / "bin" / "java" for home in homes if home)
    if on_path := shutil.which("java", path=environ.get("PATH", "")):
        yield Path(on_path)
    for pattern in folders:
        # A pattern may be absolute, which Path.glob refuses.
        root, *parts = Path(pattern).expanduser().parts
        for home in sorted(Path(root).glob(str(Path(*parts)))):
            yield home / "bin" / "java"


@functools.cache
def _ask(executable: Path) -> Java | None:
    """Ask a launcher what it is; None when there is no working Java behind it."""
    if not executable.is_file():
        return None
    try:
        answer = subprocess.run(
            [executable, "-XshowSettings:properties", "-version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_ANSWER_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    properties = dict(_PROPERTY.findall(answer.stderr + answer.stdout))
    version = properties.get("java.specification.version", "").removeprefix("1.")
    home = properties.get("java.home")
    if not version.isdecimal() or home is None:
        return None
    return Java(Path(home).resolve(), int(version))
