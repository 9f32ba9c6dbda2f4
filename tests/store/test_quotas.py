"""A tenant's limits: calls waiting, calls a day, calls in progress; never more, and none is leaked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_dynamodb import TABLE_NAME
from tests.support.builders import TRUNK, make_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import RecordedWakeups
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
from trunkline.core.errors import ConcurrencyExceeded, DailyLimitReached, QueueFull
from trunkline.core.idempotency_errors import IdempotencyConflict
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


class QuotaHarness:
    def __init__(self, table: Table) -> None:
        self.table, self.clock, self.wakes = table, ManualClock(), RecordedWakeups()
        self.calls, self.trunks = CallRepository(table), TrunkRepository(table)
        self.trunks.create(TRUNK)
        self.trunks.grant(TRUNK.id, "tenant-1")
        self.usage = Usage(self.calls, DialQueue(table), self.trunks)
        notifier = LaneNotifier(self.wakes, self.clock, logger("test"), self.trunks.granted_ids)  # type: ignore[arg-type]
        facts = TenantSettingsCache(table, self.clock)
        admission = QuotaService(table, facts, self.usage.waiting, self.clock)
        compliance = CompliancePolicy(table, self.clock)
        self.intake = CallAdmission(self.calls, self.wakes, notifier, self.clock, admission, compliance)  # type: ignore[arg-type]
        self.notifier, self._number = notifier, 0

    def limited(self, **facts: int | None) -> None:
        TenantRepository(self.table).set("tenant-1", facts)

    def call(self, **changes: Any) -> Call:
        self._number += 1
        return make_call(self._number, created_at_ms=self.clock.wall_ms(), **changes)

    def web(self, **changes: Any) -> Call:
        web = {
            "channel": Channel.WEB,
            "state": State.PENDING,
            "trunk_id": "",
            "queue_position": "",
            "claim": 1,
        }
        return self.call(**(web | changes))

    def take(self, call: Call | None = None, once: IdempotencyKey | None = None) -> Call:
        return self.intake.accept(call or self.call(), once).call

    def end(self, call: Call) -> None:
        now_ms = self.clock.wall_ms()
        after = self.calls.apply(
            call, end_call(call, Ending(State.CANCELLED, Reason.CANCELLED), now_ms), now_ms
        )
        self.notifier.notify_change(call, after)


@pytest.fixture
def quotas(table: Table) -> QuotaHarness:
    return QuotaHarness(table)


def refused(what: type[Exception], work: Callable[[], object]) -> None:
    with pytest.raises(what):
        work()


def test_without_limits_nothing_is_counted(quotas: QuotaHarness, dynamodb: Any) -> None:
    quotas.take()
    kept = {item["sk"]["S"].partition("#")[0] for item in dynamodb.scan(TableName=TABLE_NAME)["Items"]}
    assert not kept & {"DAY", "WAITING"}


def test_no_more_than_the_limit_wait(quotas: QuotaHarness) -> None:
    quotas.limited(max_calls_waiting=3)
    taken = [quotas.take() for _ in range(3)]
    refused(QueueFull, quotas.take)
    quotas.end(taken[0])
    refused(QueueFull, quotas.take)
    quotas.clock.move_s(SETTLES_MS / 1000)
    quotas.take()
    refused(QueueFull, quotas.take)
    assert quotas.usage.waiting("tenant-1", livemode=True) == 3


def test_web_calls_stand_in_no_line(quotas: QuotaHarness) -> None:
    quotas.limited(max_calls_waiting=1)
    quotas.take()
    quotas.take(quotas.web())


def test_a_limit_that_is_raised_counts_at_once(quotas: QuotaHarness) -> None:
    quotas.limited(max_calls_waiting=1)
    quotas.take()
    refused(QueueFull, quotas.take)
    quotas.limited(max_calls_waiting=2)
    quotas.clock.move_s(61)
    quotas.take()
    refused(QueueFull, quotas.take)


def test_many_at_once_take_no_more_places_than_there_are(quotas: QuotaHarness) -> None:
    """Admission alone: moto's transactions are not made for threads."""
    quotas.limited(max_calls_waiting=20)

    def admit(call: Call) -> bool:
        try:
            quotas.intake.quotas.reserve(call)
        except QueueFull:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(admit, [quotas.call() for _ in range(60)])) == 20


def test_a_day_has_so_many_calls_and_the_next_one_too(quotas: QuotaHarness) -> None:
    quotas.limited(max_calls_a_day=2)
    quotas.take()
    quotas.take(quotas.web())
    with pytest.raises(DailyLimitReached) as error:
        quotas.take()
    left_s = DAY_S - NOW_MS // 1000 % DAY_S
    assert error.value.retry_after_s == left_s
    refused(DailyLimitReached, lambda: quotas.take(quotas.call(livemode=True)))
    quotas.take(quotas.call(livemode=False))
    quotas.clock.move_s(left_s)
    quotas.take()


def test_a_repeat_with_its_idempotency_key_is_not_counted_again(quotas: QuotaHarness) -> None:
    quotas.limited(max_calls_a_day=1, max_calls_waiting=1)
    once = IdempotencyKey.of({"idempotency-key": "k"}, "tenant-1#True#calls", {"a": 1})
    first = quotas.take(once=once)
    for _ in range(3):
        assert quotas.take(once=once).id == first.id
    other = IdempotencyKey.of({"idempotency-key": "k"}, "tenant-1#True#calls", {"a": 2})
    refused(IdempotencyConflict, lambda: quotas.take(once=other))


def test_a_call_that_was_not_stored_gives_its_count_back(
    quotas: QuotaHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    quotas.limited(max_calls_a_day=1)
    with monkeypatch.context() as broken:
        broken.setattr(quotas.calls, "create", lambda *_, **__: 1 / 0)
        refused(ZeroDivisionError, quotas.take)
    quotas.take()


def test_a_web_call_holds_its_slot_from_its_acceptance_to_its_end(quotas: QuotaHarness) -> None:
    quotas.limited(max_calls_in_progress=2)
    first, _ = quotas.take(quotas.web()), quotas.take(quotas.web())
    refused(ConcurrencyExceeded, lambda: quotas.take(quotas.web()))
    quotas.end(first)
    quotas.take(quotas.web())
    assert quotas.trunks.slots_taken(total_pool("tenant-1", livemode=True)) == 2


def test_a_phone_call_over_the_limit_waits_and_a_web_calls_end_wakes_its_trunk(quotas: QuotaHarness) -> None:
    quotas.limited(max_calls_in_progress=1)
    quotas.trunks.limit_total("tenant-1", 1)
    web = quotas.take(quotas.web())
    phone = quotas.take()
    state = quotas.trunks.state(TRUNK.id)
    assert state is not None
    pool = total_pool("tenant-1", livemode=True)
    assert state.limits("tenant-1", batch=False) == {pool: 1}
    assert pool in state.pools()
    quotas.wakes.sent.clear()
    quotas.end(web)
    assert [wake.trunk_id for wake in quotas.wakes.sent] == [phone.trunk_id]
    assert quotas.trunks.slots_taken(pool) == 0


def test_a_limit_over_all_calls_outlives_another_grant(quotas: QuotaHarness) -> None:
    quotas.limited(max_calls_in_progress=7)
    quotas.trunks.grant(TRUNK.id, "tenant-1", 3)
    state = quotas.trunks.state(TRUNK.id)
    assert state is not None
    assert state.totals == {"tenant-1": 7}
    quotas.trunks.limit_total("tenant-1", None)
    after = quotas.trunks.state(TRUNK.id)
    assert after is not None
    assert (after.totals, after.tenants) == ({}, {"tenant-1": 3})


def test_test_calls_take_none_of_the_live_ones_slots(quotas: QuotaHarness) -> None:
    quotas.limited(max_calls_in_progress=1)
    quotas.take(quotas.web())
    quotas.take(quotas.web(livemode=False))
    refused(ConcurrencyExceeded, lambda: quotas.take(quotas.web(livemode=False)))


def test_a_call_keeps_its_tenants_retention(quotas: QuotaHarness) -> None:
    quotas.limited(retention_days=30)
    call = quotas.take()
    over_s = (call.expires_at_ms // 1000) + call.agent.max_call_duration_s
    assert call.ttl == over_s + 30 * DAY_S


def test_repeats_that_meet_the_first_request_in_flight_get_its_call(quotas: QuotaHarness) -> None:
    quotas.limited(max_calls_a_day=1)
    once = IdempotencyKey.of({"idempotency-key": "k"}, "tenant-1#True#calls", {"a": 1})
    calls = [quotas.call() for _ in range(50)]
    with ThreadPoolExecutor(10) as pool:
        admitted = list(pool.map(lambda call: quotas.intake.accept(call, once), calls))
    assert len({each.call.id for each in admitted}) == 1
    assert [each.replayed for each in admitted].count(False) == 1


def test_a_limit_is_told_after_looking_for_the_first_request(quotas: QuotaHarness) -> None:
    quotas.limited(max_calls_a_day=1)
    quotas.take()
    once = IdempotencyKey.of({"idempotency-key": "k"}, "tenant-1#True#calls", {"a": 1})
    slept: list[float] = []
    intake = replace(quotas.intake, sleep=slept.append)
    refused(DailyLimitReached, lambda: intake.accept(quotas.call(), once))
    assert slept
    slept.clear()
    refused(DailyLimitReached, lambda: intake.accept(quotas.call(), None))
    assert slept == []
