"""The events feed of the deployed stack: followed while a call runs, and as webhooks have it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from standardwebhooks.webhooks import Webhook

from local.config import ROOT
from local.webhook_receiver import ReceivedRequest, Receiver
from tests.support.polling import poll
from tests.support.tenant import Tenant
from tests.support.webhooks import create_webhook
from trunkline.webhooks.events import call_event_id

CONNECTED_AND_COMPLETED = "+15550100001"


def follow(tenant: Tenant, until: str) -> list[dict[str, Any]]:
    """Follow the feed from its beginning until there is an event of a type."""
    query: dict[str, Any] = {"wait": 20}
    found: list[dict[str, Any]] = []

    def read() -> list[dict[str, Any]]:
        answer = tenant.api.get("/api/v1/events", params=query)
        assert answer.status_code == 200, answer.text
        query["cursor"] = answer.json()["position"]
        found.extend(answer.json()["data"])
        return found

    return poll(read, lambda known: until in [event["type"] for event in known])


def events_of(requests: list[ReceivedRequest]) -> list[dict[str, Any]]:
    return [request.event for request in requests]


@contextmanager
def listening(tenant: Tenant, url: str, secret: str) -> Iterator[list[dict[str, Any]]]:
    """Run `trunkline listen` as a program of its own, until Ctrl-C; then the list has what it printed."""
    printed: list[dict[str, Any]] = []
    trunkline = str(ROOT / ".venv" / "bin" / "trunkline")
    address = ["--key", tenant.key, "--url", tenant.stack.config.api_url]
    command = [trunkline, "listen", *address, "--forward-to", url, "--secret", secret, "--json"]
    environment = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as program:
        try:
            yield printed
        finally:
            program.send_signal(signal.SIGINT)
            printed += map(json.loads, program.communicate(timeout=30)[0].splitlines())
    assert program.returncode == 0


def test_listen_posts_what_happens_from_now_on_as_a_webhook_would(tenant: Tenant, endpoint: Receiver) -> None:
    webhook = create_webhook(tenant, endpoint.url("/webhook"))

    def forwarded_after_a_ping() -> list[ReceivedRequest]:
        """It begins at the time of its first request: pings are sent until one is later than that."""
        tenant.api.post(f"/api/v1/webhooks/{webhook['id']}/test").raise_for_status()
        return endpoint.requests_to("/forwarded")

    with listening(tenant, endpoint.url("/forwarded"), webhook["secret"]) as printed:
        forwarded = poll(forwarded_after_a_ping, bool)[0]
    poll(lambda: events_of(endpoint.requests_to("/webhook")), lambda sent: forwarded.event in sent)
    assert Webhook(webhook["secret"]).verify(forwarded.body, forwarded.headers) == forwarded.json
    assert (printed[0]["event"], printed[0]["status"]) == (forwarded.event, 200)


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
