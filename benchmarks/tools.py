"""What a tool's use costs beside the bare request to the same backend, and what filling a body costs."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
from livekit.api import AccessToken, VideoGrants

from benchmarks.counting import counted
from benchmarks.main_job import key_of
from benchmarks.table import Row, ms, p50, p99
from local.receiver import Receiver, receiver
from local.stack import Stack
from trunkline.templating.escaping import body_of

USED = 200
COUNTED = 10
FIELDS = 100
FILLED = 2000
_TOKEN = "x" * 200
_NAME = "bench_tool"


def tool_rows(stack: Stack) -> list[Row]:
    """Invocations through the deployed stack, and templates alone."""
    with receiver() as backend:
        backend.answer = lambda _: (201, {}, b'{"meal_id": "m-1"}')
        api = httpx.Client(base_url=stack.config.api_url, headers={"x-api-key": key_of(stack)}, timeout=30)
        _make_tool(api, backend, stack.seed.workflow_slug)
        agent = _agent(stack, api)
        bare = _bare(backend)
        used = [_timed(lambda: _use(agent)) for _ in range(USED)]
        context = [_timed(lambda: agent.get("/context").raise_for_status()) for _ in range(USED)]
        with counted(stack) as counting:
            _use(agent)
            begun = counting.calls.copy()
            for _ in range(COUNTED):
                _use(agent)
            made = counting.calls - begun
    each = Counter({name: round(count / COUNTED) for name, count in made.items() if round(count / COUNTED)})
    told = ", ".join(f"{count} {name}" for name, count in sorted(each.items()))
    rows = [Row("AWS calls of an invocation", str(each.total()), told)]
    for name, quantile in (("p50", p50), ("p99", p99)):
        over = quantile(used) - quantile(bare)
        beside = f"invocation {ms(quantile(used))}, bare request {ms(quantile(bare))}"
        rows.append(
            Row(f"overhead of an invocation, {name}", ms(over), beside, quantile(used) / quantile(bare))
        )
    beside = f"GET /context, the same door, {ms(p50(context))}"
    rows.append(Row("an invocation, p50", ms(p50(used)), beside, p50(used) / p50(context)))
    return [*rows, fill_row()]


def fill_row() -> Row:
    """A body of 100 fields, each with a template, beside writing the same body as JSON."""
    scope = {"user": {f"f{n}": f"value {n}" for n in range(FIELDS)}, "params": {"x": "y"}}
    body = {f"field_{n}": f"said {{{{user.f{n}}}}} and {{{{params.x}}}}" for n in range(FIELDS)}
    filled = json.loads(body_of(body, "", scope))
    each = [_timed(lambda: body_of(body, "", scope)) for _ in range(FILLED)]
    plain = [_timed(lambda: json.dumps(filled).encode()) for _ in range(FILLED)]
    beside = f"json.dumps of the same body {p50(plain) * 1e6:.0f} µs"
    figure = f"p50 {p50(each) * 1e6:.0f} µs, p99 {p99(each) * 1e6:.0f} µs"
    return Row(f"filling a body of {FIELDS} fields", figure, beside, p50(each) / p50(plain))


def _make_tool(api: httpx.Client, backend: Receiver, slug: str) -> None:
    action = {
        "type": "api_call",
        "method": "POST",
        "url": backend.url("/meals"),
        "headers": {"Authorization": "Bearer {{user.auth_token}}"},
        "body": {"meal": "{{params.meal}}"},
    }
    config = {"parameters": [{"name": "meal", "type": "string", "required": True}], "actions": [action]}
    api.post("/api/v1/tools", json={"name": _NAME, "config": config}).raise_for_status()
    api.patch(f"/api/v1/workflows/{slug}", json={"tools": [_NAME]}).raise_for_status()


def _agent(stack: Stack, api: httpx.Client) -> httpx.Client:
    wish = {"workflow_slug": stack.seed.workflow_slug, "user_id": "u", "user_context": {"auth_token": _TOKEN}}
    opened = api.post("/api/v1/calls", json=wish).json()
    _, key, secret = stack.config.livekit
    grants = VideoGrants(room=opened["room_name"], room_join=True, agent=True)
    token = AccessToken(key, secret).with_kind("agent").with_identity("agent-AJ_bench").with_grants(grants)
    url = f"{stack.config.api_url}/agent/v1/calls/{opened['call_id']}"
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token.to_jwt()}"}, timeout=30)


def _use(agent: httpx.Client) -> None:
    answer = agent.post(f"/tools/{_NAME}", json={"params": {"meal": "soup"}})
    assert answer.json()["status"] == "succeeded", answer.text


def _bare(backend: Receiver) -> list[float]:
    """The request alone, each with a new connection, as an invocation makes one."""
    headers, limits = {"Authorization": f"Bearer {_TOKEN}"}, httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(headers=headers, limits=limits, timeout=30) as client:
        return [
            _timed(lambda: client.post(backend.url("/meals"), json={"meal": "soup"})) for _ in range(USED)
        ]


def _timed(work: Callable[[], Any]) -> float:
    began_s = time.perf_counter()
    work()
    return time.perf_counter() - began_s
