"""A LiveKit stand-in of its own for each test that asks for one."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from livekit.api import LiveKitAPI

from local.livekit.server import StandIn

KEY, SECRET = "devkey", "a secret of at least thirty-two characters"


@dataclass
class RunningStandIn:
    """A stand-in on a port of its own, and the webhooks that it sent."""

    url: str
    invite_log: Path
    received: list[tuple[dict[str, Any], str, bytes]]
    fail_next: list[int]
    server: StandIn
    stop: Callable[[], Awaitable[None]]

    def invites(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.invite_log.read_text().splitlines()]

    def events(self) -> list[str]:
        return [body["event"] for body, _, _ in self.received]


@pytest.fixture
async def stand_in(tmp_path: Path) -> AsyncIterator[RunningStandIn]:
    received: list[tuple[dict[str, Any], str, bytes]] = []
    fail_next: list[int] = []

    async def hear(request: web.Request) -> web.Response:
        raw = await request.read()
        if fail_next:
            return web.Response(status=fail_next.pop())
        received.append((json.loads(raw), request.headers["Authorization"], raw))
        return web.Response()

    async def serve(app: web.Application) -> tuple[web.AppRunner, str]:
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"

    listener = web.Application()
    listener.router.add_post("/hook", hear)
    listening, hook = await serve(listener)
    log = tmp_path / "invites.jsonl"
    server = StandIn(api_key=KEY, api_secret=SECRET, webhook_urls=[f"{hook}/hook"], invite_log=log)
    standing, url = await serve(server.app())
    yield RunningStandIn(url, log, received, fail_next, server, standing.cleanup)
    await standing.cleanup()
    await listening.cleanup()


@pytest.fixture
async def livekit(stand_in: RunningStandIn) -> AsyncIterator[LiveKitAPI]:
    async with LiveKitAPI(stand_in.url, KEY, SECRET, failover=False) as client:
        yield client


async def until(happened: Any, timeout_s: float = 10) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline_s
        await asyncio.sleep(0.02)
