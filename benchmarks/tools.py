"""Overhead of a tool invocation compared with its HTTP request alone, and the time to render a body."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
from livekit.api import AccessToken, VideoGrants

from benchmarks.aws_requests import average, count_aws_requests, describe
from benchmarks.call_latency import unlimited_key
from benchmarks.results import Row, ms, p50, p99
from local.stack import Stack
from local.webhook_receiver import Receiver, receiver
from trunkline.templating.escaping import render_body

INVOCATIONS = 200
COUNTED_INVOCATIONS = 10
FIELDS = 100
RENDERINGS = 2000
_TOKEN = "x" * 200
_TOOL = "bench_tool"


def tool_rows(stack: Stack) -> list[Row]:
    """Measure invocations through the deployed stack, and the rendering of a template alone."""
    headers = {"x-api-key": unlimited_key(stack)}
    with (
        receiver() as backend,
        httpx.Client(base_url=stack.config.api_url, headers=headers, timeout=30) as api,
    ):
        backend.respond = lambda _: (201, {}, b'{"meal_id": "m-1"}')
        _create_tool(api, backend, stack.seed.workflow_slug)
        agent = _agent_client(stack, api)
        request_s = _requests_s(backend)
        invocation_s = [_seconds(lambda: _invoke(agent)) for _ in range(INVOCATIONS)]
        context_s = [_seconds(lambda: agent.get("/context").raise_for_status()) for _ in range(INVOCATIONS)]
        with count_aws_requests(stack) as counter:
            _invoke(agent)
            before = counter.counts.copy()
            for _ in range(COUNTED_INVOCATIONS):
                _invoke(agent)
            sent = average(counter.counts - before, COUNTED_INVOCATIONS)
    rows = [Row("AWS requests of an invocation", str(sent.total()), describe(sent))]
    for name, quantile in (("p50", p50), ("p99", p99)):
        overhead_s = quantile(invocation_s) - quantile(request_s)
        compared_with = f"invocation {ms(quantile(invocation_s))}, request alone {ms(quantile(request_s))}"
        ratio = quantile(invocation_s) / quantile(request_s)
        rows.append(Row(f"overhead of an invocation, {name}", ms(overhead_s), compared_with, ratio))
    compared_with = f"GET /context of the same API, {ms(p50(context_s))}"
    ratio = p50(invocation_s) / p50(context_s)
    return [*rows, Row("invocation, p50", ms(p50(invocation_s)), compared_with, ratio), render_row()]


def render_row() -> Row:
    """Compare rendering a body of 100 templates with writing the same body as JSON."""
    scope = {"user": {f"f{n}": f"value {n}" for n in range(FIELDS)}, "params": {"x": "y"}}
    template = {f"field_{n}": f"said {{{{user.f{n}}}}} and {{{{params.x}}}}" for n in range(FIELDS)}
    rendered = json.loads(render_body(template, "", scope))
    render_s = [_seconds(lambda: render_body(template, "", scope)) for _ in range(RENDERINGS)]
    dump_s = [_seconds(lambda: json.dumps(rendered).encode()) for _ in range(RENDERINGS)]
    compared_with = f"json.dumps of the same body {p50(dump_s) * 1e6:.0f} µs"
    value = f"p50 {p50(render_s) * 1e6:.0f} µs, p99 {p99(render_s) * 1e6:.0f} µs"
    return Row(f"render a body of {FIELDS} templates", value, compared_with, p50(render_s) / p50(dump_s))


def _create_tool(api: httpx.Client, backend: Receiver, workflow_slug: str) -> None:
    action = {
        "type": "api_call",
        "method": "POST",
        "url": backend.url("/meals"),
        "headers": {"Authorization": "Bearer {{user.auth_token}}"},
        "body": {"meal": "{{params.meal}}"},
    }
    config = {"parameters": [{"name": "meal", "type": "string", "required": True}], "actions": [action]}
    api.post("/api/v1/tools", json={"name": _TOOL, "config": config}).raise_for_status()
    api.patch(f"/api/v1/workflows/{workflow_slug}", json={"tools": [_TOOL]}).raise_for_status()


def _agent_client(stack: Stack, api: httpx.Client) -> httpx.Client:
    """Create a web call, and return a client of the agent API with the token of its agent."""
    body = {"workflow_slug": stack.seed.workflow_slug, "user_id": "u", "user_context": {"auth_token": _TOKEN}}
    call = api.post("/api/v1/calls", json=body).json()
    _, key, secret = stack.config.livekit
    grants = VideoGrants(room=call["room_name"], room_join=True, agent=True)
    token = AccessToken(key, secret).with_kind("agent").with_identity("agent-AJ_bench").with_grants(grants)
    url = f"{stack.config.api_url}/agent/v1/calls/{call['call_id']}"
    return httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token.to_jwt()}"}, timeout=30)


def _invoke(agent: httpx.Client) -> None:
    response = agent.post(f"/tools/{_TOOL}", json={"params": {"meal": "soup"}})
    assert response.json()["status"] == "succeeded", response.text


def _requests_s(backend: Receiver) -> list[float]:
    """Time the tool's HTTP request alone, each with a new connection, as an invocation opens one."""
    headers, limits = {"Authorization": f"Bearer {_TOKEN}"}, httpx.Limits(max_keepalive_connections=0)
    with httpx.Client(headers=headers, limits=limits, timeout=30) as client:
        return [
            _seconds(lambda: client.post(backend.url("/meals"), json={"meal": "soup"}))
            for _ in range(INVOCATIONS)
        ]


def _seconds(work: Callable[[], Any]) -> float:
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s
