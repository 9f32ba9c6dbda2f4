"""Webhooks: latency, throughput and cost of deliveries, and the effect of an endpoint that is down."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
from trunkline_cli.cost import prices

from benchmarks.baseline import StreamToTask
from benchmarks.cost import MILLION, UnitMeter, dynamodb_usd_a_million
from benchmarks.queue import BenchmarkTrunk
from benchmarks.results import Row, ms, p50, p95, p99
from local.deployment import client
from local.intercepting_proxy import routed_through
from local.stack import Stack
from local.webhook_receiver import ReceivedRequest, Receiver, Reply, receiver
from tests.support.polling import poll

SINGLE_DELIVERIES = 40
BURST = 200
FAILING_DELIVERIES = 500
METERED_DELIVERIES = 20
MAX_LATENCY_RATIO = 1.5
MAX_SLOWDOWN = 1.2
SLOW_ENDPOINTS = 20
SLOW_EVENTS = 3
SLOW_AT_ONCE = 8
"""Requests that are under way when the measurement begins: the instances that send them have started."""
SLOW_S = 5.0
MAX_NEIGHBOUR_SLOWDOWN = 2.0
_MEMORY_GB = 1.0
_SLOW = "/slow"
_FUNCTIONS = ["event-fanout", "webhook-deliver"]


class Tenant:
    """A tenant whose calls are queued without the API; each emits `call.started`."""

    def __init__(self, stack: Stack) -> None:
        self._trunk = BenchmarkTrunk(stack, 0.1)
        key = stack.operator().create_key(self._trunk.tenant_name, "bench", ["webhooks:write"], livemode=True)
        self._api = httpx.Client(base_url=stack.config.api_url, headers={"x-api-key": key}, timeout=30)

    def create_webhook(self, url: str) -> str:
        body = {"url": url, "filter": {"events": ["call.started"]}}
        return str(self._api.post("/api/v1/webhooks", json=body).raise_for_status().json()["id"])

    def delete_webhook(self, webhook_id: str) -> None:
        self._api.delete(f"/api/v1/webhooks/{webhook_id}").raise_for_status()

    def emit_events(self, count: int = 1) -> None:
        self._trunk.enqueue(count)


def webhook_rows(stack: Stack) -> list[Row]:
    """Measure all figures on the endpoints of one tenant."""
    with receiver() as endpoint:
        tenant = Tenant(stack)
        tenant.create_webhook(endpoint.url("/bench"))
        tenant.emit_events()
        endpoint.wait_for("/bench", 1, timeout_s=60)
        latencies_s = _single_latencies_s(tenant, endpoint, SINGLE_DELIVERIES)
        with StreamToTask(stack) as baseline:
            baseline_s = baseline.latencies_s(SINGLE_DELIVERIES)
        return [
            *_latency_rows(latencies_s, baseline_s),
            _burst_row(tenant, endpoint),
            *_cost_rows(stack, tenant, endpoint),
            _failing_endpoint_row(tenant, endpoint),
            slow_neighbour_row(tenant, Tenant(stack), endpoint),
        ]


def _single_latencies_s(tenant: Tenant, endpoint: Receiver, count: int) -> list[float]:
    """Return the seconds from the event in the table to the endpoint, one event at a time."""
    samples = []
    for _ in range(count):
        before = len(endpoint.requests_to("/bench"))
        tenant.emit_events()
        started_s = time.monotonic()
        arrived = endpoint.wait_for("/bench", before + 1, timeout_s=60)
        samples.append(max(0.0, arrived[-1].at_s - started_s))
    return samples


def _latency_rows(latencies_s: list[float], baseline_s: list[float]) -> list[Row]:
    rows = []
    for name, quantile in (("p50", p50), ("p99", p99)):
        ratio = quantile(latencies_s) / quantile(baseline_s)
        compared_with = f"baseline, stream to Lambda to execution to Lambda: {ms(quantile(baseline_s))}"
        is_met = ratio <= MAX_LATENCY_RATIO if name == "p50" else None
        target = f"≤ {MAX_LATENCY_RATIO} ×" if name == "p50" else ""
        value = ms(quantile(latencies_s))
        rows.append(
            Row(f"event in the table to endpoint, {name}", value, compared_with, ratio, target, is_met)
        )
    return rows


def _burst_row(tenant: Tenant, endpoint: Receiver) -> Row:
    before = len(endpoint.requests)
    tenant.emit_events(BURST)
    endpoint.wait_for("/bench", before + BURST, timeout_s=300)
    times_s = sorted(request.at_s for request in endpoint.requests[before:])
    rate = (len(times_s) - 1) / (times_s[-1] - times_s[0])
    return Row(f"{BURST} deliveries to one endpoint", f"{rate:.1f} a second", "two slots, four functions")


def _cost_rows(stack: Stack, tenant: Tenant, endpoint: Receiver) -> list[Row]:
    """Measure the cost of a delivery whose first attempt succeeds."""
    meter = UnitMeter(stack.config.emulator_url)
    with routed_through(stack, meter, _FUNCTIONS):
        _single_latencies_s(tenant, endpoint, 1)
        meter.units.clear()
        _single_latencies_s(tenant, endpoint, METERED_DELIVERIES)
        time.sleep(2)
        units = Counter({name: total / METERED_DELIVERIES for name, total in meter.units.items()})
    delivery_ids = [request.json["delivery_id"] for request in endpoint.requests[-METERED_DELIVERIES:]]
    transitions, task_s = _mean_execution(stack, delivery_ids)
    states_usd = prices.TRANSITION.of(transitions * MILLION)
    dynamodb_usd = dynamodb_usd_a_million(units)
    gb_s = 2 * task_s * _MEMORY_GB * MILLION
    lambda_usd = prices.INVOCATION.of(2 * MILLION) + prices.GB_SECOND.of(gb_s)
    amounts = (
        f"{units['write']:.1f} write units, {units['read']:.1f} read units, {task_s * 1000:.0f} ms of Lambda"
    )
    shares = f"states {states_usd:.0f} $, DynamoDB {dynamodb_usd:.2f} $, Lambda {lambda_usd:.2f} $"
    total_usd = states_usd + dynamodb_usd + lambda_usd
    return [
        Row("a delivery", f"{transitions:.1f} state transitions, {amounts}"),
        Row("a million deliveries, list prices", f"{total_usd:.0f} $", shares),
    ]


def _mean_execution(stack: Stack, delivery_ids: Sequence[str]) -> tuple[float, float]:
    """Return the mean number of state transitions, and the mean seconds in the task."""
    sfn: Any = client(stack.config, "stepfunctions")
    arn = stack.outputs.values["DeliveryFlowArn"].replace(":stateMachine:", ":execution:")
    transitions, task_s = 0, 0.0
    for delivery_id in delivery_ids:
        events = sfn.get_execution_history(executionArn=f"{arn}:{delivery_id}", maxResults=1000)["events"]
        transitions += 1 + sum(event["type"].endswith("StateEntered") for event in events)
        times = {event["type"]: event["timestamp"] for event in events}
        task_s += (times["TaskStateExited"] - times["TaskStateEntered"]).total_seconds()
    return transitions / len(delivery_ids), task_s / len(delivery_ids)


def _failing_endpoint_row(tenant: Tenant, endpoint: Receiver) -> Row:
    """Measure an endpoint while 500 deliveries wait for another endpoint of its tenant that is down."""
    alone_s = p95(_single_latencies_s(tenant, endpoint, SINGLE_DELIVERIES))
    failing = tenant.create_webhook(f"http://127.0.0.1:9998/dead-{uuid.uuid4().hex}")
    before = len(endpoint.requests)
    tenant.emit_events(FAILING_DELIVERIES)
    endpoint.wait_for("/bench", before + FAILING_DELIVERIES, timeout_s=600)
    beside_s = p95(_single_latencies_s(tenant, endpoint, SINGLE_DELIVERIES))
    tenant.delete_webhook(failing)
    ratio = beside_s / alone_s
    value, compared_with = f"p95 {ms(beside_s)}", f"without it {ms(alone_s)}"
    name = f"an endpoint next to one that is down, with {FAILING_DELIVERIES} events"
    return Row(name, value, compared_with, ratio, f"≤ {MAX_SLOWDOWN} ×", ratio <= MAX_SLOWDOWN)


def slow_neighbour_row(tenant: Tenant, neighbour: Tenant, endpoint: Receiver) -> Row:
    """Measure an endpoint beside another tenant with twenty slow endpoints, all with deliveries waiting."""
    alone_s = p95(_single_latencies_s(tenant, endpoint, SINGLE_DELIVERIES))
    endpoint.respond = _slowly
    for number in range(SLOW_ENDPOINTS):
        neighbour.create_webhook(endpoint.url(f"{_SLOW}/{number}"))
    neighbour.emit_events(SLOW_EVENTS)
    poll(lambda: len(_slow_requests(endpoint)), lambda count: count >= SLOW_AT_ONCE)
    beside_s = p95(_single_latencies_s(tenant, endpoint, SINGLE_DELIVERIES))
    ratio = beside_s / alone_s
    name = f"an endpoint beside a tenant with {SLOW_ENDPOINTS} endpoints that take {SLOW_S:.0f} s"
    target, is_met = f"≤ {MAX_NEIGHBOUR_SLOWDOWN} ×", ratio <= MAX_NEIGHBOUR_SLOWDOWN
    return Row(name, f"p95 {ms(beside_s)}", f"without it {ms(alone_s)}", ratio, target, is_met)


def _slow_requests(endpoint: Receiver) -> list[ReceivedRequest]:
    return [request for request in endpoint.requests if request.path.startswith(_SLOW)]


def _slowly(request: ReceivedRequest) -> Reply:
    if request.path.startswith(_SLOW):
        time.sleep(SLOW_S)
    return 200
