"""Trunkline's events on the deployment's own bus, as a service of its team hears them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from local.deployment import client
from local.stack import Stack
from tests.support.polling import poll
from tests.support.tenant import Tenant


class Listener:
    """A queue behind a rule on the bus."""

    def __init__(self, stack: Stack, pattern: dict[str, Any]) -> None:
        self.bus = stack.outputs.values["EventBusName"]
        self.events, self.sqs = client(stack.config, "events"), client(stack.config, "sqs")
        self.name = f"listener-{uuid.uuid4().hex[:8]}"
        self.url = self.sqs.create_queue(QueueName=self.name)["QueueUrl"]
        wanted = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.events.put_rule(Name=self.name, EventBusName=self.bus, EventPattern=json.dumps(pattern))
        target = {"Id": "queue", "Arn": wanted["Attributes"]["QueueArn"]}
        self.events.put_targets(Rule=self.name, EventBusName=self.bus, Targets=[target])

    def heard(self, count: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []

        def receive() -> list[dict[str, Any]]:
            got = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10)
            found.extend(json.loads(message["Body"]) for message in got.get("Messages", []))
            return found

        return poll(receive, lambda so_far: len(so_far) >= count)

    def close(self) -> None:
        self.events.remove_targets(Rule=self.name, EventBusName=self.bus, Ids=["queue"])
        self.events.delete_rule(Name=self.name, EventBusName=self.bus)
        self.sqs.delete_queue(QueueUrl=self.url)


@pytest.fixture
def listener(stack: Stack, tenant: Tenant) -> Iterator[Listener]:
    made = Listener(stack, {"source": ["trunkline"], "detail": {"tenant_id": [tenant.id]}})
    yield made
    made.close()


def test_a_calls_events_are_on_the_bus(tenant: Tenant, listener: Listener) -> None:
    call_id = tenant.placed("+15550100001", metadata={"canary": "metadata-canary"})
    tenant.wait_for_end(call_id)
    heard = listener.heard(3)
    told = {event["detail-type"]: event["detail"] for event in heard}
    assert set(told) == {"call.started", "call.connected", "call.completed"}
    assert {event["source"] for event in heard} == {"trunkline"}
    for kind, detail in told.items():
        assert (detail["type"], detail["call_id"], detail["tenant_id"]) == (kind, call_id, tenant.id)
        assert detail["livemode"] is True
    assert told["call.completed"]["data"]["reason"] == "user_hangup"
    assert len({event["detail"]["id"] for event in heard}) == 3
    text = json.dumps(heard)
    assert "+15550100001" not in text, "nothing of the person"
    assert "metadata-canary" not in text


def test_a_failed_call_says_why(tenant: Tenant, listener: Listener) -> None:
    call_id = tenant.placed("+15550100002")
    tenant.wait_for_end(call_id)
    failed = next(event["detail"] for event in listener.heard(2) if event["detail-type"] == "call.failed")
    assert (failed["data"]["reason"], failed["data"]["sip_status_code"]) == ("dial_busy", 486)


def put(tenant: Tenant, detail: dict[str, Any], detail_type: str = "user.signup") -> None:
    bus = tenant.stack.outputs.values["EventBusName"]
    entry = {"EventBusName": bus, "Source": "crm", "DetailType": detail_type, "Detail": json.dumps(detail)}
    assert client(tenant.stack.config, "events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def told(tenant: Tenant, trigger_id: str, count: int) -> list[dict[str, Any]]:
    path = f"/api/v1/triggers/{trigger_id}/events"
    return poll(lambda: list(tenant.api.get(path).json()["data"]), lambda found: len(found) >= count)


def test_any_event_on_the_bus_that_names_a_trigger_starts_its_call(tenant: Tenant) -> None:
    body = {"agentId": tenant.agent.id, "phoneNumber": "{{event.phone}}"}
    wish = {"name": "leads", "kind": "outbound", "body": body}
    trigger_id = tenant.api.post("/api/v1/triggers", json=wish).json()["id"]
    lead = {"trunkline_trigger_id": trigger_id, "id": "lead-1", "phone": "+15550100001"}
    put(tenant, lead)
    call_id = told(tenant, trigger_id, 1)[0]["call_id"]
    tenant.wait_for_end(call_id)
    put(tenant, lead)
    assert told(tenant, trigger_id, 2)[0]["outcome"] == "duplicate"
    put(tenant, lead | {"id": "lead-2", "phone": "nonsense"})
    refused = told(tenant, trigger_id, 3)[0]
    assert (refused["outcome"], "E.164" in refused["error"]) == ("refused", True)
    put(tenant, {"trunkline_trigger_id": trigger_id, "phone": "+15550100013"})
    assert told(tenant, trigger_id, 4)[0]["outcome"] == "called", "the bus's id stands in for its own"
    put(tenant, {"trunkline_trigger_id": "trg_nobodys", "phone": "+15550100001"})
    put(tenant, {"phone": "+15550100001"})
    put(tenant, lead | {"id": "lead-3"})
    assert told(tenant, trigger_id, 5)[0]["outcome"] == "called", "what was put before it has come, too"
    assert len(tenant.api.get("/api/v1/calls").json()["data"]) == 3
