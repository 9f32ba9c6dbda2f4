"""Endpoints that fail, rest, are given up, and get what they missed; slots and rates."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.store.fixtures_webhooks import DOWN, LATER, MINE, OK, WebhookHarness, all_items
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from tests.support.passes import PassOnce
from trunkline.core.errors import NotFound, WebhookDisabled
from trunkline.core.validation import validated
from trunkline.egress.messages import Response
from trunkline.egress.retry_after import MAX_RETRY_AFTER_S
from trunkline.reconciler import deliveries
from trunkline.storage.keys.calls import call_event_key
from trunkline.webhooks import payload
from trunkline.webhooks.circuit_breaker import DISABLE_AFTER_S, ENDPOINT_BREAKER
from trunkline.webhooks.delivery_models import DeliveryState
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.delivery_worker import MAX_DELIVERY_AGE_MS
from trunkline.webhooks.health_repository import EndpointHealthRepository
from trunkline.webhooks.schemas import Recovery


def test_410_disables_and_tells_the_others(webhooks: WebhookHarness) -> None:
    gone, other = webhooks.webhook(), webhooks.webhook(filter={"events": ["webhook.*"]})
    webhooks.answer = lambda _: Response(410, {}, b"", 3)
    webhooks.calls.create(make_call())
    webhooks.tell(make_call().id)
    webhooks.run(webhooks.started()[0])
    shown = webhooks.service.get(MINE, gone)
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "the endpoint answered 410 Gone")
    assert len(webhooks.topic.sent) == 1
    item = next(item for key, item in all_items(webhooks.table) if key.startswith("TENANTLOG#"))
    webhooks.answer = lambda _: OK
    assert webhooks.take(item) == 1
    webhooks.run(webhooks.started()[-1])
    event = webhooks.body()["event"]
    assert (event["type"], event["data"]["webhook_id"]) == ("webhook.disabled", gone)
    assert webhooks.body()["delivery_id"].startswith("dlv_" + other.removeprefix("wh_"))


def test_an_open_circuit_spends_no_attempt_and_one_at_a_time_finds_out(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(max_attempts=3)
    webhooks.answer = lambda _: LATER
    ids = [webhooks.told(make_call(number)) for number in range(1, ENDPOINT_BREAKER.opens_after + 3)]
    for delivery_id in ids[: ENDPOINT_BREAKER.opens_after]:
        webhooks.worker.step(delivery_id)
    assert len(webhooks.sent) == ENDPOINT_BREAKER.opens_after
    waiting = webhooks.worker.step(ids[-1])
    assert (waiting["next"], webhooks.delivery(ids[-1]).attempts) == ("wait", ())
    assert 30 <= waiting["wait_s"] <= 45
    assert webhooks.service.get(MINE, webhook)["health"]["state"] == "resting"
    webhooks.clock.move_s(31)
    endpoint = webhooks.endpoints.load("tenant-1", webhook)
    assert endpoint is not None
    webhooks.slots.take_of_endpoint(endpoint, webhooks.clock.wall_ms(), half_open=True)
    assert webhooks.worker.step(ids[-1])["next"] == "wait"
    assert len(webhooks.sent) == ENDPOINT_BREAKER.opens_after, "another one is finding out"
    webhooks.clock.move_s(31)
    webhooks.answer = lambda _: OK
    webhooks.worker.step(ids[-1])
    assert webhooks.service.get(MINE, webhook)["health"]["state"] == "healthy"
    assert webhooks.worker.step(ids[-2])["next"] == "done"


def test_what_fails_for_days_is_disabled_and_what_waits_for_it_can_be_recovered(
    webhooks: WebhookHarness,
) -> None:
    webhook = webhooks.webhook(max_attempts=10)
    webhooks.answer = lambda _: DOWN
    ids = [webhooks.told(make_call(number)) for number in range(1, 4)]
    for _ in range(7):
        webhooks.worker.step(ids[0])
        webhooks.clock.move_s(DISABLE_AFTER_S / 10)
    for _ in range(4):
        webhooks.worker.step(ids[1])
        webhooks.clock.move_s(DISABLE_AFTER_S / 10)
    assert webhooks.service.get(MINE, webhook)["disabled_reason"] == "it failed for five days"
    assert webhooks.worker.step(ids[2])["next"] == "done"
    assert webhooks.delivery(ids[2]).failure == "endpoint_disabled"
    assert webhooks.take({**_started(webhooks, 1)}) == 0
    recovery = validated(Recovery, {"since": "2023-11-14T00:00:00Z"})
    with pytest.raises(WebhookDisabled):
        webhooks.deliveries_service.recover(MINE, webhook, recovery)
    webhooks.service.change(MINE, webhook, {"enabled": True})
    webhooks.answer = lambda _: OK
    assert [webhooks.deliveries_service.recover(MINE, webhook, recovery)["recovered"] for _ in "12"] == [1, 0]
    again = webhooks.delivery(webhooks.delivery(ids[2]).redelivered_as or "")
    webhooks.run(again.id)
    assert (again.redelivery_of, webhooks.body()["event"]["id"]) == (
        ids[2],
        webhooks.delivery(ids[2]).event_id,
    )


def _started(webhooks: WebhookHarness, number: int) -> dict[str, Any]:
    item = webhooks.table.get(call_event_key(make_call(number).id, 1))
    assert item is not None
    return item


def test_a_delivery_of_a_webhook_that_is_gone_is_given_up(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook()
    delivery_id = webhooks.told()
    webhooks.service.delete(MINE, webhook)
    assert webhooks.run(delivery_id) == []
    assert (webhooks.sent, webhooks.delivery(delivery_id).failure) == ([], "endpoint_deleted")
    with pytest.raises(NotFound):
        webhooks.deliveries_service.get(MINE, delivery_id)


def test_what_waited_too_long_for_a_circuit_is_given_up(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    delivery_id = webhooks.told()
    webhooks.clock.move_s(MAX_DELIVERY_AGE_MS / 1000 + 1)
    webhooks.run(delivery_id)
    assert (webhooks.sent, webhooks.delivery(delivery_id).failure) == ([], "expired")


def test_what_waited_for_a_circuit_goes_on_with_the_first_success_and_once(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(max_attempts=10)
    webhooks.answer = lambda _: DOWN
    ids = [webhooks.told(make_call(number)) for number in range(1, ENDPOINT_BREAKER.opens_after + 6)]
    steps = {delivery_id: webhooks.worker.step(delivery_id) for delivery_id in ids}
    held = ids[ENDPOINT_BREAKER.opens_after :]
    webhooks.clock.move_s(5)
    webhooks.answer = lambda _: OK
    assert webhooks.run(webhooks.deliveries_service.ping(MINE, webhook)["id"]) == []
    repairs: Counter[str] = Counter()
    webhooks.reconciler.reconcile(repairs, PassOnce())
    assert repairs == {"delivery_resumed": len(held)}
    for delivery_id in held:
        assert webhooks.run(delivery_id) == [], "its wait is over"
    sent = len(webhooks.sent)
    webhooks.clock.move_s(50)
    for delivery_id in held:
        woken = webhooks.worker.step(delivery_id, steps[delivery_id]["version"])
        assert woken["next"] == "done", "the execution that waited has been replaced"
    webhooks.reconciler.reconcile(repairs, PassOnce())
    assert (repairs, len(webhooks.sent)) == ({"delivery_resumed": len(held)}, sent)
    retried = webhooks.delivery(ids[0])
    assert len(retried.attempts) == 1, "a retry keeps its time, which Retry-After may have asked for"


def test_a_long_backlog_goes_on_over_several_passes_and_each_delivery_once(
    webhooks: WebhookHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_MAX_RESTARTS", 2)
    webhook = webhooks.webhook()
    webhooks.answer = lambda _: DOWN
    for number in range(1, ENDPOINT_BREAKER.opens_after + 6):
        webhooks.worker.step(webhooks.told(make_call(number, created_at_ms=NOW_MS + number)))
    webhooks.answer = lambda _: OK
    webhooks.run(webhooks.deliveries_service.ping(MINE, webhook)["id"])
    resumed = []
    for _ in range(4):
        repairs: Counter[str] = Counter()
        webhooks.reconciler.reconcile(repairs, PassOnce())
        resumed.append(repairs["delivery_resumed"])
    assert resumed == [2, 2, 1, 0]


def test_an_execution_that_was_replaced_while_it_waited_sends_nothing(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(max_attempts=3)
    webhooks.answer = lambda _: DOWN
    delivery_id = webhooks.told()
    waiting = webhooks.worker.step(delivery_id)
    webhooks.deliveries_service.redeliver(MINE, delivery_id)
    assert webhooks.worker.step(delivery_id, waiting["version"])["next"] == "done"
    assert len(webhooks.sent) == 1
    webhooks.answer = lambda _: OK
    assert webhooks.run(delivery_id) == []
    assert webhooks.delivery(delivery_id).state is DeliveryState.SUCCEEDED
    assert webhooks.service.get(MINE, webhook)["health"]["state"] == "healthy"


def test_recovery_hastens_what_waits_and_repeats_what_failed(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(max_attempts=2)
    webhooks.answer = lambda _: DOWN
    failed, waiting = webhooks.told(make_call(1)), webhooks.told(make_call(2))
    webhooks.run(failed)
    webhooks.worker.step(waiting)
    recovery = validated(Recovery, {"since": "2023-11-14T00:00:00Z"})
    assert webhooks.deliveries_service.recover(MINE, webhook, recovery)["recovered"] == 2
    webhooks.answer = lambda _: OK
    assert webhooks.run(waiting) == []
    repeated = webhooks.delivery(failed).redelivered_as
    assert repeated is not None
    assert webhooks.run(repeated) == []


@pytest.mark.parametrize("answer", ["raises", "lone surrogate"])
def test_an_event_that_cannot_be_written_is_recorded_as_an_attempt(
    webhooks: WebhookHarness, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhooks.webhook(max_attempts=1)
    call = make_call(metadata_json='{"name": "\\ud800"}')
    delivery_id = webhooks.told(call)
    if answer == "raises":
        monkeypatch.setattr(payload, "_serialize", lambda *_: int("no number"))
    assert webhooks.run(delivery_id) == []
    delivery = webhooks.delivery(delivery_id)
    if answer == "raises":
        assert delivery.state is DeliveryState.FAILED
        assert delivery.attempts[0].error == "invalid_request"
        assert delivery.attempts[0].detail == "the event can't be written as a request"
    else:
        assert delivery.state is DeliveryState.SUCCEEDED
        assert webhooks.body()["event"]["data"]["metadata"] == {"name": "?"}


@pytest.mark.parametrize(
    "retry_after", ["Fri, 28 Nov 2025 12:00:00 +99999999999999999999", "9" * 5000, "\xff\x00", "-1"]
)
def test_an_attempt_is_recorded_whatever_the_endpoint_asks_for(
    webhooks: WebhookHarness, retry_after: str
) -> None:
    webhooks.webhook(max_attempts=2)
    webhooks.answer = lambda _: Response(503, {"Retry-After": retry_after}, b"\xff\xfe", 3)
    delivery_id = webhooks.told()
    waits = webhooks.run(delivery_id)
    assert len(webhooks.delivery(delivery_id).attempts) == 2
    assert len(waits) == 1
    assert waits[0] <= MAX_RETRY_AFTER_S


def test_what_fails_after_the_record_repeats_no_attempt(
    webhooks: WebhookHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhooks.webhook()

    def fail(*_: object) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "PutItem")

    monkeypatch.setattr(DeliveryRepository, "store_response", fail)
    monkeypatch.setattr(EndpointHealthRepository, "record_failure", fail)
    webhooks.answer = lambda _: DOWN
    delivery_id = webhooks.told()
    assert webhooks.worker.step(delivery_id)["next"] == "wait"
    assert len(webhooks.delivery(delivery_id).attempts) == 1
