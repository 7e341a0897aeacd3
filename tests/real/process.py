"""A server process that never outlives its tests, and that tests may kill, pause and resume.

Every process runs under `tests.real.supervisor`, which ends it when this process ends: after a
failed test, after Ctrl-C and after a SIGKILL.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from tests.real.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Literal

    Command = Literal["interrupt", "terminate", "kill", "pause", "resume"]

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_TAIL_BYTES = 64 * 1024


class SupervisedProcess:
    """One process under a supervisor. All methods may be called from any thread."""

    def __init__(self, command: Sequence[str], *, folder: Path, log: Path, environ: Mapping[str, str]) -> None:
        """Start the process.

        Args:
            command: The program and its arguments.
            folder: Its working folder, removed if this process dies without ending it.
            log: The file that its output is appended to.
            environ: Its whole environment.

        Raises:
            ServerError: The program could not be started.
        """
        self._log = log
        self._log_start = log.stat().st_size if log.exists() else 0
        self._lock = threading.Lock()
        self._paused = False
        with log.open("ab") as output:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-IS", _SUPERVISOR, str(log), str(folder), "--", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                bufsize=1,
                env=dict(environ),
                start_new_session=True,  # Ctrl-C in a terminal is for the tests alone
            )
        started, _, pid = self._read_line().partition(" ")
        if started != "pid":
            self._reap()
            raise ServerError(f"{command[0]} cannot be started", self.tail())
        self.pid = int(pid)

    @property
    def alive(self) -> bool:
        """Whether the process runs; a paused one does."""
        return self._supervisor.poll() is None

    @property
    def paused(self) -> bool:
        """Whether the process is paused."""
        return self._paused and self.alive

    def pause(self) -> None:
        """Freeze the process where it is; its connections stay open and silent."""
        self._paused = self._order("pause")

    def resume(self) -> None:
        """Let a paused process go on."""
        self._order("resume")
        self._paused = False

    def interrupt(self) -> None:
        """Ask the process to end as Ctrl-C would."""
        self._order("interrupt")

    def kill(self) -> None:
        """End the process at once, as a crash would, and wait until it is gone."""
        self._order("kill")
        self._reap()

    def terminate(self, patience: float) -> None:
        """Ask the process to end in good order, and wait until it is gone.

        Args:
            patience: After so many seconds it is killed.
        """
        self._order("terminate")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._supervisor.wait(patience)
        self.kill()

    def tail(self, lines: int = 30) -> str:
        """Return the last lines that the process has written since it started."""
        with self._log.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(self._log_start, size - _TAIL_BYTES))
            text = log.read().decode(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def _order(self, command: Command) -> bool:
        """Give the supervisor a command; return whether the process was there to take it."""
        with self._lock:
            if self._supervisor.stdin is None or self._supervisor.stdin.closed:
                return False
            try:
                self._supervisor.stdin.write(f"{command}\n")
            except BrokenPipeError:
                return False
            return self._read_line() == "ok"

    def _read_line(self) -> str:
        """Read the supervisor's next line; empty when it has ended."""
        output = self._supervisor.stdout
        return output.readline().rstrip("\n") if output is not None else ""

    def _reap(self) -> None:
        self._supervisor.wait()
        with self._lock:
            for stream in (self._supervisor.stdin, self._supervisor.stdout):
                if stream is not None:
                    with contextlib.suppress(BrokenPipeError):
                        stream.close()
