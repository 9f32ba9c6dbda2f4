"""Passes over deliveries, schedules and batches whose time is up: the next one goes on from there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from tests.store.fixtures_schedules import ScheduleHarness
from tests.store.fixtures_webhooks import WebhookHarness
from tests.support.builders import make_call
from tests.support.clocks import ManualClock
from tests.support.stubs import GUARD
from trunkline.reconciler import deliveries
from trunkline.reconciler.progress import ProgressRepository
from trunkline.reconciler.resumable import BUDGET_US, ResumablePass, rotated
from trunkline.reconciler.schedules import ScheduleReconciler
from trunkline.storage.table import Table

NAMES = list("abcdef")


class Work:
    """Items of which each takes a third of a pass's time, in passes a minute apart."""

    def __init__(self, table: Table) -> None:
        self.clock, self.done = ManualClock(), list[str]()
        self.progress = ProgressRepository(table, self.clock)

    def make_pass(self) -> str:
        self.done.clear()
        passes = ResumablePass(self.progress, self.clock, self.progress.read())
        passes.run("letters", self._letters, self._work)
        self.clock.move_s(60)
        return "".join(self.done)

    @staticmethod
    def _letters(after: str) -> Iterator[tuple[str, str]]:
        return ((name, name) for name in rotated(NAMES, after))

    def _work(self, name: str) -> None:
        self.done.append(name)
        self.clock.move_s(BUDGET_US / 3_000_000)


def test_each_item_has_its_turn_though_no_pass_has_time_for_all(table: Table) -> None:
    work = Work(table)
    assert [work.make_pass() for _ in range(3)] == ["abc", "def", "abc"]


def test_a_pass_that_comes_to_its_end_leaves_no_cursor(table: Table) -> None:
    work = Work(table)
    work.make_pass()
    assert work.progress.read().cursors == {"letters": "c"}
    passes = ResumablePass(work.progress, work.clock, work.progress.read())
    passes.run("letters", work._letters, lambda _: None)
    assert work.progress.read().cursors == {}


def test_overdue_deliveries_behind_a_full_pass_are_restarted_by_the_next_one(
    webhooks: WebhookHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "_MAX_RESTARTS", 2)
    webhooks.webhook()
    for number in range(5):
        webhooks.told(make_call(number))
    webhooks.clock.move_s(16 * 60)
    progress, repairs = ProgressRepository(webhooks.table, webhooks.clock), Counter[str]()
    seen: list[int] = []
    for _ in range(3):
        passes = ResumablePass(progress, webhooks.clock, progress.read())
        webhooks.reconciler.reconcile(repairs, passes)
        seen.append(repairs["delivery_restarted"])
    assert seen == [2, 4, 5]


@pytest.mark.parametrize("stop_at", range(6))
def test_overdue_deliveries_come_round_from_every_position(webhooks: WebhookHarness, stop_at: int) -> None:
    webhooks.webhook()
    for number in range(6):
        webhooks.told(make_call(number))
    until_ms = webhooks.clock.wall_ms() + 86_400_000
    found = [each.position for each in webhooks.deliveries.overdue(until_ms)]
    assert len(found) == 6
    turned = [each.position for each in webhooks.deliveries.overdue(until_ms, found[stop_at])]
    assert turned == [*found[stop_at + 1 :], *found[: stop_at + 1]]


def test_schedules_before_and_behind_a_cursor_are_synchronised(schedules: ScheduleHarness) -> None:
    schedules.eventbridge.times = 3
    ids = sorted(schedules.make()["id"] for _ in range(3))
    schedules.clock.move_s(61)
    progress = ProgressRepository(schedules.schedules._table, schedules.clock)
    progress.save_cursor("schedules", ids[1])
    passes = ResumablePass(progress, schedules.clock, progress.read())
    repairs: Counter[str] = Counter()
    ScheduleReconciler(schedules.mirror, schedules.clock, GUARD).reconcile(repairs, passes)
    assert repairs["schedule_mirrored"] == 3
    assert progress.read().cursors == {}
