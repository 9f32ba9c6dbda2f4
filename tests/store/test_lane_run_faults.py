"""A lane run while the table fails, while its code fails, and what its tokens are worth then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.store.fixtures_dialer import WAKE, DialerHarness
from tests.support.builders import make_call
from trunkline.calls.models import Call, Change
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import claim_call
from trunkline.dialer.lane_run import StopReason
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.storage.table import Table
from trunkline.trunks.batch_holds import BatchHold


@pytest.fixture
def dialer_table(table: Table) -> Table:
    return table


async def test_a_table_that_fails_for_a_moment_loses_no_answer(
    dialer: DialerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, failures = dialer.calls.update, [ClientError({"Error": {"Code": "ThrottlingException"}}, "x")] * 2

    def sometimes(*args: Any, **more: Any) -> Call | None:
        if failures:
            raise failures.pop()
        return settle(*args, **more)

    monkeypatch.setattr(dialer.calls, "update", sometimes)
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert dialer.load().state is State.ACTIVE
    assert len(dialer.livekit.invites) == 1


async def test_a_line_that_cant_be_read_for_a_moment_is_read_again(
    dialer: DialerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, failures = dialer.line.peek, [ClientError({"Error": {"Code": "InternalServerError"}}, "x")] * 3

    def sometimes(
        trunk_id: str, tenant_id: str, limit: int, held: Sequence[BatchHold]
    ) -> list[QueuePosition]:
        if failures:
            raise failures.pop()
        return head(trunk_id, tenant_id, limit, held)

    monkeypatch.setattr(dialer.line, "peek", sometimes)
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert dialer.load().state is State.ACTIVE


async def test_no_task_outlives_a_run_that_breaks(
    dialer: DialerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialer.livekit.agent_joins = False
    dialer.calls.create(make_call())
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(0.1)

    def broken(*_: Any, **__: Any) -> list[QueuePosition]:
        raise RuntimeError("a defect")

    monkeypatch.setattr(dialer.line, "peek", broken)
    with pytest.raises(RuntimeError, match="a defect"):
        await run
    assert (dialer.load().state, dialer.load().phase) == (State.QUEUED, None)
    assert len(asyncio.all_tasks()) == 1


async def test_a_dials_token_is_dead_when_the_intent_says_so(
    dialer: DialerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifetimes: list[float] = []
    signed_at_ms: list[int] = []
    run = dialer.run()

    def sign(lifetime_s: float) -> str:
        lifetimes.append(lifetime_s)
        signed_at_ms.append(dialer.clock.wall_ms())
        return "token"

    object.__setattr__(run._context, "sign_dial_token", sign)
    dialer.calls.create(make_call())
    await run.serve(WAKE)
    token_expires_at_ms = dialer.load().token_expires_at_ms
    assert token_expires_at_ms is not None
    assert signed_at_ms[0] + lifetimes[0] * 1000 <= token_expires_at_ms + 1


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("step", ["claim", "intent"])
async def test_a_step_that_the_table_left_unclear_is_undone_and_the_call_dialled_once(
    dialer: DialerHarness, monkeypatch: pytest.MonkeyPatch, step: str, written: bool
) -> None:
    change, failures = dialer.calls.apply, [ClientError({"Error": {"Code": "InternalServerError"}}, "x")]

    def sometimes(before: Call, what: Change, now_ms: int, **_: str) -> Call:
        is_claim = what.call.phase is Phase.PREPARED
        is_intent = what.call.phase is Phase.SENT
        if failures and ((step == "claim" and is_claim) or (step == "intent" and is_intent)):
            if written:
                change(before, what, now_ms)
            raise failures.pop()
        return change(before, what, now_ms)

    monkeypatch.setattr(dialer.calls, "apply", sometimes)
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert dialer.load().state is State.ACTIVE
    assert len(dialer.livekit.invites) == 1


async def test_a_run_that_loses_the_race_for_a_claim_leaves_the_winners_room_alone(
    dialer: DialerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, winner = dialer.calls.apply, "another-run"

    def lose(before: Call, what: Change, now_ms: int, **_: str) -> Call:
        if what.call.phase is Phase.PREPARED and what.call.owner != winner:
            change(before, claim_call(before, winner, str(what.call.room_name)), now_ms)
        return change(before, what, now_ms)

    monkeypatch.setattr(dialer.calls, "apply", lose)
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert dialer.load().owner == winner
    assert dialer.livekit.deleted_rooms == []
    assert dialer.livekit.dispatched == []


async def test_a_livekit_that_sends_nothing_backs_off_the_lane_and_not_the_call(
    dialer: DialerHarness,
) -> None:
    dialer.livekit.answer = lambda _: DialAnswer(DialResult(DialResultKind.NOT_SENT))
    dialer.calls.create(make_call())
    assert await dialer.run().serve(WAKE) is StopReason.BLOCKED
    call, times = dialer.load(), [time_s for time_s, _ in dialer.livekit.invites]
    assert (call.state, call.due_ms, call.attempts) == (State.QUEUED, None, ())
    assert len(times) == 3
    assert [round(later - earlier) for earlier, later in pairwise(times)] == [2, 4]
