"""Runs one server for a test process, and ends it when that process ends, however it ends.

Started by `tests.real.process` as a script, with nothing but the standard library. It is the
server's parent, so it alone signals the server and no signal can ever hit a recycled process id.

    supervisor.py LOG FOLDER -- COMMAND...

Standard input takes one command a line (`interrupt`, `terminate`, `kill`, `pause`, `resume`), each answered with
`ok`; standard output begins with `pid N` and ends with `exit CODE`. When the test process is gone,
the server is killed and FOLDER is removed. On Linux the kernel kills the server should this
process itself be killed.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

_SIGNALS = {
    "interrupt": (signal.SIGCONT, signal.SIGINT),
    "terminate": (signal.SIGCONT, signal.SIGTERM),
    "kill": (signal.SIGKILL,),
    "pause": (signal.SIGSTOP,),
    "resume": (signal.SIGCONT,),
}
_PR_SET_PDEATHSIG = 1
_PARENT_CHECK_SECONDS = 1.0


def main(arguments: list[str]) -> int:
    """Run the command until it ends or the test process does."""
    log, folder, separator, *command = arguments
    if separator != "--":
        raise SystemExit(__doc__)
    parent = os.getppid()
    wake_up = _wake_up_on_child_exit()
    with open(log, "ab") as output:  # noqa: PTH123 - not worth importing pathlib for
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            process_group=0,
            preexec_fn=_die_with_parent(os.getpid()),  # noqa: PLW1509 - there are no threads here
        )
    _say(f"pid {child.pid}")
    orphaned = _serve(child, parent, wake_up)
    if child.poll() is None:
        _signal(child, signal.SIGKILL)
    code = child.wait()
    if orphaned:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        _say(f"exit {code}")
    return 0


def _serve(child: subprocess.Popen[bytes], parent: int, wake_up: int) -> bool:
    """Obey until the child ends (False) or the test process is gone (True)."""
    commands = sys.stdin.fileno()
    pending = b""
    while child.poll() is None:
        ready, _, _ = select.select([commands, wake_up], [], [], _PARENT_CHECK_SECONDS)
        # The pipe alone would not do: a process forked by the tests may hold it open.
        if os.getppid() != parent:
            return True
        if wake_up in ready:
            os.read(wake_up, 512)
        if commands in ready:
            received = os.read(commands, 512)
            if not received:
                return True
            *lines, pending = (pending + received).split(b"\n")
            for line in lines:
                _signal(child, *_SIGNALS[line.decode()])
                _say("ok")
    return False


def _signal(child: subprocess.Popen[bytes], *signals: signal.Signals) -> None:
    for number in signals:
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, number)


def _say(line: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        os.write(sys.stdout.fileno(), f"{line}\n".encode())


def _wake_up_on_child_exit() -> int:
    """Return a descriptor that becomes readable when a child ends."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    signal.signal(signal.SIGCHLD, _wake_up)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    return reader


def _wake_up(_number: int, _frame: FrameType | None) -> None:
    """Be a handler, without which Python would not write to the descriptor."""


def _die_with_parent(parent: int) -> Callable[[], None] | None:
    """Return what makes the kernel kill the child with its parent; None outside Linux."""
    if sys.platform != "linux":
        return None
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def arrange() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel knew
            os._exit(1)

    return arrange


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
