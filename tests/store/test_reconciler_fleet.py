"""Passes over more trunks and calls than one invocation can look at; the loop's time is virtual."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.support.clocks import VirtualClock
from tests.support.fleet import Fleet
from trunkline.core.item_guard import ITEMS_FAILED
from trunkline.livekit.silence import SILENCE_MS
from trunkline.reconciler import task_runner
from trunkline.reconciler.fan_out import SHARD_TRUNKS, WEB_SHARD, plan_shards
from trunkline.reconciler.open_calls import BUDGET_S, RANGE_CALLS
from trunkline.reconciler.progress import WALK_LOST_MS, oldest_ms
from trunkline.storage.keys.calls import call_key
from trunkline.storage.keys.dialing import trunk_key
from trunkline.storage.table import Update

HUNG = "tenant-9"


@pytest.fixture
def fleet() -> Fleet:
    return Fleet(VirtualClock())


# The plan


@pytest.mark.parametrize("count", [0, 1, SHARD_TRUNKS, SHARD_TRUNKS + 1, 2_000])
def test_each_trunk_is_in_one_shard_and_no_shard_is_much_too_large(count: int) -> None:
    ids = [f"trunk_{number}" for number in range(count)]
    shards = plan_shards(ids)
    assert len(shards.pop(WEB_SHARD)) == 16
    assert sorted(trunk for lanes in shards.values() for trunk in lanes) == sorted(ids)
    assert all(len(lanes) <= 2 * SHARD_TRUNKS for lanes in shards.values())


def test_a_new_trunk_moves_no_other_to_another_shard() -> None:
    ids = [f"trunk_{number}" for number in range(99)]
    before, after = plan_shards(ids), plan_shards([*ids, "trunk_new"])
    assert all(set(lanes) <= set(after[name]) for name, lanes in before.items())


async def test_a_pass_looks_at_every_trunk_and_the_next_one_finds_nothing(fleet: Fleet) -> None:
    ids = [call for number in range(120) for call in fleet.add_trunk(number, 2)]
    fleet.plan()
    assert await fleet.work_off() == {"end_found": 240}
    assert fleet.open_ids(ids) == []
    fleet.plan()
    assert await fleet.work_off() == {}


async def test_of_an_idle_trunk_only_its_state_and_its_index_are_read(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.add_trunk(1, 0)
    fleet.plan()
    monkeypatch.setattr(fleet.table, "count", None)
    monkeypatch.setattr(fleet.table, "between", None)
    assert await fleet.work_off() == {}


# More than one invocation can do


async def test_the_tail_of_a_long_lane_is_repaired_when_one_invocation_cannot_do_all(fleet: Fleet) -> None:
    ids = fleet.add_trunk(1, 2 * RANGE_CALLS + 1)
    fleet.plan()
    first = fleet.queue.waiting.pop(0)
    assert await fleet.run(first) == {}, "its calls are handed over"
    assert len([task for task in fleet.queue.waiting if task.calls]) == 3
    assert await fleet.work_off() == {"end_found": len(ids)}
    assert fleet.progress.read().walks == {}


async def test_a_slow_livekit_makes_a_walk_longer_and_leaves_no_call_out(fleet: Fleet) -> None:
    """At 4 s a request, 16 at once, an invocation looks at about a hundred calls in its time."""
    fleet.projects[None].latency_s = 4
    ids = fleet.add_trunk(1, 450)
    fleet.plan()
    shard = next(task for task in fleet.queue.waiting if "trunk_1" in task.lanes)
    done = await fleet.run(shard)
    assert 0 < done["end_found"] < 200
    fleet.queue.waiting.remove(shard)
    fleet.plan()  # the next minute's pass does not begin with the first calls again
    assert (await fleet.run(fleet.queue.waiting.pop())) == {}
    left = fleet.open_ids(ids)
    await fleet.work_off()
    assert left
    assert fleet.open_ids(ids) == []
    assert set(fleet.projects[None].asked.values()) == {1}, "each call was looked at once"


async def test_no_task_begins_to_look_at_calls_after_its_time(fleet: Fleet) -> None:
    fleet.projects[None].latency_s = 4
    fleet.add_trunk(1, 450)
    fleet.plan()
    loop = asyncio.get_running_loop()
    while fleet.queue.waiting:
        began_s = loop.time()
        await fleet.run(fleet.queue.waiting.pop(0))
        assert loop.time() - began_s <= BUDGET_S + fleet.projects[None].latency_s


async def test_a_repeated_message_of_a_part_does_nothing(fleet: Fleet) -> None:
    fleet.add_trunk(1, RANGE_CALLS + 1)
    fleet.plan()
    await fleet.run(fleet.queue.waiting.pop(0))
    parts = [task for task in fleet.queue.waiting if task.calls]
    await fleet.work_off()
    asked = fleet.projects[None].asked.total()
    for part in parts:
        assert await fleet.run(part) == {}
    assert fleet.projects[None].asked.total() == asked


async def test_a_walk_whose_messages_were_lost_is_begun_anew(fleet: Fleet) -> None:
    ids = fleet.add_trunk(1, RANGE_CALLS + 1)
    fleet.plan()
    await fleet.run(fleet.queue.waiting.pop(0))
    fleet.queue.waiting.clear()
    fleet.plan()
    await fleet.work_off()
    assert len(fleet.open_ids(ids)) == len(ids), "it is thought to be under way"
    await asyncio.sleep(WALK_LOST_MS / 1000)
    fleet.plan()
    await fleet.work_off()
    assert fleet.open_ids(ids) == []


# One trunk's trouble is its own


async def test_a_hung_livekit_delays_its_own_trunks_and_no_others(fleet: Fleet) -> None:
    """Two workers and six shards' worth of trunks: without the shared silence each shard takes 10 s."""
    fleet.projects[HUNG].hangs = True
    hung = [
        call for number in range(200) for call in fleet.add_trunk(number, 3, HUNG, livekit_tenant_id=HUNG)
    ]
    healthy = [call for number in range(200, 300) for call in fleet.add_trunk(number, 3)]
    fleet.plan()
    loop = asyncio.get_running_loop()
    assert await fleet.work_off(workers=2) == {"end_found": len(healthy)}
    assert loop.time() < 25
    assert fleet.open_ids(healthy) == []
    assert len(fleet.open_ids(hung)) == len(hung)
    fleet.projects[HUNG].hangs = False
    await asyncio.sleep(SILENCE_MS / 1000)
    fleet.plan()
    assert await fleet.work_off(workers=2) == {"end_found": len(hung)}


async def test_some_rooms_that_hang_silence_their_project_for_no_other_task(fleet: Fleet) -> None:
    silence = fleet.runner().silence("tenant-1")
    await silence.record()
    assert not await silence.is_silent(), "one task alone may have had rooms that hang, and no others"
    await silence.record()
    assert await silence.is_silent()


async def test_poisoned_trunks_and_calls_end_nothing_else(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    fleet.add_trunk(1, 1)
    poisoned = fleet.add_trunk(2, 60)[7]
    healthy = fleet.add_trunk(3, 2)
    fleet.table.write(Update(trunk_key("trunk_1"), remove=["sip_trunk_id"]))
    fleet.table.write(Update(call_key(poisoned), set={"state": "no such state"}))
    fleet.plan()
    assert (await fleet.work_off())["end_found"] == 61
    assert fleet.open_ids(healthy) == []
    assert ITEMS_FAILED in capsys.readouterr().out


# How old what was not looked at is


async def test_a_shard_that_nothing_looks_at_grows_old(fleet: Fleet) -> None:
    fleet.add_trunk(1, 1)
    fleet.plan()
    planned_ms = fleet.clock.wall_ms()
    await asyncio.sleep(60)
    fleet.plan()
    shards = list(plan_shards(fleet.trunks.ids()))
    assert oldest_ms(fleet.progress.read(), shards) == planned_ms
    await fleet.work_off()
    assert oldest_ms(fleet.progress.read(), shards) == planned_ms + 60_000


async def test_a_walk_under_way_counts_from_its_beginning(fleet: Fleet) -> None:
    fleet.add_trunk(1, RANGE_CALLS + 1)
    fleet.plan()
    began_ms = fleet.clock.wall_ms()
    await fleet.run(fleet.queue.waiting.pop(0))
    assert oldest_ms(fleet.progress.read(), []) == began_ms


async def test_a_task_that_newer_ones_follow_is_left_out(fleet: Fleet) -> None:
    ids = fleet.add_trunk(1, 1)
    fleet.plan()
    late = fleet.queue.waiting.pop(0)
    await asyncio.sleep(task_runner.STALE_MS / 1000 + 1)
    await fleet.run(late)
    assert fleet.open_ids(ids) == ids
    await fleet.run(replace(late, planned_ms=fleet.clock.wall_ms()))
    assert fleet.open_ids(ids) == []


async def test_the_oldest_call_that_waits_for_its_end_is_measured(
    fleet: Fleet, capsys: pytest.CaptureFixture[str]
) -> None:
    (call_id,) = fleet.add_trunk(1, 1)
    fleet.projects[None].hangs = True
    call: Any = fleet.calls.load(call_id)
    fleet.table.write(Update(call_key(call_id), set={"cancel_requested_at_ms": call.created_at_ms - 30_000}))
    fleet.plan()
    await fleet.work_off()
    fleet.meter.flush()
    assert '"OldestUnrepaired":[30.0' in capsys.readouterr().out.replace(" ", "")
