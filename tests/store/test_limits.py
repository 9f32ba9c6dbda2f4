"""A tenant's limits: calls waiting, calls a day, calls in progress; never more, and none is leaked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.builders import NOW_MS, TRUNK, ManualClock, a_call
from tests.store.conftest import Wakes
from trunkline.call_control.admission import CallAdmission
from trunkline.call_control.quotas import SETTLES_MS, QuotaService
from trunkline.call_control.usage import Usage
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call
from trunkline.calls.value_objects import Channel, Ending
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core.errors import ConcurrencyExceeded, DailyLimitReached, IdempotencyConflict, QueueFull
from trunkline.core.logging import logger
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.repository import DialQueue
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.storage.table import Table
from trunkline.tenants.repository import TenantRepository
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.trunks.models import total_pool
from trunkline.trunks.repository import TrunkRepository

DAY_S = 86_400


class Scene:
    def __init__(self, table: Table) -> None:
        self.table, self.clock, self.wakes = table, ManualClock(), Wakes()
        self.calls, self.trunks = CallRepository(table), TrunkRepository(table)
        self.trunks.create(TRUNK)
        self.trunks.grant(TRUNK.id, "tenant-1")
        self.usage = Usage(self.calls, DialQueue(table), self.trunks)
        nudge = LaneNotifier(self.wakes, self.clock, logger("test"), self.trunks.granted_ids)  # type: ignore[arg-type]
        facts = TenantSettingsCache(table, self.clock)
        admission = QuotaService(table, facts, self.usage.waiting, self.clock)
        rulebook = CompliancePolicy(table, self.clock)
        self.intake = CallAdmission(self.calls, self.wakes, nudge, self.clock, admission, rulebook)  # type: ignore[arg-type]
        self.nudge, self._number = nudge, 0

    def limited(self, **facts: int | None) -> None:
        TenantRepository(self.table).set("tenant-1", facts)

    def call(self, **changes: Any) -> Call:
        self._number += 1
        return a_call(self._number, created_at_ms=self.clock.wall_ms(), **changes)

    def web(self, **changes: Any) -> Call:
        web = {"channel": Channel.WEB, "state": State.PENDING, "trunk_id": "", "line_place": "", "claim": 1}
        return self.call(**(web | changes))

    def take(self, call: Call | None = None, once: IdempotencyKey | None = None) -> Call:
        return self.intake.take(call or self.call(), once).call

    def end(self, call: Call) -> None:
        now_ms = self.clock.wall_ms()
        after = self.calls.change(
            call, end_call(call, Ending(State.CANCELLED, Reason.CANCELLED), now_ms), now_ms
        )
        self.nudge.after(call, after)


@pytest.fixture
def scene(table: Table) -> Scene:
    return Scene(table)


def refused(what: type[Exception], work: Callable[[], object]) -> None:
    with pytest.raises(what):
        work()


def test_without_limits_nothing_is_counted(scene: Scene, dynamodb: Any) -> None:
    scene.take()
    kept = {item["sk"]["S"].partition("#")[0] for item in dynamodb.scan(TableName="t")["Items"]}
    assert not kept & {"DAY", "WAITING"}


def test_no_more_than_the_limit_wait(scene: Scene) -> None:
    scene.limited(max_calls_waiting=3)
    taken = [scene.take() for _ in range(3)]
    refused(QueueFull, scene.take)
    scene.end(taken[0])
    refused(QueueFull, scene.take)
    scene.clock.move_s(SETTLES_MS / 1000)
    scene.take()
    refused(QueueFull, scene.take)
    assert scene.usage.waiting("tenant-1", livemode=True) == 3


def test_web_calls_stand_in_no_line(scene: Scene) -> None:
    scene.limited(max_calls_waiting=1)
    scene.take()
    scene.take(scene.web())


def test_a_limit_that_is_raised_counts_at_once(scene: Scene) -> None:
    scene.limited(max_calls_waiting=1)
    scene.take()
    refused(QueueFull, scene.take)
    scene.limited(max_calls_waiting=2)
    scene.clock.move_s(61)
    scene.take()
    refused(QueueFull, scene.take)


def test_many_at_once_take_no_more_places_than_there_are(scene: Scene) -> None:
    """Admission alone: moto's transactions are not made for threads."""
    scene.limited(max_calls_waiting=20)

    def admit(call: Call) -> bool:
        try:
            scene.intake.admission.admit(call)
        except QueueFull:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(admit, [scene.call() for _ in range(60)])) == 20


def test_a_day_has_so_many_calls_and_the_next_one_too(scene: Scene) -> None:
    scene.limited(max_calls_a_day=2)
    scene.take()
    scene.take(scene.web())
    with pytest.raises(DailyLimitReached) as error:
        scene.take()
    left_s = DAY_S - NOW_MS // 1000 % DAY_S
    assert error.value.retry_after_s == left_s
    refused(DailyLimitReached, lambda: scene.take(scene.call(livemode=True)))
    scene.take(scene.call(livemode=False))
    scene.clock.move_s(left_s)
    scene.take()


def test_a_repeat_with_its_idempotency_key_is_not_counted_again(scene: Scene) -> None:
    scene.limited(max_calls_a_day=1, max_calls_waiting=1)
    once = IdempotencyKey.of({"idempotency-key": "k"}, "tenant-1#True#calls", {"a": 1})
    first = scene.take(once=once)
    for _ in range(3):
        assert scene.take(once=once).id == first.id
    other = IdempotencyKey.of({"idempotency-key": "k"}, "tenant-1#True#calls", {"a": 2})
    refused(IdempotencyConflict, lambda: scene.take(once=other))


def test_a_call_that_was_not_stored_gives_its_count_back(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.limited(max_calls_a_day=1)
    with monkeypatch.context() as broken:
        broken.setattr(scene.calls, "accept", lambda *_, **__: 1 / 0)
        refused(ZeroDivisionError, scene.take)
    scene.take()


def test_a_web_call_holds_its_slot_from_its_acceptance_to_its_end(scene: Scene) -> None:
    scene.limited(max_calls_in_progress=2)
    first, _ = scene.take(scene.web()), scene.take(scene.web())
    refused(ConcurrencyExceeded, lambda: scene.take(scene.web()))
    scene.end(first)
    scene.take(scene.web())
    assert scene.trunks.slots_taken(total_pool("tenant-1", livemode=True)) == 2


def test_a_phone_call_over_the_limit_waits_and_a_web_calls_end_wakes_its_trunk(scene: Scene) -> None:
    scene.limited(max_calls_in_progress=1)
    scene.trunks.limit_total("tenant-1", 1)
    web = scene.take(scene.web())
    phone = scene.take()
    state = scene.trunks.state(TRUNK.id)
    assert state is not None
    pool = total_pool("tenant-1", livemode=True)
    assert state.limits("tenant-1", batch=False) == {pool: 1}
    assert pool in state.pools()
    scene.wakes.sent.clear()
    scene.end(web)
    assert [wake.trunk_id for wake in scene.wakes.sent] == [phone.trunk_id]
    assert scene.trunks.slots_taken(pool) == 0


def test_a_limit_over_all_calls_outlives_another_grant(scene: Scene) -> None:
    scene.limited(max_calls_in_progress=7)
    scene.trunks.grant(TRUNK.id, "tenant-1", 3)
    state = scene.trunks.state(TRUNK.id)
    assert state is not None
    assert state.totals == {"tenant-1": 7}
    scene.trunks.limit_total("tenant-1", None)
    after = scene.trunks.state(TRUNK.id)
    assert after is not None
    assert (after.totals, after.tenants) == ({}, {"tenant-1": 3})


def test_test_calls_take_none_of_the_live_ones_slots(scene: Scene) -> None:
    scene.limited(max_calls_in_progress=1)
    scene.take(scene.web())
    scene.take(scene.web(livemode=False))
    refused(ConcurrencyExceeded, lambda: scene.take(scene.web(livemode=False)))


def test_a_call_keeps_its_tenants_retention(scene: Scene) -> None:
    scene.limited(retention_days=30)
    call = scene.take()
    over_s = (call.expires_at_ms // 1000) + call.agent.max_call_duration_s
    assert call.ttl == over_s + 30 * DAY_S
