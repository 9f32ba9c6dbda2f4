"""An endpoint of a tenant's, as the internet has them: it answers as it is told and remembers all it saw."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PORTS = range(9100, 9200)
"""Of those that the local stage lets through."""


@dataclass(frozen=True)
class Seen:
    """One request, and when its last byte had come (monotonic seconds)."""

    path: str
    headers: dict[str, str]
    body: bytes
    at_s: float
    method: str = "POST"

    @property
    def json(self) -> dict[str, Any]:
        return dict(json.loads(self.body))

    @property
    def event(self) -> dict[str, Any]:
        return dict(self.json["event"])


Said = int | tuple[int, dict[str, str]] | tuple[int, dict[str, str], bytes]


class Receiver:
    """Answers 200, or what `answer` says: a status, or a status with headers, or with a body, too."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.seen: list[Seen] = []
        self.answer: Callable[[Seen], Said] = lambda _: 200

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def of(self, path: str) -> list[Seen]:
        return [each for each in list(self.seen) if each.path == path]

    def wait_for(self, path: str, count: int, timeout_s: float = 40) -> list[Seen]:
        """Wait until a path has seen so many requests."""
        deadline_s = time.monotonic() + timeout_s
        while len(self.of(path)) < count:
            if time.monotonic() > deadline_s:
                raise TimeoutError([(each.path, each.body[:200]) for each in self.seen])
            time.sleep(0.05)
        return self.of(path)


@contextmanager
def receiver() -> Iterator[Receiver]:
    """Serve on the first free port."""
    for port in PORTS:
        made = Receiver(port)
        try:
            server = ThreadingHTTPServer(("127.0.0.1", port), _handler(made))
        except OSError:
            continue
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield made
        finally:
            server.shutdown()
            server.server_close()
        return
    raise OSError("no port is free")


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            seen = Seen(self.path, dict(self.headers.items()), body, time.monotonic(), self.command)
            receiver.seen.append(seen)
            said = receiver.answer(seen)
            status, headers, content = (*said, b"ok")[:3] if isinstance(said, tuple) else (said, {}, b"ok")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_PATCH = do_DELETE = do_POST  # noqa: N815 - the library's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
