"""Cost of authentication, and of encrypting personal data, as a share of a request."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import httpx
from livekit.api import AccessToken, VideoGrants

from benchmarks.aws_requests import average, count_aws_requests, describe
from benchmarks.call_latency import BUSY, TenantClient, unlimited_key
from benchmarks.results import Row, ms, p50
from local.stack import Stack

REQUESTS = 200
COUNTED_REQUESTS = 10
_USER_CONTEXT = {"user_name": "John", "auth_token": "x" * 200}


def access_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    """Measure authentication with its rate limit, and the encryption of a user context."""
    return [*_authentication_rows(stack, tenant), *_encryption_rows(stack, tenant)]


def _authentication_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    url, with_key_s, unknown_route_s = stack.config.api_url, [], []
    headers = {"x-api-key": unlimited_key(stack)}
    with httpx.Client(base_url=url, headers=headers, timeout=30) as api:
        for _ in range(REQUESTS):
            with_key_s.append(_get_s(api, "/api/v1/session"))
            unknown_route_s.append(_get_s(api, "/api/v1/nowhere"))
        with count_aws_requests(stack) as counter:
            _get_s(api, "/api/v1/session")
            before = counter.counts.copy()
            for _ in range(COUNTED_REQUESTS):
                _get_s(api, "/api/v1/session")
            sent = average(counter.counts - before, COUNTED_REQUESTS)
    post_s = p50([tenant.place_call(stack.seed.agent_id, BUSY)[0] for _ in range(REQUESTS // 4)])
    cost_s = p50(with_key_s) - p50(unknown_route_s)
    is_met = sent == {"UpdateItem": 1}
    return [
        Row(
            "AWS requests to authenticate and count a request",
            describe(sent),
            "",
            None,
            "1 UpdateItem",
            is_met,
        ),
        Row(
            "authentication and rate limit, p50",
            ms(cost_s),
            f"GET with a key {ms(p50(with_key_s))}, of an unknown route {ms(p50(unknown_route_s))}",
            cost_s / post_s,
            f"share of POST /calls/outbound, {ms(post_s)}",
        ),
    ]


def _encryption_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    without_context: dict[str, Any] = {"workflow_slug": stack.seed.workflow_slug, "user_id": "u"}
    with_context: dict[str, Any] = without_context | {"user_context": _USER_CONTEXT}
    without_s, with_s = [], []
    for _ in range(REQUESTS // 2):
        without_s.append(tenant.post("/api/v1/calls", without_context)[0])
        with_s.append(tenant.post("/api/v1/calls", with_context)[0])
    store, read = _kms_requests(stack, tenant, with_context)
    cost_s = p50(with_s) - p50(without_s)
    return [
        Row(
            "KMS requests to store a context", describe(store), "", None, "1", store == {"GenerateDataKey": 1}
        ),
        Row("KMS requests to read a context", describe(read), "", None, "1", read == {"Decrypt": 1}),
        Row(
            "context encryption, p50",
            ms(cost_s),
            f"POST /calls {ms(p50(with_s))} with a context, {ms(p50(without_s))} without",
            cost_s / p50(with_s),
            "share of the request",
        ),
    ]


def _kms_requests(
    stack: Stack, tenant: TenantClient, body: dict[str, Any]
) -> tuple[Counter[str], Counter[str]]:
    """Return the KMS requests to store one user context, and to read it."""
    with count_aws_requests(stack) as counter:
        tenant.post("/api/v1/calls", body)
        before = counter.counts.copy()
        calls = [tenant.post("/api/v1/calls", body)[1].json() for _ in range(COUNTED_REQUESTS)]
        store = _only_kms(average(counter.counts - before, COUNTED_REQUESTS))
        _read_context(stack, calls[0])
        before = counter.counts.copy()
        for call in calls:
            _read_context(stack, call)
        read = _only_kms(average(counter.counts - before, COUNTED_REQUESTS))
    return store, read


def _get_s(api: httpx.Client, path: str) -> float:
    started_s = time.perf_counter()
    api.get(path)
    return time.perf_counter() - started_s


def _read_context(stack: Stack, call: dict[str, str]) -> None:
    """Read the context of a call as its agent does."""
    _, key, secret = stack.config.livekit
    grants = VideoGrants(room=call["room_name"], room_join=True, agent=True)
    token = AccessToken(key, secret).with_kind("agent").with_identity("agent-AJ_bench").with_grants(grants)
    url = f"{stack.config.api_url}/agent/v1/calls/{call['call_id']}/context"
    bearer = {"Authorization": f"Bearer {token.to_jwt()}"}
    httpx.get(url, headers=bearer, timeout=30).raise_for_status()


def _only_kms(counts: Counter[str]) -> Counter[str]:
    return Counter({name: counts[name] for name in ("GenerateDataKey", "Decrypt") if counts[name]})
