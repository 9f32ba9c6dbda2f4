"""Calls that another system's webhook starts, on the deployed stack."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support import http
from tests.support.tenant import Tenant
from tests.support.workflows import create_workflow
from trunkline.webhooks.signing import signature_headers

SIGNUP = {
    "workflow_slug": "onboarding",
    "user_id": "{{event.user.id}}",
    "user_context": {"user_name": "{{event.user.name}}"},
}


def trigger(tenant: Tenant, body: dict[str, Any], kind: str = "workflow", **more: Any) -> dict[str, Any]:
    answer = tenant.api.post("/api/v1/triggers", json={"name": "signups", "kind": kind, "body": body} | more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def send(tenant: Tenant, made_: dict[str, Any], event: Any, **headers: str) -> httpx.Response:
    """Signed as our own webhooks are, unless it says otherwise."""
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    if not headers:
        signed = signature_headers(raw, message_id="m", at_s=int(time.time()), secrets=[made_["secret"]])
        headers = {"X-Webhook-Signature": signed["X-Webhook-Signature"]}
    # The emulator's own name for the API resolves in no client.
    url = tenant.stack.config.api_url + urlsplit(made_["url"]).path
    return http.post(url, content=raw, headers=headers, timeout=30)


def told(tenant: Tenant, made_: dict[str, Any]) -> list[dict[str, Any]]:
    return list(tenant.api.get(f"/api/v1/triggers/{made_['id']}/events").json()["data"])


def signup(event_id: str = "e-1") -> dict[str, Any]:
    return {"id": event_id, "type": "user.signup", "user": {"id": "u-7", "name": "Eve"}}


def test_an_event_makes_one_call_however_often_it_comes(tenant: Tenant) -> None:
    create_workflow(tenant)
    mine = trigger(tenant, SIGNUP)
    first = send(tenant, mine, signup())
    assert first.status_code == 202, first.text
    call_id = first.json()["call_id"]
    for _ in range(2):
        assert send(tenant, mine, signup() | {"sent_again": True}).json() == {
            "outcome": "duplicate",
            "call_id": call_id,
        }
    call = tenant.call(call_id)
    assert (call["user_id"], call["workflow_slug"], call["data"]["metadata"]["source"]) == (
        "u-7",
        "onboarding",
        "trigger",
    )
    assert send(tenant, mine, signup("e-2")).json()["outcome"] == "called"
    assert len(tenant.api.get("/api/v1/calls").json()["data"]) == 2
    assert [each["outcome"] for each in told(tenant, mine)] == ["called", "duplicate", "duplicate", "called"]
    assert told(tenant, mine)[0]["event_id"] == "e-2"


def test_long_ids_that_end_otherwise_are_events_of_their_own(tenant: Tenant) -> None:
    create_workflow(tenant)
    mine = trigger(tenant, SIGNUP)
    outcomes = [send(tenant, mine, signup("x" * 300 + end)).json()["outcome"] for end in ("a", "b", "a")]
    assert outcomes == ["called", "called", "duplicate"]
    assert all(each["event_id"] == "x" * 200 for each in told(tenant, mine)), "only the note is cut"


def test_an_event_rings_a_phone(tenant: Tenant) -> None:
    body = {
        "agentId": tenant.agent.id,
        "phoneNumber": "{{event.phone}}",
        "priority": "{{event.urgency | default(5)}}",
    }
    mine = trigger(tenant, body, "outbound", event_id="{{event.kind}}-{{event.n}}", when="kind == 'lead'")
    ignored = send(tenant, mine, {"kind": "other", "n": 1, "phone": "+15550100001"})
    assert ignored.json() == {"outcome": "ignored", "call_id": None}
    secret = {"Authorization": f"Bearer {mine['secret']}"}
    called = send(tenant, mine, {"kind": "lead", "n": 1, "phone": "+15550100001", "urgency": 0}, **secret)
    call = tenant.wait_for_end(called.json()["call_id"])
    assert (call["status"], call["priority"]) == ("completed", 0)
    assert len(tenant.invites()) == 1


def test_what_is_refused_says_why_to_sender_and_owner(tenant: Tenant) -> None:
    body = {"agentId": tenant.agent.id, "phoneNumber": "{{event.phone}}"}
    mine = trigger(tenant, body, "outbound")
    tenant.api.post("/api/v1/suppressions", json={"numbers": ["+15550100009"]}).raise_for_status()
    for event, status, says in (
        ({"id": "1"}, 400, "{{event.phone}} is not known"),
        ({"phone": "+15550100001"}, 400, "{{event.id}} is not known"),
        ({"id": " ", "phone": "+15550100001"}, 400, "event_id is empty"),
        ({"id": "2", "phone": 5}, 400, "Phone number must be in E.164 format"),
        ({"id": "3", "phone": "+15550100009"}, 403, "Number is on the suppression list"),
        ({"id": "4", "phone": ["x" * 300_000]}, 413, "larger than"),
        (b"[]", 400, "must be a JSON object"),
        (b"{", 400, "must be valid JSON"),
    ):
        answer = send(tenant, mine, event)
        assert (answer.status_code, says in answer.json()["error"]["message"]) == (status, True), answer.text
    errors = [each["error"] for each in told(tenant, mine)]
    assert len(errors) == 8
    assert "Number is on the suppression list" in errors
    assert send(tenant, mine, {"id": "2", "phone": "+15550100001"}).status_code == 202, (
        "what was refused may come again"
    )


def test_an_event_that_is_not_proven_finds_no_trigger(tenant: Tenant, make_tenant: Any) -> None:
    create_workflow(tenant)
    mine = trigger(tenant, SIGNUP)
    nobodys = mine | {"url": mine["url"].replace(mine["id"], "trg_" + "0" * 20)}
    forged = {"Authorization": "Bearer whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
    answers = [
        send(tenant, mine, signup(), **forged),
        send(tenant, nobodys, signup(), **forged),
        send(tenant, mine, signup(), **{"x-api-key": tenant.key}),
    ]
    errors = [answer.json()["error"] | {"request_id": ""} for answer in answers]
    assert [answer.status_code for answer in answers] == [401, 401, 401]
    assert errors[0] == errors[1] == errors[2]
    rotated = tenant.api.post(f"/api/v1/triggers/{mine['id']}/rotate-secret").json()
    assert send(tenant, mine, signup()).status_code == 401, "the old secret is worth nothing"
    assert send(tenant, rotated, signup()).status_code == 202
    tenant.api.patch(f"/api/v1/triggers/{mine['id']}", json={"enabled": False}).raise_for_status()
    assert send(tenant, rotated, signup("e-3")).status_code == 401
    tenant.api.patch(f"/api/v1/triggers/{mine['id']}", json={"enabled": True}).raise_for_status()
    assert tenant.api.delete(f"/api/v1/triggers/{mine['id']}").status_code == 200
    assert send(tenant, rotated, signup("e-4")).status_code == 401
    assert mine["secret"] not in tenant.api.get("/api/v1/triggers").text


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            {"body": {"workflow_slug": "anothers", "user_id": "u"}},
            "body.workflow_slug must name a workflow of yours",
        ),
        ({"body": {}}, "body.workflow_slug must name a workflow of yours"),
        ({"body": {"workflow_slug": "onboarding", "user_id": "{{user.id}}"}}, "must begin with event"),
        ({"body": {"workflow_slug": "onboarding", "user_id": "{{event.id"}}, "is not closed"),
        ({"event_id": "{{event.id | upper}}"}, "is not a path with filters"),
        ({"when": "a ==="}, "is no JMESPath expression"),
        ({"kind": "fax"}, "kind must be one of workflow, outbound, schedule"),
        ({"name": ""}, "name"),
        ({"x": 1}, "x"),
    ],
)
async def test_bad_triggers_are_refused(
    tenant: Tenant, make_tenant: Any, wrong: dict[str, Any], says: str
) -> None:
    create_workflow(tenant)
    other: Tenant = await make_tenant()
    create_workflow(other, "anothers")
    body = {"name": "t", "body": SIGNUP} | wrong
    answer = tenant.api.post("/api/v1/triggers", json=body)
    assert (answer.status_code, says in answer.json()["error"]["message"]) == (400, True), answer.text


def test_a_test_keys_trigger_makes_test_calls(tenant: Tenant) -> None:
    create_workflow(tenant)
    with tenant.client(livemode=False) as practising:
        mine = practising.post("/api/v1/triggers", json={"name": "t", "body": SIGNUP}).json()
        assert mine["livemode"] is False
        call_id = send(tenant, mine, signup()).json()["call_id"]
        assert practising.get(f"/api/v1/calls/{call_id}").json()["livemode"] is False
    assert tenant.api.get(f"/api/v1/calls/{call_id}").status_code == 404
    assert tenant.api.get(f"/api/v1/triggers/{mine['id']}").status_code == 404
