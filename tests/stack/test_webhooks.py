"""Webhooks as a tenant sees them: real stream, real executions, real HTTP to an endpoint of theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from standardwebhooks.webhooks import Webhook

from local.webhook_receiver import Receiver
from tests.support.polling import poll
from tests.support.tenant import Tenant
from tests.support.webhooks import create_webhook, deliveries, verified_by_the_guide


def test_a_calls_events_arrive_signed_in_both_schemes(tenant: Tenant, endpoint: Receiver) -> None:
    webhook = create_webhook(tenant, endpoint.url(), filter={"include_metrics": True})
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
    create_webhook(tenant, endpoint.url(), filter={"events": ["call.failed"]})
    tenant.wait_for_end(tenant.placed("+15550100002"))
    data = endpoint.wait_for("/hook", 1)[0].event["data"]
    assert (data["status"], data["status_reason"], data["sip_status_code"]) == ("failed", "dial_busy", 486)
    assert data["detail"] == "Busy Here"


def test_gone_disables_and_enabling_begins_anew(tenant: Tenant, endpoint: Receiver) -> None:
    webhook = create_webhook(tenant, endpoint.url(), filter={"events": ["call.started"]})
    endpoint.respond = lambda _: 410
    tenant.placed("+15550100002")
    endpoint.wait_for("/hook", 1)
    path = f"/api/v1/webhooks/{webhook['id']}"
    shown = poll(lambda: tenant.api.get(path).json(), lambda webhook: not webhook["enabled"])
    assert shown["disabled_reason"] == "the endpoint answered 410 Gone"
    endpoint.respond = lambda _: 200
    assert tenant.api.patch(path, json={"enabled": True}).json()["disabled_reason"] is None
    failed = deliveries(tenant, webhook, state="failed")[0]
    again = tenant.api.post(f"/api/v1/deliveries/{failed['id']}/redeliver")
    assert again.status_code == 202, again.text
    first, second = endpoint.wait_for("/hook", 2)
    assert (first.event["id"], second.json["delivery_id"]) == (second.event["id"], again.json()["id"])


def test_ping_rotation_and_the_end_of_the_overlap(tenant: Tenant, endpoint: Receiver) -> None:
    webhook = create_webhook(tenant, endpoint.url("/ping"))
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
    webhook = create_webhook(tenant, endpoint.url())
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


def test_a_trunk_that_is_paused_and_resumed_tells_so(tenant: Tenant, endpoint: Receiver) -> None:
    create_webhook(tenant, endpoint.url(), filter={"events": ["trunk.*"]})
    tenant.change_trunk(paused=True)
    tenant.change_trunk(paused=False)
    events = [each.event for each in endpoint.wait_for("/hook", 2)]
    assert {event["type"] for event in events} == {"trunk.paused", "trunk.resumed"}
    assert {event["data"]["trunk_id"] for event in events} == {tenant.my_trunk()["id"]}
    assert {event["tenant_id"] for event in events} == {tenant.id}
