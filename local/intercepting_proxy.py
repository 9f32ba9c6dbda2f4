"""An intercepting proxy between the functions and the AWS emulator, for tests and benchmarks.

A subclass counts, delays or breaks the AWS requests of chosen functions.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import aiohttp
from aiohttp import web

from local.deployment import client
from local.stack import Stack

LIVE = "live"
"""The alias that all invoke (`infrastructure/python_function.py`)."""

SERVICES = ("DYNAMODB", "SQS", "SECRETS_MANAGER", "KMS", "SFN")
_MAX_BODY_BYTES = 10_000_000


@dataclass(frozen=True)
class Exchange:
    """One AWS request; `operation` is the service's own name, such as `TransactWriteItems`.

    `service` is the target's prefix, such as `DynamoDB_20120810`. `forward` sends it to the emulator and
    returns the response.
    """

    operation: str
    body: bytes
    forward: Callable[[], Awaitable[web.Response]]
    service: str = "unknown"


class InterceptingProxy:
    """Forwards AWS requests to the emulator; a subclass overrides `intercept`."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._runner: web.AppRunner | None = None
        self._session: aiohttp.ClientSession | None = None
        self.url = ""

    async def intercept(self, exchange: Exchange) -> web.Response:
        """Handle one request; by default, forward it."""
        return await exchange.forward()

    def start(self) -> None:
        """Listen on a free loopback port, in a thread of its own; `url` is the address."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result()

    def stop(self) -> None:
        """Stop listening."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _serve(self) -> None:
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
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

    async def _handle(self, request: web.Request) -> web.Response:
        service, _, operation = request.headers.get("X-Amz-Target", "unknown.unknown").rpartition(".")
        headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
        body = await request.read()

        async def forward() -> web.Response:
            url, session = f"{self._target}{request.raw_path}", self._open_session()
            async with session.request(request.method, url, data=body, headers=headers) as response:
                return web.Response(
                    status=response.status, body=await response.read(), content_type=response.content_type
                )

        return await self.intercept(Exchange(operation, body, forward, service))


@contextmanager
def routed_through(
    stack: Stack,
    proxy: InterceptingProxy,
    functions: Sequence[str],
    variables: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[None]:
    """Route the AWS requests of these functions through the proxy while the block runs.

    For this time their alias is at a version with other variables: the proxy's, and those given.
    """
    proxy.start()
    lambda_ = client(stack.config, "lambda")
    endpoints = {f"AWS_ENDPOINT_URL_{service}": proxy.url for service in SERVICES}
    original_versions = {}
    for name in functions:
        function_name = f"trunkline-local-{name}"
        alias = lambda_.get_alias(FunctionName=function_name, Name=LIVE)
        original_versions[function_name] = alias["FunctionVersion"]
        _publish_with(lambda_, function_name, endpoints | dict(variables))
    try:
        yield
    finally:
        for function_name, version in original_versions.items():
            lambda_.update_alias(FunctionName=function_name, Name=LIVE, FunctionVersion=version)
        proxy.stop()


def _publish_with(lambda_: Any, function_name: str, variables: Mapping[str, str]) -> None:
    """Move the alias to a version with these variables more; the function itself stays as it was."""
    before = lambda_.get_function_configuration(FunctionName=function_name)["Environment"]["Variables"]
    for changed in (before | variables, before):
        environment = {"Variables": changed}
        lambda_.update_function_configuration(FunctionName=function_name, Environment=environment)
        if changed != before:
            version = lambda_.publish_version(FunctionName=function_name)["Version"]
            lambda_.update_alias(FunctionName=function_name, Name=LIVE, FunctionVersion=version)
