"""Supervised processes, shown with small Python programs in a server's place."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.real.errors import ServerError
from tests.real.process import SupervisedProcess
from tests.real.waiting import eventually, gone, state

if TYPE_CHECKING:
    from collections.abc import Generator

ROOT = Path(__file__).parents[2]
SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
)
POLITE = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('bye'))); print('up', flush=True); time.sleep(600)"


@contextmanager
def running(folder: Path, program: str) -> Generator[SupervisedProcess]:
    process = SupervisedProcess(
        [sys.executable, "-c", program], folder=folder, log=folder / "log", environ={"PATH": os.environ["PATH"]}
    )
    try:
        yield process
    finally:
        process.kill()


def test_kill_and_log(tmp_path: Path) -> None:
    with running(tmp_path, SLEEP) as process:
        eventually(lambda: process.tail() == "up")
        assert process.alive

        process.kill()

        assert not process.alive
        assert gone(process.pid)
        process.kill()  # a second time does nothing


def test_terminate_lets_it_end_in_order(tmp_path: Path) -> None:
    with running(tmp_path, POLITE) as process:
        eventually(lambda: process.tail() == "up")
        process.pause()
        process.terminate(patience=60)

        assert process.tail() == "up\nbye"


def test_terminate_ends_the_stubborn(tmp_path: Path) -> None:
    with running(tmp_path, STUBBORN) as process:
        eventually(lambda: process.tail() == "up")
        process.terminate(patience=0.1)

        assert gone(process.pid)


def test_pause_and_resume(tmp_path: Path) -> None:
    with running(tmp_path, SLEEP) as process:
        process.pause()
        assert state(process.pid) == "T"
        assert process.alive
        assert process.paused

        process.resume()
        assert state(process.pid) != "T"
        assert not process.paused


def test_a_paused_process_can_be_killed(tmp_path: Path) -> None:
    with running(tmp_path, SLEEP) as process:
        process.pause()
        process.kill()

        assert gone(process.pid)


def test_notices_an_end_that_nobody_asked_for(tmp_path: Path) -> None:
    with running(tmp_path, "print('so be it')") as process:
        eventually(lambda: not process.alive)

        process.pause()
        assert not process.paused
        assert process.tail() == "so be it"


def test_the_tail_is_of_this_run(tmp_path: Path) -> None:
    for number in range(2):
        with running(tmp_path, f"print('run {number}')") as process:
            eventually(lambda: not process.alive)
            assert process.tail() == f"run {number}"
    assert (tmp_path / "log").read_text() == "run 0\nrun 1\n"


def test_a_program_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match="/no/such/program"):
        SupervisedProcess(["/no/such/program"], folder=tmp_path, log=tmp_path / "log", environ={})


OWNER = f"""
import os, sys, time
from pathlib import Path
from tests.real.process import SupervisedProcess
folder = Path(sys.argv[1])
process = SupervisedProcess([sys.executable, "-c", {SLEEP!r}], folder=folder, log=folder / "log", environ={{}})
print(process.pid, os.getpid() if "fork" not in sys.argv else os.fork() or os.getpid(), process._supervisor.pid, flush=True)
if "end" not in sys.argv:
    time.sleep(600)
"""


@contextmanager
def owner(folder: Path, *arguments: str) -> Generator[tuple[subprocess.Popen[str], list[int]]]:
    """Start a process that owns a supervised one; give it and the ids that it prints."""
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", OWNER, str(folder), *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        ids = [int(word) for word in process.stdout.readline().split()]
        try:
            yield process, ids
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_nothing_outlives_its_owner(tmp_path: Path, number: signal.Signals) -> None:
    with owner(tmp_path / "data") as (process, (pid, *_)):
        assert not gone(pid)
        process.send_signal(number)
        process.wait()

        eventually(lambda: gone(pid))
        eventually(lambda: not (tmp_path / "data").exists())


def test_nothing_outlives_an_owner_that_just_ends(tmp_path: Path) -> None:
    with owner(tmp_path / "data", "end") as (process, (pid, *_)):
        process.wait()

        eventually(lambda: gone(pid))
        eventually(lambda: not (tmp_path / "data").exists())


def test_a_forked_process_keeps_nothing_alive(tmp_path: Path) -> None:
    """It has a copy of the pipe, which therefore stays open when the owner dies."""
    with owner(tmp_path / "data", "fork") as (process, (pid, forked, _)):
        try:
            process.kill()
            process.wait()
            eventually(lambda: gone(pid))
            assert not gone(forked)
        finally:
            os.kill(forked, signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_nothing_outlives_its_supervisor(tmp_path: Path) -> None:
    with owner(tmp_path / "data") as (_, (pid, _, supervisor)):
        os.kill(supervisor, signal.SIGKILL)

        eventually(lambda: gone(pid))
