"""Taking calls in, and showing them to their owner only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_outbound import ME, NUMBERS, OTHER, OutboundHarness
from tests.support.builders import TRUNK
from tests.support.clocks import NOW_MS
from trunkline.call_control.outbound import OutboundCall
from trunkline.calls.responses import accepted_answer
from trunkline.calls.transitions import claim_call
from trunkline.core.errors import InvalidRequest, LiveKitNotConfigured, NotFound, QueueUnavailable
from trunkline.dial_queue.messages import DialWakeup, WakeupNotSent
from trunkline.dial_queue.repository import DialQueue
from trunkline.storage.idempotency import IdempotencyKey


def test_a_call_is_accepted_and_its_trunk_is_woken(outbound: OutboundHarness) -> None:
    call = outbound.place(priority=0, metadata={"priority": "mine", "note": "x"})
    assert outbound.wakeups.sent == [DialWakeup(TRUNK.id)]
    assert call.caller_id == NUMBERS[1], "the agent's first number"
    answer = accepted_answer(call)
    assert answer["data"]["status"] == "queued"
    assert answer["data"]["metadata"] == {
        "note": "x",
        "caller_id": NUMBERS[1],
        "from_phone_number": NUMBERS[1],
        "priority": 0,
        "source": "api",
    }
    assert answer["message"] == "Outbound call queued. Poll GET /api/v1/calls/{id} for dial progress."


def test_an_agents_id_may_be_written_in_capitals(outbound: OutboundHarness) -> None:
    assert outbound.place(agentId=outbound.agent.id.upper()).agent.id == outbound.agent.id


def test_any_number_of_the_trunk_may_be_shown_and_no_other(outbound: OutboundHarness) -> None:
    assert outbound.place(callerId=NUMBERS[2]).caller_id == NUMBERS[2]
    with pytest.raises(InvalidRequest, match="Caller ID must be one of the trunk's phone numbers"):
        outbound.place(callerId="+15550000000")
    assert outbound.waiting() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "chat"}, "Agent must be a voice agent for outbound calls"),
        ({"status": "inactive"}, "Agent must be active to make calls"),
        ({"trunk_id": None, "phone_numbers": ()}, "Agent has no trunk and phone number to call from"),
    ],
)
def test_an_agent_that_cant_call_is_refused_and_nothing_is_written(
    outbound: OutboundHarness, changes: dict[str, Any], message: str
) -> None:
    outbound.save(**changes)
    with pytest.raises(InvalidRequest, match=message):
        outbound.place()
    assert outbound.waiting() == 0


def test_another_tenants_agent_is_as_good_as_none(outbound: OutboundHarness) -> None:
    with pytest.raises(NotFound, match="Agent not found or access denied"):
        outbound.place(OTHER)
    with pytest.raises(NotFound, match="Agent not found or access denied"):
        outbound.place(agentId="550e8400-e29b-41d4-a716-446655440000")


def test_without_a_livekit_project_nothing_is_written(outbound: OutboundHarness) -> None:
    outbound.configured = False
    with pytest.raises(LiveKitNotConfigured):
        outbound.place()
    assert outbound.waiting() == 0


def test_a_wake_that_cant_be_sent_withdraws_the_call(
    outbound: OutboundHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: DialWakeup, __: int = 0) -> None:
        raise WakeupNotSent("Connection timeout")

    monkeypatch.setattr(outbound.wakeups, "send", refuse)
    with pytest.raises(QueueUnavailable, match="Failed to queue call: Connection timeout"):
        outbound.place()
    assert outbound.waiting() == 0
    assert not [*outbound.calls.waiting_ids(TRUNK.id), *outbound.calls.in_progress_ids(TRUNK.id)]


def test_a_wake_that_cant_be_sent_for_a_call_already_claimed_is_no_failure(
    outbound: OutboundHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def claim_then_refuse(_: DialWakeup, delay_s: int = 0) -> None:
        entry = DialQueue(outbound.table).peek(TRUNK.id, "tenant-1", 1)[0]
        call = outbound.calls.load(entry.call_id)
        assert call is not None
        outbound.calls.apply(call, claim_call(call, "run-1", "r"), NOW_MS)
        raise WakeupNotSent("Connection timeout")

    monkeypatch.setattr(outbound.wakeups, "send", claim_then_refuse)
    call = outbound.place()
    stored = outbound.calls.load(call.id)
    assert stored is not None
    assert stored.claim == 1


def test_a_call_is_shown_to_its_tenant_and_mode_only(outbound: OutboundHarness) -> None:
    call = outbound.place(metadata={"note": "x"})
    view = outbound.reader.get(ME, call.id.upper())
    assert (view["status"], view["data"]["status"], view["queue_state"]) == ("queued", "queued", "in_line")
    assert view["metadata"] == {"note": "x"}
    assert [entry["status"] for entry in view["timeline"]] == ["initiated", "queued"]
    test_mode = replace(ME, livemode=False)
    for stranger in (OTHER, test_mode):
        with pytest.raises(NotFound, match="Call not found"):
            outbound.reader.get(stranger, call.id)
    with pytest.raises(NotFound, match="Call not found"):
        outbound.reader.get(ME, "550e8400-e29b-41d4-a716-446655440000")


def test_a_repeat_gets_the_first_answer_whatever_has_changed_since(outbound: OutboundHarness) -> None:
    once = IdempotencyKey.of({"idempotency-key": "k"}, "tenant-1#True#calls/outbound", {})
    body = {"agentId": outbound.agent.id, "phoneNumber": "+14155552671"}
    request = OutboundCall.model_validate(body)
    first = outbound.service.create(ME, request, source="api", idempotency_key=once)
    outbound.save(status="inactive")
    outbound.configured = False
    again = outbound.service.create(ME, request, source="api", idempotency_key=once)
    assert (again.call.id, again.replayed) == (first.call.id, True)
