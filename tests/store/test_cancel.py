"""Cancelling, in every state: a cancelled call never rings later, a ringing one is hung up (rule 14)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.builders import NOW_MS, SNAPSHOT, TRUNK, a_call
from tests.store.conftest import Bench, a_nudge
from tests.store.test_reconciler import DEAD_AFTER_MS, Scene
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.call_control.cancel_call import CancelCallService
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.core.errors import NotFound
from trunkline.dial_queue.messages import DialWakeup
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.reconciler.phone_calls import LOOK_UP_AFTER_MS
from trunkline.storage.table import Table

ME = Principal("tenant-1", True, frozenset(Scope))
WAKE = DialWakeup(TRUNK.id)


def desk(bench: Bench, hung_up: list[str] | None = None) -> CancelCallService:
    return CancelCallService(
        bench.calls,
        a_nudge(bench.wakes, bench.clock),
        bench.clock,
        lambda call: (hung_up or []).append(call.id),
    )


def desk_of(scene: Scene) -> CancelCallService:
    return CancelCallService(scene.calls, a_nudge(scene.wakes, scene.clock), scene.clock, lambda _: None)


def load(bench: Bench) -> Call:
    call = bench.calls.load(a_call().id)
    assert call is not None
    return call


async def test_a_waiting_call_ends_at_once_and_is_never_dialled(bench: Bench) -> None:
    bench.calls.accept(a_call())
    hung_up: list[str] = []
    desk(bench, hung_up).cancel(ME, a_call().id)
    assert (load(bench).state, load(bench).reason) == (State.CANCELLED, Reason.CANCELLED)
    assert bench.line.head(TRUNK.id, "tenant-1", 5) == []
    await bench.run().serve(WAKE)
    assert bench.livekit.invites == []
    assert hung_up == []


async def test_a_call_whose_agent_is_on_its_way_ends_at_once_and_the_agent_goes_home(bench: Bench) -> None:
    bench.livekit.agent_joins = False
    bench.calls.accept(a_call())
    run = asyncio.create_task(bench.run().serve(WAKE))
    await asyncio.sleep(0.15)
    desk(bench).cancel(ME, a_call().id)
    assert load(bench).state is State.CANCELLED
    bench.livekit.agent_joins = True
    await run
    assert bench.livekit.invites == []
    assert bench.livekit.deleted_rooms == [f"call-{a_call().id}"]


async def test_a_ringing_call_is_hung_up_by_its_run_until_the_leg_is_settled(bench: Bench) -> None:
    async def ring_until_removed(call: Call, *_: object) -> DialAnswer:
        bench.livekit.invites.append((0.0, call))
        await bench.livekit.hung_up.wait()
        return DialAnswer(DialResult(DialResultKind.FAILED, Reason.DIAL_NO_ANSWER))

    async def dial(call: Call, sip_trunk_id: str, token: str, gate: object) -> DialAnswer:
        await gate()  # type: ignore[operator]
        return await ring_until_removed(call)

    bench.livekit.dial = dial  # type: ignore[method-assign]
    bench.calls.accept(a_call())
    run = asyncio.create_task(bench.run().serve(WAKE))
    while not bench.livekit.invites:  # noqa: ASYNC110 - the INVITE is waited for
        await asyncio.sleep(0.01)
    desk(bench).cancel(ME, a_call().id)
    desk(bench).cancel(ME, a_call().id)
    assert load(bench).state is State.CONNECTING
    await run
    assert (load(bench).state, load(bench).reason) == (State.CANCELLED, Reason.CANCELLED)
    assert (f"call-{a_call().id}", 1) in bench.livekit.removed
    assert bench.calls.cancels(TRUNK.id) == set()


async def test_a_callee_who_picks_up_after_the_cancel_is_hung_up(bench: Bench) -> None:
    def cancel_then_answer(call: Call) -> DialAnswer:
        desk(bench).cancel(ME, call.id)
        return DialAnswer(DialResult(DialResultKind.ANSWERED), "PA_1", "SCL_1")

    bench.livekit.answer = cancel_then_answer
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    assert load(bench).state is State.CANCELLED
    assert bench.livekit.removed == [(f"call-{a_call().id}", 1)]


async def test_a_refused_pace_does_not_bring_a_cancelled_call_back(bench: Bench) -> None:
    def cancel_then_refuse(call: Call) -> DialAnswer:
        desk(bench).cancel(ME, call.id)
        return DialAnswer(DialResult(DialResultKind.TOO_FAST, Reason.TRUNK_REJECTED, 503))

    bench.livekit.answer = cancel_then_refuse
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    assert load(bench).state is State.CANCELLED
    assert len(bench.livekit.invites) == 1
    assert bench.line.head(TRUNK.id, "tenant-1", 5) == []


async def test_an_active_call_is_asked_to_hang_up_and_ends_as_asked(bench: Bench) -> None:
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    hung_up: list[str] = [""]
    desk(bench, hung_up).cancel(ME, a_call().id)
    assert hung_up == ["", a_call().id]
    assert load(bench).cancel_requested_at_ms


async def test_a_cancel_racing_a_dial_is_either_cancelled_or_dialled_and_never_both(bench: Bench) -> None:
    for number in range(1, 31):
        bench.calls.accept(a_call(number, agent=replace(SNAPSHOT, wait_for_agent=False)))
    run = asyncio.create_task(bench.run().serve(WAKE))
    bench.livekit.answer_after_s = 0.05
    for number in range(1, 31):
        await asyncio.sleep(0.01 * (number % 7))
        desk(bench).cancel(ME, a_call(number).id)
    await run
    dialled = [call.id for _, call in bench.livekit.invites]
    assert len(dialled) == len(set(dialled))
    for number in range(1, 31):
        call = bench.calls.load(a_call(number).id)
        assert call is not None
        if call.id not in dialled:
            assert call.state is State.CANCELLED


async def test_another_tenants_call_cant_be_cancelled(bench: Bench) -> None:
    bench.calls.accept(a_call())
    stranger = Principal("tenant-2", True, frozenset(Scope))
    for call_id in (a_call().id, "550e8400-e29b-41d4-a716-446655440000", "nonsense"):
        with pytest.raises(NotFound, match="Call not found"):
            desk(bench).cancel(stranger, call_id)
    assert load(bench).state is State.QUEUED


async def test_the_reconciler_hangs_up_what_nobody_else_does(table: Table) -> None:
    scene = Scene(table)
    call = scene.sent()
    desk_of(scene).cancel(ME, call.id)
    scene.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_AFTER_MS - 1
    scene.livekit.status = "ringing"
    assert await scene.walk() == {}
    assert scene.livekit.removed == [call.room_name]
    scene.clock.now_ms += 1
    scene.livekit.status = None
    assert await scene.walk() == {"dial_unknown": 1}
    assert (scene.now().state, scene.now().reason) == (State.CANCELLED, Reason.CANCELLED)


async def test_the_reconciler_hangs_up_an_active_call(table: Table) -> None:
    scene = Scene(table)
    call = scene.active()
    desk_of(scene).cancel(ME, call.id)
    scene.livekit.status = "active"
    assert await scene.walk() == {}
    assert scene.livekit.removed == [call.room_name]
    scene.clock.now_ms = NOW_MS + 31_000
    scene.livekit.status = None
    await scene.walk()
    assert (scene.now().state, scene.now().reason) == (State.COMPLETED, Reason.HANGUP_REQUESTED)
