"""PostgreSQL, as the operating system's package brings it."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import Final, Protocol

import psycopg

from tests.real.errors import PartMissingError, ServerError
from tests.real.server import HOST, Server, server_environment

_FOLDERS: Final = "usr/lib/postgresql/*/bin"
"""Where Debian and those that follow it put the programs of each version; elsewhere they are on the PATH."""
_USER: Final = "postgres"
"""Who runs it where the tests are run by root, which it refuses."""
_PROBE_SECONDS: Final = 2
_INITDB_SECONDS: Final = 120


class Postgres(Protocol):
    """A database server that tests may use: one started here, or one that was already running."""

    @property
    def url(self) -> str:
        """What SQLAlchemy takes to reach its database."""
        ...


class RunningPostgres:
    """A server that somebody else started and will stop."""

    def __init__(self, url: str) -> None:
        """Note where it is.

        Args:
            url: What SQLAlchemy takes.
        """
        self.url: Final = url


class PostgresServer(Server):
    """A server of our own, that tests may kill, pause and restart."""

    name = "postgres"
    _port_count = 1

    def __init__(self, programs: Path) -> None:
        """Prepare the server without starting it.

        Args:
            programs: The folder with `initdb` and `postgres`.
        """
        super().__init__()
        self._programs = programs

    @property
    def url(self) -> str:
        """What SQLAlchemy takes to reach its database."""
        return f"postgresql+psycopg://{_USER}@{HOST}:{self._port}/{_USER}"

    @property
    def _port(self) -> int:
        if not self._ports:
            raise ServerError(f"{self.name} has not been started")
        return self._ports[0]

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def stop(self) -> None:
        """Shut it down in good order, without waiting for those who are connected; its data stay."""
        if self._process is not None:
            self._process.interrupt()
        super().stop()

    def close(self) -> None:
        """Shut it down, so that it gives its shared memory back, and remove its data."""
        self.stop()
        super().close()

    def _prepare(self) -> None:
        if self._data.exists():
            shutil.rmtree(self._data)
        if os.geteuid() == 0:
            shutil.chown(self.folder, _USER)
        options = [f"--pgdata={self._data}", f"--username={_USER}", "--auth=trust", "--encoding=UTF8", "--no-locale"]
        try:
            subprocess.run(
                [*_as_user(), str(self._programs / "initdb"), *options, "--no-sync"],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                env=server_environment(),
                timeout=_INITDB_SECONDS,
                check=True,
            )
        except subprocess.TimeoutExpired as error:
            raise ServerError("postgres's initdb does not end") from error
        except subprocess.CalledProcessError as error:
            raise ServerError("postgres cannot make its data folder", str(error.stdout)) from error

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": HOST,
            "port": self._port,
            "unix_socket_directories": "",
            "dynamic_shared_memory_type": "mmap",  # in its folder, where a killed one leaves nothing behind
            "fsync": "off",
            "max_connections": 50,
        }
        given = [f"--{name}={value}" for name, value in settings.items()]
        return [*_as_user(), str(self._programs / "postgres"), "-D", str(self._data), *given]

    def _is_ready(self) -> bool:
        try:
            with psycopg.connect(
                host=HOST, port=self._port, user=_USER, dbname=_USER, connect_timeout=_PROBE_SECONDS
            ) as connection:
                return connection.execute("SHOW data_directory").fetchone() == (str(self._data),)
        except psycopg.OperationalError:
            return False


def _as_user() -> list[str]:
    """What stands before a command so that not root runs it. The kernel forgets with whom it should end when the user changes."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={_USER}", f"--regid={_USER}", "--clear-groups", "--pdeathsig=KILL"]


def postgres() -> PostgresServer:
    """Return a database server that has not been started.

    Raises:
        PartMissingError: It cannot be had here.
    """
    remedy = "install the package postgresql of your operating system"
    folders = sorted(Path("/").glob(_FOLDERS), key=lambda folder: _version(folder.parent.name), reverse=True)
    on_path = shutil.which("postgres")
    found = next((one for one in folders if (one / "postgres").exists()), Path(on_path).parent if on_path else None)
    if found is None or not (found / "initdb").exists():
        raise PartMissingError("PostgreSQL", "its programs initdb and postgres are nowhere", remedy)
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            raise PartMissingError(
                "PostgreSQL", "it does not run as root, and setpriv is missing", "do not run as root"
            )
        try:
            pwd.getpwnam(_USER)
        except KeyError as error:
            raise PartMissingError("PostgreSQL", f"root needs a user {_USER} to run it", remedy) from error
    return PostgresServer(found)


def _version(name: str) -> float:
    try:
        return float(name)
    except ValueError:
        return 0.0
