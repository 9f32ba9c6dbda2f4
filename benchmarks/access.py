"""What finding out who asks costs of a request, and what encrypting costs of one that tells of a person."""

from __future__ import annotations

import time
from collections import Counter

import httpx
from livekit.api import AccessToken, VideoGrants

from benchmarks.counting import Counting, counted
from benchmarks.main_job import BUSY, Client, key_of
from benchmarks.table import Row, ms, p50
from local.stack import Stack

ASKED = 200
COUNTED = 10
_TOLD = {"user_name": "John", "auth_token": "x" * 200}


def access_rows(stack: Stack, tenant: Client) -> list[Row]:
    """Authentication with its limit, and context encryption: their calls, and their share of a request."""
    return [*_gate_rows(stack, tenant), *_cipher_rows(stack, tenant)]


def _gate_rows(stack: Stack, tenant: Client) -> list[Row]:
    url, with_key, without = stack.config.api_url, [], []
    with httpx.Client(base_url=url, headers={"x-api-key": key_of(stack)}) as api:
        for _ in range(ASKED):
            with_key.append(_timed(api, "/api/v1/session"))
            without.append(_timed(api, "/api/v1/nowhere"))
        with counted(stack) as counting:
            _timed(api, "/api/v1/session")
            begun = counting.calls.copy()
            for _ in range(COUNTED):
                _timed(api, "/api/v1/session")
            asked = _each(counting, begun)
    placed = [tenant.place(stack.seed.agent_id, BUSY)[0] for _ in range(ASKED // 4)]
    cost = p50(with_key) - p50(without)
    kept = asked == {"UpdateItem": 1}
    return [
        Row("AWS calls to authenticate and count a request", _told(asked), "", None, "1 UpdateItem", kept),
        Row(
            "authentication and limit, p50",
            ms(cost),
            f"GET with a key {ms(p50(with_key))}, an unknown route {ms(p50(without))}",
            cost / p50(placed),
            f"its share of POST /calls/outbound, {ms(p50(placed))}",
        ),
    ]


def _cipher_rows(stack: Stack, tenant: Client) -> list[Row]:
    bare = {"workflow_slug": stack.seed.workflow_slug, "user_id": "u"}
    plain, told = [], []
    for _ in range(ASKED // 2):
        plain.append(tenant.post("/api/v1/calls", bare)[0])
        told.append(tenant.post("/api/v1/calls", bare | {"user_context": _TOLD})[0])
    with counted(stack) as counting:
        tenant.post("/api/v1/calls", bare | {"user_context": _TOLD})
        begun = counting.calls.copy()
        opened = [
            tenant.post("/api/v1/calls", bare | {"user_context": _TOLD})[1].json() for _ in range(COUNTED)
        ]
        stored = _of_kms(_each(counting, begun))
        _read(stack, opened[0])
        begun = counting.calls.copy()
        for each in opened:
            _read(stack, each)
        read = _of_kms(_each(counting, begun))
    cost = p50(told) - p50(plain)
    return [
        Row("KMS calls to store a context", _told(stored), "", None, "1", stored == {"GenerateDataKey": 1}),
        Row("KMS calls to read it", _told(read), "", None, "1", read == {"Decrypt": 1}),
        Row(
            "context encryption, p50",
            ms(cost),
            f"POST /calls {ms(p50(told))} with a context, {ms(p50(plain))} without",
            cost / p50(told),
            "its share of the request",
        ),
    ]


def _timed(api: httpx.Client, path: str) -> float:
    began_s = time.perf_counter()
    api.get(path)
    return time.perf_counter() - began_s


def _read(stack: Stack, opened: dict[str, str]) -> None:
    """As the call's agent does."""
    _, key, secret = stack.config.livekit
    grants = VideoGrants(room=opened["room_name"], room_join=True, agent=True)
    token = AccessToken(key, secret).with_kind("agent").with_identity("agent-AJ_bench").with_grants(grants)
    url = f"{stack.config.api_url}/agent/v1/calls/{opened['call_id']}/context"
    bearer = {"Authorization": f"Bearer {token.to_jwt()}"}
    httpx.get(url, headers=bearer, timeout=30).raise_for_status()


def _each(counting: Counting, before: Counter[str]) -> Counter[str]:
    """How often each operation was called a request."""
    made = counting.calls - before
    return Counter({name: round(count / COUNTED) for name, count in made.items() if round(count / COUNTED)})


def _of_kms(calls: Counter[str]) -> Counter[str]:
    return Counter({name: calls[name] for name in ("GenerateDataKey", "Decrypt") if calls[name]})


def _told(calls: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(calls.items())) or "none"
