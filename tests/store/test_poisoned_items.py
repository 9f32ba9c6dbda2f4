"""Items that nobody foresaw: a pass counts them, and does all the other work."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_reconciler import ReconcilerHarness
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from tests.support.stubs import GUARD
from trunkline.core.item_guard import ITEMS_FAILED, ItemGuard
from trunkline.core.logging import logger
from trunkline.dialer.queue_reader import MAX_DUE_PER_LOOK, enqueue_due_calls
from trunkline.livekit.fail_fast import BUDGET_S, SILENT_AFTER, FailFastLiveKit
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.storage.keys.calls import call_key
from trunkline.storage.keys.dialing import slot_key
from trunkline.storage.table import Put, Table, Update


def call_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def poison(table: Table, poisoned_id: str) -> None:
    """Make a call unreadable."""
    table.write(Update(call_key(poisoned_id), set={"state": "no such state"}))


def failed_items(printed: str) -> Counter[str]:
    """Count the metrics in what was printed, by kind."""
    lines = [json.loads(line) for line in printed.splitlines() if f'"{ITEMS_FAILED}"' in line]
    assert all(line["service"] == "test" for line in lines)
    return Counter(line["kind"] for line in lines)


@pytest.mark.parametrize("poisoned", [0, 3, 40])
async def test_a_pass_repairs_all_calls_but_the_unreadable(
    reconciler: ReconcilerHarness, table: Table, poisoned: int, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = [call_id(number) for number in range(60)]
    for each in ids:
        reconciler.calls.create(make_call(id=each, queue_position=f"tenant-1#05#0#{each}#{each}"))
    for each in ids[:poisoned]:
        poison(table, each)
    reconciler.clock.move_s(3601)
    repairs = await reconciler.reconcile()
    assert repairs["expired"] == len(ids) - poisoned
    assert failed_items(capsys.readouterr().out)["call"] == poisoned


async def test_an_unreadable_call_does_not_keep_its_trunk_from_being_woken(
    reconciler: ReconcilerHarness, table: Table
) -> None:
    reconciler.prepared()
    poison(table, make_call().id)
    waiting = make_call(id=call_id(7))
    reconciler.calls.create(waiting)
    assert (await reconciler.reconcile())["line_woken"] == 1


async def test_an_unreadable_holder_of_a_slot_does_not_keep_others_from_being_freed(
    reconciler: ReconcilerHarness, table: Table
) -> None:
    trunks = reconciler.reconciler.trunks
    trunks.save(replace(TRUNK, max_concurrent_calls=5))
    state = trunks.state(TRUNK.id)
    assert state is not None
    pool = state.pools()[0]
    reconciler.calls.create(make_call())
    poison(table, make_call().id)
    for holder in (make_call().id, call_id(8)):
        table.write(Put(slot_key(pool, holder, 1).as_item()))
    assert (await reconciler.reconcile())["slot_freed"] == 1
    assert list(trunks.slots(pool)) == [(make_call().id, 1)]


@pytest.mark.parametrize("poisoned", [1, MAX_DUE_PER_LOOK, 2 * MAX_DUE_PER_LOOK + 1])
def test_due_calls_behind_unreadable_ones_are_let_in(
    reconciler: ReconcilerHarness, table: Table, poisoned: int
) -> None:
    for number in range(poisoned + 1):
        reconciler.calls.create(make_call(id=call_id(number), due_ms=NOW_MS + number))
    for number in range(poisoned):
        poison(table, call_id(number))
    late_ms = NOW_MS + 1_000_000
    assert enqueue_due_calls(reconciler.calls, TRUNK.id, late_ms, GUARD) == 1


def test_the_guard_passes_on_what_says_nothing_about_the_item() -> None:
    with pytest.raises(ZeroDivisionError), GUARD.item("call", "1", passes=(ZeroDivisionError,)):
        raise ZeroDivisionError


def test_a_failed_item_is_counted_by_service_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with ItemGuard("reconciler", logger("test")).item("call", "id-1"):
        raise ZeroDivisionError
    metric = next(json.loads(line) for line in capsys.readouterr().out.splitlines() if ITEMS_FAILED in line)
    assert metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["service"]]
    assert (metric["service"], metric["kind"]) == ("reconciler", "call")


# One room's error is that room's


class Rooms:
    """A LiveKit that answers each room as the test says."""

    def __init__(self) -> None:
        self.errors: dict[str, LiveKitUnavailable] = {}
        self.asked: list[str] = []

    async def callee(self, room: str, claim: int) -> None:
        self.asked.append(room)
        if error := self.errors.get(room):
            raise error


def project(rooms: Rooms) -> FailFastLiveKit:
    async def open_() -> Any:
        return rooms

    return FailFastLiveKit(open_)


async def ask(livekit: FailFastLiveKit, room: str) -> bool:
    try:
        await livekit.callee(room, 1)
    except LiveKitUnavailable:
        return False
    return True


async def test_refusals_about_rooms_silence_no_project() -> None:
    rooms = Rooms()
    livekit = project(rooms)
    for number in range(20):
        rooms.errors[f"stale-{number}"] = LiveKitUnavailable("unavailable (503)", code="unavailable")
        assert not await ask(livekit, f"stale-{number}")
    assert await ask(livekit, "healthy")


async def test_one_room_that_times_out_again_and_again_silences_no_project() -> None:
    rooms = Rooms()
    rooms.errors["slow"] = LiveKitUnavailable("TimeoutError", timed_out=True)
    livekit = project(rooms)
    for _ in range(SILENT_AFTER + 1):
        assert not await ask(livekit, "slow")
    assert await ask(livekit, "healthy")


async def test_a_project_that_times_out_across_rooms_is_left_alone_for_the_pass() -> None:
    rooms = Rooms()
    livekit = project(rooms)
    for number in range(SILENT_AFTER):
        rooms.errors[f"r{number}"] = LiveKitUnavailable("TimeoutError", timed_out=True)
        assert not await ask(livekit, f"r{number}")
    assert not await ask(livekit, "healthy")
    assert "healthy" not in rooms.asked
    assert await ask(project(rooms), "healthy"), "the next pass asks again"


async def test_a_project_that_answers_slowly_gets_its_share_of_a_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = [1000.0]
    monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: now_s[0])
    rooms = Rooms()
    livekit = project(rooms)
    assert await ask(livekit, "r1")
    now_s[0] += BUDGET_S
    assert not await ask(livekit, "r2")
    assert rooms.asked == ["r1"]
