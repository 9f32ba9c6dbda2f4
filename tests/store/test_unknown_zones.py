"""Windows in the callee's zone, where nothing is known of it: the call is held until somebody says."""

from __future__ import annotations

import pytest

from tests.store.fixtures_outbound import ME, OutboundHarness
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import GUARD, make_notifier
from trunkline.call_control.reschedule_call import CallReschedule, RescheduleCallService
from trunkline.calls.models import Call
from trunkline.calls.states import State
from trunkline.calls.value_objects import WaitsFor
from trunkline.compliance.service import ComplianceService, NumberRulesSpec
from trunkline.core.errors import CallNotScheduled, InvalidRequest
from trunkline.core.validation import validated
from trunkline.dialer.queue_reader import enqueue_due_calls

UNKNOWN = "+881612345678"
# NOW_MS is a Tuesday, 22:13:20 UTC.
WINDOW = {"start": "09:00", "end": "18:00"}
OPENS_IN_BERLIN_MS = NOW_MS + 35_200_000


def held(outbound: OutboundHarness) -> Call:
    return outbound.place(phoneNumber=UNKNOWN, callingWindow=WINDOW)


def change(outbound: OutboundHarness, call: Call, **wish: object) -> Call:
    clock = ManualClock()
    service = RescheduleCallService(
        outbound.calls, outbound.facts, make_notifier(outbound.wakeups, clock), clock
    )
    service.change(ME, call.id, validated(CallReschedule, wish))
    after = outbound.calls.load(call.id)
    assert after is not None
    return after


def test_a_call_is_held_and_says_why(outbound: OutboundHarness) -> None:
    call = held(outbound)
    assert (call.state, call.waits_for, outbound.waiting()) == (State.QUEUED, WaitsFor.ZONE, 0)
    standing = outbound.queue.status(call)
    assert standing is not None
    assert (standing.state, standing.position, standing.estimated_start_ms) == ("unknown_zone", None, None)
    _, events = outbound.calls.load_with_events(call.id) or (None, [])
    assert events[0].data == {"reason": "unknown_zone"}


def test_it_never_comes_into_the_line_by_itself(outbound: OutboundHarness) -> None:
    call = held(outbound)
    assert enqueue_due_calls(outbound.calls, call.trunk_id, call.expires_at_ms + 60_000, GUARD) == 0


def test_its_owner_may_say_where_the_callee_is(outbound: OutboundHarness) -> None:
    after = change(outbound, held(outbound), timezone="Europe/Berlin")
    assert (after.waits_for, after.due_ms) == (WaitsFor.WINDOW, OPENS_IN_BERLIN_MS)
    sent = len(outbound.wakeups.sent)
    after = change(outbound, held(outbound), timezone="Asia/Tokyo")
    assert (after.waits_for, after.due_ms, outbound.waiting()) == (WaitsFor.WINDOW, NOW_MS + 6_400_000, 0)
    after = change(outbound, held(outbound), timezone="America/Los_Angeles")
    assert (after.waits_for, after.due_ms, outbound.waiting()) == (None, None, 1), "its window is open"
    assert len(outbound.wakeups.sent) == sent + 1


def test_a_held_call_is_no_scheduled_one(outbound: OutboundHarness) -> None:
    with pytest.raises(CallNotScheduled):
        change(outbound, held(outbound), priority=1)
    with pytest.raises(CallNotScheduled):
        change(outbound, held(outbound), timezone="Europe/Berlin", earliestAt="2023-11-16T09:00:00Z")
    with pytest.raises(CallNotScheduled):
        change(outbound, outbound.place(), timezone="Europe/Berlin")


def test_the_deadline_must_leave_room_for_the_zones_window(outbound: OutboundHarness) -> None:
    call = outbound.place(phoneNumber=UNKNOWN, callingWindow=WINDOW, expiresAt="2023-11-14T23:00:00Z")
    with pytest.raises(InvalidRequest):
        change(outbound, call, timezone="Europe/Berlin")


def test_a_tenant_may_say_it_for_all(outbound: OutboundHarness) -> None:
    rules = ComplianceService(outbound.table, outbound.compliance, ManualClock())
    shown = rules.set_number_rules(ME, validated(NumberRulesSpec, {"default_timezone": "Europe/Berlin"}))
    assert shown["default_timezone"] == "Europe/Berlin"
    call = held(outbound)
    assert (call.waits_for, call.due_ms) == (WaitsFor.WINDOW, OPENS_IN_BERLIN_MS)
    assert outbound.place(callingWindow=WINDOW).window != call.window, "what is known counts first"
