"""Throughput, memory and cost of importing a batch, and its effect on other calls."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psutil
from livekit.protocol.sip import SIPOutboundTrunkInfo
from trunkline_cli.cost import prices

from benchmarks.call_latency import BUSY, TenantClient, invite_latencies_s, unlimited_key
from benchmarks.cost import MILLION, UnitMeter, dynamodb_usd_a_million
from benchmarks.queue import NUMBERS, create_sip_trunk
from benchmarks.results import Row, ms, p50, p99
from local.intercepting_proxy import routed_through
from local.probes import function_processes
from local.seed import DEMO_AGENT
from local.stack import Stack
from trunkline.agents.schemas import AgentSpec
from trunkline.trunks.schemas import TrunkSpec

ROWS = 100_000
METERED_ROWS = 1_000
OBSERVED_ROWS = 25_000
"""Other calls are measured during the import of this many rows.

The emulator sorts a partition for each query of it, which DynamoDB does not; later calls would measure that.
"""

_PUT_USD = 5.00
"""A million PUT requests (https://aws.amazon.com/s3/pricing/), us-east-1."""

_PARTS = ROWS / 500
_TRANSITIONS_PER_PART = 3


def batch_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    """Import a paused batch while calls are made on the same trunk and on another one."""
    headers = {"x-api-key": unlimited_key(stack)}
    with httpx.Client(base_url=stack.config.api_url, headers=headers, timeout=300) as api:
        cost = _cost_row(stack, api)
        post_s = p50([tenant.place_call(stack.seed.agent_id, BUSY)[0] for _ in range(20)])
        idle_s = invite_latencies_s(stack, tenant, stack.seed.agent_id)
        same_trunk_s, other_trunk_s = list[float](), list[float]()
        other_agent_id = _create_agent_on_another_trunk(stack)
        with _memory_samples_mb(stack) as memory_mb:
            started_s = time.monotonic()
            batch_id = start_import(api, stack, ROWS)
            while progress_of(api, batch_id)["accepted"] < OBSERVED_ROWS:
                same_trunk_s += invite_latencies_s(stack, tenant, stack.seed.agent_id)
                other_trunk_s += invite_latencies_s(stack, tenant, other_agent_id)
            while not is_imported(api, batch_id):
                time.sleep(2)
            took_s = time.monotonic() - started_s
    return [
        Row(
            f"a batch of {ROWS} rows, upload to last call",
            f"{took_s:.0f} s, {ROWS / took_s:.0f} rows a second",
            f"POST /calls/outbound, one client in sequence: {1 / post_s:.0f} a second",
            took_s / ROWS / post_s,
        ),
        Row("memory of the batches function", f"at most {max(memory_mb, default=0):.0f} MB"),
        Row(
            f"POST to INVITE on the same trunk, during the first {OBSERVED_ROWS} rows",
            f"p50 {ms(p50(same_trunk_s))}, p99 {ms(p99(same_trunk_s))}",
            f"another trunk on the same cores: p50 {ms(p50(other_trunk_s))}, p99 {ms(p99(other_trunk_s))}; "
            f"idle: p50 {ms(p50(idle_s))}",
            p50(same_trunk_s) / p50(other_trunk_s),
        ),
        cost,
    ]


def _create_agent_on_another_trunk(stack: Stack) -> str:
    """Create an agent whose calls share the machine with the import, but not the queue; return its id."""
    operator = stack.operator()
    info = SIPOutboundTrunkInfo(name="other", address="carrier.test", numbers=NUMBERS)
    sip_trunk_id = asyncio.run(create_sip_trunk(stack, info))
    cps = stack.seed.trunk_cps
    spec = TrunkSpec(name="other", sip_trunk_id=sip_trunk_id, cps=cps, numbers=NUMBERS)
    operator.create_trunk(spec, ["demo"])
    agent = AgentSpec(name="other", livekit_agent_name=DEMO_AGENT, trunk="other")
    return operator.create_agent("demo", agent).id


def _cost_row(stack: Stack, api: httpx.Client) -> Row:
    """Count the request units of a smaller batch; the duration of the functions is not included."""
    meter = UnitMeter(stack.config.emulator_url)
    with routed_through(stack, meter, ["batches"]):
        batch_id = start_import(api, stack, METERED_ROWS)
        while not is_imported(api, batch_id):
            time.sleep(0.5)
    write, read = (meter.units[name] / METERED_ROWS for name in ("write", "read"))
    dynamodb_usd = ROWS * dynamodb_usd_a_million({"write": write, "read": read}) / MILLION
    workflow_usd = (
        prices.TRANSITION.of(_PARTS * _TRANSITIONS_PER_PART)
        + prices.INVOCATION.of(_PARTS)
        + _PARTS * _PUT_USD / MILLION
    )
    units = f"{write:.1f} write units and {read:.1f} read units per row"
    value = f"{dynamodb_usd + workflow_usd:.2f} $, including DynamoDB {dynamodb_usd:.2f} $"
    return Row(f"import of {ROWS} rows, list prices", value, units)


def start_import(api: httpx.Client, stack: Stack, rows: int, *, broken_every: int = 0) -> str:
    """Upload and start a batch that is paused, so that none of its calls is dialled; return its id.

    With `broken_every`, so many rows come to one with a stray quote.
    """
    body = {"agentId": stack.seed.agent_id, "phoneNumber": "{{row.phone}}", "metadata": {"n": "{{row.id}}"}}
    batch = api.post("/api/v1/batches", json={"name": "bench", "body": body}).json()
    batch_id = str(batch["id"])
    api.post(f"/api/v1/batches/{batch_id}/pause").raise_for_status()
    stray = ['"' if broken_every and n % broken_every == 0 else "" for n in range(rows)]
    lines = [f"r{n},+1415{2_000_000 + n},{stray[n]}Ann" for n in range(rows)]
    content = "\n".join(["id,phone,name", *lines])
    httpx.put(batch["upload"]["url"], content=content, timeout=60).raise_for_status()
    api.post(f"/api/v1/batches/{batch_id}/start").raise_for_status()
    return batch_id


def progress_of(api: httpx.Client, batch_id: str) -> dict[str, Any]:
    """Return the counts of a batch."""
    progress: dict[str, Any] = api.get(f"/api/v1/batches/{batch_id}").json()["progress"]
    return progress


def is_imported(api: httpx.Client, batch_id: str) -> bool:
    """Tell whether all rows of a batch are imported."""
    response = api.get(f"/api/v1/batches/{batch_id}")
    if response.is_server_error:  # a busy machine: ask again
        return False
    batch: dict[str, Any] = response.json()
    assert batch["status"] in ("importing", "running"), batch
    return bool(batch["status"] == "running")


@contextmanager
def _memory_samples_mb(stack: Stack) -> Iterator[list[float]]:
    """Sample the resident memory of the batches function's processes while the block runs."""
    samples_mb: list[float] = []
    stopped = threading.Event()

    def sample() -> None:
        while not stopped.wait(0.5):
            with contextlib.suppress(psutil.Error):
                processes = function_processes(stack, "batches")
                samples_mb.extend(process.memory_info().rss / 1e6 for process in processes)

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    yield samples_mb
    stopped.set()
    sampler.join()
