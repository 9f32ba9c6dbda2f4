"""Calls by workflow and their stories: a POST, a webhook until it shows, and transcripts of any length."""

from __future__ import annotations

import asyncio
import time

import httpx
from trunkline_agent import AgentCall

from benchmarks.main_job import BUSY, POSTS, Client, key_of
from benchmarks.table import Row, ms, p50, p99
from local.probes import function_processes
from local.stack import Stack

MAX_WEB_RATIO = 1.2
NEWS = 25
_QUIET_S = 1.5
"""The stand-in posts one webhook at a time: the last call's must be through before the next is timed."""
TURNS = (750, 1500, 3000)
MAX_GROWTH = 1.3
MAX_FUNCTION_MB = 256
_BATCH = 50


def web_post_rows(stack: Stack, tenant: Client) -> list[Row]:
    """POST /calls for a web call beside POST /calls/outbound, by turns; the busy calls end by themselves."""
    before = _livekit_log_size(stack)
    bare = {"workflow_slug": stack.seed.workflow_slug, "user_id": "u"}
    told = bare | {"user_context": {"user_name": "John", "auth_token": "x" * 200}}
    for body in (bare, told):
        tenant.post("/api/v1/calls", body)
    samples: dict[str, list[float]] = {"web": [], "told": []}
    for _ in range(POSTS // 2):
        samples["web"].append(tenant.post("/api/v1/calls", bare)[0])
        samples["told"].append(tenant.post("/api/v1/calls", told)[0])
    asked = _livekit_log_size(stack) - before
    placed = [tenant.place(stack.seed.agent_id, BUSY) for _ in range(POSTS // 2)]
    base = p50([took_s for took_s, _ in placed])
    for _, call_id in placed:
        tenant.wait_for_end(call_id)
    rows = []
    for name, key in (("POST /calls, web, p50", "web"), ("POST /calls, web, with user_context, p50", "told")):
        ratio = p50(samples[key]) / base
        beside, bound = f"POST /calls/outbound {ms(base)}", f"≤ {MAX_WEB_RATIO} ×"
        rows.append(Row(name, ms(p50(samples[key])), beside, ratio, bound, ratio <= MAX_WEB_RATIO))
    rows.append(Row("LiveKit requests of those web calls", str(asked), "", None, "0", asked == 0))
    return rows


def _livekit_log_size(stack: Stack) -> int:
    """How many requests the stand-in has taken."""
    answer = httpx.get(f"{stack.config.livekit[0]}/_control/requests")
    return int(answer.json()["count"])


def news_row(stack: Stack) -> Row:
    """From a person's join until GET shows it: LiveKit's webhook, one function, one transaction."""
    url, samples = stack.config.livekit[0], []
    with httpx.Client(base_url=stack.config.api_url, headers={"x-api-key": key_of(stack)}) as api:
        for _ in range(NEWS):
            body = {"workflow_slug": stack.seed.workflow_slug, "user_id": "u"}
            opened = api.post("/api/v1/calls", json=body).json()
            path = f"/api/v1/calls/{opened['call_id']}"
            time.sleep(_QUIET_S)
            began_s = time.perf_counter()
            httpx.put(f"{url}/_control/joins", json={"token": opened["token"]})
            while api.get(path).json()["status"] == "pending":
                time.sleep(0.002)
            samples.append(time.perf_counter() - began_s)
            httpx.put(f"{url}/_control/leaves", json={"room": opened["room_name"], "identity": "caller"})
    figure = f"p50 {ms(p50(samples))}, p99 {ms(p99(samples))}"
    return Row("webhook → status visible", figure, "the look itself included")


def transcript_rows(stack: Stack) -> list[Row]:
    """Report and read transcripts of growing length: both must grow with the length and no faster."""
    took = {turns: asyncio.run(_told(stack, turns)) for turns in TURNS}
    rows = []
    for n, what in enumerate(("report", "GET")):
        per_turn = {turns: times[n] / turns for turns, times in took.items()}
        growth = per_turn[TURNS[-1]] / per_turn[TURNS[0]]
        figures = ", ".join(f"{turns}: {ms(times[n])}" for turns, times in took.items())
        rows.append(
            Row(
                f"{what} a transcript of n turns",
                figures,
                "time a turn, 3,000 : 750",
                growth,
                f"≤ {MAX_GROWTH}",
                growth <= MAX_GROWTH,
            )
        )
    largest_mb = _largest_function_mb(stack)
    kept = largest_mb <= MAX_FUNCTION_MB
    figure = f"{largest_mb:.0f} MB"
    rows.append(Row("largest function after it", figure, "", None, f"≤ {MAX_FUNCTION_MB} MB", kept))
    return rows


async def _told(stack: Stack, turns: int) -> tuple[float, float]:
    """Seconds to report so many turns in batches, and to read them back (the best of five)."""
    _, key, secret = stack.config.livekit
    headers = {"x-api-key": key_of(stack)}
    async with httpx.AsyncClient(base_url=stack.config.api_url, timeout=30) as api:
        body = {"workflow_slug": stack.seed.workflow_slug, "user_id": "u"}
        opened = (await api.post("/api/v1/calls", json=body, headers=headers)).json()
        call = AgentCall(stack.config.api_url, opened["room_name"], key, secret)
        began_s = time.perf_counter()
        async with call:
            for number in range(turns):
                call.said("user", f"turn {number}: " + "some words that a person says " * 4)
                if number % _BATCH == _BATCH - 1:
                    await call.flush()
        reported_s = time.perf_counter() - began_s
        reads = []
        for _ in range(5):
            began_s = time.perf_counter()
            answer = await api.get(f"/api/v1/calls/{opened['call_id']}", headers=headers)
            reads.append(time.perf_counter() - began_s)
            assert answer.json()["metrics"]["message_count"] == turns
    return reported_s, min(reads)


def _largest_function_mb(stack: Stack) -> float:
    return max(process.memory_info().rss for process in function_processes(stack)) / 1e6


def story_rows(stack: Stack, tenant: Client) -> list[Row]:
    """All of them."""
    return [*web_post_rows(stack, tenant), news_row(stack), *transcript_rows(stack)]
