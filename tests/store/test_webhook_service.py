"""Webhooks and their log on a tenant's behalf."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_webhooks import DOWN, MINE, OK, URL, WebhookHarness, all_items
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from tests.support.passes import PassOnce
from trunkline.core.errors import (
    DeliveryPending,
    InvalidRequest,
    LimitReached,
    NotFound,
    VersionConflict,
)
from trunkline.core.validation import validated
from trunkline.storage.keys.calls import call_event_key
from trunkline.storage.keys.dialing import trunk_event_key
from trunkline.trunks.repository import TrunkEvent, TrunkRepository
from trunkline.webhooks.circuit_breaker import ENDPOINT_BREAKER
from trunkline.webhooks.delivery_models import DeliveryState
from trunkline.webhooks.repository import MAX_ENDPOINTS
from trunkline.webhooks.schemas import DeliveryQuery, Rotation, WebhookSpec


def test_changes_keep_the_rest(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(headers={"X-Token": "hunter22"}, filter={"events": ["call.*"]})
    shown = webhooks.service.change(MINE, webhook, {"filter": {"include_metrics": True}, "description": "x"})
    assert shown["filter"] == {"events": ["call.*"], "include_transcript": False, "include_metrics": True}
    assert shown["headers"] == {"X-Token": "[hidden]"}
    webhooks.run(webhooks.told())
    assert webhooks.sent[0].headers["X-Token"] == "hunter22"
    assert webhooks.service.change(MINE, webhook, {"headers": {}})["headers"] == {}
    stale = webhooks.endpoints.load("tenant-1", webhook)
    assert stale is not None
    webhooks.service.change(MINE, webhook, {"description": "y"})
    with pytest.raises(VersionConflict):
        webhooks.endpoints.replace(stale, stale)


def test_hidden_headers_that_are_sent_back_stay_as_they_are(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(headers={"X-Token": "hunter22", "X-B": "b"}, filter={"events": ["call.*"]})
    shown = webhooks.service.get(MINE, webhook)
    webhooks.service.change(MINE, webhook, {"headers": shown["headers"], "description": "x"})
    for partly in ({"X-Token": "[hidden]"}, {"X-Token": "[hidden]", "X-B": "new"}):
        with pytest.raises(
            InvalidRequest, match=r"write the values of all headers where \[hidden\] is shown"
        ):
            webhooks.service.change(MINE, webhook, {"headers": partly})
    webhooks.run(webhooks.told())
    assert webhooks.sent[0].headers["X-Token"] == "hunter22"


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": ""},
        {"url": 5},
        {"url": URL, "x": 1},
        {"url": URL, "filter": {"events": ["call.exploded"]}},
        {"url": URL, "filter": {"events": "call.failed"}},
        {"url": URL, "max_attempts": 0},
        {"url": URL, "max_attempts": 11},
        {"url": URL, "max_attempts": True},
        {"url": URL, "headers": {"Host": "x"}},
        {"url": URL, "headers": {"webhook-id": "x"}},
        {"url": URL, "headers": {"X-A": "b\r\nX-C: d"}},
        {"url": URL, "headers": {"X A": "b"}},
        {"url": URL, "headers": {f"X-{n}": "b" for n in range(21)}},
        {"url": URL, "headers": {"X-A": "[hidden]"}},
        {"url": "https://hooks.example.com/other?[hidden]"},
        {"url": URL, "rate_limit_per_s": 101},
        {"url": URL, "rate_limit_per_s": 0},
    ],
)
def test_bad_input_is_refused(webhooks: WebhookHarness, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        validated(WebhookSpec, wrong)


def test_a_tenant_may_have_so_many_and_no_more(webhooks: WebhookHarness) -> None:
    ids = [webhooks.webhook() for _ in range(MAX_ENDPOINTS)]
    with pytest.raises(LimitReached):
        webhooks.webhook()
    webhooks.service.delete(MINE, ids[0])
    webhooks.webhook()


def test_another_tenant_and_the_other_mode_find_nothing(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    delivery_id = webhooks.told()
    webhooks.run(delivery_id)
    for other in (replace(MINE, tenant_id="tenant-2"), replace(MINE, livemode=False)):
        for ask in (
            lambda who: webhooks.service.get(who, webhook),
            lambda who: webhooks.service.change(who, webhook, {}),
            lambda who: webhooks.service.delete(who, webhook),
            lambda who: webhooks.service.rotate(who, webhook, Rotation()),
            lambda who: webhooks.deliveries_service.list_deliveries(who, webhook, DeliveryQuery()),
            lambda who: webhooks.deliveries_service.get(who, delivery_id),
            lambda who: webhooks.deliveries_service.redeliver(who, delivery_id),
            lambda who: webhooks.deliveries_service.ping(who, webhook),
        ):
            with pytest.raises(NotFound):
                ask(other)
        assert webhooks.service.list(other)["data"] == []
    assert webhooks.tell(make_call().id) == 1


def test_test_calls_tell_test_webhooks_alone(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    call = make_call(livemode=False)
    webhooks.calls.create(call)
    assert webhooks.tell(call.id) == 0


def test_a_trunks_events_go_to_each_tenant_that_has_it(webhooks: WebhookHarness) -> None:
    trunks = TrunkRepository(webhooks.table)
    trunks.create(TRUNK)
    trunks.grant(TRUNK.id, "tenant-1")
    trunks.grant(TRUNK.id, "tenant-2")
    webhooks.webhook(filter={"events": ["trunk.*"]})
    trunks.set(TRUNK.id, {"paused": True}, TrunkEvent("trunk.paused", "paused_by_request", NOW_MS))
    item = webhooks.table.partition(trunk_event_key(TRUNK.id))[0]
    assert webhooks.take(item) == 1
    webhooks.run(webhooks.started()[0])
    event = webhooks.body()["event"]
    assert (event["type"], event["tenant_id"]) == ("trunk.paused", "tenant-1")
    assert event["data"] == {"trunk_id": TRUNK.id, "reason": "paused_by_request"}
    assert event["id"].startswith("evt_")


def test_the_log_by_pages_and_filters(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    ids = []
    for number in range(1, 8):
        call = make_call(number)
        webhooks.calls.create(call)
        event = webhooks.table.get(call_event_key(call.id, 1))
        assert event is not None
        webhooks.take(event | {"at_ms": NOW_MS + number})
        ids.append(webhooks.started()[-1])
        webhooks.run(ids[-1])
    seen: list[str] = []
    cursor = None
    while True:
        page = webhooks.deliveries_service.list_deliveries(
            MINE, webhook, DeliveryQuery(limit=3, cursor=cursor)
        )
        seen += [delivery["id"] for delivery in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]
    assert (
        webhooks.deliveries_service.list_deliveries(MINE, webhook, DeliveryQuery(state=DeliveryState.FAILED))[
            "data"
        ]
        == []
    )
    of_call = webhooks.deliveries_service.list_deliveries(
        MINE, webhook, DeliveryQuery(call_id=make_call(3).id)
    )["data"]
    assert [delivery["id"] for delivery in of_call] == [ids[2]]
    with pytest.raises(InvalidRequest):
        webhooks.deliveries_service.list_deliveries(MINE, webhook, DeliveryQuery(cursor="SEVBTFRI"))


def test_redelivery_is_a_new_delivery_of_the_same_event(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    delivery_id = webhooks.told()
    with pytest.raises(DeliveryPending):
        webhooks.deliveries_service.redeliver(MINE, delivery_id)  # its first attempt has not waited
    webhooks.run(delivery_id)
    again = webhooks.deliveries_service.redeliver(MINE, delivery_id)
    webhooks.run(again["id"])
    first, second = (json.loads(request.body) for request in webhooks.sent)
    assert first["event"] == second["event"]
    assert first["delivery_id"] != second["delivery_id"]
    assert again["redelivery_of"] == delivery_id


def test_a_ping_goes_to_a_disabled_webhook_once(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(enabled=False)
    webhooks.answer = lambda _: DOWN
    ping = webhooks.deliveries_service.ping(MINE, webhook)
    assert webhooks.run(ping["id"]) == []
    assert webhooks.body()["event"]["type"] == "webhook.ping"
    assert len(webhooks.sent) == 1


def test_a_ping_takes_no_turn_and_wakes_a_resting_webhook(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    webhooks.answer = lambda _: DOWN
    for number in range(1, ENDPOINT_BREAKER.opens_after + 1):
        webhooks.worker.step(webhooks.told(make_call(number)))
    assert webhooks.service.get(MINE, webhook)["health"]["state"] == "resting"
    webhooks.answer = lambda _: OK
    assert webhooks.run(webhooks.deliveries_service.ping(MINE, webhook)["id"]) == []
    assert webhooks.service.get(MINE, webhook)["health"]["state"] == "healthy"


def test_the_reconciler_starts_what_was_lost_and_nothing_else(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    lost = webhooks.told()
    done = webhooks.told(make_call(2))
    webhooks.run(done)
    repairs: Counter[str] = Counter()
    webhooks.reconciler.reconcile(repairs, PassOnce())
    assert not repairs
    webhooks.clock.move_s(16 * 60)
    webhooks.reconciler.reconcile(repairs, PassOnce())
    assert repairs == {"delivery_restarted": 1}
    assert webhooks.flow.names[-1].startswith(lost)
    webhooks.reconciler.reconcile(repairs, PassOnce())
    assert repairs == {"delivery_restarted": 1}
    webhooks.run(lost)
    assert webhooks.delivery(lost).state is DeliveryState.SUCCEEDED


def test_secrets_are_nowhere_in_the_clear_but_in_their_ciphertext(webhooks: WebhookHarness) -> None:
    made = webhooks.service.create(
        MINE, validated(WebhookSpec, {"url": URL, "headers": {"X-Token": "hunter22"}})
    )
    webhooks.run(webhooks.told())
    for key, item in all_items(webhooks.table):
        for name, value in item.items():
            if name not in ("secret", "headers", "previous_secrets"):
                assert made["secret"] not in str(value), (key, name)
                assert "hunter22" not in str(value), (key, name)


@pytest.mark.parametrize("wrong", [{"maxAttempts": 3}, {"filter": {"includeTranscript": True}}])
def test_a_change_has_no_unknown_fields(webhooks: WebhookHarness, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="unknown field .*: did you mean"):
        webhooks.service.change(MINE, webhooks.webhook(), wrong)
