"""The reconciler: what it repairs, what it leaves alone, and what wins when both act."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from tests.store.fixtures_reconciler import DEAD_AFTER_MS, DEAD_RUN_S, ReconcilerHarness
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import answer_call, release_ownership, store_pending_ending
from trunkline.calls.value_objects import Ending
from trunkline.dial_queue.messages import DialWakeup
from trunkline.reconciler.overdue import LOOK_UP_DELAY_MS
from trunkline.storage.table import Table


async def test_a_line_without_a_lane_is_woken(reconciler: ReconcilerHarness) -> None:
    reconciler.accepted()
    assert await reconciler.reconcile() == {"line_woken": 1}
    assert reconciler.wakeups.sent == [DialWakeup(TRUNK.id)]


async def test_a_line_that_is_served_and_an_empty_one_are_left_alone(reconciler: ReconcilerHarness) -> None:
    assert await reconciler.reconcile() == {}
    reconciler.accepted()
    reconciler.lanes.take(TRUNK.id, "run-1")
    assert await reconciler.reconcile() == {}


async def test_a_prepared_claim_goes_back_when_its_run_is_dead_and_not_before(
    reconciler: ReconcilerHarness,
) -> None:
    reconciler.prepared()
    assert await reconciler.reconcile() == {}
    reconciler.clock.move_s(DEAD_RUN_S)
    assert await reconciler.reconcile() == {"claim_returned": 1, "line_woken": 1}
    assert (reconciler.now().state, reconciler.now().phase) == (State.QUEUED, None)
    assert reconciler.livekit.deleted == [f"call-{make_call().id}"]


async def test_a_sent_dial_is_looked_up_only_when_its_token_is_surely_dead(
    reconciler: ReconcilerHarness,
) -> None:
    reconciler.sent()
    reconciler.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_DELAY_MS - 1
    assert await reconciler.reconcile() == {}
    assert reconciler.livekit.asked == []
    reconciler.clock.now_ms += 1
    assert await reconciler.reconcile() == {"dial_unknown": 1}
    assert (reconciler.now().state, reconciler.now().reason) == (State.FAILED, Reason.DIAL_UNKNOWN)


async def test_a_dial_whose_run_lives_is_its_runs_business(reconciler: ReconcilerHarness) -> None:
    reconciler.sent()
    reconciler.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_DELAY_MS
    reconciler.lanes.renew_run("run-1")
    assert await reconciler.reconcile() == {}


async def test_a_dial_that_was_answered_after_its_dialer_died_is_adopted(
    reconciler: ReconcilerHarness,
) -> None:
    reconciler.sent()
    reconciler.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_DELAY_MS
    reconciler.livekit.status = "active"
    assert await reconciler.reconcile() == {"adopted": 1}
    assert (reconciler.now().state, reconciler.now().sip_participant_id) == (State.ACTIVE, "PA_9")


async def test_a_leg_that_still_rings_is_left_ringing(reconciler: ReconcilerHarness) -> None:
    reconciler.sent()
    reconciler.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_DELAY_MS
    reconciler.livekit.status = "ringing"
    assert await reconciler.reconcile() == {}
    assert reconciler.now().state is State.CONNECTING


async def test_a_look_up_that_fails_decides_nothing(reconciler: ReconcilerHarness) -> None:
    reconciler.sent()
    reconciler.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_DELAY_MS
    reconciler.livekit.down = True
    assert await reconciler.reconcile() == {}
    assert reconciler.now().state is State.CONNECTING


async def test_what_happened_during_the_look_up_wins(reconciler: ReconcilerHarness) -> None:
    call = reconciler.calls.apply(reconciler.sent(), release_ownership(reconciler.now()), NOW_MS)
    reconciler.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_DELAY_MS
    reconciler.livekit.during = lambda: (
        reconciler.calls.apply(call, answer_call(call, NOW_MS), NOW_MS),
        None,
    )[1]
    assert await reconciler.reconcile() == {}
    assert reconciler.now().state is State.ACTIVE


async def test_a_kept_end_is_applied_when_its_run_is_dead(reconciler: ReconcilerHarness) -> None:
    call = reconciler.sent()
    reconciler.calls.apply(
        call, store_pending_ending(call, Ending(State.COMPLETED, Reason.USER_HANGUP)), NOW_MS
    )
    assert await reconciler.reconcile() == {}
    reconciler.clock.move_s(DEAD_RUN_S)
    assert await reconciler.reconcile() == {"kept_ending_applied": 1}
    assert reconciler.now().state is State.COMPLETED


async def test_an_active_call_that_livekit_no_longer_knows_is_ended(reconciler: ReconcilerHarness) -> None:
    reconciler.active()
    assert await reconciler.reconcile() == {}, "one that was just answered is left to the webhooks"
    reconciler.clock.move_s(31)
    reconciler.livekit.status = "active"
    assert await reconciler.reconcile() == {}
    reconciler.livekit.status = None
    assert await reconciler.reconcile() == {"end_found": 1}
    call = reconciler.now()
    assert (call.state, call.reason) == (State.DISCONNECTED, Reason.CONNECTION_LOST)
    assert call.duration_s is None, "nobody knows when it ended"


async def test_a_waiting_call_past_its_deadline_is_ended_and_leaves_the_line(
    reconciler: ReconcilerHarness,
) -> None:
    reconciler.accepted()
    reconciler.clock.move_s(3601)
    assert await reconciler.reconcile() == {"expired": 1}
    assert (reconciler.now().state, reconciler.now().reason) == (State.TIMEOUT, Reason.EXPIRED)
    assert reconciler.line.peek(TRUNK.id, "tenant-1", 5) == []


async def test_a_second_pass_repairs_nothing_more(reconciler: ReconcilerHarness) -> None:
    reconciler.accepted()
    reconciler.clock.move_s(3601)
    await reconciler.reconcile()
    assert await reconciler.reconcile() == {}


async def test_one_trunks_trouble_does_not_keep_another_from_its_repairs(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconciler = ReconcilerHarness(table)
    reconciler.accepted()
    trunks = reconciler.reconciler.trunks
    trunks.create(replace(TRUNK, id="trunk_0", sip_trunk_id="ST_0"))
    busy = reconciler.reconciler.calls.in_progress_ids

    def sometimes(trunk_id: str) -> Iterator[str]:
        if trunk_id == "trunk_0":
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "Query")
        return busy(trunk_id)

    monkeypatch.setattr(reconciler.reconciler.calls, "in_progress_ids", sometimes)
    assert await reconciler.reconcile() == {"line_woken": 1}


async def test_a_repair_is_found_by_the_ids_of_its_call(
    reconciler: ReconcilerHarness, caplog: pytest.LogCaptureFixture
) -> None:
    call = reconciler.prepared()
    reconciler.clock.move_s(DEAD_RUN_S)
    await reconciler.reconcile()
    found = [vars(record) for record in caplog.records if record.message == "repaired"]
    assert [(line["call_id"], line["trace_id"], line["tenant_id"]) for line in found] == [
        (call.id, call.trace_id, call.tenant_id)
    ]
