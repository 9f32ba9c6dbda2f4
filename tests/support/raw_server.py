"""A server on loopback that answers with bytes of the test's choice, and requests to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from trunkline.egress.address_policy import AddressPolicy
from trunkline.egress.client import EgressClient
from trunkline.egress.messages import Request, Response

LOCAL = AddressPolicy.parse("1024-65535")

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """A server on loopback, and the request heads it saw."""

    url: str = ""
    heads: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def server(serve: Serve, host: str = "127.0.0.1", port: int = 0, **more: Any) -> AsyncIterator[Server]:
    found = Server()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            found.heads.append(await reader.readuntil(b"\r\n\r\n"))
            await serve(reader, writer)
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            pass

    running = await asyncio.start_server(handle, host, port, **more)
    found.url = f"http://{host}:{running.sockets[0].getsockname()[1]}"
    try:
        yield found
    finally:
        running.close()


def answers(text: bytes) -> Serve:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(text)
        await writer.drain()

    return serve


def request(url: str, headers: dict[str, str] | None = None, deadline_s: float = 3.0) -> Request:
    return Request("POST", url, headers or {}, b'{"a":1}', deadline_s, 16 * 1024)


async def posted(serve: Serve, headers: dict[str, str] | None = None, deadline_s: float = 3.0) -> Response:
    async with server(serve) as hook:
        return await EgressClient(LOCAL).send(request(f"{hook.url}/hook", headers, deadline_s))
