"""A door in front of a registry, as a company has one: it asks who comes, may speak TLS, and may be out of order.

For any test that wants a registry which refuses::

    with guarded(registry.url, basic("billing", "s3cret")) as door:
        kontrakt.connect(registry={"url": door.url}, ...)      # RegistryDenied
"""

from __future__ import annotations

import base64
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Generator, Mapping

Rule: TypeAlias = "Callable[[Asked], int]"
"""Says with which HTTP status a request is refused, or 0 where it may pass."""


@dataclass(frozen=True)
class Asked:
    """A request at the door."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass
class Door:
    """What came to a door.

    Attributes:
        url: Its address.
        connections: How many connections were made.
        asked: Method and path of each request, those that were refused too.
        headers: The headers of each request.
    """

    url: str = ""
    connections: int = 0
    asked: list[str] = field(default_factory=list[str])
    headers: list[Mapping[str, str]] = field(default_factory=list["Mapping[str, str]"])


def open_to_all(asked: Asked) -> int:
    return 0


def basic(user: str, password: str, header: str = "Authorization", status: int = 401) -> Rule:
    """Lets one user in."""
    wanted = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    return lambda asked: 0 if asked.headers.get(header) == wanted else status


def bearer(*tokens: str) -> Rule:
    """Lets in whoever has one of some tokens."""
    wanted = {f"Bearer {token}" for token in tokens}
    return lambda asked: 0 if asked.headers.get("Authorization") in wanted else 401


def readers_only(asked: Asked) -> int:
    """Lets everybody read and look up, and nobody write."""
    looks_up = asked.method == "POST" and asked.path.partition("?")[0].count("/") == 2
    return 0 if asked.method == "GET" or looks_up else 403


def failing(times: int, status: int = 503) -> Rule:
    """Is out of order for the first so many requests."""
    left = [status] * times
    return lambda asked: left.pop() if left else 0


@contextmanager
def guarded(upstream: str, rule: Rule = open_to_all, *, tls: ssl.SSLContext | None = None) -> Generator[Door]:
    """Open a door.

    It also takes requests as an HTTP proxy does, with the whole address in the request line.

    Args:
        upstream: The registry's address, on plain HTTP.
        rule: What is refused.
        tls: Its certificate, and whose it asks for; None for plain HTTP.
    """
    door = Door()
    host = urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def setup(self) -> None:
            door.connections += 1
            super().setup()

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            whole = urlsplit(self.path)
            path = whole._replace(scheme="", netloc="").geturl()
            asked = Asked(self.command, path, dict(self.headers))
            door.asked.append(f"{self.command} {path}")
            door.headers.append(asked.headers)
            status = rule(asked)
            if status:
                self._answer(status, json.dumps({"error_code": status, "message": "the door is shut"}).encode())
            else:
                self._answer(*self._forwarded(path, body))

        do_POST = do_PUT = do_DELETE = do_GET

        def _forwarded(self, path: str, body: bytes) -> tuple[int, bytes]:
            assert host.hostname
            connection = HTTPConnection(host.hostname, host.port, timeout=60)
            try:
                kind = self.headers.get("Content-Type")
                connection.request(
                    self.command, host.path.rstrip("/") + path, body, {"Content-Type": kind} if kind else {}
                )
                answer = connection.getresponse()
                return answer.status, answer.read()
            finally:
                connection.close()

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    door.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
    try:
        yield door
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
