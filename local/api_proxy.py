"""A reverse proxy that gives the local API one plain URL.

The emulator tells APIs apart by host name (`<api>.execute-api.localhost`), which few clients resolve.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated

import aiohttp
import typer
from aiohttp import web

from local.documentation import Documentation

_MAX_BODY_BYTES = 12 * 1024 * 1024
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}
_SESSION = web.AppKey("session", aiohttp.ClientSession)


def proxy_app(target: str, host: str, max_concurrent_requests: int) -> web.Application:
    """Build an application that forwards every request to `target` with `host` as its Host header.

    Each request in flight occupies a thread of the emulator and a function instance of 70 MB, hence the
    limit. Requests with `?wait` have their own limit, twice as high: each open page holds one or two, and
    another one would get no answer until one of them ends. `/docs` is the documentation's.
    """
    app = web.Application(client_max_size=_MAX_BODY_BYTES)
    requests = asyncio.Semaphore(max_concurrent_requests)
    long_polls = asyncio.Semaphore(2 * max_concurrent_requests)

    async def start(app: web.Application) -> None:
        app[_SESSION] = aiohttp.ClientSession(
            # A body goes through as it is, compressed or not, and clients alone say what they accept.
            auto_decompress=False,
            skip_auto_headers=("Accept-Encoding",),
        )

    async def stop(app: web.Application) -> None:
        await app[_SESSION].close()

    async def forward(request: web.Request) -> web.Response:
        body = await request.read()
        async with (
            long_polls if "wait" in request.query else requests,
            app[_SESSION].request(
                request.method,
                f"{target}{request.raw_path}",
                headers=_end_to_end(request.headers) | {"Host": host},
                data=body,
                allow_redirects=False,
            ) as response,
        ):
            headers = _end_to_end(response.headers)
            return web.Response(status=response.status, body=await response.read(), headers=headers)

    app.on_startup.append(start)
    app.on_cleanup.append(stop)
    Documentation().add_to(app)
    app.router.add_route("*", r"/{path:[\s\S]*}", forward)
    return app


def _end_to_end(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that a proxy passes on (RFC 9110, section 7.6.1)."""
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}


def main(
    target: Annotated[str, typer.Option(help="URL of the emulator.")],
    host: Annotated[str, typer.Option(help="Host name of the API in the emulator.")],
    port: Annotated[int, typer.Option(help="Loopback port to listen on.")],
    max_concurrent_requests: Annotated[int, typer.Option(help="Further requests wait.")] = 3,
) -> None:
    """Serve the proxy until it is stopped."""
    app = proxy_app(target, host, max_concurrent_requests)
    # Whoever has left waits for nothing: a page that was closed keeps no place.
    web.run_app(app, host="127.0.0.1", port=port, print=None, shutdown_timeout=0.2, handler_cancellation=True)


if __name__ == "__main__":
    typer.run(main)
