"""Apicurio Registry: two generations of a registry that speaks Confluent's REST API."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Final, Protocol

from tests.real.errors import ServerError
from tests.real.server import HOST, JavaServer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.real.java import Java

_PROBE_SECONDS = 5


class Registry(Protocol):
    """A registry that tests may use: one started here, or one that was already running."""

    name: str

    @property
    def url(self) -> str:
        """The base URL of its Confluent API, which registry clients take."""
        ...


class RunningRegistry:
    """A registry that somebody else started and will stop."""

    name = "configured"

    def __init__(self, url: str) -> None:
        """Check that it answers.

        Raises:
            ServerError: It does not.
        """
        self.url: Final = url.rstrip("/")
        if not _answers(self.url, seconds=30, opener=urllib.request.build_opener()):
            raise ServerError(f"no schema registry answers at {self.url}")


class ApicurioServer(JavaServer):
    """A registry of our own. It keeps its schemas in memory: a restart forgets them."""

    _port_count = 2

    def __init__(self, name: str, jar: Path, java: Java) -> None:
        """Prepare the registry without starting it.

        Args:
            name: `apicurio3` or `apicurio2`.
            jar: The jar that starts it.
            java: What to run it with.
        """
        super().__init__(java)
        self.name = name
        self._jar = jar

    @property
    def url(self) -> str:
        """The base URL of its Confluent API, which registry clients take."""
        if not self._ports:
            raise ServerError(f"{self.name} has not been started")
        return f"http://{HOST}:{self._ports[0]}/apis/ccompat/v7"

    def _prepare(self) -> None:
        """Nothing: its settings are on the command line."""

    def _arguments(self) -> list[str]:
        port, management_port = self._ports
        return [
            "-Xmx384m",
            f"-Dquarkus.http.host={HOST}",
            f"-Dquarkus.http.port={port}",
            # The older generation has no such port, and does not mind.
            f"-Dquarkus.management.host={HOST}",
            f"-Dquarkus.management.port={management_port}",
            "-jar",
            str(self._jar),
        ]

    def _is_ready(self) -> bool:
        directly = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        return _answers(self.url, _PROBE_SECONDS, directly)


def _answers(url: str, seconds: float, opener: urllib.request.OpenerDirector) -> bool:
    """Ask for the list of subjects."""
    try:
        with opener.open(f"{url}/subjects", timeout=seconds) as answer:
            return bool(answer.status == http.HTTPStatus.OK)
    except (OSError, urllib.error.URLError, http.client.HTTPException):
        return False
