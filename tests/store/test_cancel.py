"""Cancelling, in every state: a cancelled call never rings later, a ringing one is hung up (rule 14)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.store.fixtures_dialer import WAKE, DialerHarness, make_cancel_service
from tests.store.fixtures_outbound import ME
from tests.store.fixtures_reconciler import DEAD_AFTER_MS, ReconcilerHarness
from tests.support.builders import SNAPSHOT, TRUNK, make_call
from tests.support.clocks import NOW_MS
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.core.errors import NotFound
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.reconciler.overdue import LOOK_UP_DELAY_MS
from trunkline.storage.table import Table


async def test_a_waiting_call_ends_at_once_and_is_never_dialled(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call())
    hung_up: list[str] = []
    make_cancel_service(dialer, lambda call: hung_up.append(call.id)).cancel(ME, make_call().id)
    assert (dialer.load().state, dialer.load().reason) == (State.CANCELLED, Reason.CANCELLED)
    assert dialer.line.peek(TRUNK.id, "tenant-1", 5) == []
    await dialer.run().serve(WAKE)
    assert dialer.livekit.invites == []
    assert hung_up == []


async def test_a_call_whose_agent_is_on_its_way_ends_at_once_and_the_agent_goes_home(
    dialer: DialerHarness,
) -> None:
    dialer.livekit.agent_joins = False
    dialer.calls.create(make_call())
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(0.15)
    make_cancel_service(dialer).cancel(ME, make_call().id)
    assert dialer.load().state is State.CANCELLED
    dialer.livekit.agent_joins = True
    await run
    assert dialer.livekit.invites == []
    assert dialer.livekit.deleted_rooms == [f"call-{make_call().id}"]


async def test_a_ringing_call_is_hung_up_by_its_run_until_the_leg_is_settled(dialer: DialerHarness) -> None:
    async def ring_until_removed(call: Call, *_: object) -> DialAnswer:
        dialer.livekit.invites.append((0.0, call))
        await dialer.livekit.hung_up.wait()
        return DialAnswer(DialResult(DialResultKind.FAILED, Reason.DIAL_NO_ANSWER))

    async def dial(call: Call, sip_trunk_id: str, token: str, before_send: object) -> DialAnswer:
        await before_send()  # type: ignore[operator]
        return await ring_until_removed(call)

    dialer.livekit.dial = dial  # type: ignore[method-assign]
    dialer.calls.create(make_call())
    run = asyncio.create_task(dialer.run().serve(WAKE))
    while not dialer.livekit.invites:  # noqa: ASYNC110 - the INVITE is waited for
        await asyncio.sleep(0.01)
    make_cancel_service(dialer).cancel(ME, make_call().id)
    make_cancel_service(dialer).cancel(ME, make_call().id)
    assert dialer.load().state is State.CONNECTING
    await run
    assert (dialer.load().state, dialer.load().reason) == (State.CANCELLED, Reason.CANCELLED)
    assert (f"call-{make_call().id}", 1) in dialer.livekit.removed
    assert dialer.calls.cancel_requested_ids(TRUNK.id) == set()


async def test_a_callee_who_picks_up_after_the_cancel_is_hung_up(dialer: DialerHarness) -> None:
    def cancel_then_answer(call: Call) -> DialAnswer:
        make_cancel_service(dialer).cancel(ME, call.id)
        return DialAnswer(DialResult(DialResultKind.ANSWERED), "PA_1", "SCL_1")

    dialer.livekit.answer = cancel_then_answer
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert dialer.load().state is State.CANCELLED
    assert dialer.livekit.removed == [(f"call-{make_call().id}", 1)]


async def test_a_refused_pace_does_not_bring_a_cancelled_call_back(dialer: DialerHarness) -> None:
    def cancel_then_refuse(call: Call) -> DialAnswer:
        make_cancel_service(dialer).cancel(ME, call.id)
        return DialAnswer(DialResult(DialResultKind.TOO_FAST, Reason.TRUNK_REJECTED, 503))

    dialer.livekit.answer = cancel_then_refuse
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert dialer.load().state is State.CANCELLED
    assert len(dialer.livekit.invites) == 1
    assert dialer.line.peek(TRUNK.id, "tenant-1", 5) == []


async def test_an_active_call_is_asked_to_hang_up_and_ends_as_asked(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    hung_up: list[str] = [""]
    make_cancel_service(dialer, lambda call: hung_up.append(call.id)).cancel(ME, make_call().id)
    assert hung_up == ["", make_call().id]
    assert dialer.load().cancel_requested_at_ms


async def test_a_cancel_racing_a_dial_is_either_cancelled_or_dialled_and_never_both(
    dialer: DialerHarness,
) -> None:
    for number in range(1, 31):
        dialer.calls.create(make_call(number, agent=replace(SNAPSHOT, wait_for_agent=False)))
    run = asyncio.create_task(dialer.run().serve(WAKE))
    dialer.livekit.answer_after_s = 0.05
    for number in range(1, 31):
        await asyncio.sleep(0.01 * (number % 7))
        make_cancel_service(dialer).cancel(ME, make_call(number).id)
    await run
    dialled = [call.id for _, call in dialer.livekit.invites]
    assert len(dialled) == len(set(dialled))
    for number in range(1, 31):
        call = dialer.calls.load(make_call(number).id)
        assert call is not None
        if call.id not in dialled:
            assert call.state is State.CANCELLED


async def test_another_tenants_call_cant_be_cancelled(dialer: DialerHarness) -> None:
    dialer.calls.create(make_call())
    stranger = Principal("tenant-2", True, frozenset(Scope))
    for call_id in (make_call().id, "550e8400-e29b-41d4-a716-446655440000", "nonsense"):
        with pytest.raises(NotFound, match="Call not found"):
            make_cancel_service(dialer).cancel(stranger, call_id)
    assert dialer.load().state is State.QUEUED


async def test_the_reconciler_hangs_up_what_nobody_else_does(table: Table) -> None:
    reconciler = ReconcilerHarness(table)
    call = reconciler.sent()
    make_cancel_service(reconciler).cancel(ME, call.id)
    reconciler.clock.now_ms = DEAD_AFTER_MS + LOOK_UP_DELAY_MS - 1
    reconciler.livekit.status = "ringing"
    assert await reconciler.reconcile() == {}
    assert reconciler.livekit.removed == [call.room_name]
    reconciler.clock.now_ms += 1
    reconciler.livekit.status = None
    assert await reconciler.reconcile() == {"dial_unknown": 1}
    assert (reconciler.now().state, reconciler.now().reason) == (State.CANCELLED, Reason.CANCELLED)


async def test_the_reconciler_hangs_up_an_active_call(table: Table) -> None:
    reconciler = ReconcilerHarness(table)
    call = reconciler.active()
    make_cancel_service(reconciler).cancel(ME, call.id)
    reconciler.livekit.status = "active"
    assert await reconciler.reconcile() == {}
    assert reconciler.livekit.removed == [call.room_name]
    reconciler.clock.now_ms = NOW_MS + 31_000
    reconciler.livekit.status = None
    await reconciler.reconcile()
    assert (reconciler.now().state, reconciler.now().reason) == (State.COMPLETED, Reason.HANGUP_REQUESTED)
