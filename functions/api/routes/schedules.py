"""Routes of schedules."""

from __future__ import annotations

from trunkline.auth.scopes import Scope
from trunkline.http_api.routing import RouteGroup
from trunkline.schedules.schemas import (
    RunList,
    RunView,
    ScheduleList,
    SchedulePreview,
    ScheduleSpec,
    ScheduleTimes,
    ScheduleView,
)

from ..auth import ApiRequest
from ..bootstrap.automations import schedule_service
from ..crud_routes import CONFLICT, CrudResource, Texts, add_crud_routes

_INVALID = {400: "A field is not valid, its call cannot be created as it is, or the schedule never fires."}

group = RouteGroup(not_found="No such schedule.")
add_crud_routes(
    group,
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
        reading=Texts("Read a schedule and its next runs."),
        change=Texts("Change some fields; takes effect at the next run.", errors=_INVALID),
        deletion=Texts("Delete a schedule."),
        example={
            "name": "every morning",
            "cron": "0 9 * * *",
            "timezone": "Europe/Berlin",
            "body": {"workflow_slug": "daily-checkin", "user_id": "user_1"},
        },
        example_change={"cron": "30 8 * * mon-fri"},
    ),
)


@group.post(
    "/api/v1/schedules/preview",
    scope=Scope.SCHEDULES_READ,
    idempotent=False,
    errors={400: "A field is not valid, or a schedule with these times never fires."},
    example={"cron": "30 8 * * mon-fri", "timezone": "Europe/Berlin"},
)
def preview_schedule(request: ApiRequest, body: ScheduleTimes) -> SchedulePreview:  # noqa: ARG001
    """Show the next runs of a schedule with these times; nothing is stored."""
    return schedule_service().preview(body)


@group.post(
    "/api/v1/schedules/{schedule_id}/pause",
    scope=Scope.SCHEDULES_WRITE,
    idempotent=False,
    errors=CONFLICT,
)
def pause_schedule(request: ApiRequest, schedule_id: str) -> ScheduleView:
    """Pause a schedule: it creates no calls until it is resumed."""
    return schedule_service().change(request.principal, schedule_id, {"enabled": False})


@group.post(
    "/api/v1/schedules/{schedule_id}/resume",
    scope=Scope.SCHEDULES_WRITE,
    idempotent=False,
    errors=_INVALID | CONFLICT,
)
def resume_schedule(request: ApiRequest, schedule_id: str) -> ScheduleView:
    """Resume a paused schedule; missed runs are not made up for."""
    return schedule_service().change(request.principal, schedule_id, {"enabled": True})


@group.post(
    "/api/v1/schedules/{schedule_id}/run",
    scope=Scope.SCHEDULES_WRITE,
    status=201,
    returns="The call that was created.",
    errors={
        400: "The call cannot be created as it is.",
        403: "The number must not be called.",
        409: "The Idempotency-Key is in use.",
        500: "The call could not be queued: send the request again.",
    },
)
def run_schedule(request: ApiRequest, schedule_id: str) -> RunView:
    """Create a schedule's call now, in addition to its regular runs, even while it is paused."""
    return schedule_service().run_now(request.principal, schedule_id)


@group.get("/api/v1/schedules/{schedule_id}/runs", scope=Scope.SCHEDULES_READ)
def list_schedule_runs(request: ApiRequest, schedule_id: str) -> RunList:
    """List the outcomes of the latest runs: called, duplicate or refused, with the reason."""
    return schedule_service().runs(request.principal, schedule_id)
