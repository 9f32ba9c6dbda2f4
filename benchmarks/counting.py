"""Counts AWS calls where they pass: a proxy between the functions and the emulator."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from aiohttp import web

from local.deployment import client
from local.stack import Stack

_FUNCTIONS = ("api", "dialer", "livekit-events")


class Counting:
    """Passes requests on and counts them by operation."""

    def __init__(self, target: str) -> None:
        self.calls: Counter[str] = Counter()
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self.url = ""

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()

    def stop(self) -> None:
        if self._runner:
            asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _serve(self) -> None:
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/{path:.*}", self._pass_on)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _pass_on(self, request: web.Request) -> web.Response:
        target = request.headers.get("X-Amz-Target", "unknown")
        self.calls[target.rsplit(".", 1)[-1]] += 1
        headers = {k: v for k, v in request.headers.items() if k.lower() not in ("content-length",)}
        body = await request.read()
        url = f"{self._target}{request.raw_path}"
        async with (
            aiohttp.ClientSession(auto_decompress=False) as session,
            session.request(request.method, url, data=body, headers=headers) as answer,
        ):
            return web.Response(
                status=answer.status, body=await answer.read(), content_type=answer.content_type
            )


@contextmanager
def counted(stack: Stack) -> Iterator[Counting]:
    """Send the functions' AWS calls through a counting proxy for a while."""
    counting = Counting(stack.config.emulator_url)
    counting.start()
    lambda_ = client(stack.config, "lambda")
    before = {}
    for name in _FUNCTIONS:
        function = f"trunkline-local-{name}"
        before[function] = lambda_.get_function_configuration(FunctionName=function)["Environment"][
            "Variables"
        ]
        through = before[function] | {
            f"AWS_ENDPOINT_URL_{service}": counting.url for service in ("DYNAMODB", "SQS", "SECRETS_MANAGER")
        }
        lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": through})
    try:
        yield counting
    finally:
        for function, variables in before.items():
            lambda_.update_function_configuration(FunctionName=function, Environment={"Variables": variables})
        counting.stop()
