"""Schedules that are refused, with the reason, and leave nothing behind."""

from __future__ import annotations

from typing import Any

import pytest

from tests.store.fixtures_outbound import ME
from tests.store.fixtures_schedules import ScheduleHarness
from trunkline.core.errors import InvalidRequest

GONE = "00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"cron": "0 9 * *"}, "five fields"),
        ({"cron": "0 9 1 * 1"}, "can't both be given"),
        ({"cron": None}, "one of cron, rate and at"),
        ({"rate": "5 minutes"}, "one of cron, rate and at"),
        ({"cron": None, "rate": "0 minutes"}, "rate must be like"),
        ({"cron": None, "rate": "30 seconds"}, "rate must be like"),
        ({"cron": None, "rate": "5 minutes\n"}, "rate must be like"),
        ({"cron": None, "at": "2020-01-01T00:00:00Z"}, "never fires"),
        ({"cron": None, "at": "2026-01-01T00:00:00"}, "at must be an ISO"),
        ({"cron": None, "at": "tomorrow"}, "at must be an ISO"),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "never fires"),
        ({"starts_at": "2026-01-02T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z"}, "ends_at must be later"),
        ({"timezone": "Mars/Olympus"}, "timezone must be an IANA name"),
        ({"flexible_window_minutes": 1441}, "flexible_window_minutes"),
        ({"flexible_window_minutes": True}, "flexible_window_minutes"),
        ({"kind": "schedule"}, "kind must be"),
        ({"body": {}}, "body"),
        ({"body": {"agentId": "{{event.id}}"}}, "must begin with schedule"),
        ({"body": {"agentId": "{{schedule.nothing}}"}}, "schedule.nothing"),
        ({"body": {"agentId": GONE, "phoneNumber": "+14155552671"}}, "an agent of yours"),
        ({"kind": "workflow", "body": {"workflow_slug": "theirs", "user_id": "u"}}, "a workflow of yours"),
        ({"name": ""}, "name"),
        ({"x": 1}, "x"),
    ],
)
def test_a_bad_schedule_is_refused_and_nothing_is_kept(
    schedules: ScheduleHarness, wrong: dict[str, Any], says: str
) -> None:
    with pytest.raises(InvalidRequest, match=says):
        schedules.make(**wrong)
    assert schedules.service.list(ME)["data"] == []
    assert schedules.schedules.pending_sync(10**15) == []


def test_a_body_and_a_change_have_no_unknown_fields(schedules: ScheduleHarness) -> None:
    body = schedules.body()["body"] | {"calling_window": {}}
    with pytest.raises(InvalidRequest, match="unknown field calling_window: did you mean callingWindow"):
        schedules.make(body=body)
    with pytest.raises(InvalidRequest) as refused:
        schedules.make(body=schedules.body()["body"] | {"phoneNumber": "12"})
    assert refused.value.field == "body.phoneNumber"
    made = schedules.make()
    with pytest.raises(InvalidRequest, match="unknown field endsAt: did you mean ends_at"):
        schedules.service.change(ME, made["id"], {"endsAt": "2030-01-01T00:00:00Z"})


@pytest.mark.parametrize("field", ["ends_at", "starts_at", "at"])
def test_a_time_that_has_no_date_in_utc_is_refused(schedules: ScheduleHarness, field: str) -> None:
    more = {"cron": None} if field == "at" else {}
    with pytest.raises(InvalidRequest, match=f"{field} must be an ISO 8601 time") as refused:
        schedules.make(**more, **{field: "9999-12-31T23:59:59-14:00"})
    assert refused.value.field == field


def test_a_schedule_whose_agent_is_gone_can_be_paused_and_not_resumed(schedules: ScheduleHarness) -> None:
    made = schedules.make()
    schedules.outbound.agents.delete(schedules.outbound.agent, [])
    assert schedules.service.change(ME, made["id"], {"name": "old"})["name"] == "old"
    assert schedules.service.change(ME, made["id"], {"enabled": False})["enabled"] is False
    for change in ({"enabled": True}, {"body": made["body"] | {"priority": 1}}):
        with pytest.raises(InvalidRequest, match="an agent of yours"):
            schedules.service.change(ME, made["id"], change)
