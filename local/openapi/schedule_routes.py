"""The routes under `/api/v1/schedules`."""

from __future__ import annotations

from local.openapi.route import Route
from trunkline.http_api.responses import Deleted
from trunkline.schedules.schemas import RunList, RunView, ScheduleList, ScheduleSpec, ScheduleView

_READ, _WRITE = "schedules:read", "schedules:write"
_NO_SCHEDULE = {"404": "No such schedule."}
_RACED = {"409": "Another request changed it meanwhile: read it and try again."}
_WRONG = {"400": "A field is wrong, its call could not be made as it is, or it never comes."}

SCHEDULES = (
    Route("get", "/api/v1/schedules", "listSchedules", "List your schedules.", _READ, ScheduleList),
    Route(
        "post",
        "/api/v1/schedules",
        "createSchedule",
        "Have a call made at its times: a crontab line, a rate or one time.",
        _WRITE,
        ScheduleView,
        status=201,
        means="The schedule and its next runs.",
        takes=ScheduleSpec,
        errors=_WRONG | {"409": "You have as many as you may, or the Idempotency-Key is in use."},
    ),
    Route(
        "get",
        "/api/v1/schedules/{schedule_id}",
        "getSchedule",
        "Read a schedule and its next runs.",
        _READ,
        ScheduleView,
        errors=_NO_SCHEDULE,
    ),
    Route(
        "patch",
        "/api/v1/schedules/{schedule_id}",
        "changeSchedule",
        "Change some fields; it counts for the next run.",
        _WRITE,
        ScheduleView,
        takes=ScheduleSpec,
        partial=True,
        errors=_WRONG | _NO_SCHEDULE | _RACED,
    ),
    Route(
        "delete",
        "/api/v1/schedules/{schedule_id}",
        "deleteSchedule",
        "Delete a schedule.",
        _WRITE,
        Deleted,
        errors=_NO_SCHEDULE,
    ),
    Route(
        "post",
        "/api/v1/schedules/{schedule_id}/pause",
        "pauseSchedule",
        "Make no calls at its times until it is resumed.",
        _WRITE,
        ScheduleView,
        errors=_NO_SCHEDULE | _RACED,
        once=False,
    ),
    Route(
        "post",
        "/api/v1/schedules/{schedule_id}/resume",
        "resumeSchedule",
        "Make calls at its times again; what was missed is not made up for.",
        _WRITE,
        ScheduleView,
        errors=_WRONG | _NO_SCHEDULE | _RACED,
        once=False,
    ),
    Route(
        "post",
        "/api/v1/schedules/{schedule_id}/run",
        "runSchedule",
        "Make its call now, besides its times, also while it is paused.",
        _WRITE,
        RunView,
        status=201,
        means="The call that was made.",
        errors=_NO_SCHEDULE
        | {
            "400": "The call can't be made as it is.",
            "403": "The number may not be called.",
            "409": "The Idempotency-Key is in use.",
            "500": "The call could not be queued: send it again.",
        },
    ),
    Route(
        "get",
        "/api/v1/schedules/{schedule_id}/runs",
        "listScheduleRuns",
        "See what came of its last runs: called, duplicate or refused, and why.",
        _READ,
        RunList,
        errors=_NO_SCHEDULE,
    ),
)
