"""The embedded registry over HTTP, on a port of the loopback interface."""

from __future__ import annotations

import json
import logging
import socket
import socketserver
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final, Self

from kontrakt._version import __version__
from kontrakt.errors import RegistryError

from .api import answer
from .errors import ApiError
from .policy import Policy
from .store import Store

if TYPE_CHECKING:
    from types import TracebackType

HOST: Final = "127.0.0.1"
LARGEST_BODY: Final = 32 * 1024 * 1024
"""In bytes."""
CONTENT_TYPE: Final = "application/vnd.schemaregistry.v1+json"

_POLL_SECONDS: Final = 0.05
_STOP_SECONDS: Final = 5.0

_log = logging.getLogger(__name__)


class EmbeddedRegistry:
    """A schema registry in memory, with Confluent's REST API. Everything is gone when it stops.

    ::

        with EmbeddedRegistry() as registry:
            print(registry.url)

    Args:
        port: The port to listen on; 0 for a free one.
        level: The registry's compatibility level.

    Raises:
        ValueError: There is no such level.
    """

    def __init__(self, *, port: int = 0, level: str = "BACKWARD") -> None:
        try:
            policy = Policy(level)
        except ApiError as error:
            raise ValueError(error.message) from None
        self._port = port
        self._store = Store(policy)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Its address.

        Raises:
            RegistryError: It is not running.
        """
        if self._server is None:
            raise RegistryError("the embedded registry is not running")
        return f"http://{HOST}:{self._server.server_address[1]}"

    def start(self) -> Self:
        """Listen. It answers when this returns.

        Raises:
            RegistryError: The port is taken, or it is running already.
        """
        if self._server is not None:
            raise RegistryError(f"the embedded registry is running already, at {self.url}")
        try:
            self._server = _Server(self._port, self._store)
        except OSError as error:
            raise RegistryError(f"the embedded registry cannot listen on port {self._port}: {error}") from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL_SECONDS,), name="kontrakt-registry", daemon=True
        )
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and close every connection; what it holds stays for another start."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is None or thread is None:
            return
        server.shutdown()
        thread.join()
        server.server_close()
        server.close_connections()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Server(socketserver.ThreadingTCPServer):
    """Serves each connection in a thread of its own."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, store: Store) -> None:
        self.store: Final = store
        self._open: dict[socket.socket, threading.Thread] = {}
        self._lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serves a connection, and remembers it for as long as that takes."""
        with self._lock:
            self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.pop(request, None)

    def close_connections(self) -> None:
        """Close the connections that clients keep open."""
        with self._lock:
            open_now = dict(self._open)
        for connection in open_now:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:  # the client was quicker
                continue
        for thread in open_now.values():
            thread.join(_STOP_SECONDS)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """A client that went away is no error of ours."""
        _log.debug("a connection broke", exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1 with connections that stay open."""

    protocol_version = "HTTP/1.1"
    server_version = f"kontrakt/{__version__}"
    disable_nagle_algorithm = True
    wbufsize = -1  # an answer leaves in one piece

    def do_GET(self) -> None:
        """Answers a request, whatever its method."""
        assert isinstance(self.server, _Server)
        body = self._body()
        if body is None:
            return
        try:
            status, text = answer(self.server.store, self.command, self.path, body)
        except Exception as error:  # noqa: BLE001, a mistake of ours must not leave the client waiting
            _log.exception("%s %s", self.command, self.path)
            status, text = 500, _error(500, f"Error in the embedded registry: {type(error).__name__}: {error}")
        self._send(status, text)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_OPTIONS = do_GET  # noqa: N815

    def _body(self) -> bytes | None:
        """The body, or None when it was refused."""
        if self.headers.get("Transfer-Encoding"):
            self.send_error(HTTPStatus.LENGTH_REQUIRED, "send the body with a Content-Length")
            return None
        given = self.headers.get("Content-Length", "0")
        if not (given.isascii() and given.isdigit()):
            self.send_error(HTTPStatus.BAD_REQUEST, f"Content-Length is {given!r}")
            return None
        length = int(given[:20])
        if length > LARGEST_BODY:
            self.send_error(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {LARGEST_BODY // 1024 // 1024} MiB"
            )
            return None
        return self.rfile.read(length)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answers what cannot be read as a request, and closes the connection."""
        self.close_connection = True
        self._send(int(code), _error(int(code), message or explain or HTTPStatus(code).phrase))

    def _send(self, status: int, text: str) -> None:
        content = text.encode("utf-8", "backslashreplace")
        self.send_response(status)
        self.send_header("Content-Type", CONTENT_TYPE)
        self.send_header("Content-Length", str(len(content)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.wfile.flush()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Says what was asked to who wants to know."""
        _log.debug("%s %s", self.address_string(), format % args)


def _error(code: int, message: str) -> str:
    return json.dumps({"error_code": code, "message": message})
