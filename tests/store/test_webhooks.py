"""From the stream to the end of a delivery, in a table."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.store.fixtures_webhooks import DOWN, MINE, OK, URL, WebhookHarness, all_items
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.events import Turn
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call
from trunkline.calls.value_objects import Ending
from trunkline.core.json_text import json_bytes, json_text
from trunkline.core.validation import validated
from trunkline.egress.messages import Request, Response
from trunkline.trunks.repository import TrunkEvent, TrunkRepository
from trunkline.trunks.test_trunk import TestTrunks
from trunkline.webhooks.delivery_models import DeliveryState
from trunkline.webhooks.fan_out import CallEnd
from trunkline.webhooks.payload import MAX_PAYLOAD_BYTES
from trunkline.webhooks.retry_policy import SCHEDULE_S
from trunkline.webhooks.schemas import DeliveryQuery, WebhookSpec


def test_an_event_arrives_as_the_guide_shows_it(webhooks: WebhookHarness) -> None:
    webhooks.webhook(
        filter={"events": ["call.completed"], "include_transcript": True, "include_metrics": True}
    )
    call = make_call(metadata_json='{"source": "kafka"}', user_id="user-123", room_name="room-abc")
    webhooks.calls.create(call)
    assert webhooks.tell(call.id) == 0, "the filter asks for no start"
    webhooks.transcripts.append(
        call.id, [Turn(1, "assistant", "Hello!", "greeter"), Turn(2, "user", "Hi there")], NOW_MS, None
    )
    talked = replace(call, state=State.ACTIVE, answered_at_ms=NOW_MS)
    change = end_call(talked, Ending(State.COMPLETED, Reason.USER_HANGUP), NOW_MS + 180_000)
    webhooks.calls.apply(call, change, NOW_MS + 180_000)
    assert webhooks.tell(call.id, 2) == 1
    delivery_id = webhooks.started()[0]
    assert webhooks.run(delivery_id) == []
    body = webhooks.body()
    assert body == {
        "event": {
            "id": "evt_" + call.id.replace("-", "") + "000002",
            "type": "call.completed",
            "created": (NOW_MS + 180_000) // 1000,
            "tenant_id": "tenant-1",
            "livemode": True,
            "sequence": 2,
            "data": body["event"]["data"],
        },
        "delivery_id": delivery_id,
        "attempt": 1,
        "max_attempts": 5,
    }
    data = body["event"]["data"]
    assert data["transcript"] == [
        {"role": "assistant", "content": "Hello!", "agent": "greeter"},
        {"role": "user", "content": "Hi there"},
    ]
    assert (data["status"], data["duration_seconds"], data["user_id"]) == ("completed", 180, "user-123")
    assert (data["metadata"], data["transcript_truncated"]) == ({"source": "kafka"}, False)
    assert (data["metrics"]["duration_seconds"], data["metrics"]["message_count"]) == (180, 2)


def test_the_end_of_a_batch_call_is_counted_with_its_row_and_reason(webhooks: WebhookHarness) -> None:
    call = make_call(batch=True, number=7)
    webhooks.calls.create(call)
    webhooks.tell(call.id)
    assert webhooks.call_ends == [], "it has not ended"
    change = end_call(call, Ending(State.FAILED, Reason.DIAL_BUSY), NOW_MS + 1000)
    webhooks.calls.apply(call, change, NOW_MS + 1000)
    webhooks.tell(call.id, 2)
    assert webhooks.call_ends == [CallEnd("bat_1", 7, "failed", "dial_busy", NOW_MS + 1000)]


def test_without_a_filter_all_events_come_and_nothing_that_was_said(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    webhooks.run(webhooks.told())
    data = webhooks.body()["event"]["data"]
    assert (webhooks.body()["event"]["type"], data["status"]) == ("call.started", "queued")
    assert not {"transcript", "metrics", "transcript_truncated"} & set(data)


def test_what_a_call_was_at_its_start_it_stays_in_that_event(webhooks: WebhookHarness) -> None:
    webhooks.webhook(filter={"events": ["call.started"]})
    call = make_call()
    delivery_id = webhooks.told(call)
    webhooks.calls.apply(
        call, end_call(call, Ending(State.CANCELLED, Reason.CANCELLED), NOW_MS + 9), NOW_MS + 9
    )
    webhooks.run(delivery_id)
    data = webhooks.body()["event"]["data"]
    assert (data["status"], data["status_reason"], data["duration_seconds"]) == ("queued", None, None)


@pytest.mark.parametrize("letter", ["é", "😀", '"', "\x01"])
def test_a_transcript_that_is_too_long_says_where_the_rest_is(webhooks: WebhookHarness, letter: str) -> None:
    webhooks.webhook(filter={"include_transcript": True})
    call = make_call(metadata_json=json_text({"note": "Ж" * 16_000}))
    text = letter * (20_000 // json_bytes(letter))
    for number in range(30):
        webhooks.transcripts.append(call.id, [Turn(number, "user", text)], NOW_MS, None)
    webhooks.run(webhooks.told(call))
    assert len(webhooks.sent[0].body) <= MAX_PAYLOAD_BYTES
    data = webhooks.body()["event"]["data"]
    assert data["transcript_truncated"] is True
    assert data["transcript_url"] == f"https://api.example.com/api/v1/calls/{call.id}/transcript"
    assert 5 < len(data["transcript"]) < 30


def test_a_stream_that_repeats_itself_makes_one_delivery(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    delivery_id = webhooks.told()
    for _ in range(4):
        webhooks.tell(make_call().id)
    assert webhooks.started() == [delivery_id]
    webhooks.run(delivery_id)
    webhooks.tell(make_call().id)
    webhooks.run(delivery_id)
    assert len(webhooks.sent) == 1


def test_a_fan_out_that_dies_before_the_start_is_made_up_for_by_the_repeat(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    webhooks.calls.create(make_call())
    webhooks.flow.broken = True
    with pytest.raises(ConnectionError):
        webhooks.tell(make_call().id)
    webhooks.flow.broken = False
    assert webhooks.tell(make_call().id) == 1
    assert webhooks.run(webhooks.started()[0]) == []
    assert len(webhooks.sent) == 1


def test_the_schedule_with_the_same_ids_and_fresh_signatures(webhooks: WebhookHarness) -> None:
    webhooks.webhook(max_attempts=10)
    webhooks.answer = lambda _: OK if len(webhooks.sent) == 10 else DOWN
    delivery_id = webhooks.told()
    assert webhooks.run(delivery_id)[:9] == list(SCHEDULE_S[1:])
    bodies = [json.loads(request.body) for request in webhooks.sent]
    assert [body["attempt"] for body in bodies] == list(range(1, 11))
    assert len({(body["event"]["id"], body["delivery_id"]) for body in bodies}) == 1
    assert len({request.headers["webhook-timestamp"] for request in webhooks.sent}) == 10
    assert len({request.headers["X-Webhook-Signature"] for request in webhooks.sent}) == 10
    assert webhooks.delivery(delivery_id).state is DeliveryState.SUCCEEDED


def test_attempts_end_and_the_log_says_why(webhooks: WebhookHarness) -> None:
    webhook = webhooks.webhook(max_attempts=2, headers={"X-Token": "hunter22"})
    webhooks.answer = lambda request: Response(500, {}, f"no {request.headers['X-Token']}".encode(), 7)
    delivery_id = webhooks.told()
    webhooks.run(delivery_id)
    shown = webhooks.deliveries_service.get(MINE, delivery_id)
    assert (shown["state"], shown["failure"], shown["next_attempt_at"]) == (
        "failed",
        "attempts_exhausted",
        None,
    )
    assert [(attempt["number"], attempt["status"], attempt["took_ms"]) for attempt in shown["attempts"]] == [
        (1, 500, 7),
        (2, 500, 7),
    ]
    assert shown["attempts"][0]["response_body"] == "no [redacted]"
    listed = webhooks.deliveries_service.list_deliveries(MINE, webhook, DeliveryQuery())["data"][0]
    assert listed["attempts"][0]["response_body"] is None


def test_a_crash_between_the_request_and_its_record_repeats_the_attempt(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    delivery_id = webhooks.told()

    def crash(_: Request) -> Response:
        raise KeyboardInterrupt

    webhooks.answer = crash
    with pytest.raises(KeyboardInterrupt):
        webhooks.run(delivery_id)
    webhooks.answer = lambda _: OK
    webhooks.run(delivery_id)
    first, second = (json.loads(request.body) for request in webhooks.sent)
    assert first == second


@pytest.mark.parametrize("livemode", [True, False])
def test_what_happens_to_a_trunk_is_told_in_its_mode(webhooks: WebhookHarness, livemode: bool) -> None:
    """A test trunk that is paused sends nothing to webhooks of live events."""
    trunks, tenant_id = TrunkRepository(webhooks.table), MINE.tenant_id
    trunk = TRUNK if livemode else TestTrunks(trunks).get_or_create(tenant_id)
    if livemode:
        trunks.create(TRUNK)
        trunks.grant(TRUNK.id, tenant_id)
    for mode in (True, False):
        spec = validated(WebhookSpec, {"url": URL, "filter": {"events": ["trunk.paused"]}})
        webhooks.service.create(replace(MINE, livemode=mode), spec)
    trunks.set(trunk.id, {"paused": True}, TrunkEvent("trunk.paused", "paused_by_request", NOW_MS))
    log = [item for pk, item in all_items(webhooks.table) if pk.startswith("TRUNKLOG#")]
    assert [webhooks.take(item) for item in log] == [1]
    assert webhooks.delivery(webhooks.started()[-1]).livemode is livemode
