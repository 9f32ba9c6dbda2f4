"""Schedules: kept, mirrored in EventBridge Scheduler whatever fails, and each moment's call made once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.store.fixtures_outbound import ME
from tests.store.fixtures_schedules import NINE, ScheduleHarness
from tests.support.clocks import NOW_MS
from trunkline.call_templates.models import EventOutcome
from trunkline.core.errors import (
    InvalidRequest,
    LimitReached,
    LiveKitNotConfigured,
    NotFound,
    QueueUnavailable,
    VersionConflict,
)
from trunkline.core.validation import validated
from trunkline.schedules.eventbridge_sync import SCHEDULED_TIME
from trunkline.schedules.schemas import ScheduleTimes
from trunkline.schedules.service import ScheduleService

MINUTE_MS = 60_000


def test_a_schedule_is_mirrored_changed_paused_and_deleted(schedules: ScheduleHarness) -> None:
    made = schedules.make(timezone="Europe/Berlin", flexible_window_minutes=5)
    assert made["next_runs"][0] == "2023-11-15T08:00:00.000Z"
    seen = schedules.seen(made["id"])
    assert seen is not None
    assert (seen["ScheduleExpression"], seen["ScheduleExpressionTimezone"]) == (
        "cron(0 9 * * ? *)",
        "Europe/Berlin",
    )
    assert seen["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}
    assert "<aws.scheduler.scheduled-time>" in seen["Target"]["Input"]
    assert "+1415" not in str(seen), "whom it calls is in the table alone"

    changed = schedules.service.change(ME, made["id"], {"rate": "2 hours"})
    assert (changed["cron"], changed["rate"], changed["version"]) == (None, "2 hours", 2)
    assert (schedules.seen(made["id"]) or {})["ScheduleExpression"] == "rate(120 minutes)"
    paused = schedules.service.change(ME, made["id"], {"enabled": False})
    assert (paused["enabled"], paused["next_runs"]) == (False, [])
    assert (schedules.seen(made["id"]) or {})["State"] == "DISABLED"
    schedules.service.change(ME, made["id"], {"enabled": True})
    assert (schedules.seen(made["id"]) or {})["State"] == "ENABLED"
    schedules.service.delete(ME, made["id"])
    assert schedules.seen(made["id"]) is None
    with pytest.raises(NotFound):
        schedules.service.get(ME, made["id"])


@pytest.mark.parametrize("change", ["create", "change", "delete"])
def test_what_eventbridge_did_not_hear_the_reconciler_says_again(
    schedules: ScheduleHarness, change: str
) -> None:
    made = None if change == "create" else schedules.make()
    schedules.reconcile()
    schedules.eventbridge.times = 1
    if made is None:
        made = schedules.make()
    elif change == "change":
        schedules.service.change(ME, made["id"], {"cron": "5 9 * * *"})
    else:
        schedules.service.delete(ME, made["id"])
    schedules.eventbridge.times = 1
    assert schedules.reconcile() == Counter(), "it fails again, and stays to be done"
    assert schedules.reconcile()["schedule_mirrored"] == 1
    seen = schedules.seen(made["id"])
    wanted = {"create": "cron(0 9 * * ? *)", "change": "cron(5 9 * * ? *)", "delete": None}[change]
    assert (seen and seen["ScheduleExpression"]) == wanted
    assert schedules.reconcile() == Counter(), "and is done"
    assert schedules.schedules.pending_sync(schedules.clock.wall_ms()) == []


def test_a_request_that_came_late_with_an_old_version_does_not_have_the_last_word(
    schedules: ScheduleHarness,
) -> None:
    made = schedules.make()
    old = dict(schedules.seen(made["id"]) or {})
    schedules.service.change(ME, made["id"], {"cron": "5 9 * * *"})
    late = ("GroupName", "Name", "Description", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    schedules.eventbridge.update_schedule(**{name: old[name] for name in late})
    assert schedules.reconcile()["schedule_mirrored"] == 1
    assert (schedules.seen(made["id"]) or {})["ScheduleExpression"] == "cron(5 9 * * ? *)"


def test_what_was_changed_again_meanwhile_is_looked_at_again(schedules: ScheduleHarness) -> None:
    made = schedules.make()
    schedules.clock.move_s(61)
    noted = schedules.schedules.pending_sync(schedules.clock.wall_ms())
    schedules.service.change(ME, made["id"], {"cron": "5 9 * * *"})
    schedules.schedules.mark_synced(noted[0])
    assert len(schedules.schedules.pending_sync(schedules.clock.wall_ms())) == 1


def test_a_moment_makes_one_call_however_often_it_comes(schedules: ScheduleHarness) -> None:
    made = schedules.make(
        body=schedules.body()["body"] | {"metadata": {"for": "{{schedule.date}} {{schedule.name}}"}}
    )
    ran = [schedules.runner.tick(made["id"], NINE, NOW_MS + late) for late in (0, 5_000, 999_000)]
    assert [run and run.outcome for run in ran] == [
        EventOutcome.CALLED,
        EventOutcome.DUPLICATE,
        EventOutcome.DUPLICATE,
    ]
    assert len({run.call_id for run in ran if run}) == 1
    assert schedules.outbound.waiting() == 1
    call = schedules.outbound.calls.load(ran[0].call_id) if ran[0] and ran[0].call_id else None
    assert call is not None
    assert (call.source, "2023-11-15 s" in call.metadata_json) == ("schedule", True)
    schedules.runner.tick(made["id"], "2023-11-16T09:00:00Z", NOW_MS)
    assert schedules.outbound.waiting() == 2
    shown = schedules.service.runs(ME, made["id"])["data"]
    assert sorted(run["outcome"] for run in shown) == ["called", "called", "duplicate", "duplicate"]
    assert {run["due_at"] for run in shown} == {NINE, "2023-11-16T09:00:00.000Z"}


def test_a_tick_that_does_not_say_its_moment_belongs_to_the_last_one(schedules: ScheduleHarness) -> None:
    made = schedules.make(cron="* * * * *")
    for tick_ms in (NOW_MS + MINUTE_MS, NOW_MS + MINUTE_MS + 1_000, NOW_MS + 2 * MINUTE_MS):
        schedules.runner.tick(made["id"], SCHEDULED_TIME, tick_ms)
    assert schedules.outbound.waiting() == 2


@pytest.mark.parametrize("due_at", ["2023-11-15T09:20:00Z", "2023-11-14T09:00:00Z"])
def test_a_tick_at_no_time_of_its_schedule_calls_nobody(schedules: ScheduleHarness, due_at: str) -> None:
    made = schedules.make()
    assert schedules.runner.tick(made["id"], due_at, NOW_MS) is None
    assert schedules.outbound.waiting() == 0


def test_a_rate_has_a_start_so_that_eventbridge_does_not_fire_at_once(schedules: ScheduleHarness) -> None:
    made = schedules.make(cron=None, rate="15 minutes")
    first_ms = NOW_MS + 15 * MINUTE_MS
    assert (schedules.seen(made["id"]) or {})["StartDate"].timestamp() == first_ms // 1000
    schedules.clock.move_s(20 * 60)
    schedules.service.change(ME, made["id"], {"description": "x"})
    second_ms = first_ms + 15 * MINUTE_MS
    assert (schedules.seen(made["id"]) or {})["StartDate"].timestamp() == second_ms // 1000, "not the past"
    at_once = schedules.runner.tick(made["id"], "2023-11-14T22:13:21Z", NOW_MS)
    assert (at_once, schedules.outbound.waiting()) == (None, 0)
    assert schedules.runner.tick(made["id"], "2023-11-14T22:28:20Z", NOW_MS) is not None


def test_a_paused_deleted_or_unknown_schedule_does_not_tick(schedules: ScheduleHarness) -> None:
    made = schedules.make()
    schedules.service.change(ME, made["id"], {"enabled": False})
    assert schedules.runner.tick(made["id"], NINE, NOW_MS) is None
    assert schedules.runner.tick("sch_none", NINE, NOW_MS) is None
    schedules.service.delete(ME, made["id"])
    assert schedules.runner.tick(made["id"], NINE, NOW_MS) is None
    assert schedules.outbound.waiting() == 0


def test_what_fails_for_a_while_is_tried_again_and_what_can_not_be_is_noted(
    schedules: ScheduleHarness,
) -> None:
    made = schedules.make()
    schedules.outbound.configured = False
    with pytest.raises(LiveKitNotConfigured):
        schedules.runner.tick(made["id"], NINE, NOW_MS)
    schedules.outbound.configured = True
    again = schedules.runner.tick(made["id"], NINE, NOW_MS)
    assert again is not None
    assert again.outcome is EventOutcome.CALLED

    schedules.outbound.agents.delete(schedules.outbound.agent)
    refused = schedules.runner.tick(made["id"], "2023-11-16T09:00:00Z", NOW_MS)
    assert refused is not None
    assert (refused.outcome, refused.error) == (EventOutcome.REFUSED, "Agent not found or access denied")
    assert [run["outcome"] for run in schedules.service.runs(ME, made["id"])["data"]].count("refused") == 2
    with pytest.raises(NotFound):
        schedules.service.run_now(ME, made["id"])


def test_run_now_makes_a_call_besides_the_moments_also_while_paused(schedules: ScheduleHarness) -> None:
    made = schedules.make(enabled=False)
    for _ in range(2):
        assert schedules.service.run_now(ME, made["id"])["outcome"] == "called"
    assert schedules.outbound.waiting() == 2


def test_a_tick_whose_call_can_not_be_queued_comes_again(schedules: ScheduleHarness) -> None:
    made = schedules.make()

    def fail(*_: Any) -> None:
        raise QueueUnavailable("x")

    runner = replace(schedules.runner, create_call=fail)  # type: ignore[arg-type]
    with pytest.raises(QueueUnavailable):
        runner.tick(made["id"], NINE, NOW_MS)


def test_a_change_of_the_name_alone_keeps_the_rates_count_and_a_lost_race_is_said(
    schedules: ScheduleHarness,
) -> None:
    made = schedules.make(cron=None, rate="15 minutes")
    schedules.clock.move_s(300)
    renamed = schedules.service.change(ME, made["id"], {"name": "t"})
    assert renamed["next_runs"] == made["next_runs"]
    stale = schedules.stored(made["id"])
    schedules.service.change(ME, made["id"], {"name": "u"})
    with pytest.raises(VersionConflict):
        schedules.schedules.replace(stale, stale)
    assert schedules.service.change(ME, made["id"], {"name": "u"})["version"] == 3, "nothing to change"


def test_one_time_that_is_over_leaves_eventbridge_and_can_not_be_resumed(schedules: ScheduleHarness) -> None:
    made = schedules.make(cron=None, at="2023-11-14T22:15:00Z")
    assert (schedules.seen(made["id"]) or {})["ScheduleExpression"] == "at(2023-11-14T22:15:00)"
    schedules.reconcile(200)
    assert schedules.seen(made["id"]) is None
    with pytest.raises(InvalidRequest, match="never fires"):
        schedules.service.change(ME, made["id"], {"name": "x"})


def test_others_and_the_other_mode_find_nothing(schedules: ScheduleHarness) -> None:
    made = schedules.make()
    for who in (replace(ME, tenant_id="tenant-2"), replace(ME, livemode=False)):
        assert schedules.service.list(who)["data"] == []
        for ask in (
            schedules.service.get,
            schedules.service.delete,
            schedules.service.run_now,
            schedules.service.runs,
        ):
            with pytest.raises(NotFound):
                ask(who, made["id"])
        with pytest.raises(NotFound):
            schedules.service.change(who, made["id"], {"enabled": False})


def test_a_tenant_has_so_many(schedules: ScheduleHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ScheduleService, "max_count", 1)
    schedules.make()
    with pytest.raises(LimitReached):
        schedules.make()


def test_a_preview_has_the_runs_that_the_schedule_would_have_and_stores_nothing(
    schedules: ScheduleHarness,
) -> None:
    for times in (
        {"cron": "0 9 * * mon-fri", "timezone": "Europe/Berlin"},
        {"rate": "15 minutes", "starts_at": "2023-11-20T10:00:00Z", "ends_at": "2023-11-20T11:00:00Z"},
        {"at": "2023-11-30T10:00:00Z"},
    ):
        previewed = schedules.service.preview(validated(ScheduleTimes, times))
        assert schedules.service.list(ME)["data"] == []
        made = schedules.make(**({"cron": None} | times))
        assert previewed["next_runs"] == made["next_runs"] != []
        schedules.service.delete(ME, made["id"])


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ({"cron": "0 9 30 2 *"}, "cron"),
        ({"at": "2020-01-01T00:00:00Z"}, "at"),
        ({"cron": "61 * * * *"}, "cron"),
        ({"rate": "often"}, "rate"),
        ({"cron": "0 9 * * *", "timezone": "Mars/Olympus"}, "timezone"),
        ({}, None),
    ],
)
def test_a_preview_of_times_that_never_come_says_why(
    schedules: ScheduleHarness, times: dict[str, str], field: str | None
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        schedules.service.preview(validated(ScheduleTimes, times))
    assert refused.value.field == field
