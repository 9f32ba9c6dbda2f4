"""Webhooks through the deployed stack: real stream, real executions, real HTTP to a tenant's endpoint."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from local.deployment import client
from local.observe import function_processes
from local.receiver import Receiver, Seen, receiver
from local.stack import Stack
from tests.stack.conftest import Tenant
from trunkline.webhooks.retry import SCHEDULE_S

Control = Callable[..., None]
SCALE = 0.001


@pytest.fixture
def endpoint() -> Iterator[Receiver]:
    with receiver() as made:
        yield made


@pytest.fixture
def hurried(stack: Stack) -> Iterator[None]:
    """Waits of executions are a thousandth as long."""
    _scale(stack, SCALE)
    yield
    _scale(stack, 1)


def _scale(stack: Stack, value: float) -> None:
    url = f"{stack.config.emulator_url}/_ministack/config"
    httpx.post(url, json={"stepfunctions._SFN_WAIT_SCALE": value}).raise_for_status()


def made(tenant: Tenant, url: str, **values: Any) -> dict[str, Any]:
    answer = tenant.api.post("/api/v1/webhooks", json={"url": url} | values)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def deliveries(tenant: Tenant, webhook: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    answer = tenant.api.get(f"/api/v1/webhooks/{webhook['id']}/deliveries", params=query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["data"])


def delivery_when(
    tenant: Tenant, delivery_id: str, holds: Callable[[dict[str, Any]], bool], timeout_s: float = 40
) -> dict[str, Any]:
    deadline_s = time.monotonic() + timeout_s
    while True:
        shown = dict(tenant.api.get(f"/api/v1/deliveries/{delivery_id}").json())
        if holds(shown):
            return shown
        assert time.monotonic() < deadline_s, shown
        time.sleep(0.1)


def verified_by_the_guide(secret: str, seen: Seen) -> bool:
    """The integration guide's `verify_signature`, word for word but for its global."""
    parts = dict(p.split("=") for p in seen.headers["X-Webhook-Signature"].split(","))
    timestamp = int(parts["t"])
    signature = parts["v1"]
    if abs(time.time() - timestamp) > 300:
        return False
    signed_payload = f"{timestamp}.{seen.body.decode()}"
    expected = hmac.new(secret.encode(), signed_payload.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature, expected)


def test_a_calls_events_arrive_signed_in_both_schemes(tenant: Tenant, endpoint: Receiver) -> None:
    webhook = made(tenant, endpoint.url(), filter={"include_metrics": True})
    assert webhook["secret"].startswith("whsec_")
    call_id = tenant.placed("+15550100001")
    tenant.wait_for_end(call_id)
    seen = endpoint.wait_for("/hook", 3)
    for each in seen:
        assert verified_by_the_guide(webhook["secret"], each)
        assert Webhook(webhook["secret"]).verify(each.body, each.headers) == each.json
        assert each.event["data"]["call_id"] == call_id
        assert each.json["attempt"] == 1
    by_type = {each.event["type"]: each.event for each in seen}
    assert set(by_type) == {"call.started", "call.connected", "call.completed"}
    sequences = [by_type[name]["sequence"] for name in ("call.started", "call.connected", "call.completed")]
    assert sequences == sorted(sequences)
    assert by_type["call.started"]["data"]["status"] == "queued"
    assert by_type["call.completed"]["data"]["duration_seconds"] >= 2
    assert by_type["call.completed"]["data"]["metrics"]["attempt_count"] == 1
    logged = deliveries(tenant, webhook, state="succeeded")
    assert {each["event"]["id"] for each in logged} == {each["id"] for each in by_type.values()}


def test_a_call_that_never_connects_fails_by_event_too(tenant: Tenant, endpoint: Receiver) -> None:
    made(tenant, endpoint.url(), filter={"events": ["call.failed"]})
    tenant.wait_for_end(tenant.placed("+15550100002"))
    data = endpoint.wait_for("/hook", 1)[0].event["data"]
    assert (data["status"], data["status_reason"], data["sip_status_code"]) == ("failed", "dial_busy", 486)


def test_the_whole_schedule_with_the_same_ids(tenant: Tenant, endpoint: Receiver, hurried: None) -> None:
    webhook = made(tenant, endpoint.url(), filter={"events": ["call.started"]}, max_attempts=5)
    endpoint.answer = lambda _: 200 if len(endpoint.seen) == 5 else 500
    tenant.placed("+15550100002")
    seen = endpoint.wait_for("/hook", 5)
    assert [each.json["attempt"] for each in seen] == [1, 2, 3, 4, 5]
    assert len({(each.event["id"], each.json["delivery_id"]) for each in seen}) == 1
    assert all(verified_by_the_guide(webhook["secret"], each) for each in seen)
    delivery = delivery_when(tenant, seen[0].json["delivery_id"], lambda each: each["state"] != "pending")
    assert (delivery["state"], [each["status"] for each in delivery["attempts"]]) == (
        "succeeded",
        [500, 500, 500, 500, 200],
    )
    assert delivery["attempts"][0]["response_body"] == "ok"
    for waited, due in zip(_waits(tenant, delivery["id"]), SCHEDULE_S[1:], strict=False):
        assert abs(waited - due) <= due * 0.2 + 1


def _waits(tenant: Tenant, delivery_id: str) -> list[int]:
    """The seconds that the execution itself was told to wait."""
    sfn: Any = client(tenant.stack.config, "stepfunctions")
    machine = tenant.stack.outputs.values["DeliveryFlowArn"]
    arn = machine.replace(":stateMachine:", ":execution:") + f":{delivery_id}"
    events = sfn.get_execution_history(executionArn=arn, maxResults=1000)["events"]
    entered = [each for each in events if each["type"] == "WaitStateEntered"]
    return [json.loads(each["stateEnteredEventDetails"]["input"])["wait_s"] for each in entered]


def test_what_the_state_carries_is_ids_alone(tenant: Tenant, endpoint: Receiver) -> None:
    made(tenant, endpoint.url(), filter={"events": ["call.started"]})
    tenant.placed("+15550100002", metadata={"note": "canary-2b7e"})
    delivery_id = endpoint.wait_for("/hook", 1)[0].json["delivery_id"]
    sfn: Any = client(tenant.stack.config, "stepfunctions")
    machine = tenant.stack.outputs.values["DeliveryFlowArn"]
    arn = machine.replace(":stateMachine:", ":execution:") + f":{delivery_id}"
    history = json.dumps(sfn.get_execution_history(executionArn=arn), default=str)
    assert delivery_id in history
    assert "canary-2b7e" not in history
    assert "whsec_" not in history


def test_gone_disables_and_enabling_begins_anew(tenant: Tenant, endpoint: Receiver) -> None:
    webhook = made(tenant, endpoint.url(), filter={"events": ["call.started"]})
    endpoint.answer = lambda _: 410
    tenant.placed("+15550100002")
    endpoint.wait_for("/hook", 1)
    path = f"/api/v1/webhooks/{webhook['id']}"
    deadline_s = time.monotonic() + 20
    while (shown := tenant.api.get(path).json())["enabled"]:
        assert time.monotonic() < deadline_s
        time.sleep(0.1)
    assert shown["disabled_reason"] == "the endpoint answered 410 Gone"
    endpoint.answer = lambda _: 200
    assert tenant.api.patch(path, json={"enabled": True}).json()["disabled_reason"] is None
    failed = deliveries(tenant, webhook, state="failed")[0]
    again = tenant.api.post(f"/api/v1/deliveries/{failed['id']}/redeliver")
    assert again.status_code == 202, again.text
    first, second = endpoint.wait_for("/hook", 2)
    assert (first.event["id"], second.json["delivery_id"]) == (second.event["id"], again.json()["id"])


def test_retry_after_is_obeyed(tenant: Tenant, endpoint: Receiver, hurried: None) -> None:
    made(tenant, endpoint.url(), filter={"events": ["call.started"]})
    endpoint.answer = lambda _: (503, {"Retry-After": "4000"}) if len(endpoint.seen) == 1 else 200
    tenant.placed("+15550100002")
    first, second = endpoint.wait_for("/hook", 2)
    assert second.at_s - first.at_s >= 4000 * SCALE


def test_ping_rotation_and_the_end_of_the_overlap(tenant: Tenant, endpoint: Receiver) -> None:
    webhook = made(tenant, endpoint.url("/ping"))
    path = f"/api/v1/webhooks/{webhook['id']}"
    assert tenant.api.post(f"{path}/test").status_code == 202
    ping = endpoint.wait_for("/ping", 1)[0]
    assert (ping.event["type"], ping.event["sequence"]) == ("webhook.ping", None)
    rotated = tenant.api.post(f"{path}/rotate-secret", json={"overlap_seconds": 600}).json()
    tenant.api.post(f"{path}/test")
    both = endpoint.wait_for("/ping", 2)[1]
    assert verified_by_the_guide(webhook["secret"], both)
    for secret in (webhook["secret"], rotated["secret"]):
        Webhook(secret).verify(both.body, both.headers)
    assert tenant.api.delete(f"{path}/previous-secret").json()["previous_secret_until"] is None
    tenant.api.post(f"{path}/test")
    alone = endpoint.wait_for("/ping", 3)[2]
    assert verified_by_the_guide(rotated["secret"], alone)
    assert not verified_by_the_guide(webhook["secret"], alone)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
        "http://127.0.0.1:4566/",
        "https://169.254.169.254/latest/meta-data",
        "https://[fd00:ec2::254]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://localhost/",
        "https://user@example.com/",
        "http://example.com/",
    ],
)
def test_addresses_that_may_not_be_called_are_refused_with_the_reason(tenant: Tenant, url: str) -> None:
    answer = tenant.api.post("/api/v1/webhooks", json={"url": url})
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["field"] == "url"
    assert answer.json()["error"]["message"].startswith("Validation error: url: ")


async def test_unknown_events_and_other_tenants(
    tenant: Tenant, endpoint: Receiver, make_tenant: Callable[[], Awaitable[Tenant]]
) -> None:
    bad = tenant.api.post("/api/v1/webhooks", json={"url": endpoint.url(), "filter": {"events": ["call.x"]}})
    assert (bad.status_code, bad.json()["error"]["field"]) == (400, "filter")
    webhook = made(tenant, endpoint.url())
    stranger = (await make_tenant()).api
    path = f"/api/v1/webhooks/{webhook['id']}"
    for method, where in (
        ("GET", path),
        ("PATCH", path),
        ("DELETE", path),
        ("POST", f"{path}/test"),
        ("POST", f"{path}/rotate-secret"),
        ("DELETE", f"{path}/previous-secret"),
        ("GET", f"{path}/deliveries"),
    ):
        answer = stranger.request(method, where, json={} if method == "PATCH" else None)
        assert answer.status_code == 404, (method, where, answer.text)
    assert tenant.api.delete(path).json() == {"id": webhook["id"], "deleted": True}
    assert tenant.api.get(path).status_code == 404


def test_a_dead_endpoint_does_not_slow_a_healthy_one(tenant: Tenant, endpoint: Receiver) -> None:
    dead = made(tenant, "http://127.0.0.1:9999/nobody", filter={"events": ["call.started"]})
    made(tenant, endpoint.url(), filter={"events": ["call.started"]})
    calls = {tenant.placed("+15550100002") for _ in range(20)}
    seen = endpoint.wait_for("/hook", 20)
    assert {each.event["data"]["call_id"] for each in seen} == calls
    tried = deliveries(tenant, dead, limit=100)
    assert all(each["state"] == "pending" for each in tried)
    assert {each["attempts"][0]["error"] for each in tried if each["attempts"]} == {"connection_failed"}
    tenant.api.delete(f"/api/v1/webhooks/{dead['id']}")


def test_a_function_killed_between_request_and_record_repeats_the_attempt(
    tenant: Tenant, endpoint: Receiver
) -> None:
    made(tenant, endpoint.url(), filter={"events": ["call.started"]})

    def kill_who_asks(_: Seen) -> int:
        if len(endpoint.seen) == 1:
            for process in function_processes(tenant.stack, "webhook-deliver"):
                process.kill()
        return 200

    endpoint.answer = kill_who_asks
    tenant.placed("+15550100002")
    first, second = endpoint.wait_for("/hook", 2)
    assert {**first.json, "event": None} == {**second.json, "event": None}, "same delivery, same attempt"
    assert first.event["id"] == second.event["id"]
    done = delivery_when(tenant, first.json["delivery_id"], lambda each: each["state"] == "succeeded")
    assert len(done["attempts"]) == 1


def stream_record(number: str, item: dict[str, Any]) -> dict[str, Any]:
    image = {"Keys": {}, "NewImage": item, "SequenceNumber": number}
    return {"eventID": number, "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": image}


def test_a_record_that_the_stream_repeats_makes_no_second_delivery(
    tenant: Tenant, endpoint: Receiver
) -> None:
    made(tenant, endpoint.url(), filter={"events": ["call.started"]})
    call_id = tenant.placed("+15550100002")
    endpoint.wait_for("/hook", 1)
    dynamodb: Any = client(tenant.stack.config, "dynamodb")
    key = {"pk": {"S": f"C#{call_id}"}, "sk": {"S": "EVENT#000001"}}
    table = tenant.stack.outputs.values["TableName"]
    item = dynamodb.get_item(TableName=table, Key=key)["Item"]
    record = stream_record("1", item)
    functions: Any = client(tenant.stack.config, "lambda")
    for _ in range(5):
        answer = functions.invoke(
            FunctionName="trunkline-local-event-fanout", Payload=json.dumps({"Records": [record] * 5})
        )
        assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
    time.sleep(3)
    assert len(endpoint.of("/hook")) == 1


def test_a_record_that_cannot_be_read_is_reported_and_no_other_with_it(stack: Stack) -> None:
    good = stream_record("6", {"pk": {"S": "OTHER#1"}, "type": {"S": "x"}})
    bad = stream_record("7", {"type": {"S": "queued"}})
    functions: Any = client(stack.config, "lambda")
    answer = functions.invoke(
        FunctionName="trunkline-local-event-fanout", Payload=json.dumps({"Records": [good, bad]})
    )
    assert json.loads(answer["Payload"].read()) == {"batchItemFailures": [{"itemIdentifier": "7"}]}
