"""Where the examples of one page run: a folder of its own, a Python process of its own, and a shell."""

from __future__ import annotations

import contextlib
import io
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final, Protocol

from tests.docs.compare import difference

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 120.0
INTERRUPTED: Final = "^C"


class Channel(Protocol):
    """An end of a pipe between two processes."""

    def send(self, obj: Any, /) -> None: ...
    def recv(self) -> Any: ...
    def poll(self, timeout: float, /) -> bool: ...
    def close(self) -> None: ...


class Python:
    """A Python process that runs one piece after the other in one namespace."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        self._channel: Channel = here
        self._process = context.Process(target=_serve, args=(there, folder, dict(environment)), daemon=True)
        self._process.start()
        there.close()

    def run(self, source: str, file: str, line: int) -> tuple[str, str]:
        """Run a piece; what it printed, and the traceback of what it raised."""
        self._channel.send((source, file, line))
        if not self._channel.poll(PATIENCE):
            return "", f"it did not end within {PATIENCE:.0f} s"
        try:
            printed, error = self._channel.recv()
        except EOFError:
            return "", "the process ended"
        return printed, error

    def close(self) -> None:
        """End it."""
        self._channel.close()
        self._process.join(PATIENCE)
        self._process.kill()


@dataclass(kw_only=True)
class Page:
    """The place of one page.

    Args:
        folder: Where its examples run.
        environment: The environment variables of what they start.
    """

    folder: Path
    environment: Mapping[str, str]
    _python: Python | None = field(default=None, init=False)
    _code: int = field(default=0, init=False)

    def write(self, name: str, text: str) -> str:
        """Write a file that the page shows.

        Returns:
            What is wrong with its name, or an empty string.
        """
        target = (self.folder / name).resolve()
        if not target.is_relative_to(self.folder.resolve()):
            return f"{name} is outside of the folder of the page"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        return ""

    def python(self, source: str, file: str, line: int) -> tuple[str, str]:
        """Run Python, after all that the page ran before.

        Args:
            source: What to run.
            file: The page, for tracebacks.
            line: The line of the page on which the source starts.

        Returns:
            What it printed, and the traceback of what it raised.
        """
        if self._python is None:
            self._python = Python(self.folder, self.environment)
        return self._python.run(source, file, line)

    def shell(self, command: str, shown: str, *, any_order: bool = False) -> str:
        """Run a command of the shell.

        Args:
            command: The command.
            shown: What the page shows of its output. With ``^C`` at its end the command is interrupted when it has printed that.
            any_order: Whether the lines may come in any order.

        Returns:
            How its output differs from what is shown, or an empty string.
        """
        endless = shown.rstrip().endswith(INTERRUPTED)
        shown = shown.rstrip().removesuffix(INTERRUPTED) if endless else shown
        script = f"(exit {self._code})\n{command}"  # what `echo $?` tells
        with tempfile.TemporaryFile("w+") as output:
            with subprocess.Popen(
                ["bash", "-c", script],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process:

                def printed() -> str:
                    return os.pread(output.fileno(), 1_000_000, 0).decode()

                deadline = time.monotonic() + PATIENCE
                while process.poll() is None and time.monotonic() < deadline:
                    if endless and not difference(shown, printed(), any_order=any_order):
                        os.killpg(process.pid, signal.SIGINT)
                        endless = False
                    time.sleep(0.02)
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)
                    process.wait()
                    return f"it did not end within {PATIENCE:.0f} s; it printed:\n{printed()}"
                self._code = process.returncode
            return difference(shown, printed(), any_order=any_order)

    def close(self) -> None:
        """End its Python process."""
        if self._python is not None:
            self._python.close()
            self._python = None


def environment_for(folder: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a page: this one, without what would change what kontrakt does or prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("KONTRAKT_", "PYTEST_"))}
    return {
        **kept,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join(map(str, (folder / "generated", ROOT / "contracts", ROOT / "codegen"))),
        "PYTHONUNBUFFERED": "1",  # stdout and stderr in the order in which they are written
        "NO_COLOR": "1",
        "COLUMNS": "80",
        **(more or {}),
    }


def copy_example(folder: Path) -> None:
    """Put the example shop into a folder, as it stands in a checkout, and commit it."""
    for name in ("schemas", "generated"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    git = ["git", "-c", "user.name=kontrakt", "-c", "user.email=kontrakt@example.org"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "The example"]):
        subprocess.run([*git, *command], cwd=folder, check=True)


def _serve(channel: Channel, folder: Path, environment: Mapping[str, str]) -> None:
    """Run what is sent, in one namespace, until nothing comes any more."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    ours = ROOT / "generated"
    sys.path[:] = [str(folder), str(folder / "generated"), *(path for path in sys.path if Path(path) != ours)]
    sys.modules["__main__"] = main = ModuleType("__main__")
    warnings.simplefilter("error")
    while True:
        try:
            source, file, line = channel.recv()
        except (EOFError, ConnectionResetError):
            return
        printed, error = io.StringIO(), ""
        try:
            with contextlib.redirect_stdout(printed):
                code = compile("\n" * (line - 1) + source, file, "exec", dont_inherit=True)
                exec(code, main.__dict__)
        except BaseException:  # noqa: BLE001 - whatever it is, the page's example failed
            error = traceback.format_exc()
        channel.send((printed.getvalue(), error))
