"""The flow of deliveries under fire: schedules, kills, repeats, dead neighbours."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from aiohttp import web

from local.deployment import client
from local.intercepting_proxy import Exchange, InterceptingProxy, routed_through
from local.probes import function_processes
from local.stack import Stack
from local.webhook_receiver import ReceivedRequest, Receiver
from tests.support import http
from tests.support.tenant import Tenant
from tests.support.webhooks import create_webhook, deliveries, verified_by_the_guide, wait_for_delivery
from trunkline.webhooks.retry_policy import SCHEDULE_S

SCALE = 0.001


@pytest.fixture
def hurried(stack: Stack) -> Iterator[None]:
    """Waits of all executions are a thousandth as long: for tests that are alone."""
    _scale(stack, SCALE)
    yield
    _scale(stack, 1)


def _scale(stack: Stack, value: float) -> None:
    url = f"{stack.config.emulator_url}/_ministack/config"
    http.post(url, json={"stepfunctions._SFN_WAIT_SCALE": value}).raise_for_status()


@pytest.mark.alone
def test_the_whole_schedule_with_the_same_ids(tenant: Tenant, endpoint: Receiver, hurried: None) -> None:
    webhook = create_webhook(tenant, endpoint.url(), filter={"events": ["call.started"]}, max_attempts=5)
    endpoint.respond = lambda _: 200 if len(endpoint.requests) == 5 else 500
    tenant.placed("+15550100002")
    seen = endpoint.wait_for("/hook", 5)
    assert [each.json["attempt"] for each in seen] == [1, 2, 3, 4, 5]
    assert len({(each.event["id"], each.json["delivery_id"]) for each in seen}) == 1
    assert all(verified_by_the_guide(webhook["secret"], each) for each in seen)
    delivery = wait_for_delivery(tenant, seen[0].json["delivery_id"], lambda each: each["state"] != "pending")
    assert (delivery["state"], [each["status"] for each in delivery["attempts"]]) == (
        "succeeded",
        [500, 500, 500, 500, 200],
    )
    assert delivery["attempts"][0]["response_body"] == "ok"
    for waited, due in zip(_waits(tenant, delivery["id"]), SCHEDULE_S[1:5], strict=True):
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
    create_webhook(tenant, endpoint.url(), filter={"events": ["call.started"]})
    tenant.placed("+15550100002", metadata={"note": "canary-2b7e"})
    delivery_id = endpoint.wait_for("/hook", 1)[0].json["delivery_id"]
    sfn: Any = client(tenant.stack.config, "stepfunctions")
    machine = tenant.stack.outputs.values["DeliveryFlowArn"]
    arn = machine.replace(":stateMachine:", ":execution:") + f":{delivery_id}"
    history = json.dumps(sfn.get_execution_history(executionArn=arn), default=str)
    assert delivery_id in history
    assert "canary-2b7e" not in history
    assert "whsec_" not in history


@pytest.mark.alone
def test_retry_after_is_obeyed(tenant: Tenant, endpoint: Receiver, hurried: None) -> None:
    create_webhook(tenant, endpoint.url(), filter={"events": ["call.started"]})
    endpoint.respond = lambda _: (503, {"Retry-After": "4000"}) if len(endpoint.requests) == 1 else 200
    tenant.placed("+15550100002")
    first, second = endpoint.wait_for("/hook", 2)
    assert second.at_s - first.at_s >= 4000 * SCALE


def test_a_dead_endpoint_does_not_slow_a_healthy_one(tenant: Tenant, endpoint: Receiver) -> None:
    dead = create_webhook(tenant, "http://127.0.0.1:9999/nobody", filter={"events": ["call.started"]})
    create_webhook(tenant, endpoint.url(), filter={"events": ["call.started"]})
    calls = {tenant.placed("+15550100002") for _ in range(20)}
    seen = endpoint.wait_for("/hook", 20)
    assert {each.event["data"]["call_id"] for each in seen} == calls
    tried = deliveries(tenant, dead, limit=100)
    assert all(each["state"] == "pending" for each in tried)
    assert {each["attempts"][0]["error"] for each in tried if each["attempts"]} == {"connection_failed"}
    tenant.api.delete(f"/api/v1/webhooks/{dead['id']}")


def sender_of(stack: Stack, seen: ReceivedRequest) -> psutil.Process:
    """The process that holds the other end of a request's connection."""
    (process,) = (
        process
        for process in function_processes(stack, "webhook-deliver")
        if seen.client_port in {each.laddr.port for each in process.net_connections()}
    )
    return process


def test_a_function_killed_between_request_and_record_repeats_the_attempt(
    tenant: Tenant, endpoint: Receiver
) -> None:
    create_webhook(tenant, endpoint.url(), filter={"events": ["call.started"]})

    def kill_who_asks(seen: ReceivedRequest) -> int:
        if len(endpoint.requests) == 1:
            sender_of(tenant.stack, seen).kill()
        return 200

    endpoint.respond = kill_who_asks
    tenant.placed("+15550100002")
    first, second = endpoint.wait_for("/hook", 2)
    assert {**first.json, "event": None} == {**second.json, "event": None}, "same delivery, same attempt"
    assert first.event["id"] == second.event["id"]
    done = wait_for_delivery(tenant, first.json["delivery_id"], lambda each: each["state"] == "succeeded")
    assert len(done["attempts"]) == 1


def stream_record(number: str, item: dict[str, Any]) -> dict[str, Any]:
    image = {"Keys": {}, "NewImage": item, "SequenceNumber": number}
    return {"eventID": number, "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": image}


def test_a_record_that_the_stream_repeats_makes_no_second_delivery(
    tenant: Tenant, endpoint: Receiver
) -> None:
    webhook = create_webhook(tenant, endpoint.url(), filter={"events": ["call.started"]})
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
    (delivery,) = deliveries(tenant, webhook)
    wait_for_delivery(tenant, delivery["id"], lambda shown: shown["state"] == "succeeded")
    assert len(endpoint.requests_to("/hook")) == 1


def test_a_record_that_cannot_be_read_is_counted_and_holds_up_no_other(stack: Stack) -> None:
    bad = stream_record("6", {"type": {"S": "queued"}})
    good = stream_record("7", {"pk": {"S": "OTHER#1"}, "type": {"S": "x"}})
    functions: Any = client(stack.config, "lambda")
    answer = functions.invoke(
        FunctionName="trunkline-local-event-fanout",
        Payload=json.dumps({"Records": [bad, good]}),
        LogType="Tail",
    )
    assert json.loads(answer["Payload"].read()) == {"batchItemFailures": []}
    assert '"ItemsFailed":[1' in base64.b64decode(answer["LogResult"]).decode().replace(" ", "")


class FirstDeliveriesFail(InterceptingProxy):
    """DynamoDB refuses the first writes of deliveries, more often than the SDK tries one."""

    failures_left = 4

    async def intercept(self, exchange: Exchange) -> web.Response:
        if exchange.operation == "PutItem" and b"DELIVERY#" in exchange.body and self.failures_left:
            self.failures_left -= 1
            return web.json_response({"__type": "InternalServerError"}, status=500)
        return await exchange.forward()


@pytest.mark.alone
def test_an_event_whose_delivery_cannot_be_stored_comes_again(tenant: Tenant, endpoint: Receiver) -> None:
    create_webhook(tenant, endpoint.url(), filter={"events": ["call.started"]})
    proxy = FirstDeliveriesFail(tenant.stack.config.emulator_url)
    with routed_through(tenant.stack, proxy, ["event-fanout"]):
        tenant.placed("+15550100002")
        endpoint.wait_for("/hook", 1)
    assert proxy.failures_left == 0
