"""Schedules: kept, mirrored in EventBridge Scheduler whatever fails, and each moment's call made once."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOW_MS
from tests.store.schedule_world import NINE, World, a_world
from tests.store.test_desk import ME
from trunkline.call_templates.models import EventOutcome
from trunkline.core.errors import (
    InvalidRequest,
    LimitReached,
    LiveKitNotConfigured,
    NotFound,
    QueueUnavailable,
    VersionConflict,
)
from trunkline.schedules import service as desk_module
from trunkline.schedules.eventbridge_sync import SCHEDULED_TIME
from trunkline.storage.table import Table

MINUTE_MS = 60_000


@pytest.fixture
def world(table: Table) -> World:
    return a_world(table)


def test_a_schedule_is_mirrored_changed_paused_and_deleted(world: World) -> None:
    made = world.make(timezone="Europe/Berlin", flexible_window_minutes=5)
    assert made["next_runs"][0] == "2023-11-15T08:00:00.000Z"
    seen = world.seen(made["id"])
    assert seen is not None
    assert (seen["ScheduleExpression"], seen["ScheduleExpressionTimezone"]) == (
        "cron(0 9 * * ? *)",
        "Europe/Berlin",
    )
    assert seen["FlexibleTimeWindow"] == {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}
    assert SCHEDULED_TIME in seen["Target"]["Input"]
    assert "+1415" not in str(seen), "whom it calls is in the table alone"

    changed = world.desk.change(ME, made["id"], {"rate": "2 hours"})
    assert (changed["cron"], changed["rate"], changed["version"]) == (None, "2 hours", 2)
    assert (world.seen(made["id"]) or {})["ScheduleExpression"] == "rate(120 minutes)"
    paused = world.desk.change(ME, made["id"], {"enabled": False})
    assert (paused["enabled"], paused["next_runs"]) == (False, [])
    assert (world.seen(made["id"]) or {})["State"] == "DISABLED"
    world.desk.change(ME, made["id"], {"enabled": True})
    assert (world.seen(made["id"]) or {})["State"] == "ENABLED"
    world.desk.delete(ME, made["id"])
    assert world.seen(made["id"]) is None
    with pytest.raises(NotFound):
        world.desk.get(ME, made["id"])


@pytest.mark.parametrize("change", ["create", "change", "delete"])
def test_what_eventbridge_did_not_hear_the_reconciler_says_again(world: World, change: str) -> None:
    made = None if change == "create" else world.make()
    world.care()
    world.eventbridge.times = 1
    if made is None:
        made = world.make()
    elif change == "change":
        world.desk.change(ME, made["id"], {"cron": "5 9 * * *"})
    else:
        world.desk.delete(ME, made["id"])
    world.eventbridge.times = 1
    assert world.care() == Counter(), "it fails again, and stays to be done"
    assert world.care()["schedule_mirrored"] == 1
    seen = world.seen(made["id"])
    wanted = {"create": "cron(0 9 * * ? *)", "change": "cron(5 9 * * ? *)", "delete": None}[change]
    assert (seen and seen["ScheduleExpression"]) == wanted
    assert world.care() == Counter(), "and is done"
    assert world.schedules.unmirrored(world.clock.wall_ms()) == []


def test_a_request_that_came_late_with_an_old_version_does_not_have_the_last_word(world: World) -> None:
    made = world.make()
    old = dict(world.seen(made["id"]) or {})
    world.desk.change(ME, made["id"], {"cron": "5 9 * * *"})
    late = ("GroupName", "Name", "Description", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    world.eventbridge.update_schedule(**{name: old[name] for name in late})
    assert world.care()["schedule_mirrored"] == 1
    assert (world.seen(made["id"]) or {})["ScheduleExpression"] == "cron(5 9 * * ? *)"


def test_what_was_changed_again_meanwhile_is_looked_at_again(world: World) -> None:
    made = world.make()
    world.clock.move_s(61)
    noted = world.schedules.unmirrored(world.clock.wall_ms())
    world.desk.change(ME, made["id"], {"cron": "5 9 * * *"})
    world.schedules.mirrored(noted[0])
    assert len(world.schedules.unmirrored(world.clock.wall_ms())) == 1


def test_a_moment_makes_one_call_however_often_it_comes(world: World) -> None:
    made = world.make(
        body=world.body()["body"] | {"metadata": {"for": "{{schedule.date}} {{schedule.name}}"}}
    )
    ran = [world.runner.tick(made["id"], NINE, NOW_MS + late) for late in (0, 5_000, 999_000)]
    assert [run and run.outcome for run in ran] == [
        EventOutcome.CALLED,
        EventOutcome.DUPLICATE,
        EventOutcome.DUPLICATE,
    ]
    assert len({run.call_id for run in ran if run}) == 1
    assert world.scene.waiting() == 1
    call = world.scene.calls.load(ran[0].call_id) if ran[0] and ran[0].call_id else None
    assert call is not None
    assert (call.source, "2023-11-15 s" in call.metadata_json) == ("schedule", True)
    world.runner.tick(made["id"], "2023-11-16T09:00:00Z", NOW_MS)
    assert world.scene.waiting() == 2
    shown = world.desk.runs(ME, made["id"])["data"]
    assert sorted(run["outcome"] for run in shown) == ["called", "called", "duplicate", "duplicate"]
    assert {run["due_at"] for run in shown} == {NINE, "2023-11-16T09:00:00.000Z"}


def test_a_tick_that_does_not_say_its_moment_belongs_to_the_last_one(world: World) -> None:
    made = world.make(cron="* * * * *")
    for tick_ms in (NOW_MS, NOW_MS + 1_000, NOW_MS + MINUTE_MS):
        world.runner.tick(made["id"], SCHEDULED_TIME, tick_ms)
    assert world.scene.waiting() == 2


def test_a_paused_deleted_or_unknown_schedule_does_not_tick(world: World) -> None:
    made = world.make()
    world.desk.change(ME, made["id"], {"enabled": False})
    assert world.runner.tick(made["id"], NINE, NOW_MS) is None
    assert world.runner.tick("sch_none", NINE, NOW_MS) is None
    world.desk.delete(ME, made["id"])
    assert world.runner.tick(made["id"], NINE, NOW_MS) is None
    assert world.scene.waiting() == 0


def test_what_fails_for_a_while_is_tried_again_and_what_can_not_be_is_noted(world: World) -> None:
    made = world.make()
    world.scene.configured = False
    with pytest.raises(LiveKitNotConfigured):
        world.runner.tick(made["id"], NINE, NOW_MS)
    world.scene.configured = True
    again = world.runner.tick(made["id"], NINE, NOW_MS)
    assert again is not None
    assert again.outcome is EventOutcome.CALLED

    world.scene.agents.delete(world.scene.agent)
    refused = world.runner.tick(made["id"], "2023-11-16T09:00:00Z", NOW_MS)
    assert refused is not None
    assert (refused.outcome, refused.error) == (EventOutcome.REFUSED, "Agent not found or access denied")
    assert [run["outcome"] for run in world.desk.runs(ME, made["id"])["data"]].count("refused") == 2
    with pytest.raises(NotFound):
        world.desk.run_now(ME, made["id"])


def test_run_now_makes_a_call_besides_the_moments_also_while_paused(world: World) -> None:
    made = world.make(enabled=False)
    for _ in range(2):
        assert world.desk.run_now(ME, made["id"])["outcome"] == "called"
    assert world.scene.waiting() == 2


def test_a_tick_whose_call_can_not_be_queued_comes_again(world: World) -> None:
    made = world.make()

    def fail(*_: Any) -> None:
        raise QueueUnavailable("x")

    runner = replace(world.runner, place=fail)  # type: ignore[arg-type]
    with pytest.raises(QueueUnavailable):
        runner.tick(made["id"], NINE, NOW_MS)


def test_a_change_of_the_name_alone_keeps_the_rates_count_and_a_lost_race_is_said(world: World) -> None:
    made = world.make(cron=None, rate="15 minutes")
    world.clock.move_s(300)
    renamed = world.desk.change(ME, made["id"], {"name": "t"})
    assert renamed["next_runs"] == made["next_runs"]
    stale = world.stored(made["id"])
    world.desk.change(ME, made["id"], {"name": "u"})
    with pytest.raises(VersionConflict):
        world.schedules.save(stale)
    assert world.desk.change(ME, made["id"], {"name": "u"})["version"] == 3, "nothing to change"


def test_one_time_that_is_over_leaves_eventbridge_and_can_not_be_resumed(world: World) -> None:
    made = world.make(cron=None, at="2023-11-14T22:15:00Z")
    assert (world.seen(made["id"]) or {})["ScheduleExpression"] == "at(2023-11-14T22:15:00)"
    world.care(200)
    assert world.seen(made["id"]) is None
    with pytest.raises(InvalidRequest, match="never comes"):
        world.desk.change(ME, made["id"], {"name": "x"})


def test_others_and_the_other_mode_find_nothing(world: World) -> None:
    made = world.make()
    for who in (replace(ME, tenant_id="tenant-2"), replace(ME, livemode=False)):
        assert world.desk.list(who)["data"] == []
        for ask in (world.desk.get, world.desk.delete, world.desk.run_now, world.desk.runs):
            with pytest.raises(NotFound):
                ask(who, made["id"])
        with pytest.raises(NotFound):
            world.desk.change(who, made["id"], {"enabled": False})


def test_a_tenant_has_so_many(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk_module, "MAX_SCHEDULES", 1)
    world.make()
    with pytest.raises(LimitReached):
        world.make()
