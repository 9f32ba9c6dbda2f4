"""Latency of an outbound call, from the POST to the INVITE, and its AWS requests."""

from __future__ import annotations

import json
import time
from collections import Counter
from functools import cache
from typing import Any

import httpx

from benchmarks.aws_requests import RequestCounter, count_aws_requests, describe
from benchmarks.baseline import constant_route, queue_to_function_s
from benchmarks.results import Row, ms, p50, p99
from local.deployment import client
from local.stack import Stack
from trunkline.agents.schemas import AgentSpec

POSTS = 200
DIALS = 40
BUSY = "+15550100002"
ANSWERS_AND_HANGS_UP = "+15550100013"
MAX_REQUESTS_PER_POST = 4
MAX_POST_RATIO = 2.5
MAX_INVITE_LATENCY_S = 1
_WARM_UPS = 2


@cache
def unlimited_key(stack: Stack) -> str:
    """Return an API key of the demo tenant with a rate limit that is never reached."""
    scopes, limits = ["admin"], {"requests_per_minute": 100_000}
    return stack.operator().create_key("demo", "bench", scopes, livemode=True, **limits)


class TenantClient:
    """An HTTP client of the demo tenant."""

    def __init__(self, stack: Stack) -> None:
        headers = {"x-api-key": unlimited_key(stack)}
        self._http = httpx.Client(base_url=stack.config.api_url, headers=headers, timeout=30)

    def post(self, path: str, body: dict[str, Any]) -> tuple[float, httpx.Response]:
        """Send a POST that must return 201; return its seconds and its response."""
        started_s = time.perf_counter()
        response = self._http.post(path, json=body)
        took_s = time.perf_counter() - started_s
        assert response.status_code == 201, response.text
        return took_s, response

    def place_call(self, agent_id: str, number: str) -> tuple[float, str]:
        """Place an outbound call; return the seconds of the POST and the id of the call."""
        took_s, response = self.post("/api/v1/calls/outbound", {"agentId": agent_id, "phoneNumber": number})
        return took_s, response.json()["data"]["id"]

    def wait_for_end(self, call_id: str) -> dict[str, Any]:
        """Wait until a call has ended, and return it."""
        while True:
            call: dict[str, Any] = self._http.get(f"/api/v1/calls/{call_id}").json()
            if call["data"]["status"] in ("completed", "failed"):
                return call
            time.sleep(0.1)


def post_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    """Compare a POST with a constant function behind the same API, plus its AWS requests alone."""
    body = {"agentId": stack.seed.agent_id, "phoneNumber": BUSY}
    with constant_route(stack) as path:
        for warm_up_path in (path, "/api/v1/calls/outbound"):
            tenant.post(warm_up_path, body)
        constant_s, post_s, last_call_id = [], [], ""
        for _ in range(POSTS):
            constant_s.append(tenant.post(path, body)[0])
            took_s, last_call_id = tenant.place_call(stack.seed.agent_id, BUSY)
            post_s.append(took_s)
        tenant.wait_for_end(last_call_id)
    requests_s = p50(_aws_requests_of_a_post_s(stack))
    max_s = MAX_POST_RATIO * p50(constant_s) + requests_s
    target = f"≤ {MAX_POST_RATIO} × constant + AWS requests = {ms(max_s)}"
    compared_with = f"constant {ms(p50(constant_s))}, AWS requests {ms(requests_s)}"
    name = "POST /calls/outbound"
    return [
        Row(
            f"{name}, p50", ms(p50(post_s)), compared_with, p50(post_s) / max_s, target, p50(post_s) <= max_s
        ),
        Row(
            f"{name}, p99", ms(p99(post_s)), f"constant {ms(p99(constant_s))}", p99(post_s) / p99(constant_s)
        ),
    ]


def _aws_requests_of_a_post_s(stack: Stack) -> list[float]:
    """Time the AWS requests of a POST without Trunkline, with a transaction of three writes."""
    dynamodb, sqs = client(stack.config, "dynamodb"), client(stack.config, "sqs")
    table, samples = stack.outputs.values["TableName"], []
    queue_url = sqs.create_queue(QueueName="bench-raw")["QueueUrl"]
    for number in range(POSTS):
        started_s = time.perf_counter()
        key = {"pk": {"S": "BENCH"}, "sk": {"S": "x"}}
        increment = {":one": {"N": "1"}}
        dynamodb.update_item(
            TableName=table, Key=key, UpdateExpression="ADD used :one", ExpressionAttributeValues=increment
        )
        dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)
        puts = [
            {"Put": {"TableName": table, "Item": {"pk": {"S": f"BENCH#{number}"}, "sk": {"S": str(n)}}}}
            for n in range(3)
        ]
        dynamodb.transact_write_items(TransactItems=puts)
        sqs.send_message(QueueUrl=queue_url, MessageBody="x", MessageGroupId="x")
        samples.append(time.perf_counter() - started_s)
    return samples


def dial_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    """Measure from POST to CreateSIPParticipant, one call at a time, next to a minimal queue consumer."""
    httpx.put(f"{stack.config.livekit[0]}/_control/agents/at-once", json={"joins_after_s": 0})
    baseline_s = queue_to_function_s(stack, DIALS)
    rows = [Row("baseline: SQS to function", f"p50 {ms(p50(baseline_s))}, p99 {ms(p99(baseline_s))}")]
    agents: dict[str, dict[str, Any]] = {
        "POST to INVITE, agent not awaited": {"livekit_agent_name": "at-once", "wait_for_agent": False},
        "POST to INVITE, agent joins at once": {"livekit_agent_name": "at-once"},
        "POST to INVITE, agent joins after 0.3 s": {"livekit_agent_name": "demo-agent"},
    }
    for name, settings in agents.items():
        spec = AgentSpec.model_validate({"name": name, "trunk": "demo-trunk"} | settings)
        agent = stack.operator().create_agent("demo", spec)
        samples = invite_latencies_s(stack, tenant, agent.id)
        median_s = p50(samples)
        value = f"p50 {ms(median_s)}, p99 {ms(p99(samples))}"
        compared_with = f"baseline p50 {ms(p50(baseline_s))}"
        is_met = median_s < MAX_INVITE_LATENCY_S
        rows.append(
            Row(name, value, compared_with, median_s / p50(baseline_s), f"< {MAX_INVITE_LATENCY_S} s", is_met)
        )
    return rows


def invite_latencies_s(stack: Stack, tenant: TenantClient, agent_id: str) -> list[float]:
    """Return the seconds from POST to INVITE, one call at a time."""
    samples = []
    for number in range(_WARM_UPS + DIALS):
        started_s = time.time()
        _, call_id = tenant.place_call(agent_id, BUSY)
        tenant.wait_for_end(call_id)
        if number >= _WARM_UPS:
            samples.append(_invited_at_s(stack, call_id) - started_s)
    return samples


def _invited_at_s(stack: Stack, call_id: str) -> float:
    for line in reversed(stack.config.invite_log.read_text().splitlines()):
        invite = json.loads(line)
        if call_id in invite["room"]:
            return float(invite["wall"])
    raise LookupError(call_id)


def request_rows(stack: Stack, tenant: TenantClient) -> list[Row]:
    """Count the AWS requests of one POST, and of a whole call that is answered."""
    with count_aws_requests(stack) as counter:
        tenant.wait_for_end(tenant.place_call(stack.seed.agent_id, BUSY)[1])
        time.sleep(2)
        post = _requests_of_a_post(stack, tenant, counter)
        counter.counts.clear()
        call = tenant.wait_for_end(_place_and_sleep(tenant, stack))
        time.sleep(1)
        whole = Counter(counter.counts)
        whole["Query"] -= 1  # the GET by which the benchmark found that the call has ended
    total = sum(post.values())
    target, is_met = f"≤ {MAX_REQUESTS_PER_POST}", total <= MAX_REQUESTS_PER_POST
    name = f"AWS requests, a whole call ({call['duration_seconds']} s of talk)"
    return [
        Row("AWS requests, one POST", str(total), describe(post), None, target, is_met),
        Row(name, str(sum(whole.values())), describe(whole)),
    ]


def _requests_of_a_post(stack: Stack, tenant: TenantClient, counter: RequestCounter) -> Counter[str]:
    """Count the requests of a POST while the dialer is disconnected, so that only the POST is counted."""
    lambda_ = client(stack.config, "lambda")
    sources = lambda_.list_event_source_mappings(FunctionName="trunkline-local-dialer")
    mapping_id = sources["EventSourceMappings"][0]["UUID"]
    lambda_.update_event_source_mapping(UUID=mapping_id, Enabled=False)
    time.sleep(1)
    counter.counts.clear()
    _, call_id = tenant.place_call(stack.seed.agent_id, BUSY)
    counts = Counter(counter.counts)
    lambda_.update_event_source_mapping(UUID=mapping_id, Enabled=True)
    tenant.wait_for_end(call_id)
    return counts


def _place_and_sleep(tenant: TenantClient, stack: Stack) -> str:
    """Place a call, and let it end before the first GET."""
    _, call_id = tenant.place_call(stack.seed.agent_id, ANSWERS_AND_HANGS_UP)
    time.sleep(6)
    return call_id
