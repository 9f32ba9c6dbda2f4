"""The main job's figures: a POST, the time until the carrier sees it, and the AWS calls of a call."""

from __future__ import annotations

import json
import time
from collections import Counter
from functools import cache
from typing import Any

import httpx

from benchmarks.bare import constant_route, queue_to_function
from benchmarks.counting import Counting, counted
from benchmarks.table import Row, ms, p50, p99
from local.deployment import client
from local.stack import Stack
from trunkline.agents.schemas import AgentSpec

POSTS = 200
DIALS = 40
BUSY = "+15550100002"
ANSWERS = "+15550100013"
MAX_CALLS_A_POST = 4
MAX_POST_RATIO = 2.5


@cache
def key_of(stack: Stack) -> str:
    """A key of the demo tenant's that may ask as fast as it can."""
    scopes, bounds = ["admin"], {"requests_per_minute": 100_000}
    return stack.operator().create_key("demo", "bench", scopes, livemode=True, **bounds)


class Client:
    """A tenant's client of the demo tenant, with an agent that joins at once and one without a gate."""

    def __init__(self, stack: Stack) -> None:
        self._http = httpx.Client(
            base_url=stack.config.api_url, headers={"x-api-key": key_of(stack)}, timeout=30
        )
        self._stack = stack

    def post(self, path: str, body: dict[str, Any]) -> tuple[float, httpx.Response]:
        began_s = time.perf_counter()
        answer = self._http.post(path, json=body)
        took_s = time.perf_counter() - began_s
        assert answer.status_code == 201, answer.text
        return took_s, answer

    def place(self, agent_id: str, number: str) -> tuple[float, str]:
        took_s, answer = self.post("/api/v1/calls/outbound", {"agentId": agent_id, "phoneNumber": number})
        return took_s, answer.json()["data"]["id"]

    def wait_for_end(self, call_id: str) -> dict[str, Any]:
        while True:
            call: dict[str, Any] = self._http.get(f"/api/v1/calls/{call_id}").json()
            if call["data"]["status"] in ("completed", "failed"):
                return call
            time.sleep(0.1)


def post_rows(stack: Stack, tenant: Client) -> list[Row]:
    """POST beside a constant function behind the same API, and the same AWS calls made raw."""
    body = {"agentId": stack.seed.agent_id, "phoneNumber": BUSY}
    with constant_route(stack) as path:
        for warm_up in (path, "/api/v1/calls/outbound"):
            tenant.post(warm_up, body)
        constant, ours, last = [], [], ""
        for _ in range(POSTS):
            constant.append(tenant.post(path, body)[0])
            took_s, last = tenant.place(stack.seed.agent_id, BUSY)
            ours.append(took_s)
        tenant.wait_for_end(last)
    raw = p50(_raw_calls(stack))
    allowed = MAX_POST_RATIO * p50(constant) + raw
    bound = f"≤ {MAX_POST_RATIO} × constant + raw = {ms(allowed)}"
    beside = f"constant {ms(p50(constant))}, raw calls {ms(raw)}"
    return [
        Row("POST p50", ms(p50(ours)), beside, p50(ours) / allowed, bound, p50(ours) <= allowed),
        Row("POST p99", ms(p99(ours)), f"constant {ms(p99(constant))}", p99(ours) / p99(constant)),
    ]


def _raw_calls(stack: Stack) -> list[float]:
    """UpdateItem, GetItem, TransactWriteItems of three, SendMessage: what one POST asks of AWS."""
    dynamodb, sqs = client(stack.config, "dynamodb"), client(stack.config, "sqs")
    table, samples = stack.outputs.values["TableName"], []
    queue = sqs.create_queue(QueueName="bench-raw")["QueueUrl"]
    for number in range(POSTS):
        began_s = time.perf_counter()
        key = {"pk": {"S": "BENCH"}, "sk": {"S": "x"}}
        used = {":one": {"N": "1"}}
        dynamodb.update_item(
            TableName=table, Key=key, UpdateExpression="ADD used :one", ExpressionAttributeValues=used
        )
        dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)
        puts = [
            {"Put": {"TableName": table, "Item": {"pk": {"S": f"BENCH#{number}"}, "sk": {"S": str(n)}}}}
            for n in range(3)
        ]
        dynamodb.transact_write_items(TransactItems=puts)
        sqs.send_message(QueueUrl=queue, MessageBody="x", MessageGroupId="x")
        samples.append(time.perf_counter() - began_s)
    return samples


def dial_rows(stack: Stack, tenant: Client) -> list[Row]:
    """POST to CreateSIPParticipant, one call at a time, beside a bare queue and function."""
    httpx.put(f"{stack.config.livekit[0]}/_control/agents/at-once", json={"joins_after_s": 0})
    bare = queue_to_function(stack, DIALS)
    rows = [Row("SQS → function, bare", f"p50 {ms(p50(bare))}, p99 {ms(p99(bare))}")]
    kinds: dict[str, dict[str, Any]] = {
        "POST → INVITE, no gate": {"livekit_agent_name": "at-once", "wait_for_agent": False},
        "POST → INVITE, agent there at once": {"livekit_agent_name": "at-once"},
        "POST → INVITE, agent joins after 0.3 s": {"livekit_agent_name": "demo-agent"},
    }
    for name, settings in kinds.items():
        spec = AgentSpec.model_validate({"name": name, "trunk": "demo-trunk"} | settings)
        agent = stack.operator().create_agent("demo", spec)
        samples = until_invited(stack, tenant, agent.id)
        figure = f"p50 {ms(p50(samples))}, p99 {ms(p99(samples))}"
        rows.append(
            Row(
                name, figure, f"bare p50 {ms(p50(bare))}", p50(samples) / p50(bare), "< 1 s", p50(samples) < 1
            )
        )
    return rows


def until_invited(stack: Stack, tenant: Client, agent_id: str) -> list[float]:
    """Seconds from POST to INVITE, one call at a time."""
    samples = []
    for number in range(DIALS + 2):
        began_s = time.time()
        _, call_id = tenant.place(agent_id, BUSY)
        tenant.wait_for_end(call_id)
        if number >= 2:
            samples.append(_invited_at(stack, call_id) - began_s)
    return samples


def _invited_at(stack: Stack, call_id: str) -> float:
    for line in reversed(stack.config.invite_log.read_text().splitlines()):
        invite = json.loads(line)
        if call_id in invite["room"]:
            return float(invite["wall"])
    raise LookupError(call_id)


def call_rows(stack: Stack, tenant: Client) -> list[Row]:
    """AWS calls of one POST and of a whole answered call, counted on the wire."""
    with counted(stack) as counting:
        tenant.wait_for_end(tenant.place(stack.seed.agent_id, BUSY)[1])
        time.sleep(2)
        a_post = _count_a_post(stack, tenant, counting)
        counting.calls.clear()
        call = tenant.wait_for_end(_place_quietly(tenant, stack))
        time.sleep(1)
        whole = Counter(counting.calls)
        whole["Query"] -= 1  # the one GET that read the end; the others are polls of this benchmark
    total = sum(a_post.values())
    life_s = call["duration_seconds"]
    return [
        Row(
            "AWS calls, one POST",
            str(total),
            _listed(a_post),
            None,
            f"≤ {MAX_CALLS_A_POST}",
            total <= MAX_CALLS_A_POST,
        ),
        Row(f"AWS calls, a whole call ({life_s} s talk)", str(sum(whole.values())), _listed(whole)),
    ]


def _count_a_post(stack: Stack, tenant: Client, counting: Counting) -> Counter[str]:
    """An agent whose trunk is never woken, so that only the POST is counted."""
    trunk_lane = client(stack.config, "lambda")
    sources = trunk_lane.list_event_source_mappings(FunctionName="trunkline-local-dialer")
    uuid = sources["EventSourceMappings"][0]["UUID"]
    trunk_lane.update_event_source_mapping(UUID=uuid, Enabled=False)
    time.sleep(1)
    counting.calls.clear()
    _, call_id = tenant.place(stack.seed.agent_id, BUSY)
    found = Counter(counting.calls)
    trunk_lane.update_event_source_mapping(UUID=uuid, Enabled=True)
    tenant.wait_for_end(call_id)
    return found


def _place_quietly(tenant: Client, stack: Stack) -> str:
    """Place a call and let it end before anyone asks."""
    _, call_id = tenant.place(stack.seed.agent_id, ANSWERS)
    time.sleep(6)
    return call_id


def _listed(calls: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(calls.items()) if count)
