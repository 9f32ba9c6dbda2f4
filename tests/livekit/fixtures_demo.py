"""The demo tenant on the stand-in and, where it could be built, on a real livekit-server."""

from __future__ import annotations

import asyncio
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from rich.console import Console

from local.agent import find_agent, local_agent
from local.config import ROOT, for_tests
from local.real_livekit import BINARY, real_livekit
from local.stack import Stack, local_stack
from tests.livekit.participants import RealParticipant, StandInParticipant

EXAMPLE = ROOT / "examples" / "agent"


@dataclass
class DemoTenant:
    """A deployed stack with a LiveKit, and a demo tenant whose agent talks."""

    stack: Stack
    is_real: bool
    api: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        key = self.stack.seed.live_key
        self.api = httpx.Client(base_url=self.stack.config.api_url, headers={"x-api-key": key}, timeout=30)

    def start(self, **more: Any) -> dict[str, Any]:
        body = {"workflow_slug": self.stack.seed.workflow_slug, "user_id": "u", **more}
        answer = self.api.post("/api/v1/calls", json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.api.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def join(self, token: str) -> Any:
        url = self.stack.config.livekit[0]
        person = RealParticipant(url, token) if self.is_real else StandInParticipant(url, token)
        await person.join()
        return person

    def call(self, call_id: str) -> dict[str, Any]:
        return dict(self.api.get(f"/api/v1/calls/{call_id}").json())

    async def wait(
        self, call_id: str, until: Callable[[dict[str, Any]], bool], timeout_s: float = 120
    ) -> dict[str, Any]:
        """Poll until the call is as wanted; the loop goes on meanwhile, for a client is in it."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            call = await asyncio.to_thread(self.call, call_id)
            if until(call):
                return call
            assert time.monotonic() < deadline_s, json.dumps(call, indent=2)
            await asyncio.sleep(0.2)


@pytest.fixture(scope="session", params=["stand-in", "real"])
def demo(request: pytest.FixtureRequest) -> Iterator[DemoTenant]:
    config = for_tests(f"livekit-{request.param}-stack")
    if request.param == "stand-in":
        with local_stack(config, lambda _: None) as stack:
            yield DemoTenant(stack, is_real=False)
        return
    if not BINARY.exists():
        pytest.skip("NO REAL LIVEKIT: `make test-livekit` builds one where Go is installed")
    with (
        real_livekit(config) as with_livekit,
        local_stack(with_livekit, lambda _: None) as stack,
        local_agent(with_livekit, find_agent(str(EXAMPLE)), Console(file=io.StringIO())),
    ):
        yield DemoTenant(stack, is_real=True)
