"""Something between a bus and its registry: counts what is asked, and may fail."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Between:
    """A proxy.

    Attributes:
        url: Its address.
        asked: Method and path of each request, in the order of arrival.
        failing: Whether it answers as a registry that is overloaded.
    """

    url: str = ""
    asked: list[str] = field(default_factory=list[str])
    failing: bool = False


@contextmanager
def between(registry_url: str) -> Generator[Between]:
    """Run a proxy to a registry."""
    seen = Between()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen.asked.append(f"{self.command} {self.path.partition('?')[0]}")
            status, content = (503, b"{}") if seen.failing else self._forwarded(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_DELETE = do_GET

        def _forwarded(self, body: bytes) -> tuple[int, bytes]:
            kinds = {name: self.headers[name] for name in ("Content-Type", "Accept") if name in self.headers}
            request = urllib.request.Request(
                registry_url + self.path, data=body or None, method=self.command, headers=kinds
            )
            try:
                with opener.open(request, timeout=30) as response:
                    return response.status, response.read()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read()

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
