"""Calls for a time: they wait outside the line, can be changed and cancelled, and enter it once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.builders import NOW_MS, TRUNK, ManualClock, a_call
from tests.store.conftest import Bench, a_nudge
from tests.store.test_desk import ME, OTHER, Scene
from tests.store.test_reconciler import Scene as Care
from tests.store.test_redial import WAKE, load, move_s
from trunkline.call_control.outbound import ScheduledCall
from trunkline.call_control.reschedule_call import RescheduleCallService, ScheduleChange
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.responses import list_item, scheduled_answer
from trunkline.calls.states import State
from trunkline.calls.transitions import request_cancel
from trunkline.calls.value_objects import WaitsFor
from trunkline.core.errors import CallEnded, CallNotScheduled, InvalidRequest, NotFound
from trunkline.core.validation import validated
from trunkline.dialer.queue_reader import DUE_AT_ONCE, enqueue_due_calls
from trunkline.storage.keys.calls import call_event_key
from trunkline.storage.keys.item import TTL
from trunkline.storage.table import Table
from trunkline.tenants.repository import TenantRepository
from trunkline.trunks.repository import TrunkRepository

HOUR_MS = 3_600_000
SOON = "2023-11-14T22:18:20.000Z"


def iso(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat()


def scheduled(scene: Scene, in_ms: int = HOUR_MS, **more: Any) -> Call:
    body = {"agentId": scene.agent.id, "phoneNumber": "+14155552671", "earliestAt": iso(NOW_MS + in_ms)}
    return scene.desk.schedule(ME, validated(ScheduledCall, body | more), source="schedule").call


def changed(scene: Scene, call: Call, who: Any = ME, **wish: Any) -> Call:
    desk = RescheduleCallService(scene.calls, scene.facts, a_nudge(scene.wakes, ManualClock()), ManualClock())
    desk.change(who, call.id, validated(ScheduleChange, wish))
    return stored(scene, call)


def stored(scene: Scene, call: Call) -> Call:
    found = scene.calls.load(call.id)
    assert found is not None
    return found


@pytest.fixture
def scene(table: Table) -> Scene:
    return Scene(table)


def test_a_scheduled_call_waits_outside_the_line(scene: Scene) -> None:
    call = scheduled(scene, 5 * 60_000, priority=2)
    assert (call.state, call.waits_for, call.due_ms) == (State.SCHEDULED, WaitsFor.SCHEDULE, NOW_MS + 300_000)
    assert call.expires_at_ms == NOW_MS + 300_000 + HOUR_MS
    assert (scene.waiting(), scene.wakes.delays_s) == (0, [300])
    answer = scheduled_answer(call)
    assert (answer["data"]["status"], answer["data"]["earliestAt"]) == (
        "scheduled",
        "2023-11-14T22:18:20.000Z",
    )
    shown = scene.reader.read(ME, call.id)
    assert (shown["status"], shown["data"]["status"], shown["queue_state"]) == (
        "scheduled",
        "scheduled",
        "scheduled",
    )
    assert shown["estimated_start"] == shown["earliest_at"] == "2023-11-14T22:18:20.000Z"
    assert [entry["status"] for entry in shown["timeline"]] == ["initiated", "scheduled"]
    assert list_item(call)["earliest_at"] == SOON


def test_its_time_puts_it_into_the_line_once_at_its_priority(scene: Scene) -> None:
    call = scheduled(scene, priority=1)
    assert enqueue_due_calls(scene.calls, TRUNK.id, NOW_MS + HOUR_MS - 1) == 0
    assert enqueue_due_calls(scene.calls, TRUNK.id, NOW_MS + HOUR_MS) == 1
    assert enqueue_due_calls(scene.calls, TRUNK.id, NOW_MS + HOUR_MS) == 0
    now = stored(scene, call)
    assert (now.state, now.due_ms, now.waits_for, scene.waiting()) == (State.QUEUED, None, None, 1)
    assert now.line_place.startswith("tenant-1#01")
    assert [event["type"] for event in scene.reader.events(ME, call.id)["data"]] == ["scheduled", "queued"]


def test_a_time_that_is_now_is_queued_at_once(scene: Scene) -> None:
    call = scheduled(scene, -59_000)
    assert (call.state, call.due_ms, scene.waiting()) == (State.QUEUED, None, 1)
    assert scene.wakes.delays_s == [0]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (
            {"earliestAt": iso(NOW_MS - 61_000)},
            "with its offset, not in the past",
        ),
        ({"earliestAt": iso(NOW_MS + 367 * 24 * HOUR_MS)}, "at most a year ahead"),
        ({"earliestAt": "2026-01-01T09:00:00"}, "earliestAt must be an ISO 8601 time with its offset"),
        ({"earliestAt": "tomorrow"}, "earliestAt must be"),
        ({"earliestAt": None}, "earliestAt must be"),
        (
            {"latestAt": iso(NOW_MS + HOUR_MS)},
            "with its offset, after earliestAt",
        ),
        ({"latestAt": iso(NOW_MS + HOUR_MS + 15 * 24 * HOUR_MS)}, "at most 14 days after it"),
        ({"priority": 11}, "Priority must be an integer between 0 and 10"),
        ({"phoneNumber": "5"}, "Phone number must be in E.164 format"),
    ],
)
def test_bad_times_are_refused_with_their_field(scene: Scene, wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        scheduled(scene, **wrong)
    assert says in refused.value.message
    assert refused.value.field == next(iter(wrong))
    assert list(scene.calls.waiting_call_ids(TRUNK.id)) == []


def test_a_window_that_opens_later_is_waited_for_too(scene: Scene) -> None:
    """22:13 on a Tuesday in UTC; the number's own zones would be America's."""
    window = {"start": "09:00", "end": "10:00", "timezone": "UTC"}
    call = scheduled(scene, 5 * 60_000, callingWindow=window)
    assert call.due_ms == NOW_MS - NOW_MS % (24 * HOUR_MS) + 33 * HOUR_MS
    assert (call.state, call.expires_at_ms) == (State.SCHEDULED, NOW_MS + 300_000 + 24 * HOUR_MS)
    with pytest.raises(InvalidRequest, match="opens only after latestAt"):
        scheduled(scene, 5 * 60_000, callingWindow=window, latestAt=iso(NOW_MS + HOUR_MS))


def test_a_scheduled_call_is_changed_until_its_time_has_come(scene: Scene) -> None:
    call = scheduled(scene)
    later = changed(scene, call, earliestAt=iso(NOW_MS + 2 * HOUR_MS), priority=0, metadata={"a": 1})
    assert (later.due_ms, later.expires_at_ms, later.priority) == (
        NOW_MS + 2 * HOUR_MS,
        NOW_MS + 3 * HOUR_MS,
        0,
    )
    assert enqueue_due_calls(scene.calls, TRUNK.id, NOW_MS + HOUR_MS) == 0
    sooner = changed(scene, call, earliestAt=iso(NOW_MS + 60_000), latestAt=iso(NOW_MS + 120_000))
    assert (sooner.due_ms, sooner.expires_at_ms, sooner.metadata_json) == (
        NOW_MS + 60_000,
        NOW_MS + 120_000,
        '{"a": 1}',
    )
    assert scene.wakes.delays_s == [60], "an hour is too far ahead for a wake"
    version = sooner.version
    assert changed(scene, call).version == version, "nothing changes nothing"
    with pytest.raises(NotFound):
        changed(scene, call, OTHER, priority=1)
    with pytest.raises(InvalidRequest, match="latestAt"):
        changed(scene, call, latestAt=iso(NOW_MS + 1000))
    assert enqueue_due_calls(scene.calls, TRUNK.id, NOW_MS + 60_000) == 1
    with pytest.raises(CallNotScheduled):
        changed(scene, call, priority=1)
    scene.calls.settle(call.id, lambda now: request_cancel(now, NOW_MS), NOW_MS)
    with pytest.raises(CallEnded):
        changed(scene, call, priority=1)


def test_what_belongs_to_a_call_that_is_put_off_is_kept_for_longer(scene: Scene, table: Table) -> None:
    TenantRepository(table).set(ME.tenant_id, {"retention_days": 30})
    call = scheduled(scene)
    ttl = call.ttl
    later = changed(scene, call, earliestAt=iso(NOW_MS + 200 * HOUR_MS))
    events = table.partition(call_event_key(call.id))
    assert {item.get(TTL) for item in events} == {later.ttl}
    assert ttl is not None
    assert later.ttl is not None
    assert later.ttl > ttl


def test_a_cancelled_one_never_enters_the_line(scene: Scene) -> None:
    call = scheduled(scene)
    after = scene.calls.settle(call.id, lambda now: request_cancel(now, NOW_MS), NOW_MS)
    assert after is not None
    assert (after.state, after.reason) == (State.CANCELLED, Reason.CANCELLED)
    assert enqueue_due_calls(scene.calls, TRUNK.id, NOW_MS + 2 * HOUR_MS) == 0
    assert scene.waiting() == 0


def due(in_ms: int, number: int = 1, **more: Any) -> Call:
    """A call on the bench's trunk that is scheduled."""
    wait = {"state": State.SCHEDULED, "due_ms": NOW_MS + in_ms, "waits_for": WaitsFor.SCHEDULE}
    return a_call(number, **wait, **more)


async def test_it_rings_at_its_time_and_not_before(bench: Bench) -> None:
    bench.calls.accept(due(300_000))
    await bench.run().serve(WAKE)
    assert bench.livekit.invites == []
    move_s(bench, 300)
    await bench.run("run-2").serve(WAKE)
    assert load(bench).state is State.ACTIVE


async def test_more_than_a_look_for_one_moment_are_let_in_without_waiting(bench: Bench) -> None:
    count = DUE_AT_ONCE + 20
    for number in range(1, count + 1):
        bench.calls.accept(due(300_000, number))
    bench.trunks.save(replace(TRUNK, cps=100))
    move_s(bench, 300)
    began_s = asyncio.get_running_loop().time()
    await bench.run().serve(WAKE)
    assert len(bench.livekit.invites) == count
    assert asyncio.get_running_loop().time() - began_s < 30


async def looked_after(care: Care, table: Table) -> Counter[str]:
    trunk, repairs = TrunkRepository(table).state(TRUNK.id), Counter[str]()
    assert trunk is not None
    await care.reconciler.walk([trunk], repairs)
    return repairs


async def test_the_reconciler_wakes_for_moments_that_were_too_far_ahead(table: Table) -> None:
    care = Care(table)
    for number, in_ms in enumerate((40_500, 40_100, 3 * HOUR_MS), 1):
        care.calls.accept(due(in_ms, number))
    await looked_after(care, table)
    assert care.wakes.delays_s == [41], "one for a second, none for what is far ahead"
    care.clock.move_s(41)
    assert (await looked_after(care, table))["due_let_in"] == 2


async def test_one_whose_deadline_passed_is_expired_by_the_reconciler(table: Table) -> None:
    care = Care(table)
    care.calls.accept(due(10_000, expires_at_ms=NOW_MS + 20_000))
    care.clock.move_s(30)
    await looked_after(care, table)
    after = care.calls.load(a_call().id)
    assert after is not None
    assert (after.state, after.reason) == (State.TIMEOUT, Reason.EXPIRED)
