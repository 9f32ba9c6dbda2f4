"""What a batch of 100,000 rows takes: rows a second, memory, money, and a direct call's wait meanwhile; and
how long after a schedule's tick its call is queued."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psutil
from livekit.protocol.sip import SIPOutboundTrunkInfo

from benchmarks.cost import LAMBDA_USD, READ_USD, WRITE_USD, Metering
from benchmarks.line import NUMBERS, sip_trunk
from benchmarks.main_job import BUSY, Client, key_of, until_invited
from benchmarks.table import Row, ms, p50, p99
from local.deployment import client
from local.observe import function_processes
from local.seed import DEMO_AGENT
from local.stack import Stack
from local.wire import through
from trunkline.agents.schemas import AgentSpec
from trunkline.core.timestamps import iso_from_ms, moment_ms
from trunkline.trunks.schemas import TrunkSpec

ROWS = 100_000
METERED_ROWS = 1_000
WATCHED_ROWS = 25_000
"""Direct calls are made until so many rows are in. The emulator sorts a partition for each query of it, which
DynamoDB does not: beyond, that is what would be measured."""

WARM_UPS = 10
TICKS = 100
TICK_EVERY_S = 0.5
"""Each call is dialled, too: ten a second would measure two busy cores."""

_PUT_USD = 5.00
"""A million PUTs to S3, us-east-1; state transitions of Step Functions are 25 $ a million."""

_TRANSITION_USD = 25.0
_PARTS = ROWS / 500
_TRANSITIONS_A_PART = 3


def batch_rows(stack: Stack, tenant: Client) -> list[Row]:
    """A paused batch is imported while direct calls are made on the same trunk."""
    api = httpx.Client(base_url=stack.config.api_url, headers={"x-api-key": key_of(stack)}, timeout=300)
    cost = _cost_row(stack, api)
    post_s = p50([tenant.place(stack.seed.agent_id, BUSY)[0] for _ in range(20)])
    idle = until_invited(stack, tenant, stack.seed.agent_id)
    waits, beside = list[float](), list[float]()
    other = _agent_on_another_trunk(stack)
    with _peak_mb(stack) as peak:
        began_s = time.monotonic()
        batch_id = _begin(api, stack, ROWS)
        while _accepted(api, batch_id) < WATCHED_ROWS:
            waits += until_invited(stack, tenant, stack.seed.agent_id)
            beside += until_invited(stack, tenant, other)
        while not _is_imported(api, batch_id):
            time.sleep(2)
        took_s = time.monotonic() - began_s
    bare = "one client's POST /calls/outbound one after the other"
    row_s = took_s / ROWS
    return [
        Row(
            f"a batch of {ROWS} rows, upload to last call",
            f"{took_s:.0f} s, {ROWS / took_s:.0f} rows a second",
            f"{bare}: {1 / post_s:.0f} a second",
            row_s / post_s,
        ),
        Row("memory of its function", f"{max(peak, default=0):.0f} MB at most"),
        Row(
            f"direct call → INVITE, same trunk, while the first {WATCHED_ROWS} rows come in",
            f"p50 {ms(p50(waits))}, p99 {ms(p99(waits))}",
            f"another trunk, the same cores: p50 {ms(p50(beside))}, p99 {ms(p99(beside))}; "
            f"idle: p50 {ms(p50(idle))}",
            p50(waits) / p50(beside),
        ),
        cost,
    ]


def _agent_on_another_trunk(stack: Stack) -> str:
    """Its calls share the machine with the import, and no line."""
    operator = stack.operator()
    info = SIPOutboundTrunkInfo(name="beside", address="carrier.test", numbers=NUMBERS)
    sip_trunk_id = asyncio.run(sip_trunk(stack, info))
    cps = stack.seed.trunk_cps
    spec = TrunkSpec(name="beside", sip_trunk_id=sip_trunk_id, cps=cps, numbers=NUMBERS)
    operator.create_trunk(spec, ["demo"])
    agent = AgentSpec(name="beside", livekit_agent_name=DEMO_AGENT, trunk="beside")
    return operator.create_agent("demo", agent).id


def _cost_row(stack: Stack, api: httpx.Client) -> Row:
    """Request units are counted on the wire for a smaller batch; the functions' time is not in it."""
    meter = Metering(stack.config.emulator_url)
    with through(stack, meter, ["batches"]):
        batch_id = _begin(api, stack, METERED_ROWS)
        while not _is_imported(api, batch_id):
            time.sleep(0.5)
    write, read = (meter.units[name] / METERED_ROWS for name in ("write", "read"))
    dynamodb = ROWS * (write * WRITE_USD + read * READ_USD) / 1e6
    flow = _PARTS * (_TRANSITIONS_A_PART * _TRANSITION_USD + LAMBDA_USD + _PUT_USD) / 1e6
    told = f"{write:.1f} write units and {read:.1f} read units a row"
    figure = f"{dynamodb + flow:.2f} $, of it DynamoDB {dynamodb:.2f} $"
    return Row(f"importing {ROWS} rows, list prices", figure, told)


def _begin(api: httpx.Client, stack: Stack, rows: int) -> str:
    """Upload and start a batch that is paused before its first call is there."""
    body = {"agentId": stack.seed.agent_id, "phoneNumber": "{{row.phone}}", "metadata": {"n": "{{row.id}}"}}
    made = api.post("/api/v1/batches", json={"name": "bench", "body": body}).json()
    batch_id = str(made["id"])
    api.post(f"/api/v1/batches/{batch_id}/pause").raise_for_status()
    lines = [f"r{n},+1415{2_000_000 + n}" for n in range(rows)]
    httpx.put(made["upload"]["url"], content="\n".join(["id,phone", *lines]), timeout=60).raise_for_status()
    api.post(f"/api/v1/batches/{batch_id}/start").raise_for_status()
    return batch_id


def _accepted(api: httpx.Client, batch_id: str) -> int:
    return int(api.get(f"/api/v1/batches/{batch_id}").json()["progress"]["accepted"])


def _is_imported(api: httpx.Client, batch_id: str) -> bool:
    shown: dict[str, Any] = api.get(f"/api/v1/batches/{batch_id}").json()
    assert shown["status"] in ("importing", "running"), shown
    return bool(shown["status"] == "running")


@contextmanager
def _peak_mb(stack: Stack) -> Iterator[list[float]]:
    """What the batch function's processes hold, each at its largest, while something runs."""
    seen: list[float] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.5):
            with contextlib.suppress(psutil.Error):
                seen.extend(each.memory_info().rss / 1e6 for each in function_processes(stack, "batches"))

    watching = threading.Thread(target=look, daemon=True)
    watching.start()
    yield seen
    over.set()
    watching.join()


def tick_rows(stack: Stack) -> list[Row]:
    """From a tick in the queue, as EventBridge Scheduler puts it there, to its call: `created_at` is taken
    one transaction before it is in the line."""
    api = httpx.Client(base_url=stack.config.api_url, headers={"x-api-key": key_of(stack)}, timeout=60)
    call = {"agentId": stack.seed.agent_id, "phoneNumber": BUSY}
    wish = {"name": "bench", "kind": "outbound", "body": call, "cron": "0 0 1 1 *"}
    schedule_id = api.post("/api/v1/schedules", json=wish).json()["id"]
    sqs = client(stack.config, "sqs")
    urls = sqs.list_queues()["QueueUrls"]
    queue = next(url for url in urls if "SchedulesTicks" in url)
    sent_ms: dict[str, float] = {}
    first_ms = int(time.time() * 1000)
    for number in range(WARM_UPS + TICKS):
        due_at = iso_from_ms(first_ms + number)
        sent_ms[due_at] = time.time() * 1000
        told = json.dumps({"schedule_id": schedule_id, "due_at": due_at})
        sqs.send_message(QueueUrl=queue, MessageBody=told)
        time.sleep(TICK_EVERY_S)
    runs = _runs(api, schedule_id)[:TICKS]
    waits = []
    for run in runs:
        call_view = api.get(f"/api/v1/calls/{run['call_id']}").json()
        waits.append((moment_ms(call_view["created_at"]) - sent_ms[run["due_at"]]) / 1000)
    api.delete(f"/api/v1/schedules/{schedule_id}").raise_for_status()
    post_s = [_post_s(api, call) for _ in range(TICKS)]
    beside = f"POST /calls/outbound p50 {ms(p50(post_s))}"
    figure = f"p50 {ms(p50(waits))}, p99 {ms(p99(waits))}"
    return [Row("schedule's tick → its call's created_at", figure, beside, p50(waits) / p50(post_s))]


def _runs(api: httpx.Client, schedule_id: str) -> list[dict[str, Any]]:
    while True:
        runs: list[dict[str, Any]] = api.get(f"/api/v1/schedules/{schedule_id}/runs").json()["data"]
        if len(runs) >= TICKS:
            time.sleep(1)  # those of the last ticks
            return runs
        time.sleep(0.2)


def _post_s(api: httpx.Client, call: dict[str, Any]) -> float:
    began_s = time.perf_counter()
    api.post("/api/v1/calls/outbound", json=call).raise_for_status()
    return time.perf_counter() - began_s
