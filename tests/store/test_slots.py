"""`max_concurrent_calls`: never exceeded, and no slot leaks (rule 15)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_dialer import WAKE, DialerHarness
from tests.store.fixtures_reconciler import ReconcilerHarness
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.index_items import slot_writes
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository, NoFreeSlot
from trunkline.calls.states import State
from trunkline.calls.transitions import claim_call, end_call, record_intent, requeue
from trunkline.calls.value_objects import Ending
from trunkline.dialer.lane_run import StopReason
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.storage.keys.dialing import slot_count_key, slot_key
from trunkline.storage.table import Put, Table, Update
from trunkline.trunks.models import tenant_pool
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.schemas import MAX_CPS

ONE = {TRUNK.id: 1}
HUNG_UP = Ending(State.COMPLETED, Reason.USER_HANGUP)


def limit(dialer: DialerHarness, max_concurrent_calls: int, direct_share: float = 0.0) -> None:
    changed = replace(TRUNK, max_concurrent_calls=max_concurrent_calls, direct_share=direct_share)
    dialer.trunks.save(changed)


def end(dialer: DialerHarness, number: int) -> None:
    """The leg of an active call is gone."""
    dialer.calls.update(make_call(number).id, lambda call: end_call(call, HUNG_UP, NOW_MS), NOW_MS)


PARTITION_WRITE_UNITS = 1_000
"""A second: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"""

UNITS_OF_A_TRANSACTIONS_WRITE = 2
"""Of up to 1 KB: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html"""


def test_the_fastest_trunk_writes_less_of_its_slots_than_a_partition_bears() -> None:
    """Counter and slots of a pool are one partition, and cannot be spread: `docs/quotas.md`."""
    waiting = make_call(1)
    claimed = claim_call(waiting, "run", "r", ONE).call
    writes = [
        write
        for before, after, limits in ((waiting, claimed, ONE), (claimed, replace(claimed, slots=()), {}))
        for group in slot_writes(before, after, limits)
        for write in group
    ]
    assert len(writes) == 4, "a claim and its end each write the counter and the slot"
    units = MAX_CPS * len(writes) * UNITS_OF_A_TRANSACTIONS_WRITE
    assert units == 800
    assert units < PARTITION_WRITE_UNITS


def test_a_claim_takes_a_slot_in_its_own_transaction(table: Table, calls: CallRepository) -> None:
    trunks = TrunkRepository(table)
    for number in (1, 2):
        calls.create(make_call(number))
    first = calls.apply(make_call(1), claim_call(make_call(1), "run", "r", ONE), NOW_MS)
    assert (trunks.slots_taken(TRUNK.id), list(trunks.slots(TRUNK.id))) == (1, [(first.id, 1)])
    with pytest.raises(NoFreeSlot):
        calls.apply(make_call(2), claim_call(make_call(2), "run", "r", ONE), NOW_MS)
    assert calls.load(make_call(2).id) == make_call(2), "nothing of the claim was written"
    calls.apply(first, requeue(first, NOW_MS, why="x"), NOW_MS)
    assert (trunks.slots_taken(TRUNK.id), list(trunks.slots(TRUNK.id))) == (0, [])
    calls.apply(make_call(2), claim_call(make_call(2), "run", "r", ONE), NOW_MS)


def test_a_lost_claim_is_lost_even_if_slots_are_full_too(calls: CallRepository) -> None:
    calls.create(make_call(1))
    calls.apply(make_call(1), claim_call(make_call(1), "run", "r", ONE), NOW_MS)
    with pytest.raises(Exception, match=make_call(1).id) as caught:
        calls.apply(make_call(1), claim_call(make_call(1), "run-2", "r", ONE), NOW_MS)
    assert not isinstance(caught.value, NoFreeSlot)


async def test_no_more_calls_are_in_progress_than_allowed_and_the_lane_is_let_go(
    dialer: DialerHarness,
) -> None:
    limit(dialer, 2)
    for number in range(1, 6):
        dialer.calls.create(make_call(number))
    assert await dialer.run().serve(WAKE) is StopReason.BLOCKED
    assert dialer.states(range(1, 6)).count(State.ACTIVE) == 2
    assert not dialer.lanes.is_held(TRUNK.id)
    end(dialer, 1)
    await dialer.run("run-2").serve(WAKE)
    assert dialer.states(range(1, 6)).count(State.ACTIVE) == 2
    assert len(dialer.livekit.invites) == 3


async def test_a_verdict_frees_its_slot_for_the_next_call_of_the_same_run(dialer: DialerHarness) -> None:
    limit(dialer, 1)
    dialer.livekit.answer = lambda _: DialAnswer(DialResult(DialResultKind.FAILED, Reason.DIAL_BUSY, 486))
    for number in range(1, 5):
        dialer.calls.create(make_call(number))
    assert await dialer.run().serve(WAKE) is StopReason.EMPTY
    assert dialer.states(range(1, 5)) == [State.FAILED] * 4
    assert dialer.trunks.slots_taken(TRUNK.id) == 0
    assert dialer.wakeups.sent == [], "the run that holds the lane sees the slot by itself"


async def test_an_unknown_dial_keeps_its_slot_until_the_look_up(dialer: DialerHarness) -> None:
    limit(dialer, 1)
    dialer.livekit.answer = lambda _: DialAnswer(DialResult(DialResultKind.UNKNOWN))
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert dialer.trunks.slots_taken(TRUNK.id) == 1


async def test_a_slot_that_is_freed_while_the_lane_is_let_go_is_not_overlooked(dialer: DialerHarness) -> None:
    limit(dialer, 1)
    for number in (1, 2):
        dialer.calls.create(make_call(number))
    release, freed = dialer.lanes.release, list[int]()

    def release_and_free(*args: Any) -> None:
        release(*args)
        if not freed:
            end(dialer, 1)
            freed.append(1)

    dialer.lanes.release = release_and_free  # type: ignore[method-assign, assignment]
    await dialer.run().serve(WAKE)
    assert len(dialer.livekit.invites) == 2


async def test_a_tenant_at_its_own_limit_does_not_hold_up_another(dialer: DialerHarness) -> None:
    dialer.trunks.grant(TRUNK.id, "tenant-1", max_concurrent_calls=1)
    dialer.trunks.grant(TRUNK.id, "tenant-2")
    for number in range(1, 31):
        dialer.calls.create(make_call(number, priority=0))
    for number in range(31, 34):
        dialer.calls.create(make_call(number, tenant_id="tenant-2", priority=10))
    assert await dialer.run().serve(WAKE) is StopReason.BLOCKED
    assert dialer.states(range(31, 34)) == [State.ACTIVE] * 3
    assert dialer.states(range(1, 31)).count(State.ACTIVE) == 1
    assert dialer.trunks.slots_taken(tenant_pool(TRUNK.id, "tenant-1")) == 1


async def test_batch_calls_leave_the_reserved_slots_to_direct_ones_of_any_priority(
    dialer: DialerHarness,
) -> None:
    limit(dialer, 4, direct_share=0.5)
    for number in range(1, 41):
        dialer.calls.create(make_call(number, batch=True, priority=0))
    dialer.calls.create(make_call(41, priority=10))
    assert await dialer.run().serve(WAKE) is StopReason.BLOCKED
    assert dialer.states(range(1, 41)).count(State.ACTIVE) == 2
    assert dialer.states(range(41, 42)) == [State.ACTIVE]


async def test_the_reconciler_frees_a_slot_whose_claim_is_over(table: Table) -> None:
    reconciler = ReconcilerHarness(table)
    trunks = TrunkRepository(table)
    trunks.save(replace(TRUNK, max_concurrent_calls=2))
    reconciler.calls.create(make_call())
    live = reconciler.calls.apply(make_call(), claim_call(make_call(), "run", "r", {TRUNK.id: 2}), NOW_MS)
    reconciler.lanes.renew_run("run")
    table.write(Put(slot_key(TRUNK.id, live.id, 7).as_item()))
    table.write(Update(slot_count_key(TRUNK.id), add={"taken": 1}))
    assert (await reconciler.reconcile())["slot_freed"] == 1
    assert list(trunks.slots(TRUNK.id)) == [(live.id, 1)]
    assert trunks.slots_taken(TRUNK.id) == 1
    assert (await reconciler.reconcile())["slot_freed"] == 0


async def test_the_end_of_an_active_call_that_the_reconciler_finds_frees_its_slot(table: Table) -> None:
    reconciler = ReconcilerHarness(table)
    trunks = TrunkRepository(table)
    trunks.save(replace(TRUNK, max_concurrent_calls=1))
    reconciler.calls.create(make_call())
    call = reconciler.calls.apply(make_call(), claim_call(make_call(), "run", "r", ONE), NOW_MS)
    reconciler.calls.apply(
        call, record_intent(call, NOW_MS, intent="i", token_expires_at_ms=NOW_MS + 5000), NOW_MS
    )
    reconciler.clock.move_s(90)
    assert (await reconciler.reconcile())["dial_unknown"] == 1
    assert trunks.slots_taken(TRUNK.id) == 0
    assert reconciler.wakeups.sent == [WAKE], "free first, then wake"


async def test_many_claims_at_once_fill_the_pool_and_no_more(dialer: DialerHarness) -> None:
    limit(dialer, 3)
    for number in range(1, 11):
        dialer.calls.create(make_call(number))
    won = 0
    for number in range(1, 11):
        try:
            dialer.calls.apply(
                make_call(number), claim_call(make_call(number), "r", "r", {TRUNK.id: 3}), NOW_MS
            )
            won += 1
        except NoFreeSlot:
            continue
    assert won == 3


async def test_a_limit_set_on_a_busy_trunk_counts_the_calls_that_are_up(table: Table) -> None:
    reconciler = ReconcilerHarness(table)
    reconciler.active()
    trunks = TrunkRepository(table)
    trunks.save(replace(TRUNK, max_concurrent_calls=1))
    reconciler.livekit.status = "active"
    assert await reconciler.reconcile() == {"slot_taken": 1}
    assert await reconciler.reconcile() == {}
    assert trunks.slots_taken(TRUNK.id) == 1
    reconciler.calls.update(make_call().id, lambda call: end_call(call, HUNG_UP, NOW_MS), NOW_MS)
    assert trunks.slots_taken(TRUNK.id) == 0
