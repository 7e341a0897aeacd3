"""Programs of other languages that answer every line with a line; those in Java are compiled when they start."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from tests.real.start import JavaLibraries


class ForeignProgram:
    """A program that runs."""

    def __init__(self, process: subprocess.Popen[str], errors: IO[str]) -> None:
        self._process = process
        self._errors = errors

    def ask(self, line: str) -> str:
        """Give it a line, and wait for its answer."""
        self.tell(line)
        return self.answer()

    def tell(self, line: str) -> None:
        """Give it a line; the answer is fetched later."""
        assert self._process.stdin
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def answer(self) -> str:
        """Wait for the answer to the oldest line that has none."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise AssertionError(f"the program ended:\n{self._errors.read()}")
        return line.rstrip("\n")


@contextlib.contextmanager
def java_program(libraries: JavaLibraries, source: Path) -> Generator[ForeignProgram]:
    """Run a program of one file.

    Args:
        libraries: What it imports.
        source: The file.
    """
    with foreign_program([str(libraries.java.executable), "-cp", libraries.classpath, str(source)]) as program:
        yield program


@contextlib.contextmanager
def foreign_program(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Generator[ForeignProgram]:
    """Run a program of any language.

    Args:
        command: How it is started.
        environment: What it needs to know beside what this process knows.
    """
    with (
        tempfile.TemporaryFile("w+", encoding="utf-8") as errors,
        subprocess.Popen(
            command,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
        ) as process,
    ):
        try:
            yield ForeignProgram(process, errors)
        finally:
            process.kill()
