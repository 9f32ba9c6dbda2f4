"""One plain URL for the local API.

The emulator tells APIs apart by host name (`<api>.execute-api.localhost`), which few clients resolve.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import aiohttp
import typer
from aiohttp import web

_MAX_BODY_BYTES = 12 * 1024 * 1024
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "host", "content-length", "content-encoding"}
# Each request in flight holds a thread of the emulator and a worker of 70 MB: more than this many at
# once would leave it none for the functions' own calls.
_AT_ONCE = 3
_WAITING_AT_ONCE = 2
_SESSION = web.AppKey("session", aiohttp.ClientSession)


def proxy_app(target: str, host: str) -> web.Application:
    """Pass every request on to `target`, under the name `host`."""
    app = web.Application(client_max_size=_MAX_BODY_BYTES)
    gate, waiting = asyncio.Semaphore(_AT_ONCE), asyncio.Semaphore(_WAITING_AT_ONCE)

    async def start(app: web.Application) -> None:
        app[_SESSION] = aiohttp.ClientSession(auto_decompress=True)

    async def stop(app: web.Application) -> None:
        await app[_SESSION].close()

    async def pass_on(request: web.Request) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        body = await request.read()
        async with (
            waiting if "wait" in request.query else gate,
            app[_SESSION].request(
                request.method,
                f"{target}{request.raw_path}",
                headers=headers | {"Host": host},
                data=body,
                allow_redirects=False,
            ) as answer,
        ):
            passed = {
                name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP
            }
            return web.Response(status=answer.status, body=await answer.read(), headers=passed)

    app.on_startup.append(start)
    app.on_cleanup.append(stop)
    app.router.add_route("*", r"/{path:[\s\S]*}", pass_on)
    return app


def main(
    target: Annotated[str, typer.Option()],
    host: Annotated[str, typer.Option()],
    port: Annotated[int, typer.Option()],
) -> None:
    web.run_app(proxy_app(target, host), host="127.0.0.1", port=port, print=None, shutdown_timeout=0.2)


if __name__ == "__main__":
    typer.run(main)
