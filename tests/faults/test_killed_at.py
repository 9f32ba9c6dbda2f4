"""The dialer is killed at an exact point of the protocol: the wire to the table holds it there."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest
from aiohttp import web

from local.intercepting_proxy import Exchange, InterceptingProxy, routed_through
from tests.faults.invariants import check_invariants, kill_dialers
from tests.stack.fixtures_tenants import MakeTenant
from tests.support.polling import poll
from tests.support.tenant import Tenant

BUSY, RINGS_ON = "+15550100002", "+15550100003"
HOLD_S = 20


class Holding(InterceptingProxy):
    """Holds the first transaction that carries a word: its request or its answer."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.word = b""
        self.after = False
        self.held = threading.Event()

    def arm(self, word: bytes, *, after: bool) -> None:
        self.held.clear()
        self.after, self.word = after, word

    async def intercept(self, exchange: Exchange) -> web.Response:
        hold = exchange.operation == "TransactWriteItems" and self.word and self.word in exchange.body
        if not hold:
            return await exchange.forward()
        self.word = b""
        if self.after:
            await exchange.forward()
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


async def test_killed_at_every_point(make_tenant: MakeTenant) -> None:
    tenants: dict[str, tuple[Tenant, list[str]]] = {}
    first = await make_tenant()
    proxy = Holding(first.stack.config.emulator_url)
    with routed_through(first.stack, proxy, ["dialer"]):
        for point, (word, after, number) in POINTS.items():
            tenant = await make_tenant(cps=5)
            proxy.arm(word, after=after)
            calls = [tenant.placed(number) for _ in range(3)]
            assert proxy.held.wait(60), f"never came to: {point}"
            kill_dialers(tenant.stack)
            tenants[point] = tenant, calls
        tenant = await make_tenant(cps=5)
        calls = [tenant.placed(RINGS_ON) for _ in range(3)]
        poll(tenant.invites, lambda invites: len(invites) >= 2)
        kill_dialers(tenant.stack)
        tenants["during dial"] = tenant, calls
    for point, (tenant, calls) in tenants.items():
        reasons = check_invariants(tenant, calls, cps=5)
        allowed = {"dial_busy", "dial_no_answer", "dial_unknown", "user_declined"}
        assert set(reasons) <= allowed, (point, reasons)


@pytest.mark.parametrize("share", [0.2])
async def test_a_share_of_the_calls_to_aws_fails(make_tenant: MakeTenant, share: float) -> None:
    tenant = await make_tenant(cps=5)
    proxy = Failing(tenant.stack.config.emulator_url, share)
    accepted: list[str] = []
    with routed_through(tenant.stack, proxy, ["api", "dialer", "livekit-webhook", "reconciler"]):
        end_s = time.monotonic() + 180
        while (len(accepted) < 25 or proxy.failed < 25) and time.monotonic() < end_s:
            answer = tenant.place(BUSY)
            assert answer.status_code in (201, 500), answer.text
            if answer.status_code == 201:
                accepted.append(answer.json()["data"]["id"])
            time.sleep(0.3)
        assert proxy.failed >= 25
    assert len(accepted) >= 25
    reasons = check_invariants(
        tenant, accepted, cps=5, never_dialled=frozenset({"dial_unknown", "queue_unavailable"})
    )
    assert set(reasons) <= {"dial_busy", "dial_unknown", "user_declined"}, reasons
    assert reasons["dial_busy"] > len(accepted) / 2


class Failing(InterceptingProxy):
    """Answers a share of the requests with 500: half of them after they were carried out."""

    def __init__(self, target: str, share: float) -> None:
        super().__init__(target)
        self._every = round(1 / share)
        self._count = 0
        self.failed = 0

    async def intercept(self, exchange: Exchange) -> web.Response:
        self._count += 1
        if self._count % self._every:
            return await exchange.forward()
        self.failed += 1
        if self.failed % 2:
            await exchange.forward()
        body = b'{"__type": "InternalServerError", "message": "told to fail"}'
        return web.Response(status=500, body=body, content_type="application/x-amz-json-1.0")
