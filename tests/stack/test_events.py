"""The events feed of the deployed stack: followed while a call runs, and as webhooks have it."""

from __future__ import annotations

from typing import Any

from local.webhook_receiver import Receiver
from tests.support.tenant import Tenant
from tests.support.webhooks import create_webhook
from trunkline.webhooks.events import call_event_id

CONNECTED_AND_COMPLETED = "+15550100001"


def follow(tenant: Tenant, until: str) -> list[dict[str, Any]]:
    """Follow the feed from its beginning until there is an event of a type."""
    query: dict[str, Any] = {"wait": 20}
    found: list[dict[str, Any]] = []
    while not found or found[-1]["type"] != until:
        answer = tenant.api.get("/api/v1/events", params=query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["data"]
        query["cursor"] = page["position"]
    return found


def test_a_follower_gets_each_event_of_a_call_as_its_webhook_does(tenant: Tenant, endpoint: Receiver) -> None:
    create_webhook(tenant, endpoint.url(), filter={"events": ["call.*"]})
    call_id = tenant.placed(CONNECTED_AND_COMPLETED, metadata={"note": "canary-91ce"})
    followed = follow(tenant, until="call.completed")
    assert [event["type"] for event in followed] == ["call.started", "call.connected", "call.completed"]
    assert followed[0]["id"] == call_event_id(call_id, 1)
    sent = {each.event["id"]: each.event for each in endpoint.wait_for("/hook", len(followed))}
    for event in followed:
        assert {**sent[event["id"]], "data": None} == {**event, "data": None}
        assert sent[event["id"]]["data"]["status"] == event["data"]["status"]
    assert sent[followed[-1]["id"]] == followed[-1]
    assert tenant.api.get(f"/api/v1/events/{followed[-1]['id']}").json() == followed[-1]
    newest = tenant.api.get("/api/v1/events", params={"order": "newest_first", "type": "call.*"}).json()
    assert [event["id"] for event in newest["data"]] == [event["id"] for event in reversed(followed)]
    tenant.api.delete(f"/api/v1/calls/{call_id}").raise_for_status()
    erased = tenant.api.get("/api/v1/events", params={"call_id": call_id})
    assert len(erased.json()["data"]) == len(followed)
    assert "canary-91ce" not in erased.text
    with tenant.client("webhooks:write") as other:
        assert other.get("/api/v1/events").status_code == 403
