"""A LiveKit stand-in of its own for each test that asks for one."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from livekit.api import LiveKitAPI

from local.livekit.server import StandIn

KEY, SECRET = "devkey", "a secret of at least thirty-two characters"


@dataclass
class World:
    """A stand-in on a port of its own, and whatever webhooks it sent."""

    url: str
    invite_log: Path
    heard: list[tuple[dict[str, Any], str, bytes]]
    fail_next: list[int]
    stand_in: StandIn

    def invites(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.invite_log.read_text().splitlines()]

    def events(self) -> list[str]:
        return [body["event"] for body, _, _ in self.heard]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    heard: list[tuple[dict[str, Any], str, bytes]] = []
    fail_next: list[int] = []

    async def hear(request: web.Request) -> web.Response:
        raw = await request.read()
        if fail_next:
            return web.Response(status=fail_next.pop())
        heard.append((json.loads(raw), request.headers["Authorization"], raw))
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
    stand_in = StandIn(api_key=KEY, api_secret=SECRET, webhook_urls=[f"{hook}/hook"], invite_log=log)
    standing, url = await serve(stand_in.app())
    yield World(url, log, heard, fail_next, stand_in)
    await standing.cleanup()
    await listening.cleanup()


@pytest.fixture
async def livekit(world: World) -> AsyncIterator[LiveKitAPI]:
    async with LiveKitAPI(world.url, KEY, SECRET, failover=False) as client:
        yield client


async def until(happened: Any, timeout_s: float = 10) -> None:
    deadline_s = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline_s
        await asyncio.sleep(0.02)
