"""Routes of schedules."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup
from trunkline.schedules.schemas import RunList, RunView, ScheduleList, ScheduleSpec, ScheduleView

from ..auth import ApiRequest
from ..bootstrap.automations import schedule_service
from ..crud_routes import CONFLICT, CrudResource, Texts, crud_routes

_NO_SCHEDULE = {404: "No such schedule."}
_INVALID = {400: "A field is not valid, its call cannot be created as it is, or the schedule never fires."}

group = RouteGroup()
group.routes += crud_routes(
    CrudResource(
        name="schedules",
        label="Schedule",
        key="schedule_id",
        spec=ScheduleSpec,
        view=ScheduleView,
        list_view=ScheduleList,
        created=ScheduleView,
        service=schedule_service,
        listing=Texts("List your schedules."),
        creation=Texts(
            "Create a schedule: it creates a call by a crontab line, at a rate, or once.",
            errors=_INVALID
            | {409: "You have reached your limit of schedules, or the Idempotency-Key is in use."},
            returns="The schedule and its next runs.",
        ),
        reading=Texts("Read a schedule and its next runs.", errors=_NO_SCHEDULE),
        change=Texts(
            "Change some fields; takes effect at the next run.", errors=_INVALID | _NO_SCHEDULE | CONFLICT
        ),
        deletion=Texts("Delete a schedule.", errors=_NO_SCHEDULE),
        example={
            "name": "every morning",
            "cron": "0 9 * * *",
            "timezone": "Europe/Berlin",
            "body": {"workflow_slug": "daily-checkin", "user_id": "user_1"},
        },
    )
)


@group.post(
    "/api/v1/schedules/{schedule_id}/pause",
    operation_id="pauseSchedule",
    summary="Pause a schedule: it creates no calls until it is resumed.",
    scope=Scope.SCHEDULES_WRITE,
    idempotent=False,
    errors=_NO_SCHEDULE | CONFLICT,
)
def pause(request: ApiRequest, schedule_id: str) -> ScheduleView:
    return schedule_service().change(request.principal, schedule_id, {"enabled": False})


@group.post(
    "/api/v1/schedules/{schedule_id}/resume",
    operation_id="resumeSchedule",
    summary="Resume a paused schedule; missed runs are not made up for.",
    scope=Scope.SCHEDULES_WRITE,
    idempotent=False,
    errors=_INVALID | _NO_SCHEDULE | CONFLICT,
)
def resume(request: ApiRequest, schedule_id: str) -> ScheduleView:
    return schedule_service().change(request.principal, schedule_id, {"enabled": True})


@group.post(
    "/api/v1/schedules/{schedule_id}/run",
    operation_id="runSchedule",
    summary="Create a schedule's call now, in addition to its regular runs, even while it is paused.",
    scope=Scope.SCHEDULES_WRITE,
    status=201,
    returns="The call that was created.",
    errors=_NO_SCHEDULE
    | {
        400: "The call cannot be created as it is.",
        403: "The number must not be called.",
        409: "The Idempotency-Key is in use.",
        500: "The call could not be queued: send the request again.",
    },
)
def run(request: ApiRequest, schedule_id: str) -> RunView:
    return schedule_service().run_now(request.principal, schedule_id)


@group.get(
    "/api/v1/schedules/{schedule_id}/runs",
    operation_id="listScheduleRuns",
    summary="List the outcomes of the latest runs: called, duplicate or refused, with the reason.",
    scope=Scope.SCHEDULES_READ,
    errors=_NO_SCHEDULE,
)
def list_runs(request: ApiRequest, schedule_id: str) -> RunList:
    return schedule_service().runs(request.principal, schedule_id)
