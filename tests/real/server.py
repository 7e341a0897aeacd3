"""What all servers of the tests share: ports, folders, readiness, the life they lead."""

from __future__ import annotations

import abc
import os
import random
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.real.errors import ServerError
from tests.real.process import SupervisedProcess

if TYPE_CHECKING:
    from tests.real.java import Java

HOST = "127.0.0.1"
QUICK_START = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
"""Options for a Java that starts fast and stays small; the tests never run it for long."""

_PORTS = range(20_000, 32_000)
"""Below the ports that operating systems give to clients, so a server finds its port free again
when it restarts."""

_TAKEN = "Address already in use"
_PORT_ATTEMPTS = 3
_START_SECONDS = 120
_STOP_SECONDS = 30
_PROBE_PAUSE_SECONDS = 0.1
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")


class Server(abc.ABC):
    """A server on ports of its own, with data of its own that survive until `close`.

    `start` after `stop` or `kill` brings it back on the same ports and the same data.
    """

    name: str
    _port_count: int

    def __init__(self) -> None:
        """Prepare the server without starting it."""
        self._ports: tuple[int, ...] = ()
        self._folder: Path | None = None
        self._process: SupervisedProcess | None = None

    @property
    def folder(self) -> Path:
        """Where its data, settings and log are: `server.log`."""
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix=f"kontrakt-{self.name}-"))
        return self._folder

    @property
    def log_file(self) -> Path:
        """What it has written, over all restarts."""
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        """The id of its process.

        Raises:
            ServerError: It is not running.
        """
        return self._running().pid

    @property
    def alive(self) -> bool:
        """Whether its process runs, paused or not."""
        return self._process is not None and self._process.alive

    def start(self) -> None:
        """Start it and wait until it really answers; nothing if it runs already.

        Raises:
            ServerError: It did not start; the error has the last lines of its log.
        """
        if self.alive:
            return
        if self._ports:
            self._launch()
            return
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            self._ports = free_ports(self._port_count)
            try:
                self._prepare()
                self._launch()
            except ServerError as error:
                # Between looking for a free port and taking it, another process may.
                if _TAKEN not in error.log or attempt == _PORT_ATTEMPTS:
                    self._ports = ()
                    raise
            else:
                return

    def stop(self) -> None:
        """Shut it down in good order; its data stay."""
        if self._process is not None:
            self._process.terminate(_STOP_SECONDS)

    def kill(self) -> None:
        """End it at once, as a crash would; its data stay."""
        if self._process is not None:
            self._process.kill()

    def pause(self) -> None:
        """Freeze it: connections stay open, nothing answers.

        Raises:
            ServerError: It is not running.
        """
        self._running().pause()

    def resume(self) -> None:
        """Let it go on after `pause`.

        Raises:
            ServerError: It is not running.
        """
        self._running().resume()

    def close(self) -> None:
        """End it and remove its data."""
        self.kill()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = None
        self._ports = ()

    def __enter__(self) -> Self:
        """Start it."""
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @abc.abstractmethod
    def _prepare(self) -> None:
        """Write what the first start on newly chosen ports needs."""

    @abc.abstractmethod
    def _command(self) -> list[str]:
        """Return the program and its arguments."""

    @abc.abstractmethod
    def _is_ready(self) -> bool:
        """Ask the server whether it serves; a server that cannot be reached does not."""

    def _launch(self) -> None:
        self._process = SupervisedProcess(
            self._command(), folder=self.folder, log=self.log_file, environ=server_environment()
        )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self._process.kill()
            raise

    def _wait_until_ready(self, process: SupervisedProcess) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while process.alive:
            # Asked in this order: another server may answer on the port of one that has ended.
            if self._is_ready() and process.alive:
                return
            if time.monotonic() > deadline:
                raise ServerError(f"{self.name} does not answer after {_START_SECONDS} s", process.tail())
            time.sleep(_PROBE_PAUSE_SECONDS)
        raise ServerError(f"{self.name} ended while starting", process.tail())

    def _running(self) -> SupervisedProcess:
        if self._process is None or not self._process.alive:
            log = self._process.tail() if self._process is not None and self._folder else ""
            raise ServerError(f"{self.name} is not running", log)
        return self._process


class JavaServer(Server):
    """A server that Java runs."""

    def __init__(self, java: Java) -> None:
        """Prepare the server without starting it.

        Args:
            java: What to run it with.
        """
        super().__init__()
        self._java = java

    def _command(self) -> list[str]:
        return [str(self._java.executable), *QUICK_START, *self._arguments()]

    @abc.abstractmethod
    def _arguments(self) -> list[str]:
        """Return the options and arguments that follow `java`."""


def server_environment() -> dict[str, str]:
    """Return the environment for servers, without what could configure them from outside."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def free_ports(count: int) -> tuple[int, ...]:
    """Return different ports on which nothing listens right now."""
    ports: list[int] = []
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        if len(ports) == count:
            break
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
        ports.append(port)
    return tuple(ports)
