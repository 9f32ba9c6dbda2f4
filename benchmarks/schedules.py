"""Latency of schedules: from a tick in the queue until its call is created."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx

from benchmarks.call_latency import BUSY, unlimited_key
from benchmarks.results import Row, ms, p50, p99
from local.deployment import client
from local.stack import Stack
from trunkline.core.timestamps import iso_from_ms, moment_ms

WARM_UPS = 10
TICKS = 100
TICK_INTERVAL_S = 0.5
"""Each call is dialled as well: with ten a second, two busy cores would be measured."""


def tick_rows(stack: Stack) -> list[Row]:
    """Send ticks as EventBridge Scheduler does, and measure until `created_at` of their calls.

    `created_at` is set one transaction before the call is in its queue.
    """
    headers = {"x-api-key": unlimited_key(stack)}
    with httpx.Client(base_url=stack.config.api_url, headers=headers, timeout=60) as api:
        call = {"agentId": stack.seed.agent_id, "phoneNumber": BUSY}
        body = {"name": "bench", "kind": "outbound", "body": call, "cron": "0 0 1 1 *"}
        schedule_id = api.post("/api/v1/schedules", json=body).json()["id"]
        sent_ms = _send_ticks(stack, schedule_id)
        latencies_s = []
        for run in _finished_runs(api, schedule_id)[:TICKS]:
            created_at = api.get(f"/api/v1/calls/{run['call_id']}").json()["created_at"]
            latencies_s.append((moment_ms(created_at) - sent_ms[run["due_at"]]) / 1000)
        api.delete(f"/api/v1/schedules/{schedule_id}").raise_for_status()
        post_s = [_post_s(api, call) for _ in range(TICKS)]
    compared_with = f"POST /calls/outbound p50 {ms(p50(post_s))}"
    value = f"p50 {ms(p50(latencies_s))}, p99 {ms(p99(latencies_s))}"
    return [Row("schedule tick to created_at", value, compared_with, p50(latencies_s) / p50(post_s))]


def _send_ticks(stack: Stack, schedule_id: str) -> dict[str, float]:
    """Send the warm-ups and the ticks; return when each was sent (ms since the epoch), by its `due_at`."""
    sqs = client(stack.config, "sqs")
    queue_url = next(url for url in sqs.list_queues()["QueueUrls"] if "SchedulesTicks" in url)
    sent_ms: dict[str, float] = {}
    first_ms = int(time.time() * 1000)
    for number in range(WARM_UPS + TICKS):
        due_at = iso_from_ms(first_ms + number)
        sent_ms[due_at] = time.time() * 1000
        message = json.dumps({"schedule_id": schedule_id, "due_at": due_at})
        sqs.send_message(QueueUrl=queue_url, MessageBody=message)
        time.sleep(TICK_INTERVAL_S)
    return sent_ms


def _finished_runs(api: httpx.Client, schedule_id: str) -> list[dict[str, Any]]:
    """Wait for the runs, and return them, the latest first."""
    while True:
        runs: list[dict[str, Any]] = api.get(f"/api/v1/schedules/{schedule_id}/runs").json()["data"]
        if len(runs) >= TICKS:
            time.sleep(1)  # the last runs still finish
            return runs
        time.sleep(0.2)


def _post_s(api: httpx.Client, call: dict[str, Any]) -> float:
    started_s = time.perf_counter()
    api.post("/api/v1/calls/outbound", json=call).raise_for_status()
    return time.perf_counter() - started_s
