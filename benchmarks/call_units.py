"""Units of AWS that a call uses, step by step: what `trunkline cost` multiplies by list prices."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx

from benchmarks.call_latency import ANSWERS_AND_HANGS_UP, TenantClient
from benchmarks.cost import UnitMeter
from benchmarks.queue import BenchmarkTrunk
from benchmarks.results import Row
from local.deployment import client
from local.intercepting_proxy import routed_through
from local.stack import Stack
from local.webhook_receiver import receiver

CALLS = 20
RINGS = "+15550100003"
SHORT_S, LONG_S = 5, 45
_FUNCTIONS = ("api", "dialer", "livekit-webhook", "agent-api", "event-fanout", "webhook-deliver")
_EVENTS = ["call.started", "call.connected", "call.completed"]
_SETTLES_S = 5

Units = Mapping[str, float]


@contextmanager
def metered(stack: Stack) -> Iterator[dict[str, UnitMeter]]:
    """Meter each function by itself while the block runs."""
    meters = {name: UnitMeter(stack.config.emulator_url) for name in _FUNCTIONS}
    with ExitStack() as open_routes:
        for name, meter in meters.items():
            open_routes.enter_context(routed_through(stack, meter, [name]))
        yield meters


def call_unit_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    """Count the units of an answered call with a webhook of three events, and of a second of ringing."""
    with receiver() as endpoint:
        _create_webhook(stack, endpoint.url("/units"))
        with metered(stack) as meters:
            _call(tenant, stack)
            time.sleep(_SETTLES_S)
            for meter in meters.values():
                meter.units.clear()
            logged_before = _logged_bytes(stack)
            for _ in range(CALLS):
                _call(tenant, stack)
            time.sleep(_SETTLES_S)
            rows = [_row(f"units of a call, {name}", meter.units, CALLS) for name, meter in meters.items()]
            logged = {name: size - logged_before[name] for name, size in _logged_bytes(stack).items()}
            return [
                *rows,
                _log_row(logged),
                _row("units of a second of a lane run", *_lane_second(stack, meters)),
            ]


def _create_webhook(stack: Stack, url: str) -> None:
    key = stack.operator().create_key("demo", "units", ["webhooks:write"], livemode=True)
    body = {"url": url, "filter": {"events": _EVENTS}}
    api = httpx.Client(base_url=stack.config.api_url, headers={"x-api-key": key}, timeout=30)
    api.post("/api/v1/webhooks", json=body).raise_for_status()


def _call(tenant: TenantClient, stack: Stack) -> None:
    tenant.wait_for_end(tenant.place_call(stack.seed.agent_id, ANSWERS_AND_HANGS_UP)[1])


def _lane_second(stack: Stack, meters: Mapping[str, UnitMeter]) -> tuple[Counter[str], float]:
    """Return the dialer's units in the seconds by which one call rings longer than another, and those."""
    counts = []
    for ring_s in (SHORT_S, LONG_S):
        trunk = BenchmarkTrunk(stack, 1, ring_timeout_s=ring_s)
        trunk.enqueue(1, RINGS)
        meters["dialer"].units.clear()
        trunk.wake_dialer(1)
        trunk.wait_until_idle(120)
        time.sleep(_SETTLES_S)
        counts.append(Counter(meters["dialer"].units))
    counts[1].subtract(counts[0])
    return counts[1], LONG_S - SHORT_S


def _row(name: str, units: Mapping[str, float], repetitions: float) -> Row:
    amounts = (f"{units.get(kind, 0) / repetitions:.2f} {kind}" for kind in ("write", "read", "sqs", "kms"))
    return Row(name, ", ".join(amounts))


def _log_row(logged: Units) -> Row:
    each = ", ".join(f"{name} {size / CALLS / 1024:.1f}" for name, size in logged.items())
    return Row("log lines of a call, KB", f"{sum(logged.values()) / CALLS / 1024:.1f}", each)


def _logged_bytes(stack: Stack) -> dict[str, int]:
    logs: Any = client(stack.config, "logs")
    pages = logs.get_paginator("filter_log_events")
    groups = {name: f"/trunkline-local/{name.replace('-', '_')}" for name in _FUNCTIONS}
    return {
        name: sum(
            len(event["message"]) for page in pages.paginate(logGroupName=group) for event in page["events"]
        )
        for name, group in groups.items()
    }
