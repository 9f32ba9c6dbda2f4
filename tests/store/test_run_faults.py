"""A lane run while the table fails, while its code fails, and what its tokens are worth then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.builders import TRUNK, a_call
from tests.store.conftest import Bench
from trunkline.calls.models import Call, Change
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import claim_call
from trunkline.dial_queue.messages import DialWakeup
from trunkline.trunks.batch_holds import BatchHold

WAKE = DialWakeup(TRUNK.id)


def load(bench: Bench) -> Call:
    call = bench.calls.load(a_call().id)
    assert call is not None
    return call


async def test_a_table_that_fails_for_a_moment_loses_no_answer(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle, failures = bench.calls.settle, [ClientError({"Error": {"Code": "ThrottlingException"}}, "x")] * 2

    def sometimes(*args: Any, **more: Any) -> Call | None:
        if failures:
            raise failures.pop()
        return settle(*args, **more)

    monkeypatch.setattr(bench.calls, "settle", sometimes)
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    assert load(bench).state is State.ACTIVE
    assert len(bench.livekit.invites) == 1


async def test_a_line_that_cant_be_read_for_a_moment_is_read_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, failures = bench.line.head, [ClientError({"Error": {"Code": "InternalServerError"}}, "x")] * 3

    def sometimes(
        trunk_id: str, tenant_id: str, limit: int, held: Sequence[BatchHold]
    ) -> list[QueuePosition]:
        if failures:
            raise failures.pop()
        return head(trunk_id, tenant_id, limit, held)

    monkeypatch.setattr(bench.line, "head", sometimes)
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    assert load(bench).state is State.ACTIVE


async def test_no_task_outlives_a_run_that_breaks(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.livekit.agent_joins = False
    bench.calls.accept(a_call())
    run = asyncio.create_task(bench.run().serve(WAKE))
    await asyncio.sleep(0.1)

    def broken(*_: Any, **__: Any) -> list[QueuePosition]:
        raise RuntimeError("a defect")

    monkeypatch.setattr(bench.line, "head", broken)
    with pytest.raises(RuntimeError, match="a defect"):
        await run
    assert (load(bench).state, load(bench).phase) == (State.QUEUED, None)
    assert len(asyncio.all_tasks()) == 1


async def test_a_dials_token_is_dead_when_the_intent_says_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    lifetimes: list[float] = []
    signed_at_ms: list[int] = []
    run = bench.run()

    def sign(lifetime_s: float) -> str:
        lifetimes.append(lifetime_s)
        signed_at_ms.append(bench.clock.wall_ms())
        return "token"

    object.__setattr__(run._bench, "sign_dial_token", sign)
    bench.calls.accept(a_call())
    await run.serve(WAKE)
    dead_after_ms = load(bench).dead_after_ms
    assert dead_after_ms is not None
    assert signed_at_ms[0] + lifetimes[0] * 1000 <= dead_after_ms + 1


@pytest.mark.parametrize("written", [True, False])
@pytest.mark.parametrize("step", ["claim", "intent"])
async def test_a_step_that_the_table_left_unclear_is_undone_and_the_call_dialled_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, step: str, written: bool
) -> None:
    change, failures = bench.calls.change, [ClientError({"Error": {"Code": "InternalServerError"}}, "x")]

    def sometimes(before: Call, what: Change, now_ms: int, **_: str) -> Call:
        is_claim = what.call.phase is Phase.PREPARED
        is_intent = what.call.phase is Phase.SENT
        if failures and ((step == "claim" and is_claim) or (step == "intent" and is_intent)):
            if written:
                change(before, what, now_ms)
            raise failures.pop()
        return change(before, what, now_ms)

    monkeypatch.setattr(bench.calls, "change", sometimes)
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    assert load(bench).state is State.ACTIVE
    assert len(bench.livekit.invites) == 1


async def test_a_run_that_loses_the_race_for_a_claim_leaves_the_winners_room_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    change, winner = bench.calls.change, "another-run"

    def lose(before: Call, what: Change, now_ms: int, **_: str) -> Call:
        if what.call.phase is Phase.PREPARED and what.call.owner != winner:
            change(before, claim_call(before, winner, str(what.call.room_name)), now_ms)
        return change(before, what, now_ms)

    monkeypatch.setattr(bench.calls, "change", lose)
    bench.calls.accept(a_call())
    await bench.run().serve(WAKE)
    assert load(bench).owner == winner
    assert bench.livekit.deleted_rooms == []
    assert bench.livekit.dispatched == []
