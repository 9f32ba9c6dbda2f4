"""The dialer is killed at an exact point of the protocol: the wire to the table holds it there."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from aiohttp import web

from local.wire import Passing, Wire, through
from tests.faults.oracle import check, kill_dialers
from tests.stack.conftest import Tenant

BUSY, RINGS_ON = "+15550100002", "+15550100003"
HOLD_S = 20


class Holding(Wire):
    """Holds the first transaction that carries a word: its request or its answer."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.word = b""
        self.after = False
        self.held = threading.Event()

    def arm(self, word: bytes, *, after: bool) -> None:
        self.held.clear()
        self.after, self.word = after, word

    async def carry(self, passing: Passing) -> web.Response:
        hold = passing.operation == "TransactWriteItems" and self.word and self.word in passing.body
        if not hold:
            return await passing.forward()
        self.word = b""
        if self.after:
            await passing.forward()
        self.held.set()
        await asyncio.sleep(HOLD_S)
        return web.Response(status=500)


# point -> (a word of the transaction, whether it is written, the number dialled)
POINTS = {
    "at claim": (b'"prepared"', True, BUSY),
    "before the claim": (b'"prepared"', False, BUSY),
    "before dial, intent not written": (b'"sent"', False, BUSY),
    "before dial, intent written": (b'"sent"', True, BUSY),
    "after dial, before save": (b'"dial_busy"', False, BUSY),
    "after dial, save written": (b'"dial_busy"', True, BUSY),
}


async def test_killed_at_every_point(make_tenant: Any) -> None:
    tenants: dict[str, tuple[Tenant, list[str]]] = {}
    first: Tenant = await make_tenant()
    wire = Holding(first.stack.config.emulator_url)
    with through(first.stack, wire, ["dialer"]):
        for point, (word, after, number) in POINTS.items():
            tenant: Tenant = await make_tenant(cps=5)
            wire.arm(word, after=after)
            calls = [tenant.placed(number) for _ in range(3)]
            assert wire.held.wait(60), f"never came to: {point}"
            kill_dialers(tenant.stack)
            tenants[point] = tenant, calls
        tenant = await make_tenant(cps=5)
        calls = [tenant.placed(RINGS_ON) for _ in range(3)]
        deadline_s = time.monotonic() + 30
        while len(tenant.invites()) < 2 and time.monotonic() < deadline_s:
            time.sleep(0.05)
        kill_dialers(tenant.stack)
        tenants["during dial"] = tenant, calls
    for point, (tenant, calls) in tenants.items():
        reasons = check(tenant, calls, cps=5)
        allowed = {"dial_busy", "dial_no_answer", "dial_unknown", "user_declined"}
        assert set(reasons) <= allowed, (point, reasons)


@pytest.mark.parametrize("share", [0.2])
async def test_a_fifth_of_the_calls_to_aws_fail_for_half_a_minute(make_tenant: Any, share: float) -> None:
    tenant: Tenant = await make_tenant(cps=5)
    wire = Failing(tenant.stack.config.emulator_url, share)
    accepted: list[str] = []
    with through(tenant.stack, wire, ["api", "dialer", "livekit-webhook", "reconciler"]):
        end_s = time.monotonic() + 30
        while time.monotonic() < end_s:
            answer = tenant.place(BUSY)
            assert answer.status_code in (201, 500), answer.text
            if answer.status_code == 201:
                accepted.append(answer.json()["data"]["id"])
            time.sleep(0.3)
        assert wire.failed > 20
    assert len(accepted) > 20
    reasons = check(tenant, accepted, cps=5, never_dialled=frozenset({"dial_unknown", "queue_unavailable"}))
    assert set(reasons) <= {"dial_busy", "dial_unknown", "user_declined"}, reasons
    assert reasons["dial_busy"] > len(accepted) / 2


class Failing(Wire):
    """Answers a share of the requests with 500: half of them after they were carried out."""

    def __init__(self, target: str, share: float) -> None:
        super().__init__(target)
        self._every = round(1 / share)
        self._count = 0
        self.failed = 0

    async def carry(self, passing: Passing) -> web.Response:
        self._count += 1
        if self._count % self._every:
            return await passing.forward()
        self.failed += 1
        if self.failed % 2:
            await passing.forward()
        body = b'{"__type": "InternalServerError", "message": "told to fail"}'
        return web.Response(status=500, body=body, content_type="application/x-amz-json-1.0")
