"""Webhooks: from the table to the endpoint, how many a second, what one costs, a dead neighbour's harm."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx

from benchmarks.bare import StreamToFunction
from benchmarks.cost import LAMBDA_USD, READ_USD, WRITE_USD, Metering
from benchmarks.line import Line
from benchmarks.table import Row, ms, p50, p99
from local.deployment import client
from local.intercepting_proxy import routed_through
from local.stack import Stack
from local.webhook_receiver import Receiver, receiver

ONE_BY_ONE = 40
SUSTAINED = 200
DEAD = 500
MAX_RATIO = 1.5
MAX_SLOWER = 1.2
_STATE_USD = 25.0
"""A million state transitions of a Standard workflow (https://aws.amazon.com/step-functions/pricing/)."""

_GB_S_USD = 0.0000133334
"""A GB-second on arm64 (https://aws.amazon.com/lambda/pricing/)."""

_MEMORY_GB = 1.0
_FUNCTIONS = ["event-fanout", "webhook-deliver"]


class _Tenant:
    """A tenant with calls that are accepted straight into the table, and so tell of their start."""

    def __init__(self, stack: Stack) -> None:
        self._line = Line(stack, 0.1)
        key = stack.operator().create_key(self._line.tenant_name, "bench", ["webhooks:write"], livemode=True)
        self._api = httpx.Client(base_url=stack.config.api_url, headers={"x-api-key": key}, timeout=30)

    def webhook(self, url: str) -> str:
        body = {"url": url, "filter": {"events": ["call.started"]}}
        return str(self._api.post("/api/v1/webhooks", json=body).raise_for_status().json()["id"])

    def delete(self, webhook_id: str) -> None:
        self._api.delete(f"/api/v1/webhooks/{webhook_id}").raise_for_status()

    def tell(self, count: int = 1) -> None:
        self._line.fill(count)


def webhook_rows(stack: Stack) -> list[Row]:
    """All of it, on one tenant's endpoints."""
    with receiver() as endpoint:
        tenant = _Tenant(stack)
        tenant.webhook(endpoint.url("/bench"))
        tenant.tell()
        endpoint.wait_for("/bench", 1, timeout_s=60)
        alone = _one_by_one(tenant, endpoint, ONE_BY_ONE)
        with StreamToFunction(stack) as bare:
            beside = bare.samples(ONE_BY_ONE)
        rows = [_latency_row("p50", p50(alone), p50(beside)), _latency_row("p99", p99(alone), p99(beside))]
        rows.append(_sustained_row(tenant, endpoint))
        rows += _cost_rows(stack, tenant, endpoint)
        rows.append(_dead_row(tenant, endpoint))
    return rows


def _one_by_one(tenant: _Tenant, endpoint: Receiver, count: int) -> list[float]:
    samples = []
    for _ in range(count):
        before = len(endpoint.requests)
        tenant.tell()
        began_s = time.monotonic()
        endpoint.wait_for("/bench", before + 1, timeout_s=60)
        samples.append(max(0.0, endpoint.requests[-1].at_s - began_s))
    return samples


def _latency_row(which: str, ours_s: float, bare_s: float) -> Row:
    ratio = ours_s / bare_s
    kept = ratio <= MAX_RATIO if which == "p50" else None
    beside = f"bare stream → Lambda → execution → Lambda {ms(bare_s)}"
    bound = f"≤ {MAX_RATIO} ×" if which == "p50" else ""
    return Row(f"event in the table → endpoint, {which}", ms(ours_s), beside, ratio, bound, kept)


def _sustained_row(tenant: _Tenant, endpoint: Receiver) -> Row:
    before = len(endpoint.requests)
    tenant.tell(SUSTAINED)
    endpoint.wait_for("/bench", before + SUSTAINED, timeout_s=300)
    seen = sorted(each.at_s for each in endpoint.requests[before:])
    rate = (len(seen) - 1) / (seen[-1] - seen[0])
    return Row(f"{SUSTAINED} deliveries to one endpoint", f"{rate:.1f} a second", "two slots, four functions")


def _cost_rows(stack: Stack, tenant: _Tenant, endpoint: Receiver) -> list[Row]:
    """What one delivery takes that succeeds at once."""
    count = 20
    proxy = Metering(stack.config.emulator_url)
    with routed_through(stack, proxy, _FUNCTIONS):
        _one_by_one(tenant, endpoint, 1)
        proxy.units.clear()
        _one_by_one(tenant, endpoint, count)
        time.sleep(2)
        units = Counter({name: total / count for name, total in proxy.units.items()})
    delivery_ids = [request.json["delivery_id"] for request in endpoint.requests[-count:]]
    transitions, took_s = _executions(stack, delivery_ids)
    dynamodb = units["write"] * WRITE_USD + units["read"] * READ_USD
    compute = 2 * LAMBDA_USD + 2 * took_s * _MEMORY_GB * _GB_S_USD * 1_000_000
    whole = transitions * _STATE_USD + dynamodb + compute
    taken = (
        f"{units['write']:.1f} write units, {units['read']:.1f} read units, {took_s * 1000:.0f} ms of Lambda"
    )
    price = f"states {transitions * _STATE_USD:.0f} $, DynamoDB {dynamodb:.2f} $, Lambda {compute:.2f} $"
    return [
        Row("a delivery", f"{transitions:.1f} state transitions, {taken}"),
        Row("a million deliveries, list prices", f"{whole:.0f} $", price),
    ]


def _executions(stack: Stack, delivery_ids: Sequence[str]) -> tuple[float, float]:
    """Mean state transitions, and seconds of the task, of some executions."""
    sfn: Any = client(stack.config, "stepfunctions")
    arn = stack.outputs.values["DeliveryFlowArn"].replace(":stateMachine:", ":execution:")
    entered, took_s = 0, 0.0
    for delivery_id in delivery_ids:
        events = sfn.get_execution_history(executionArn=f"{arn}:{delivery_id}", maxResults=1000)["events"]
        entered += 1 + sum(each["type"].endswith("StateEntered") for each in events)
        times = {each["type"]: each["timestamp"] for each in events}
        took_s += (times["TaskStateExited"] - times["TaskStateEntered"]).total_seconds()
    return entered / len(delivery_ids), took_s / len(delivery_ids)


def _dead_row(tenant: _Tenant, endpoint: Receiver) -> Row:
    """A healthy endpoint's p95 while 500 events wait for a dead one of the same tenant."""
    before = _p95(_one_by_one(tenant, endpoint, ONE_BY_ONE))
    dead = tenant.webhook(f"http://127.0.0.1:9998/dead-{uuid.uuid4().hex}")
    seen = len(endpoint.requests)
    tenant.tell(DEAD)
    endpoint.wait_for("/bench", seen + DEAD, timeout_s=600)
    during = _p95(_one_by_one(tenant, endpoint, ONE_BY_ONE))
    tenant.delete(dead)
    ratio = during / before
    figure, beside = f"p95 {ms(during)}", f"without it {ms(before)}"
    what = f"an endpoint beside a dead one with {DEAD} events"
    return Row(what, figure, beside, ratio, f"≤ {MAX_SLOWER} ×", ratio <= MAX_SLOWER)


def _p95(samples: Sequence[float]) -> float:
    return sorted(samples)[int(len(samples) * 0.95)]
