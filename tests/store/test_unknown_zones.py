"""Windows in the callee's zone, where nothing is known of it: the call is held until somebody says."""

from __future__ import annotations

import pytest

from tests.builders import NOW_MS, ManualClock
from tests.store.conftest import a_nudge
from tests.store.test_desk import ME, Scene
from trunkline.call_control.reschedule_call import RescheduleCallService, ScheduleChange
from trunkline.calls.models import Call
from trunkline.calls.states import State
from trunkline.calls.value_objects import WaitsFor
from trunkline.compliance.service import ComplianceService, NumberRulesSpec
from trunkline.core.errors import CallNotScheduled, InvalidRequest
from trunkline.core.validation import validated
from trunkline.dialer.queue_reader import enqueue_due_calls
from trunkline.storage.table import Table

UNKNOWN = "+99999999999"
# NOW_MS is a Tuesday, 22:13:20 UTC.
WINDOW = {"start": "09:00", "end": "18:00"}
OPENS_IN_BERLIN_MS = NOW_MS + 35_200_000


@pytest.fixture
def scene(table: Table) -> Scene:
    return Scene(table)


def held(scene: Scene) -> Call:
    return scene.place(phoneNumber=UNKNOWN, callingWindow=WINDOW)


def change(scene: Scene, call: Call, **wish: object) -> Call:
    clock = ManualClock()
    desk = RescheduleCallService(scene.calls, scene.facts, a_nudge(scene.wakes, clock), clock)
    desk.change(ME, call.id, validated(ScheduleChange, wish))
    after = scene.calls.load(call.id)
    assert after is not None
    return after


def test_a_call_is_held_and_says_why(scene: Scene) -> None:
    call = held(scene)
    assert (call.state, call.waits_for, scene.waiting()) == (State.QUEUED, WaitsFor.ZONE, 0)
    standing = scene.queue.standing(call)
    assert standing is not None
    assert (standing.state, standing.position, standing.estimated_start_ms) == ("unknown_zone", None, None)
    _, events = scene.calls.story(call.id) or (None, [])
    assert events[0].data == {"reason": "unknown_zone"}


def test_it_never_comes_into_the_line_by_itself(scene: Scene) -> None:
    call = held(scene)
    assert enqueue_due_calls(scene.calls, call.trunk_id, call.expires_at_ms + 60_000) == 0


def test_its_owner_may_say_where_the_callee_is(scene: Scene) -> None:
    after = change(scene, held(scene), timezone="Europe/Berlin")
    assert (after.waits_for, after.due_ms) == (WaitsFor.WINDOW, OPENS_IN_BERLIN_MS)
    sent = len(scene.wakes.sent)
    after = change(scene, held(scene), timezone="Asia/Tokyo")
    assert (after.waits_for, after.due_ms, scene.waiting()) == (WaitsFor.WINDOW, NOW_MS + 6_400_000, 0)
    after = change(scene, held(scene), timezone="America/Los_Angeles")
    assert (after.waits_for, after.due_ms, scene.waiting()) == (None, None, 1), "its window is open"
    assert len(scene.wakes.sent) == sent + 1


def test_a_held_call_is_no_scheduled_one(scene: Scene) -> None:
    with pytest.raises(CallNotScheduled):
        change(scene, held(scene), priority=1)
    with pytest.raises(CallNotScheduled):
        change(scene, held(scene), timezone="Europe/Berlin", earliestAt="2023-11-16T09:00:00Z")
    with pytest.raises(CallNotScheduled):
        change(scene, scene.place(), timezone="Europe/Berlin")


def test_the_deadline_must_leave_room_for_the_zones_window(scene: Scene) -> None:
    call = scene.place(phoneNumber=UNKNOWN, callingWindow=WINDOW, expiresAt="2023-11-14T23:00:00Z")
    with pytest.raises(InvalidRequest):
        change(scene, call, timezone="Europe/Berlin")


def test_a_tenant_may_say_it_for_all(scene: Scene) -> None:
    rules = ComplianceService(scene.table, scene.rulebook, ManualClock())
    shown = rules.set_rules(ME, validated(NumberRulesSpec, {"default_timezone": "Europe/Berlin"}))
    assert shown["default_timezone"] == "Europe/Berlin"
    call = held(scene)
    assert (call.waits_for, call.due_ms) == (WaitsFor.WINDOW, OPENS_IN_BERLIN_MS)
    assert scene.place(callingWindow=WINDOW).window != call.window, "what is known counts first"
