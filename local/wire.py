"""A wire between the functions and the emulator, on which tests and benchmarks can listen and meddle."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from local.deployment import client
from local.stack import Stack

SERVICES = ("DYNAMODB", "SQS", "SECRETS_MANAGER", "KMS")


@dataclass(frozen=True)
class Passing:
    """A request on its way; `operation` is the service's own word, such as `TransactWriteItems`."""

    operation: str
    body: bytes
    forward: Callable[[], Awaitable[web.Response]]


class Wire:
    """Passes AWS requests on; a subclass overrides `carry` to count, delay or break them."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.url = ""

    async def carry(self, passing: Passing) -> web.Response:
        """Handle one request."""
        return await passing.forward()

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _serve(self) -> None:
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(auto_decompress=False)
        return self._session

    async def _close(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        if self._session:
            await self._session.close()

    async def _take(self, request: web.Request) -> web.Response:
        operation = request.headers.get("X-Amz-Target", "unknown").rsplit(".", 1)[-1]
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
        body = await request.read()

        async def forward() -> web.Response:
            url, session = f"{self._target}{request.raw_path}", self._open_session()
            async with session.request(request.method, url, data=body, headers=headers) as answer:
                return web.Response(
                    status=answer.status, body=await answer.read(), content_type=answer.content_type
                )

        return await self.carry(Passing(operation, body, forward))


@contextmanager
def through(stack: Stack, wire: Wire, functions: Sequence[str]) -> Iterator[None]:
    """Send these functions' AWS calls through the wire for a while; both changes restart their workers."""
    wire.start()
    lambda_ = client(stack.config, "lambda")
    before = {}
    for name in functions:
        function = f"trunkline-local-{name}"
        configuration = lambda_.get_function_configuration(FunctionName=function)
        before[function] = configuration["Environment"]["Variables"]
        routed = before[function] | {f"AWS_ENDPOINT_URL_{service}": wire.url for service in SERVICES}
        lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": routed})
    try:
        yield
    finally:
        for function, variables in before.items():
            lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
        wire.stop()
