"""Test calls in a lane run of their own: the whole life, without LiveKit."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from functions.test_dialer.bootstrap import build_player
from tests.store.fixtures_dialer import QUICK
from tests.support.builders import SNAPSHOT, make_agent, make_call
from tests.support.clocks import NOW_MS, ManualClock, VirtualClock
from tests.support.stubs import RecordedWakeups, make_notifier, run_inline
from trunkline.agents.repository import AgentRepository
from trunkline.calls.calling_policy import RedialPolicy, RetryOn
from trunkline.calls.models import Call
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.transitions import request_cancel
from trunkline.calls.value_objects import Channel, WaitsFor
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core.logging import logger
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup
from trunkline.dial_queue.pacing import Timing
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.start_history import StartHistory
from trunkline.dialer.context import DialerContext
from trunkline.dialer.dial_metrics import DialMetrics
from trunkline.dialer.lane_run import LaneRun, StopReason
from trunkline.simulator.livekit import SimulatedLiveKit
from trunkline.storage.table import Table
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.test_trunk import TestTrunks, make_test_trunk

LANE = make_test_trunk("tenant-1").id
FAST = 25.0


class SimulationHarness:
    def __init__(self, table: Table) -> None:
        self.table, self.clock, self.wakes = table, VirtualClock(), RecordedWakeups()
        self.calls, self.trunks = CallRepository(table), TrunkRepository(table)
        TestTrunks(self.trunks).get_or_create("tenant-1")
        AgentRepository(table).save(make_agent())
        self.simulation = build_player(table, make_notifier(self.wakes, self.clock), self.clock)

    def accept(self, number: str, **changes: Any) -> Call:
        place = QueuePosition("tenant-1", 5, False, NOW_MS * 1000, make_call().id)
        values: dict[str, Any] = {"livemode": False, "trunk_id": LANE, "phone_number": number, "speed": FAST}
        call = make_call(**(values | {"queue_position": place.key} | changes))
        self.calls.create(call)
        return call

    async def serve(self) -> StopReason | None:
        context = DialerContext(
            run_id="run-1",
            starts=StartHistory(),
            metrics=DialMetrics(self.clock),
            timing=Timing(),
            calls=self.calls,
            livekit=SimulatedLiveKit(self.calls, self.clock, run_inline),
            sign_dial_token=lambda _: "",
            notifier=make_notifier(self.wakes, self.clock),
            compliance=CompliancePolicy(self.table, self.clock),
            clock=self.clock,
            offload=run_inline,
            log=logger("test"),
        )
        run = LaneRun(
            context=context,
            lanes=LaneLeaseRepository(self.table, self.clock),
            queue=DialQueue(self.table),
            trunks=self.trunks,
            limits=QUICK,
            simulation=self.simulation,
        )
        return await run.serve(DialWakeup(LANE))

    async def simulate(self, number: str, **changes: Any) -> Call:
        call = self.accept(number, **changes)
        await self.serve()
        return self.now(call)

    async def until(self, call: Call, state: State) -> None:
        while self.now(call).state is not state:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.02)

    def now(self, call: Call) -> Call:
        found = self.calls.load(call.id)
        assert found is not None
        return found


@pytest.fixture
async def simulation(table: Table) -> SimulationHarness:
    return SimulationHarness(table)


@pytest.mark.parametrize(
    ("number", "state", "reason", "sip"),
    [
        ("+15550100001", State.COMPLETED, Reason.USER_HANGUP, None),
        ("+15550100002", State.FAILED, Reason.DIAL_BUSY, 486),
        ("+15550100003", State.FAILED, Reason.DIAL_NO_ANSWER, None),
        ("+15550100004", State.FAILED, Reason.TRUNK_UNAVAILABLE, 503),
        ("+15550100005", State.FAILED, Reason.USER_DECLINED, 603),
        ("+15550100008", State.FAILED, Reason.INVALID_DESTINATION, 404),
        ("+15550100010", State.DISCONNECTED, Reason.AUDIO_LOST, None),
        ("+15550100012", State.FAILED, Reason.TRUNK_REJECTED, 403),
        ("+15550100013", State.COMPLETED, Reason.USER_HANGUP, None),
        ("+15550100014", State.COMPLETED, Reason.VOICEMAIL_REACHED, None),
        ("+15550100016", State.FAILED, Reason.AGENT_UNAVAILABLE, None),
        ("+15550100017", State.FAILED, Reason.AGENT_UNAVAILABLE, None),
        ("+15550100018", State.DISCONNECTED, Reason.AUDIO_LOST, None),
        ("+15550100020", State.FAILED, Reason.BLOCKED_BY_CARRIER, 603),
        ("+15550100021", State.FAILED, Reason.TRUNK_REJECTED, 403),
        ("+15550100022", State.FAILED, Reason.MEDIA_FAILED, None),
        ("+15550100023", State.FAILED, Reason.TRUNK_UNREACHABLE, None),
        ("+15550100024", State.FAILED, Reason.TRUNK_AUTH_FAILED, None),
    ],
)
async def test_a_number_says_what_becomes_of_its_call(
    simulation: SimulationHarness, number: str, state: State, reason: Reason, sip: int | None
) -> None:
    call = await simulation.simulate(number)
    assert (call.state, call.reason, call.sip_status_code) == (state, reason, sip)


async def test_a_slow_agent_comes_before_the_phone_rings(simulation: SimulationHarness) -> None:
    patient = replace(SNAPSHOT, agent_join_timeout_s=20)
    call = await simulation.simulate("+15550100016", agent=patient)
    assert call.state is State.COMPLETED
    waited_ms = (call.connecting_at_ms or 0) - call.created_at_ms
    assert waited_ms >= 6000 / FAST - 1


@pytest.mark.parametrize(("ring_timeout_s", "reason"), [(31, "dial_no_answer"), (45, "trunk_no_response")])
async def test_a_carrier_that_never_responds_is_told_from_no_answer_after_32_s(
    simulation: SimulationHarness, ring_timeout_s: int, reason: str
) -> None:
    call = await simulation.simulate("+15550100006", agent=replace(SNAPSHOT, ring_timeout_s=ring_timeout_s))
    assert call.reason == reason


async def test_a_full_trunk_takes_the_call_at_the_next_try(simulation: SimulationHarness) -> None:
    call = await simulation.simulate("+15550100015")
    assert (call.waits_for, call.sip_status_code) == (WaitsFor.CARRIER, 503)
    await asyncio.sleep(1 / FAST)
    await simulation.serve()
    call = simulation.now(call)
    assert (call.state, call.claim, call.sip_status_code) == (State.COMPLETED, 2, None)
    assert call.attempts[-1].number == 1, "a refused pace spends no attempt"


async def test_a_long_talk_has_its_whole_transcript(simulation: SimulationHarness) -> None:
    call = await simulation.simulate("+15550100019")
    assert call.state is State.COMPLETED
    turns = TranscriptRepository(simulation.table).read(call.id).turns
    assert [turn.sequence for turn in turns] == list(range(1, 401))


async def test_its_story_has_ids_of_the_right_form(simulation: SimulationHarness) -> None:
    call = await simulation.simulate("+15550100001")
    ids = (call.dispatch_id, call.agent_job_id, call.sip_participant_id, call.sip_call_id)
    assert [str(sid).partition("_")[0] for sid in ids] == ["AD", "AJ", "PA", "SCL"]
    assert (call.answering_machine, call.summary) == ("human", "The agent said hello.")
    story = simulation.calls.load_with_events(call.id)
    assert story is not None
    assert [event.type for event in story[1]] == [
        "queued",
        "connecting",
        "active",
        "answering_machine",
        "summary",
        "completed",
    ]


async def test_a_redial_waits_its_interval_at_the_calls_speed(simulation: SimulationHarness) -> None:
    policy = RedialPolicy(max_attempts=2, retry_on=(RetryOn.BUSY,), intervals_s=(10,))
    call = simulation.accept("+15550100002", redial=policy)
    await simulation.serve()
    waiting = simulation.now(call)
    assert (waiting.state, len(waiting.attempts)) == (State.QUEUED, 1)
    assert (waiting.due_ms or 0) - NOW_MS < 10_000 / FAST + 2000
    await asyncio.sleep(10 / FAST + 0.1)
    await simulation.serve()
    assert (simulation.now(call).reason, len(simulation.now(call).attempts)) == (Reason.DIAL_BUSY, 2)


async def test_a_person_joins_by_web_and_talks(simulation: SimulationHarness) -> None:
    web = {"channel": Channel.WEB, "state": State.PENDING, "claim": 1, "room_name": f"call-{make_call().id}"}
    call = await simulation.simulate("", **web)
    assert (call.state, call.reason) == (State.COMPLETED, Reason.USER_HANGUP)
    assert len(TranscriptRepository(simulation.table).read(call.id).turns) == 2


async def test_a_web_calls_agent_may_never_come(simulation: SimulationHarness) -> None:
    web = {"channel": Channel.WEB, "state": State.PENDING, "claim": 1, "room_name": f"call-{make_call().id}"}
    call = await simulation.simulate("+15550100017", **web)
    assert (call.state, call.reason) == (State.FAILED, Reason.AGENT_UNAVAILABLE)


async def test_a_cancel_hangs_up_what_rings_and_what_talks(simulation: SimulationHarness) -> None:
    for number, before in (("+15550100003", State.CONNECTING), ("+15550100011", State.ACTIVE)):
        call_id = f"00000000-0000-4000-8000-{int(number[-2:]):012d}"
        place = QueuePosition("tenant-1", 5, False, NOW_MS * 1000, call_id).key
        call = simulation.accept(number, id=call_id, queue_position=place, speed=1.0)
        running = asyncio.create_task(simulation.serve())
        await simulation.until(call, before)
        simulation.calls.update(call.id, lambda now: request_cancel(now, NOW_MS), NOW_MS)
        await running
        ended = simulation.now(call)
        expected = State.CANCELLED if before is State.CONNECTING else State.COMPLETED
        assert ended.state is expected


async def test_a_run_leaves_a_long_talk_and_is_woken_for_its_end(simulation: SimulationHarness) -> None:
    call = simulation.accept("+15550100011", speed=1.0, agent=replace(SNAPSHOT, max_call_duration_s=600))
    assert await simulation.serve() is StopReason.EMPTY
    assert simulation.now(call).state is State.ACTIVE
    assert 500 < simulation.wakes.delays_s[-1] <= 600


async def test_another_run_goes_on_where_one_died(table: Table) -> None:
    """Whoever plays next does what is due, and nothing twice."""
    clock, calls = ManualClock(), CallRepository(table)
    wakes = RecordedWakeups()
    values: dict[str, Any] = {"state": State.ACTIVE, "answered_at_ms": NOW_MS, "phase": "settled", "claim": 1}
    calls.create(make_call(livemode=False, trunk_id=LANE, phone_number="+15550100001", **values))
    for _ in range(3):
        clock.move_s(1.3)
        build_player(table, make_notifier(wakes, clock), clock).advance(LANE)
    call = calls.load(make_call().id)
    assert call is not None
    assert (call.state, call.reason) == (State.COMPLETED, Reason.USER_HANGUP)
    assert len(TranscriptRepository(table).read(call.id).turns) == 2
    assert build_player(table, make_notifier(wakes, clock), clock).advance(LANE) is None
