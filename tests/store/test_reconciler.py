"""The reconciler: what it repairs, what it leaves alone, and what wins when both act."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest
from botocore.exceptions import ClientError
from livekit.protocol.models import ParticipantInfo

from tests.builders import NOW_MS, TRUNK, ManualClock, NothingPlayed, a_call
from tests.store.conftest import Wakes, a_nudge, at_once
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.calls.transitions import (
    answer_call,
    claim_call,
    record_intent,
    release_ownership,
    store_pending_ending,
)
from trunkline.calls.value_objects import Ending
from trunkline.core.logging import logger
from trunkline.dial_queue.lease import RUN_LEASE_MS, SKEW_MS, LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints
from trunkline.livekit.client import LiveKitUnavailable
from trunkline.reconciler.phone_calls import LOOK_UP_AFTER_MS, PhoneCallReconciler
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository

DEAD_RUN_S = (RUN_LEASE_MS + SKEW_MS) / 1000 + 1
DEAD_AFTER_MS = NOW_MS + 5_000


@dataclass
class LookUp:
    """LiveKit as the reconciler sees it; `during` happens while it is being asked."""

    status: str | None = None
    down: bool = False
    during: Callable[[], None] = lambda: None
    asked: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None:
        self.asked.append(room)
        self.during()
        if self.down:
            raise LiveKitUnavailable("down")
        if self.status is None:
            return None
        return ParticipantInfo(sid="PA_9", attributes={"sip.callStatus": self.status, "sip.callID": "SCL_9"})

    async def remove_callee(self, room: str, claim: int) -> None:
        self.removed.append(room)

    async def delete_room(self, room: str) -> None:
        self.deleted.append(room)


class Scene:
    """One trunk, one call, one reconciler."""

    def __init__(self, table: Table) -> None:
        self.clock = ManualClock()
        self.calls = CallRepository(table)
        self.lanes = LaneLeaseRepository(table, self.clock)
        self.wakes = Wakes()
        self.livekit = LookUp()
        trunks = TrunkRepository(table)
        trunks.create(TRUNK)
        trunks.grant(TRUNK.id, "tenant-1")
        self.reconciler = PhoneCallReconciler(
            calls=self.calls,
            lanes=self.lanes,
            line=DialQueue(table),
            census=QueueCheckpoints(table, DialQueue(table)),
            trunks=trunks,
            wakes=self.wakes,  # type: ignore[arg-type]
            nudge=a_nudge(self.wakes, self.clock),
            livekit=self.livekit,
            played=NothingPlayed(),
            clock=self.clock,
            offload=at_once,
            log=logger("test"),
        )
        self.line = DialQueue(table)

    async def walk(self) -> Counter[str]:
        repairs: Counter[str] = Counter()
        states = [self.reconciler.trunks.state(trunk_id) for trunk_id in self.reconciler.trunks.ids()]
        await self.reconciler.walk([state for state in states if state], repairs)
        return repairs

    def now(self) -> Call:
        call = self.calls.load(a_call().id)
        assert call is not None
        return call

    def accepted(self) -> Call:
        self.calls.accept(a_call())
        return self.now()

    def prepared(self) -> Call:
        self.lanes.keep_run_alive("run-1")
        call = self.accepted()
        return self.calls.change(call, claim_call(call, "run-1", f"call-{call.id}"), NOW_MS)

    def sent(self) -> Call:
        call = self.prepared()
        return self.calls.change(
            call, record_intent(call, NOW_MS, intent="i", dead_after_ms=DEAD_AFTER_MS), NOW_MS
        )

    def active(self) -> Call:
        call = self.sent()
        return self.calls.change(call, answer_call(call, NOW_MS), NOW_MS)


@pytest.fixture
def scene(table: Table) -> Scene:
    return Scene(table)


async def test_a_line_without_a_lane_is_woken(scene: Scene) -> None:
    scene.accepted()
    assert await scene.walk() == {"line_woken": 1}
    assert scene.wakes.sent == [DialWakeup(TRUNK.id)]


async def test_a_line_that_is_served_and_an_empty_one_are_left_alone(scene: Scene) -> None:
    assert await scene.walk() == {}
    scene.accepted()
    scene.lanes.take(TRUNK.id, "run-1")
    assert await scene.walk() == {}


async def test_a_prepared_claim_goes_back_when_its_run_is_dead_and_not_before(scene: Scene) -> None:
    scene.prepared()
    assert await scene.walk() == {}
    scene.clock.move_s(DEAD_RUN_S)
    assert await scene.walk() == {"claim_returned": 1, "line_woken": 1}
    assert (scene.now().state, scene.now().phase) == (State.QUEUED, None)
    assert scene.livekit.deleted == [f"call-{a_call().id}"]


async def test_a_sent_dial_is_looked_up_only_when_its_token_is_surely_dead(scene: Scene) -> None:
    scene.sent()
    scene.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_AFTER_MS - 1
    assert await scene.walk() == {}
    assert scene.livekit.asked == []
    scene.clock.now_ms += 1
    assert await scene.walk() == {"dial_unknown": 1}
    assert (scene.now().state, scene.now().reason) == (State.FAILED, Reason.DIAL_UNKNOWN)


async def test_a_dial_whose_run_lives_is_its_runs_business(scene: Scene) -> None:
    scene.sent()
    scene.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_AFTER_MS
    scene.lanes.keep_run_alive("run-1")
    assert await scene.walk() == {}


async def test_a_dial_that_was_answered_after_its_dialer_died_is_adopted(scene: Scene) -> None:
    scene.sent()
    scene.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_AFTER_MS
    scene.livekit.status = "active"
    assert await scene.walk() == {"adopted": 1}
    assert (scene.now().state, scene.now().sip_participant_id) == (State.ACTIVE, "PA_9")


async def test_a_leg_that_still_rings_is_left_ringing(scene: Scene) -> None:
    scene.sent()
    scene.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_AFTER_MS
    scene.livekit.status = "ringing"
    assert await scene.walk() == {}
    assert scene.now().state is State.CONNECTING


async def test_a_look_up_that_fails_decides_nothing(scene: Scene) -> None:
    scene.sent()
    scene.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_AFTER_MS
    scene.livekit.down = True
    assert await scene.walk() == {}
    assert scene.now().state is State.CONNECTING


async def test_what_happened_during_the_look_up_wins(scene: Scene) -> None:
    call = scene.calls.change(scene.sent(), release_ownership(scene.now()), NOW_MS)
    scene.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_AFTER_MS
    scene.livekit.during = lambda: (scene.calls.change(call, answer_call(call, NOW_MS), NOW_MS), None)[1]
    assert await scene.walk() == {}
    assert scene.now().state is State.ACTIVE


async def test_a_kept_end_is_applied_when_its_run_is_dead(scene: Scene) -> None:
    call = scene.sent()
    scene.calls.change(call, store_pending_ending(call, Ending(State.COMPLETED, Reason.USER_HANGUP)), NOW_MS)
    assert await scene.walk() == {}
    scene.clock.move_s(DEAD_RUN_S)
    assert await scene.walk() == {"kept_ending_applied": 1}
    assert scene.now().state is State.COMPLETED


async def test_an_active_call_that_livekit_no_longer_knows_is_ended(scene: Scene) -> None:
    scene.active()
    assert await scene.walk() == {}, "one that was just answered is left to the webhooks"
    scene.clock.move_s(31)
    scene.livekit.status = "active"
    assert await scene.walk() == {}
    scene.livekit.status = None
    assert await scene.walk() == {"end_found": 1}
    assert (scene.now().state, scene.now().reason) == (State.COMPLETED, Reason.END_NOT_REPORTED)


async def test_a_waiting_call_past_its_deadline_is_ended_and_leaves_the_line(scene: Scene) -> None:
    scene.accepted()
    scene.clock.move_s(3601)
    assert await scene.walk() == {"expired": 1}
    assert (scene.now().state, scene.now().reason) == (State.TIMEOUT, Reason.EXPIRED)
    assert scene.line.head(TRUNK.id, "tenant-1", 5) == []


async def test_a_second_pass_repairs_nothing_more(scene: Scene) -> None:
    scene.accepted()
    scene.clock.move_s(3601)
    await scene.walk()
    assert await scene.walk() == {}


async def test_one_trunks_trouble_does_not_keep_another_from_its_repairs(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Scene(table)
    scene.accepted()
    trunks = scene.reconciler.trunks
    trunks.create(replace(TRUNK, id="trunk_0", sip_trunk_id="ST_0"))
    busy = scene.reconciler.calls.busy_call_ids

    def sometimes(trunk_id: str) -> Iterator[str]:
        if trunk_id == "trunk_0":
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "Query")
        return busy(trunk_id)

    monkeypatch.setattr(scene.reconciler.calls, "busy_call_ids", sometimes)
    assert await scene.walk() == {"line_woken": 1}
