"""Calls for a time: they wait outside the line, can be changed and cancelled, and enter it once."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.store.fixtures_dialer import WAKE, DialerHarness
from tests.store.fixtures_outbound import ME, OTHER, OutboundHarness
from tests.store.fixtures_reconciler import ReconcilerHarness
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import GUARD, make_notifier
from trunkline.call_control.outbound import ScheduledCall
from trunkline.call_control.reschedule_call import CallReschedule, RescheduleCallService
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.responses import list_item, scheduled_answer
from trunkline.calls.states import State
from trunkline.calls.transitions import request_cancel
from trunkline.calls.value_objects import WaitsFor
from trunkline.core.errors import CallEnded, CallNotScheduled, InvalidRequest, NotFound
from trunkline.core.json_text import json_text
from trunkline.core.validation import validated
from trunkline.dialer.queue_reader import MAX_DUE_PER_LOOK, enqueue_due_calls
from trunkline.storage.keys.calls import call_event_key
from trunkline.storage.keys.item import TTL
from trunkline.storage.table import Table
from trunkline.tenants.repository import TenantRepository
from trunkline.trunks.repository import TrunkRepository

HOUR_MS = 3_600_000
SOON = "2023-11-14T22:18:20.000Z"


def iso(wall_ms: int) -> str:
    return datetime.fromtimestamp(wall_ms / 1000, UTC).isoformat()


def scheduled(outbound: OutboundHarness, in_ms: int = HOUR_MS, **more: Any) -> Call:
    body = {"agentId": outbound.agent.id, "phoneNumber": "+14155552671", "earliestAt": iso(NOW_MS + in_ms)}
    return outbound.service.create(ME, validated(ScheduledCall, body | more), source="schedule").call


def changed(outbound: OutboundHarness, call: Call, who: Any = ME, **wish: Any) -> Call:
    service = RescheduleCallService(
        outbound.calls, outbound.facts, make_notifier(outbound.wakeups, ManualClock()), ManualClock()
    )
    service.change(who, call.id, validated(CallReschedule, wish))
    return stored(outbound, call)


def stored(outbound: OutboundHarness, call: Call) -> Call:
    found = outbound.calls.load(call.id)
    assert found is not None
    return found


def test_a_scheduled_call_waits_outside_the_line(outbound: OutboundHarness) -> None:
    call = scheduled(outbound, 5 * 60_000, priority=2)
    assert (call.state, call.waits_for, call.due_ms) == (State.SCHEDULED, WaitsFor.SCHEDULE, NOW_MS + 300_000)
    assert call.expires_at_ms == NOW_MS + 300_000 + HOUR_MS
    assert (outbound.waiting(), outbound.wakeups.delays_s) == (0, [300])
    answer = scheduled_answer(call)
    assert (answer["data"]["status"], answer["data"]["earliestAt"]) == (
        "scheduled",
        "2023-11-14T22:18:20.000Z",
    )
    shown = outbound.reader.get(ME, call.id)
    assert (shown["status"], shown["data"]["status"], shown["queue_state"]) == (
        "scheduled",
        "scheduled",
        "scheduled",
    )
    assert shown["estimated_start"] == shown["earliest_at"] == "2023-11-14T22:18:20.000Z"
    assert [entry["status"] for entry in shown["timeline"]] == ["initiated", "scheduled"]
    assert list_item(call)["earliest_at"] == SOON


def test_its_time_puts_it_into_the_line_once_at_its_priority(outbound: OutboundHarness) -> None:
    call = scheduled(outbound, priority=1)
    assert enqueue_due_calls(outbound.calls, TRUNK.id, NOW_MS + HOUR_MS - 1, GUARD) == 0
    assert enqueue_due_calls(outbound.calls, TRUNK.id, NOW_MS + HOUR_MS, GUARD) == 1
    assert enqueue_due_calls(outbound.calls, TRUNK.id, NOW_MS + HOUR_MS, GUARD) == 0
    now = stored(outbound, call)
    assert (now.state, now.due_ms, now.waits_for, outbound.waiting()) == (State.QUEUED, None, None, 1)
    assert now.queue_position.startswith("tenant-1#01")
    assert [event["type"] for event in outbound.reader.events(ME, call.id)["data"]] == ["scheduled", "queued"]


def test_a_time_that_is_now_is_queued_at_once(outbound: OutboundHarness) -> None:
    call = scheduled(outbound, -59_000)
    assert (call.state, call.due_ms, outbound.waiting()) == (State.QUEUED, None, 1)
    assert outbound.wakeups.delays_s == [0]


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
def test_bad_times_are_refused_with_their_field(
    outbound: OutboundHarness, wrong: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        scheduled(outbound, **wrong)
    assert says in refused.value.message
    assert refused.value.field == next(iter(wrong))
    assert list(outbound.calls.waiting_ids(TRUNK.id)) == []


def test_a_window_that_opens_later_is_waited_for_too(outbound: OutboundHarness) -> None:
    """22:13 on a Tuesday in UTC; the number's own zones would be America's."""
    window = {"start": "09:00", "end": "10:00", "timezone": "UTC"}
    call = scheduled(outbound, 5 * 60_000, callingWindow=window)
    assert call.due_ms == NOW_MS - NOW_MS % (24 * HOUR_MS) + 33 * HOUR_MS
    assert (call.state, call.expires_at_ms) == (State.SCHEDULED, NOW_MS + 300_000 + 24 * HOUR_MS)
    with pytest.raises(InvalidRequest, match="opens only after latestAt"):
        scheduled(outbound, 5 * 60_000, callingWindow=window, latestAt=iso(NOW_MS + HOUR_MS))


def test_a_scheduled_call_is_changed_until_its_time_has_come(outbound: OutboundHarness) -> None:
    call = scheduled(outbound)
    later = changed(outbound, call, earliestAt=iso(NOW_MS + 2 * HOUR_MS), priority=0, metadata={"a": 1})
    assert (later.due_ms, later.expires_at_ms, later.priority) == (
        NOW_MS + 2 * HOUR_MS,
        NOW_MS + 3 * HOUR_MS,
        0,
    )
    assert enqueue_due_calls(outbound.calls, TRUNK.id, NOW_MS + HOUR_MS, GUARD) == 0
    sooner = changed(outbound, call, earliestAt=iso(NOW_MS + 60_000), latestAt=iso(NOW_MS + 120_000))
    assert (sooner.due_ms, sooner.expires_at_ms, sooner.metadata_json) == (
        NOW_MS + 60_000,
        NOW_MS + 120_000,
        json_text({"a": 1}),
    )
    assert outbound.wakeups.delays_s == [60], "an hour is too far ahead for a wake"
    version = sooner.version
    assert changed(outbound, call).version == version, "nothing changes nothing"
    with pytest.raises(NotFound):
        changed(outbound, call, OTHER, priority=1)
    with pytest.raises(InvalidRequest, match="latestAt"):
        changed(outbound, call, latestAt=iso(NOW_MS + 1000))
    assert enqueue_due_calls(outbound.calls, TRUNK.id, NOW_MS + 60_000, GUARD) == 1
    with pytest.raises(CallNotScheduled):
        changed(outbound, call, priority=1)
    outbound.calls.update(call.id, lambda now: request_cancel(now, NOW_MS), NOW_MS)
    with pytest.raises(CallEnded):
        changed(outbound, call, priority=1)


def test_what_belongs_to_a_call_that_is_put_off_is_kept_for_longer(
    outbound: OutboundHarness, table: Table
) -> None:
    TenantRepository(table).set(ME.tenant_id, {"retention_days": 30})
    call = scheduled(outbound)
    ttl = call.ttl
    later = changed(outbound, call, earliestAt=iso(NOW_MS + 200 * HOUR_MS))
    events = table.partition(call_event_key(call.id))
    assert {item.get(TTL) for item in events} == {later.ttl}
    assert ttl is not None
    assert later.ttl is not None
    assert later.ttl > ttl


def test_a_cancelled_one_never_enters_the_line(outbound: OutboundHarness) -> None:
    call = scheduled(outbound)
    after = outbound.calls.update(call.id, lambda now: request_cancel(now, NOW_MS), NOW_MS)
    assert after is not None
    assert (after.state, after.reason) == (State.CANCELLED, Reason.CANCELLED)
    assert enqueue_due_calls(outbound.calls, TRUNK.id, NOW_MS + 2 * HOUR_MS, GUARD) == 0
    assert outbound.waiting() == 0


def due(in_ms: int, number: int = 1, **more: Any) -> Call:
    """A call on the dialer's trunk that is scheduled."""
    wait = {"state": State.SCHEDULED, "due_ms": NOW_MS + in_ms, "waits_for": WaitsFor.SCHEDULE}
    return make_call(number, **wait, **more)


async def test_it_rings_at_its_time_and_not_before(dialer: DialerHarness) -> None:
    dialer.calls.create(due(300_000))
    await dialer.run().serve(WAKE)
    assert dialer.livekit.invites == []
    dialer.clock.move_s(300)
    await dialer.run("run-2").serve(WAKE)
    assert dialer.load().state is State.ACTIVE


async def test_more_than_a_look_for_one_moment_are_let_in_without_waiting(dialer: DialerHarness) -> None:
    count = MAX_DUE_PER_LOOK + 20
    for number in range(1, count + 1):
        dialer.calls.create(due(300_000, number))
    dialer.trunks.save(replace(TRUNK, cps=100))
    dialer.clock.move_s(300)
    began_s = asyncio.get_running_loop().time()
    await dialer.run().serve(WAKE)
    assert len(dialer.livekit.invites) == count
    assert asyncio.get_running_loop().time() - began_s < 30


async def looked_after(reconciler: ReconcilerHarness, table: Table) -> Counter[str]:
    trunk, repairs = TrunkRepository(table).state(TRUNK.id), Counter[str]()
    assert trunk is not None
    await reconciler.reconciler.reconcile([trunk], repairs)
    return repairs


async def test_the_reconciler_wakes_for_moments_that_were_too_far_ahead(table: Table) -> None:
    reconciler = ReconcilerHarness(table)
    for number, in_ms in enumerate((40_500, 40_100, 3 * HOUR_MS), 1):
        reconciler.calls.create(due(in_ms, number))
    await looked_after(reconciler, table)
    assert reconciler.wakeups.delays_s == [41], "one for a second, none for what is far ahead"
    reconciler.clock.move_s(41)
    assert (await looked_after(reconciler, table))["due_let_in"] == 2


async def test_one_whose_deadline_passed_is_expired_by_the_reconciler(table: Table) -> None:
    reconciler = ReconcilerHarness(table)
    reconciler.calls.create(due(10_000, expires_at_ms=NOW_MS + 20_000))
    reconciler.clock.move_s(30)
    await looked_after(reconciler, table)
    after = reconciler.calls.load(make_call().id)
    assert after is not None
    assert (after.state, after.reason) == (State.TIMEOUT, Reason.EXPIRED)
