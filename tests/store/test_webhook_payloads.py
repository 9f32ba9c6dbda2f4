"""Every type of event, as it is sent, against the schemas of the OpenAPI document."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_webhooks import MINE, WebhookHarness
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from tests.support.openapi import check_webhook_body
from trunkline.calls.events import Turn
from trunkline.webhooks.events import Event, EventType
from trunkline.webhooks.fan_out import delivery_of
from trunkline.webhooks.payload import PayloadBuilder

DATA: dict[EventType, dict[str, Any]] = {
    EventType.CALL_STARTED: {"entry": "queued"},
    EventType.CALL_AGENT_CHANGED: {"entry": "agent_changed", "agent": "support", "attempt": 1},
    EventType.TRUNK_PAUSED: {"trunk_id": "trunk_1", "reason": "paused_by_request"},
    EventType.TRUNK_RESUMED: {"trunk_id": "trunk_1", "reason": "resumed_by_request"},
    EventType.WEBHOOK_DISABLED: {"webhook_id": "wh_1", "url": "https://example.com/hook", "reason": "gone"},
    EventType.WEBHOOK_PING: {"webhook_id": "wh_1"},
}


@pytest.mark.parametrize("kind", EventType)
@pytest.mark.parametrize("with_everything", [True, False])
def test_a_body_is_what_the_document_promises(
    webhooks: WebhookHarness, kind: EventType, *, with_everything: bool
) -> None:
    parts = {"include_transcript": with_everything, "include_metrics": with_everything}
    endpoint = webhooks.service.require(MINE, webhooks.webhook(filter=parts))
    call = make_call()
    webhooks.calls.create(call)
    turns = [Turn(1, "assistant", "Hello!", "greeter", attempt=1), Turn(2, "user", "Hi there")]
    webhooks.transcripts.append(call.id, turns, NOW_MS, None)
    is_of_call = kind.startswith("call.")
    event = Event("evt_1", kind, "tenant-1", True, NOW_MS, DATA.get(kind, {}))
    if is_of_call:
        event = replace(event, call_id=call.id, sequence=2)
    payloads = PayloadBuilder(webhooks.calls, webhooks.transcripts, "https://api.example.com")
    body = payloads.body(delivery_of(event, endpoint), endpoint, 1)
    check_webhook_body(body)
    assert (b'"transcript"' in body) is (is_of_call and with_everything)
