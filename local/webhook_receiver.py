"""An HTTP server in the place of a tenant's backend: it records requests, and responds as it is told."""

from __future__ import annotations

import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PORTS = range(9100, 9200)
"""Ports that the address policy of the local stage allows."""


@dataclass(frozen=True)
class ReceivedRequest:
    """One request, and when its last byte had arrived (monotonic seconds)."""

    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float
    method: str = "POST"
    client_port: int = 0

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def event(self) -> dict[str, Any]:
        return dict(self.json["event"])


Reply = int | tuple[int, dict[str, str]] | tuple[int, dict[str, str], bytes]
"""A status; a status and headers; or a status, headers and body."""


class Receiver:
    """The requests of one port; `respond` decides each response, by default 200."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._prefix = f"/{secrets.token_hex(4)}"
        self.requests: list[ReceivedRequest] = []
        self.respond: Callable[[ReceivedRequest], Reply] = lambda _: 200

    def url(self, path: str = "/hook") -> str:
        """Return the URL of a path on this server: a retry for an earlier one on the same port is a 404."""
        return f"http://127.0.0.1:{self.port}{self._prefix}{path}"

    def path_of(self, target: str) -> str | None:
        """Return the path of a request as it is recorded, or None for a request to another receiver."""
        path = target.removeprefix(self._prefix)
        return None if path == target else path

    def requests_to(self, path: str) -> list[ReceivedRequest]:
        """Return the requests to one path, in the order of their arrival."""
        return [request for request in list(self.requests) if request.path == path]

    def wait_for(self, path: str, count: int, timeout_s: float = 120) -> list[ReceivedRequest]:
        """Wait until a path has received `count` requests, and return all requests to it.

        Raises:
            TimeoutError: fewer arrived within `timeout_s` seconds; shows what arrived anywhere.
        """
        deadline_s = time.monotonic() + timeout_s
        while len(self.requests_to(path)) < count:
            if time.monotonic() > deadline_s:
                raise TimeoutError([(request.path, request.body[:200]) for request in self.requests])
            time.sleep(0.05)
        return self.requests_to(path)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Serve on the first free port of `PORTS` while the block runs."""
    for port in PORTS:
        instance = Receiver(port)
        try:
            server = ThreadingHTTPServer(("127.0.0.1", port), _handler(instance))
        except OSError:
            continue
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield instance
        finally:
            server.shutdown()
            server.server_close()
        return
    raise OSError("all ports are in use")


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            path = receiver.path_of(self.path)
            if path is None:
                self._send(404)
                return
            headers, port = dict(self.headers.items()), self.client_address[1]
            request = ReceivedRequest(path, headers, body, time.monotonic(), self.command, port)
            receiver.requests.append(request)
            self._send(receiver.respond(request))

        def _send(self, reply: Reply) -> None:
            status, headers, content = (*reply, b"ok")[:3] if isinstance(reply, tuple) else (reply, {}, b"ok")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(ConnectionError):  # a client that had enough of a long response
                self.wfile.write(content)

        do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - names of http.server

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    return Handler
