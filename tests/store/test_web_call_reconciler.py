"""Web calls that nobody joined, whose agent did not come, that last too long or that LiveKit forgot."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from tests.store.fixtures_dialer import WAKE
from tests.support.builders import SNAPSHOT, TRUNK, make_web_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import GUARD, RecordedWakeups
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.calls.transitions import request_cancel
from trunkline.core.logging import logger
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.reconciler.call_repair import CallRepairFrame
from trunkline.reconciler.web_calls import WebCallReconciler
from trunkline.storage.table import Table


class Rooms:
    """LiveKit, as far as it is asked."""

    def __init__(self) -> None:
        self.caller_in, self.down = True, False
        self.agent: str | None = None
        self.closed: list[str] = []
        self.closes = True

    async def caller_is_in(self, room: str) -> bool:
        if self.down:
            raise LiveKitUnavailable("down")
        return self.caller_in

    async def agent_in_room(self, room: str) -> str | None:
        return self.agent

    async def delete_room(self, room: str) -> None:
        if not self.closes:
            raise LiveKitUnavailable("unavailable (503)", code="unavailable")
        self.closed.append(room)


class WebCallHarness:
    def __init__(self, table: Table) -> None:
        self.calls, self.clock, self.rooms = CallRepository(table), ManualClock(), Rooms()
        self.wakeups, self.checks = RecordedWakeups(), list[tuple[str, int]]()
        notifier = LaneNotifier(self.wakeups, self.clock, logger("test"), lambda _: [TRUNK.id])  # type: ignore[arg-type]
        frame = CallRepairFrame(
            self.calls,
            notifier,
            self.clock,
            self._at_once,
            logger("test"),
            lambda *check: self.checks.append(check),
        )
        self.reconciler = WebCallReconciler(frame, self._rooms, GUARD)

    async def _rooms(self, _: Call) -> Rooms:
        return self.rooms

    @staticmethod
    async def _at_once(work: Any, *args: Any) -> Any:
        return work(*args)

    async def after(self, seconds: float, **changes: Any) -> tuple[Call, Counter[str]]:
        """The call after the reconciler's pass so many seconds later."""
        call = make_web_call(**({"room_name": "room", "expires_at_ms": NOW_MS + 900_000} | changes))
        self.calls.create(call)
        self.clock.move_s(seconds)
        repairs: Counter[str] = Counter()
        await self.reconciler.reconcile(repairs)
        found = self.calls.load(call.id)
        assert found is not None
        return found, repairs


TALKING = {"state": State.ACTIVE, "caller_joined_at_ms": NOW_MS, "answered_at_ms": NOW_MS}
WAITING = {"state": State.CONNECTING, "caller_joined_at_ms": NOW_MS}


@pytest.fixture
def reconciler(table: Table) -> WebCallHarness:
    return WebCallHarness(table)


@pytest.mark.parametrize(
    ("changes", "seconds", "state", "reason"),
    [
        ({}, 899, State.PENDING, None),
        ({}, 901, State.TIMEOUT, Reason.NOT_JOINED),
        (WAITING, SNAPSHOT.agent_join_timeout_s - 1, State.CONNECTING, None),
        (WAITING, SNAPSHOT.agent_join_timeout_s + 1, State.FAILED, Reason.AGENT_UNAVAILABLE),
        (TALKING, 60, State.ACTIVE, None),
        (TALKING, SNAPSHOT.max_call_duration_s + 1, State.COMPLETED, Reason.MAX_DURATION_REACHED),
        (TALKING | {"agent_left_at_ms": NOW_MS}, 9, State.ACTIVE, None),
        (TALKING | {"agent_left_at_ms": NOW_MS}, 10, State.COMPLETED, Reason.AGENT_HANGUP),
        (TALKING | {"redispatched_at_ms": NOW_MS}, 60, State.DISCONNECTED, Reason.AGENT_LOST),
    ],
)
async def test_each_is_repaired_in_its_time_and_not_before(
    reconciler: WebCallHarness, changes: dict[str, Any], seconds: float, state: State, reason: Reason | None
) -> None:
    call, repairs = await reconciler.after(seconds, **changes)
    assert (call.state, call.reason) == (state, reason)
    assert repairs == ({f"web_{reason}": 1} if reason else {})
    assert reconciler.rooms.closed == (["room"] if reason else [])


async def test_a_person_whom_livekit_no_longer_knows_has_left(reconciler: WebCallHarness) -> None:
    reconciler.rooms.caller_in = False
    call, _ = await reconciler.after(29, **TALKING)
    assert call.state is State.ACTIVE, "the webhooks are given time"
    reconciler.clock.move_s(2)
    await reconciler.reconciler.reconcile(Counter())
    found = reconciler.calls.load(call.id)
    assert found is not None
    assert (found.state, found.reason) == (State.COMPLETED, Reason.END_NOT_REPORTED)


async def test_a_livekit_that_does_not_answer_ends_nothing(reconciler: WebCallHarness) -> None:
    reconciler.rooms.down = True
    call, repairs = await reconciler.after(60, **TALKING)
    assert (call.state, repairs) == (State.ACTIVE, {})


@pytest.mark.parametrize(("left_s", "checked"), [(76, False), (75, True), (1, True)])
async def test_a_talk_whose_limit_is_near_is_looked_at_when_it_is_reached(
    reconciler: WebCallHarness, left_s: int, *, checked: bool
) -> None:
    limit_s = SNAPSHOT.max_call_duration_s
    call, repairs = await reconciler.after(limit_s - left_s, **TALKING)
    assert (call.state, repairs) == (State.ACTIVE, {})
    assert reconciler.checks == ([(call.id, NOW_MS + limit_s * 1000)] if checked else [])


async def test_it_is_cut_at_the_very_second_of_its_limit(reconciler: WebCallHarness) -> None:
    call, _ = await reconciler.after(SNAPSHOT.max_call_duration_s, **TALKING)
    assert (call.reason, call.duration_s) == (Reason.MAX_DURATION_REACHED, SNAPSHOT.max_call_duration_s)
    assert reconciler.rooms.closed == ["room"]


async def test_a_repaired_web_call_gives_its_slot_of_the_total_back_and_wakes_the_tenants_trunks(
    reconciler: WebCallHarness,
) -> None:
    call = make_web_call(**TALKING, room_name="room", slots=("tenant/tenant-1/live",))
    reconciler.calls.create(call, limits={"tenant/tenant-1/live": 1})
    reconciler.clock.move_s(SNAPSHOT.max_call_duration_s)
    assert await reconciler.reconciler.repair(call.id) == "web_max_duration_reached"
    assert reconciler.wakeups.sent == [WAKE], "free first, then wake"


@pytest.mark.parametrize("cancelled", [True, False], ids=["cancelled", "limit"])
async def test_a_room_that_livekit_did_not_close_is_closed_when_it_answers_again(
    reconciler: WebCallHarness, *, cancelled: bool
) -> None:
    reconciler.rooms.closes = False
    call, _ = await reconciler.after(60 if cancelled else SNAPSHOT.max_call_duration_s, **TALKING)
    if cancelled:
        reconciler.calls.update(call.id, lambda now: request_cancel(now, NOW_MS), NOW_MS)
    for _ in range(2):
        assert await reconciler.reconciler.repair(call.id) is None, "LiveKit does not answer"
    reconciler.rooms.closes, repairs = True, Counter[str]()
    await reconciler.reconciler.reconcile(repairs)
    assert (repairs, reconciler.rooms.closed) == ({"web_room_closed": 1}, ["room"])
    await reconciler.reconciler.reconcile(repairs)
    assert reconciler.rooms.closed == ["room"]


async def test_a_room_is_left_alone_after_a_day(reconciler: WebCallHarness) -> None:
    reconciler.rooms.closes = False
    call, _ = await reconciler.after(SNAPSHOT.max_call_duration_s, **TALKING)
    reconciler.clock.move_s(24 * 3600 - 1)
    assert await reconciler.reconciler.repair(call.id) is None
    reconciler.clock.move_s(1)
    assert await reconciler.reconciler.repair(call.id) == "web_room_closed"
    assert await reconciler.reconciler.repair(call.id) is None


async def test_a_call_that_was_cancelled_before_anybody_joined_has_no_room_to_close(
    reconciler: WebCallHarness,
) -> None:
    call, _ = await reconciler.after(60)
    reconciler.calls.update(call.id, lambda now: request_cancel(now, NOW_MS), NOW_MS)
    await reconciler.reconciler.reconcile(Counter())
    assert reconciler.rooms.closed == []
