"""The processes of a run, seen from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.faults.story import PATIENCE
from tests.kafka.programs import PATHS, ROOT


class Worker:
    """A process of a run.

    Args:
        name: What it is called.
        module: What it runs, a module beside this one.
        arguments: What it is told.
        folder: Where its errors are kept.
        environment: Where the brokers and the registry are.
    """

    def __init__(
        self, name: str, module: str, *arguments: object, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.said = 0
        """The number that it printed last."""
        self.killed = False
        self._errors = folder / f"{name}.errors"
        with self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"tests.faults.{module}", *map(str, arguments)],
                env=os.environ | {"PYTHONPATH": os.pathsep.join(PATHS)} | dict(environment),
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                bufsize=1,
            )
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def tell(self, text: str) -> None:
        """Give it a line, where it still listens."""
        assert self._process.stdin is not None
        if not self._process.stdin.closed:
            self._process.stdin.write(f"{text}\n")

    def kill(self) -> None:
        """End it at once."""
        self.killed = True
        self._process.kill()
        self._reap()

    def stop(self) -> None:
        """Ask it to end, and wait until it has.

        Raises:
            AssertionError: It ended with an error.
        """
        self._process.send_signal(signal.SIGTERM)
        self.join()

    def join(self) -> None:
        """Tell it that nothing more comes, and wait until it has ended.

        Raises:
            AssertionError: It ended with an error.
        """
        self._close_input()
        self._process.wait(PATIENCE)
        self._reap()
        self.check()

    def check(self) -> None:
        """Look whether it still runs, or ended well.

        Raises:
            AssertionError: It failed; the message is what it wrote.
        """
        if self._process.poll() and not self.killed:
            raise AssertionError(f"{self.name} ended with {self._process.returncode}: {self._errors.read_text()}")

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said = int(line)

    def _reap(self) -> None:
        self._process.wait(PATIENCE)
        self._listener.join()
        self._close_input()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _close_input(self) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
