"""Web calls: latency of a POST and of a status, and transcripts of growing length."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx
from trunkline_agent import AgentCall

from benchmarks.call_latency import BUSY, POSTS, TenantClient, unlimited_key
from benchmarks.results import Row, ms, p50, p99
from local.probes import function_processes
from local.stack import Stack

MAX_WEB_RATIO = 1.2
WEBHOOKS = 25
_SETTLE_S = 1.5
"""The stand-in sends one webhook at a time: those of the last call must be sent before the next is timed."""

TURNS = (750, 1500, 3000)
MAX_GROWTH = 1.3
MAX_FUNCTION_MB = 256
_FLUSH_EVERY_TURNS = 50
_READS = 5


def web_call_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    """Measure all figures of web calls."""
    return [*post_rows(stack, tenant), status_row(stack), *transcript_rows(stack)]


def post_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    """Compare POST /calls for a web call with POST /calls/outbound."""
    requests_before = _livekit_requests(stack)
    without_context: dict[str, Any] = {"workflow_slug": stack.seed.workflow_slug, "user_id": "u"}
    with_context: dict[str, Any] = without_context | {
        "user_context": {"user_name": "John", "auth_token": "x" * 200}
    }
    samples: dict[str, list[float]] = {"web": [], "web, with user_context": []}
    for body in (without_context, with_context):
        tenant.post("/api/v1/calls", body)
    for _ in range(POSTS // 2):
        for kind, body in zip(samples, (without_context, with_context), strict=True):
            samples[kind].append(tenant.post("/api/v1/calls", body)[0])
    requests = _livekit_requests(stack) - requests_before
    placed = [tenant.place_call(stack.seed.agent_id, BUSY) for _ in range(POSTS // 2)]
    outbound_s = p50([took_s for took_s, _ in placed])
    for _, call_id in placed:
        tenant.wait_for_end(call_id)
    rows = []
    for kind, seconds in samples.items():
        ratio = p50(seconds) / outbound_s
        compared_with, target = f"POST /calls/outbound {ms(outbound_s)}", f"≤ {MAX_WEB_RATIO} ×"
        name = f"POST /calls, {kind}, p50"
        rows.append(Row(name, ms(p50(seconds)), compared_with, ratio, target, ratio <= MAX_WEB_RATIO))
    return [*rows, Row("LiveKit requests of these web calls", str(requests), "", None, "0", requests == 0)]


def _livekit_requests(stack: Stack) -> int:
    """Return the number of requests that the stand-in has received."""
    response = httpx.get(f"{stack.config.livekit[0]}/_control/requests")
    return int(response.json()["count"])


def status_row(stack: Stack) -> Row:
    """Measure from the join of a person until GET shows it: a webhook, a function and a transaction."""
    livekit_url, samples = stack.config.livekit[0], []
    headers = {"x-api-key": unlimited_key(stack)}
    with httpx.Client(base_url=stack.config.api_url, headers=headers, timeout=30) as api:
        for _ in range(WEBHOOKS):
            body = {"workflow_slug": stack.seed.workflow_slug, "user_id": "u"}
            call = api.post("/api/v1/calls", json=body).json()
            path = f"/api/v1/calls/{call['call_id']}"
            time.sleep(_SETTLE_S)
            started_s = time.perf_counter()
            httpx.put(f"{livekit_url}/_control/joins", json={"token": call["token"]})
            while api.get(path).json()["status"] == "pending":
                time.sleep(0.002)
            samples.append(time.perf_counter() - started_s)
            leave = {"room": call["room_name"], "identity": "caller"}
            httpx.put(f"{livekit_url}/_control/leaves", json=leave)
    value = f"p50 {ms(p50(samples))}, p99 {ms(p99(samples))}"
    return Row("LiveKit webhook to visible status", value, "including the GET")


def transcript_rows(stack: Stack) -> list[Row]:
    """Report and read transcripts of growing length: the time per turn must not grow."""
    took_s = {turns: asyncio.run(_report_and_read_s(stack, turns)) for turns in TURNS}
    rows = []
    for position, action in enumerate(("report", "GET")):
        per_turn_s = {turns: times[position] / turns for turns, times in took_s.items()}
        growth = per_turn_s[TURNS[-1]] / per_turn_s[TURNS[0]]
        value = ", ".join(f"{turns}: {ms(times[position])}" for turns, times in took_s.items())
        compared_with = f"time per turn, {TURNS[-1]} : {TURNS[0]} turns"
        target, is_met = f"≤ {MAX_GROWTH}", growth <= MAX_GROWTH
        rows.append(Row(f"{action} a transcript of n turns", value, compared_with, growth, target, is_met))
    largest_mb = _largest_function_mb(stack)
    target, is_met = f"≤ {MAX_FUNCTION_MB} MB", largest_mb <= MAX_FUNCTION_MB
    name = "memory of the largest function after the transcripts"
    return [*rows, Row(name, f"{largest_mb:.0f} MB", "", None, target, is_met)]


async def _report_and_read_s(stack: Stack, turns: int) -> tuple[float, float]:
    """Return the seconds to report so many turns in batches, and to read them (the best of five)."""
    _, key, secret = stack.config.livekit
    headers = {"x-api-key": unlimited_key(stack)}
    async with httpx.AsyncClient(base_url=stack.config.api_url, headers=headers, timeout=30) as api:
        body = {"workflow_slug": stack.seed.workflow_slug, "user_id": "u"}
        created = (await api.post("/api/v1/calls", json=body)).json()
        call = AgentCall(stack.config.api_url, created["room_name"], key, secret)
        started_s = time.perf_counter()
        async with call:
            for number in range(turns):
                call.said("user", f"turn {number}: " + "some words that a person says " * 4)
                if number % _FLUSH_EVERY_TURNS == _FLUSH_EVERY_TURNS - 1:
                    await call.flush()
        report_s = time.perf_counter() - started_s
        reads_s = []
        for _ in range(_READS):
            started_s = time.perf_counter()
            response = await api.get(f"/api/v1/calls/{created['call_id']}")
            reads_s.append(time.perf_counter() - started_s)
            assert response.json()["metrics"]["message_count"] == turns
    return report_s, min(reads_s)


def _largest_function_mb(stack: Stack) -> float:
    return max(process.memory_info().rss for process in function_processes(stack)) / 1e6
