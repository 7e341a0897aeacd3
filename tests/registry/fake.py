"""A registry that answers whatever a test wants, and counts what it is asked."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

Reply: TypeAlias = "tuple[int, object] | bytes"
"""Status and body; a body that is not bytes is sent as JSON. Bytes alone are all that is sent before the connection is closed."""
HANGS_UP = b""
"""The reply of a registry that closes the connection without an answer."""


@dataclass
class Fake:
    """What a fake registry was asked.

    Attributes:
        url: Its address.
        asked: Method and path of each request, in the order of arrival.
        headers: The headers of each request.
    """

    url: str = ""
    asked: list[str] = field(default_factory=list[str])
    headers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])


@contextmanager
def fake(reply: Callable[[str, str], Reply]) -> Generator[Fake]:
    """Run a registry.

    Args:
        reply: Told method and path, says what to answer.
    """
    seen = Fake()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections are kept, as real registries keep them

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.asked.append(f"{self.command} {self.path}")
            seen.headers.append(dict(self.headers))
            answer = reply(self.command, self.path)
            if isinstance(answer, bytes):
                self.wfile.write(answer)
                self.close_connection = True
                return
            status, body = answer
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    seen.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
