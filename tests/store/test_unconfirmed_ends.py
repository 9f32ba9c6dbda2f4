"""Calls that ended although LiveKit did not confirm it: leg and slots are looked after (rules 11 and 15)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_call_ends import Events
from tests.store.fixtures_dialer import WAKE
from tests.store.fixtures_reconciler import DEAD_AFTER_MS, ReconcilerHarness
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.models import Call
from trunkline.calls.states import State
from trunkline.calls.transitions import answer_call, claim_call, record_intent, request_cancel
from trunkline.reconciler.overdue import LOOK_UP_DELAY_MS
from trunkline.reconciler.phone_call_repair import HANG_UP_PATIENCE_MS
from trunkline.storage.keys.calls import call_key
from trunkline.storage.keys.item import OPEN_PK, OPEN_SK
from trunkline.storage.table import Table, Update
from trunkline.trunks.models import total_pool
from trunkline.trunks.repository import TrunkRepository

TOTAL = total_pool("tenant-1", livemode=True)
ONE = {TRUNK.id: 1, TOTAL: 1}


class UnconfirmedEnd:
    """A cancelled call whose leg LiveKit neither removed nor told of, on a trunk with one slot."""

    def __init__(self, reconciler: ReconcilerHarness) -> None:
        self.reconciler, self.events = reconciler, Events(reconciler)
        self.trunks = TrunkRepository(reconciler.reconciler.trunks._table)
        self.trunks.save(replace(TRUNK, max_concurrent_calls=1))

    def dialled(self, *, answered: bool, limits: Mapping[str, int] = ONE) -> Call:
        calls = self.reconciler.calls
        call = make_call()
        calls.create(call)
        call = calls.apply(call, claim_call(call, "run-1", f"call-{call.id}", limits), NOW_MS)
        intent = record_intent(call, NOW_MS, intent="i", token_expires_at_ms=DEAD_AFTER_MS)
        call = calls.apply(call, intent, NOW_MS)
        return calls.apply(call, answer_call(call, NOW_MS), NOW_MS) if answered else call

    async def cancel(self, call: Call) -> Call:
        self.reconciler.livekit.status = "active" if call.state is State.ACTIVE else "ringing"
        self.reconciler.livekit.is_stale = True
        clock = self.reconciler.clock
        clock.now_ms = DEAD_AFTER_MS + LOOK_UP_DELAY_MS
        self.reconciler.calls.update(call.id, lambda now: request_cancel(now, clock.now_ms), clock.now_ms)
        clock.move_s(HANG_UP_PATIENCE_MS / 1000)
        assert await self.reconciler.reconcile() == {"hang_up_unconfirmed": 1}
        assert self.taken() == (len(call.slots) // 2,) * 2, "a leg may be left"
        return self.reconciler.now()

    def taken(self) -> tuple[int, int]:
        return self.trunks.slots_taken(TRUNK.id), self.trunks.slots_taken(TOTAL)


@pytest.fixture
def unconfirmed(reconciler: ReconcilerHarness) -> UnconfirmedEnd:
    return UnconfirmedEnd(reconciler)


GONE: list[tuple[str, dict[str, Any]]] = [
    ("participant_left", {"disconnect_reason": "PARTICIPANT_REMOVED", "sip_call_status": "active"}),
    ("participant_left", {"disconnect_reason": "CLIENT_INITIATED", "sip_call_status": "hangup"}),
    ("room_finished", {}),
]


@pytest.mark.parametrize("answered", [True, False], ids=["active", "ringing"])
@pytest.mark.parametrize(("event", "values"), GONE)
async def test_the_legs_late_end_frees_the_slots_and_then_wakes_the_trunk(
    unconfirmed: UnconfirmedEnd, event: str, values: dict[str, Any], *, answered: bool
) -> None:
    ended = await unconfirmed.cancel(unconfirmed.dialled(answered=answered))
    after = unconfirmed.events.hear(event, NOW_MS + 200_000, **values)
    assert unconfirmed.taken() == (0, 0)
    assert unconfirmed.events.wakeups.sent == [WAKE]
    settled = replace(ended, slots=(), hang_up_pending=None, version=ended.version + 1)
    assert after == settled, "nothing else of the end changes"


@pytest.mark.parametrize(
    ("of_claim", "event", "values"),
    [
        (2, "participant_left", GONE[0][1]),
        (2, "room_finished", {}),
        (1, "participant_left", {"disconnect_reason": "DUPLICATE_IDENTITY"}),
        (1, "participant_joined", {"sip_participant_id": "PA_1"}),
        (1, "participant_left", {"agent_job_id": "AJ_1", "disconnect_reason": "CLIENT_INITIATED"}),
    ],
    ids=["leg of another claim", "room of another claim", "replaced leg", "joined", "agent left"],
)
async def test_news_that_does_not_end_that_leg_frees_nothing(
    unconfirmed: UnconfirmedEnd, of_claim: int, event: str, values: dict[str, Any]
) -> None:
    ended = await unconfirmed.cancel(unconfirmed.dialled(answered=True))
    assert unconfirmed.events.hear(event, NOW_MS + 200_000, of_claim=of_claim, **values) == ended
    assert (unconfirmed.taken(), unconfirmed.events.wakeups.sent) == ((1, 1), [])


async def test_a_repeated_end_frees_once(unconfirmed: UnconfirmedEnd) -> None:
    await unconfirmed.cancel(unconfirmed.dialled(answered=True))
    for happened_ms in (NOW_MS + 200_000, NOW_MS + 200_000, NOW_MS + 203_000):
        unconfirmed.events.callee_left(happened_ms)
    unconfirmed.events.hear("room_finished", NOW_MS + 220_000)
    assert unconfirmed.taken() == (0, 0)
    assert unconfirmed.events.wakeups.sent == [WAKE]


async def test_a_leg_that_livekit_no_longer_shows_gives_its_slots_back(unconfirmed: UnconfirmedEnd) -> None:
    await unconfirmed.cancel(unconfirmed.dialled(answered=True))
    assert await unconfirmed.reconciler.reconcile() == {}, "LiveKit still shows it"
    unconfirmed.reconciler.livekit.down = True
    assert await unconfirmed.reconciler.reconcile() == {}, "a LiveKit that does not answer proves nothing"
    unconfirmed.reconciler.livekit.down = False
    unconfirmed.reconciler.livekit.status = None
    assert await unconfirmed.reconciler.reconcile() == {"leg_settled": 1}
    assert unconfirmed.taken() == (0, 0)
    assert unconfirmed.reconciler.wakeups.sent == [WAKE]
    assert await unconfirmed.reconciler.reconcile() == {}


@pytest.mark.parametrize("limited", [True, False], ids=["with slots", "without slots"])
async def test_the_leg_is_hung_up_when_livekit_answers_again(
    unconfirmed: UnconfirmedEnd, *, limited: bool
) -> None:
    """Rule 11: a leg found on a call that has ended is removed."""
    reconciler = unconfirmed.reconciler
    ended = await unconfirmed.cancel(unconfirmed.dialled(answered=True, limits=ONE if limited else {}))
    reconciler.livekit.removed.clear()
    assert await reconciler.reconcile() == {}, "LiveKit cannot remove it yet"
    assert reconciler.livekit.removed, "it was asked again"
    reconciler.livekit.is_stale, reconciler.livekit.hangs_up = False, True
    assert await reconciler.reconcile() == {"leg_settled": 1}
    assert unconfirmed.taken() == (0, 0)
    reconciler.livekit.asked.clear()
    assert await reconciler.reconcile() == {}
    assert reconciler.livekit.asked == [], "an ended call without a leg costs nothing"
    assert reconciler.now() == replace(ended, slots=(), hang_up_pending=None, version=ended.version + 1)


async def test_slots_that_the_last_version_left_to_an_ended_call_are_freed_with_its_leg(
    unconfirmed: UnconfirmedEnd, table: Table
) -> None:
    ended = await unconfirmed.cancel(unconfirmed.dialled(answered=True))
    table.write(Update(call_key(ended.id), remove=["hang_up_pending", OPEN_PK, OPEN_SK]))
    unconfirmed.reconciler.livekit.is_stale, unconfirmed.reconciler.livekit.hangs_up = False, True
    assert await unconfirmed.reconciler.reconcile() == {"slot_freed": 1}
    assert unconfirmed.taken() == (0, 0)


@pytest.mark.parametrize("freed", [[TRUNK.id], [TOTAL], [TRUNK.id, TOTAL]], ids=repr)
async def test_a_slot_that_is_named_but_was_freed_is_not_counted_twice(
    unconfirmed: UnconfirmedEnd, freed: list[str]
) -> None:
    ended = await unconfirmed.cancel(unconfirmed.dialled(answered=True))
    for pool in freed:
        unconfirmed.trunks.free_slot(pool, ended.id, ended.claim)
    after = unconfirmed.events.callee_left(NOW_MS + 200_000)
    assert after.slots == ()
    assert unconfirmed.taken() == (0, 0)


async def test_the_slots_are_free_at_the_hard_end_whatever_livekit_shows(unconfirmed: UnconfirmedEnd) -> None:
    ended = await unconfirmed.cancel(unconfirmed.dialled(answered=True))
    unconfirmed.reconciler.clock.now_ms = ended.hard_end_ms or 0
    assert await unconfirmed.reconciler.reconcile() == {"leg_settled": 1}
    assert unconfirmed.taken() == (0, 0)
